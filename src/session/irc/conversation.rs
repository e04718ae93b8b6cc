//! IRC as one of the protocols.

use std::time::{Duration, Instant};

use super::client::{Irc, Phase};
use super::farewell::farewell;
use crate::config::Limits;
#[cfg(feature = "store")]
use crate::message::{Capabilities, Event};
use crate::message::{CloseReason, ConnectionId, Found, Purpose, UserId};
#[cfg(feature = "store")]
use crate::name::RoomName;
use crate::session::conversation::Conversation;
use crate::session::{Context, Stage};
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES, Line};
use crate::wire::{Split, Splitter};

/// How long a client has to answer a `PING`.
const PONG_WITHIN: Duration = Duration::from_secs(60);

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

    /// An unterminated last line is handled like any other.
    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        if !rest.is_empty() && !self.skips_line {
            self.line(rest, context);
        }
    }

    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        farewell(self.connection, reason, context);
    }

    fn deadline(&self) -> Option<Instant> {
        let next = match &self.phase {
            Phase::Registering(registration) => registration.deadline.time(),
            Phase::Online { check } => Some(*check),
        };
        #[cfg(feature = "store")]
        let next = next.into_iter().chain(self.batch_deadline()).min();
        next
    }

    fn wake(&mut self, context: &mut Context<'_>) {
        #[cfg(feature = "store")]
        self.expire_batch(context);
        let (now, ping_after) = (context.now.instant, context.house.config.limits.ping_after);
        if self.deadline().is_some_and(|at| now < at) {
            return;
        }
        match &mut self.phase {
            Phase::Registering(registration) => registration.deadline.wake(self.connection, context),
            // Checked at intervals, so that an arriving line need not move the deadline.
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

    /// Its silence was not its own.
    fn is_read_again(&mut self, now: Instant) {
        (self.heard, self.asked) = (now, false);
    }

    fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        if let Phase::Registering(registration) = &mut self.phase {
            registration.deadline.go_on(context.now.instant);
        }
        match found {
            #[cfg(feature = "store")]
            Found::Recalled(purpose, answer) => self.recalled(*purpose, answer, context),
            #[cfg(feature = "store")]
            Found::Account(purpose, found) => self.account_found(purpose, found, context),
            Found::Checked(Purpose::Register, outcome) => self.registration_checked(outcome, context),
            Found::Checked(Purpose::Operate(name), outcome) => {
                self.oper_checked(name.as_deref(), outcome, context);
            }
            // Nothing asks for that on this wire.
            Found::Checked(Purpose::LogIn(_), _) => {}
            Found::Report(lines) => self.tell_report(&lines, context),
            Found::Reloaded(told) => self.tell_reloaded(&told, context),
        }
        if let Some(label) = label {
            self.put_label(label, context);
        }
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self, bytes: &[u8]) -> bool {
        let new = bytes.get(self.splitter.searched()..).unwrap_or_default();
        let end = new.iter().position(|&byte| byte == b'\n').map(|end| self.splitter.searched() + end);
        end.is_some_and(|end| self.needs_lock_to_finish(&bytes[..end]))
    }

    #[cfg(feature = "cluster")]
    fn needs_lock_to_finish(&self, rest: &[u8]) -> bool {
        !self.skips_line && self.changes_shared(rest)
    }

    #[cfg(feature = "cluster")]
    fn resumes_under_lock(&self) -> bool {
        self.unfinished
            .as_ref()
            .and_then(|unfinished| unfinished.pending.as_ref())
            .is_some_and(|pending| pending.work.needs_lock())
    }

    #[cfg(feature = "cluster")]
    fn needs_lock_for(&self, found: &Found) -> bool {
        self.result_changes_shared(found)
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        (self.heard, self.asked) = (context.now.instant, false);
        let end = match self.splitter.find(bytes, 0, b"\n") {
            Split::At(end) => end,
            Split::NeedMore | Split::TooLong => bytes.len(),
        };
        self.decline_line(&bytes[..end], context);
        bytes.len().min(end + 1)
    }

    #[cfg(feature = "cluster")]
    fn resumes_too_late(&mut self, context: &mut Context<'_>) {
        self.decline_work(context);
    }

    #[cfg(feature = "cluster")]
    fn found_too_late(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        if let Phase::Registering(registration) = &mut self.phase {
            registration.deadline.go_on(context.now.instant);
        }
        self.decline_result(found, context);
        if let Some(label) = label {
            self.put_label(label, context);
        }
    }

    #[cfg(feature = "store")]
    fn capabilities_changed(
        &mut self,
        offered: Capabilities,
        withheld: Capabilities,
        context: &mut Context<'_>,
    ) {
        Irc::capabilities_changed(self, offered, withheld, context);
    }

    #[cfg(feature = "store")]
    fn show(&mut self, room: &RoomName, context: &mut Context<'_>) {
        self.show_channel(room, context);
    }

    #[cfg(feature = "store")]
    fn moved(&mut self, renamed: &Event, context: &mut Context<'_>) {
        self.follow_rename(renamed, context);
    }

    #[cfg(feature = "store")]
    fn drained(&mut self, context: &mut Context<'_>) {
        self.is_read(context);
    }

    fn change_limits(&mut self, old: &Limits, new: &Limits) {
        match &mut self.phase {
            Phase::Registering(registration) => registration.deadline.shift(old, new),
            Phase::Online { check } if !self.asked => *check = self.heard + new.ping_after,
            // Waits for the client to answer the `PING`.
            Phase::Online { .. } => {}
        }
    }

    fn is_working(&self) -> bool {
        self.unfinished.as_ref().is_some_and(|unfinished| unfinished.pending.is_some())
    }

    fn go_on(&mut self, context: &mut Context<'_>) {
        self.go_on_working(context);
    }

    fn stop_work(&mut self) {
        self.unfinished = None;
    }

    fn kept_bytes(&self) -> usize {
        self.unfinished.as_ref().map_or(0, |unfinished| unfinished.kept_bytes())
    }
}
