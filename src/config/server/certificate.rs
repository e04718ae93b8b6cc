//! Reads certificates (RFC 5280 §4.1): who issued them, and for which hosts.

#[cfg(feature = "tools")]
use std::time::SystemTime;

use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error};

#[cfg(feature = "tools")]
use crate::date;

pub(super) const PEM_BYTES: usize = 256 * 1024;

/// A name that no host has (RFC 6761 §6.4).
const NO_HOST: &str = "a-name-that-is-not.invalid";

const INTEGER: u8 = 0x02;
const SEQUENCE: u8 = 0x30;
#[cfg(feature = "tools")]
const UTC_TIME: u8 = 0x17;
#[cfg(feature = "tools")]
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;

/// True when issuer and subject are equal, so that clients must be told to trust the certificate.
pub(super) fn is_self_issued(certificate: &CertificateDer<'_>) -> bool {
    fields(certificate).is_some_and(|fields| fields.issuer == fields.subject)
}

/// From when and until when the certificate is valid.
#[cfg(feature = "tools")]
pub(super) fn validity(certificate: &CertificateDer<'_>) -> Option<(SystemTime, SystemTime)> {
    let (from, rest) = time(fields(certificate)?.validity)?;
    Some((from, time(rest)?.0))
}

/// A time at the beginning of `der`, and the rest (RFC 5280 §4.1.2.5): years of two digits are those from 1950 to 2049.
#[cfg(feature = "tools")]
fn time(der: &[u8]) -> Option<(SystemTime, &[u8])> {
    let (tag, text, rest) = element(der)?;
    let text = str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let (century, text) = match tag {
        UTC_TIME if text < "5" => ("20", text),
        UTC_TIME => ("19", text),
        GENERALIZED_TIME => text.split_at_checked(2)?,
        _ => return None,
    };
    let part = |at: usize| text.get(at..at + 2);
    let (day, hour) = ([part(0)?, part(2)?, part(4)?].join("-"), [part(6)?, part(8)?, part(10)?].join(":"));
    // Before 1970 is as good as 1970.
    let time = date::parse(&format!("{century}{day}T{hour}{}", text.get(12..)?));
    let is_early = century == "19" && text < "7";
    Some((if is_early { SystemTime::UNIX_EPOCH } else { time? }, rest))
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

/// Parts of a certificate, as DER.
struct Fields<'a> {
    issuer: &'a [u8],
    #[cfg(feature = "tools")]
    validity: &'a [u8],
    subject: &'a [u8],
}

fn fields(certificate: &[u8]) -> Option<Fields<'_>> {
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
    Some(Fields {
        issuer,
        #[cfg(feature = "tools")]
        validity: _validity,
        subject,
    })
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

    #[cfg(feature = "tools")]
    #[test]
    fn the_dates_of_a_certificate_are_read_in_both_forms() {
        for (from, until, seconds) in [
            ((1960, 1, 2), (2026, 11, 26), (0, 1_795_651_200)),
            ((1999, 12, 31), (2049, 12, 31), (946_598_400, 2_524_521_600)),
            ((2050, 1, 1), (4095, 12, 31), (2_524_608_000, 67_090_032_000)),
        ] {
            let mut params = params("server", &["chat.example"]);
            params.not_before = rcgen::date_time_ymd(from.0, from.1, from.2);
            params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
            let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let at = |seconds| SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            assert_eq!(validity(certificate.der()), Some((at(seconds.0), at(seconds.1))));
            for end in 0..certificate.der().len() {
                assert_eq!(validity(&CertificateDer::from(certificate.der()[..end].to_vec())), None, "{end}");
            }
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
