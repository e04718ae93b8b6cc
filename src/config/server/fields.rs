//! The config of a server, and its defaults.

use std::path::PathBuf;
#[cfg(feature = "store")]
use std::time::Duration;

#[cfg(feature = "cluster")]
use super::cluster::ClusterConfig;
#[cfg(feature = "tls")]
use super::credentials::TlsConfig;
#[cfg(feature = "web")]
use super::web::WebConfig;
use crate::address::Address;
use crate::config::Limits;
use crate::name::RoomName;
use crate::network::Network;
use crate::secret::Secret;

/// The settings of `parlord`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerConfig {
    /// Addresses to listen at.
    pub listen: Vec<Address>,
    /// TLS listeners and their certificate.
    #[cfg(feature = "tls")]
    pub tls: TlsConfig,
    /// The server's name on IRC.
    pub server_name: String,
    /// The room of CrazyIt users.
    pub lobby: RoomName,
    /// The lines of the message of the day; empty if there is none.
    pub motd: Vec<String>,
    /// The password required from every user.
    pub password: Option<Secret>,
    /// Accounts for `OPER`.
    pub operators: Vec<Operator>,
    /// The directory for data that outlives a restart; `None` saves nothing.
    pub state: Option<PathBuf>,
    /// The history of rooms.
    #[cfg(feature = "store")]
    pub history: HistoryConfig,
    /// Accounts, in the directory for data.
    #[cfg(feature = "store")]
    pub accounts: AccountsConfig,
    /// Proxies, which must send a PROXY header. Other peers must not.
    pub proxy_from: Vec<Proxy>,
    /// Serve a network even as root.
    pub allow_root: bool,
    /// The limits of connections.
    pub limits: Limits,
    /// The address at which Prometheus can read counters.
    #[cfg(feature = "metrics")]
    pub metrics: Option<Address>,
    /// The options of the page and of WebSocket.
    #[cfg(feature = "web")]
    pub web: WebConfig,
    /// The other nodes, if there are such.
    #[cfg(feature = "cluster")]
    pub cluster: ClusterConfig,
}

/// How much history of rooms is kept, in the directory for data.
#[cfg(feature = "store")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// How long it is kept; `None` keeps nothing.
    pub age: Option<Duration>,
    /// Most messages kept of each room, and as many other events.
    pub lines: usize,
    /// Most bytes of the file.
    pub bytes: usize,
    /// Messages shown to a client that joins and cannot ask for the past.
    pub replay: usize,
}

#[cfg(feature = "store")]
impl Default for HistoryConfig {
    fn default() -> Self {
        Self {
            age: Some(Duration::from_secs(7 * 24 * 60 * 60)),
            lines: 10_000,
            bytes: 256 * 1024 * 1024,
            replay: 20,
        }
    }
}

/// How accounts are used.
#[cfg(feature = "store")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountsConfig {
    /// Who may register and enter.
    pub policy: AccountPolicy,
    /// Users with accounts stay when their last connection ends, unless they decide otherwise.
    pub always_on: bool,
    /// How long they stay, in days.
    pub always_on_days: usize,
    /// Most connections of a user.
    pub devices: usize,
}

/// Who may register an account, and who may enter.
#[cfg(feature = "store")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountPolicy {
    /// Everybody may register, and enter without an account.
    Open,
    /// Only operators of the server create accounts; everybody may enter.
    Closed,
    /// Only users with accounts may enter, and only operators create them.
    Required,
}

#[cfg(feature = "store")]
impl AccountPolicy {
    /// All policies, by the names that `--accounts` takes.
    pub(crate) const ALL: [(&str, Self); 3] =
        [("open", Self::Open), ("closed", Self::Closed), ("required", Self::Required)];
}

#[cfg(feature = "store")]
impl Default for AccountsConfig {
    fn default() -> Self {
        Self { policy: AccountPolicy::Open, always_on: false, always_on_days: 30, devices: 10 }
    }
}

/// An account for `OPER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// The name for `OPER`, independent of the user's name.
    pub name: String,
    /// The password for `OPER`.
    pub password: Secret,
}

/// The peer address of a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// An address in this network.
    Network(Network),
    /// A Unix socket on this machine.
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
            #[cfg(feature = "store")]
            history: HistoryConfig::default(),
            #[cfg(feature = "store")]
            accounts: AccountsConfig::default(),
            proxy_from: Vec::new(),
            allow_root: false,
            limits: Limits::default(),
            #[cfg(feature = "metrics")]
            metrics: None,
            #[cfg(feature = "web")]
            web: WebConfig::default(),
            #[cfg(feature = "cluster")]
            cluster: ClusterConfig::default(),
        }
    }
}
