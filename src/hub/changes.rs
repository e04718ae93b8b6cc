//! Changes to a room's topic, settings and ranks.

use super::Hub;
use super::budget::OverBudget;
use super::replica::journaled;
use super::seats::RoomId;
use super::settings::{MASKS_PER_LIST, Mask, Topic};
use crate::message::{Effects, EventKind, MaskList, Now, Rank, Refusal, RoomChange, RoomFlag, UserId};
use crate::name::RoomName;

impl Hub {
    pub(super) fn set_topic(
        &mut self,
        id: UserId,
        name: &RoomName,
        text: &str,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = self.visible_room(name, id)?;
        let is_locked = self.rooms.get(room).settings.has(RoomFlag::TopicLocked);
        if is_locked || self.rooms.get(room).is_of_server() {
            self.room_to_change(id, name)?;
        } else {
            self.own_room(id, name)?;
        }
        let by = self.user(id)?.identity.to_string();
        if !text.is_empty() {
            self.allow_in_room(room, Topic::most_bytes(text, &by))?;
        }
        let text: std::sync::Arc<str> = text.into();
        let topic = Topic { text: text.clone(), by, at: now.time };
        let changed = self.rooms.get_mut(room);
        changed.settings.topic = (!text.is_empty()).then_some(topic);
        let kind = EventKind::TopicSet { room: changed.name.clone(), topic: text };
        self.rooms.recharge(&mut self.users, room);
        let event = self.event(id, now, kind);
        self.record(room, &event, out);
        self.keep_room(room, out);
        out.event_for(event, self.everybody(room));
        Ok(())
    }

    /// Makes or refuses each of `changes` on its own. The room hears all that were made as one event.
    pub fn change_room(
        &mut self,
        id: UserId,
        name: &RoomName,
        changes: Vec<RoomChange>,
        now: Now,
        out: &mut Effects,
    ) -> Result<Vec<Refusal>, Refusal> {
        let room = self.room_to_change(id, name)?;
        Ok(journaled!(
            self,
            ChangeRoom { user: id, room: name.clone(), changes: Vec::new() },
            self.make_changes(id, room, changes, now, out)
        ))
    }

    /// Makes changes that `by` may make, who is nobody for the server.
    pub(super) fn make_changes(
        &mut self,
        by: UserId,
        room: RoomId,
        changes: Vec<RoomChange>,
        now: Now,
        out: &mut Effects,
    ) -> Vec<Refusal> {
        let (mut made, mut refused) = (Vec::new(), Vec::new());
        for change in changes {
            // A mask is compared with its whole list.
            out.worked(MASKS_PER_LIST);
            match self.make(by, room, change, now) {
                Ok(change) => made.extend(change),
                Err(why) => refused.push(why),
            }
        }
        self.tell_changes(by, room, made, now, out);
        refused
    }

    /// Tells the room of changes that `by` has made.
    pub(super) fn tell_changes(
        &mut self,
        by: UserId,
        room: RoomId,
        made: Vec<RoomChange>,
        now: Now,
        out: &mut Effects,
    ) {
        self.settle_changes(&made);
        if made.is_empty() {
            return;
        }
        self.rooms.recharge(&mut self.users, room);
        let room_name = self.rooms.get(room).name.clone();
        let event = self.event(by, now, EventKind::Changed { room: room_name, changes: made });
        self.record(room, &event, out);
        if let EventKind::Changed { changes, .. } = &event.kind {
            self.keep_changes(room, changes, now, out);
            self.record_ranks(room, changes, out);
        }
        out.event_for(event, self.everybody(room));
    }

    /// Records the ranks among `changes` of `room`.
    fn record_ranks(&self, room: RoomId, changes: &[RoomChange], out: &mut Effects) {
        let name = &self.rooms.get(room).name;
        for change in changes {
            if let RoomChange::Rank { who, .. } = change
                && let Some(id) = self.users.find(who)
            {
                self.record_seat(id, name, out);
            }
        }
    }

    /// Makes one change. Returns it as the room hears it, or `None` when nothing changes.
    fn make(
        &mut self,
        id: UserId,
        room: RoomId,
        change: RoomChange,
        now: Now,
    ) -> Result<Option<RoomChange>, Refusal> {
        if self.rooms.get(room).is_of_server() && is_for_owners(&change) {
            return Err(Refusal::NotOperator(self.rooms.get(room).name.clone()));
        }
        let made = match change {
            RoomChange::Rank { who, rank, given } => {
                let member = self.users.find(&who).ok_or_else(|| Refusal::NobodyCalled(who.clone()))?;
                if self.rooms.member(&self.users, member, room).is_none() {
                    return Err(Refusal::TheyAreNotInRoom(who, self.rooms.get(room).name.clone()));
                }
                let who = self.user(member)?.name().clone();
                let changed = self.rooms.set_rank(&self.users, member, room, rank, given);
                changed.then_some(RoomChange::Rank { who, rank, given })
            }
            RoomChange::Flag(flag, on) => {
                let changed = self.rooms.get_mut(room).settings.set(flag, on);
                changed.then_some(RoomChange::Flag(flag, on))
            }
            RoomChange::Key(key) => {
                let settings = &mut self.rooms.get_mut(room).settings;
                let changed = settings.key != key;
                settings.key.clone_from(&key);
                changed.then_some(RoomChange::Key(key))
            }
            RoomChange::Limit(limit) => {
                let settings = &mut self.rooms.get_mut(room).settings;
                let changed = settings.limit != limit;
                settings.limit = limit;
                changed.then_some(RoomChange::Limit(limit))
            }
            #[cfg(feature = "store")]
            RoomChange::History(limit) => {
                let settings = &mut self.rooms.get_mut(room).settings;
                let changed = settings.history != limit;
                settings.history = limit;
                changed.then_some(RoomChange::History(limit))
            }
            RoomChange::Mask { list, mask, added: true } => self.add_mask(id, room, list, mask, now)?,
            RoomChange::Mask { list, mask, added: false } => {
                let masks = self.rooms.get_mut(room).settings.masks_mut(list);
                let before = masks.len();
                masks.retain(|entry| !entry.text.eq_ignore_ascii_case(&mask));
                masks.shrink_to(2 * masks.len());
                (masks.len() < before).then_some(RoomChange::Mask { list, mask, added: false })
            }
        };
        Ok(made)
    }

    /// Checks whether `more` bytes may be charged for `room`.
    pub(super) fn allow_in_room(&self, room: RoomId, more: usize) -> Result<(), Refusal> {
        let room = self.rooms.get(room);
        let allowed = self.users.budget.allows(room.owner(), more);
        allowed.map_err(|over| no_memory(&room.name, over))
    }

    fn add_mask(
        &mut self,
        id: UserId,
        room: RoomId,
        list: MaskList,
        mask: String,
        now: Now,
    ) -> Result<Option<RoomChange>, Refusal> {
        let by = self.user(id)?.name().clone();
        let id_of_room = room;
        let room = self.rooms.get_mut(room);
        let masks = room.settings.masks_mut(list);
        if masks.iter().any(|entry| entry.text.eq_ignore_ascii_case(&mask)) {
            return Ok(None);
        }
        if masks.len() >= MASKS_PER_LIST {
            let room = room.name.clone();
            return Err(Refusal::ListFull { room, list, mask, most: MASKS_PER_LIST });
        }
        self.allow_in_room(id_of_room, Mask::most_bytes(&mask))?;
        let masks = self.rooms.get_mut(id_of_room).settings.masks_mut(list);
        masks.push(Mask::new(mask.clone(), by, now.time));
        self.rooms.recharge(&mut self.users, id_of_room);
        Ok(Some(RoomChange::Mask { list, mask, added: true }))
    }
}

pub(super) fn no_memory(room: &RoomName, OverBudget { most, of_address }: OverBudget) -> Refusal {
    Refusal::NoMemoryInRoom { room: room.clone(), most, of_address }
}

/// True for changes that would close a permanent room or give it to a user: it belongs to the server, and is open to
/// everybody who is not banned.
fn is_for_owners(change: &RoomChange) -> bool {
    match change {
        RoomChange::Key(key) => key.is_some(),
        RoomChange::Limit(limit) => limit.is_some(),
        #[cfg(feature = "store")]
        RoomChange::Flag(RoomFlag::AccountsOnly, on) => *on,
        RoomChange::Flag(flag, on) => *on && matches!(flag, RoomFlag::InviteOnly | RoomFlag::Secret),
        RoomChange::Rank { rank, given, .. } => *given && *rank == Rank::OPERATOR,
        #[cfg(feature = "store")]
        RoomChange::History(_) => false,
        RoomChange::Mask { .. } => false,
    }
}
