//! Shared by the TLS tests: both ends of a handshake.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use rcgen::{CertificateParams, KeyPair};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use rustls::client::WantsClientCert;
use rustls::crypto::ring as provider;
use rustls::pki_types::{PrivateKeyDer, ServerName};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, ConfigBuilder, ConnectionTrafficSecrets, RootCertStore, ServerConfig,
    SupportedProtocolVersion,
};

use super::handshakes;
use super::tickets::Tickets;

static CERTIFIED: LazyLock<Arc<CertifiedKey>> = LazyLock::new(|| {
    let pair = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let key = PrivateKeyDer::try_from(pair.serialize_der()).unwrap();
    Arc::new(
        CertifiedKey::from_der(vec![certificate.der().clone()], key, &provider::default_provider()).unwrap(),
    )
});

pub(super) fn server() -> Arc<ServerConfig> {
    server_with(Tickets::new(Instant::now()).unwrap())
}

pub(super) fn server_with(tickets: Tickets) -> Arc<ServerConfig> {
    handshakes(&CERTIFIED, Some(Arc::new(tickets)))
}

/// Encrypts records that no real client sends, with a client's keys.
pub(super) struct Sealer {
    key: LessSafeKey,
    iv: [u8; 12],
    number: u64,
}

impl Sealer {
    /// Takes the keys of a client after a TLS 1.3 handshake.
    pub(super) fn of(client: ClientConnection) -> Self {
        let secrets = client.dangerous_extract_secrets().expect("the client lets go of them");
        let (number, ConnectionTrafficSecrets::Aes256Gcm { key, iv }) = secrets.tx else {
            panic!("AES-256-GCM is what both prefer")
        };
        let key = UnboundKey::new(&AES_256_GCM, key.as_ref()).expect("the key is one");
        let iv = iv.as_ref().try_into().expect("a nonce has 12 bytes");
        Self { key: LessSafeKey::new(key), iv, number }
    }

    pub(super) fn seal(&mut self, content_type: u8, content: &[u8]) -> Vec<u8> {
        let mut inner = [content, &[content_type]].concat();
        let length = (inner.len() + AES_256_GCM.tag_len()) as u16;
        let header = [&[23, 3, 3], &length.to_be_bytes()[..]].concat();
        let mut nonce = self.iv;
        nonce[4..].iter_mut().zip(self.number.to_be_bytes()).for_each(|(byte, number)| *byte ^= number);
        self.number += 1;
        let (nonce, header_data) = (Nonce::assume_unique_for_key(nonce), Aad::from(&header));
        self.key.seal_in_place_append_tag(nonce, header_data, &mut inner).expect("it is short");
        [header, inner].concat()
    }
}

pub(super) fn client(version: &'static SupportedProtocolVersion) -> ClientConnection {
    let mut config = trusting(version).with_no_client_auth();
    config.enable_secret_extraction = true;
    connection(Arc::new(config))
}

pub(super) fn connection(config: Arc<ClientConfig>) -> ClientConnection {
    ClientConnection::new(config, ServerName::try_from("localhost").unwrap()).unwrap()
}

/// A client that trusts the server.
pub(super) fn trusting(
    version: &'static SupportedProtocolVersion,
) -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CERTIFIED.cert[0].clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()));
    config.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots)
}
