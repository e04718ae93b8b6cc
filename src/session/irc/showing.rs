//! Shows a client the channels in which its user is already, because it has other devices or has stayed without one.

use std::sync::Arc;

use super::client::{Irc, Progress, Work};
use super::encode::encode;
use super::modes::user_modes;
use super::names::Lists;
use crate::hub::ROOMS_PER_USER;
use crate::message::{Capabilities, Effect, Event, EventKind, Identity, Source};
use crate::name::RoomName;
use crate::session::Context;

/// The list of members of one channel. The next one waits until the client has read it.
#[derive(Debug)]
struct Showing {
    lists: Lists,
}

impl Work for Showing {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        if self.lists.step(irc, context) {
            return Progress::More;
        }
        irc.wait_to_be_read(context);
        Progress::Done
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Irc {
    /// Shows the user's channels and modes to a client that has just got this user.
    pub(super) fn show_user(&mut self, context: &mut Context<'_>) {
        let Some(user) = context.hub.users().get(self.user) else { return };
        let modes = user_modes(user);
        let nick = user.name().clone();
        if modes.len() > "+".len() {
            self.send("MODE", context, |line| {
                line.param(nick.as_str());
                line.trailing(&modes);
            });
        }
        for room in self.own_channels(context) {
            self.show_join(&room, context);
        }
    }

    /// The channels that the user is in.
    pub(super) fn own_channels(&self, context: &Context<'_>) -> Vec<RoomName> {
        let seats = context.hub.users().get(self.user).map_or(&[][..], |user| &user.seats);
        seats.iter().map(|seat| context.hub.rooms().get(seat.room).name.clone()).collect()
    }

    /// Tells the client that its user is in this channel.
    pub(super) fn show_join(&mut self, room: &RoomName, context: &mut Context<'_>) {
        let Some(user) = context.hub.users().get(self.user) else { return };
        let identity = Arc::clone(&user.identity);
        self.show_event(&identity, EventKind::Joined { room: room.clone(), away: None }, context);
        self.show_channel(room, context);
    }

    /// Tells the client of something that its user has done, and that nobody else hears.
    pub(super) fn show_event(&self, by: &Arc<Identity>, kind: EventKind, context: &mut Context<'_>) {
        let (id, time) = (context.hub.last_event(), context.now.time);
        let event = Event { id, time, from: Source::User(Arc::clone(by)), watched: false, kind };
        let (house, capabilities) = (context.house, self.capabilities);
        context.out.write(self.connection, |bytes| encode(&event, capabilities, house, bytes));
    }

    /// Shows a channel to a client that has heard its user join.
    pub(super) fn show_channel(&mut self, room: &RoomName, context: &mut Context<'_>) {
        let Some(id) = context.hub.rooms().find(room).filter(|_| !self.shows_later(room)) else { return };
        if context.hub.rooms().get(id).settings.topic.is_some() {
            self.tell_topic(id, context);
        }
        self.tell_marker_of(room, context);
        if self.capabilities.has(Capabilities::NO_IMPLICIT_NAMES) {
            return;
        }
        let mut due = self.unfinished(|unfinished| std::mem::take(&mut unfinished.names_due));
        due.retain(|other| other != room && self.seat(other, context).is_some());
        due.truncate(ROOMS_PER_USER - 1);
        due.push(room.clone());
        self.unfinished(|unfinished| unfinished.names_due = due);
        self.wait_to_be_read(context);
    }

    /// Goes on when the client has read everything.
    pub(super) fn wait_to_be_read(&self, context: &mut Context<'_>) {
        context.out.push(Effect::WhenDrained(self.connection));
    }

    /// The client has read everything.
    pub(super) fn is_read(&mut self, context: &mut Context<'_>) {
        let Some(unfinished) = &mut self.unfinished else { return };
        if unfinished.pending.is_some() {
            return self.wait_to_be_read(context);
        }
        if unfinished.names_due.is_empty() {
            return self.ask_for_missed(context);
        }
        let room = unfinished.names_due.remove(0);
        let mut lists = Lists::new(context.house.answer_bytes());
        lists.begin(room);
        self.begin(Showing { lists }, context);
    }
}
