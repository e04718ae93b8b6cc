//! The conversation at a keyboard, which outlives its connections.

mod passwords;
mod questions;
mod recalling;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::client::{Client, ClientEvent, ClientEventKind, Error, Request};
use crate::config::ClientConfig;
use crate::name::UserName;
use crate::terminal::chat::{Act, Chat};
use crate::terminal::clock::Clock;
use crate::terminal::enter::before_asking;
use crate::terminal::failure::Failure;
use crate::terminal::link::{Link, Tried};
use crate::terminal::note::{NOTES, Note};
use crate::terminal::paint::Paint;
use crate::terminal::paste::Paste;
use crate::terminal::progress::SendProgress;
use crate::terminal::prompts::{PasswordFor, Prompts};
use crate::terminal::recall::Recalls;
use crate::terminal::screen::{Screen, has_colors};
use crate::terminal::{guard, keyboard};

/// Timeout for the server to close.
const QUIT_TIMEOUT: Duration = Duration::from_secs(2);

/// The same while our lines are in flight.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Earlier lines to show in each room.
const EARLIER: usize = 20;

/// A second Ctrl-C within this time ends the program.
const TWICE: Duration = Duration::from_secs(3);

struct Talk {
    config: ClientConfig,
    chat: Arc<Mutex<Chat>>,
    link: Link,
    recalls: Recalls,
    screen: Screen,
    prompts: Prompts,
    /// A question is open: whether to send what was typed without a connection.
    is_asking: bool,
    interrupted: Option<Instant>,
    /// Pasted lines; a question is open whether to send them.
    paste: Paste,
    /// We are leaving, and wait until then at most.
    leaving: Option<Instant>,
    /// The server has closed after our goodbye, so it took everything that was in flight.
    heard_end: bool,
    progress: SendProgress,
    failure: Option<Failure>,
}

/// Runs until the person leaves.
pub(in crate::terminal) fn run(config: &ClientConfig, client: Client, name: UserName) -> Result<(), Failure> {
    let chat = Chat::new(config.wire, &client.name(), &config.rooms, &config.highlights);
    let chat = Arc::new(Mutex::new(chat));
    let (sender, notes) = mpsc::sync_channel(NOTES);
    let (given, prompts) = mpsc::sync_channel(1);
    let paint = Arc::new(Paint::new(has_colors(config.color), Clock::local()));
    let printer = keyboard::start(&chat, &paint, sender.clone(), prompts)?;
    // The terminal still has its original settings, because there is no prompt yet.
    guard::remember(printer.is_some());
    guard::watch(&sender).map_err(|error| Failure::new(1, error.to_string()))?;
    let link = Link::new(config, client, name, sender)?;
    let mut talk = Talk {
        config: config.clone(),
        chat,
        link,
        recalls: Recalls::new(config.history.unwrap_or(EARLIER), true).for_reader(),
        screen: Screen::new(paint, printer),
        prompts: Prompts::new(given),
        is_asking: false,
        interrupted: None,
        paste: Paste::default(),
        leaving: None,
        heard_end: false,
        progress: SendProgress::default(),
        failure: None,
    };
    let name = talk.chat().name().to_owned();
    talk.screen.note(&format!("You are {name}. /help shows what there is besides talking."));
    talk.come_in(&name);
    talk.link.queue.be_stoppable();
    talk.go_on(&notes);
    talk.tell_unsent();
    talk.screen.finish();
    // The reader must not block while we join it.
    drop(notes);
    guard::restore();
    talk.failure.map_or(Ok(()), Err)
}

impl Talk {
    fn go_on(&mut self, notes: &Receiver<Note>) {
        self.prompt_after(&[]);
        loop {
            let now = Instant::now();
            let due = self.do_what_is_due(now);
            let note = match due {
                None => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(due) => notes.recv_timeout(due.saturating_duration_since(now)),
            };
            let goes_on = match note {
                Ok(note) => self.handle(note),
                Err(RecvTimeoutError::Timeout) => true,
                Err(RecvTimeoutError::Disconnected) => false,
            };
            let is_over = self.leaving.is_some_and(|until| Instant::now() >= until);
            if !goes_on || is_over {
                return;
            }
        }
    }

    /// Sends, shows groups and progress, gives prompts. Returns when something is due next.
    fn do_what_is_due(&mut self, now: Instant) -> Option<Instant> {
        let late = self.recalls.expire(now);
        self.recalled(late);
        let due = self.send(now);
        let crowds = self.chat().unfold(now);
        let several = self.chat().has_several_rooms();
        crowds.iter().for_each(|shown| self.screen.show(shown, several));
        let is_sending = self.link.is_up() && !self.is_asking;
        let lines = if is_sending { self.link.queue.waiting_lines() } else { 0 };
        if self.progress.is_to_be_told(lines, now) {
            self.screen.note(&format!("{lines} lines are still to be sent"));
        }
        self.give_prompt(now);
        let others = [
            self.chat().unfolds_at(),
            self.prompts.due(),
            self.leaving,
            self.progress.due(),
            self.recalls.due(),
        ];
        others.into_iter().flatten().chain(due).min()
    }

    /// Sends what the queue allows. Returns when to call it again.
    fn send(&mut self, now: Instant) -> Option<Instant> {
        let (due, refused) = self.link.pump(now);
        for error in refused {
            self.screen.note(&error.to_string());
            self.prompts.hurry(Instant::now());
        }
        due
    }

    /// Handles a note. False ends the conversation.
    fn handle(&mut self, note: Note) -> bool {
        match note {
            Note::Typed(lines) if self.prompts.reads_password() => {
                let may_rename = self.take_password(&lines);
                self.prompt_later(may_rename);
            }
            Note::Typed(lines) => {
                self.interrupted = None;
                let acts = self.typed(&lines);
                if acts.last() == Some(&Act::Quit) {
                    return self.leave();
                }
                self.prompt_after(&acts);
            }
            Note::Pasted(lines) => {
                self.interrupted = None;
                self.pasted(&lines);
                self.prompt_after(&[]);
            }
            Note::InputEnded(result) => {
                self.failure = result.err();
                return self.leave();
            }
            Note::Interrupted if self.leaving.is_some() => return false,
            Note::Interrupted if self.stop_asking() => self.prompt_after(&[]),
            Note::Interrupted if self.interrupted.is_some_and(|at| at.elapsed() < TWICE) => {
                return self.leave();
            }
            Note::Interrupted if self.stop() => self.prompt_after(&[]),
            Note::Interrupted => {
                self.interrupted = Some(Instant::now());
                self.screen.note("Ctrl-C once more leaves");
                self.prompt_after(&[]);
            }
            Note::Garbled => {
                self.screen.note("that was not UTF-8; the line is gone");
                self.prompt_after(&[]);
            }
            Note::Continued => self.screen.resume(),
            Note::Terminated => {
                self.failure = Some(Failure::new(guard::TERMINATED, "told to end"));
                return self.leave();
            }
            Note::Heard(number, item) if self.link.is_current(number) => match item {
                Some(Ok(event)) => self.hear(event),
                item if self.leaving.is_some() => {
                    self.heard_end = item.is_none();
                    return false;
                }
                Some(Err(error)) => return self.lost(&error.to_string()),
                None => {
                    let text = format!("{} closed the connection", self.config.server);
                    return self.lost(&text);
                }
            },
            Note::Heard(..) => {}
            Note::Tried(result) => return self.tried(result),
        }
        true
    }

    fn typed(&mut self, lines: &[String]) -> Vec<Act> {
        let mut acts = Vec::new();
        for line in lines {
            // For a test of the terminal after a panic. Only debug builds have it.
            assert!(!cfg!(debug_assertions) || line != "/panic", "somebody asked for a panic");
            if self.answered_paste(line) || self.is_asking && self.answered(line) {
                continue;
            }
            let act = self.chat().typed(line);
            let Some(act) = act else { continue };
            self.act(&act);
            acts.push(act);
            if acts.last() == Some(&Act::Quit) {
                break;
            }
        }
        acts
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Tell(text) => self.screen.note(text),
            Act::Recall { room, count } => self.recall(room, *count),
            Act::Search { room, text } => self.search(room, text),
            Act::LogIn(name) => self.want_password(PasswordFor::LogIn(name.clone())),
            Act::Register(name) => self.want_password(PasswordFor::Registering(name.clone())),
            Act::Clear => self.screen.clear(),
            Act::Stop if !self.stop() => self.screen.note("nothing is being sent"),
            Act::Stop => {}
            // The caller of `typed` leaves.
            Act::Quit => {}
            Act::Send(request @ (Request::Say { .. } | Request::Whisper { .. })) => {
                self.link.push(request);
                if !self.link.is_up() {
                    self.screen.note("kept until the connection is back");
                } else if self.is_asking {
                    self.ask();
                }
            }
            // It must not queue after lines that wait for an answer.
            Act::Send(request) if self.link.is_up() && self.is_asking => {
                self.link.queue.push_urgent(vec![request.clone()]);
            }
            Act::Send(request) if self.link.is_up() => self.link.push(request),
            Act::Send(_) => self.screen.note("there is no connection; nothing was sent"),
        }
    }

    fn hear(&mut self, event: ClientEvent) {
        let now = Instant::now();
        self.link.hear(&event, now);
        if matches!(event.kind, ClientEventKind::Refused { .. } | ClientEventKind::LoggedIn { .. }) {
            self.prompts.hurry(Instant::now());
        }
        if let (ClientEventKind::Closing(_), true) = (&event.kind, self.leaving.is_some()) {
            return;
        }
        let recalled = self.recalls.hear(event, self.link.history_offer(), now);
        self.recalled(recalled);
    }

    /// We are connected: joins the rooms.
    fn come_in(&mut self, name: &str) {
        let joins = self.chat().connected(name);
        if self.config.wire == crate::wire::Wire::Irc {
            self.link.queue.push_urgent(joins);
        }
    }

    /// The connection is lost. False ends the conversation.
    fn lost(&mut self, why: &str) -> bool {
        let doubtful = self.link.lost(Instant::now());
        self.recalls.lost();
        if self.link.has_given_up() {
            self.failure = Some(Failure::new(1, why));
            return false;
        }
        self.screen.note(&format!("{why}; trying to come back"));
        if doubtful > 0 {
            self.screen.note(&format!("your last {doubtful} lines may not have been heard"));
        }
        self.link.queue.hold(true);
        true
    }

    fn tried(&mut self, result: Result<Box<Client>, Error>) -> bool {
        match self.link.tried(result, Instant::now()) {
            Tried::NotYet(None) => {}
            Tried::NotYet(Some(error)) => self.screen.note(&format!("{error}; still trying")),
            // Only the editor can hide a password.
            Tried::WantsPassword(error) if self.screen.has_editor() => {
                self.prompts.want_password(self.link.wanted_password());
                let why = before_asking(&error);
                self.screen.note(&format!("{why}; press Enter, and type the password, which is not shown"));
            }
            Tried::WantsPassword(error) | Tried::GivenUp(error) => {
                self.failure = Some(error.into());
                return false;
            }
            Tried::OtherName(name) => {
                self.screen.note(&format!("your name is still refused; trying {name}"));
            }
            Tried::Back(name) => {
                let has_history = self.link.history_offer().has_history;
                let missing = if has_history { "" } else { "; messages from the meantime are missing" };
                self.screen.note(&format!("connected again, as {name}{missing}"));
                self.come_in(&name);
                // An earlier question may already be answered.
                self.is_asking = self.link.queue.waiting_lines() > 0;
                self.link.queue.hold(self.is_asking);
                if self.is_asking {
                    self.ask();
                }
            }
        }
        true
    }

    /// Leaves. False if there is nothing to wait for.
    fn leave(&mut self) -> bool {
        if self.leaving.is_none() {
            let now = Instant::now();
            self.tell_markers();
            // Lines that were typed before go first.
            self.send(now);
            let lines = self.link.queue.lines_on_the_way();
            self.leaving = Some(now + if lines > 0 { DRAIN_TIMEOUT } else { QUIT_TIMEOUT });
            if self.link.queue.waiting_lines() > 0 && lines > 0 {
                self.screen
                    .note("leaving once the server has taken what is on its way; Ctrl-C leaves at once");
            }
        }
        self.link.quit()
    }

    /// At the end, shows how many lines were not sent.
    fn tell_unsent(&mut self) {
        let lines = self.link.queue.waiting_lines() + self.paste.clear();
        let doubtful = if self.heard_end { 0 } else { self.link.queue.lines_on_the_way() };
        match (lines, doubtful) {
            (0, 0) => {}
            (_, 0) => self.screen.note(&format!("{lines} of your lines were not sent")),
            (0, _) => self.screen.note(&format!("your last {doubtful} lines may not have been heard")),
            (..) => {
                let perhaps = format!("and perhaps {doubtful} before them");
                self.screen.note(&format!("{lines} of your lines were not sent, {perhaps}"));
            }
        }
    }

    /// Allows another line: at once, or after the answer if that changes the prompt.
    fn prompt_after(&mut self, acts: &[Act]) {
        let changes = acts.iter().any(|act| {
            matches!(act, Act::Send(Request::Nick(_) | Request::Join { .. } | Request::Part { .. }))
        });
        self.prompt_later(changes);
    }

    /// Allows another line, after the answer if that may change the prompt.
    fn prompt_later(&mut self, may_change: bool) {
        let now = Instant::now();
        let prompt = self.chat().prompt();
        self.prompts.expect(prompt, may_change && self.link.is_up(), now);
        self.give_prompt(now);
    }

    /// Shows the prompt, if it is time.
    fn give_prompt(&mut self, now: Instant) {
        let is_asking = self.is_asking || self.paste.is_asking();
        let prompt = {
            let mut chat = self.chat();
            chat.ask(is_asking);
            chat.prompt()
        };
        if self.leaving.is_none() && self.prompts.is_due(&prompt, now) {
            self.chat().prompted();
            self.prompts.give(&prompt);
        }
    }

    fn chat(&self) -> MutexGuard<'_, Chat> {
        // Valid also after a panic: each change is complete.
        self.chat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
