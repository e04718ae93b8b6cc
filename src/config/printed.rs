//! The options in force, as a config file that says where each comes from.

use std::fmt::Write;
use std::path::Path;

use getopts::Matches;

use super::ConfigError;
use super::setting::{Setting, YES};
use super::table::{CONFIG_BYTES, parse_file};
use crate::files::read_text;

/// Stands for a secret.
pub(super) const HIDDEN: &str = "(not shown)";

/// The value of an option, and where it comes from.
pub(super) struct Given {
    pub(super) values: Vec<String>,
    pub(super) origin: String,
}

/// A config file with all options in force. `defaults` has the defaults, `environment` those that the environment
/// changes, and `shown` replaces values with secrets.
pub(super) fn printed<C, R>(
    settings: &[Setting<C, R>],
    defaults: &mut C,
    (file, command_line): (Option<&Path>, &Matches),
    environment: impl Fn(&str) -> Option<Given>,
    shown: impl Fn(&str, &str) -> Option<String>,
) -> Result<String, ConfigError> {
    // It has been read before.
    let text = file.map(|path| read_text(path, CONFIG_BYTES)).transpose();
    let text = text.map_err(|error| ConfigError(error.to_string()))?.unwrap_or_default();
    let entries = parse_file(settings, &text).map_err(ConfigError)?;
    let mut out = String::new();
    for setting in settings {
        let from_file = || {
            let mine = entries.iter().filter(|entry| entry.name == setting.long);
            let lines: Vec<_> = mine.clone().map(|entry| entry.line.to_string()).collect();
            let origin = format!("{}, line {}", file?.display(), lines.join(", "));
            (!lines.is_empty())
                .then(|| Given { values: mine.map(|entry| entry.value.to_owned()).collect(), origin })
        };
        let given = from_line(setting, command_line).or_else(from_file).or_else(|| environment(setting.long));
        // Writing into a String cannot fail.
        let _ = match given {
            Some(given) => {
                writeln!(out, "# {}\n{}", given.origin, lines(setting.long, &given.values, &shown))
            }
            None => match setting.default_value(defaults) {
                Ok(value) => writeln!(out, "# default\n{} = {value}", setting.long),
                Err(word) => writeln!(out, "# default: {word}\n# {} =", setting.long),
            },
        };
    }
    Ok(out)
}

fn from_line<C, R>(setting: &Setting<C, R>, command_line: &Matches) -> Option<Given> {
    let values = match setting.is_flag() {
        true => vec![YES.to_owned()],
        false => command_line.opt_strs(setting.long),
    };
    command_line.opt_present(setting.long).then(|| Given { values, origin: "command line".into() })
}

/// A line for each value. One that a config file cannot have is a comment.
fn lines(name: &str, values: &[String], shown: impl Fn(&str, &str) -> Option<String>) -> String {
    let line = |value: &String| match shown(name, value) {
        Some(shown) => format!("# {name} = {shown}"),
        None if value.trim() != value || value.contains(char::is_control) => format!("# {name} = {value:?}"),
        None => format!("{name} = {value}"),
    };
    values.iter().map(line).collect::<Vec<_>>().join("\n")
}
