//! The output of `--print-config`.

use std::path::Path;

use getopts::Matches;

use super::settings::SETTINGS;
use super::{ServerConfig, default_state};
use crate::config::ConfigError;
use crate::config::printed::{Given, HIDDEN, printed};

/// The options in force with this command line.
pub(super) fn print_config(command_line: &Matches) -> Result<String, ConfigError> {
    let file = command_line.opt_str("config");
    let given = (file.as_deref().map(Path::new), command_line);
    printed(SETTINGS, &mut ServerConfig::default(), given, environment, shown)
}

/// The directory for data, which the environment determines.
fn environment(name: &str) -> Option<Given> {
    let state = (name == "state").then(default_state)?;
    let value = state.map_or("off".into(), |path| path.display().to_string());
    Some(Given { values: vec![value], origin: "default, from the environment".into() })
}

/// Hides the secret in a value; `None` if it has none.
fn shown(name: &str, value: &str) -> Option<String> {
    match name {
        "password" => Some(HIDDEN.into()),
        "oper" => value.split_once(':').map(|(name, _)| format!("{name}:{HIDDEN}")),
        "cluster" => {
            let (scheme, rest) = value.split_once("://")?;
            let (_, host) = rest.rsplit_once('@')?;
            Some(format!("{scheme}://{HIDDEN}@{host}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, process};

    use super::*;
    use crate::config::{Invocation, server::ServerTask};

    fn parse(args: &[&str]) -> Invocation<ServerConfig, ServerTask> {
        let args: Vec<_> = args.iter().map(|&arg| arg.to_owned()).collect();
        ServerConfig::from_args(&args).unwrap()
    }

    fn print(args: &[&str]) -> String {
        match parse(&[args, &["--print-config"]].concat()) {
            Invocation::Print(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_printed_config_says_where_each_value_comes_from_and_is_a_config_file() {
        let path = env::temp_dir().join(format!("parlor-printed-{}", process::id()));
        let file = path.to_str().unwrap();
        fs::write(&path, "# mine\nlisten = a:1\nlisten = b:2\nping = 7\nallow-root = yes\nlobby = #tea\n")
            .unwrap();
        let args = ["-c", file, "--ping=9", "--memory", "1000000", "--state=/nowhere/else"];
        let printed = print(&args);
        for lines in [
            format!("# {file}, line 2, 3\nlisten = a:1\nlisten = b:2\n"),
            "# command line\nping = 9\n".to_owned(),
            format!("# {file}, line 5\nallow-root = yes\n"),
            format!("# {file}, line 6\nlobby = #tea\n"),
            "# default\nlogin-timeout = 30\n".into(),
            "# default: none\n# motd =\n".into(),
        ] {
            assert!(printed.contains(&lines), "{lines}{printed}");
        }
        let config = parse(&args);
        fs::write(&path, printed).unwrap();
        assert_eq!(parse(&["-c", file]), config);
        assert!(print(&["-c", file]).contains("state = /nowhere/else\n"));
        fs::remove_file(path).unwrap();
        assert!(print(&[]).contains("# default, from the environment\nstate = "));
    }

    #[test]
    fn no_secret_is_printed() {
        let mut args = vec!["--password", "xyzzy", "--oper", "ana:xyzzy", "--oper=bob:xyzzy:z"];
        if cfg!(feature = "cluster") {
            args.push("--cluster=redis://me:xyzzy@10.0.0.1:7/0");
        }
        let printed = print(&args);
        assert!(!printed.contains("xyzzy"), "{printed}");
        assert!(printed.contains("# command line\n# oper = ana:(not shown)\n# oper = bob:(not shown)\n"));
        assert!(printed.contains("# command line\n# password = (not shown)\n"));
        assert_eq!(
            printed.contains("# cluster = redis://(not shown)@10.0.0.1:7/0\n"),
            cfg!(feature = "cluster")
        );
    }

    #[test]
    fn a_value_that_no_config_file_can_have_is_a_comment() {
        let path = env::temp_dir().join(format!("parlor-printed-{}\nping = 7", process::id()));
        let file = path.to_str().unwrap();
        fs::write(&path, "hello\n").unwrap();
        let printed = print(&["--motd", file]);
        assert!(printed.contains(&format!("# command line\n# motd = {file:?}\n")), "{printed}");
        fs::remove_file(path).unwrap();
    }
}
