//! A conversation on the CrazyIt protocol.
//!
//! Two kinds of clients speak it. The Python clients take everything that arrives within 200 ms of a login for the
//! answer, so the answer must come without a newline and with nothing else. The Java clients read lines, so their
//! answer must end with a newline. The server recognizes them by the newline that they send after a frame, perhaps in
//! a separate packet.

#[cfg(feature = "store")]
mod accounts;
#[cfg(feature = "store")]
mod catching_up;
mod encode;
#[cfg(feature = "upgrade")]
mod handover;
#[cfg(feature = "store")]
mod later;
#[cfg(feature = "cluster")]
mod sharing;
#[cfg(feature = "store")]
mod visits;

pub(super) use encode::encode;

#[cfg(feature = "store")]
use later::Later;
use std::fmt;
use std::mem;
use std::time::{Duration, Instant};

use log::Level;

use super::context::Context;
use super::conversation::Conversation;
use super::logins::{Deadline, NO_PASSWORD, log_login, log_not_checked, log_wrong_password};
#[cfg(feature = "store")]
use super::services::{self, Service};
use super::stage::Stage;
use crate::config::Limits;
#[cfg(feature = "store")]
use crate::message::AccountPurpose;
use crate::message::{
    Check, CloseReason, Command, ConnectionId, Effect, Errand, Found, Outcome, Profile, Purpose, Rank,
    Refusal, Speech, UserId,
};
use crate::name::UserName;
use crate::secret::Guess;
use crate::wire::crazyit::{
    Answer, Decoded, Decoder, ParseError, Request, SPLIT_SIGN, USER_MARK, notice_line,
};

/// Minimum silence after the answer to a login, unless the peer sends its next frame earlier.
const QUIET: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct CrazyIt {
    connection: ConnectionId,
    /// The user; nobody before login.
    user: UserId,
    decoder: Decoder,
    phase: Phase,
    /// A login was answered, and the peer has sent no frame since.
    was_answered: bool,
    /// The peer ends its frames with a newline, so its answers must end with one too.
    writes_lines: bool,
    /// Lines that wait. Boxed because few peers have some.
    #[cfg(feature = "store")]
    later: Option<Box<Later>>,
}

/// Boxed because few connections have not logged in, and there are many. In the smallest program, a box takes more.
#[cfg(feature = "store")]
type HeldDeadline = Box<Deadline>;
#[cfg(not(feature = "store"))]
type HeldDeadline = Deadline;

#[derive(Debug)]
enum Phase {
    /// Not logged in; the connection closes at this time.
    Greeting(HeldDeadline),
    /// Logged in.
    Online,
}

impl Phase {
    #[cfg(feature = "store")]
    fn greeting(deadline: Deadline) -> Self {
        Self::Greeting(Box::new(deadline))
    }

    #[cfg(not(feature = "store"))]
    fn greeting(deadline: Deadline) -> Self {
        Self::Greeting(deadline)
    }
}

/// True for the first byte of a mark.
pub(super) fn could_begin_with(byte: u8) -> bool {
    matches!(Decoder::new(usize::MAX).next(&[byte]), Decoded::NeedMore)
}

impl Conversation for CrazyIt {
    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn owner(&self) -> UserId {
        self.user
    }

    fn set_owner(&mut self, user: UserId, _: &Context<'_>) {
        self.user = user;
        if user != UserId::NOBODY {
            self.phase = Phase::Online;
        }
    }

    fn online(&self) -> Stage {
        Stage::CrazyIt
    }

    fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        match self.decoder.next(bytes) {
            Decoded::NeedMore => None,
            Decoded::LineEnd => {
                if bytes.first() == Some(&b'\n') {
                    self.newline(context);
                }
                Some(1)
            }
            Decoded::Frame(request, used) => {
                self.end_quiet(context);
                match request {
                    Ok(request) => self.handle(request, context),
                    Err(ParseError::NameNotUtf8) => self.refuse_name(&ParseError::NameNotUtf8, context),
                    Err(why) => self.notice(&why.to_string(), context),
                }
                Some(used)
            }
            Decoded::Broken(why) => {
                context.out.close(self.connection, CloseReason::Malformed(why.to_string()));
                Some(bytes.len())
            }
        }
    }

    fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        self.end_quiet(context);
        #[cfg(feature = "store")]
        self.tell_hint_now(context);
        if !rest.is_empty() {
            self.notice(&ParseError::Unfinished.to_string(), context);
        }
    }

    fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        #[cfg(feature = "store")]
        self.tell_hint_now(context);
        self.notice(&reason.to_string(), context);
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Greeting(deadline) => deadline.time(),
            #[cfg(feature = "store")]
            Phase::Online => self.returning().and_then(|returning| returning.begins),
            #[cfg(not(feature = "store"))]
            Phase::Online => None,
        }
    }

    fn wake(&mut self, context: &mut Context<'_>) {
        #[cfg(feature = "store")]
        if self.deadline().is_some_and(|at| at <= context.now.instant) {
            self.begin_to_return(context);
        }
        if let Phase::Greeting(deadline) = &self.phase {
            deadline.wake(self.connection, context);
        }
    }

    fn found(&mut self, found: Found, _: Option<&str>, context: &mut Context<'_>) {
        if let Phase::Greeting(deadline) = &mut self.phase {
            deadline.go_on(context.now.instant);
        }
        let place = format_args!("CrazyIt login");
        let (name, outcome) = match found {
            Found::Checked(Purpose::LogIn(name), outcome) => (name, outcome),
            #[cfg(feature = "store")]
            Found::Account(AccountPurpose::LogIn { device }, found) => {
                return self.account_found(device, found, context);
            }
            #[cfg(feature = "store")]
            Found::Account(AccountPurpose::Service(step), found) => {
                return services::found(step, found, self, context);
            }
            #[cfg(feature = "store")]
            Found::Recalled(_, answer) => return self.missed_recalled(answer, context),
            // Nothing else is asked on this wire.
            _ => return,
        };
        match outcome {
            Outcome::Right => {
                let result = self.enter(name, context);
                self.answer_login(result, context);
            }
            Outcome::Wrong => {
                log_wrong_password(context, place);
                self.answer(Answer::NameTaken, context);
            }
            // This wire has no other answer for it.
            Outcome::NotChecked => {
                log_not_checked(context, place);
                context.out.close(self.connection, CloseReason::PasswordNotChecked);
            }
        }
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self, bytes: &[u8]) -> bool {
        self.changes_shared(bytes)
    }

    #[cfg(feature = "cluster")]
    fn needs_lock_for(&self, found: &Found) -> bool {
        self.result_changes_shared(found)
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        self.decline_frame(bytes, context)
    }

    #[cfg(feature = "cluster")]
    fn found_too_late(&mut self, found: Found, _: Option<&str>, context: &mut Context<'_>) {
        self.decline_result(found, context);
    }

    #[cfg(feature = "store")]
    fn drained(&mut self, context: &mut Context<'_>) {
        self.ask_for_missed(context);
    }

    #[cfg(feature = "store")]
    fn stop_work(&mut self) {
        if let Some(later) = &mut self.later {
            later.returning = None;
        }
    }

    #[cfg(feature = "store")]
    fn kept_bytes(&self) -> usize {
        self.later.as_ref().map_or(0, |later| later.kept_bytes())
    }

    fn change_limits(&mut self, old: &Limits, new: &Limits) {
        self.decoder.set_cap(new.frame_bytes);
        if let Phase::Greeting(deadline) = &mut self.phase {
            deadline.shift(old, new);
        }
    }
}

impl CrazyIt {
    /// A new conversation, which ends at `deadline` unless the peer logs in.
    pub(super) fn new(connection: ConnectionId, frame_bytes: usize, deadline: Deadline) -> Self {
        Self {
            connection,
            user: UserId::NOBODY,
            decoder: Decoder::new(frame_bytes),
            phase: Phase::greeting(deadline),
            was_answered: false,
            writes_lines: false,
            #[cfg(feature = "store")]
            later: None,
        }
    }

    /// Ends the silence after an answer, if there is one.
    fn end_quiet(&mut self, context: &mut Context<'_>) {
        let was_answered = mem::take(&mut self.was_answered);
        #[cfg(feature = "store")]
        if self.returning().is_some() {
            return self.begin_to_return(context);
        }
        if was_answered {
            context.out.push(Effect::EndQuiet(self.connection));
        }
    }

    fn newline(&mut self, context: &mut Context<'_>) {
        if self.was_answered && !self.writes_lines {
            context.out.push(Effect::EndLine(self.connection));
            self.writes_lines = true;
        }
    }

    fn handle(&mut self, request: Request<'_>, context: &mut Context<'_>) {
        let result = match request {
            Request::LogIn(name) => return self.log_in(name, context),
            Request::Say(text) => {
                let room = context.hub.lobby().clone();
                let speech = Speech::message(text);
                self.ask(Command::Say { room, to_rank: Rank::NONE, speech, unheard_by: None }, context)
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

    fn log_in(&mut self, login: &str, context: &mut Context<'_>) {
        let (name, password) = match login.split_once(SPLIT_SIGN) {
            Some((name, password)) => (name, Some(password)),
            None => (login, None),
        };
        #[cfg(feature = "store")]
        if self.is_for_account(name, password, context) {
            return;
        }
        let name = match UserName::new(name) {
            Ok(name) => name,
            Err(why) => return self.refuse_name(&Refusal::NameNotAllowed(why), context),
        };
        let result = match (&self.phase, &context.house.config.password, password) {
            (Phase::Greeting(_), Some(_), None) => return self.refuse_name(&NO_PASSWORD, context),
            (Phase::Greeting(_), Some(secret), Some(password)) => {
                let check = Check::new(secret.clone(), Guess::new(password), Purpose::LogIn(name));
                return self.send_on(check.into(), context);
            }
            (Phase::Greeting(_), None, _) => self.enter(name, context),
            (Phase::Online, _, _) => self.rename(name, context),
        };
        self.answer_login(result, context);
    }

    /// Goes on an errand.
    fn send_on(&mut self, errand: Errand, context: &mut Context<'_>) {
        if let Phase::Greeting(deadline) = &mut self.phase {
            deadline.wait(context.now.instant);
        }
        context.out.push(Effect::Errand(self.connection, errand));
    }

    fn answer_login(&mut self, result: Result<(), Refusal>, context: &mut Context<'_>) {
        match result {
            Ok(()) => {
                self.answer(Answer::Welcome, context);
                #[cfg(feature = "store")]
                self.tell_hint(context);
            }
            Err(why) => {
                #[cfg(feature = "store")]
                self.note_hint(&why);
                self.refuse_name(&why, context);
            }
        }
    }

    fn enter(&mut self, name: UserName, context: &mut Context<'_>) -> Result<(), Refusal> {
        let profile = profile(&name, context);
        self.user = context.hub.log_in(self.connection, name, profile, context.now, context.out)?;
        let room = context.hub.lobby().clone();
        if let Err(why) = self.ask(Command::Join { room, key: None }, context) {
            // This wire has no other room, so the user leaves.
            self.ask(Command::Leave { reason: why.to_string() }, context)?;
            self.user = UserId::NOBODY;
            return Err(why);
        }
        self.phase = Phase::Online;
        log_login(self.user, context);
        Ok(())
    }

    fn rename(&mut self, name: UserName, context: &mut Context<'_>) -> Result<(), Refusal> {
        // A user who was removed from the lobby rejoins by renaming: this wire has no other way.
        let room = context.hub.lobby().clone();
        self.ask(Command::Join { room, key: None }, context)?;
        self.ask(Command::Rename(name), context)
    }

    fn whisper(&mut self, to: &str, text: &str, context: &mut Context<'_>) -> Result<(), Refusal> {
        #[cfg(feature = "store")]
        if let (Phase::Online, Some(service)) = (&self.phase, Service::called(to)) {
            services::ask(service, text, self, context);
            return Ok(());
        }
        match UserName::new(to) {
            Ok(to) => {
                let speech = Speech::message(text);
                #[cfg(feature = "store")]
                let name = to.clone();
                self.ask(Command::Whisper { to, speech, unheard_by: Some(self.connection) }, context)?;
                #[cfg(feature = "store")]
                if context.hub.users().find(&name).is_none() {
                    self.notice(&format!("{name} is not here; your message is kept until then"), context);
                }
                Ok(())
            }
            Err(_) if matches!(self.phase, Phase::Greeting(_)) => Err(Refusal::NotLoggedIn),
            Err(why) => Err(Refusal::NameNotAllowed(why)),
        }
    }

    fn ask(&mut self, command: Command, context: &mut Context<'_>) -> Result<(), Refusal> {
        context.hub.handle(self.user, command, context.now, context.out)
    }

    fn refuse_name(&mut self, why: &dyn fmt::Display, context: &mut Context<'_>) {
        let peer = context.peer;
        context.log(Level::Info, format_args!("{peer}: login refused: {why}"));
        self.answer(Answer::NameTaken, context);
    }

    fn answer(&mut self, answer: Answer, context: &mut Context<'_>) {
        context.out.bytes(self.connection, answer.as_str().as_bytes());
        if self.writes_lines {
            context.out.bytes(self.connection, b"\n");
        }
        context.out.push(Effect::BeginQuiet(self.connection, Some(context.now.instant + QUIET)));
        self.was_answered = true;
    }

    /// Sends a line from the server itself.
    fn notice(&mut self, text: &str, context: &mut Context<'_>) {
        context.out.bytes(self.connection, notice_line(text).as_bytes());
    }
}

/// The profile of a user called `name`.
fn profile(name: &UserName, context: &Context<'_>) -> Profile {
    Profile {
        is_secure: context.is_secure,
        username: "crazyit".into(),
        host: context.house.cloak.host(&context.peer),
        realname: name.as_str().into(),
        peer: context.peer,
        #[cfg(feature = "store")]
        away: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_byte_of_a_mark_begins_this_protocol() {
        let beginners: Vec<u8> = (0..=255).filter(|&byte| could_begin_with(byte)).collect();
        assert_eq!(beginners, [0xc2, 0xe2]);
    }
}
