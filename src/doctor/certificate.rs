//! The certificate: its dates, and whether clients can verify it for the server's name.

use std::time::{Duration, SystemTime};

use crate::config::ServerConfig;
use crate::date;

/// How long before its end a certificate should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

pub(super) fn check(config: &ServerConfig, now: SystemTime) -> Result<String, String> {
    let Some(credentials) = &config.tls.credentials else {
        let what =
            if config.tls.self_signed { "--self-signed creates it at the start" } else { "TLS is not used" };
        return Ok(what.into());
    };
    let Some((from, until)) = credentials.validity() else {
        return Err("its dates cannot be read: create it anew".into());
    };
    dates(from, until, now)?;
    let until = date::seconds(until);
    if credentials.is_self_issued() {
        return Ok(format!("valid until {until}, for clients that know its fingerprint"));
    }
    let name = &config.server_name;
    match credentials.trusted_host(name) {
        Some(host) if host == *name => Ok(format!("valid until {until}, for {name}")),
        Some(host) => {
            Err(format!("it is not for --server-name {name}, but for {host}: choose --server-name {host}"))
        }
        None => Err(format!(
            "it is not for --server-name {name}: choose a name that is in it, or get a certificate for that name"
        )),
    }
}

fn dates(from: SystemTime, until: SystemTime, now: SystemTime) -> Result<(), String> {
    let renew = "renew it, and reload with SIGHUP";
    if now < from {
        let from = date::seconds(from);
        return Err(format!("it is only valid from {from} on: set the clock if it is wrong, or wait"));
    }
    if now > until {
        return Err(format!("it expired at {}: {renew}", date::seconds(until)));
    }
    if until.duration_since(now).is_ok_and(|left| left < SOON) {
        return Err(format!("it expires at {}, within 14 days: {renew}", date::seconds(until)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_right_from_its_beginning_until_14_days_before_its_end() {
        let at = |text| date::parse(text).unwrap();
        let (from, until) = (at("2026-11-01T00:00:00Z"), at("2027-01-30T00:00:00Z"));
        for (now, why) in [
            ("2026-10-31T23:59:59Z", Some("it is only valid from 2026-11-01T00:00:00Z on")),
            ("2026-11-01T00:00:00Z", None),
            ("2027-01-16T00:00:00Z", None),
            ("2027-01-16T00:00:01Z", Some("it expires at 2027-01-30T00:00:00Z, within 14 days: renew it")),
            ("2027-01-30T00:00:01Z", Some("it expired at 2027-01-30T00:00:00Z: renew it")),
        ] {
            let found = dates(from, until, at(now)).err();
            assert_eq!(found.is_some(), why.is_some(), "{now} {found:?}");
            assert!(found.unwrap_or_default().starts_with(why.unwrap_or_default()), "{now}");
        }
    }
}
