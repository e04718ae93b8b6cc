//! A conversation on IRC (modern.ircdocs.horse, IRCv3; RFC 1459 and 2812 where those are silent): lines in, and
//! through one table of commands, to handlers in files by theme.

mod bans;
mod commands;
mod encode;
mod help;
mod isupport;
mod labels;
mod link;
mod list;
mod messages;
mod mode_letters;
mod modes;
mod names;
mod operators;
mod people;
mod registration;
mod reply;
mod rooms;
mod server;
mod stats;
mod who;
mod work;

pub(super) use commands::is_command;
pub(super) use encode::{encode, relevant};

use std::time::{Duration, Instant};

use super::{Context, Conversation, Stage, shift};
use crate::config::Limits;
use crate::message::{
    Capabilities, CloseReason, ConnectionId, Dialect, Effect, Effects, Found, Purpose, UserId,
};
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES, Line, Message, Tags, numeric, without_line_end};
use crate::wire::{Split, Splitter};
use registration::Registration;
use work::Pending;

/// How long a client that is asked for a sign of life has to give one.
const PONG_WITHIN: Duration = Duration::from_secs(60);

/// One peer's conversation.
#[derive(Debug)]
pub(super) struct Irc {
    connection: ConnectionId,
    /// Whom it belongs to: nobody before registration.
    user: UserId,
    splitter: Splitter,
    /// The rest of a line that was too long, up to its end, is not looked at.
    skips_line: bool,
    capabilities: Capabilities,
    /// Cannot give up `cap-notify`, which comes with version 302.
    keeps_cap_notify: bool,
    phase: Phase,
    /// When the client was last heard of.
    heard: Instant,
    /// Has been asked for a sign of life since.
    asked: bool,
    /// A command that goes on in the next turn. Few connections have one, and a pointer is a third of its size.
    pending: Option<Box<Pending>>,
}

#[derive(Debug)]
enum Phase {
    /// Not logged in yet.
    Registering(Box<Registration>),
    /// In the hub, under a name; whether it is still there is looked at this time.
    Online { check: Instant },
}

/// Tells a peer why its connection ends. A ban has a code, from which programs learn not to come back.
pub(super) fn farewell(to: ConnectionId, reason: &CloseReason, context: &mut Context<'_>) {
    let text = reason.to_string();
    if matches!(reason, CloseReason::Banned { .. }) {
        context.out.write(to, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&context.house.name);
            line.command(numeric::ERR_YOUREBANNEDCREEP);
            line.param("*");
            line.trailing(&text);
            line.end();
        });
    }
    error_line(to, &text, context.out);
}

/// The farewell of a server (RFC 2812 §3.7.4).
pub(super) fn error_line(to: ConnectionId, reason: &str, out: &mut Effects) {
    out.write(to, |bytes| {
        let mut line = Line::begin(bytes);
        line.command("ERROR");
        line.trailing(&format!("Closing link: {reason}"));
        line.end();
    });
}

impl Conversation for Irc {
    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn owner(&self) -> UserId {
        self.user
    }

    fn set_owner(&mut self, user: UserId, context: &Context<'_>) {
        self.user = user;
        if user != UserId::NOBODY {
            self.phase =
                Phase::Online { check: context.now.instant + context.house.config.limits.ping_after };
        }
    }

    fn online(&self) -> Stage {
        Stage::Irc
    }

    fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        (self.heard, self.asked) = (context.now.instant, false);
        if self.skips_line {
            let end = bytes.iter().position(|&byte| byte == b'\n');
            self.skips_line = end.is_none();
            return Some(end.map_or(bytes.len(), |end| end + 1));
        }
        match self.splitter.find(bytes, 0, b"\n") {
            Split::NeedMore => None,
            Split::At(end) => {
                self.line(&bytes[..end], context);
                Some(end + 1)
            }
            Split::TooLong => {
                self.too_long(context);
                self.splitter = Splitter::new(CLIENT_TAGS_BYTES + LINE_BYTES);
                self.skips_line = true;
                Some(0)
            }
        }
    }

    /// A last line without its end is handled like any other.
    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        if !rest.is_empty() && !self.skips_line {
            self.line(rest, context);
        }
    }

    fn leave(&mut self, _: &mut Context<'_>) {
        self.stop_work();
    }

    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        farewell(self.connection, reason, context);
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Registering(registration) => Some(registration.until),
            Phase::Online { check } => Some(*check),
        }
    }

    fn wake(&mut self, context: &mut Context<'_>) {
        let (now, ping_after) = (context.now.instant, context.house.config.limits.ping_after);
        if self.deadline().is_some_and(|at| now < at) {
            return;
        }
        match &mut self.phase {
            Phase::Registering(_) => {
                let timeout = context.house.config.limits.login_timeout;
                context.out.close(self.connection, CloseReason::LoginTimeout(timeout));
            }
            // Looked at now and then, so that nothing is to be done whenever a line arrives.
            Phase::Online { check } if now < self.heard + ping_after => *check = self.heard + ping_after,
            Phase::Online { check } if !self.asked => {
                (*check, self.asked) = (now + PONG_WITHIN, true);
                let name = &context.house.name;
                context.out.write(self.connection, |bytes| {
                    let mut line = Line::begin(bytes);
                    line.command("PING");
                    line.trailing(name);
                    line.end();
                });
            }
            Phase::Online { .. } => {
                let silence = now.duration_since(self.heard);
                context.out.close(self.connection, CloseReason::PingTimeout(silence));
            }
        }
    }

    fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        match found {
            Found::Checked(Purpose::Register, outcome) => self.registration_checked(outcome, context),
            Found::Checked(Purpose::Operate(name), outcome) => {
                self.oper_checked(name.as_deref(), outcome, context);
            }
            // On this wire nobody asks for that.
            Found::Checked(Purpose::LogIn(_), _) => {}
            Found::Report(lines) => self.tell_report(&lines, context),
            Found::Reloaded(told) => self.tell_reloaded(&told, context),
        }
        if let Some(label) = label {
            self.put_label(label, context);
        }
    }

    fn change_limits(&mut self, old: &Limits, new: &Limits) {
        match &mut self.phase {
            Phase::Registering(registration) => shift(&mut registration.until, old, new),
            Phase::Online { check } if !self.asked => *check = self.heard + new.ping_after,
            // It has its time to answer.
            Phase::Online { .. } => {}
        }
    }

    fn is_working(&self) -> bool {
        self.pending.is_some()
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        self.go_on_working(context);
    }

    fn stop_work(&mut self) {
        self.pending = None;
    }

    fn kept_bytes(&self) -> usize {
        if self.is_working() { work::KEPT_BYTES } else { 0 }
    }
}

impl Irc {
    /// A conversation that begins, and ends at `until` unless the peer logs in.
    pub(super) fn open(connection: ConnectionId, until: Instant, context: &mut Context<'_>) -> Self {
        let irc = Self::new(connection, until);
        irc.hear(context);
        irc
    }

    /// From now on the client hears of events as one with its capabilities.
    fn hear(&self, context: &mut Context<'_>) {
        context.out.push(Effect::Hear(self.connection, Dialect::Irc(self.capabilities)));
    }

    fn new(connection: ConnectionId, until: Instant) -> Self {
        Self {
            connection,
            user: UserId::NOBODY,
            splitter: Splitter::new(CLIENT_TAGS_BYTES + LINE_BYTES),
            skips_line: false,
            capabilities: Capabilities::default(),
            keeps_cap_notify: false,
            phase: Phase::Registering(Box::new(Registration::new(until))),
            heard: until,
            asked: false,
            pending: None,
        }
    }

    fn line(&mut self, line: &[u8], context: &mut Context<'_>) {
        let line = &*without_line_end(line);
        match tags_length(line) {
            Some(tags) if tags > CLIENT_TAGS_BYTES || line.len() - tags > LINE_BYTES - 2 => {
                return self.too_long(context);
            }
            Some(_) => {}
            None if line.len() >= CLIENT_TAGS_BYTES => return self.too_long(context),
            None => return,
        }
        match std::str::from_utf8(line) {
            // An empty line is no mistake (RFC 2812 §2.3.1).
            Ok(text) => {
                if let Ok(message) = Message::decode(text) {
                    self.command(&message, context);
                }
            }
            Err(_) => self.not_utf8(line, context),
        }
    }

    fn too_long(&mut self, context: &mut Context<'_>) {
        let text = format!(
            "Input line was too long: at most {LINE_BYTES} bytes, and {CLIENT_TAGS_BYTES} of tags before them"
        );
        self.say(numeric::ERR_INPUTTOOLONG, &text, context);
    }

    /// The server takes UTF-8 only (IRCv3 `utf8-only`). A command that would be done without its text as well is done
    /// with what can be read of that.
    fn not_utf8(&mut self, line: &[u8], context: &mut Context<'_>) {
        let text = String::from_utf8_lossy(line);
        let Ok(message) = Message::decode(&text) else { return };
        if commands::is_readable(&message) {
            return self.labelled(&message, context, |irc, context| {
                irc.fail_utf8(
                    message.command,
                    "Done with some bytes replaced: this server takes UTF-8 only",
                    context,
                );
                irc.unlabelled(&message, context);
            });
        }
        let label = Message { tags: Tags(message.tags.0), source: None, command: "", params: Vec::new() };
        // A command that cannot be read has no name.
        let is_readable = !message.command.contains(char::REPLACEMENT_CHARACTER);
        let command = if is_readable { message.command } else { "*" };
        self.labelled(&label, context, |irc, context| {
            irc.fail_utf8(command, "Message rejected: this server takes UTF-8 only", context);
        });
    }

    /// Clients get this one whether or not they know `standard-replies` (`utf8-only`).
    fn fail_utf8(&self, command: &str, text: &str, context: &mut Context<'_>) {
        self.send("FAIL", context, |line| {
            line.param(command);
            line.param("INVALID_UTF8");
            line.trailing(text);
        });
    }
}

/// How many of a line's bytes are tags, `@` and the space behind them included. `None` where a line has nothing but
/// tags.
fn tags_length(line: &[u8]) -> Option<usize> {
    if line.first() != Some(&b'@') {
        return Some(0);
    }
    line.iter().position(|&byte| byte == b' ').map(|space| space + 1)
}
