//! What the tests of TLS share: a stream in memory, and both ends of a handshake.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, LazyLock};

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, SupportedProtocolVersion};

use super::handshakes;
use crate::net::stream::Stream;

/// The server's certificate and its key.
static CERTIFIED: LazyLock<Arc<CertifiedKey>> = LazyLock::new(|| {
    let pair = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let key = PrivateKeyDer::try_from(pair.serialize_der()).unwrap();
    let provider = ring::default_provider();
    Arc::new(CertifiedKey::from_der(vec![certificate.der().clone()], key, &provider).unwrap())
});

/// How the server shakes hands.
pub(super) fn server() -> Arc<ServerConfig> {
    handshakes(&CERTIFIED)
}

/// A client of this version that trusts the server.
pub(super) fn client(version: &'static SupportedProtocolVersion) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(CERTIFIED.cert[0].clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

/// A stream whose peer is the test.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) arrived: VecDeque<u8>,
    /// Nothing more will arrive.
    pub(super) ended: bool,
    /// Most bytes given by one read.
    pub(super) most: usize,
    pub(super) written: Vec<u8>,
    /// Bytes that can be written before a write blocks.
    pub(super) room: usize,
    /// The server's side is shut down.
    pub(super) is_shut: bool,
}

impl Default for Wire {
    fn default() -> Self {
        let (arrived, written) = (VecDeque::new(), Vec::new());
        Self { arrived, ended: false, most: usize::MAX, written, room: usize::MAX, is_shut: false }
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.most);
        match self.arrived.read(&mut buffer[..most])? {
            0 if !self.ended => Err(ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.room);
        if taken == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.room -= taken;
        self.written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for Wire {
    fn shutdown_write(&mut self) -> io::Result<()> {
        self.is_shut = true;
        Ok(())
    }
}
