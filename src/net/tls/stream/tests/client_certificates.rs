use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SignatureAlgorithm};
use rustls::client::ResolvesClientCert;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, HandshakeKind, SignatureScheme};

use super::*;
use crate::fingerprint::Fingerprint;
use crate::net::tls::test_support::{connection, trusting};

/// Shows this certificate to every server, whether its key is the right one or not.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn key_pair(algorithm: &'static SignatureAlgorithm) -> KeyPair {
    KeyPair::generate_for(algorithm).unwrap()
}

fn certificate(pair: &KeyPair, name: &str) -> CertificateDer<'static> {
    CertificateParams::new([name.to_owned()]).unwrap().self_signed(pair).unwrap().der().clone()
}

fn showing(
    version: &'static SupportedProtocolVersion,
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
) -> Arc<ClientConfig> {
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let certified = CertifiedKey::new(chain, any_supported_type(&key).unwrap());
    Arc::new(trusting(version).with_client_cert_resolver(Arc::new(Shown(Arc::new(certified)))))
}

/// Passes records both ways until the handshake ends or fails.
fn try_to_shake(client: &mut ClientConnection, stream: &mut TlsStream<Wire>) -> io::Result<()> {
    while client.is_handshaking() || stream.is_opening() {
        stream.inner.arrived.extend(records_of(client));
        match read_all(stream, 4096, &mut Vec::new()) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => hear(client, stream, &mut Vec::new()),
            other => return other,
        }
    }
    Ok(())
}

#[test]
fn a_client_may_show_a_certificate_of_any_issuer_and_kind_and_is_known_by_it() {
    for version in VERSIONS {
        for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &PKCS_ECDSA_P384_SHA384, &PKCS_ED25519] {
            let pair = key_pair(algorithm);
            let chain = vec![certificate(&pair, "alice"), certificate(&pair, "an issuer")];
            let kept = chain[0].len() + chain[1].len();
            let fingerprint = Fingerprint::of(&chain[0]);
            let mut client = connection(showing(version, chain, &pair));
            let mut stream = stream_of(server());
            assert_eq!(stream.certificate(), None, "before the handshake");
            shake(&mut client, &mut stream, 100);
            assert_eq!(stream.certificate(), Some(fingerprint.bytes()));
            assert_eq!(stream.kept_bytes(), kept, "rustls keeps the chain");
        }
    }
}

#[test]
fn a_client_without_a_certificate_is_as_welcome_and_costs_nothing() {
    for version in VERSIONS {
        let (_, stream) = opened(version);
        assert_eq!((stream.certificate(), stream.kept_bytes()), (None, 0));
    }
}

#[test]
fn the_messages_of_a_handshake_are_counted_while_they_are_kept() {
    let (mut client, mut stream) = pair(&TLS13);
    let hello = records_of(&mut client);
    stream.inner.arrived.extend(&hello);
    read_all(&mut stream, 4096, &mut Vec::new()).unwrap_err();
    assert!(stream.is_opening());
    assert_eq!(stream.kept_bytes(), hello.len());
}

#[test]
fn a_resumed_session_has_the_certificate_of_the_first() {
    for version in VERSIONS {
        let (house, pair) = (server(), key_pair(&PKCS_ED25519));
        let chain = vec![certificate(&pair, "alice")];
        let fingerprint = Fingerprint::of(&chain[0]);
        let config = showing(version, chain, &pair);
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let (mut client, mut stream) = (connection(Arc::clone(&config)), stream_of(Arc::clone(&house)));
            shake(&mut client, &mut stream, usize::MAX);
            // Ticket and all.
            hear(&mut client, &mut stream, &mut Vec::new());
            assert_eq!(client.handshake_kind(), Some(kind));
            assert_eq!(stream.certificate(), Some(fingerprint.bytes()), "{kind:?}");
        }
    }
}

#[test]
fn nobody_can_show_a_certificate_without_its_key() {
    for version in VERSIONS {
        let (owner, thief) = (key_pair(&PKCS_ED25519), key_pair(&PKCS_ED25519));
        let mut client = connection(showing(version, vec![certificate(&owner, "alice")], &thief));
        let mut stream = stream_of(server());
        let error = try_to_shake(&mut client, &mut stream).unwrap_err();
        assert!(matches!(Ending::of(&error), Some(CloseReason::TlsFailed(_))), "{error}");
        assert_eq!((stream.certificate(), stream.kept_bytes()), (None, 0));
    }
}

#[test]
fn a_chain_that_is_too_long_is_refused() {
    for version in VERSIONS {
        let pair = key_pair(&PKCS_ED25519);
        for (copies, is_accepted) in [(20, true), (40, false), (200, false)] {
            let chain = vec![certificate(&pair, "alice"); copies];
            let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
            assert_eq!(bytes <= 8 * 1024, is_accepted, "{bytes}");
            let mut client = connection(showing(version, chain, &pair));
            let mut stream = stream_of(server());
            assert_eq!(try_to_shake(&mut client, &mut stream).is_ok(), is_accepted, "{bytes}");
            assert!(stream.kept_bytes() <= 8 * 1024);
        }
    }
}
