//! Parsers for the values of `parlord`'s options.

use std::path::Path;
#[cfg(feature = "store")]
use std::time::Duration;

#[cfg(feature = "store")]
use super::AccountPolicy;
#[cfg(feature = "web")]
use super::PageOrigin;
use super::setting::number;
use super::{Flood, Operator, Proxy};
use crate::address::Address;
use crate::files::read_text;
use crate::secret::{Secret, SecretError};
#[cfg(feature = "store")]
use crate::span;

pub(super) fn addresses(values: &[String]) -> Result<Vec<Address>, String> {
    values.iter().map(|value| address(value)).collect()
}

fn address(value: &str) -> Result<Address, String> {
    Address::parse(value).map_err(|why| format!("{value:?}: {why}"))
}

/// An address, or a port on loopback: metrics are not public.
#[cfg(feature = "metrics")]
pub(super) fn metrics_address(value: &str) -> Result<Address, String> {
    let port = value.strip_prefix(':').unwrap_or(value);
    match port.parse() {
        Ok(port) => Ok(Address::Tcp { host: "127.0.0.1".into(), port }),
        Err(_) => address(value),
    }
}

const SERVER_NAME_BYTES: usize = 63;

/// A server name is a host name with a dot, which distinguishes it from a nick (RFC 2812 §2.3.1).
pub(super) fn server_name(value: &str) -> Result<String, String> {
    let is_host = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if is_host && value.contains('.') && value.len() <= SERVER_NAME_BYTES && !value.starts_with(['.', '-']) {
        Ok(value.to_owned())
    } else {
        Err(format!("{value:?} is not a server name such as chat.example"))
    }
}

/// Largest message of the day, in bytes: every user gets all of it.
const MOTD_BYTES: usize = 16 * 1024;

/// Reads the message of the day, one entry per line.
pub(super) fn read_motd(path: &str) -> Result<Vec<String>, String> {
    let text = read_text(Path::new(path), MOTD_BYTES).map_err(|why| format!("{path}: {why}"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// Parses a password or a hash.
pub(super) fn password(value: &str) -> Result<Secret, String> {
    value.parse().map_err(|why: SecretError| why.to_string())
}

/// Largest password file, in bytes: only its first line counts, and people keep notes after it.
const PASSWORD_FILE_BYTES: usize = 64 * 1024;

/// Reads the password from the first line of a file.
pub(super) fn read_password(path: &str) -> Result<Secret, String> {
    let text = read_text(Path::new(path), PASSWORD_FILE_BYTES).map_err(|why| format!("{path:?}: {why}"))?;
    password(text.lines().next().unwrap_or_default())
}

/// Parses operators, whose names must differ.
pub(super) fn operators(values: &[String]) -> Result<Vec<Operator>, String> {
    let mut operators: Vec<Operator> = Vec::new();
    for value in values {
        let operator = operator(value)?;
        if operators.iter().any(|other| other.name == operator.name) {
            return Err(format!("there are two passwords for {:?}", operator.name));
        }
        operators.push(operator);
    }
    Ok(operators)
}

fn operator(value: &str) -> Result<Operator, String> {
    match value.split_once(':') {
        Some((name, secret)) if !name.is_empty() && !secret.is_empty() => {
            Ok(Operator { name: name.to_owned(), password: password(secret)? })
        }
        // Do not quote the value: it may be a password.
        _ => Err("write NAME:PASS".into()),
    }
}

/// Parses an address, a network, or `unix`.
pub(super) fn proxy(value: &str) -> Result<Proxy, String> {
    if value == "unix" {
        return Ok(Proxy::Unix);
    }
    let network = value.parse().map_err(|why| format!("{value:?} is neither unix nor a network: {why}"))?;
    Ok(Proxy::Network(network))
}

/// Parses `on` or `off`.
#[cfg(feature = "web")]
pub(super) fn switch(value: &str) -> Result<bool, String> {
    match value {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err(format!("{value:?} is neither on nor off")),
    }
}

/// In the form that `switch` parses.
#[cfg(feature = "web")]
pub(super) fn shown_switch(is_on: bool) -> &'static str {
    if is_on { "on" } else { "off" }
}

/// Most origins: each handshake is compared with all of them.
#[cfg(feature = "web")]
const MOST_ORIGINS: usize = 64;

/// Parses origins of web pages.
#[cfg(feature = "web")]
pub(super) fn page_origins(values: &[String]) -> Result<Vec<PageOrigin>, String> {
    if values.len() > MOST_ORIGINS {
        return Err(format!("there are more than {MOST_ORIGINS}"));
    }
    values.iter().map(|value| value.parse().map_err(|why| format!("{value:?}: {why}"))).collect()
}

/// Parses `BURST/PER_SECOND`, or `off`.
pub(super) fn flood(value: &str) -> Result<Option<Flood>, String> {
    if value == "off" {
        return Ok(None);
    }
    let (burst, per_second) =
        value.split_once('/').ok_or_else(|| format!("{value:?} is neither BURST/PER_SECOND nor off"))?;
    Ok(Some(Flood {
        burst: number(burst, &(1..=10_000), "messages")? as u32,
        per_second: number(per_second, &(1..=10_000), "messages a second")? as u32,
    }))
}

/// Parses who may register an account and enter.
#[cfg(feature = "store")]
pub(super) fn account_policy(value: &str) -> Result<AccountPolicy, String> {
    let policy = AccountPolicy::ALL.iter().find(|(name, _)| *name == value);
    policy.map(|&(_, policy)| policy).ok_or_else(|| format!("{value:?} is not open, closed or required"))
}

/// A policy as `account_policy` parses it.
#[cfg(feature = "store")]
pub(super) fn shown_policy(policy: AccountPolicy) -> &'static str {
    AccountPolicy::ALL.iter().find(|(_, other)| *other == policy).map_or("", |(name, _)| name)
}

/// Parses an age such as `7d`, or `off`.
#[cfg(feature = "store")]
pub(super) fn age(value: &str) -> Result<Option<Duration>, String> {
    if value == "off" {
        return Ok(None);
    }
    let age = span::parse(value).flatten();
    age.map(Some).ok_or_else(|| format!("{value:?} is neither an age such as 30m, 12h, 7d or 1w nor off"))
}

/// An age in the format that `age` parses.
#[cfg(feature = "store")]
pub(super) fn shown_age(age: Option<Duration>) -> String {
    age.map_or("off".into(), span::shown)
}

/// A rate in the format that `flood` parses.
pub(super) fn shown_flood(flood: Option<Flood>) -> String {
    flood.map_or("off".into(), |Flood { burst, per_second }| format!("{burst}/{per_second}"))
}
