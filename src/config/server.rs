//! The config of `parlord`, from its command line and its config file.

#[cfg(feature = "tools")]
mod advice;
#[cfg(feature = "tls")]
mod certificate;
mod changes;
#[cfg(feature = "cluster")]
mod cluster;
#[cfg(feature = "tls")]
mod credentials;
mod fields;
#[cfg(feature = "web")]
mod page_origin;
#[cfg(feature = "tools")]
mod printed;
mod reload;
#[cfg(feature = "tls")]
mod self_signed;
mod settings;
#[cfg(feature = "web")]
mod web;
#[cfg(feature = "web")]
mod web_root;

#[cfg(feature = "tls")]
pub use credentials::{Credentials, TlsConfig};

use std::env;
use std::path::{Path, PathBuf};
#[cfg(feature = "store")]
use std::str::FromStr;

#[cfg(any(feature = "store", feature = "tools"))]
use getopts::Matches;
use getopts::Options;

use super::table;
use super::{ConfigError, Invocation, Limits, version};
use crate::address::Address;
#[cfg(feature = "tools")]
use crate::health_check::Checked;
#[cfg(feature = "store")]
use crate::name::{NameError, RoomName, UserName};
use crate::secret::{OutOfMemory, SPARE_KB};
#[cfg(feature = "tools")]
pub use advice::advice_for;
pub use changes::Changes;
#[cfg(feature = "cluster")]
pub use cluster::ClusterConfig;
#[cfg(feature = "store")]
pub use fields::{AccountPolicy, AccountsConfig, HistoryConfig};
pub use fields::{Operator, Proxy, ServerConfig};
#[cfg(feature = "web")]
pub use page_origin::PageOrigin;
use settings::{OTHERS, SETTINGS};
#[cfg(feature = "web")]
pub use web::WebConfig;
#[cfg(feature = "web")]
pub use web_root::{WebFile, WebRoot};

/// Tasks of `parlord` other than serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerTask {
    /// Read a password, and print its hash.
    HashPassword,
    /// Ask a server whether it answers.
    #[cfg(feature = "tools")]
    Check(Checked),
    /// Check what a server with this config needs before it can start.
    #[cfg(feature = "tools")]
    CheckConfig(Box<ServerConfig>),
    /// Examine the machine for a server with this config.
    #[cfg(feature = "tools")]
    Examine(Box<ServerConfig>),
    /// Print the history of a room, from the database in this directory.
    #[cfg(feature = "store")]
    ExportHistory(PathBuf, RoomName),
    /// Read a password, and create an account in the database in this directory.
    #[cfg(feature = "store")]
    AddAccount(PathBuf, UserName),
    /// Read a password, and give it to an account in the database in this directory.
    #[cfg(feature = "store")]
    ResetPassword(PathBuf, UserName),
    /// Copy the first directory, which is for data, to the second.
    #[cfg(feature = "store")]
    BackUp(PathBuf, PathBuf),
    /// Put the backup in the second directory in the place of what is in the first, which is for data.
    #[cfg(feature = "store")]
    Restore(PathBuf, PathBuf),
}

impl ServerConfig {
    /// Reads the command line, without the program's name, and the files that it names. A missing self-signed
    /// certificate is created later, by `make_credentials`.
    pub fn from_args(args: &[String]) -> Result<Invocation<Self, ServerTask>, ConfigError> {
        Self::read(args, true)
    }

    /// Reads the same again for a reload; creates no certificate.
    pub fn reread(args: &[String]) -> Result<Self, ConfigError> {
        match Self::read(args, false)? {
            Invocation::Run(config) => Ok(config),
            // At the start, the same arguments asked to run the server.
            Invocation::Print(_) | Invocation::Do(_) => {
                Err(ConfigError("the command line has changed".into()))
            }
        }
    }

    /// Reserves the memory for checking the costliest password hash until the program ends, so that a check cannot fail
    /// for lack of it.
    pub fn reserve_memory(&self) -> Result<(), ConfigError> {
        let secrets = self.operators.iter().map(|operator| &operator.password).chain(&self.password);
        let Some(largest) = secrets.max_by_key(|secret| secret.memory_kb()) else { return Ok(()) };
        largest.reserve_memory().map_err(|OutOfMemory| {
            let kb = largest.memory_kb();
            ConfigError(format!(
                "a hash of a password takes {kb} KiB of memory (its m=), and the server {SPARE_KB} KiB more, which are not \
                 available"
            ))
        })
    }

    fn read(args: &[String], is_start: bool) -> Result<Invocation<Self, ServerTask>, ConfigError> {
        let options = options();
        let matches = options.parse(args)?;
        if matches.opt_present("help") {
            let brief = "A chat room that fits on small machines.\n\nUsage: parlord [OPTIONS]";
            return Ok(Invocation::Print(options.usage(brief)));
        }
        if matches.opt_present("version") {
            return Ok(Invocation::Print(version("parlord")));
        }
        if let Some(stray) = matches.free.first() {
            return Err(ConfigError(format!("unexpected argument {stray:?} (see --help)")));
        }
        if matches.opt_present("hash-password") {
            return Ok(Invocation::Do(ServerTask::HashPassword));
        }
        #[cfg(feature = "tools")]
        if let Some(checked) = checked(&matches)? {
            return Ok(Invocation::Do(ServerTask::Check(checked)));
        }
        let mut config = Self { state: default_state(), ..Self::default() };
        if let Some(path) = matches.opt_str("config") {
            table::read_file(SETTINGS, &mut config, Path::new(&path), &matches)?;
        }
        table::read_line(SETTINGS, &mut config, &matches)?;
        config.check()?;
        #[cfg(feature = "cluster")]
        config.complete_cluster()?;
        #[cfg(feature = "store")]
        if let Some(task) = config.store_task(&matches)? {
            return Ok(Invocation::Do(task));
        }
        config.read_credentials(is_start)?;
        #[cfg(feature = "tools")]
        if matches.opt_present("print-config") {
            return printed::print_config(&matches).map(Invocation::Print);
        }
        #[cfg(feature = "tools")]
        if matches.opt_present("check-config") {
            return Ok(Invocation::Do(ServerTask::CheckConfig(Box::new(config))));
        }
        #[cfg(feature = "tools")]
        if matches.opt_present("doctor") {
            return Ok(Invocation::Do(ServerTask::Examine(Box::new(config))));
        }
        Ok(Invocation::Run(config))
    }

    /// A task on the database, if one of the options asks for it.
    #[cfg(feature = "store")]
    fn store_task(&self, matches: &Matches) -> Result<Option<ServerTask>, ConfigError> {
        if let Some((room, state)) = self.about("export-history", matches)? {
            return Ok(Some(ServerTask::ExportHistory(state, room)));
        }
        if let Some((name, state)) = self.about("add-account", matches)? {
            return Ok(Some(ServerTask::AddAccount(state, name)));
        }
        if let Some((name, state)) = self.about("reset-password", matches)? {
            return Ok(Some(ServerTask::ResetPassword(state, name)));
        }
        if let Some((to, state)) = self.with_state("backup", matches)? {
            return Ok(Some(ServerTask::BackUp(state, to.into())));
        }
        let restored = self.with_state("restore", matches)?;
        Ok(restored.map(|(backup, state)| ServerTask::Restore(state, backup.into())))
    }

    /// The name that this option has, and the directory for data.
    #[cfg(feature = "store")]
    fn about<N>(&self, option: &str, matches: &Matches) -> Result<Option<(N, PathBuf)>, ConfigError>
    where
        N: FromStr<Err = NameError>,
    {
        let Some((name, state)) = self.with_state(option, matches)? else { return Ok(None) };
        let name = name.parse().map_err(|why| ConfigError(format!("--{option}: {name:?}: {why}")))?;
        Ok(Some((name, state)))
    }

    /// The value that this option has, and the directory for data.
    #[cfg(feature = "store")]
    fn with_state(&self, option: &str, matches: &Matches) -> Result<Option<(String, PathBuf)>, ConfigError> {
        let Some(value) = matches.opt_str(option) else { return Ok(None) };
        let wrong = |why: String| ConfigError(format!("--{option}: {why}"));
        #[cfg(feature = "cluster")]
        if self.cluster.is_on() {
            return Err(wrong(
                "with --cluster, accounts and history are in the broker, and only a node can reach them"
                    .into(),
            ));
        }
        let state = self.state.clone();
        let state = state.ok_or_else(|| wrong("there is no directory for data, see --state".into()))?;
        Ok(Some((value, state)))
    }

    #[cfg(feature = "tls")]
    fn read_credentials(&mut self, is_start: bool) -> Result<(), ConfigError> {
        let state = self.state.as_deref();
        if is_start && self.tls.must_be_made(state).map_err(ConfigError)? {
            return Ok(());
        }
        self.tls.read_credentials(state).map_err(ConfigError)
    }

    #[cfg(not(feature = "tls"))]
    fn read_credentials(&mut self, _: bool) -> Result<(), ConfigError> {
        Ok(())
    }

    /// Creates a missing self-signed certificate. Call it once it is certain that the server may run.
    #[cfg(feature = "tls")]
    pub fn make_credentials(&mut self) -> Result<(), ConfigError> {
        let state = self.state.as_deref();
        if self.tls.must_be_made(state).map_err(ConfigError)? {
            self.tls.make_credentials(state, &self.server_name).map_err(ConfigError)?;
            self.tls.read_credentials(state).map_err(ConfigError)?;
        }
        Ok(())
    }

    /// Creates none.
    #[cfg(not(feature = "tls"))]
    pub fn make_credentials(&mut self) -> Result<(), ConfigError> {
        Ok(())
    }

    /// True when nobody has said where data is kept.
    #[cfg(feature = "store")]
    pub fn has_default_state(&self) -> bool {
        self.state == users_state()
    }

    /// Addresses to listen at, besides `listen`.
    pub fn further_addresses(&self) -> impl Iterator<Item = &Address> {
        #[cfg(feature = "metrics")]
        let metrics = self.metrics.iter();
        #[cfg(not(feature = "metrics"))]
        let metrics = std::iter::empty();
        metrics
    }

    /// Checks that a frame with a name and delimiters added fits in every outbox.
    fn check(&self) -> Result<(), ConfigError> {
        let Limits { frame_bytes, outbox_bytes, memory_bytes, .. } = self.limits;
        if frame_bytes > outbox_bytes / 2 {
            return Err(ConfigError(format!(
                "--frame: {frame_bytes} bytes are more than half an outbox of {outbox_bytes}, see --outbox"
            )));
        }
        if outbox_bytes > memory_bytes / 2 {
            return Err(ConfigError(format!(
                "--outbox: {outbox_bytes} bytes are more than half of the {memory_bytes} for all, see --memory"
            )));
        }
        Ok(())
    }
}

/// The directory that systemd provides (systemd.exec(5), `StateDirectory=`), or else the user's (XDG Base Directory
/// Specification, `XDG_STATE_HOME`).
fn default_state() -> Option<PathBuf> {
    let given = env::var("STATE_DIRECTORY").ok();
    let given = given.as_deref().and_then(|list| list.split(':').next()).filter(|first| !first.is_empty());
    if let Some(given) = given {
        return Some(given.into());
    }
    users_state()
}

fn users_state() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = set("XDG_STATE_HOME").filter(|path| path.is_absolute());
    Some(home.or_else(|| Some(set("HOME")?.join(".local/state")))?.join("parlord"))
}

/// The server that one of the options asks to check.
#[cfg(feature = "tools")]
fn checked(matches: &Matches) -> Result<Option<Checked>, ConfigError> {
    for (option, is_tls) in [("check", false), ("check-tls", true)] {
        // Without TLS, the second does not exist.
        if let Some(value) = matches.opt_defined(option).then(|| matches.opt_str(option)).flatten() {
            let address = Address::parse(&value);
            let address = address.map_err(|why| ConfigError(format!("--{option}: {value:?}: {why}")))?;
            return Ok(Some(Checked { address, is_tls }));
        }
    }
    Ok(None)
}

fn options() -> Options {
    table::options(SETTINGS, OTHERS, &mut ServerConfig::default())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Flood;
    use crate::name::RoomName;
    use crate::secret::Secret;

    fn parse(args: &[&str]) -> Result<Invocation<ServerConfig, ServerTask>, String> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        ServerConfig::from_args(&args).map_err(|error| error.to_string())
    }

    fn run(args: &[&str]) -> ServerConfig {
        match parse(args) {
            Ok(Invocation::Run(config)) => config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn without_options_the_defaults_apply() {
        // The environment determines the state directory.
        assert_eq!(ServerConfig { state: None, ..run(&[]) }, ServerConfig::default());
    }

    #[test]
    fn every_option_is_accepted() {
        let config = run(&[
            "-l",
            "[::1]:0",
            "--listen=unix:/x",
            "-r",
            "#大厅",
            "--max-connections",
            "7",
            "--max-per-ip",
            "3",
            "--frame",
            "1024",
            "--outbox",
            "65536",
            "--memory=1000000",
            "--flood=5/1",
            "--ping=30",
            "--login-timeout",
            "5",
            "--server-name=chat.example",
            "--password=p",
            "--oper=a:b:c",
            "--oper=d:e",
            "--proxy-from=unix",
            "--proxy-from=192.0.2.0/24",
        ]);
        let listen: Vec<_> = config.listen.iter().map(Address::to_string).collect();
        assert_eq!(listen, ["[::1]:0", "unix:/x"]);
        assert_eq!(config.lobby, RoomName::new("#大厅").unwrap());
        assert_eq!(config.server_name, "chat.example");
        let secret = |text: &str| text.parse::<Secret>().unwrap();
        assert_eq!(config.password, Some(secret("p")));
        let operator = |name: &str, password| Operator { name: name.into(), password: secret(password) };
        assert_eq!(config.operators, [operator("a", "b:c"), operator("d", "e")]);
        let network = "192.0.2.0/24".parse().unwrap();
        assert_eq!(config.proxy_from, [Proxy::Unix, Proxy::Network(network)]);
        let limits = Limits {
            connections: 7,
            connections_per_ip: 3,
            frame_bytes: 1024,
            outbox_bytes: 65536,
            memory_bytes: 1_000_000,
            flood: Some(Flood { burst: 5, per_second: 1 }),
            login_timeout: Duration::from_secs(5),
            ping_after: Duration::from_secs(30),
        };
        assert_eq!(config.limits, limits);
    }

    #[cfg(feature = "metrics")]
    #[test]
    fn a_metrics_port_is_bound_only_on_loopback() {
        let at = |value| run(&["--metrics", value]).metrics.map(|address| address.to_string());
        for (value, address) in [
            ("9100", "127.0.0.1:9100"),
            (":9100", "127.0.0.1:9100"),
            ("[::]:9100", "[::]:9100"),
            ("chat.example:9100", "chat.example:9100"),
            ("unix:/run/m", "unix:/run/m"),
        ] {
            assert_eq!(at(value).as_deref(), Some(address));
        }
        for value in ["", ":", "65536", "host"] {
            assert!(parse(&["--metrics", value]).unwrap_err().starts_with("--metrics: "), "{value:?}");
        }
    }

    #[cfg(feature = "web")]
    #[test]
    fn browsers_get_the_built_in_page_unless_options_say_otherwise() {
        let web = run(&["--web", "off", "--web-origin=https://a.example", "--web-origin=http://b:1"]).web;
        assert!(!web.is_on && run(&[]).web.is_on && run(&["--web=on"]).web.is_on);
        assert_eq!(
            web.origins.iter().map(PageOrigin::to_string).collect::<Vec<_>>(),
            ["https://a.example", "http://b:1"]
        );
        for (args, message) in [
            (&["--web=yes"][..], "--web: \"yes\" is neither on nor off"),
            (&["--web-root=/nowhere"], "--web-root: /nowhere: No such file or directory (os error 2)"),
            (
                &["--web-origin", "*"],
                "--web-origin: \"*\": write https://HOST or http://HOST, perhaps with :PORT, and no path",
            ),
            (&["--web-origin=http://a"; 65], "--web-origin: there are more than 64"),
        ] {
            assert_eq!(parse(args), Err(message.to_owned()));
        }
    }

    #[cfg(not(feature = "metrics"))]
    #[test]
    fn without_the_feature_there_is_no_metrics_option() {
        assert_eq!(parse(&["--metrics", "1"]), Err("unknown option --metrics (see --help)".into()));
    }

    #[test]
    fn every_error_is_one_line_that_names_the_cause() {
        let too_large = "--frame: 8192 bytes are more than half an outbox of 4096, see --outbox";
        let cases: [(&[&str], &str); 15] = [
            (&["--outbox", "4096"], too_large),
            (&["--server-name", "x"], "--server-name: \"x\" is not a server name such as chat.example"),
            (&["--oper", "secret"], "--oper: write NAME:PASS"),
            (
                &["--password", ""],
                "--password: a password has 1 to 256 bytes, and contains no line end and no ※",
            ),
            (&["--nonsense"], "unknown option --nonsense (see --help)"),
            (&["-x"], "unknown option -x (see --help)"),
            (&["stray"], "unexpected argument \"stray\" (see --help)"),
            (&["--frame"], "--frame needs a value"),
            (&["--frame", "1", "--frame", "2"], "--frame is given more than once"),
            (&["--frame", "x"], "--frame: \"x\" is not a whole number of bytes from 512 to 1048576"),
            (&["--outbox", "1"], "--outbox: \"1\" is not a whole number of bytes from 4096 to 67108864"),
            (&["--lobby", "x y"], "--lobby: \"x y\": the name of a room begins with '#'"),
            (&["--listen", "nowhere"], "--listen: \"nowhere\": there is no port; write HOST:PORT"),
            (
                &["--proxy-from", "lb"],
                "--proxy-from: \"lb\" is neither unix nor a network: this is no IP address",
            ),
            (&["--help=1"], "--help takes no value"),
        ];
        for (args, message) in cases {
            assert_eq!(parse(args), Err(message.to_owned()), "{args:?}");
        }
        assert!(parse(&["-c", "/nowhere"]).unwrap_err().starts_with("/nowhere: "));
    }

    #[test]
    fn help_shows_every_option_with_its_default() {
        let Ok(Invocation::Print(help)) = parse(&["--help"]) else { panic!("no help") };
        let unwrapped = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in SETTINGS {
            let description = setting.description(&mut ServerConfig::default());
            assert!(unwrapped.contains(&format!("--{} ", setting.long)), "{}", setting.long);
            assert!(unwrapped.contains(&description), "{description}");
        }
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
}
