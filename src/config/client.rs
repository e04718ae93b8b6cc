//! The config of `parlor`, from its command line and its config file.

mod draft;
mod help;
mod settings;

pub use draft::{Color, EARLIER_MOST};

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use getopts::Matches;

use super::table;
use super::{ConfigError, Invocation, version};
#[cfg(feature = "tls")]
use crate::address::DEFAULT_TLS_PORT;
use crate::address::{Address, DEFAULT_PORT};
#[cfg(feature = "tls")]
use crate::config::Credentials;
#[cfg(feature = "tls")]
use crate::fingerprint::Fingerprint;
use crate::name::{RoomName, UserName, without_device};
use crate::wire::Wire;
use draft::{Draft, LOBBY};
use help::{help, options};
use settings::{SETTINGS, server, wrong};

/// The settings of `parlor`.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// Address of the server.
    pub server: Address,
    /// The name to log in with; `None` asks for one.
    pub name: Option<UserName>,
    /// The protocol.
    pub wire: Wire,
    /// How to verify the server over TLS; `None` connects without TLS.
    #[cfg(feature = "tls")]
    pub tls: Option<Trust>,
    /// The rooms to join; input goes to the first. At least one on IRC; the CrazyIt protocol has only one room, without
    /// a name.
    pub rooms: Vec<RoomName>,
    /// The server's password.
    pub password: Option<String>,
    /// The account to log in to, and perhaps the name of this device behind a slash.
    pub account: Option<String>,
    /// The password of the account.
    pub account_password: Option<String>,
    /// The certificate to show to a server over TLS, which may know the account by it.
    #[cfg(feature = "tls")]
    pub certificate: Option<Credentials>,
    /// Words that are highlighted, like the user's own name.
    pub highlights: Vec<String>,
    /// When to use colours.
    pub color: Color,
    /// How long to retry after losing the connection; `None` is for ever.
    pub retry: Option<Duration>,
    /// Retry the first connection as well, because a time was given.
    pub retries_first: bool,
    /// Earlier lines to fetch from each room; `None` for the default, which is different in a pipe.
    pub history: Option<usize>,
    /// Print JSON, one object per line.
    pub json: bool,
    /// Send only this text instead of the input.
    pub once: Option<String>,
    /// Listen until stopped, and read no input.
    pub watch: bool,
}

/// How to verify the server over TLS.
#[cfg(feature = "tls")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// By a certificate for its name that this system trusts.
    System,
    /// By this certificate.
    Certificate(Fingerprint),
}

/// Omits the passwords, so that no log has them.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, name, wire, rooms, .. } = self;
        let mut debug = f.debug_struct("ClientConfig");
        debug.field("server", server).field("name", name).field("wire", wire).field("rooms", rooms);
        debug.finish_non_exhaustive()
    }
}

/// How long a pipe retries by default.
const PIPE_RETRY: Duration = Duration::from_secs(20);

impl ClientConfig {
    /// Reads the command line, without the program's name, and a config file: the one it names, or else `file` if that
    /// exists. `is_interactive` is true at a keyboard.
    pub fn from_args(
        args: &[String],
        file: Option<&Path>,
        is_interactive: bool,
    ) -> Result<Invocation<Self>, ConfigError> {
        let matches = options().parse(args)?;
        if matches.opt_present("help") {
            return Ok(Invocation::Print(help()));
        }
        if matches.opt_present("version") {
            return Ok(Invocation::Print(version("parlor")));
        }
        let mut draft = Draft::default();
        let named = matches.opt_str("config").map(PathBuf::from);
        if let Some(path) = named.as_deref().or(file.filter(|file| file.exists())) {
            table::read_file(SETTINGS, &mut draft, path, &matches)?;
        }
        table::read_line(SETTINGS, &mut draft, &matches)?;
        match matches.free.as_slice() {
            [target] => draft.go_to(target)?,
            [] => {}
            [_, stray, ..] => return Err(ConfigError(format!("unexpected argument {stray:?} (see --help)"))),
        }
        draft.finish(&matches, is_interactive).map(Invocation::Run)
    }

    /// The default config file: in `$XDG_CONFIG_HOME`, or else in `~/.config`.
    pub fn default_file() -> Option<PathBuf> {
        let set = |name: &str| env::var_os(name).filter(|value: &OsString| !value.is_empty());
        let directory = set("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let directory = directory.or_else(|| Some(PathBuf::from(set("HOME")?).join(".config")))?;
        Some(directory.join("parlor").join("config"))
    }
}

impl Draft {
    /// Parses `[NAME@]HOST[:PORT]` and other addresses.
    fn go_to(&mut self, target: &str) -> Result<(), ConfigError> {
        // A path may contain @, so an @ separates a name only if it comes before `unix:`.
        let (name, place) = match target.split_once('@') {
            Some((name, place)) if !name.starts_with("unix:") => (Some(name), place),
            _ => (None, target),
        };
        if let Some(name) = name {
            self.name = Some(UserName::new(name).map_err(|why| ConfigError(wrong(name, &why)))?);
        }
        self.server = Some(server(place).map_err(ConfigError)?);
        Ok(())
    }

    /// Rejects a fingerprint without TLS.
    #[cfg(feature = "tls")]
    fn trust(&self) -> Option<Trust> {
        self.fingerprint.map(Trust::Certificate).or(self.tls.then_some(Trust::System))
    }

    fn port(&self) -> u16 {
        #[cfg(feature = "tls")]
        if self.trust().is_some() {
            return DEFAULT_TLS_PORT;
        }
        DEFAULT_PORT
    }

    fn finish(self, matches: &Matches, is_interactive: bool) -> Result<ClientConfig, ConfigError> {
        let server = self
            .server
            .as_deref()
            .ok_or_else(|| ConfigError("where to? give [NAME@]HOST[:PORT] (see --help)".into()))?;
        let server = Address::parse_or_port(server, self.port());
        let server = server.map_err(|why| ConfigError(why.to_string()))?;
        #[cfg(feature = "tls")]
        let tls = self.trust();
        let mut rooms = self.rooms;
        match self.wire {
            Wire::Irc if rooms.is_empty() => {
                rooms.push(RoomName::new(LOBBY).expect("the default is a room name"));
            }
            Wire::CrazyIt if !rooms.is_empty() => {
                return Err(ConfigError("--room: on the crazyit wire there is only one room".into()));
            }
            Wire::Irc | Wire::CrazyIt => {}
        }
        let (once, watch) = (matches.opt_str("once"), matches.opt_present("watch"));
        if once.is_some() && watch {
            return Err(ConfigError("--watch and --once exclude each other".into()));
        }
        if self.account.is_none() && self.account_password.is_some() {
            return Err(ConfigError("--account-password-file: its --account is missing".into()));
        }
        #[cfg(feature = "tls")]
        if tls.is_none() && self.certificate.is_some() {
            return Err(ConfigError("--certificate: it needs --tls or --fingerprint".into()));
        }
        // The server gives us the name of the account anyway.
        let of_account = self.account.as_deref().and_then(|name| UserName::new(without_device(name)).ok());
        Ok(ClientConfig {
            server,
            name: self.name.or(of_account),
            wire: self.wire,
            #[cfg(feature = "tls")]
            tls,
            rooms,
            password: self.password,
            account: self.account,
            account_password: self.account_password,
            #[cfg(feature = "tls")]
            certificate: self.certificate,
            highlights: self.highlights,
            color: if matches.opt_present("no-color") { Color::Never } else { self.color },
            retries_first: self.retry.is_some(),
            retry: self.retry.unwrap_or((!is_interactive).then_some(PIPE_RETRY)),
            history: self.history,
            json: matches.opt_present("json"),
            once,
            watch,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn parse_with(args: &[&str], file: Option<&Path>) -> Result<Invocation<ClientConfig>, String> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        ClientConfig::from_args(&args, file, false).map_err(|error| error.to_string())
    }

    fn parse(args: &[&str]) -> Result<Invocation<ClientConfig>, String> {
        parse_with(args, None)
    }

    fn run(args: &[&str], file: Option<&Path>) -> ClientConfig {
        match parse_with(args, file) {
            Ok(Invocation::Run(config)) => config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_target_has_a_host_and_optionally_a_name_and_a_port() {
        let cases = [
            ("localhost", None, "localhost:30000"),
            ("alice@localhost:7", Some("alice"), "localhost:7"),
            ("张三@[::1]", Some("张三"), "[::1]:30000"),
            ("bob@unix:/run/x", Some("bob"), "unix:/run/x"),
            ("unix:/run/a@b", None, "unix:/run/a@b"),
        ];
        for (target, name, server) in cases {
            let config = run(&[target], None);
            assert_eq!(config.name.as_ref().map(UserName::as_str), name);
            assert_eq!(config.server.to_string(), server);
        }
    }

    #[test]
    fn every_error_is_one_line_that_names_the_cause() {
        let cases: [(&[&str], &str); 10] = [
            (&[], "where to? give [NAME@]HOST[:PORT] (see --help)"),
            (&["a", "b"], "unexpected argument \"b\" (see --help)"),
            (&["1a@b"], "\"1a\": this name cannot begin with '1'"),
            (&["a@"], "\"\": there is no host before the port"),
            (&["--colour", "a"], "unknown option --colour (see --help)"),
            (&["--color", "x", "a"], "--color: \"x\" is not auto, always or never"),
            (&["-w", "x", "a"], "--wire: \"x\" is neither irc nor crazyit"),
            (&["-r", "x y", "a"], "--room: \"#x y\": a name cannot contain ' '"),
            (&["--history", "1001", "a"], "--history: \"1001\" is not a number of lines from 0 to 1000"),
            (&["--retry", "x", "a"], "--retry: \"x\" is neither a whole number of seconds nor ever"),
        ];
        for (args, message) in cases {
            assert_eq!(parse(args), Err(message.to_owned()), "{args:?}");
        }
        let both = parse(&["-w", "crazyit", "-r", "#x", "a"]).unwrap_err();
        assert!(both.starts_with("--room: on the crazyit wire"), "{both}");
        let file = parse(&["-p", "/nowhere", "a"]).unwrap_err();
        assert!(file.starts_with("--password-file: \"/nowhere\": "), "{file}");
        assert!(parse(&["-c", "/nowhere", "a"]).unwrap_err().starts_with("/nowhere: "));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn tls_has_its_own_default_port() {
        let pin = format!("sha256:{}", "0a".repeat(32));
        let fingerprint: Fingerprint = pin.parse().unwrap();
        let cases: [(&[&str], _, _); 5] = [
            (&["a"], None, "a:30000"),
            (&["--tls", "a"], Some(Trust::System), "a:6697"),
            (&["--tls", "-s", "a:7"], Some(Trust::System), "a:7"),
            (&["--fingerprint", &pin, "a"], Some(Trust::Certificate(fingerprint)), "a:6697"),
            (&["--tls", "--fingerprint", &pin, "unix:/a"], Some(Trust::Certificate(fingerprint)), "unix:/a"),
        ];
        for (args, trust, server) in cases {
            let config = run(args, None);
            assert_eq!((config.tls, config.server.to_string().as_str()), (trust, server), "{args:?}");
        }
        let why = "--fingerprint: \"x\": a fingerprint is sha256: and 64 hexadecimal digits";
        assert_eq!(parse(&["--fingerprint", "x", "a"]), Err(why.into()));
    }

    #[cfg(feature = "tls")]
    #[test]
    fn a_config_file_may_name_the_server_before_it_enables_tls() {
        let path = env::temp_dir().join(format!("parlor-tls-{}", std::process::id()));
        fs::write(&path, "server = a\ntls = yes\n").unwrap();
        let there = run(&[], Some(&path));
        fs::remove_file(&path).unwrap();
        assert_eq!((there.tls, there.server.to_string().as_str()), (Some(Trust::System), "a:6697"));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn without_the_feature_there_are_no_tls_options() {
        for option in ["--tls", "--fingerprint"] {
            assert_eq!(parse(&[option]), Err(format!("unknown option {option} (see --help)")));
        }
    }

    #[test]
    fn rooms_default_to_the_lobby_and_are_joined_in_order_and_once() {
        let rooms = |args: &[&str]| run(args, None).rooms.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(rooms(&["a"]), ["#lobby"]);
        assert_eq!(rooms(&["-r", "#b", "--room=#a", "-r", "#B", "a"]), ["#b", "#a"]);
        assert_eq!(rooms(&["-r", "b", "-r", "#b", "a"]), ["#b"]);
        assert_eq!(rooms(&["--wire", "crazyit", "a"]), [""; 0]);
    }

    #[test]
    fn a_config_file_sets_what_the_command_line_omits() {
        let path = env::temp_dir().join(format!("parlor-config-{}", std::process::id()));
        let text = "server = chat.example\nname = alice\nroom = #tea\nroom = #ops\n\
                    highlight = deploy\ncolor = never\nretry = 5\n";
        fs::write(&path, text).unwrap();
        let there = run(&[], Some(&path));
        let over = run(&["-c", path.to_str().unwrap(), "-r", "#x", "bob@localhost"], None);
        let kept = run(&["localhost"], Some(&path));
        fs::remove_file(&path).unwrap();
        assert_eq!((there.server.to_string().as_str(), there.rooms.len()), ("chat.example:30000", 2));
        assert_eq!((there.highlights, there.color), (vec!["deploy".to_owned()], Color::Never));
        assert_eq!(there.retry, Some(Duration::from_secs(5)));
        assert_eq!((over.name.unwrap().as_str(), over.rooms[0].as_str()), ("bob", "#x"));
        assert_eq!(
            (kept.name.unwrap().as_str(), kept.server.to_string().as_str()),
            ("alice", "localhost:30000")
        );
        assert!(parse_with(&["a"], Some(Path::new("/nowhere"))).is_ok());
    }

    #[test]
    fn a_pipe_retries_for_a_while_and_a_terminal_for_ever() {
        let retry = |args: &[&str], is_interactive| {
            let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
            match ClientConfig::from_args(&args, None, is_interactive) {
                Ok(Invocation::Run(config)) => config.retry,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(retry(&["a"], true), None);
        assert_eq!(retry(&["a"], false), Some(PIPE_RETRY));
        assert_eq!(retry(&["--retry", "0", "a"], true), Some(Duration::ZERO));
        assert_eq!(retry(&["--retry", "ever", "a"], false), None);
    }

    #[test]
    fn help_fits_a_screen_and_shows_the_defaults() {
        let Ok(Invocation::Print(help)) = parse(&["--help"]) else { panic!("no help") };
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        assert!(help.lines().count() <= 24, "{} lines:\n{help}", help.lines().count());
        for setting in SETTINGS {
            let description = setting.description(&mut Draft::default());
            assert!(help.contains(&format!("--{} ", setting.long)), "{}", setting.long);
            assert!(help.contains(&description), "{description}");
        }
        let retry = format!("(pipe: {}, else ever)", PIPE_RETRY.as_secs());
        assert!(help.contains(&retry), "{retry}");
    }

    #[test]
    fn an_account_names_the_user_and_perhaps_the_device_and_its_password_comes_from_a_file() {
        let path = env::temp_dir().join(format!("parlor-account-{}", std::process::id()));
        fs::write(&path, "sesame\nand a note\n").unwrap();
        let file = path.to_str().unwrap();
        let config = run(&["--account", "alice/phone", "--account-password-file", file, "a"], None);
        let other = run(&["--account", "1st", "bob@a"], None);
        let alone = parse(&["--account-password-file", file, "a"]).unwrap_err();
        fs::remove_file(&path).unwrap();
        assert_eq!(config.account.as_deref(), Some("alice/phone"));
        assert_eq!(config.account_password.as_deref(), Some("sesame"));
        assert_eq!(config.name.as_ref().map(UserName::as_str), Some("alice"));
        assert!(!format!("{config:?}").contains("sesame"));
        assert_eq!((other.name.unwrap().as_str(), other.account_password), ("bob", None));
        assert_eq!(alone, "--account-password-file: its --account is missing");
        for wrong in ["", "a b", "/phone", "alice/", &"x".repeat(201)] {
            assert!(parse(&["--account", wrong, "a"]).unwrap_err().starts_with("--account: "), "{wrong:?}");
        }
    }

    #[cfg(feature = "tls")]
    #[test]
    fn a_certificate_has_its_key_in_the_same_file_and_needs_tls() {
        let pair = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(["alice".to_owned()]).unwrap();
        let certificate = params.self_signed(&pair).unwrap();
        let path = env::temp_dir().join(format!("parlor-own-{}.pem", std::process::id()));
        let file = path.to_str().unwrap();
        fs::write(&path, certificate.pem()).unwrap();
        let without_key = parse(&["--tls", "--certificate", file, "a"]).unwrap_err();
        fs::write(&path, certificate.pem() + &pair.serialize_pem()).unwrap();
        let plain = parse(&["--certificate", file, "a"]).unwrap_err();
        let config = run(&["--tls", "--certificate", file, "a"], None);
        fs::remove_file(&path).unwrap();
        assert!(without_key.starts_with("--certificate: ") && without_key.contains("no private key"));
        assert_eq!(plain, "--certificate: it needs --tls or --fingerprint");
        assert!(config.certificate.is_some());
    }
}
