//! Reads certificates (RFC 5280 §4.1): who issued them, and for which hosts.

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

pub(super) const PEM_BYTES: usize = 256 * 1024;

/// A name that no host has (RFC 6761 §6.4).
const NO_HOST: &str = "a-name-that-is-not.invalid";

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// True when issuer and subject are equal, so that clients must be told to trust the certificate.
pub(super) fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    issuer_and_subject(certificate).is_some_and(|(issuer, subject)| issuer == subject)
}

/// The host for which clients can verify the certificate: `wanted`, or else the first name in it.
pub(super) fn host(certificate: &CertificateDer<'_>, wanted: &str) -> Option<String> {
    if matches!(names_if_not_for(certificate, wanted), Ok(None)) {
        return Some(wanted.to_owned());
    }
    let names = names_if_not_for(certificate, NO_HOST).ok()??;
    let mut hosts = names.iter().filter_map(|name| name.strip_prefix("DnsName(\"")?.strip_suffix("\")"));
    hosts.find(|host| !host.contains('*')).map(str::to_owned)
}

/// `None` if the certificate is valid for this host, otherwise the names in it.
fn names_if_not_for(certificate: &CertificateDer<'_>, host: &str) -> Result<Option<Vec<String>>, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let host = ServerName::try_from(host).map_err(|_| Error::General("this is no host".into()))?;
    match verify_server_name(&parsed, &host) {
        Ok(()) => Ok(None),
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. })) => {
            Ok(Some(presented))
        }
        Err(error) => Err(error),
    }
}

fn issuer_and_subject(certificate: &[u8]) -> Option<(&[u8], &[u8])> {
    let (SEQUENCE, certificate, _) = element(certificate)? else { return None };
    let (SEQUENCE, to_be_signed, _) = element(certificate)? else { return None };
    let rest = match element(to_be_signed)? {
        (VERSION, _, rest) => rest,
        _ => to_be_signed,
    };
    let (INTEGER, _serial, rest) = element(rest)? else { return None };
    let (SEQUENCE, _algorithm, rest) = element(rest)? else { return None };
    let (SEQUENCE, issuer, rest) = element(rest)? else { return None };
    let (SEQUENCE, _validity, rest) = element(rest)? else { return None };
    let (SEQUENCE, subject, _) = element(rest)? else { return None };
    Some((issuer, subject))
}

/// Splits DER into the tag and content of its first element, and the rest.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        // Up to 64 KiB, which no certificate exceeds.
        0x81 | 0x82 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, &byte| length << 8 | usize::from(byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};

    use super::*;

    fn params(subject: &str, names: &[&str]) -> CertificateParams {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.distinguished_name.push(DnType::CommonName, subject);
        params
    }

    fn issued(names: &[&str]) -> CertificateDer<'static> {
        let issuer =
            CertifiedIssuer::self_signed(params("issuer", &[]), KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        params("server", names).signed_by(&key, &issuer).unwrap().der().clone()
    }

    #[test]
    fn a_self_issued_certificate_is_recognized() {
        let own = params("server", &["chat.example"]).self_signed(&KeyPair::generate().unwrap()).unwrap();
        assert!(is_self_issued(own.der()));
        assert!(!is_self_issued(&issued(&["chat.example"])));
    }

    #[test]
    fn the_host_is_the_server_name_or_the_first_in_the_certificate() {
        for (names, wanted, expected) in [
            (&["a.example", "b.example"][..], "b.example", Some("b.example")),
            (&["a.example", "b.example"], "parlor.local", Some("a.example")),
            (&["*.chat.example"], "irc.chat.example", Some("irc.chat.example")),
            (&["*.chat.example", "a.example"], "parlor.local", Some("a.example")),
            (&["*.chat.example"], "parlor.local", None),
            (&["192.0.2.7"], "parlor.local", None),
        ] {
            assert_eq!(host(&issued(names), wanted).as_deref(), expected, "{names:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_certificate_have_no_issuer_and_no_host() {
        let whole = issued(&["chat.example"]);
        for end in 0..whole.len() {
            let cut = CertificateDer::from(whole[..end].to_vec());
            assert!(!is_self_issued(&cut), "{end}");
            assert_eq!(host(&cut, "chat.example"), None, "{end}");
        }
    }
}
