//! The options of `parlor`.

use std::fmt;
use std::fs;

use getopts::{Matches, Options};

use super::{ConfigError, Invocation, version};
use crate::address::{Address, DEFAULT_PORT};
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

/// Where everybody is who names no other room.
const LOBBY: &str = "#lobby";

/// How `parlor` is to run.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientConfig {
    /// Where the server is.
    pub server: Address,
    /// The name to log in under; asked for when none is given.
    pub name: Option<UserName>,
    /// What to speak.
    pub wire: Wire,
    /// The rooms to join, of which the first is where lines go. At least one on IRC; the CrazyIt wire has but one
    /// room, which nobody names.
    pub rooms: Vec<RoomName>,
    /// The server's password.
    pub password: Option<String>,
}

/// Without the password, which no log is to show.
impl fmt::Debug for ClientConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { server, name, wire, rooms, password: _ } = self;
        let mut debug = f.debug_struct("ClientConfig");
        debug.field("server", server).field("name", name).field("wire", wire).field("rooms", rooms);
        debug.finish_non_exhaustive()
    }
}

impl ClientConfig {
    /// Reads the command line, which is given without the program's name.
    pub fn from_args(args: &[String]) -> Result<Invocation<Self>, ConfigError> {
        let options = options();
        let matches = options.parse(args)?;
        if matches.opt_present("help") {
            return Ok(Invocation::Print(options.usage(BRIEF)));
        }
        if matches.opt_present("version") {
            return Ok(Invocation::Print(version("parlor")));
        }
        let (server, name) = match matches.free.as_slice() {
            [target] => target_parts(target)?,
            [] => return Err(ConfigError("where to? give [NAME@]HOST[:PORT] (see --help)".into())),
            [_, stray, ..] => return Err(ConfigError(format!("unexpected argument {stray:?} (see --help)"))),
        };
        let wire = wire(&matches)?;
        let rooms = rooms(&matches, wire)?;
        let password = password(&matches)?;
        Ok(Invocation::Run(Self { server, name, wire, rooms, password }))
    }
}

fn options() -> Options {
    let mut options = Options::new();
    options.optopt("w", "wire", "the protocol: irc or crazyit (irc)", "WIRE");
    options.optmulti(
        "r",
        "room",
        "a room to join, on IRC; repeatable, lines go to the first (#lobby)",
        "ROOM",
    );
    options.optopt("p", "password-file", "a file whose first line is the server's password (none)", "FILE");
    options.optflag("h", "help", "print this help");
    options.optflag("V", "version", "print the version");
    options
}

fn target_parts(target: &str) -> Result<(Address, Option<UserName>), ConfigError> {
    // A path may contain @, so only one before `unix:` ends a name.
    let (name, server) = match target.split_once('@') {
        Some((name, server)) if !name.starts_with("unix:") => (Some(name), server),
        _ => (None, target),
    };
    let name = name.map(|name| UserName::new(name).map_err(|why| wrong(name, &why))).transpose()?;
    let server = Address::parse_or_port(server, DEFAULT_PORT).map_err(|why| wrong(server, &why))?;
    Ok((server, name))
}

fn wire(matches: &Matches) -> Result<Wire, ConfigError> {
    let Some(name) = matches.opt_str("wire") else { return Ok(Wire::default()) };
    Wire::named(&name).ok_or_else(|| ConfigError(format!("--wire: {name:?} is neither irc nor crazyit")))
}

fn rooms(matches: &Matches, wire: Wire) -> Result<Vec<RoomName>, ConfigError> {
    let mut rooms = Vec::new();
    for name in matches.opt_strs("room") {
        let room = RoomName::new(&name).map_err(|why| ConfigError(format!("--room: {name:?}: {why}")))?;
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    match wire {
        Wire::Irc if rooms.is_empty() => {
            rooms.push(RoomName::new(LOBBY).expect("the default is a room name"))
        }
        Wire::CrazyIt if !rooms.is_empty() => {
            return Err(ConfigError(
                "--room: on the crazyit wire there is one room, and no other to join".into(),
            ));
        }
        Wire::Irc | Wire::CrazyIt => {}
    }
    Ok(rooms)
}

fn password(matches: &Matches) -> Result<Option<String>, ConfigError> {
    let Some(path) = matches.opt_str("password-file") else { return Ok(None) };
    let wrong = |why: &dyn fmt::Display| ConfigError(format!("--password-file: {path:?}: {why}"));
    let text = fs::read_to_string(&path).map_err(|error| wrong(&error))?;
    match text.lines().next() {
        None | Some("") => Err(wrong(&"the first line is empty, and should be the password")),
        Some(password) if password.contains(['\r', '\0']) => {
            Err(wrong(&"a password contains no carriage return and no NUL"))
        }
        Some(password) => Ok(Some(password.to_owned())),
    }
}

fn wrong(what: &str, why: &dyn fmt::Display) -> ConfigError {
    ConfigError(format!("{what:?}: {why}"))
}

const BRIEF: &str = "\
Join a room.

Usage: parlor [OPTIONS] [NAME@]HOST[:PORT]
       parlor [OPTIONS] [NAME@]unix:PATH

The port is 30000 where none is given. Lines are said to everybody in the room;
/help shows what else there is. When standard input is not a terminal, NAME@
must be given, every line is said, and parlor ends when the server has taken the
last one.

Exit status: 0 all is well, 1 the connection failed or was lost, 2 wrong usage,
or a line that cannot be sent, 3 refused: the name, the password, or a room.";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Invocation<ClientConfig>, String> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        ClientConfig::from_args(&args).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_has_a_host_and_perhaps_a_name_and_a_port() {
        let cases = [
            ("localhost", None, "localhost:30000"),
            ("alice@localhost:7", Some("alice"), "localhost:7"),
            ("张三@[::1]", Some("张三"), "[::1]:30000"),
            ("bob@unix:/run/x", Some("bob"), "unix:/run/x"),
            ("unix:/run/a@b", None, "unix:/run/a@b"),
        ];
        for (target, name, server) in cases {
            let Ok(Invocation::Run(config)) = parse(&[target]) else { panic!("{target}") };
            assert_eq!(config.name.as_ref().map(UserName::as_str), name);
            assert_eq!(config.server.to_string(), server);
        }
    }

    #[test]
    fn whatever_is_wrong_is_named_in_one_line() {
        assert_eq!(parse(&[]), Err("where to? give [NAME@]HOST[:PORT] (see --help)".into()));
        assert_eq!(parse(&["a", "b"]), Err("unexpected argument \"b\" (see --help)".into()));
        assert_eq!(parse(&["1a@b"]), Err("\"1a\": this name cannot begin with '1'".into()));
        assert_eq!(parse(&["a@"]), Err("\"\": there is no host before the port".into()));
        assert_eq!(parse(&["--colour", "a"]), Err("unknown option --colour (see --help)".into()));
        assert_eq!(parse(&["-w", "x", "a"]), Err("--wire: \"x\" is neither irc nor crazyit".into()));
        assert_eq!(parse(&["-r", "x", "a"]), Err("--room: \"x\": this name cannot begin with 'x'".into()));
        let both = parse(&["-w", "crazyit", "-r", "#x", "a"]).unwrap_err();
        assert!(both.starts_with("--room: on the crazyit wire"), "{both}");
        let file = parse(&["-p", "/nowhere", "a"]).unwrap_err();
        assert!(file.starts_with("--password-file: \"/nowhere\": "), "{file}");
    }

    #[test]
    fn rooms_are_the_lobby_or_those_given_in_order_and_once() {
        let rooms = |args: &[&str]| match parse(args) {
            Ok(Invocation::Run(config)) => config.rooms.iter().map(ToString::to_string).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(rooms(&["a"]), ["#lobby"]);
        assert_eq!(rooms(&["-r", "#b", "--room=#a", "-r", "#B", "a"]), ["#b", "#a"]);
        assert_eq!(rooms(&["--wire", "crazyit", "a"]), [""; 0]);
    }

    #[test]
    fn help_fits_a_line_and_shows_the_defaults() {
        let Ok(Invocation::Print(help)) = parse(&["--help"]) else { panic!("no help") };
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
        for shown in ["(irc)", "(#lobby)", "(none)"] {
            assert!(help.contains(shown), "{help}");
        }
    }
}
