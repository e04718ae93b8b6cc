//! Certificates for servers under test, and clients that trust them.

use std::path::PathBuf;
use std::sync::Arc;

use parlor::config::{Credentials, TlsConfig};
use parlor::fingerprint::Fingerprint;
use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};

use super::{Scratch, address};

/// A self-signed certificate for `localhost` and its key, in files.
pub struct Certificate {
    pub cert: PathBuf,
    pub key: PathBuf,
    der: CertificateDer<'static>,
}

impl Certificate {
    /// A new certificate, in files of this name.
    pub fn new(scratch: &Scratch, name: &str) -> Self {
        let pair = KeyPair::generate().expect("the system has random numbers");
        let params = CertificateParams::new(["localhost".to_owned()]).expect("it is a name");
        let certificate = params.self_signed(&pair).expect("the key can sign");
        Self {
            cert: scratch.file(&format!("{name}.pem"), &certificate.pem()),
            key: scratch.file(&format!("{name}.key"), &pair.serialize_pem()),
            der: certificate.der().clone(),
        }
    }

    pub fn read(cert: PathBuf, key: PathBuf) -> Self {
        let der = CertificateDer::from_pem_file(&cert).expect("there is a certificate");
        Self { cert, key, der }
    }

    /// Config for a server with this certificate on a free port.
    pub fn config(&self) -> TlsConfig {
        TlsConfig {
            listen: vec![address("127.0.0.1:0")],
            credentials: Some(Credentials::read(&self.cert, &self.key, false).expect("they belong together")),
            ..TlsConfig::default()
        }
    }

    /// A client of these versions that trusts only this certificate.
    pub fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConnection {
        client_of(&self.client_config(versions))
    }

    /// The config of such clients, which share the tickets that they get.
    pub fn client_config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.der.clone()).expect("it can be a root");
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_protocol_versions(versions).expect("ring has suites for them");
        Arc::new(config.with_root_certificates(roots).with_no_client_auth())
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.der)
    }

    /// True when the client was shown this certificate.
    pub fn is_of(&self, client: &ClientConnection) -> bool {
        client.peer_certificates().and_then(<[_]>::first) == Some(&self.der)
    }
}

/// A client with this config.
pub fn client_of(config: &Arc<ClientConfig>) -> ClientConnection {
    let name = ServerName::try_from("localhost").expect("it is a name");
    ClientConnection::new(Arc::clone(config), name).expect("the settings are whole")
}
