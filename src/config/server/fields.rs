//! The settings of a server, and their defaults.

use std::path::PathBuf;

#[cfg(feature = "tls")]
use super::credentials::TlsConfig;
use crate::address::Address;
use crate::config::Limits;
use crate::name::RoomName;
use crate::network::Network;
use crate::secret::Secret;

/// How `parlord` is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Where to listen.
    pub listen: Vec<Address>,
    /// Where and how TLS is spoken.
    #[cfg(feature = "tls")]
    pub tls: TlsConfig,
    /// What IRC clients see as the server's name.
    pub server_name: String,
    /// Where CrazyIt users are.
    pub lobby: RoomName,
    /// The message of the day, a line each; none when there is none.
    pub motd: Vec<String>,
    /// What everybody must know to come in.
    pub password: Option<Secret>,
    /// Who may become an operator of the server.
    pub operators: Vec<Operator>,
    /// The directory for what must outlive a restart; `None` keeps nothing.
    pub state: Option<PathBuf>,
    /// Who begins with a PROXY header, which says for whom it speaks. Nobody else may.
    pub proxy_from: Vec<Proxy>,
    /// Serve a network even as root.
    pub allow_root: bool,
    /// What connections are held to.
    pub limits: Limits,
    /// Where to tell Prometheus how the server is.
    #[cfg(feature = "metrics")]
    pub metrics: Option<Address>,
}

/// Somebody who may become an operator of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// Given with `OPER`; not a user's name.
    pub name: String,
    /// Given with `OPER`.
    pub password: Secret,
}

/// Where somebody connects from who speaks for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// An address of this network.
    Network(Network),
    /// This machine, over a Unix socket.
    Unix,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: vec![Address::parse("127.0.0.1:30000").expect("the default is an address")],
            #[cfg(feature = "tls")]
            tls: TlsConfig::default(),
            server_name: "parlor.local".into(),
            lobby: RoomName::new("#lobby").expect("the default is a room name"),
            motd: Vec::new(),
            password: None,
            operators: Vec::new(),
            state: None,
            proxy_from: Vec::new(),
            allow_root: false,
            limits: Limits::default(),
            #[cfg(feature = "metrics")]
            metrics: None,
        }
    }
}
