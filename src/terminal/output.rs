//! Lines on standard output and on standard error.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process;

use crate::client::texts::printable;

/// Prints a line. Ends the program quietly if nobody reads the output any more, and with an error if it cannot be
/// written for another reason.
pub(super) fn show(line: &str) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            complain(&format_args!("standard output: {error}"));
            process::exit(1);
        }
    }
}

/// Prints an error on standard error, in one line without control characters.
pub fn complain(what: &dyn fmt::Display) {
    // There is nowhere left to report a failure.
    writeln!(io::stderr(), "parlor: {}", printable(&what.to_string())).ok();
}
