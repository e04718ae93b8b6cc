//! Parsing of options: one table serves the command line and the config file. In a config file, an option without a
//! value is `name = yes` or `name = no`.

use std::path::Path;

use getopts::{HasArg, Matches, Occur, Options};

use super::ConfigError;
use super::setting::{CommandLineOnly, NO, Setting, YES};
use crate::files::read_text;

/// Largest config file, in bytes.
pub(super) const CONFIG_BYTES: usize = 1024 * 1024;

/// The command-line options for these settings, with the defaults in `defaults`.
pub(super) fn options<C, R>(
    settings: &[Setting<C, R>],
    others: &[CommandLineOnly],
    defaults: &mut C,
) -> Options {
    let mut options = Options::new();
    for setting in settings {
        let occur = if setting.repeats() { Occur::Multi } else { Occur::Optional };
        let has_arg = if setting.is_flag() { HasArg::No } else { HasArg::Yes };
        let description = setting.description(defaults);
        options.opt(setting.short, setting.long, &description, setting.value(), has_arg, occur);
    }
    for CommandLineOnly { short, long, value, help } in others {
        let has_arg = if value.is_empty() { HasArg::No } else { HasArg::Yes };
        options.opt(short, long, help, value, has_arg, Occur::Optional);
    }
    options
}

/// Applies the options of the command line.
pub(super) fn read_line<C, R>(
    settings: &[Setting<C, R>],
    config: &mut C,
    command_line: &Matches,
) -> Result<(), ConfigError> {
    for setting in settings {
        let values = match setting.is_flag() {
            true if command_line.opt_present(setting.long) => vec![YES.to_owned()],
            true => Vec::new(),
            false => command_line.opt_strs(setting.long),
        };
        if !values.is_empty() {
            let set = setting.set(config, &values);
            set.map_err(|why| ConfigError(format!("--{}: {why}", setting.long)))?;
        }
    }
    Ok(())
}

/// Applies the entries of a config file, except options that `command_line` has set.
pub(super) fn read_file<C: Clone, R>(
    settings: &[Setting<C, R>],
    config: &mut C,
    path: &Path,
    command_line: &Matches,
) -> Result<(), ConfigError> {
    let at = |what: String| ConfigError(format!("{}: {what}", path.display()));
    let text = read_text(path, CONFIG_BYTES).map_err(|error| at(error.to_string()))?;
    let entries = parse_file(settings, &text).map_err(at)?;
    for setting in settings {
        let mine: Vec<_> = entries.iter().filter(|entry| entry.name == setting.long).collect();
        let Some(last) = mine.last() else { continue };
        if mine.len() > 1 && !setting.repeats() {
            return Err(at(format!("line {}: {} is given more than once", last.line, setting.long)));
        }
        // Check values that the command line overrides, too: errors in a file must not stay hidden.
        let mut checked = config.clone();
        let values: Vec<_> = mine.iter().map(|entry| entry.value.to_owned()).collect();
        let set = setting.set(&mut checked, &values);
        set.map_err(|why| at(format!("line {}: {}: {why}", last.line, setting.long)))?;
        if !command_line.opt_present(setting.long) {
            *config = checked;
        }
    }
    Ok(())
}

/// A line of a config file with a value.
pub(super) struct Entry<'a> {
    pub(super) line: usize,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// Parses a config file: `name = value`, blank lines, and lines that begin with `#`. A `#` after a value is not a
/// comment, because rooms begin with `#` too.
pub(super) fn parse_file<'a, C, R>(
    settings: &[Setting<C, R>],
    text: &'a str,
) -> Result<Vec<Entry<'a>>, String> {
    let mut entries = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let (line, n) = (line.trim(), n + 1);
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        // Do not quote the line: it may contain a password.
        let (name, value) = line.split_once('=').ok_or_else(|| format!("line {n}: write name = value"))?;
        let (name, value) = (name.trim(), value.trim());
        let word = name.split([' ', '\t']).next().unwrap_or_default();
        let setting = settings.iter().find(|setting| setting.long == name);
        let setting = setting.ok_or_else(|| format!("line {n}: unknown option {word:?}"))?;
        if setting.is_flag() && !matches!(value, YES | NO) {
            return Err(format!("line {n}: {name} is {YES} or {NO}, not {value:?}"));
        }
        entries.push(Entry { line: n, name, value });
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::setting::{Fallback, Kind};

    fn setting(long: &'static str) -> Setting<()> {
        let kind = Kind::Texts { value: "X", default: Fallback::Word("none"), set: |(), _| Ok(()) };
        Setting { short: "", long, help: "", kind, reload: () }
    }

    fn entries(text: &str) -> Result<Vec<(usize, &str, &str)>, String> {
        let entries = parse_file(&["lobby", "listen"].map(setting), text)?;
        Ok(entries.iter().map(|e| (e.line, e.name, e.value)).collect())
    }

    #[test]
    fn an_option_without_a_value_is_yes_or_no_in_a_config_file() {
        let flag = [Setting { short: "", long: "tls", help: "", kind: Kind::Flag(|on| on), reload: () }];
        let parse = |text| parse_file(&flag, text).map(|entries| entries.len());
        assert_eq!(parse("tls = yes"), Ok(1));
        assert_eq!(parse("tls = no"), Ok(1));
        assert_eq!(parse("tls = on"), Err("line 1: tls is yes or no, not \"on\"".into()));
    }

    #[test]
    fn a_config_file_has_names_values_and_comments() {
        let text = "# a comment\n\nlobby = #tea\n listen=a:1\nlisten = b:2 \n";
        let expected = [(3, "lobby", "#tea"), (4, "listen", "a:1"), (5, "listen", "b:2")];
        assert_eq!(entries(text).unwrap(), expected);
        assert_eq!(entries("x = 1"), Err("line 1: unknown option \"x\"".into()));
        assert_eq!(entries("config = y"), Err("line 1: unknown option \"config\"".into()));
        assert_eq!(entries("\nlobby"), Err("line 2: write name = value".into()));
        assert_eq!(entries("password xyzzy"), Err("line 1: write name = value".into()));
        assert_eq!(entries("password xy=z"), Err("line 1: unknown option \"password\"".into()));
    }
}
