//! The options of `parlord`. A config file uses the same names, so one table serves both.

#[cfg(feature = "web")]
use std::path::Path;
use std::path::PathBuf;

#[cfg(all(feature = "cluster", feature = "tls"))]
use super::cluster::authorities;
#[cfg(feature = "cluster")]
use super::cluster::{broker, node_name, shards};
use super::fields::ServerConfig;
#[cfg(feature = "store")]
use super::reload::Reload::AtOnceIfAlone;
use super::reload::Reload::{self, AtOnce, AtRestart, WithAnother};
use super::reload::{Part, part};
#[cfg(feature = "web")]
use super::web_root::WebRoot;
use crate::address::Address;
use crate::config::setting::Fallback::{Value, Word};
use crate::config::setting::{self, CommandLineOnly, Kind};
#[cfg(feature = "metrics")]
use crate::config::values::metrics_address;
#[cfg(feature = "store")]
use crate::config::values::{account_policy, age, shown_age, shown_policy};
use crate::config::values::{
    addresses, flood, operators, password, proxy, read_motd, read_password, server_name, shown_flood,
};
#[cfg(feature = "web")]
use crate::config::values::{page_origins, shown_switch, switch};

type Setting = setting::Setting<ServerConfig, Reload>;

/// Most memory that `--memory` accepts, in bytes: 1 TiB, or half of the address space if that is less.
const MOST_MEMORY_BYTES: usize = match 1_usize.checked_shl(40) {
    Some(bytes) => bytes,
    None => isize::MAX as usize,
};

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        short: "l",
        long: "listen",
        help: "HOST:PORT, [IPV6]:PORT or unix:PATH",
        kind: Kind::Texts {
            value: "ADDR",
            default: Value(|config| shown(&config.listen)),
            set: |config, values| {
                config.listen = addresses(values)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(listen)),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-listen",
        help: "the same over TLS",
        kind: Kind::Texts {
            value: "ADDR",
            default: Word("nowhere"),
            set: |config, values| {
                config.tls.listen = addresses(values)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(tls.listen)),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-cert",
        help: "the certificate and its chain, as PEM",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |config, path| {
                config.tls.cert = Some(PathBuf::from(path));
                Ok(())
            },
        },
        // If the certificate is gone, the old one remains until a restart, as listeners do.
        reload: AtOnce(Part {
            differs: |old, new| new.tls.credentials.is_some() && old.tls.credentials != new.tls.credentials,
            ..part!(tls.credentials)
        }),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-key",
        help: "its key, as PEM",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |config, path| {
                config.tls.key = Some(PathBuf::from(path));
                Ok(())
            },
        },
        reload: WithAnother,
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "self-signed",
        help: "create a missing certificate and key, in DIR of --state",
        kind: Kind::Flag(|config| &mut config.tls.self_signed),
        reload: WithAnother,
    },
    Setting {
        short: "n",
        long: "server-name",
        help: "the server's name on IRC",
        kind: Kind::Text {
            value: "NAME",
            default: Value(|config| config.server_name.clone()),
            set: |config, name| {
                config.server_name = server_name(name)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(server_name)),
    },
    Setting {
        short: "r",
        long: "lobby",
        help: "the room of CrazyIt users",
        kind: Kind::Text {
            value: "ROOM",
            default: Value(|config| config.lobby.to_string()),
            set: |config, name| {
                config.lobby = name.parse().map_err(|why| format!("{name:?}: {why}"))?;
                Ok(())
            },
        },
        reload: AtRestart(part!(lobby)),
    },
    Setting {
        short: "",
        long: "motd",
        help: "a file with the message of the day",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |config, path| {
                config.motd = read_motd(path)?;
                Ok(())
            },
        },
        reload: AtOnce(part!(motd)),
    },
    Setting {
        short: "",
        long: "password",
        help: "required from everyone",
        kind: Kind::Text {
            value: "PASS",
            default: Word("none"),
            set: |config, text| {
                config.password = Some(password(text)?);
                Ok(())
            },
        },
        reload: AtOnce(part!(password)),
    },
    Setting {
        short: "",
        long: "password-file",
        help: "a file whose first line is the password",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |config, path| {
                config.password = Some(read_password(path)?);
                Ok(())
            },
        },
        reload: WithAnother,
    },
    Setting {
        short: "",
        long: "oper",
        help: "an operator's name and password",
        kind: Kind::Texts {
            value: "NAME:PASS",
            default: Word("none"),
            set: |config, values| {
                config.operators = operators(values)?;
                Ok(())
            },
        },
        reload: AtOnce(part!(operators)),
    },
    Setting {
        short: "",
        long: "state",
        help: "a directory for data that outlives a restart, or off to keep none",
        kind: Kind::Text {
            value: "DIR",
            // The environment may name another directory.
            default: Word("~/.local/state/parlord"),
            set: |config, path| {
                config.state = (path != "off").then(|| PathBuf::from(path));
                Ok(())
            },
        },
        reload: AtRestart(part!(state)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "history",
        help: "how long to keep what is said in rooms, in DIR of --state; or off",
        kind: Kind::Text {
            value: "AGE",
            default: Value(|config| shown_age(config.history.age)),
            set: |config, value| {
                config.history.age = age(value)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(history.age)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "history-lines",
        help: "most messages kept of each room",
        kind: Kind::Count {
            of: "messages",
            range: 1..=10_000_000,
            field: |config| &mut config.history.lines,
        },
        reload: AtRestart(part!(history.lines)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "history-bytes",
        help: "largest size of the file with it",
        kind: Kind::Bytes {
            range: 1024 * 1024..=MOST_MEMORY_BYTES,
            field: |config| &mut config.history.bytes,
        },
        reload: AtRestart(part!(history.bytes)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "replay",
        help: "last messages for clients that join and cannot ask for more; 0 for none",
        kind: Kind::Count { of: "messages", range: 0..=100, field: |config| &mut config.history.replay },
        reload: AtOnce(part!(history.replay)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "accounts",
        help: "open, closed: only operators create accounts, or required: and nobody enters without one",
        kind: Kind::Text {
            value: "WHO",
            default: Value(|config| shown_policy(config.accounts.policy).to_owned()),
            set: |config, value| {
                config.accounts.policy = account_policy(value)?;
                Ok(())
            },
        },
        reload: AtOnceIfAlone(part!(accounts.policy)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "always-on",
        help: "users with accounts stay in their rooms when their last connection ends",
        kind: Kind::Flag(|config| &mut config.accounts.always_on),
        reload: AtOnceIfAlone(part!(accounts.always_on)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "always-on-days",
        help: "how many days they stay",
        kind: Kind::Count {
            of: "days",
            range: 1..=3650,
            field: |config| &mut config.accounts.always_on_days,
        },
        reload: AtOnceIfAlone(part!(accounts.always_on_days)),
    },
    #[cfg(feature = "store")]
    Setting {
        short: "",
        long: "devices",
        help: "most connections of a user with an account at the same time",
        kind: Kind::Count { of: "connections", range: 1..=100, field: |config| &mut config.accounts.devices },
        reload: AtOnceIfAlone(part!(accounts.devices)),
    },
    Setting {
        short: "",
        long: "allow-root",
        help: "serve a network even as root",
        kind: Kind::Flag(|config| &mut config.allow_root),
        reload: AtRestart(part!(allow_root)),
    },
    Setting {
        short: "",
        long: "max-connections",
        help: "most connections at the same time",
        kind: Kind::Count {
            of: "connections",
            range: 1..=1_000_000,
            field: |config| &mut config.limits.connections,
        },
        reload: AtOnce(part!(limits.connections)),
    },
    Setting {
        short: "",
        long: "max-per-ip",
        help: "most connections from one address",
        kind: Kind::Count {
            of: "connections",
            range: 1..=1_000_000,
            field: |config| &mut config.limits.connections_per_ip,
        },
        reload: AtOnce(part!(limits.connections_per_ip)),
    },
    Setting {
        short: "",
        long: "flood",
        help: "messages from one peer: at once, then per second; or off",
        kind: Kind::Text {
            value: "BURST/PER_SECOND",
            default: Value(|config| shown_flood(config.limits.flood)),
            set: |config, value| {
                config.limits.flood = flood(value)?;
                Ok(())
            },
        },
        reload: AtOnce(part!(limits.flood)),
    },
    Setting {
        short: "",
        long: "frame",
        help: "longest frame accepted",
        kind: Kind::Bytes { range: 512..=1024 * 1024, field: |config| &mut config.limits.frame_bytes },
        reload: AtOnce(part!(limits.frame_bytes)),
    },
    Setting {
        short: "",
        long: "outbox",
        help: "most unsent data kept for one connection",
        kind: Kind::Bytes { range: 4096..=64 * 1024 * 1024, field: |config| &mut config.limits.outbox_bytes },
        reload: AtOnce(part!(limits.outbox_bytes)),
    },
    Setting {
        short: "",
        long: "memory",
        help: "most data kept for all connections, rooms and users",
        kind: Kind::Bytes {
            range: 64 * 1024..=MOST_MEMORY_BYTES,
            field: |config| &mut config.limits.memory_bytes,
        },
        reload: AtOnce(part!(limits.memory_bytes)),
    },
    Setting {
        short: "",
        long: "login-timeout",
        help: "time to log in",
        kind: Kind::Seconds { range: 1..=3600, field: |config| &mut config.limits.login_timeout },
        reload: AtOnce(part!(limits.login_timeout)),
    },
    Setting {
        short: "",
        long: "ping",
        help: "silence before an IRC client gets a PING",
        kind: Kind::Seconds { range: 1..=86_400, field: |config| &mut config.limits.ping_after },
        reload: AtOnce(part!(limits.ping_after)),
    },
    Setting {
        short: "",
        long: "proxy-from",
        help: "a proxy with the PROXY protocol: an address, a network or unix",
        kind: Kind::Texts {
            value: "NET",
            default: Word("nobody"),
            set: |config, values| {
                config.proxy_from = values.iter().map(|value| proxy(value)).collect::<Result<_, _>>()?;
                Ok(())
            },
        },
        reload: AtOnce(part!(proxy_from)),
    },
    #[cfg(feature = "metrics")]
    Setting {
        short: "",
        long: "metrics",
        help: "metrics for Prometheus: PORT on this machine, or an address as for --listen",
        kind: Kind::Text {
            value: "ADDR",
            default: Word("nowhere"),
            set: |config, value| {
                config.metrics = Some(metrics_address(value)?);
                Ok(())
            },
        },
        reload: AtRestart(part!(metrics)),
    },
    #[cfg(feature = "web")]
    Setting {
        short: "",
        long: "web",
        help: "a chat page for browsers, and IRC over WebSocket, at every address: on or off",
        kind: Kind::Text {
            value: "on|off",
            default: Value(|config| shown_switch(config.web.is_on).to_owned()),
            set: |config, value| {
                config.web.is_on = switch(value)?;
                Ok(())
            },
        },
        reload: AtOnce(part!(web.is_on)),
    },
    #[cfg(feature = "web")]
    Setting {
        short: "",
        long: "web-root",
        help: "a directory with another page, such as gamja",
        kind: Kind::Text {
            value: "DIR",
            default: Word("the built-in page"),
            set: |config, path| {
                config.web.root = Some(WebRoot::read(Path::new(path))?);
                Ok(())
            },
        },
        reload: AtOnce(part!(web.root)),
    },
    #[cfg(feature = "web")]
    Setting {
        short: "",
        long: "web-origin",
        help: "https://HOST[:PORT], whose pages may connect besides this server's",
        kind: Kind::Texts {
            value: "ORIGIN",
            default: Word("none"),
            set: |config, values| {
                config.web.origins = page_origins(values)?;
                Ok(())
            },
        },
        reload: AtOnce(part!(web.origins)),
    },
    #[cfg(feature = "cluster")]
    Setting {
        short: "",
        long: "cluster",
        help: "share everything with other nodes, through this Redis or Valkey",
        kind: Kind::Texts {
            value: "URL",
            default: Word("none"),
            set: |config, values| {
                config.cluster.broker = broker(values)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(cluster.broker)),
    },
    #[cfg(all(feature = "cluster", feature = "tls"))]
    Setting {
        short: "",
        long: "cluster-ca",
        help: "certificates that its TLS is trusted with, as PEM",
        kind: Kind::Text {
            value: "FILE",
            default: Word("the system's"),
            set: |config, path| {
                config.cluster.authorities = Some(authorities(path)?);
                Ok(())
            },
        },
        reload: AtRestart(part!(cluster.authorities)),
    },
    #[cfg(feature = "cluster")]
    Setting {
        short: "",
        long: "node",
        help: "the name of this node",
        kind: Kind::Text {
            value: "NAME",
            default: Word("the host's"),
            set: |config, name| {
                config.cluster.node = node_name(name)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(cluster.node)),
    },
    #[cfg(feature = "cluster")]
    Setting {
        short: "",
        long: "shards",
        help: "streams over which all nodes spread the rooms",
        kind: Kind::Text {
            value: "N",
            default: Value(|config| config.cluster.shards.to_string()),
            set: |config, value| {
                config.cluster.shards = shards(value)?;
                Ok(())
            },
        },
        reload: AtRestart(part!(cluster.shards)),
    },
];

/// Options that a config file cannot have.
pub(super) const OTHERS: &[CommandLineOnly] = &[
    CommandLineOnly {
        short: "c",
        long: "config",
        value: "FILE",
        help: "a file with options; the command line overrides it",
    },
    CommandLineOnly {
        short: "",
        long: "hash-password",
        value: "",
        help: "read a password and print its hash, to use in its place",
    },
    #[cfg(feature = "tools")]
    CommandLineOnly {
        short: "",
        long: "check-config",
        value: "",
        help: "check options, files and certificates, and do not start",
    },
    #[cfg(feature = "tools")]
    CommandLineOnly {
        short: "",
        long: "print-config",
        value: "",
        help: "print the options in force as a config file, and where each comes from",
    },
    #[cfg(feature = "tools")]
    CommandLineOnly {
        short: "",
        long: "doctor",
        value: "",
        help: "check limits, clock, certificate and database, and give advice",
    },
    #[cfg(feature = "tools")]
    CommandLineOnly {
        short: "",
        long: "check",
        value: "ADDR",
        help: "ask the server at this address whether it answers, within 5 s",
    },
    #[cfg(all(feature = "tools", feature = "tls"))]
    CommandLineOnly { short: "", long: "check-tls", value: "ADDR", help: "the same for an address with TLS" },
    #[cfg(feature = "store")]
    CommandLineOnly {
        short: "",
        long: "export-history",
        value: "ROOM",
        help: "print the history of a room in DIR of --state",
    },
    #[cfg(feature = "store")]
    CommandLineOnly {
        short: "",
        long: "add-account",
        value: "NAME",
        help: "read a password and create an account, while no server uses DIR of --state",
    },
    #[cfg(feature = "store")]
    CommandLineOnly {
        short: "",
        long: "reset-password",
        value: "NAME",
        help: "read a password and give it to an account, while no server uses DIR of --state",
    },
    #[cfg(feature = "store")]
    CommandLineOnly {
        short: "",
        long: "backup",
        value: "DIR",
        help: "copy DIR of --state to this new directory, even while a server runs",
    },
    #[cfg(feature = "store")]
    CommandLineOnly {
        short: "",
        long: "restore",
        value: "DIR",
        help: "put such a copy in the place of DIR of --state; a server that runs does so when it begins anew",
    },
    CommandLineOnly { short: "h", long: "help", value: "", help: "print this help" },
    CommandLineOnly { short: "V", long: "version", value: "", help: "print the version" },
];

fn shown(addresses: &[Address]) -> String {
    addresses.iter().map(Address::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::setting::check_defaults;

    #[test]
    fn defaults_in_the_help_are_the_real_ones() {
        check_defaults(SETTINGS);
    }
}
