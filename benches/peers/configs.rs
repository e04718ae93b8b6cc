//! What each server is told: where to listen, room for everybody, and no limit on how fast people talk.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use crate::contender::Kind;

/// Most connections, more than any run has.
const CONNECTIONS: usize = 20_000;

/// Completes the command line, and writes a config file into the directory where the server wants one.
pub(crate) fn configure(
    kind: Kind,
    command: &mut Command,
    address: SocketAddr,
    directory: &Path,
) -> io::Result<()> {
    let port = address.port();
    let config = directory.join("config");
    match kind {
        Kind::Relay => {
            command.arg("--relay").arg(address.to_string());
        }
        Kind::Parlord => {
            command.arg("--listen").arg(address.to_string());
            command.arg("--max-connections").arg(CONNECTIONS.to_string()).arg("--flood").arg("off");
            command.env("RUST_LOG", "warn");
        }
        Kind::Ngircd => {
            fs::write(&config, ngircd(port))?;
            command.arg("--nodaemon").arg("--config").arg(config);
        }
        Kind::Inspircd => {
            fs::write(&config, inspircd(port, directory))?;
            command.arg("--nofork").arg("--nopid").arg("--config").arg(config);
            if rustix::process::getuid().is_root() {
                command.arg("--runasroot");
            }
        }
        Kind::Redis => {
            fs::write(&config, redis(port, directory))?;
            command.arg(config);
        }
        Kind::Nats => {
            fs::write(&config, nats(port))?;
            command.arg("--config").arg(config);
        }
    }
    Ok(())
}

fn ngircd(port: u16) -> String {
    format!(
        "[Global]
Name = bench.local
Info = bench
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = hello
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 16
MaxPenaltyTime = 0
PingTimeout = 3600
PongTimeout = 3600
[Options]
DNS = no
Ident = no
PAM = no
"
    )
}

fn inspircd(port: u16, directory: &Path) -> String {
    let directory = directory.display();
    format!(
        r#"<server name="bench.local" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.local">
<bind address="127.0.0.1" port="{port}" type="clients">
<power diepass="{port}" restartpass="{port}">
<connect name="main" allow="*" timeout="60" pingfreq="3600" resolvehostnames="no" useident="no"
    localmax="{CONNECTIONS}" globalmax="{CONNECTIONS}" maxchans="100" fakelag="no" threshold="1000000"
    commandrate="1000000000" recvq="1048576" softsendq="67108864" hardsendq="67108864">
<channels users="100" opers="100">
<performance somaxconn="4096" softlimit="{CONNECTIONS}" quietbursts="yes" clonesonconnect="no">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
<log method="file" type="*" level="default" target="log.txt">
"#
    )
}

fn redis(port: u16, directory: &Path) -> String {
    format!(
        r#"bind 127.0.0.1
port {port}
dir "{}"
daemonize no
save ""
appendonly no
maxclients {CONNECTIONS}
tcp-backlog 4096
timeout 0
client-output-buffer-limit pubsub 0 0 0
"#,
        directory.display()
    )
}

fn nats(port: u16) -> String {
    format!(
        r#"listen: "127.0.0.1:{port}"
max_connections: {CONNECTIONS}
max_pending: 268435456
write_deadline: "60s"
ping_interval: "1h"
"#
    )
}
