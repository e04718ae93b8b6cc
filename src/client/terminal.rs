//! The program `parlor`: the main thread reads the keyboard, or a pipe, and one reader thread prints what comes.

use std::fmt;
use std::io::{self, BufRead, ErrorKind, IsTerminal, Read, Write};
use std::process;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use super::display::{Display, printable, refusal};
use super::input::{HELP, Input, piped, typed};
use super::{Client, Error, EventKind, Events, Speaker, Step};
use crate::config::ClientConfig;
use crate::name::UserName;

/// After `/quit`, or after the connection failed, how long to wait for the server's last words.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// Longest line of the input, in bytes: more than anybody types, and little enough to be kept.
const INPUT_BYTES: usize = 1024 * 1024;

/// Why the program ends other than well.
#[derive(Debug)]
pub struct Failure {
    message: String,
    /// The exit status: 1 the connection failed, 2 the input was wrong, 3 the server declined.
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
            Error::Lookup { .. }
            | Error::Connect { .. }
            | Error::NoThread(_)
            | Error::Lost { .. }
            | Error::NoAnswer { .. }
            | Error::Unavailable { .. } => 1,
            Error::Mark(_) | Error::NoRoom | Error::NoWords { .. } => 2,
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
    let Some(client) = enter(config, interactive, ask_name)? else { return Ok(()) };
    if interactive {
        show(&format!("You are {}. /help shows what there is besides talking.", client.name()));
    }
    let (mut speaker, events) = client.split()?;
    config.rooms.iter().try_for_each(|room| speaker.join(room))?;
    let display = Display { interactive, names_rooms: config.rooms.len() > 1 };
    let heard = listen(events, display)?;
    let said = if interactive { read_keyboard(speaker) } else { read_pipe(speaker) };
    let patience = patience(&said, interactive);
    outcome(said, &heard, patience)
}

/// Prints what comes, on a thread of its own, which tells how it ended.
fn listen(events: Events, display: Display) -> Result<Receiver<Result<(), Failure>>, Failure> {
    let (ended, end) = mpsc::channel();
    let reader = thread::Builder::new().name("parlor-reader".into()).spawn(move || {
        ended.send(print_events(events, display)).ok();
    });
    reader.map(|_| end).map_err(|error| Failure { message: error.to_string(), status: 1 })
}

/// How long to wait for the server's end once there is nothing more to say. A pipe waits as long as it takes, if the
/// server has taken what was said; others do not wait long.
fn patience(said: &Result<(), Failure>, interactive: bool) -> Option<Duration> {
    let is_connected = said.as_ref().err().is_none_or(|failure| failure.status != 1);
    (interactive || !is_connected).then_some(QUIT_TIMEOUT)
}

/// What becomes of the program.
fn outcome(
    said: Result<(), Failure>,
    heard: &Receiver<Result<(), Failure>>,
    patience: Option<Duration>,
) -> Result<(), Failure> {
    let heard = match patience {
        Some(patience) => heard.recv_timeout(patience),
        None => heard.recv().map_err(|_| RecvTimeoutError::Disconnected),
    };
    match heard {
        Ok(heard) => said.and(heard),
        Err(RecvTimeoutError::Timeout) => said,
        Err(RecvTimeoutError::Disconnected) => {
            said.and(Err(Failure { message: "the reader ended before its time".to_owned(), status: 1 }))
        }
    }
}

/// Connects and logs in; where there is somebody to ask, `ask` tells the name that is missing, or another for one that
/// is refused. `None` when they leave instead. Nobody is asked while a server waits: it would lose its patience.
fn enter(
    config: &ClientConfig,
    interactive: bool,
    mut ask: impl FnMut() -> Result<Option<UserName>, Failure>,
) -> Result<Option<Client>, Failure> {
    let mut name = config.name.clone();
    loop {
        let Some(wanted) = name.take().map_or_else(&mut ask, |name| Ok(Some(name)))? else {
            return Ok(None);
        };
        let mut client = Client::connect(&config.server, config.wire)?;
        match client.login(&wanted, config.password.as_deref()) {
            Ok(()) => return Ok(Some(client)),
            Err(error @ Error::NameRefused { .. }) if interactive => show(&error.to_string()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn ask_name() -> Result<Option<UserName>, Failure> {
    loop {
        let mut out = io::stdout();
        out.write_all(b"Your name: ").and_then(|()| out.flush()).ok();
        let Some(line) = read_line(&mut io::stdin().lock())? else {
            // Whatever follows does not stand behind the question.
            show("");
            return Ok(None);
        };
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
            said @ (Input::Say(_) | Input::Act(_) | Input::Whisper { .. }) => {
                match send(&mut speaker, said) {
                    Err(error @ Error::Mark(_)) => show(&error.to_string()),
                    result => result?,
                }
            }
        }
    }
    Ok(speaker.quit()?)
}

fn read_pipe(mut speaker: Speaker) -> Result<(), Failure> {
    match say_lines(&mut speaker) {
        // A server that does not take what is sent will not take a goodbye either.
        Err(failure) if failure.status == 1 => Err(failure),
        said => said.and(speaker.finish().map_err(Failure::from)),
    }
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

/// The next line without its end; `None` at the end of the input. What is no text, such as `/dev/zero`, has lines
/// without an end.
fn read_line(input: &mut impl BufRead) -> Result<Option<String>, Failure> {
    let mut line = Vec::new();
    match input.take(INPUT_BYTES as u64 + 1).read_until(b'\n', &mut line) {
        Ok(0) => Ok(None),
        Ok(_) if line.len() > INPUT_BYTES => {
            let message = format!("standard input: a line has at most {INPUT_BYTES} bytes");
            Err(Failure { message, status: 2 })
        }
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
        Input::Say(text) => speaker.say(text),
        Input::Act(text) => speaker.act(text),
        Input::Whisper { to, text } => speaker.whisper(to, text),
        Input::Nothing | Input::Help | Input::Quit | Input::Wrong(_) => Ok(()),
    }
}

/// Prints what comes until the server closes. A connection that ends before we do ends the program: the main
/// thread may wait at the keyboard for ever.
fn print_events(events: Events, display: Display) -> Result<(), Failure> {
    let mut declined = Ok(());
    for event in events {
        match event {
            Ok(event) => match &event.kind {
                // In a pipe nobody sees that their lines go nowhere.
                EventKind::Refused { about: Some(room), text, .. }
                    if !display.interactive && room.starts_with('#') =>
                {
                    complain(&printable(&refusal(Some(room), text)));
                    let message = format!("the server declined something about {}", printable(room));
                    declined = Err(Failure { message, status: 3 });
                }
                _ => display.line(&event).iter().for_each(|line| show(line)),
            },
            Err(error @ Error::Lost { step: Step::Closing, .. }) => return Err(error.into()),
            Err(error) => {
                complain(&error);
                process::exit(1);
            }
        }
    }
    declined
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
    use std::io::BufReader;
    use std::net::TcpListener;

    use super::*;
    use crate::address::Address;
    use crate::wire::Wire;

    fn failure(status: u8) -> Failure {
        Failure { message: String::new(), status }
    }

    fn status(result: Result<(), Failure>) -> u8 {
        result.err().map_or(0, |failure| failure.status)
    }

    #[test]
    fn what_failed_is_told_although_the_server_never_closes() {
        // The reader still waits: its end of the channel is there, and silent.
        let (_reader, heard) = mpsc::channel();
        assert_eq!(status(outcome(Err(failure(1)), &heard, Some(Duration::ZERO))), 1);
        assert_eq!(status(outcome(Ok(()), &heard, Some(Duration::ZERO))), 0);
    }

    #[test]
    fn a_pipe_waits_for_a_server_that_takes_what_is_sent_and_for_no_other() {
        assert_eq!(patience(&Ok(()), false), None);
        assert_eq!(patience(&Err(failure(2)), false), None);
        assert_eq!(patience(&Err(failure(1)), false), Some(QUIT_TIMEOUT));
        assert_eq!(patience(&Ok(()), true), Some(QUIT_TIMEOUT));
    }

    #[test]
    fn a_pipe_ends_as_its_listener_does_unless_a_line_was_wrong() {
        for (said, heard_of, expected) in [
            (Ok(()), Ok(()), 0),
            (Ok(()), Err(failure(1)), 1),
            (Err(failure(2)), Ok(()), 2),
            (Err(failure(2)), Err(failure(3)), 2),
        ] {
            let (reader, heard) = mpsc::channel();
            reader.send(heard_of).unwrap();
            assert_eq!(status(outcome(said, &heard, None)), expected);
        }
    }

    fn at(port: u16, name: Option<&str>) -> ClientConfig {
        ClientConfig {
            server: Address::Tcp { host: "127.0.0.1".into(), port },
            name: name.map(|name| UserName::new(name).unwrap()),
            wire: Wire::Irc,
            rooms: Vec::new(),
            password: None,
        }
    }

    #[test]
    fn a_line_of_input_without_an_end_is_an_error_and_not_kept_whole() {
        let mut zeros = BufReader::new(io::repeat(0));
        assert_eq!(status(read_line(&mut zeros).map(|_| ())), 2);
        let longest = "x".repeat(INPUT_BYTES - 1);
        let mut input = io::Cursor::new(format!("{longest}\r\n{longest}\nlast"));
        assert_eq!(status(read_line(&mut input).map(|_| ())), 2);
        let mut input = io::Cursor::new(format!("{longest}\nlast"));
        for line in [Some(longest.as_str()), Some("last"), None] {
            assert_eq!(read_line(&mut input).ok().flatten().as_deref(), line);
        }
    }

    #[test]
    fn no_server_is_bothered_before_there_is_a_name() {
        // Nobody listens at port 0.
        assert!(enter(&at(0, None), true, || Ok(None)).is_ok_and(|client| client.is_none()));
    }

    #[test]
    fn whoever_thinks_of_another_name_for_longer_than_the_server_waits_gets_in() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let config = at(listener.local_addr().unwrap().port(), Some("alice"));
        let server = thread::spawn(move || {
            for answer in [":s 433 * alice :In use\r\n", ":s 001 bob :Welcome\r\n"] {
                let mut peer = BufReader::new(listener.accept().unwrap().0);
                let mut line = String::new();
                while !line.starts_with("USER") {
                    line.clear();
                    peer.read_line(&mut line).unwrap();
                }
                // And then the server closes.
                peer.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        let client = enter(&config, true, || Ok(Some(UserName::new("bob").unwrap())));
        assert!(client.is_ok_and(|client| client.is_some_and(|client| client.name() == "bob")));
        server.join().unwrap();
    }
}
