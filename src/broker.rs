//! The broker that several nodes share, Redis or Valkey: its address, and connections to it.
//!
//! Knows no keys: `cluster` and `store` do.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::{Client, Cmd, ConnectionAddr, ConnectionInfo, ConnectionLike, IntoConnectionInfo, Pipeline};
use redis::{RedisError, RedisResult, Value};

/// How long connecting may take, with the login, and then each request and each reply.
pub const TIMEOUT: Duration = Duration::from_secs(3);

/// The address of a broker and how to log in there, as a URL has them.
#[derive(Clone)]
pub struct Broker {
    client: Client,
    /// The address, without the password.
    shown: Box<str>,
}

impl Broker {
    /// Opens a connection. The error is one line, which names the address.
    pub fn open(&self) -> Result<Connection, String> {
        let opened = self.client.get_connection_with_timeout(TIMEOUT).and_then(|connection| {
            connection.set_read_timeout(Some(TIMEOUT))?;
            connection.set_write_timeout(Some(TIMEOUT))?;
            Ok(connection)
        });
        let link = opened.map(Link::One).map_err(|error| self.explain(&error))?;
        Ok(Connection { link })
    }

    /// An error in one line, which names the address.
    pub fn explain(&self, error: &RedisError) -> String {
        // Errors of the broker may have several lines.
        let why = error.to_string().replace(['\r', '\n'], " ");
        format!("broker {self}: {}", why.trim())
    }
}

impl FromStr for Broker {
    type Err = BrokerUrlError;

    fn from_str(url: &str) -> Result<Self, BrokerUrlError> {
        let (scheme, _) = url.split_once("://").ok_or(BrokerUrlError::NoUrl)?;
        if !matches!(scheme, "redis" | "valkey") {
            return Err(BrokerUrlError::Scheme);
        }
        let info = url.into_connection_info().map_err(|_| BrokerUrlError::NoUrl)?;
        // Telling the broker the name of the library needs a permission, and is of no use.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let shown = shown(&info);
        let client = Client::open(info).map_err(|_| BrokerUrlError::NoUrl)?;
        Ok(Self { client, shown })
    }
}

fn shown(info: &ConnectionInfo) -> Box<str> {
    match info.addr() {
        ConnectionAddr::Tcp(host, port) if host.contains(':') => format!("[{host}]:{port}").into(),
        address => address.to_string().into(),
    }
}

/// The address without the password.
impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Broker").field(&self.shown).finish()
    }
}

impl PartialEq for Broker {
    fn eq(&self, other: &Self) -> bool {
        let [own, others] = [self, other].map(|broker| broker.client.get_connection_info());
        let [settings, other_settings] = [own, others].map(ConnectionInfo::redis_settings);
        own.addr() == others.addr()
            && settings.db() == other_settings.db()
            && settings.username() == other_settings.username()
            && settings.password() == other_settings.password()
    }
}

impl Eq for Broker {}

/// Why a text is no URL of a broker. The text may have a password, so it is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerUrlError {
    /// It is no URL, or a part of it is wrong.
    NoUrl,
    /// It begins with something else than the supported schemes.
    Scheme,
}

impl fmt::Display for BrokerUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoUrl => "it must look like redis://HOST:PORT/0, or redis://USER:PASSWORD@HOST:PORT/0",
            Self::Scheme => "it must begin with redis://",
        })
    }
}

impl std::error::Error for BrokerUrlError {}

/// A connection to a broker. After an error other than a refusal of the broker, open another one.
pub struct Connection {
    link: Link,
}

enum Link {
    /// To one server.
    One(redis::Connection),
}

impl Connection {
    /// Asks one question.
    pub fn ask(&mut self, command: &Cmd) -> RedisResult<Value> {
        command.query(self.link())
    }

    /// Asks several questions at once, and returns their answers in the same order. A refusal of one of them is its
    /// answer.
    pub fn ask_all(&mut self, commands: Vec<Cmd>) -> RedisResult<Vec<RedisResult<Value>>> {
        if commands.is_empty() {
            return Ok(Vec::new());
        }
        let mut pipeline = Pipeline::with_capacity(commands.len());
        for command in commands {
            pipeline.add_command(command);
        }
        pipeline.ignore_errors().query(self.link())
    }

    /// The connection of the library.
    pub fn link(&mut self) -> &mut dyn ConnectionLike {
        match &mut self.link {
            Link::One(connection) => connection,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_the_address_without_its_password() {
        let broker: Broker = "redis://ann:secret@10.0.0.5:6380/2".parse().unwrap();
        assert_eq!(broker.to_string(), "10.0.0.5:6380");
        assert!(!format!("{broker:?}").contains("secret"));
        assert_eq!("redis://[::1]".parse::<Broker>().unwrap().to_string(), "[::1]:6379");
    }

    #[test]
    fn what_is_no_url_is_refused_without_showing_it() {
        for text in
            ["", "10.0.0.5", "redis://", "redis://u:secret@", "redis://h:secret/0", "redis://h/secret"]
        {
            let error = text.parse::<Broker>().expect_err(text);
            assert!(!error.to_string().contains("secret"), "{text}");
        }
        assert_eq!("http://10.0.0.5".parse::<Broker>(), Err(BrokerUrlError::Scheme));
    }

    #[test]
    fn a_broker_that_is_not_there_is_an_error_of_one_line_with_its_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let broker: Broker = format!("redis://:secret@{address}").parse().unwrap();
        let error = broker.open().err().unwrap();
        assert!(error.contains(&address) && error.lines().count() == 1, "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
}
