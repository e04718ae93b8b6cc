//! The options of `parlord`. A config file has the same names, so one table serves both.

use std::path::PathBuf;
use std::time::Duration;

use super::ServerConfig;
use crate::config::table::{self, is_yes, last};
#[cfg(feature = "metrics")]
use crate::config::values;
use crate::config::values::{
    flood, number, operators, parse_address, password, proxy, read_motd, read_password, server_name,
};

type Setting = table::Setting<ServerConfig>;

/// Most memory that `--memory` allows, in bytes: 1 TiB, or half of what a process can address where that is less.
const MOST_MEMORY_BYTES: usize = match 1_usize.checked_shl(40) {
    Some(bytes) => bytes,
    None => isize::MAX as usize,
};

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        short: "l",
        long: "listen",
        value: "ADDR",
        help: "HOST:PORT, [IPV6]:PORT or unix:PATH; repeatable (127.0.0.1:30000)",
        repeats: true,
        set: |config, values| {
            let addresses: Result<_, _> = values.iter().map(|value| parse_address(value)).collect();
            config.listen = addresses?;
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-listen",
        value: "ADDR",
        help: "the same over TLS; repeatable (nowhere)",
        repeats: true,
        set: |config, values| {
            let addresses: Result<_, _> = values.iter().map(|value| parse_address(value)).collect();
            config.tls.listen = addresses?;
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-cert",
        value: "FILE",
        help: "the certificate and those that vouch for it, as PEM (none)",
        repeats: false,
        set: |config, values| {
            config.tls.cert = Some(PathBuf::from(last(values)));
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls-key",
        value: "FILE",
        help: "its key, as PEM (none)",
        repeats: false,
        set: |config, values| {
            config.tls.key = Some(PathBuf::from(last(values)));
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "self-signed",
        value: "",
        help: "make certificate and key where there are none, in DIR of --state (no)",
        repeats: false,
        set: |config, values| {
            config.tls.self_signed = is_yes(values);
            Ok(())
        },
    },
    Setting {
        short: "n",
        long: "server-name",
        value: "NAME",
        help: "what IRC clients see (parlor.local)",
        repeats: false,
        set: |config, values| {
            config.server_name = server_name(last(values))?;
            Ok(())
        },
    },
    Setting {
        short: "r",
        long: "lobby",
        value: "ROOM",
        help: "where CrazyIt users are (#lobby)",
        repeats: false,
        set: |config, values| {
            config.lobby = last(values).parse().map_err(|why| format!("{:?}: {why}", last(values)))?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "motd",
        value: "FILE",
        help: "a file with the message of the day (none)",
        repeats: false,
        set: |config, values| {
            config.motd = read_motd(last(values))?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "password",
        value: "PASS",
        help: "asked of everyone (none)",
        repeats: false,
        set: |config, values| {
            config.password = Some(password(last(values))?);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "password-file",
        value: "FILE",
        help: "a file whose first line is the password (none)",
        repeats: false,
        set: |config, values| {
            config.password = Some(read_password(last(values))?);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "oper",
        value: "NAME:PASS",
        help: "an operator's name and password; repeatable (none)",
        repeats: true,
        set: |config, values| {
            config.operators = operators(values)?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "state",
        value: "DIR",
        help: "a directory for what outlives a restart (~/.local/state/parlord)",
        repeats: false,
        set: |config, values| {
            config.state = Some(PathBuf::from(last(values)));
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "allow-root",
        value: "",
        help: "serve a network even as root (no)",
        repeats: false,
        set: |config, values| {
            config.allow_root = is_yes(values);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "max-connections",
        value: "N",
        help: "most connections at the same time (10000)",
        repeats: false,
        set: |config, values| {
            config.limits.connections = number(last(values), 1..=1_000_000, "connections")?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "max-per-ip",
        value: "N",
        help: "most connections from one address (16)",
        repeats: false,
        set: |config, values| {
            config.limits.connections_per_ip = number(last(values), 1..=1_000_000, "connections")?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "flood",
        value: "BURST/PER_SECOND",
        help: "messages taken from one peer at once, and a second after that; or off (10/2)",
        repeats: false,
        set: |config, values| {
            config.limits.flood = flood(last(values))?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "frame",
        value: "BYTES",
        help: "longest frame taken, in bytes (8192)",
        repeats: false,
        set: |config, values| {
            config.limits.frame_bytes = number(last(values), 512..=1024 * 1024, "bytes")?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "outbox",
        value: "BYTES",
        help: "unsent bytes kept for one connection (262144)",
        repeats: false,
        set: |config, values| {
            config.limits.outbox_bytes = number(last(values), 4096..=64 * 1024 * 1024, "bytes")?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "memory",
        value: "BYTES",
        help: "bytes kept for all connections, rooms and users (67108864)",
        repeats: false,
        set: |config, values| {
            config.limits.memory_bytes = number(last(values), 64 * 1024..=MOST_MEMORY_BYTES, "bytes")?;
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "login-timeout",
        value: "SECS",
        help: "time to log in, in seconds (30)",
        repeats: false,
        set: |config, values| {
            let seconds = number(last(values), 1..=3600, "seconds")?;
            config.limits.login_timeout = Duration::from_secs(seconds as u64);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "ping",
        value: "SECS",
        help: "silence before an IRC client is asked for a sign of life (90)",
        repeats: false,
        set: |config, values| {
            let seconds = number(last(values), 1..=86_400, "seconds")?;
            config.limits.ping_after = Duration::from_secs(seconds as u64);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "proxy-from",
        value: "NET",
        help: "who speaks for others with the PROXY protocol: an address, a network or unix; repeatable (nobody)",
        repeats: true,
        set: |config, values| {
            let proxies: Result<_, _> = values.iter().map(|value| proxy(value)).collect();
            config.proxy_from = proxies?;
            Ok(())
        },
    },
    #[cfg(feature = "metrics")]
    Setting {
        short: "",
        long: "metrics",
        value: "ADDR",
        help: "PORT on this machine, or an address as for --listen, where Prometheus is told counts (nowhere)",
        repeats: false,
        set: |config, values| {
            config.metrics = Some(values::metrics_address(last(values))?);
            Ok(())
        },
    },
];
