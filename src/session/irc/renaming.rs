//! `RENAME` (IRCv3 `draft/channel-rename`). Clients without the capability leave the channel and join it under its new
//! name. A list of its members for each of them would take n² names at once, so the lists come in later turns.

use std::sync::Arc;

use super::client::Irc;
use super::rooms::{KICK_CHARS, cut};
use super::writer::Writer;
use crate::hub::{NotRenamed, Renaming};
use crate::message::{Capabilities, Event, EventKind};
use crate::name::RoomName;
use crate::session::Context;
use crate::wire::irc::Message;

impl Irc {
    /// `RENAME channel name [reason]`.
    pub(super) fn rename(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some((from, _)) = self.channel(message.params[0], context) else { return };
        let to = match RoomName::new(message.params[1]) {
            Ok(to) => to,
            Err(why) => return self.cannot_rename(&from, message.params[1], &why.to_string(), context),
        };
        let reason = cut(message.params.get(2).copied().unwrap_or_default(), KICK_CHARS).to_owned();
        let renaming =
            Renaming { from: from.clone(), to: to.clone(), reason: reason.clone(), by: self.connection };
        match context.hub.rename_room(self.user, renaming, context.now, context.out) {
            Ok(()) if from != to && self.seat(&to, context).is_some() => {
                self.move_myself(&from, &to, &reason, context)
            }
            Ok(()) => {}
            Err(why) => self.not_renamed(&why, &from, to.as_str(), context),
        }
    }

    fn not_renamed(&self, why: &NotRenamed, from: &RoomName, to: &str, context: &mut Context<'_>) {
        match why {
            NotRenamed::Refused(why) => self.refuse(why, context),
            NotRenamed::Lobby => {
                let text = "The lobby has the name that is in the server's config";
                self.cannot_rename(from, to, text, context);
            }
            NotRenamed::Taken => {
                let text = "There is a channel of this name, choose another";
                self.fail_about("RENAME", "CHANNEL_NAME_IN_USE", &[from.as_str(), to], text, context);
            }
            NotRenamed::TooSoon(left) => {
                let left = left.as_millis().div_ceil(1_000);
                let text = format!("The channel was renamed recently, try again in {left} s");
                self.cannot_rename(from, to, &text, context);
            }
        }
    }

    fn cannot_rename(&self, from: &RoomName, to: &str, text: &str, context: &mut Context<'_>) {
        self.fail_about("RENAME", "CANNOT_RENAME", &[from.as_str(), to], text, context);
    }

    /// Moves the client that has renamed the channel. The list of members is part of its answer.
    fn move_myself(&mut self, from: &RoomName, to: &RoomName, reason: &str, context: &mut Context<'_>) {
        if self.capabilities.has(Capabilities::CHANNEL_RENAME) {
            return;
        }
        self.show_move(from, to, reason, context);
        if let Some(room) = context.hub.rooms().find(to)
            && context.hub.rooms().get(room).settings.topic.is_some()
        {
            self.tell_topic(room, context);
        }
        if !self.capabilities.has(Capabilities::NO_IMPLICIT_NAMES) {
            self.list_members(vec![to.as_str().into()].into_iter(), context);
        }
    }

    /// Moves the client of a member.
    pub(super) fn follow_rename(&mut self, renamed: &Event, context: &mut Context<'_>) {
        if let EventKind::RoomRenamed { from, to, reason } = &renamed.kind
            && !self.capabilities.has(Capabilities::CHANNEL_RENAME)
        {
            self.show_move(from, to, reason, context);
            self.show_channel(to, context);
        }
    }

    fn show_move(&self, from: &RoomName, to: &RoomName, reason: &str, context: &mut Context<'_>) {
        let Some(user) = context.hub.users().get(self.user) else { return };
        let identity = Arc::clone(&user.identity);
        let parted = EventKind::Parted { room: from.clone(), reason: reason.to_owned() };
        self.show_event(&identity, parted, context);
        self.show_event(&identity, EventKind::Joined { room: to.clone(), away: None }, context);
    }
}

impl Writer<'_> {
    /// Tells clients that know renames. Others are moved one by one: each as if it had left and joined.
    pub(super) fn room_renamed(&self, from: &RoomName, to: &RoomName, reason: &str, out: &mut Vec<u8>) {
        if self.capabilities.has(Capabilities::CHANNEL_RENAME) {
            self.line("RENAME", out, |line| {
                line.param(from.as_str());
                line.param(to.as_str());
                line.trailing(reason);
            });
        }
    }
}
