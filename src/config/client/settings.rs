//! The options of `parlor`. A config file uses the same names, so one table serves both.

use std::fmt;
use std::fs;
#[cfg(feature = "tls")]
use std::path::Path;
use std::time::Duration;

use super::draft::{Color, Draft, EARLIER_MOST, LOBBY};
use crate::address::{Address, DEFAULT_PORT};
#[cfg(feature = "tls")]
use crate::config::Credentials;
use crate::config::setting::Fallback::{Value, Word};
use crate::config::setting::{self, CommandLineOnly, Kind};
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

/// Longest name of an account and a device, in bytes.
const ACCOUNT_BYTES: usize = 200;

type Setting = setting::Setting<Draft>;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        short: "n",
        long: "name",
        help: "your name, unless given as NAME@HOST",
        kind: Kind::Text {
            value: "NAME",
            default: Word("asked"),
            set: |draft, name| {
                draft.name = Some(UserName::new(name).map_err(|why| wrong(name, &why))?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "s",
        long: "server",
        help: "the server, unless given as HOST",
        kind: Kind::Text {
            value: "ADDR",
            default: Word("none"),
            set: |draft, text| {
                draft.server = Some(server(text)?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "r",
        long: "room",
        help: "to join; input goes to the first",
        kind: Kind::Texts {
            value: "ROOM",
            default: Word(LOBBY),
            set: |draft, names| {
                draft.rooms = rooms(names)?;
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "w",
        long: "wire",
        help: "the protocol: irc or crazyit",
        kind: Kind::Text {
            value: "WIRE",
            default: Value(|draft| draft.wire.to_string()),
            set: |draft, name| {
                let wire = Wire::named(name);
                draft.wire = wire.ok_or_else(|| format!("{name:?} is neither irc nor crazyit"))?;
                Ok(())
            },
        },
        reload: (),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls",
        help: "use TLS; verify with the system's trust store",
        kind: Kind::Flag(|draft| &mut draft.tls),
        reload: (),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "fingerprint",
        help: "use TLS; accept only this certificate",
        kind: Kind::Text {
            value: "FP",
            default: Word("none"),
            set: |draft, text| {
                draft.fingerprint = Some(text.parse().map_err(|why| wrong(text, &why))?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "p",
        long: "password-file",
        help: "its first line is the server's password",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |draft, path| {
                draft.password = Some(password(path)?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "account",
        help: "log in to this account; as NAME or NAME/DEVICE",
        kind: Kind::Text {
            value: "NAME",
            default: Word("none"),
            set: |draft, name| {
                draft.account = Some(account(name)?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "account-password-file",
        help: "holds the account's password",
        kind: Kind::Text {
            value: "FILE",
            default: Word("asked"),
            set: |draft, path| {
                draft.account_password = Some(password(path)?);
                Ok(())
            },
        },
        reload: (),
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "certificate",
        help: "your certificate and its key, shown over TLS",
        kind: Kind::Text {
            value: "FILE",
            default: Word("none"),
            set: |draft, path| {
                let path = Path::new(path);
                draft.certificate = Some(Credentials::read(path, path, false)?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "highlight",
        help: "highlighted like your name",
        kind: Kind::Texts {
            value: "WORD",
            default: Word("none"),
            set: |draft, words| {
                draft.highlights = words.iter().filter(|word| !word.is_empty()).cloned().collect();
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "color",
        help: "auto, always or never",
        kind: Kind::Text {
            value: "WHEN",
            default: Value(|draft| draft.color.name().to_owned()),
            set: |draft, word| {
                let color = Color::ALL.into_iter().find(|color| color.name() == word);
                draft.color = color.ok_or_else(|| format!("{word:?} is not auto, always or never"))?;
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "history",
        help: "earlier lines to show of each room",
        kind: Kind::Text {
            value: "LINES",
            default: Word("pipe: 0, else 20"),
            set: |draft, text| {
                draft.history = Some(history(text)?);
                Ok(())
            },
        },
        reload: (),
    },
    Setting {
        short: "",
        long: "retry",
        help: "how long to try to reconnect",
        kind: Kind::Text {
            value: "SECS",
            default: Word("pipe: 20, else ever"),
            set: |draft, text| {
                draft.retry = Some(retry(text)?);
                Ok(())
            },
        },
        reload: (),
    },
];

/// Options that a config file cannot have.
pub(super) const OTHERS: &[CommandLineOnly] = &[
    CommandLineOnly {
        short: "c",
        long: "config",
        value: "FILE",
        help: "these options (~/.config/parlor/config)",
    },
    CommandLineOnly {
        short: "",
        long: "json",
        value: "",
        help: "print every event as JSON, one object per line",
    },
    CommandLineOnly {
        short: "",
        long: "watch",
        value: "",
        help: "only listen, until stopped; read no input",
    },
    CommandLineOnly {
        short: "",
        long: "once",
        value: "TEXT",
        help: "send this text and exit; read no input",
    },
    CommandLineOnly { short: "", long: "no-color", value: "", help: "the same as --color never" },
    CommandLineOnly { short: "h", long: "help", value: "", help: "print this help" },
    CommandLineOnly { short: "V", long: "version", value: "", help: "print the version" },
];

/// Checks an address whose port may be missing; the default port depends on later options.
pub(super) fn server(text: &str) -> Result<String, String> {
    Address::parse_or_port(text, DEFAULT_PORT).map_err(|why| wrong(text, &why))?;
    Ok(text.to_owned())
}

/// Parses rooms, and removes repetitions.
fn rooms(names: &[String]) -> Result<Vec<RoomName>, String> {
    let mut rooms = Vec::new();
    for name in names {
        let room = room(name)?;
        if !rooms.contains(&room) {
            rooms.push(room);
        }
    }
    Ok(rooms)
}

/// Parses a room. The `#` may be omitted, because it begins a comment in a shell.
fn room(name: &str) -> Result<RoomName, String> {
    let name = if name.starts_with(['#', '&']) { name.to_owned() } else { format!("#{name}") };
    RoomName::new(&name).map_err(|why| wrong(&name, &why))
}

/// Checks the name of an account, and perhaps of a device behind it. Servers have different rules for both.
fn account(name: &str) -> Result<String, String> {
    let is_name =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control());
    if name.len() <= ACCOUNT_BYTES && name.splitn(2, '/').all(is_name) {
        return Ok(name.to_owned());
    }
    Err(wrong(name, &"an account is NAME or NAME/DEVICE, without spaces"))
}

fn password(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
    match text.lines().next() {
        None | Some("") => Err(wrong(path, &"the first line must be the password, but is empty")),
        Some(password) if password.contains(['\r', '\0']) => {
            Err(wrong(path, &"a password contains no carriage return and no NUL"))
        }
        Some(password) => Ok(password.to_owned()),
    }
}

fn history(text: &str) -> Result<usize, String> {
    let lines = text.parse().ok().filter(|&lines| lines <= EARLIER_MOST);
    lines.ok_or_else(|| format!("{text:?} is not a number of lines from 0 to {EARLIER_MOST}"))
}

/// Parses how long to retry; `None` is for ever.
fn retry(text: &str) -> Result<Option<Duration>, String> {
    if text == "ever" {
        return Ok(None);
    }
    let seconds: Result<u32, _> = text.parse();
    let seconds = seconds.map_err(|_| format!("{text:?} is neither a whole number of seconds nor ever"))?;
    Ok(Some(Duration::from_secs(seconds.into())))
}

/// An error that quotes the value.
pub(super) fn wrong(what: &str, why: &dyn fmt::Display) -> String {
    format!("{what:?}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::setting::check_defaults;

    #[test]
    fn defaults_in_the_help_are_the_real_ones() {
        check_defaults(SETTINGS);
    }
}
