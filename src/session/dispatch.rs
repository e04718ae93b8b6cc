//! The session of a connection: detects the peer's protocol and forwards to it.

use std::time::Instant;

use super::context::Context;
use super::conversation::Conversation;
use super::crazyit::CrazyIt;
use super::first_bytes::{FirstBytes, first_bytes};
use super::irc::Irc;
use super::newcomer::Newcomer;
use super::stage::Stage;
use crate::config::Limits;
use crate::hub::Hub;
#[cfg(feature = "store")]
use crate::message::{Capabilities, Event};
use crate::message::{CloseReason, ConnectionId, Found, UserId};
#[cfg(feature = "store")]
use crate::name::RoomName;

/// One peer's conversation.
#[derive(Debug)]
pub struct Session {
    pub(super) protocol: Protocol,
}

/// The peer's protocol, detected by its first bytes.
#[derive(Debug)]
pub(super) enum Protocol {
    /// Not detected yet.
    Unknown(Newcomer),
    /// The CrazyIt protocol.
    CrazyIt(CrazyIt),
    /// IRC.
    Irc(Irc),
}

impl Protocol {
    pub(super) fn conversation(&self) -> &dyn Conversation {
        match self {
            Self::Unknown(newcomer) => newcomer,
            Self::CrazyIt(conversation) => conversation,
            Self::Irc(conversation) => conversation,
        }
    }

    pub(super) fn conversation_mut(&mut self) -> &mut dyn Conversation {
        match self {
            Self::Unknown(newcomer) => newcomer,
            Self::CrazyIt(conversation) => conversation,
            Self::Irc(conversation) => conversation,
        }
    }
}

impl Session {
    /// A new conversation.
    pub fn new(connection: ConnectionId, limits: &Limits, now: Instant) -> Self {
        Self { protocol: Protocol::Unknown(Newcomer::new(connection, now + limits.login_timeout)) }
    }

    /// The user of the connection; nobody before login.
    pub fn user(&self) -> UserId {
        self.protocol.conversation().owner()
    }

    /// Assigns the connection to this user.
    pub fn set_user(&mut self, user: UserId, context: &Context<'_>) {
        self.protocol.conversation_mut().set_owner(user, context);
    }

    /// Closes a conversation that has not begun at this time, because its peer asks over HTTP.
    #[cfg(feature = "web")]
    pub fn asks_until(&mut self, until: Option<Instant>) {
        if let Protocol::Unknown(newcomer) = &mut self.protocol {
            newcomer.asks_until(until);
        }
    }

    /// How far the conversation has come.
    pub fn stage(&self, hub: &Hub) -> Stage {
        match self.protocol.conversation().online() {
            Stage::Unknown => Stage::Unknown,
            online if hub.users().get(self.user()).is_some() => online,
            _ => Stage::LoggingIn,
        }
    }

    /// Handles one frame, or the bytes between frames, at the start of `bytes`, which is not empty. Returns how many
    /// bytes it consumed, or `None` when the frame is incomplete: call again with the same bytes and more.
    pub fn receive(&mut self, bytes: &[u8], context: &mut Context<'_>) -> Option<usize> {
        if self.recognizes(bytes, false, context) {
            return Some(0);
        }
        self.protocol.conversation_mut().receive(bytes, context)
    }

    /// Handles the end of input. `rest` is the last, unterminated frame.
    pub fn finish(&mut self, rest: &[u8], context: &mut Context<'_>) {
        if let (Protocol::Unknown(_), FirstBytes::Blank(count)) = (&self.protocol, first_bytes(rest, true)) {
            return self.finish(&rest[count..], context);
        }
        self.recognizes(rest, true, context);
        self.protocol.conversation_mut().finish(rest, context);
    }

    /// Detects the protocol by its first bytes and switches to it. True when it was detected. At the end of input, a
    /// mark on its own is too short for a frame.
    fn recognizes(&mut self, bytes: &[u8], ended: bool, context: &mut Context<'_>) -> bool {
        let Protocol::Unknown(newcomer) = &self.protocol else { return false };
        let (connection, deadline) = (newcomer.connection(), newcomer.login_deadline());
        self.protocol = match first_bytes(bytes, ended) {
            FirstBytes::CrazyIt if !ended && !context.is_irc_only() => {
                Protocol::CrazyIt(CrazyIt::new(connection, context.house.config.limits.frame_bytes, deadline))
            }
            FirstBytes::Irc => Protocol::Irc(Irc::open(connection, deadline, context)),
            _ => return false,
        };
        true
    }

    /// True while a command that exceeded its turn is unfinished. Until it is done, the caller must not call
    /// `receive`.
    pub fn is_working(&self) -> bool {
        self.protocol.conversation().is_working()
    }

    /// Continues that command.
    pub fn go_on(&mut self, context: &mut Context<'_>) {
        self.protocol.conversation_mut().go_on(context);
    }

    /// Prepares for the end: the peer gets no further events, only bytes written for it. Returns the user of the
    /// connection.
    pub fn leave(&mut self, context: &mut Context<'_>) -> UserId {
        let user = self.user();
        self.stop_work();
        self.set_user(UserId::NOBODY, context);
        user
    }

    /// Cancels the unfinished command.
    pub fn stop_work(&mut self) {
        self.protocol.conversation_mut().stop_work();
    }

    /// Tells the peer why its connection ends.
    pub fn farewell(&mut self, reason: &CloseReason, context: &mut Context<'_>) {
        self.protocol.conversation_mut().farewell(reason, context);
    }

    /// When to call `wake`.
    pub fn deadline(&self) -> Option<Instant> {
        self.protocol.conversation().deadline()
    }

    /// Does what is due at the deadline.
    pub fn wake(&mut self, context: &mut Context<'_>) {
        self.protocol.conversation_mut().wake(context);
    }

    /// Notes that the server reads from the peer again, which had to wait for it.
    pub fn is_read_again(&mut self, now: Instant) {
        self.protocol.conversation_mut().is_read_again(now);
    }

    /// Continues with the result of an errand. `label` is the IRC client's label for the answer.
    pub fn found(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        self.protocol.conversation_mut().found(found, label, context);
    }

    /// Notes that clients may request these capabilities now, and may not use those any longer.
    #[cfg(feature = "store")]
    pub fn capabilities_changed(
        &mut self,
        offered: Capabilities,
        withheld: Capabilities,
        context: &mut Context<'_>,
    ) {
        self.protocol.conversation_mut().capabilities_changed(offered, withheld, context);
    }

    /// Shows a room that the user has joined elsewhere.
    #[cfg(feature = "store")]
    pub fn show(&mut self, room: &RoomName, context: &mut Context<'_>) {
        self.protocol.conversation_mut().show(room, context);
    }

    /// Moves the client to the new name of a room that was renamed, if it does not know renames.
    #[cfg(feature = "store")]
    pub fn moved(&mut self, renamed: &Event, context: &mut Context<'_>) {
        self.protocol.conversation_mut().moved(renamed, context);
    }

    /// Notes that everything that was queued for the peer is written.
    #[cfg(feature = "store")]
    pub fn drained(&mut self, context: &mut Context<'_>) {
        self.protocol.conversation_mut().drained(context);
    }

    /// Applies changed limits: the new login timeout counts from the accept, and the new frame limit also applies to
    /// the current frame.
    pub fn change_limits(&mut self, old: &Limits, new: &Limits) {
        self.protocol.conversation_mut().change_limits(old, new);
    }

    /// Memory of the unfinished command, in bytes.
    pub fn kept_bytes(&self) -> usize {
        self.protocol.conversation().kept_bytes()
    }
}

/// There are many sessions, and most are IRC.
#[cfg(feature = "store")]
const _: () = assert!(size_of::<Session>() == size_of::<Irc>());
