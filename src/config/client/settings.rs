//! The options of `parlor`. A config file has the same names, so one table serves both.

use std::fmt;
use std::fs;
use std::time::Duration;

use super::{Color, Draft};
use crate::address::{Address, DEFAULT_PORT};
#[cfg(feature = "tls")]
use crate::config::table::is_yes;
use crate::config::table::{self, last};
use crate::name::{RoomName, UserName};
use crate::wire::Wire;

type Setting = table::Setting<Draft>;

pub(super) const SETTINGS: &[Setting] = &[
    Setting {
        short: "n",
        long: "name",
        value: "NAME",
        help: "who you are, where NAME@ is not given (asked)",
        repeats: false,
        set: |draft, values| {
            draft.name = Some(UserName::new(last(values)).map_err(|why| wrong(last(values), &why))?);
            Ok(())
        },
    },
    Setting {
        short: "s",
        long: "server",
        value: "ADDR",
        help: "where to, where no HOST is given (none)",
        repeats: false,
        set: |draft, values| {
            draft.server = Some(server(last(values))?);
            Ok(())
        },
    },
    Setting {
        short: "r",
        long: "room",
        value: "ROOM",
        help: "to join; repeatable, the first is spoken in (#lobby)",
        repeats: true,
        set: |draft, values| {
            draft.rooms.clear();
            for name in values {
                let room = room(name)?;
                if !draft.rooms.contains(&room) {
                    draft.rooms.push(room);
                }
            }
            Ok(())
        },
    },
    Setting {
        short: "w",
        long: "wire",
        value: "WIRE",
        help: "the protocol: irc or crazyit (irc)",
        repeats: false,
        set: |draft, values| {
            let wire = Wire::named(last(values));
            draft.wire = wire.ok_or_else(|| format!("{:?} is neither irc nor crazyit", last(values)))?;
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "tls",
        value: "",
        help: "over TLS, with whom this system trusts (no)",
        repeats: false,
        set: |draft, values| {
            draft.tls = is_yes(values);
            Ok(())
        },
    },
    #[cfg(feature = "tls")]
    Setting {
        short: "",
        long: "fingerprint",
        value: "FP",
        help: "over TLS, with who has this certificate (none)",
        repeats: false,
        set: |draft, values| {
            let fingerprint = last(values).parse();
            draft.fingerprint = Some(fingerprint.map_err(|why| wrong(last(values), &why))?);
            Ok(())
        },
    },
    Setting {
        short: "p",
        long: "password-file",
        value: "FILE",
        help: "its first line is the server's password (none)",
        repeats: false,
        set: |draft, values| {
            draft.password = Some(password(last(values))?);
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "highlight",
        value: "WORD",
        help: "stands out as your name does; repeatable (none)",
        repeats: true,
        set: |draft, values| {
            draft.highlights = values.iter().filter(|word| !word.is_empty()).cloned().collect();
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "color",
        value: "WHEN",
        help: "auto, always or never (auto)",
        repeats: false,
        set: |draft, values| {
            draft.color = match last(values) {
                "auto" => Color::Auto,
                "always" => Color::Always,
                "never" => Color::Never,
                other => return Err(format!("{other:?} is none of auto, always and never")),
            };
            Ok(())
        },
    },
    Setting {
        short: "",
        long: "retry",
        value: "SECS",
        help: "how long to try to come back (pipe: 20, else ever)",
        repeats: false,
        set: |draft, values| {
            draft.retry = Some(match last(values) {
                "ever" => None,
                text => {
                    let seconds = text
                        .parse::<u32>()
                        .map_err(|_| format!("{text:?} is neither a whole number of seconds nor ever"))?;
                    Some(Duration::from_secs(seconds.into()))
                }
            });
            Ok(())
        },
    },
];

/// Where the server is; a port may be left out. Which one is meant then, is known when everything is read.
pub(super) fn server(text: &str) -> Result<String, String> {
    Address::parse_or_port(text, DEFAULT_PORT).map_err(|why| wrong(text, &why))?;
    Ok(text.to_owned())
}

/// A room. A `#` begins a comment in a shell, so it may be left out.
fn room(name: &str) -> Result<RoomName, String> {
    let name = if name.starts_with(['#', '&']) { name.to_owned() } else { format!("#{name}") };
    RoomName::new(&name).map_err(|why| wrong(&name, &why))
}

fn password(path: &str) -> Result<String, String> {
    let text = fs::read_to_string(path).map_err(|error| wrong(path, &error))?;
    match text.lines().next() {
        None | Some("") => Err(wrong(path, &"the first line is empty, and should be the password")),
        Some(password) if password.contains(['\r', '\0']) => {
            Err(wrong(path, &"a password contains no carriage return and no NUL"))
        }
        Some(password) => Ok(password.to_owned()),
    }
}

/// What is wrong with a value, which is named.
pub(super) fn wrong(what: &str, why: &dyn fmt::Display) -> String {
    format!("{what:?}: {why}")
}
