//! The options of `parlor`.

use getopts::Options;

use super::{ConfigError, Invocation, version};
use crate::address::{Address, DEFAULT_PORT};
use crate::name::UserName;

/// How `parlor` is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientConfig {
    /// Where the server is.
    pub server: Address,
    /// The name to log in under; asked for when none is given.
    pub name: Option<UserName>,
}

impl ClientConfig {
    /// Reads the command line, which is given without the program's name.
    pub fn from_args(args: &[String]) -> Result<Invocation<Self>, ConfigError> {
        let mut options = Options::new();
        options.optflag("h", "help", "print this help");
        options.optflag("V", "version", "print the version");
        let matches = options.parse(args)?;
        if matches.opt_present("help") {
            return Ok(Invocation::Print(options.usage(BRIEF)));
        }
        if matches.opt_present("version") {
            return Ok(Invocation::Print(version("parlor")));
        }
        match matches.free.as_slice() {
            [target] => Self::from_target(target).map(Invocation::Run),
            [] => Err(ConfigError("where to? give [NAME@]HOST[:PORT] (see --help)".into())),
            [_, stray, ..] => Err(ConfigError(format!("unexpected argument {stray:?} (see --help)"))),
        }
    }

    fn from_target(target: &str) -> Result<Self, ConfigError> {
        // A path may contain @, so only one before `unix:` ends a name.
        let (name, server) = match target.split_once('@') {
            Some((name, server)) if !name.starts_with("unix:") => (Some(name), server),
            _ => (None, target),
        };
        let name = name.map(|name| UserName::new(name).map_err(|why| wrong(name, &why))).transpose()?;
        let server = Address::parse_or_port(server, DEFAULT_PORT).map_err(|why| wrong(server, &why))?;
        Ok(Self { server, name })
    }
}

fn wrong(what: &str, why: &dyn std::fmt::Display) -> ConfigError {
    ConfigError(format!("{what:?}: {why}"))
}

const BRIEF: &str = "\
Join a room.

Usage: parlor [OPTIONS] [NAME@]HOST[:PORT]
       parlor [OPTIONS] [NAME@]unix:PATH

The port is 30000 where none is given. Lines are said to everybody; /help shows
what else there is. When standard input is not a terminal, every line is said,
and parlor ends when the server has taken the last one.

Exit status: 0, 1 the connection failed, 2 wrong usage, 3 the name was refused.";

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
    }
}
