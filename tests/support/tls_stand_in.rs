//! A scripted TLS server, and certificates for it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use parlor::address::Address;
use parlor::fingerprint::Fingerprint;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion, version};

use super::StandIn;
use super::stand_in::Duplex;

pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut params = CertificateParams::new([]).expect("no name is wrong");
        // Certificates name their issuer by this, so it must be unique.
        let name = format!("authority {}", COUNT.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, key()).expect("what it needs is there"))
    }

    pub fn der(&self) -> Vec<u8> {
        self.0.der().to_vec()
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for a server at 127.0.0.1, changed by `change`.
    pub fn certify(&self, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let key = key();
        let certificate = params(change).signed_by(&key, &self.0).expect("what it needs is there");
        Identity { certificate: certificate.der().clone(), key: key.serialize_der() }
    }
}

#[derive(Clone)]
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = key();
        let certificate = params(change).self_signed(&key).expect("what it needs is there");
        Self { certificate: certificate.der().clone(), key: key.serialize_der() }
    }

    /// The certificate of `other` with the key of this one.
    pub fn pretending(self, other: &Self) -> Self {
        Self { certificate: other.certificate.clone(), ..self }
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let key = ring::sign::any_supported_type(&key).expect("a key that the test made");
        Arc::new(SingleCertAndKey::from(CertifiedKey::new(vec![self.certificate.clone()], key)))
    }
}

#[derive(Clone)]
pub struct Server {
    pub identity: Identity,
    pub version: &'static SupportedProtocolVersion,
    /// Most bytes per packet.
    pub piece: usize,
}

impl Server {
    pub fn new(identity: Identity) -> Self {
        Self { identity, version: &version::TLS13, piece: usize::MAX }
    }

    pub fn play<T: Send + 'static>(
        self,
        script: impl FnOnce(&mut StandIn) -> T + Send + 'static,
    ) -> (Address, JoinHandle<T>) {
        StandIn::play_over(move |stream| Box::new(self.open(stream)), script)
    }

    /// Waits for a client that refuses this server, and returns its reason.
    pub fn turned_down(self) -> (Address, JoinHandle<String>) {
        self.play(|peer| peer.await_failure().to_string())
    }

    /// Completes the handshake with the first client, and leaves the rest to `act`.
    pub fn shake_hands(
        self,
        act: impl FnOnce(&mut ServerConnection, &mut Pieces) + Send + 'static,
    ) -> (Address, JoinHandle<()>) {
        let shaken = move |stream| {
            let mut stream = self.open(stream);
            while stream.conn.is_handshaking() || stream.conn.wants_write() {
                stream.conn.complete_io(&mut stream.sock).expect("the client shakes hands");
            }
            act(&mut stream.conn, &mut stream.sock);
            Box::new(stream) as Box<dyn Duplex>
        };
        StandIn::play_over(shaken, |_| ())
    }

    /// The server's TLS stream over a connection.
    pub fn open(&self, stream: TcpStream) -> StreamOwned<ServerConnection, Pieces> {
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[self.version])
            .expect("ring has what every version needs")
            .with_no_client_auth()
            .with_cert_resolver(self.identity.resolver());
        let session = ServerConnection::new(Arc::new(config)).expect("the config is good");
        StreamOwned::new(session, Pieces { stream, piece: self.piece })
    }
}

/// A connection written in pieces of a fixed size.
pub struct Pieces {
    stream: TcpStream,
    piece: usize,
}

impl Read for Pieces {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.read(bytes)
    }
}

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(&bytes[..bytes.len().min(self.piece)])
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Duplex for StreamOwned<ServerConnection, Pieces> {
    fn finish(&mut self) -> io::Result<()> {
        self.conn.send_close_notify();
        self.flush()?;
        self.cut()
    }

    fn cut(&mut self) -> io::Result<()> {
        self.sock.stream.shutdown(Shutdown::Write)
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness")
}

fn params(change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("an address is a name");
    change(&mut params);
    params
}
