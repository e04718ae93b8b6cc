//! `MARKREAD` (IRCv3 `draft/read-marker`): how far somebody has read, for all devices of an account.

use std::time::SystemTime;

use super::client::Irc;
use super::writer::Writer;
use crate::date;
use crate::hub::NotMarked;
use crate::message::Capabilities;
use crate::name::{RoomName, UserName};
use crate::session::Context;
use crate::wire::irc::{Line, Message};

const COMMAND: &str = "MARKREAD";

impl Irc {
    /// `MARKREAD target [timestamp=time]`.
    pub(super) fn markread(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(target) = message.params.first().copied() else {
            return self.fail(COMMAND, "NEED_MORE_PARAMS", "Missing parameters", context);
        };
        let Some(of) = folded(target) else {
            let text = "This is neither a channel nor a nick";
            return self.fail_about(COMMAND, "INVALID_PARAMS", &[target], text, context);
        };
        let Some(written) = message.params.get(1).copied() else {
            let at = context.hub.marker(self.user, &of);
            return self.tell_marker(target, at, context);
        };
        let Some(at) = written.strip_prefix("timestamp=").and_then(date::parse) else {
            let text = "Write timestamp=YYYY-MM-DDThh:mm:ss.sssZ";
            return self.fail_about(COMMAND, "INVALID_PARAMS", &[target, written], text, context);
        };
        let (by, now) = ((self.user, self.connection), context.now);
        match context.hub.mark_read(by, &of, target, at, now, context.out) {
            Ok(at) => self.tell_marker(target, Some(at), context),
            Err(why) => {
                let text = match why {
                    NotMarked::NoAccount => "Log in to an account, which remembers it".to_owned(),
                    NotMarked::Full(most) => format!("Your account has {most} markers already"),
                    NotMarked::NoMemory(why) => why.to_string(),
                };
                self.fail_about(COMMAND, "INTERNAL_ERROR", &[target], &text, context);
            }
        }
    }

    /// Tells a client that wants to know it how far its user has read this channel, which it has just joined.
    pub(super) fn tell_marker_of(&self, room: &RoomName, context: &mut Context<'_>) {
        if self.capabilities.has(Capabilities::READ_MARKER) {
            let at = context.hub.marker(self.user, &room.folded());
            self.tell_marker(room.as_str(), at, context);
        }
    }

    fn tell_marker(&self, target: &str, at: Option<SystemTime>, context: &mut Context<'_>) {
        self.send(COMMAND, context, |line| write_marker(target, at, line));
    }
}

impl Writer<'_> {
    /// Tells the user's other devices.
    pub(super) fn marked_read(&self, target: &str, at: SystemTime, out: &mut Vec<u8>) {
        if self.capabilities.has(Capabilities::READ_MARKER) {
            self.line(COMMAND, out, |line| write_marker(target, Some(at), line));
        }
    }
}

fn write_marker(target: &str, at: Option<SystemTime>, line: &mut Line<'_>) {
    line.param(target);
    line.param(&at.map_or_else(|| "*".to_owned(), |at| format!("timestamp={}", date::millis(at))));
}

/// The name of a channel or user without its letter case.
fn folded(target: &str) -> Option<String> {
    let room = RoomName::new(target).map(|room| room.folded());
    room.or_else(|_| UserName::new(target).map(|name| name.folded())).ok()
}
