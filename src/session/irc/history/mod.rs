//! The past of channels, as each client understands it: `CHATHISTORY` (IRCv3 `draft/chathistory`), `znc.in/playback`,
//! `SEARCH` (`soju.im/search`), or a replay after `JOIN`. Only members can read it, and only two users with accounts
//! their private messages. The store answers, and the client's next command waits for that.

mod chathistory;
mod missed;
mod past;
mod playback;
mod redact;
mod reference;
mod replay;
mod search;
mod talks;
mod waiting;

pub(super) use chathistory::MOST_LINES;
pub(super) use playback::PLAYBACK;
pub(super) use reference::KINDS as REFERENCES;
pub(super) use replay::Replay;

use super::client::Irc;
use crate::message::{Answer, Effect, Query, Readable, Recall, RecallFor, Scope};
use crate::name::RoomName;
use crate::session::Context;

impl Irc {
    /// Asks the store.
    fn recall(&mut self, query: Query, purpose: RecallFor, context: &mut Context<'_>) {
        let asked = query.scopes();
        self.unfinished(|unfinished| unfinished.asked = asked);
        context.out.push(Effect::Errand(self.connection, Recall { query, purpose }.into()));
    }

    /// The past of this channel that the client may read, if it is a member.
    fn readable(&self, room: &RoomName, context: &Context<'_>) -> Option<Readable> {
        let room = context.hub.rooms().find(room)?;
        context.hub.rooms().member(context.hub.users(), self.user, room)?;
        Some(context.hub.readable(room))
    }

    /// The pasts of all channels of the client.
    fn all_readable(&self, context: &Context<'_>) -> Vec<Readable> {
        let seats = context.hub.users().get(self.user).map_or(&[][..], |user| &user.seats);
        seats.iter().map(|seat| context.hub.readable(seat.room)).collect()
    }

    /// All that the client may read: its channels and, if it has an account, its private messages.
    fn all_scopes(&self, context: &Context<'_>) -> Vec<Scope> {
        let rooms = self.all_readable(context).into_iter().map(Scope::from);
        rooms.chain(self.own_account(context).map(Scope::Talks)).collect()
    }

    /// What a client may read of a channel, or of its private messages with a user.
    fn scope(&self, target: &str, context: &Context<'_>) -> Option<Scope> {
        match RoomName::new(target) {
            Ok(room) => self.readable(&room, context).map(Scope::from),
            Err(_) => self.talk_with(target, context),
        }
    }

    /// True if the client may still read this.
    fn may_read(&self, of: &Scope, context: &Context<'_>) -> bool {
        match of {
            Scope::Room(Readable { room, .. }) => self.readable(room, context).is_some(),
            Scope::Talk(between) => {
                self.own_account(context).is_some_and(|account| between.contains(&account))
            }
            Scope::Talks(account) => self.own_account(context) == Some(*account),
        }
    }

    /// Tells the client what the store knows.
    pub(super) fn recalled(&mut self, purpose: RecallFor, answer: Answer, context: &mut Context<'_>) {
        self.unfinished(|unfinished| unfinished.asked = 0);
        match purpose {
            RecallFor::Chathistory { subcommand, target, of } => {
                self.chathistory_recalled(&subcommand, &target, &of, answer, context);
            }
            RecallFor::Targets => self.targets_recalled(answer, context),
            RecallFor::Search(first) => self.search_recalled(first, answer, context),
            RecallFor::Play => self.play_recalled(answer, context),
            RecallFor::ListPlayable => self.playable_recalled(answer, context),
            RecallFor::Replay => {
                self.replay_recalled(answer, context);
                self.go_on_returning(context);
            }
            RecallFor::Missed => self.missed_recalled(answer, context),
            RecallFor::Redaction { room, id, reason } => {
                self.redaction_recalled(&room, id, reason, answer, context);
            }
        }
    }
}
