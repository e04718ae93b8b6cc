//! What `parlor --help` prints.

use super::settings::SETTINGS;
use crate::config::table;

/// Options that a config file has not, as `--help` shows them: short, long, value, help.
const OTHERS: [[&str; 4]; 7] = [
    ["c", "config", "FILE", "these options (~/.config/parlor/config)"],
    ["", "json", "", "print every event as JSON, one object a line"],
    ["", "watch", "", "only listen, until told to end; the input is not read"],
    ["", "once", "TEXT", "say this and end, without reading the input"],
    ["", "no-color", "", "the same as --color never"],
    ["h", "help", "", "print this help"],
    ["V", "version", "", "print the version"],
];

/// Every option of the command line.
pub(super) fn options() -> getopts::Options {
    let mut options = table::options(SETTINGS);
    for [short, long, value, help] in OTHERS {
        if value.is_empty() {
            options.optflag(short, long, help);
        } else {
            options.optopt(short, long, help, value);
        }
    }
    options
}

/// The help, which fits a screen of 24 lines.
pub(super) fn help() -> String {
    let settings = SETTINGS.iter().map(|s| [s.short, s.long, s.value, s.help]);
    let rows = settings.chain(OTHERS).map(|[short, long, value, help]| {
        let short = if short.is_empty() { "   ".to_owned() } else { format!("-{short},") };
        format!("  {short} {:<20} {help}\n", format!("--{long} {value}"))
    });
    let rows: String = rows.collect();
    format!("{BRIEF}{rows}{PORTS}. At a terminal, /help shows what else there is.\n{STATUS}")
}

const BRIEF: &str = "\
Join a room, or send lines to one: what comes through a pipe is said.

Usage: parlor [OPTIONS] [NAME@]HOST[:PORT] | [NAME@]unix:PATH

";

#[cfg(feature = "tls")]
const PORTS: &str = "The port is 30000, with TLS 6697";

#[cfg(not(feature = "tls"))]
const PORTS: &str = "The port is 30000";

const STATUS: &str = "\
Exit status: 0 all was said and taken, 1 no connection or not all taken, 2 wrong
usage or input, 3 refused: the name, the password, a room or a certificate.
";
