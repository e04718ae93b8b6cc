//! Saving bans in their file. It is replaced atomically, once the new file is on the disk.

use std::io;
use std::path::Path;

use crate::date;
use crate::files::replace;
use crate::message::Ban;

/// First line of the file. Other comments are lost with the next ban.
const HEAD: &str = "# Banned: network, expiry or -, operator, time, and reason.\n";

/// Replaces the content of the file. On failure the old file remains, and the error names it.
pub(crate) fn save(path: &Path, text: &str) -> io::Result<()> {
    replace(path, text, 0o600)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// The content of a file with these bans.
pub(crate) fn text<'a>(bans: impl Iterator<Item = &'a Ban>) -> String {
    let mut text = HEAD.to_owned();
    for Ban { network, until, by, since, reason } in bans {
        let until = until.map_or_else(|| "-".to_owned(), |until| date::seconds(until).to_string());
        let line = format!("{network} {until} {by} {} {reason}", date::seconds(*since));
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
