//! `METADATA` (IRCv3 `draft/metadata-3`, and `draft/metadata-2`, whose refusals and events look different).

mod changing;
mod following;
mod lines;
mod reading;
mod refusing;
mod sync;

use super::client::Irc;
use crate::hub::{Described, METADATA_KEY_BYTES, METADATA_KEYS, METADATA_VALUE_BYTES, SUBSCRIPTIONS};
use crate::message::Capabilities;
use crate::name::RoomName;
use crate::session::Context;
use crate::wire::irc::Message;
use refusing::Fault;

/// Clients may have one of these, not both.
pub(super) const EITHER: Capabilities = Capabilities::METADATA_2.and(Capabilities::METADATA_3);

/// The type of the batches.
const BATCH: &str = "metadata";

/// The target that stands for everything that the client hears of.
const ALL: &str = "*ALL";

/// The value of the capabilities.
pub(super) fn value() -> String {
    format!(
        "max-subs={SUBSCRIPTIONS},max-keys={METADATA_KEYS},max-key-bytes={METADATA_KEY_BYTES},\
         max-value-bytes={METADATA_VALUE_BYTES}"
    )
}

/// True for what can be a key.
fn is_key(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_./-".contains(&byte);
    (1..=METADATA_KEY_BYTES).contains(&text.len()) && text.bytes().all(is_allowed)
}

/// The target of a command: whose metadata, and its name.
struct Target {
    of: Described,
    name: Box<str>,
}

impl Irc {
    pub(super) fn metadata(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let [target, subcommand, rest @ ..] = &message.params[..] else { return };
        let subcommand = subcommand.to_ascii_uppercase();
        match (subcommand.as_str(), rest) {
            ("GET", keys @ [_, ..]) => self.get_metadata(target, keys, context),
            ("LIST", []) => self.list_metadata(target, context),
            ("SET", [key]) => self.set_metadata(target, key, "", context),
            ("SET", [key, value]) => self.set_metadata(target, key, value, context),
            ("CLEAR", []) => self.clear_metadata(target, context),
            ("SYNC", []) if *target == ALL => self.sync_all(context),
            ("SYNC", []) => self.sync(target, context),
            ("SUB" | "UNSUB" | "SUBS", _) if !self.follows_metadata() => {
                let what = "Request draft/metadata-3 and batch first";
                self.refuse_metadata(&Fault::Params(&subcommand, what), context);
            }
            ("SUB", keys @ [_, ..]) => self.subscribe(target, keys, context),
            ("UNSUB", keys @ [_, ..]) => self.unsubscribe(target, keys, context),
            ("SUBS", []) => self.list_subscriptions(target, context),
            ("GET" | "LIST" | "SET" | "CLEAR" | "SYNC" | "SUB" | "UNSUB" | "SUBS", _) => {
                self.refuse_metadata(&Fault::Params(&subcommand, "Too few or too many parameters"), context);
            }
            _ => self.refuse_metadata(&Fault::Subcommand(&subcommand), context),
        }
    }

    /// True when the client can hear of metadata.
    fn follows_metadata(&self) -> bool {
        let has_one = self.capabilities.only(EITHER) != Capabilities::NONE;
        has_one && self.capabilities.has(Capabilities::BATCH)
    }

    /// The user or channel that the client names, if it may know of it. Otherwise tells the client.
    fn described(&self, target: &str, context: &mut Context<'_>) -> Option<Target> {
        let found = if target == "*" {
            self.own(context)
        } else if target.starts_with('#') {
            let room = RoomName::new(target).ok().and_then(|name| context.hub.rooms().find(&name));
            let room = room.filter(|&room| context.hub.is_visible(room, self.user));
            room.map(|room| {
                let name = context.hub.rooms().get(room).name.as_str().into();
                Target { of: Described::Room(room), name }
            })
        } else {
            let user = self.user_called(target, context);
            user.map(|(id, user)| Target { of: Described::User(id), name: user.name().as_str().into() })
        };
        if found.is_none() {
            self.refuse_metadata(&Fault::Target(target), context);
        }
        found
    }

    fn own(&self, context: &Context<'_>) -> Option<Target> {
        let name = context.hub.users().get(self.user)?.name().as_str().into();
        Some(Target { of: Described::User(self.user), name })
    }

    /// True when `target` is the client itself. Otherwise tells the client.
    fn is_own(&self, target: &str, context: &mut Context<'_>) -> bool {
        let is_own = self.described(target, context).map(|target| target.of == Described::User(self.user));
        if is_own == Some(false) {
            self.refuse_metadata(&Fault::Target(target), context);
        }
        is_own == Some(true)
    }
}
