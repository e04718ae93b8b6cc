//! Sends the messages that a device has missed to clients that do not ask for them themselves.

use std::mem;

use super::past::Batch;
use super::replay::Replay;
use crate::hub::Entered;
use crate::message::{
    Answer, Capabilities, Dialect, Effect, Event, EventId, EventKind, First, RecallFor, Scope, Source,
};
use crate::name::{RoomName, UserName};
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::session::irc::encode::encode;
use crate::session::irc::returning::Return;
use crate::session::missed::Missed;
use crate::session::past_time::write_time;

impl Irc {
    /// Begins to tell the client what it has missed. Meanwhile it does not hear what happens.
    pub(in crate::session::irc) fn begin_returning(&mut self, entered: Entered, context: &mut Context<'_>) {
        if !self.wants_replay(context) {
            return;
        }
        let Some(missed) = Missed::by(entered, context) else { return };
        let is_new = entered.was_here && entered.heard.is_none();
        if is_new {
            self.replay_channels(context);
        }
        missed.begin((self.user, self.connection), context);
        let may_ask = self.keeps_lines();
        let returning = Return { missed, may_ask, joined: Vec::new() };
        self.unfinished(|unfinished| unfinished.returning = Some(Box::new(returning)));
        if may_ask {
            if !is_new {
                self.let_ask(context);
            }
            return;
        }
        context.out.push(Effect::BeginQuiet(self.connection, None));
        self.wait_to_be_read(context);
    }

    /// Ends it early, because the client gets another user.
    pub(in crate::session::irc) fn end_returning(&mut self, context: &mut Context<'_>) {
        if self.unfinished(|unfinished| unfinished.returning.take()).is_some() {
            context.out.push(Effect::EndQuiet(self.connection));
        }
    }

    /// The last messages of the channels of its user, for a client that has never been here.
    fn replay_channels(&mut self, context: &mut Context<'_>) {
        let mut replay = Replay::default();
        for room in self.own_channels(context) {
            replay.joined(&room, self, context);
        }
        replay.joined_all(self, context);
    }

    /// The client does not ask itself.
    pub(super) fn returns_unasked(&mut self, context: &mut Context<'_>) {
        if let Some(returning) = self.returning() {
            returning.may_ask = false;
            self.wait_to_be_read(context);
        }
    }

    /// Leaves out what the client asks for itself. Returns where what it missed there ends.
    pub(super) fn asks_itself(&mut self, of: &Scope) -> Option<EventId> {
        self.returning()?.missed.leave_out(of)
    }

    fn returning(&mut self) -> Option<&mut Return> {
        self.unfinished.as_mut()?.returning.as_deref_mut()
    }

    /// True while what happens is held back, and the client is told what it missed.
    fn is_held(&mut self) -> bool {
        self.returning().is_some_and(|returning| !returning.may_ask)
    }

    /// Notes a channel to be shown after what the client missed. False if it can be shown at once.
    pub(in crate::session::irc) fn shows_later(&mut self, room: &RoomName) -> bool {
        let Some(returning) = self.returning().filter(|returning| !returning.may_ask) else { return false };
        if !returning.joined.contains(room) {
            returning.joined.push(room.clone());
        }
        true
    }

    /// Sends what a command tells its own client without holding it back.
    pub(in crate::session::irc) fn tell_own_at_once(&mut self, context: &mut Context<'_>) {
        if !self.is_held() {
            return;
        }
        let (capabilities, dialect) = (self.capabilities, Dialect::Irc(self.capabilities));
        let own = context.out.take_for(
            self.connection,
            dialect,
            |_| false,
            |event, bytes| {
                encode(event, capabilities, context.house, bytes);
            },
        );
        // Nothing is sent after a close.
        context.out.write_first(self.connection, |bytes| bytes.extend_from_slice(&own));
    }

    /// Asks for the next page, if the client is told what it missed and has read the last.
    pub(in crate::session::irc) fn ask_for_missed(&mut self, context: &mut Context<'_>) {
        let user = self.user;
        let Some(returning) = self.returning().filter(|returning| !returning.may_ask) else { return };
        let query = returning.missed.next(user, context);
        self.recall(query, RecallFor::Missed, context);
    }

    /// Goes on when the client has read the answer.
    pub(super) fn go_on_returning(&mut self, context: &mut Context<'_>) {
        if self.is_held() {
            self.wait_to_be_read(context);
        }
    }

    pub(super) fn missed_recalled(&mut self, answer: Answer, context: &mut Context<'_>) {
        let Some(mut returning) = self.unfinished(|unfinished| unfinished.returning.take()) else { return };
        let owner = (self.user, self.connection);
        let is_more = returning
            .missed
            .take(answer, owner, context, |events, context| self.tell_missed(events, context));
        if is_more {
            self.unfinished(|unfinished| unfinished.returning = Some(returning));
            return self.wait_to_be_read(context);
        }
        context.out.push(Effect::EndQuiet(self.connection));
        for room in mem::take(&mut returning.joined) {
            self.show_channel(&room, context);
        }
    }

    /// Tells the client of these events, in order, as far as they fit into one answer. Returns their number.
    fn tell_missed(&self, mut events: Vec<Event>, context: &mut Context<'_>) -> usize {
        let Some(name) = context.hub.users().get(self.user).map(|user| user.name().clone()) else { return 0 };
        if !self.capabilities.has(Capabilities::SERVER_TIME) {
            events.iter_mut().for_each(write_time);
        }
        let (lines, _) = self.encoded(&events, First::Oldest, context.house.answer_bytes(), context);
        let told = lines.len();
        let mut told_lines = lines.into_iter().peekable();
        let mut events = events.iter().take(told).peekable();
        // Clients with batches get one for each run of messages of the same conversation.
        while let Some(first) = events.next() {
            let target = conversation(first, &name);
            let mut run: Vec<_> = told_lines.next().into_iter().collect();
            while events.next_if(|event| conversation(event, &name) == target).is_some() {
                run.extend(told_lines.next());
            }
            self.tell_batch(Batch::Chathistory(&target), run, false, context);
        }
        told
    }
}

/// The channel or the other user of a message, as the user called `name` sees it.
fn conversation(event: &Event, name: &UserName) -> String {
    match (&event.kind, &event.from) {
        (EventKind::Said { room, .. }, _) => room.to_string(),
        (EventKind::Whispered { to, .. }, Source::User(from)) if from.name == *name => to.to_string(),
        (_, Source::User(from)) => from.name.to_string(),
        (_, Source::Server) => String::new(),
    }
}
