//! The comparison over TLS: one certificate for all servers, and connections that trust only it.
//!
//! The parameters are fixed: TLS 1.3, X25519, AES-128-GCM, and an ECDSA certificate on P-256. Without resumption, each
//! handshake is a full one.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use mio::net::TcpStream;
use rcgen::{CertificateParams, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, version};

use crate::failure::Failure;

/// Bytes per read of a greeting in clear text.
const GREETING_BYTES: usize = 4096;

/// A server's certificate and key, and the TLS settings of its clients.
pub(crate) struct Certificate {
    cert: String,
    key: String,
    handshakes: Arc<ClientConfig>,
}

impl Certificate {
    /// Makes a certificate with a new key.
    pub(crate) fn make() -> Result<Self, Failure> {
        let wrong = |error: &dyn ToString| Failure::Wrong(error.to_string());
        let pair = KeyPair::generate().map_err(|error| wrong(&error))?;
        let params = CertificateParams::new(["localhost".to_owned()]).map_err(|error| wrong(&error))?;
        let certificate = params.self_signed(&pair).map_err(|error| wrong(&error))?;
        let mut roots = RootCertStore::empty();
        roots.add(certificate.der().clone()).map_err(|error| wrong(&error))?;
        let provider = CryptoProvider {
            cipher_suites: vec![ring::cipher_suite::TLS13_AES_128_GCM_SHA256],
            kx_groups: vec![ring::kx_group::X25519],
            ..ring::default_provider()
        };
        let config = ClientConfig::builder_with_provider(Arc::new(provider));
        let config = config.with_protocol_versions(&[&version::TLS13]).map_err(|error| wrong(&error))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(Self { cert: certificate.pem(), key: pair.serialize_pem(), handshakes: Arc::new(config) })
    }

    pub(crate) fn cert(&self) -> &str {
        &self.cert
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}

pub(crate) struct TlsLine {
    socket: TcpStream,
    connection: ClientConnection,
    /// The server sends a line in clear text first.
    is_greeted: bool,
}

impl TlsLine {
    pub(crate) fn connect(to: SocketAddr, certificate: &Certificate, is_greeted: bool) -> io::Result<Self> {
        let socket = TcpStream::connect(to)?;
        let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
        let handshakes = Arc::clone(&certificate.handshakes);
        let connection = ClientConnection::new(handshakes, name).map_err(io::Error::other)?;
        Ok(Self { socket, connection, is_greeted })
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        &mut self.socket
    }

    /// Skips the line in clear text; records follow it.
    fn skip_greeting(&mut self) -> io::Result<()> {
        let mut bytes = [0; GREETING_BYTES];
        while self.is_greeted {
            let count = self.socket.read(&mut bytes)?;
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if let Some(end) = bytes[..count].iter().position(|&byte| byte == b'\n') {
                self.is_greeted = false;
                let mut records = &bytes[end + 1..count];
                while !records.is_empty() {
                    self.connection.read_tls(&mut records)?;
                    self.connection.process_new_packets().map_err(io::Error::other)?;
                }
            }
        }
        Ok(())
    }

    /// Reads once, and continues the handshake. Returns 0 at the end.
    fn take(&mut self) -> io::Result<usize> {
        self.skip_greeting()?;
        let count = self.connection.read_tls(&mut self.socket)?;
        self.connection.process_new_packets().map_err(io::Error::other)?;
        if self.connection.wants_write() {
            self.flush()?;
        }
        Ok(count)
    }
}

impl Read for TlsLine {
    /// Fills `buffer` as far as bytes are available.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.connection.reader().read(&mut buffer[filled..]) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => match self.take() {
                    Ok(1..) => {}
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Ok(0) | Err(_) if filled > 0 => break,
                    other => return other,
                },
                Ok(0) => break,
                other => filled += other?,
            }
        }
        Ok(filled)
    }
}

impl Write for TlsLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = self.connection.writer().write(bytes)?;
        if taken == 0 {
            // rustls's buffer is full.
            self.flush()?;
            taken = self.connection.writer().write(bytes)?;
        }
        if taken == 0 { Err(ErrorKind::WouldBlock.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut self.socket) {
                Ok(_) => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    break;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
