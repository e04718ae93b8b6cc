//! The output of `parlor --help`.

use super::draft::Draft;
use super::settings::{OTHERS, SETTINGS};
use crate::config::table;

pub(super) fn options() -> getopts::Options {
    table::options(SETTINGS, OTHERS, &mut Draft::default())
}

/// The help, which fits a screen of 24 lines.
pub(super) fn help() -> String {
    let defaults = &mut Draft::default();
    let mut rows = String::new();
    for setting in SETTINGS {
        rows += &row(setting.short, setting.long, setting.value(), &setting.description(defaults));
    }
    for other in OTHERS {
        rows += &row(other.short, other.long, other.value, other.help);
    }
    format!("{BRIEF}{rows}{PORTS}. At a terminal, /help shows what else there is.\n")
}

fn row(short: &str, long: &str, value: &str, description: &str) -> String {
    let short = if short.is_empty() { "   ".to_owned() } else { format!("-{short},") };
    format!("  {short} {:<20} {description}\n", format!("--{long} {value}"))
}

const BRIEF: &str = "\
Join a room, or send lines to one: what comes through a pipe is said.
Usage: parlor [OPTIONS] [NAME@]HOST[:PORT] | [NAME@]unix:PATH
";

#[cfg(feature = "tls")]
const PORTS: &str = "The port is 30000, with TLS 6697";

#[cfg(not(feature = "tls"))]
const PORTS: &str = "The port is 30000";
