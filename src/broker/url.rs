//! URLs of brokers.

use std::fmt;
use std::str::FromStr;

use super::{Broker, Kind, Login};
use crate::address::Address;

/// The ports of Redis and of Sentinel.
const PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26_379;

/// Why a text is no URL of a broker. The text may have a password, so it is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerUrlError {
    /// It is no URL, or a part of it is wrong.
    NoUrl,
    /// It begins with something else than the supported schemes.
    Scheme,
    /// Sentinels, without the name of the service.
    NoService,
    /// A database of a Redis Cluster.
    Database,
    /// This program was built without TLS.
    NoTls,
    /// Several URLs, which are not those of one broker.
    Several,
}

impl fmt::Display for BrokerUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUrl => "it must look like redis://HOST:PORT/0, or redis://USER:PASSWORD@HOST:PORT/0",
            Self::Scheme => {
                "it must begin with redis://, rediss://, redis+unix://, redis+sentinel:// or redis+cluster://"
            }
            Self::NoService => "it must end with the name of the service: redis+sentinel://HOST:PORT/SERVICE",
            Self::Database => "a Redis Cluster has no databases: redis+cluster://HOST:PORT",
            Self::NoTls => "this program was built without TLS, which rediss:// needs",
            Self::Several => "several URLs must differ in nothing but the host, and begin with redis+sentinel:// or redis+cluster://",
        })
    }
}

impl std::error::Error for BrokerUrlError {}

impl FromStr for Broker {
    type Err = BrokerUrlError;

    fn from_str(url: &str) -> Result<Self, BrokerUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(BrokerUrlError::NoUrl)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = match authority.rsplit_once('@') {
            Some((login, hosts)) => (Some(parse_login(login)?), hosts),
            None => (None, authority),
        };
        if let ("redis+unix" | "unix", true) = (scheme, hosts.is_empty()) {
            return Self::at_path(path, login);
        }
        let (protocol, kind) = scheme.split_once('+').unwrap_or((scheme, ""));
        let is_tls = match protocol {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(BrokerUrlError::Scheme),
        };
        if is_tls && cfg!(not(feature = "tls")) {
            return Err(BrokerUrlError::NoTls);
        }
        let (kind, port, database) = match kind {
            "" => (Kind::One, PORT, path),
            "sentinel" => {
                let (service, database) = path.split_once('/').unwrap_or((path, ""));
                (Kind::Sentinel(parse_service(service)?), SENTINEL_PORT, database)
            }
            "cluster" if path.is_empty() => (Kind::Spread, PORT, ""),
            "cluster" => return Err(BrokerUrlError::Database),
            _ => return Err(BrokerUrlError::Scheme),
        };
        let server = parse_host(hosts, port)?;
        let database = if database.is_empty() { 0 } else { parse_number(database)? };
        Ok(Self { kind, servers: vec![server], login, database, is_tls, authorities: None })
    }
}

impl Broker {
    /// A broker with the servers of both, which must be the same otherwise.
    pub fn with(mut self, other: Self) -> Result<Self, BrokerUrlError> {
        let is_same = Self { servers: self.servers.clone(), ..other.clone() } == self;
        if !is_same || self.kind == Kind::One {
            return Err(BrokerUrlError::Several);
        }
        self.servers.extend(other.servers);
        Ok(self)
    }

    /// A broker at a Unix socket: `PATH?db=NUMBER`, without the slash before it.
    fn at_path(path: &str, login: Option<Login>) -> Result<Self, BrokerUrlError> {
        let (path, database) = match path.split_once("?db=") {
            Some((path, number)) => (path, parse_number(number)?),
            None => (path, 0),
        };
        if path.is_empty() || path.contains('?') {
            return Err(BrokerUrlError::NoUrl);
        }
        let server = Address::Unix(format!("/{}", decoded(path)?).into());
        Ok(Self { kind: Kind::One, servers: vec![server], login, database, is_tls: false, authorities: None })
    }
}

/// `USER:PASSWORD`; without a user, the broker has one password for everybody.
fn parse_login(text: &str) -> Result<Login, BrokerUrlError> {
    let (user, password) = text.split_once(':').ok_or(BrokerUrlError::NoUrl)?;
    let user = if user.is_empty() { None } else { Some(decoded(user)?.into()) };
    Ok(Login { user, password: decoded(password)?.into() })
}

/// The name of what sentinels watch.
fn parse_service(text: &str) -> Result<Box<str>, BrokerUrlError> {
    if text.is_empty() { Err(BrokerUrlError::NoService) } else { Ok(decoded(text)?.into()) }
}

fn parse_host(text: &str, default_port: u16) -> Result<Address, BrokerUrlError> {
    match Address::parse_or_port(text, default_port) {
        Ok(address @ Address::Tcp { .. }) => Ok(address),
        Ok(Address::Unix(_)) | Err(_) => Err(BrokerUrlError::NoUrl),
    }
}

fn parse_number(text: &str) -> Result<u32, BrokerUrlError> {
    // Unlike `parse`, without a sign.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number).ok_or(BrokerUrlError::NoUrl)
}

/// Replaces `%` and two hexadecimal digits by the byte.
fn decoded(text: &str) -> Result<String, BrokerUrlError> {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or(BrokerUrlError::NoUrl)?;
        let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let byte = u8::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal);
        bytes.push(byte.ok_or(BrokerUrlError::NoUrl)?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| BrokerUrlError::NoUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn parsed(url: &str) -> Broker {
        url.parse().unwrap_or_else(|error| panic!("{url}: {error}"))
    }

    #[test]
    fn a_url_names_the_address_without_its_password() {
        let broker = parsed("redis://ann:secret@10.0.0.5:6380/2");
        assert_eq!(broker.to_string(), "10.0.0.5:6380");
        assert!(!format!("{broker:?}").contains("secret"));
        assert_eq!(broker.database, 2);
        assert_eq!(parsed("redis://[::1]").to_string(), "[::1]:6379");
        assert_eq!(parsed("valkey://broker").to_string(), "broker:6379");
        assert_eq!(
            parsed("redis+unix:///run/redis/redis.sock?db=3").to_string(),
            "unix:/run/redis/redis.sock"
        );
    }

    #[test]
    fn users_and_passwords_are_decoded() {
        let login = |url| parsed(url).login.map(|login| (login.user, login.password));
        assert_eq!(login("redis://h"), None);
        assert_eq!(login("redis://:s%40c%2fr:et@h"), Some((None, "s@c/r:et".into())));
        assert_eq!(login("redis+unix://ann:%C3%A9@/s"), Some((Some("ann".into()), "é".into())));
    }

    #[test]
    fn several_urls_are_one_broker_if_they_differ_in_nothing_but_the_host() {
        let sentinels =
            parsed("redis+sentinel://:pw@one/chat/2").with(parsed("redis+sentinel://:pw@two:1/chat/2"));
        let sentinels = sentinels.unwrap();
        assert_eq!(sentinels.to_string(), "one:26379,two:1");
        assert_eq!((sentinels.kind, sentinels.database), (Kind::Sentinel("chat".into()), 2));
        let servers = parsed("redis+cluster://one").with(parsed("redis+cluster://two")).unwrap();
        assert_eq!(servers.to_string(), "one:6379,two:6379");
        for (one, other) in [
            ("redis://one", "redis://two"),
            ("redis+cluster://one", "redis+sentinel://two/chat"),
            ("redis+sentinel://one/chat", "redis+sentinel://two/tea"),
            ("redis+cluster://:a@one", "redis+cluster://:b@two"),
        ] {
            assert_eq!(parsed(one).with(parsed(other)), Err(BrokerUrlError::Several), "{one} {other}");
        }
    }

    #[test]
    fn a_text_that_is_no_url_is_refused_without_showing_it() {
        for text in [
            "",
            "10.0.0.5",
            "redis://",
            "redis://u:secret@",
            "redis://secret@h",
            "redis://h:secret/0",
            "redis://h/secret",
            "redis://h/+1",
            "redis://u:secret%@h",
            "redis://u:secret%+1@h",
            "redis://u:secret%FF@h",
            "redis+unix:///",
            "redis+unix:///secret?db=x",
            "redis+unix://host/secret",
        ] {
            let error = text.parse::<Broker>().expect_err(text);
            assert!(!error.to_string().contains("secret"), "{text}");
        }
        for (url, error) in [
            ("http://10.0.0.5", BrokerUrlError::Scheme),
            ("redis+http://10.0.0.5", BrokerUrlError::Scheme),
            ("redis+sentinel://10.0.0.5", BrokerUrlError::NoService),
            ("redis+sentinel://10.0.0.5//1", BrokerUrlError::NoService),
            ("redis+cluster://10.0.0.5/0", BrokerUrlError::Database),
        ] {
            assert_eq!(url.parse::<Broker>(), Err(error), "{url}");
        }
        assert_eq!("rediss://10.0.0.5".parse::<Broker>().is_ok(), cfg!(feature = "tls"));
    }
}
