//! What users are told who are back: how what they see differs from what they saw.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::Hub;
use super::coming_back::Absent;
use crate::hub::seats::RoomId;
use crate::hub::states::state_of_room;
use crate::message::{
    ConnectionId, Effect, Effects, Event, EventKind, Identity, Now, Rank, RoomChange, RoomState, Source,
    UserId,
};
use crate::name::{RoomName, UserName};

/// The reason for which somebody has left meanwhile.
const GONE: &str = "Left while this server was cut off";

/// A room as it was seen.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) state: RoomState,
    members: Vec<SeenMember>,
    /// Its members with connections to this node, by their ids then.
    pub(super) hearers: Vec<UserId>,
}

impl Seen {
    fn name(&self) -> &RoomName {
        &self.state.saved.name
    }
}

/// A member as it was seen.
#[derive(Debug)]
struct SeenMember {
    was: UserId,
    identity: Arc<Identity>,
    rank: Rank,
}

/// The ids of those who are back, by their ids then.
type Ids = HashMap<UserId, UserId>;

/// Connections that are told that somebody has left.
type Bereft = HashMap<UserName, (Arc<Identity>, HashSet<ConnectionId>)>;

impl Hub {
    /// How a room is seen.
    pub(super) fn seen(&self, id: RoomId) -> Seen {
        let room = self.rooms.get(id);
        let members = room.members().iter().filter_map(|member| {
            let identity = Arc::clone(&self.users.get(member.id)?.identity);
            Some(SeenMember { was: member.id, identity, rank: member.rank })
        });
        Seen { state: state_of_room(room), members: members.collect(), hearers: Vec::new() }
    }

    /// Tells users who are back what has changed for them.
    pub(super) fn tell_differences(
        &mut self,
        back: &[(Absent, UserId)],
        seen: &HashMap<RoomName, Seen>,
        now: Now,
        out: &mut Effects,
    ) {
        let ids: Ids = back.iter().map(|(absent, id)| (absent.was, *id)).collect();
        self.tell_new_names(back, seen, &ids, now, out);
        let mut bereft = Bereft::new();
        for seen in seen.values() {
            self.tell_changes_of(seen, &ids, &mut bereft, now, out);
        }
        for (identity, hearers) in bereft.into_values() {
            let event = self.event_of(&identity, now, EventKind::Left { reason: GONE.to_owned() });
            out.event(event, hearers.into_iter().collect());
        }
        for (absent, id) in back {
            self.show_new_rooms(absent, *id, now, out);
            self.tell_watched(absent, *id, now, out);
        }
    }

    /// Tells who among those whom the user `id` watches has come or gone.
    fn tell_watched(&mut self, absent: &Absent, id: UserId, now: Now, out: &mut Effects) {
        let Some(watcher) = self.users.get(id).map(|user| user.name().clone()) else { return };
        for (name, owner) in &absent.watches {
            let event = match (owner, self.users.find(name)) {
                (None, Some(owner)) => {
                    self.event(owner, now, EventKind::Appeared { watcher: watcher.clone() })
                }
                (Some(owner), None) => {
                    let kind = EventKind::Vanished { name: name.clone(), watcher: watcher.clone() };
                    self.event_of(owner, now, kind)
                }
                (Some(_), Some(_)) | (None, None) => continue,
            };
            self.tell(&[id], Event { watched: true, ..event }, out);
        }
    }

    /// An event of somebody who need not be here.
    fn event_of(&mut self, identity: &Arc<Identity>, now: Now, kind: EventKind) -> Event {
        Event { from: Source::User(Arc::clone(identity)), ..self.event(UserId::NOBODY, now, kind) }
    }

    /// Tells of those who are guests now because others have their names.
    fn tell_new_names(
        &mut self,
        back: &[(Absent, UserId)],
        seen: &HashMap<RoomName, Seen>,
        ids: &Ids,
        now: Now,
        out: &mut Effects,
    ) {
        for (absent, id) in back {
            let Some(name) = self.users.get(*id).map(|user| user.name().clone()) else { continue };
            if name == absent.identity.name {
                continue;
            }
            let rooms = seen.values().filter(|seen| seen.hearers.contains(&absent.was));
            let neighbours = rooms.flat_map(|seen| &seen.hearers).chain([&absent.was]);
            let neighbours: HashSet<_> = neighbours.filter_map(|was| ids.get(was)).copied().collect();
            let event = self.event_of(&absent.identity, now, EventKind::Renamed { to: name });
            self.tell(&neighbours.into_iter().collect::<Vec<_>>(), event, out);
        }
    }

    /// Tells those who have seen a room how it differs now.
    fn tell_changes_of(&mut self, seen: &Seen, ids: &Ids, bereft: &mut Bereft, now: Now, out: &mut Effects) {
        let hearers: Vec<_> = seen.hearers.iter().filter_map(|was| ids.get(was)).copied().collect();
        let found = self.rooms.find(seen.name());
        let is_member =
            |hub: &Self, id| found.is_some_and(|room| hub.rooms.member(&hub.users, id, room).is_some());
        let (hearers, others): (Vec<_>, Vec<_>) = hearers.into_iter().partition(|&id| is_member(self, id));
        for id in others {
            let event =
                self.event(id, now, EventKind::Parted { room: seen.name().clone(), reason: String::new() });
            self.tell(&[id], event, out);
        }
        let Some(room) = found.filter(|_| !hearers.is_empty()) else { return };
        let members = self.members_by_name(seen, ids);
        self.tell_departed(seen.name(), &members, (room, &hearers), bereft, now, out);
        let changes = self.tell_arrived(seen.name(), &members, (room, &hearers), now, out);
        self.tell_settings(seen, room, &hearers, changes, now, out);
    }

    /// The members that were seen, by the names under which they are known now.
    fn members_by_name(&self, seen: &Seen, ids: &Ids) -> HashMap<UserName, (Arc<Identity>, Rank)> {
        let member = |SeenMember { was, identity, rank }: &SeenMember| {
            let back = ids.get(was).and_then(|&id| self.users.get(id));
            let identity = back.map_or(identity, |user| &user.identity);
            (identity.name.clone(), (Arc::clone(identity), *rank))
        };
        seen.members.iter().map(member).collect()
    }

    /// Tells who is not in the room any longer. Those who have left altogether are told once for all rooms.
    fn tell_departed(
        &mut self,
        name: &RoomName,
        members: &HashMap<UserName, (Arc<Identity>, Rank)>,
        (room, hearers): (RoomId, &[UserId]),
        bereft: &mut Bereft,
        now: Now,
        out: &mut Effects,
    ) {
        let there: HashSet<_> = self.rooms.get(room).ids().collect();
        for (who, (identity, _)) in members {
            match self.users.find(who) {
                Some(id) if there.contains(&id) => {}
                Some(_) => {
                    let kind = EventKind::Parted { room: name.clone(), reason: String::new() };
                    let event = self.event_of(identity, now, kind);
                    self.tell(hearers, event, out);
                }
                None => {
                    let told = bereft.entry(who.clone());
                    let (_, told) = told.or_insert_with(|| (Arc::clone(identity), HashSet::new()));
                    told.extend(hearers.iter().flat_map(|&id| self.users.connections(id)));
                }
            }
        }
    }

    /// Tells who has joined the room. Returns the ranks that have changed.
    fn tell_arrived(
        &mut self,
        name: &RoomName,
        members: &HashMap<UserName, (Arc<Identity>, Rank)>,
        (room, hearers): (RoomId, &[UserId]),
        now: Now,
        out: &mut Effects,
    ) -> Vec<RoomChange> {
        let mut changes = Vec::new();
        for member in self.rooms.get(room).members().to_vec() {
            let Some(user) = self.users.get(member.id) else { continue };
            let (who, away) = (user.name().clone(), user.away().cloned());
            let before = members.get(&who).map(|(_, rank)| *rank);
            if before.is_none() {
                let event = self.event(member.id, now, EventKind::Joined { room: name.clone(), away });
                self.tell(hearers, event, out);
            }
            let before = before.unwrap_or_default();
            for rank in [Rank::OPERATOR, Rank::VOICE] {
                let given = member.rank.has_any(rank);
                if given != before.has_any(rank) {
                    changes.push(RoomChange::Rank { who: who.clone(), rank, given });
                }
            }
        }
        changes
    }

    /// Tells of a new topic and new modes, after these changes of ranks.
    fn tell_settings(
        &mut self,
        seen: &Seen,
        room: RoomId,
        hearers: &[UserId],
        mut changes: Vec<RoomChange>,
        now: Now,
        out: &mut Effects,
    ) {
        let (before, settings) = (&seen.state.saved, &self.rooms.get(room).settings);
        let topic = settings.topic.as_ref().map_or_else(|| "".into(), |topic| Arc::clone(&topic.text));
        let come = settings.flags().iter().filter(|flag| !before.flags.contains(flag));
        changes.extend(come.map(|&flag| RoomChange::Flag(flag, true)));
        let gone = before.flags.iter().filter(|&&flag| !settings.has(flag));
        changes.extend(gone.map(|&flag| RoomChange::Flag(flag, false)));
        if settings.key.as_deref() != before.key.as_deref() {
            changes.push(RoomChange::Key(settings.key.clone()));
        }
        if settings.limit != before.limit {
            changes.push(RoomChange::Limit(settings.limit));
        }
        let room = seen.name().clone();
        if !changes.is_empty() {
            let event = self.event(UserId::NOBODY, now, EventKind::Changed { room: room.clone(), changes });
            self.tell(hearers, event, out);
        }
        if before.topic.as_ref().map_or("", |(text, ..)| text) != &*topic {
            let event = self.event(UserId::NOBODY, now, EventKind::TopicSet { room, topic });
            self.tell(hearers, event, out);
        }
    }

    /// Shows rooms which the user of an account has joined on other nodes.
    fn show_new_rooms(&mut self, absent: &Absent, id: UserId, now: Now, out: &mut Effects) {
        let seats = self.users.get(id).map_or(&[][..], |user| &user.seats);
        let rooms: Vec<_> = seats.iter().map(|seat| self.rooms.get(seat.room).name.clone()).collect();
        for room in rooms {
            if !absent.rooms.iter().any(|(known, _)| *known == room) {
                let kind = EventKind::Joined { room: room.clone(), away: None };
                let event = self.event(id, now, kind);
                self.tell(&[id], event, out);
                let devices = absent.connections.iter();
                devices.for_each(|&(device, _)| out.push(Effect::Show(device, room.clone())));
            }
        }
    }
}
