//! Messages to and from other nodes.

use std::time::Duration;

use super::Hub;
use crate::message::{
    Effect, Effects, Event, EventKind, NodeId, Now, Rank, Relay, Relayed, Route, Source, UserId,
};
use crate::name::RoomName;

/// How far the clock of another node may be ahead before its ids do not count.
const MOST_AHEAD: Duration = Duration::from_secs(60);

impl Hub {
    /// Gives other nodes a message in a room.
    pub(in crate::hub) fn relay_said(&self, id: UserId, event: &Event, out: &mut Effects) {
        if self.has_had_others() {
            self.relay(id, None, event, Route::Shard, out);
        }
    }

    /// Gives other nodes a private message if its addressee or author is there.
    pub(in crate::hub) fn relay_whispered(
        &self,
        id: UserId,
        to: Option<UserId>,
        event: &Event,
        out: &mut Effects,
    ) {
        if !self.has_had_others() {
            return;
        }
        let own = self.own_node().map(|own| own.id);
        let there = [Some(id), to].into_iter().flatten().flat_map(|id| self.nodes_of(id));
        let mut nodes: Vec<NodeId> = there.filter(|&node| Some(node) != own).collect();
        nodes.sort_unstable();
        nodes.dedup();
        if !nodes.is_empty() {
            self.relay(id, to, event, Route::Inboxes(nodes), out);
        }
    }

    fn has_had_others(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.has_had_others)
    }

    fn relay(&self, from: UserId, to: Option<UserId>, event: &Event, route: Route, out: &mut Effects) {
        let Some(from) = self.login_of(from) else { return };
        let (event, to) = (event.clone(), to.and_then(|to| self.login_of(to)));
        out.push(Effect::Relay(Box::new(Relay { event, from, to, route })));
    }

    /// Tells connections of this node what was said on another.
    pub fn deliver(&mut self, relayed: &Relayed, now: Now, out: &mut Effects) {
        let Relayed { event, from, to, .. } = relayed;
        if !matches!(event.from, Source::User(_)) || event.watched {
            return;
        }
        let from = self.user_of_login(*from);
        match &event.kind {
            EventKind::Said { room, to_rank, .. } => self.deliver_said(event, room, *to_rank, from, out),
            EventKind::Whispered { .. } => {
                let to = to.and_then(|to| self.user_of_login(to));
                let [theirs, own] = [to, from].map(|id| id.map(|id| self.users.connections(id)));
                self.tell_whisper(event.clone(), theirs.unwrap_or_default(), own.unwrap_or_default(), out);
            }
            _ => return,
        }
        if let Some(author) = from.and_then(|id| self.users.get_mut(id)) {
            author.has_spoken(event.time);
        }
        if event.id.time() <= now.time + MOST_AHEAD {
            self.last_event = self.last_event.max(event.id);
        }
    }

    fn deliver_said(
        &self,
        event: &Event,
        name: &RoomName,
        to_rank: Rank,
        from: Option<UserId>,
        out: &mut Effects,
    ) {
        let Some(room) = self.rooms.find(name) else { return };
        let member = from.and_then(|id| self.rooms.member(&self.users, id, room));
        // An author outside the room still hears it on other devices.
        let mut outside = match (from, member) {
            (Some(id), None) => self.users.connections(id),
            _ => Vec::new(),
        };
        if to_rank == Rank::NONE && outside.is_empty() {
            return out.event_for(event.clone(), self.everybody(room));
        }
        self.list_hearers(room, to_rank, from, &mut outside, out);
        out.event(event.clone(), outside);
    }
}
