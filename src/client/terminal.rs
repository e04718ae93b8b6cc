//! The program `parlor`: the main thread reads the keyboard, or a pipe, and one reader thread prints what comes.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::process;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::input::{HELP, Input, piped, typed};
use super::{Client, Error, Event, Events, Speaker};
use crate::config::ClientConfig;
use crate::name::UserName;

/// After `/quit`, how long to wait for the server's last words.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest text sent in one message, in bytes: with its marks and a name it fits a server's default frame of
/// 8 KiB. A longer line becomes several messages.
const MESSAGE_BYTES: usize = 8000;

/// Why the program ends other than well.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// The exit status: 1 the connection failed, 2 the input was wrong, 3 the name was refused.
    pub status: u8,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let status = match error {
            Error::Connect { .. } | Error::Lost { .. } | Error::NoAnswer { .. } => 1,
            Error::Mark(_) => 2,
            Error::Refused { .. } | Error::NameRefused { .. } => 3,
        };
        Self { message: error.to_string(), status }
    }
}

/// Runs until the keyboard, the pipe or the connection ends.
pub fn run(config: &ClientConfig) -> Result<(), Failure> {
    let interactive = io::stdin().is_terminal();
    if config.name.is_none() && !interactive {
        let message = "standard input is no terminal to ask for a name: give NAME@HOST".to_owned();
        return Err(Failure { message, status: 2 });
    }
    let mut client = Client::connect(&config.server)?;
    let Some(name) = log_in(&mut client, config.name.clone(), interactive)? else { return Ok(()) };
    let (speaker, events) = client.split()?;
    if interactive {
        show(&format!("You are {name}. /help shows what there is besides talking."));
    }
    let (ended, end) = mpsc::channel();
    // What we typed is on the screen already; in a pipe our own lines are output like all others.
    let own = interactive.then_some(name);
    let reader = thread::Builder::new().name("parlor-reader".into()).spawn(move || {
        let result = print_events(events, own.as_ref());
        ended.send(()).ok();
        result
    });
    let reader = reader.map_err(|error| Failure { message: error.to_string(), status: 1 })?;
    let said = if interactive { read_keyboard(speaker) } else { read_pipe(speaker) };
    if interactive && end.recv_timeout(QUIT_TIMEOUT).is_err_and(|e| e == mpsc::RecvTimeoutError::Timeout) {
        return Ok(());
    }
    match reader.join() {
        Ok(heard) => heard.and(said),
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Logs in, and asks for another name as long as there is somebody to ask. `None` when they leave instead.
fn log_in(
    client: &mut Client,
    mut name: Option<UserName>,
    interactive: bool,
) -> Result<Option<UserName>, Failure> {
    loop {
        let Some(wanted) = name.take().map_or_else(ask_name, |name| Ok(Some(name)))? else {
            return Ok(None);
        };
        match client.login(&wanted) {
            Ok(()) => return Ok(Some(wanted)),
            Err(error @ Error::NameRefused { .. }) if interactive => {
                show(&format!("{error}, choose another"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn ask_name() -> Result<Option<UserName>, Failure> {
    loop {
        let mut out = io::stdout();
        out.write_all(b"Your name: ").and_then(|()| out.flush()).ok();
        let Some(line) = read_line(&mut io::stdin().lock())? else { return Ok(None) };
        match UserName::new(line.trim()) {
            Ok(name) => return Ok(Some(name)),
            Err(why) => show(&why.to_string()),
        }
    }
}

fn read_keyboard(mut speaker: Speaker) -> Result<(), Failure> {
    while let Some(line) = read_line(&mut io::stdin().lock())? {
        match typed(&line) {
            Input::Nothing => {}
            Input::Help => show(HELP),
            Input::Quit => break,
            Input::Wrong(why) => show(why),
            said @ (Input::Say(_) | Input::Whisper { .. }) => match send(&mut speaker, said) {
                Err(error @ Error::Mark(_)) => show(&error.to_string()),
                result => result?,
            },
        }
    }
    Ok(speaker.finish()?)
}

fn read_pipe(mut speaker: Speaker) -> Result<(), Failure> {
    let said = say_lines(&mut speaker);
    // Also after a failure: the server closes then, and the reader ends.
    let finished = speaker.finish();
    said.and(finished.map_err(Failure::from))
}

fn say_lines(speaker: &mut Speaker) -> Result<(), Failure> {
    let mut refused = Ok(());
    while let Some(line) = read_line(&mut io::stdin().lock())? {
        match send(speaker, piped(&line)) {
            Err(error @ Error::Mark(_)) => {
                complain(&error);
                let message = "some lines were not sent".to_owned();
                refused = Err(Failure { message, status: 2 });
            }
            result => result?,
        }
    }
    refused
}

/// The next line without its end; `None` at the end of the input.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    match input.read_until(b'\n', &mut line) {
        Ok(0) => Ok(None),
        Ok(_) => {
            let text = String::from_utf8_lossy(&line);
            let text = text.strip_suffix('\n').unwrap_or(&text);
            Ok(Some(text.strip_suffix('\r').unwrap_or(text).to_owned()))
        }
        Err(error) => Err(Failure { message: format!("standard input: {error}"), status: 2 }),
    }
}

fn send(speaker: &mut Speaker, input: Input<'_>) -> Result<(), Error> {
    match input {
        Input::Say(text) => pieces(text).try_for_each(|piece| speaker.say(piece)),
        Input::Whisper { to, text } => pieces(text).try_for_each(|piece| speaker.whisper(to, piece)),
        Input::Nothing | Input::Help | Input::Quit | Input::Wrong(_) => Ok(()),
    }
}

/// `text` in pieces of at most [`MESSAGE_BYTES`], cut between characters; one piece when it is empty.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, after) = text.split_at(text.floor_char_boundary(MESSAGE_BYTES));
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// Prints what comes until the server closes. A connection that ends before we do ends the program: the main
/// thread may wait at the keyboard for ever.
fn print_events(events: Events, own: Option<&UserName>) -> Result<(), Failure> {
    let finished = events.finished();
    for event in events {
        match event {
            Ok(event) => {
                if !own.is_some_and(|own| is_own(&event, own)) {
                    show(&display(&event));
                }
            }
            Err(error) if finished() => return Err(error.into()),
            Err(error) => {
                complain(&error);
                process::exit(1);
            }
        }
    }
    Ok(())
}

fn is_own(event: &Event, own: &UserName) -> bool {
    match event {
        Event::Said { from, .. } => from == own.as_str(),
        Event::Whispered { .. } | Event::Notice(_) => false,
    }
}

fn display(event: &Event) -> String {
    let line = match event {
        Event::Said { from, text } => format!("{from}: {text}"),
        Event::Whispered { from, text } => format!("{from} whispers: {text}"),
        Event::Notice(text) => format!("* {text}"),
    };
    // No escape sequence that somebody sends reaches the terminal.
    line.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Prints a line. When nobody reads our output any more, that is a quiet end.
fn show(line: &str) {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        // Nowhere is left to say that this one could not be printed.
        Ok(()) | Err(_) => {}
    }
}

fn complain(what: &dyn fmt::Display) {
    writeln!(io::stderr(), "parlor: {what}").ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters_and_loses_nothing() {
        for length in [0, 1, MESSAGE_BYTES / 3, MESSAGE_BYTES, 5 * MESSAGE_BYTES] {
            let text = "好".repeat(length);
            let cut: Vec<_> = pieces(&text).collect();
            assert!(cut.iter().all(|piece| piece.len() <= MESSAGE_BYTES));
            assert_eq!(cut.concat(), text);
            assert_eq!(cut.len(), (3 * length).div_ceil(MESSAGE_BYTES / 3 * 3).max(1));
        }
    }

    #[test]
    fn an_escape_sequence_does_not_reach_the_terminal() {
        let event = Event::Said { from: "eve".into(), text: "\x1b[2J\u{9b}2J\rx\ty".into() };
        assert_eq!(display(&event), "eve: \u{fffd}[2J\u{fffd}2J\u{fffd}x\ty");
    }
}
