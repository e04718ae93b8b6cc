//! The last messages after `JOIN`, for clients that do not ask for them.

use std::time::{Duration, SystemTime};

use super::playback::MOST_LINES;
use crate::message::{
    Answer, Capabilities, Event, EventId, EventKind, First, Interval, Query, RecallFor, Selected, Selection,
    Source, SpeechKind,
};
use crate::name::RoomName;
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::session::past_time::write_time;

/// Somebody who is back within this time sees only what came meanwhile.
const ABSENCE: Duration = Duration::from_secs(60);

/// The channels joined by one command.
#[derive(Debug, Default)]
pub(in crate::session::irc) struct Replay {
    pub(super) selections: Vec<Selection>,
}

impl Replay {
    /// Notes that the client has joined this channel.
    pub(in crate::session::irc) fn joined(&mut self, room: &RoomName, irc: &Irc, context: &Context<'_>) {
        let most = context.house.config.history.replay;
        if most == 0 || !irc.wants_replay(context) {
            return;
        }
        let Some(id) = context.hub.rooms().find(room) else { return };
        if context.hub.keeps_history_of(id) {
            let left = irc.left_at(context);
            // Only the store knows who left when the server ended.
            let with_events = left.is_none() && context.house.up(context.now.time) <= ABSENCE;
            let needs_all = irc.keeps_lines() && left.is_some();
            let most = if needs_all || with_events { MOST_LINES } else { most };
            // The client hears everything later itself.
            let before = context.hub.last_event().following();
            let interval = Interval { after: left.unwrap_or(EventId::MIN), before, first: First::Newest };
            let of = context.hub.readable(id).into();
            self.selections.push(Selection { of, interval, with_events, most });
        }
    }

    /// All channels are joined.
    pub(in crate::session::irc) fn joined_all(self, irc: &mut Irc, context: &mut Context<'_>) {
        if irc.keeps_lines() && !self.selections.is_empty() {
            irc.wait_to_replay(self, context);
        } else {
            self.begin(irc, context);
        }
    }

    /// Asks the store for the last messages of the channels.
    pub(super) fn begin(self, irc: &mut Irc, context: &mut Context<'_>) {
        if !self.selections.is_empty() {
            irc.recall(Query::Events(self.selections), RecallFor::Replay, context);
        }
    }
}

impl Irc {
    /// True for people whose client does not ask by itself.
    pub(super) fn wants_replay(&self, context: &Context<'_>) -> bool {
        let is_bot = context.hub.users().get(self.user).is_none_or(|user| user.identity.is_bot);
        !is_bot && !self.capabilities.has(Capabilities::CHATHISTORY)
    }

    /// True for clients that show later what they have heard earlier, like a bouncer's. They need all that they missed.
    pub(super) fn keeps_lines(&self) -> bool {
        self.capabilities.has(Capabilities::PLAYBACK)
    }

    /// When the same user, at the same place, left; a moment ago, unless its client keeps lines for longer.
    fn left_at(&self, context: &Context<'_>) -> Option<EventId> {
        let user = context.hub.users().get(self.user)?;
        let mut past = context.hub.past(user.name());
        let left = past.find(|past| past.identity.place() == user.identity.place())?.until;
        self.has_shown(left, context).then(|| EventId::before(left))
    }

    /// True if the client still shows what it heard before it left at this time.
    fn has_shown(&self, left: SystemTime, context: &Context<'_>) -> bool {
        let absence = context.now.time.duration_since(left);
        self.keeps_lines() || absence.is_ok_and(|absence| absence <= ABSENCE)
    }

    /// Leaves out what the client heard before the server ended, if the answer has more than messages. Cloaks change
    /// then, so a user is known by name and user name.
    fn leave_out_heard(&self, selected: &mut Selected, context: &Context<'_>) {
        let Some(user) = context.hub.users().get(self.user) else { return };
        let is_own_end = |event: &&Event| match (&event.kind, &event.from) {
            (EventKind::Left { .. }, Source::User(left)) => {
                (&left.name, left.username()) == (&user.identity.name, user.identity.username())
            }
            _ => false,
        };
        let end = selected.events.iter().rev().find(is_own_end).map(|event| (event.id, event.time));
        let left = end.filter(|&(_, time)| self.has_shown(time, context));
        let count = selected.events.len();
        selected.events.retain(|event| {
            matches!(&event.kind, EventKind::Said { speech, .. } if speech.kind != SpeechKind::TagsOnly)
        });
        match left {
            Some((left, _)) => selected.events.retain(|event| event.id > left),
            // The client's own join is no message.
            None if selected.events.len() < count => {
                let excess = selected.events.len().saturating_sub(context.house.config.history.replay);
                selected.events.drain(..excess);
            }
            None => {}
        }
    }

    pub(super) fn replay_recalled(&self, answer: Answer, context: &mut Context<'_>) {
        if let Answer::Events(mut selected) = answer {
            selected.iter_mut().for_each(|selected| self.leave_out_heard(selected, context));
            if !self.capabilities.has(Capabilities::SERVER_TIME) {
                let events = selected.iter_mut().flat_map(|selected: &mut Selected| &mut selected.events);
                events.for_each(write_time);
            }
            self.tell_all_past(selected, context);
        }
    }
}
