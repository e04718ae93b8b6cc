//! The program `parlor`: at a keyboard a conversation, in a pipe a tool.

mod backoff;
mod chat;
mod clock;
mod display;
#[cfg(feature = "editor")]
mod editor;
mod enter;
mod guard;
#[cfg(feature = "editor")]
mod helper;
mod input;
mod json;
mod keyboard;
mod link;
mod outgoing;
mod paint;
mod paste;
mod pipe;
// Without a line editor everything is printed as it comes.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
mod printer;
mod progress;
mod prompts;
#[cfg(feature = "editor")]
mod rows;
mod screen;
mod talk;
mod typed;
mod wrap;

use std::fmt;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process;

#[cfg(feature = "tls")]
use crate::client::TlsError;
use crate::client::texts::printable;
use crate::client::{Client, Error, Event};
use crate::config::ClientConfig;

/// Notes that wait for who handles them. Behind these everybody who sends some waits, the server at last.
const NOTES: usize = 64;

/// Lets a line be typed.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
struct Prompt {
    text: String,
    /// What is typed is not shown.
    is_secret: bool,
}

/// What the loop of either program hears from its threads.
#[derive(Debug)]
enum Note {
    /// Lines of the input.
    Typed(Vec<String>),
    /// Several lines that were pasted at once.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Pasted(Vec<String>),
    /// A key that is not UTF-8 has cost a line.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Garbled,
    /// The input has ended, or cannot be read.
    InputEnded(Result<(), Failure>),
    /// Ctrl-C.
    Interrupted,
    /// The system asks us to end.
    Terminated,
    /// We were stopped, and go on.
    Continued,
    /// An event on the connection of this number; `None` where it has ended as it should.
    Heard(u64, Option<Result<Event, Error>>),
    /// What came of trying to connect again.
    Tried(Result<Box<Client>, Error>),
}

/// Why the program ends other than well.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// The exit status: 1 the connection failed, 2 the input was wrong, 3 the server declined or is not
    /// the one that was meant, 143 SIGTERM.
    pub status: u8,
}

impl Failure {
    fn new(status: u8, message: impl Into<String>) -> Self {
        Self { message: message.into(), status }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::new(status(&error), error.to_string())
    }
}

/// The exit status that an error is.
fn status(error: &Error) -> u8 {
    match error {
        Error::Connect { .. }
        | Error::NoThread(_)
        | Error::Lost { .. }
        | Error::NoAnswer { .. }
        | Error::Unavailable { .. } => 1,
        Error::Mark(_) | Error::NoRoom | Error::NoWords { .. } => 2,
        Error::Refused { .. } | Error::PasswordRefused { .. } | Error::NameRefused { .. } => 3,
        #[cfg(feature = "tls")]
        Error::Tls { error: TlsError::Handshake(_), .. } => 1,
        #[cfg(feature = "tls")]
        Error::Tls { error: TlsError::Certificate(_), .. } => 3,
    }
}

/// True when somebody sits at the keyboard and is to be talked with.
pub fn is_interactive() -> bool {
    io::stdin().is_terminal()
}

/// Runs until the keyboard, the pipe or the connection ends.
pub fn run(config: &ClientConfig) -> Result<(), Failure> {
    let talks = is_interactive() && !config.json && !config.watch && config.once.is_none();
    if config.name.is_none() && !talks {
        let message = "standard input is no terminal to ask for a name: give NAME@HOST";
        return Err(Failure::new(2, message));
    }
    let mut config = config.clone();
    let entered = enter::enter(&mut config, talks, enter::ask_name, guard::ask_password)?;
    let Some((client, name)) = entered else { return Ok(()) };
    if talks { talk::run(&config, client, name) } else { pipe::run(&config, client, name) }
}

/// Prints a line. When nobody reads our output any more, that is a quiet end; a full disk is a loud one.
fn show(line: &str) {
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

/// Tells on standard error what is wrong, in one line that has nothing in it but text.
pub fn complain(what: &dyn fmt::Display) {
    // Nowhere is left to say that this could not be said.
    writeln!(io::stderr(), "parlor: {}", printable(&what.to_string())).ok();
}
