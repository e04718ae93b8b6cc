//! A conversation on the CrazyIt protocol.
//!
//! Two families of programs speak it. The Python ones take whatever has arrived 200 ms after a login for the
//! answer, so that must be bare and alone. The Java ones read lines, so theirs must end with a newline; they
//! are known by the newline that they send after a frame, perhaps in a packet of its own.

use std::mem;
use std::time::{Duration, Instant};

use log::{debug, info};

use super::{Context, Step};
use crate::config::Limits;
use crate::message::{CloseReason, Command, Event, EventKind, Frame, Refusal, UserId};
use crate::name::UserName;
use crate::wire::crazyit::{
    Answer, Decoded, Decoder, ParseError, Request, USER_MARK, notice_line, said_line, whispered_line,
};

/// How long nothing follows the answer to a login, unless the peer sends its next frame.
const QUIET: Duration = Duration::from_millis(500);

/// One peer's conversation.
#[derive(Debug)]
pub struct Session {
    id: UserId,
    decoder: Decoder,
    phase: Phase,
    tail: Tail,
    /// The peer ends its frames with a newline, so it reads lines and wants its answers to end with one.
    writes_lines: bool,
}

#[derive(Debug)]
enum Phase {
    /// Not logged in yet, and to be closed at this time.
    Greeting { until: Instant },
    /// In the hub, under a name.
    Online,
}

/// What the peer was sent last.
#[derive(Debug)]
enum Tail {
    /// Whole lines, or nothing.
    Lines,
    /// An answer without a newline. What comes meanwhile is held back.
    Quiet { until: Instant, held: Vec<Frame>, held_bytes: usize },
    /// An answer without a newline, some time ago.
    BareAnswer,
}

/// The bytes by which a CrazyIt client hears of `event`.
pub fn encode(event: &Event) -> Frame {
    let line = match &event.kind {
        EventKind::Said { text, .. } => said_line(&event.from, text),
        EventKind::Whispered { text } => whispered_line(&event.from, text),
    };
    line.into_bytes().into()
}

impl Session {
    /// A conversation that begins now.
    pub fn new(id: UserId, limits: &Limits, now: Instant) -> Self {
        Self {
            id,
            decoder: Decoder::new(limits.frame_bytes),
            phase: Phase::Greeting { until: now + limits.login_timeout },
            tail: Tail::Lines,
            writes_lines: false,
        }
    }

    /// Handles what stands at the beginning of `bytes`: one frame, or what is between frames.
    pub fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Step {
        match self.decoder.next(bytes) {
            Decoded::NeedMore => Step::NeedMore,
            Decoded::LineEnd => {
                if bytes.first() == Some(&b'\n') {
                    self.newline(context);
                }
                Step::Used(1)
            }
            Decoded::Frame(request, used) => {
                self.end_quiet(context);
                self.tail = Tail::Lines;
                match request {
                    Ok(request) => self.handle(request, context),
                    Err(ParseError::NameNotUtf8) => self.refuse_name(&ParseError::NameNotUtf8, context),
                    Err(why) => self.notice(&why.to_string(), context),
                }
                Step::Used(used)
            }
            Decoded::Broken(why) => Step::Close(CloseReason::Malformed(why.to_string())),
        }
    }

    /// Handles that the peer sends no more; `unfinished` says that its last frame has no end.
    pub fn finish(&mut self, unfinished: bool, context: &mut Context<'_>) {
        self.end_quiet(context);
        if unfinished {
            self.notice(&ParseError::Unfinished.to_string(), context);
        }
    }

    /// Gives the name back. Whatever is to be sent to the peer after this is its own bytes, not events.
    /// Returns the name, for the log.
    pub fn leave(&mut self, context: &mut Context<'_>) -> Option<UserName> {
        self.end_quiet(context);
        let name = context.hub.users().get(self.id).map(|user| user.name.clone());
        self.ask(Command::Leave, context).ok();
        name
    }

    /// Tells the peer why its connection ends.
    pub fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        self.notice(&reason.to_string(), context);
    }

    /// When the session wants to be woken.
    pub fn deadline(&self) -> Option<Instant> {
        let greeting = match self.phase {
            Phase::Greeting { until } => Some(until),
            Phase::Online => None,
        };
        let quiet = match self.tail {
            Tail::Quiet { until, .. } => Some(until),
            Tail::Lines | Tail::BareAnswer => None,
        };
        greeting.into_iter().chain(quiet).min()
    }

    /// Does what is due.
    pub fn wake(&mut self, context: &mut Context<'_>) -> Option<CloseReason> {
        let now = context.now.instant;
        if let Tail::Quiet { until, .. } = self.tail
            && until <= now
        {
            self.end_quiet(context);
        }
        match self.phase {
            Phase::Greeting { until } if until <= now => Some(CloseReason::LoginTimeout),
            Phase::Greeting { .. } | Phase::Online => None,
        }
    }

    /// Takes the frame of an event. Returns it when it may be sent now, and keeps it when that must wait.
    pub fn hold(&mut self, frame: Frame) -> Option<Frame> {
        match &mut self.tail {
            Tail::Lines => Some(frame),
            Tail::BareAnswer => {
                self.tail = Tail::Lines;
                Some(frame)
            }
            Tail::Quiet { held, held_bytes, .. } => {
                *held_bytes += frame.len();
                held.push(frame);
                None
            }
        }
    }

    /// How many bytes are held back.
    pub fn held_bytes(&self) -> usize {
        match self.tail {
            Tail::Quiet { held_bytes, .. } => held_bytes,
            Tail::Lines | Tail::BareAnswer => 0,
        }
    }

    /// Sends what was held back.
    fn end_quiet(&mut self, context: &mut Context<'_>) {
        if let Tail::Quiet { held, .. } = &mut self.tail {
            let held = mem::take(held);
            self.tail = Tail::BareAnswer;
            for frame in held {
                self.send(&frame, context);
            }
        }
    }

    fn newline(&mut self, context: &mut Context<'_>) {
        let answer_is_bare = match self.tail {
            Tail::Lines => false,
            Tail::Quiet { .. } | Tail::BareAnswer => !self.writes_lines,
        };
        if answer_is_bare {
            context.out.bytes(self.id, b"\n");
            self.writes_lines = true;
        }
    }

    fn handle(&mut self, request: Request<'_>, context: &mut Context<'_>) {
        let result = match request {
            Request::LogIn(name) => return self.log_in(name, context),
            Request::Say(text) => {
                let room = context.hub.lobby().clone();
                self.ask(Command::Say { room, text: text.to_owned() }, context)
            }
            Request::Whisper { to, text } => self.whisper(to, text, context),
        };
        match result {
            Ok(()) => {}
            Err(Refusal::NotLoggedIn) => {
                self.notice(&format!("{}: send {USER_MARK}name{USER_MARK}", Refusal::NotLoggedIn), context);
            }
            Err(why) => self.notice(&why.to_string(), context),
        }
    }

    fn log_in(&mut self, name: &str, context: &mut Context<'_>) {
        match self.take_name(name, context) {
            Ok(()) => self.answer(Answer::Welcome, context),
            Err(why) => self.refuse_name(&why, context),
        }
    }

    fn take_name(&mut self, name: &str, context: &mut Context<'_>) -> Result<(), Refusal> {
        let name = UserName::new(name).map_err(Refusal::NameNotAllowed)?;
        match self.phase {
            Phase::Online => self.ask(Command::Rename(name), context),
            Phase::Greeting { .. } => {
                self.ask(Command::LogIn(name.clone()), context)?;
                self.phase = Phase::Online;
                debug!("{} is {name}", context.peer);
                let lobby = context.hub.lobby().clone();
                self.ask(Command::Join(lobby), context)
            }
        }
    }

    fn whisper(&mut self, to: &str, text: &str, context: &mut Context<'_>) -> Result<(), Refusal> {
        match UserName::new(to) {
            Ok(to) => self.ask(Command::Whisper { to, text: text.to_owned() }, context),
            Err(_) if matches!(self.phase, Phase::Greeting { .. }) => Err(Refusal::NotLoggedIn),
            Err(why) => Err(Refusal::NameNotAllowed(why)),
        }
    }

    fn ask(&mut self, command: Command, context: &mut Context<'_>) -> Result<(), Refusal> {
        context.hub.handle(self.id, command, context.now, context.out)
    }

    fn refuse_name(&mut self, why: &dyn std::fmt::Display, context: &mut Context<'_>) {
        info!("{}: login refused: {why}", context.peer);
        self.answer(Answer::NameTaken, context);
    }

    fn answer(&mut self, answer: Answer, context: &mut Context<'_>) {
        context.out.bytes(self.id, answer.as_str().as_bytes());
        if self.writes_lines {
            context.out.bytes(self.id, b"\n");
        }
        let until = context.now.instant + QUIET;
        self.tail = Tail::Quiet { until, held: Vec::new(), held_bytes: 0 };
    }

    fn notice(&mut self, text: &str, context: &mut Context<'_>) {
        self.send(notice_line(text).as_bytes(), context);
    }

    fn send(&mut self, bytes: &[u8], context: &mut Context<'_>) {
        context.out.bytes(self.id, bytes);
        self.tail = Tail::Lines;
    }
}
