//! The config of each server: an address, room for all clients, and no rate limits.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::client::Door;
use crate::kind::Kind;
use crate::wire::Wire;

/// Most connections, more than any run needs.
const CONNECTIONS: usize = 20_000;

/// Modules that InspIRCd needs for modern clients.
const MODERN_MODULES: [&str; 8] = [
    "cap",
    "ircv3",
    "ircv3_batch",
    "ircv3_ctctags",
    "ircv3_echomessage",
    "ircv3_labeledresponse",
    "ircv3_msgid",
    "ircv3_servertime",
];

/// Completes the command line, and writes a config file into the directory if the server needs one.
pub(crate) fn configure(
    kind: Kind,
    command: &mut Command,
    address: SocketAddr,
    door: &Door,
    directory: &Path,
) -> io::Result<()> {
    let port = address.port();
    let config = directory.join("config");
    let tls = TlsFiles::write(door, directory)?;
    let tls = tls.as_ref();
    match kind {
        Kind::Relay => {
            command.arg("--relay").arg(address.to_string());
        }
        Kind::Parlord => {
            match tls {
                None => command.arg("--listen").arg(address.to_string()),
                Some(TlsFiles { cert, key }) => {
                    command.arg("--tls-listen").arg(address.to_string());
                    // Without a plain address, it would use the default one.
                    command.arg("--listen").arg(format!("unix:{}", directory.join("socket").display()));
                    command.arg("--tls-cert").arg(cert).arg("--tls-key").arg(key)
                }
            };
            command.arg("--max-connections").arg(CONNECTIONS.to_string()).arg("--flood").arg("off");
            // The machine's own bans must not apply.
            command.arg("--state").arg(directory.join("state"));
            command.env("RUST_LOG", "warn");
        }
        Kind::Ngircd => {
            fs::write(&config, ngircd(port, tls))?;
            command.arg("--nodaemon").arg("--config").arg(config);
        }
        Kind::Inspircd => {
            fs::write(&config, inspircd(port, door, directory, tls))?;
            command.arg("--nofork").arg("--nopid").arg("--config").arg(config);
            if rustix::process::getuid().is_root() {
                command.arg("--runasroot");
            }
        }
        Kind::Redis => {
            fs::write(&config, redis(port, directory, tls))?;
            command.arg(config);
        }
        Kind::Nats => {
            fs::write(&config, nats(port, tls))?;
            command.arg("--config").arg(config);
        }
    }
    Ok(())
}

struct TlsFiles {
    cert: PathBuf,
    key: PathBuf,
}

impl TlsFiles {
    /// Writes them into the directory, if the server uses TLS.
    fn write(door: &Door, directory: &Path) -> io::Result<Option<Self>> {
        let Some(certificate) = &door.certificate else { return Ok(None) };
        let files = Self { cert: directory.join("cert.pem"), key: directory.join("key.pem") };
        fs::write(&files.cert, certificate.cert())?;
        fs::write(&files.key, certificate.key())?;
        Ok(Some(files))
    }
}

fn ngircd(port: u16, tls: Option<&TlsFiles>) -> String {
    let ports = match tls {
        None => format!("Ports = {port}"),
        Some(TlsFiles { cert, key }) => {
            let (cert, key) = (cert.display(), key.display());
            format!("[SSL]\nPorts = {port}\nCertFile = {cert}\nKeyFile = {key}")
        }
    };
    format!(
        "[Global]
Name = bench.local
Info = bench
Listen = 127.0.0.1
MotdPhrase = hello
{ports}
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

fn inspircd(port: u16, door: &Door, directory: &Path, tls: Option<&TlsFiles>) -> String {
    let modules = if door.wire == Wire::ModernIrc { &MODERN_MODULES[..] } else { &[] };
    let modules: String = modules.iter().map(|module| format!("<module name=\"{module}\">\n")).collect();
    let (profile, tls) = match tls {
        None => ("", String::new()),
        Some(TlsFiles { cert, key }) => {
            let (cert, key) = (cert.display(), key.display());
            let profile = format!(
                r#"<module name="ssl_gnutls">
<sslprofile name="bench" provider="gnutls" certfile="{cert}" keyfile="{key}">
"#
            );
            (r#" sslprofile="bench""#, profile)
        }
    };
    let directory = directory.display();
    format!(
        r#"<server name="bench.local" description="bench" network="Bench">
<admin name="bench" nick="bench" email="bench@bench.local">
<bind address="127.0.0.1" port="{port}" type="clients"{profile}>
<power diepass="{port}" restartpass="{port}">
<connect name="main" allow="*" timeout="60" pingfreq="3600" resolvehostnames="no" useident="no"
    localmax="{CONNECTIONS}" globalmax="{CONNECTIONS}" maxchans="100" fakelag="no" threshold="1000000"
    commandrate="1000000000" recvq="1048576" softsendq="67108864" hardsendq="67108864">
<channels users="100" opers="100">
<performance somaxconn="4096" softlimit="{CONNECTIONS}" quietbursts="yes" clonesonconnect="no">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}" runtimedir="{directory}">
<log method="file" type="*" level="default" target="log.txt">
{modules}{tls}"#
    )
}

fn redis(port: u16, directory: &Path, tls: Option<&TlsFiles>) -> String {
    let ports = match tls {
        None => format!("port {port}"),
        Some(TlsFiles { cert, key }) => {
            let (cert, key) = (cert.display(), key.display());
            format!(
                "port 0
tls-port {port}
tls-cert-file {cert}
tls-key-file {key}
tls-ca-cert-file {cert}
tls-auth-clients no"
            )
        }
    };
    format!(
        r#"bind 127.0.0.1
{ports}
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

fn nats(port: u16, tls: Option<&TlsFiles>) -> String {
    let tls = tls.map_or_else(String::new, |TlsFiles { cert, key }| {
        let (cert, key) = (cert.display(), key.display());
        format!("tls {{ cert_file: \"{cert}\", key_file: \"{key}\", timeout: 60 }}\n")
    });
    format!(
        r#"listen: "127.0.0.1:{port}"
max_connections: {CONNECTIONS}
max_pending: 268435456
write_deadline: "60s"
ping_interval: "1h"
{tls}"#
    )
}
