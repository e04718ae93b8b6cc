//! Messages to rooms and to single users.

use super::Hub;
use super::rooms::{Member, Room};
use super::seats::RoomId;
use super::users::User;
use crate::message::{
    Audience, ConnectionId, Effects, EventKind, Mute, Now, Rank, Refusal, RoomFlag, Speech, UserId,
};
use crate::name::{RoomName, UserName};

/// The audience of a message in a room.
pub(super) struct InRoom {
    pub(super) room: RoomName,
    /// Only members with one of these ranks; everybody if it is empty.
    pub(super) to_rank: Rank,
    /// The speaker's own connection that does not get a copy.
    pub(super) unheard_by: Option<ConnectionId>,
}

impl Hub {
    pub(super) fn say(
        &mut self,
        id: UserId,
        audience: InRoom,
        speech: Speech,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let InRoom { room: name, to_rank, unheard_by } = audience;
        let user = self.user(id)?;
        let room = self.visible_room(&name, id)?;
        let member = self.rooms.member(&self.users, id, room);
        if let Some(why) = is_mute(self.rooms.get(room), user, member, &speech, out) {
            return Err(Refusal::CannotSpeak(name, why));
        }
        if let Some(user) = self.users.get_mut(id) {
            user.has_spoken(now.time);
        }
        let room_name = self.rooms.get(room).name.clone();
        let event = self.event(id, now, EventKind::Said { room: room_name, to_rank, speech });
        self.record(room, &event, out);
        self.relay_said(id, &event, out);
        // A speaker outside the room still hears it on its other connections.
        let mut outside = if member.is_none() { self.users.connections(id) } else { Vec::new() };
        outside.retain(|&connection| Some(connection) != unheard_by);
        if to_rank == Rank::NONE && outside.is_empty() {
            let except = unheard_by.filter(|_| member.is_some());
            out.event_for(event, Audience { except, ..self.everybody(room) });
        } else {
            self.list_hearers(room, to_rank, Some(id), &mut outside, out);
            outside.retain(|&connection| Some(connection) != unheard_by);
            out.event(event, outside);
        }
        Ok(())
    }

    /// Appends the connections of members who hear a message of `from` to this rank.
    pub(super) fn list_hearers(
        &self,
        room: RoomId,
        to_rank: Rank,
        from: Option<UserId>,
        hearers: &mut Vec<ConnectionId>,
        out: &mut Effects,
    ) {
        let members = self.rooms.get(room).members();
        let hears =
            |other: &&Member| to_rank == Rank::NONE || Some(other.id) == from || other.rank.has_any(to_rank);
        out.worked(members.len());
        members.iter().filter(hears).for_each(|other| other.connections(&self.users, hearers));
    }

    pub(super) fn whisper(
        &mut self,
        id: UserId,
        to: UserName,
        speech: Speech,
        unheard_by: Option<ConnectionId>,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        self.user(id)?;
        let addressee = self.users.find(&to);
        let to = match addressee {
            Some(addressee) => self.user(addressee)?.name().clone(),
            None if self.keeps_for_absent(&to, &speech) => to,
            None => return Err(Refusal::NobodyCalled(to)),
        };
        if let Some(user) = self.users.get_mut(id) {
            user.has_spoken(now.time);
        }
        let event = self.event(id, now, EventKind::Whispered { to, speech });
        self.record_whisper(id, addressee, &event, out);
        self.relay_whispered(id, addressee, &event, out);
        // A message to oneself arrives twice: as sent and as received.
        let mut own = self.users.connections(id);
        own.retain(|&connection| Some(connection) != unheard_by);
        let theirs = addressee.map_or_else(Vec::new, |addressee| self.users.connections(addressee));
        self.tell_whisper(event, theirs, own, out);
        Ok(())
    }
}

/// True for a CTCP request (client to client) other than an action. It may be anywhere in the text: lines and pieces of
/// long lines are sent as messages of their own.
fn is_request(text: &str) -> bool {
    let action = text.strip_prefix("\x01ACTION");
    let action = action.filter(|action| action.is_empty() || action.starts_with([' ', '\x01']));
    let text = action.map_or(text, |action| action.strip_suffix('\x01').unwrap_or(action));
    text.contains('\x01')
}

/// Why a user may not speak in a room, if so. Members with a rank always may.
fn is_mute(
    room: &Room,
    user: &User,
    member: Option<Member>,
    speech: &Speech,
    out: &mut Effects,
) -> Option<Mute> {
    let settings = &room.settings;
    let has_rank = member.is_some_and(|m| m.rank.has_any(Rank::OPERATOR.with(Rank::VOICE, true)));
    if settings.has(RoomFlag::NoCtcp) && is_request(&speech.text) {
        return Some(Mute::Ctcp);
    }
    if has_rank {
        return None;
    }
    let is_moderated = settings.has(RoomFlag::Moderated);
    if member.is_none() && (is_moderated || settings.has(RoomFlag::NoExternal)) {
        return Some(Mute::Outside);
    }
    if is_moderated {
        return Some(Mute::Moderated);
    }
    #[cfg(feature = "store")]
    if settings.has(RoomFlag::AccountsSpeak) && !user.identity.has_account {
        return Some(Mute::NoAccount);
    }
    let mut steps = 0;
    let is_banned = settings.bans(&user.identity, &mut steps);
    out.worked(steps);
    is_banned.then_some(Mute::Banned)
}
