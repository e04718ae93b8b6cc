//! The options of a node.

#[cfg(feature = "tls")]
use std::path::Path;

use ring::digest::{SHA256, digest};
use rustix::system::uname;

#[cfg(feature = "tls")]
use super::certificate::PEM_BYTES;
use super::fields::ServerConfig;
#[cfg(feature = "tls")]
use crate::broker::Authorities;
use crate::broker::Broker;
use crate::config::ConfigError;
use crate::config::setting::number;
use crate::config::values::{shown_age, shown_policy};
#[cfg(feature = "tls")]
use crate::files::read_text;

/// Most characters of a node's name.
const NODE_CHARS: usize = 32;

/// Most `--cluster` options.
const MOST_BROKERS: usize = 16;

/// Most streams that rooms are spread over.
const MOST_SHARDS: usize = 256;

/// Several nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// The broker; `None` for a single server.
    pub broker: Option<Broker>,
    /// The certificates that its TLS is trusted with, if not those of the system.
    #[cfg(feature = "tls")]
    pub authorities: Option<Authorities>,
    /// The name of this node.
    pub node: String,
    /// The number of streams that the rooms are spread over.
    pub shards: u16,
}

impl Default for ClusterConfig {
    fn default() -> Self {
        Self {
            broker: None,
            #[cfg(feature = "tls")]
            authorities: None,
            node: String::new(),
            shards: 16,
        }
    }
}

impl ClusterConfig {
    /// True for one of several nodes.
    pub fn is_on(&self) -> bool {
        self.broker.is_some()
    }

    /// An option that means nothing for a single server.
    fn unused(&self) -> Option<&'static str> {
        #[cfg(feature = "tls")]
        if self.authorities.is_some() {
            return Some("--cluster-ca");
        }
        (!self.node.is_empty()).then_some("--node")
    }
}

impl ServerConfig {
    /// Identifies the settings that all nodes must have in common. Those with their default do not count, so that a version
    /// that knows further settings agrees.
    pub fn shared_settings(&self) -> u64 {
        let (own, defaults) = (self.shared(), Self::default().shared());
        let mut text = String::new();
        for ((name, value), _) in own.iter().zip(&defaults).filter(|((_, own), (_, default))| own != default)
        {
            text.push_str(&format!("{name}={value}\n"));
        }
        let digest = digest(&SHA256, text.as_bytes());
        digest.as_ref().first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// The settings that all nodes must have in common, by the names of their options.
    fn shared(&self) -> [(&'static str, String); 10] {
        let Self { server_name, lobby, history, accounts, cluster, .. } = self;
        [
            ("server-name", server_name.clone()),
            ("lobby", lobby.folded()),
            ("history", shown_age(history.age)),
            ("history-lines", history.lines.to_string()),
            ("history-bytes", history.bytes.to_string()),
            ("accounts", shown_policy(accounts.policy).to_owned()),
            ("always-on", accounts.always_on.to_string()),
            ("always-on-days", accounts.always_on_days.to_string()),
            ("devices", accounts.devices.to_string()),
            ("shards", cluster.shards.to_string()),
        ]
    }

    /// Gives the node a name if nobody has, and its broker the authorities.
    pub(super) fn complete_cluster(&mut self) -> Result<(), ConfigError> {
        let cluster = &mut self.cluster;
        if !cluster.is_on() {
            return match cluster.unused() {
                Some(option) => Err(ConfigError(format!("{option}: give --cluster, too"))),
                None => Ok(()),
            };
        }
        if cluster.node.is_empty() {
            cluster.node = host_label().ok_or_else(|| {
                ConfigError("--node: the host has no name that can be a node's, give one".into())
            })?;
        }
        #[cfg(feature = "tls")]
        if let Some(authorities) = &cluster.authorities {
            cluster.broker.iter_mut().for_each(|broker| broker.trust(authorities.clone()));
        }
        Ok(())
    }
}

/// Parses the URLs of a broker: several if it has several servers.
pub(super) fn broker(urls: &[String]) -> Result<Option<Broker>, String> {
    if urls.len() > MOST_BROKERS {
        return Err(format!("there are more than {MOST_BROKERS}"));
    }
    let mut brokers = urls.iter().map(|url| url.parse::<Broker>());
    let first = brokers.next().transpose();
    let joined = first.and_then(|first| {
        first.map(|first| brokers.try_fold(first, |broker, next| broker.with(next?))).transpose()
    });
    joined.map_err(|why| why.to_string())
}

/// Reads the authorities that certify the broker.
#[cfg(feature = "tls")]
pub(super) fn authorities(path: &str) -> Result<Authorities, String> {
    let text = read_text(Path::new(path), PEM_BYTES).map_err(|why| format!("{path}: {why}"))?;
    Authorities::parse(&text).map_err(|why| format!("{path}: {why}"))
}

/// The number of shards.
pub(super) fn shards(value: &str) -> Result<u16, String> {
    let count = number(value, &(1..=MOST_SHARDS), "shards")?;
    u16::try_from(count).map_err(|error| error.to_string())
}

/// A node's name: it is part of keys and of what operators see.
pub(super) fn node_name(text: &str) -> Result<String, String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if (1..=NODE_CHARS).contains(&text.len()) && text.chars().all(is_allowed) {
        Ok(text.to_owned())
    } else {
        Err(format!("{text:?} is no name of a node: 1 to {NODE_CHARS} letters, digits, - and _"))
    }
}

/// The first part of the host's name, if a node can have this name.
fn host_label() -> Option<String> {
    let name = uname();
    let label = name.nodename().to_str().ok()?.split('.').next()?;
    node_name(label).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Invocation;

    fn parse(args: &[&str]) -> Result<ServerConfig, String> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        match ServerConfig::from_args(&args) {
            Ok(Invocation::Run(config)) => Ok(config),
            Ok(other) => panic!("{other:?}"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn a_node_has_a_broker_and_a_name() {
        let config = parse(&["--cluster", "redis://10.0.0.5:6379/0", "--node=cellar", "--shards", "256"]);
        let ClusterConfig { broker, node, shards, .. } = config.unwrap().cluster;
        assert_eq!((&*node, shards), ("cellar", 256));
        assert_eq!(broker.map(|broker| broker.to_string()).as_deref(), Some("10.0.0.5:6379"));
        assert!(!parse(&[]).unwrap().cluster.is_on());
        // The names of hosts have nothing that those of nodes have not, but may be long.
        if let Ok(config) = parse(&["--cluster=redis://h"]) {
            assert_eq!(Some(config.cluster.node), host_label());
        }
    }

    #[test]
    fn errors_are_one_line_that_shows_no_password() {
        let no_url = "--cluster: it must look like redis://HOST:PORT/0, or redis://USER:PASSWORD@HOST:PORT/0";
        let no_name = "--node: \"a.b\" is no name of a node: 1 to 32 letters, digits, - and _";
        for (args, message) in [
            (&["--cluster", "redis://u:secret@h/x"][..], no_url),
            (&["--cluster=redis://h", "--node=a.b"], no_name),
            (&["--cluster=redis://h"; 17], "--cluster: there are more than 16"),
            (&["--node=attic"], "--node: give --cluster, too"),
            (&["--shards=0"], "--shards: \"0\" is not a whole number of shards from 1 to 256"),
            (
                &["--cluster=redis://h", "--node=a", "--state=/x", "--add-account=ana"],
                "--add-account: with --cluster, accounts and history are in the broker, and only a node can reach them",
            ),
        ] {
            assert_eq!(parse(args).err().as_deref(), Some(message), "{args:?}");
        }
        for name in ["", "a b", "é", &"x".repeat(33)] {
            assert!(node_name(name).is_err(), "{name:?}");
        }
        assert!(node_name(&"x".repeat(32)).is_ok());
    }

    #[cfg(feature = "tls")]
    #[test]
    fn authorities_are_for_a_broker_and_in_a_file() {
        let given =
            |path: &str| parse(&["--cluster=rediss://h", "--node=a", &format!("--cluster-ca={path}")]);
        assert_eq!(
            given("/nowhere").err().as_deref(),
            Some("--cluster-ca: /nowhere: No such file or directory (os error 2)")
        );
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let why = given(file).unwrap_err();
        assert!(why.ends_with("there is no certificate in it (PEM, -----BEGIN CERTIFICATE-----)"), "{why}");
    }

    #[test]
    fn nodes_with_different_shared_settings_are_told_apart() {
        let defaults = ServerConfig::default().shared_settings();
        let settings = |args: &[&str]| parse(args).unwrap().shared_settings();
        let mut known = vec![defaults];
        for args in [
            ["--server-name=a.example"],
            ["--lobby=#tea"],
            ["--history=off"],
            ["--history-lines=1"],
            ["--history-bytes=1048576"],
            ["--accounts=closed"],
            ["--always-on"],
            ["--always-on-days=1"],
            ["--devices=1"],
            ["--shards=1"],
        ] {
            let settings = settings(&args);
            assert!(!known.contains(&settings), "{args:?}");
            known.push(settings);
        }
        assert_eq!(settings(&["--replay=1", "--max-per-ip=3", "--flood=off"]), defaults);
        assert_eq!(settings(&["--lobby=#TEA"]), settings(&["--lobby=#tea"]));
    }

    #[test]
    fn a_reload_does_not_change_what_nodes_have_in_common() {
        let mut config = parse(&["--cluster=redis://h", "--node=a"]).unwrap();
        let mut new = config.clone();
        (new.accounts.always_on, new.cluster.node, new.history.replay) = (true, "b".into(), 1);
        let changes = config.change_to(&new);
        assert_eq!(changes.to_string(), "replay; only a restart changes: always-on, node");
        assert!(!config.accounts.always_on);
    }
}
