//! In a pipe: lines in, lines or JSON out. Ends when the server has taken everything.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::time::Instant;

use super::failure::{Failure, status};
use super::link::{Link, Tried};
use super::note::{NOTES, Note};
use super::output::{complain, show};
use super::{input, json};
use crate::client::texts::refusal;
use crate::client::{Client, ClientEvent, ClientEventKind, Error, Request};
use crate::config::ClientConfig;
use crate::name::{RoomName, UserName};
use crate::terminal::display;
use crate::terminal::recall::{Recalled, Recalls, Why};
use crate::terminal::typed::piped;
use crate::wire::Wire;

/// Queued messages above which no more input is read.
const WAITING: usize = 256;

struct Pipe<'a> {
    config: &'a ClientConfig,
    link: Link,
    recalls: Recalls,
    /// Lets the input thread read a batch.
    credits: SyncSender<()>,
    /// A batch is being read, or the input is not used.
    is_reading: bool,
    input_ended: bool,
    /// The server has taken everything, and our side has ended.
    is_closing: bool,
    /// Number of lines read.
    lines: u64,
    /// The error of the input.
    failure: Option<Failure>,
    /// What the server refused.
    refused: Refused,
}

/// What the server refused.
#[derive(Debug, Default)]
struct Refused {
    /// Number of refused lines.
    lines: u64,
    /// The last line that was counted, if the server labels refusals.
    last: Option<u64>,
    /// The subject of the first other refusal.
    other: Option<Option<String>>,
}

/// Numerics that refuse a `JOIN` and never a line.
const JOIN_REFUSALS: [&str; 13] =
    ["405", "443", "470", "471", "473", "474", "475", "476", "479", "480", "489", "519", "520"];

impl Refused {
    /// Counts a refusal. `line` is the refused line, if the server labels refusals.
    fn count(&mut self, code: &str, about: Option<&str>, line: Option<u64>) {
        if line.is_none() && JOIN_REFUSALS.contains(&code) {
            self.other.get_or_insert_with(|| about.map(str::to_owned));
        } else if line.is_none() || line != self.last {
            self.last = line;
            self.lines += 1;
        }
    }

    fn failure(&self, lines: u64) -> Option<Failure> {
        let refused = self.lines.min(lines);
        let message = match &self.other {
            _ if refused > 0 => format!("the server refused {refused} of {lines} lines"),
            Some(Some(about)) => format!("the server declined something about {about}"),
            Some(None) => "the server declined something".to_owned(),
            None if self.lines > 0 => "the server declined something".to_owned(),
            None => return None,
        };
        Some(Failure::new(3, message))
    }
}

/// Runs until the server has taken the whole input, or the connection is lost for good.
pub(super) fn run(config: &ClientConfig, client: Client, name: UserName) -> Result<(), Failure> {
    let (sender, notes) = mpsc::sync_channel(NOTES);
    let (credits, granted) = mpsc::sync_channel(1);
    let link = Link::new(config, client, name, sender.clone())?;
    // Only on request, because programs may read the output.
    let earlier = config.history.unwrap_or_default();
    let mut pipe = Pipe {
        config,
        link,
        recalls: Recalls::new(earlier, earlier > 0),
        credits,
        is_reading: config.watch,
        input_ended: config.once.is_some(),
        is_closing: false,
        lines: 0,
        failure: None,
        refused: Refused::default(),
    };
    pipe.join();
    match &config.once {
        Some(text) => pipe.take_lines(text.lines().map(str::to_owned).collect()),
        None if config.watch => {}
        None => input::start(sender, granted)?,
    }
    let result = pipe.go_on(&notes);
    // The reader must not block while we join it.
    drop(notes);
    let failure = pipe.failure.or_else(|| pipe.refused.failure(pipe.lines));
    match (result, failure) {
        (result, None) => result,
        (Ok(()), Some(failure)) => Err(failure),
        // The number of lines taken comes last, because it tells what to send again.
        (Err(unfinished), Some(failure)) => {
            complain(&failure);
            Err(unfinished)
        }
    }
}

impl Pipe<'_> {
    fn go_on(&mut self, notes: &Receiver<Note>) -> Result<(), Failure> {
        loop {
            let late = self.recalls.expire(Instant::now());
            self.recalled(late);
            let (due, refused) = self.link.pump(Instant::now());
            refused.iter().for_each(|error| self.refuse(error));
            self.read_on();
            let has_more = !self.input_ended || !self.link.queue.is_empty() || self.recalls.is_waiting();
            if !has_more && self.link.is_up() && !self.is_closing {
                self.is_closing = true;
                self.link.finish();
            }
            let note = match due.into_iter().chain(self.recalls.due()).min() {
                None => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => notes.recv_timeout(due.saturating_duration_since(Instant::now())),
            };
            match note {
                Ok(note) => {
                    if let Some(end) = self.handle(note) {
                        return end;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(1, "the reader ended before its time"));
                }
            }
        }
    }

    fn handle(&mut self, note: Note) -> Option<Result<(), Failure>> {
        match note {
            Note::Typed(lines) => self.take_lines(lines),
            Note::InputEnded(result) => {
                self.input_ended = true;
                self.link.queue.end();
                self.failure = result.err().or(self.failure.take());
            }
            Note::Heard(number, item) if self.link.is_current(number) => match item {
                Some(Ok(event)) => self.hear(event),
                Some(Err(error)) => return self.lost(&error),
                None if self.is_closing => return Some(Ok(())),
                None => return self.lost(&self.unexpected_end()),
            },
            Note::Tried(result) => match self.link.tried(result, Instant::now()) {
                Tried::Back(_) => self.join(),
                Tried::OtherName(name) => complain(&format_args!("the name is still refused; trying {name}")),
                Tried::NotYet(error) => error.iter().for_each(|error| complain(error)),
                Tried::WantsPassword(error) | Tried::GivenUp(error) => {
                    return Some(Err(self.unfinished(&error, 0)));
                }
            },
            // A pipe gets none of these.
            Note::Heard(..)
            | Note::Pasted(_)
            | Note::Garbled
            | Note::Interrupted
            | Note::Terminated
            | Note::Continued => {}
        }
        None
    }

    /// Joins the rooms.
    fn join(&mut self) {
        let join = |room: &RoomName| Request::Join { room: room.to_string(), key: None };
        self.link.queue.push_urgent(self.config.rooms.iter().map(join).collect());
    }

    /// Reads more input if the queue has room.
    fn read_on(&mut self) {
        if !self.is_reading && !self.input_ended && self.link.queue.waiting() < WAITING {
            // The input thread only ends after its last note.
            self.credits.send(()).ok();
            self.is_reading = true;
        }
    }

    fn take_lines(&mut self, lines: Vec<String>) {
        self.is_reading = false;
        self.lines += lines.len() as u64;
        let room = self.config.rooms.first().filter(|_| self.config.wire == Wire::Irc);
        for line in lines {
            self.link.push(&piped(&line, room.map(RoomName::as_str)));
        }
        if self.input_ended {
            self.link.queue.end();
        }
    }

    fn refuse(&mut self, error: &Error) {
        complain(error);
        self.failure = Some(Failure::new(2, "some lines were not sent"));
    }

    fn hear(&mut self, event: ClientEvent) {
        let now = Instant::now();
        if let ClientEventKind::Refused { command, code, about, .. } = &event.kind
            && command.as_deref() != Some("CHATHISTORY")
        {
            let line = event.answers.and_then(|mark| self.link.queue.line(mark));
            self.refused.count(code, about.as_deref(), line);
        }
        self.link.hear(&event, now);
        let recalled = self.recalls.hear(event, self.link.history_offer(), now);
        self.recalled(recalled);
    }

    /// Prints what is recalled, and sends what it takes.
    fn recalled(&mut self, recalled: Vec<Recalled>) {
        for one in recalled {
            match one {
                Recalled::Live(event) => self.print(&event, false),
                Recalled::Past(past) => {
                    if past.why == Why::Missed && past.is_cut {
                        complain(&format_args!("{}: more was missed than the server sends", past.room));
                    }
                    past.lines.iter().for_each(|event| self.print(event, true));
                }
                Recalled::NoAnswer(room) => {
                    let room = room.unwrap_or_default();
                    complain(&format_args!("{room}: the server does not send what was said before"));
                }
            }
        }
        self.link.queue.push_urgent(self.recalls.take_requests());
    }

    fn print(&self, event: &ClientEvent, is_history: bool) {
        let line = match &event.kind {
            _ if self.config.json => json::line(event, is_history),
            // Errors go to standard error.
            ClientEventKind::Refused { about, text, .. } => {
                complain(&refusal(about.as_deref(), text));
                None
            }
            _ => display::line(event, self.config.rooms.len() > 1),
        };
        line.iter().for_each(|line| show(line));
    }

    /// Handles the loss of the connection. Retries if no line can be said twice.
    fn lost(&mut self, error: &Error) -> Option<Result<(), Failure>> {
        let doubtful = self.link.lost(Instant::now());
        self.recalls.lost();
        if self.input_ended && self.link.queue.is_empty() {
            return Some(Ok(()));
        }
        if self.link.has_given_up() || doubtful > 0 {
            return Some(Err(self.unfinished(error, doubtful)));
        }
        complain(&format_args!("{error}; trying again"));
        None
    }

    fn unexpected_end(&self) -> Error {
        let error = std::io::ErrorKind::UnexpectedEof.into();
        Error::Lost { server: self.config.server.clone(), step: crate::client::Step::Talking, error }
    }

    /// Why it ends early, and how many lines were taken.
    fn unfinished(&self, error: &Error, doubtful: usize) -> Failure {
        let taken = self.link.queue.taken_lines();
        let perhaps = if doubtful > 0 { format!(", and perhaps {doubtful} more") } else { String::new() };
        let message = match self.lines {
            0 => error.to_string(),
            lines => format!("{error}; {taken} of {lines} lines were taken{perhaps}"),
        };
        Failure::new(status(error), message)
    }
}
