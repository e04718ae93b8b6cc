//! Joining and leaving rooms, and removing and inviting others.

use super::Hub;
use super::budget::OverBudget;
use super::rooms::{Room, new_room_bytes};
use super::seats::{RoomId, SEAT_BYTES};
use super::users::User;
use crate::message::{Effects, Event, EventKind, Now, Rank, Refusal, RoomFlag, UserId};
use crate::name::{RoomName, UserName};

/// Maximum number of rooms per user.
pub const ROOMS_PER_USER: usize = 50;

/// Maximum number of rooms, the lobby included: more than a full server needs, in a few megabytes.
pub const MOST_ROOMS: usize = 10_000;

/// Steps to find a room and a seat in it, besides comparing masks and invitations.
const JOIN_STEPS: usize = 20;

impl Hub {
    pub(super) fn join(
        &mut self,
        id: UserId,
        name: RoomName,
        key: Option<&str>,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let user = self.user(id)?;
        let room = self.rooms.find(&name);
        out.worked(JOIN_STEPS + user.invitations().count());
        if user.seats.iter().any(|seat| Some(seat.room) == room) {
            return Ok(());
        }
        if user.seats.len() >= ROOMS_PER_USER {
            return Err(Refusal::TooManyRooms { room: name, most: ROOMS_PER_USER });
        }
        let seat = if user.seats.is_empty() { 0 } else { SEAT_BYTES };
        let more = match room {
            Some(room) => {
                admit(self.rooms.get(room), user, key, out)?;
                seat
            }
            None if self.rooms.len() >= MOST_ROOMS => {
                return Err(Refusal::NoMoreRooms { room: name, most: MOST_ROOMS });
            }
            None => seat + new_room_bytes(&name),
        };
        if let Err(OverBudget { most, of_address }) = self.users.budget.allows(user.owner(), more) {
            return Err(Refusal::NoMemoryForRoom { room: name, most, of_address });
        }
        let is_new = room.is_none();
        let room = self.rooms.enter(&mut self.users, id, name, now.time);
        if is_new {
            self.opened(room, now, out);
        }
        let name = self.rooms.get(room).name.clone();
        if let Some(user) = self.users.get_mut(id) {
            user.uninvite(&name);
            let away = user.away().cloned();
            self.users.recharge(id);
            let kind = EventKind::Joined { room: name.clone(), away };
            let event = self.event(id, now, kind);
            self.record(room, &event, out);
            out.event_for(event, self.everybody(room));
            #[cfg(feature = "store")]
            self.tell_lasting_ranks(id, room, now, out);
            self.record_seat(id, &name, out);
        }
        Ok(())
    }

    pub(super) fn part(
        &mut self,
        id: UserId,
        name: RoomName,
        reason: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = self.own_room(id, &name)?;
        let room_name = self.rooms.get(room).name.clone();
        let event = self.event(id, now, EventKind::Parted { room: room_name, reason });
        self.record(room, &event, out);
        out.event_for(event, self.everybody(room));
        self.rooms.leave(&mut self.users, id, room);
        self.record_seat(id, &name, out);
        Ok(())
    }

    pub(super) fn kick(
        &mut self,
        id: UserId,
        name: RoomName,
        who: UserName,
        reason: String,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = self.room_to_change(id, &name)?;
        let victim = self.users.find(&who).ok_or_else(|| Refusal::NobodyCalled(who.clone()))?;
        if self.rooms.member(&self.users, victim, room).is_none() {
            return Err(Refusal::TheyAreNotInRoom(who, name));
        }
        let who = self.user(victim)?.name().clone();
        let room_name = self.rooms.get(room).name.clone();
        let event = self.event(id, now, EventKind::Kicked { room: room_name, who, reason });
        self.record(room, &event, out);
        out.event_for(event, self.everybody(room));
        self.rooms.leave(&mut self.users, victim, room);
        self.record_seat(victim, &name, out);
        Ok(())
    }

    pub(super) fn invite(
        &mut self,
        id: UserId,
        name: RoomName,
        who: UserName,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = self.own_room(id, &name)?;
        if self.rooms.get(room).settings.has(RoomFlag::InviteOnly) {
            self.room_to_change(id, &name)?;
        }
        let guest = self.users.find(&who).ok_or_else(|| Refusal::NobodyCalled(who.clone()))?;
        if self.rooms.member(&self.users, guest, room).is_some() {
            return Err(Refusal::TheyAreInRoom(who, name));
        }
        let user = self.user(guest)?;
        self.users.budget.allows(user.owner(), user.invitation_bytes(&name))?;
        let Some(user) = self.users.get_mut(guest) else { return Err(Refusal::NobodyCalled(who)) };
        let room_there = self.rooms.get(room);
        user.invite(&room_there.name, room_there.settings.created);
        let (who, room_name) = (user.name().clone(), self.rooms.get(room).name.clone());
        self.users.recharge(guest);
        let event = self.event(id, now, EventKind::Invited { room: room_name, who });
        let members = self.rooms.get(room).members().iter();
        let operators = members.filter(|member| member.rank.has_any(Rank::OPERATOR) && member.id != id);
        out.worked(self.rooms.get(room).members().len());
        let watched = Event { watched: true, ..event.clone() };
        let operators: Vec<_> = operators.map(|member| member.id).collect();
        self.tell(&[guest], event, out);
        self.tell(&operators, watched, out);
        Ok(())
    }

    /// The room called `name`, if `id` is in it.
    pub(super) fn own_room(&self, id: UserId, name: &RoomName) -> Result<RoomId, Refusal> {
        self.user(id)?;
        let room = self.visible_room(name, id)?;
        match self.rooms.member(&self.users, id, room) {
            Some(_) => Ok(room),
            None => Err(Refusal::NotInRoom(name.clone())),
        }
    }

    /// The room called `name`, if `id` may change it: operators of the server may change rooms of the server, the room's
    /// own operators all others.
    pub(super) fn room_to_change(&self, id: UserId, name: &RoomName) -> Result<RoomId, Refusal> {
        let user = self.user(id)?;
        let room = self.visible_room(name, id)?;
        if self.rooms.get(room).is_of_server() && user.is_operator {
            return Ok(room);
        }
        match self.rooms.member(&self.users, id, room) {
            Some(member) if member.rank.has_any(Rank::OPERATOR) => Ok(room),
            Some(_) => Err(Refusal::NotOperator(name.clone())),
            None => Err(Refusal::NotInRoom(name.clone())),
        }
    }
}

/// Whether `user` may join. An invitation overrides everything except a ban: any member may invite, and must not undo
/// an operator's ban.
fn admit(room: &Room, user: &User, key: Option<&str>, out: &mut Effects) -> Result<(), Refusal> {
    let (settings, name, mut steps) = (&room.settings, || room.name.clone(), 0);
    let is_banned = settings.bans(&user.identity, &mut steps);
    let is_invited = user.is_invited_to(&room.name, settings.created);
    let mut is_opened = || settings.invites(&user.identity, &mut steps);
    let is_closed = settings.has(RoomFlag::InviteOnly) && !is_banned && !is_invited && !is_opened();
    out.worked(steps);
    if is_banned {
        return Err(Refusal::Banned(name()));
    }
    if is_invited {
        return Ok(());
    }
    if is_closed {
        return Err(Refusal::InviteOnly(name()));
    }
    #[cfg(feature = "store")]
    if settings.has(RoomFlag::AccountsOnly) && !user.identity.has_account {
        return Err(Refusal::AccountsOnly(name()));
    }
    if settings.key.as_deref().is_some_and(|wanted| key != Some(wanted)) {
        return Err(Refusal::WrongKey(name()));
    }
    if settings.limit.is_some_and(|limit| room.members().len() >= limit as usize) {
        return Err(Refusal::RoomIsFull(name()));
    }
    Ok(())
}
