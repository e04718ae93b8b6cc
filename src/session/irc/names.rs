//! `NAMES`, and the list of names after a `JOIN`.

use std::vec;

use super::client::{Irc, Progress, Work};
use super::ranks::prefixes;
use super::work::CHANNEL_TARGETS;
use crate::hub::{Hub, Member};
use crate::message::{Capabilities, RoomFlag};
use crate::name::RoomName;
use crate::session::Context;
use crate::wire::irc::{Line, Message, numeric};

/// Maximum number of members checked per line. Some of them may be invisible.
const MEMBERS_PER_LINE: usize = 250;

/// The progress of listing a channel's members.
#[derive(Debug)]
struct Names {
    channel: RoomName,
    /// Members from this index on are listed, from last to first. When a member leaves, the last, already listed,
    /// takes its place. New members become the last, and the client hears of them by `JOIN`.
    listed_from: usize,
}

/// The progress of a `NAMES`.
#[derive(Debug)]
struct NamesOf {
    channels: vec::IntoIter<Box<str>>,
    lists: Lists,
}

/// The lists that answer one command, one at a time.
#[derive(Debug)]
pub(super) struct Lists {
    current: Option<Names>,
    /// Bytes left for all remaining lists.
    bytes_left: usize,
}

impl Lists {
    pub(super) fn new(bytes_left: usize) -> Self {
        Self { current: None, bytes_left }
    }

    /// Starts the list of this channel.
    pub(super) fn begin(&mut self, channel: RoomName) {
        self.current = Some(Names::new(channel));
    }

    /// Continues the current list. False when there is none.
    pub(super) fn step(&mut self, irc: &Irc, context: &mut Context<'_>) -> bool {
        let Some(names) = &mut self.current else { return false };
        if names.step(irc, &mut self.bytes_left, context) == Progress::Done {
            self.current = None;
        }
        true
    }
}

impl Names {
    fn new(channel: RoomName) -> Self {
        Self { channel, listed_from: usize::MAX }
    }

    /// Lists members until this turn's budget or `bytes_left` is spent.
    fn step(&mut self, irc: &Irc, bytes_left: &mut usize, context: &mut Context<'_>) -> Progress {
        let room = context.hub.rooms().find(&self.channel);
        let Some(id) = room.filter(|&room| context.hub.is_visible(room, irc.user)) else {
            return self.end(irc, context);
        };
        loop {
            let members = context.hub.rooms().get(id).members().len();
            self.listed_from = self.listed_from.min(members);
            if self.listed_from == 0 {
                return self.end(irc, context);
            }
            if *bytes_left == 0 {
                irc.tell_cut(self.channel.as_str(), context);
                return self.end(irc, context);
            }
            if context.out.is_spent() {
                return Progress::More;
            }
            let bytes = irc.line_of_names(self, context);
            *bytes_left = bytes_left.saturating_sub(bytes);
        }
    }

    fn end(&self, irc: &Irc, context: &mut Context<'_>) -> Progress {
        irc.complain(numeric::RPL_ENDOFNAMES, self.channel.as_str(), "End of NAMES list", context);
        Progress::Done
    }
}

impl Work for NamesOf {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        if self.lists.step(irc, context) {
            return Progress::More;
        }
        let Some(name) = self.channels.next() else { return Progress::Done };
        let room = RoomName::new(&name).ok().and_then(|name| context.hub.rooms().find(&name));
        match room.filter(|&room| context.hub.is_visible(room, irc.user)) {
            Some(room) => self.lists.begin(context.hub.rooms().get(room).name.clone()),
            None => irc.complain(numeric::RPL_ENDOFNAMES, &name, "End of NAMES list", context),
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Irc {
    pub(super) fn names(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(names) = message.params.first() else {
            return self.complain(numeric::RPL_ENDOFNAMES, "*", "End of NAMES list", context);
        };
        let channels = self.owned_targets(names, CHANNEL_TARGETS, context);
        self.list_members(channels, context);
    }

    /// Lists the members of `channels`.
    pub(super) fn list_members(&mut self, channels: vec::IntoIter<Box<str>>, context: &mut Context<'_>) {
        let lists = Lists::new(context.house.answer_bytes());
        self.begin(NamesOf { channels, lists }, context);
    }

    /// Lists as many members as fit in a line. Returns its length in bytes.
    fn line_of_names(&self, names: &mut Names, context: &mut Context<'_>) -> usize {
        let Context { hub, out, house, .. } = context;
        let hub = &**hub;
        let Some(id) = hub.rooms().find(&names.channel) else { return 0 };
        let room = hub.rooms().get(id);
        let own_name = hub.users().get(self.user).map_or("*", |user| user.name().as_str());
        let symbol = if room.settings.has(RoomFlag::Secret) { "@" } else { "=" };
        let is_inside = hub.rooms().member(hub.users(), self.user, id).is_some();
        let (mut bytes, mut steps, before) = (0, 0, names.listed_from);
        let mut is_shown = |member: &Member| {
            let Some(user) = hub.users().get(member.id) else { return false };
            steps += if is_inside { 1 } else { Hub::visibility_steps(user) };
            is_inside || hub.is_user_visible(user, self.user)
        };
        out.write(self.connection, |all| {
            let start = all.len();
            let mut line = Line::begin(all);
            line.source(&house.name);
            line.command(numeric::RPL_NAMREPLY);
            line.param(own_name);
            line.param(symbol);
            line.param(names.channel.as_str());
            let (mut text, most) = (String::new(), line.room());
            while let Some(place) = names.listed_from.checked_sub(1)
                && before - place <= MEMBERS_PER_LINE
            {
                let end = text.len();
                let member = &room.members()[place];
                if is_shown(member) {
                    self.push_name(member, hub, &mut text);
                }
                if text.len() > most && end > 0 {
                    text.truncate(end);
                    break;
                }
                names.listed_from = place;
            }
            line.trailing(text.trim_end());
            line.end();
            bytes = all.len() - start;
            if text.is_empty() {
                all.truncate(start);
            }
        });
        out.worked(steps);
        bytes
    }

    fn push_name(&self, member: &Member, hub: &Hub, names: &mut String) {
        let Some(user) = hub.users().get(member.id) else { return };
        if !names.is_empty() {
            names.push(' ');
        }
        names.push_str(prefixes(member.rank, self.capabilities.has(Capabilities::MULTI_PREFIX)));
        if self.capabilities.has(Capabilities::USERHOST_IN_NAMES) {
            names.push_str(&user.identity.to_string());
        } else {
            names.push_str(user.name().as_str());
        }
    }

    /// Like [`Irc::targets`], for work that outlives the message.
    pub(super) fn owned_targets(
        &self,
        list: &str,
        most: usize,
        context: &mut Context<'_>,
    ) -> vec::IntoIter<Box<str>> {
        self.targets(list, most, context).into_iter().map(Box::from).collect::<Vec<_>>().into_iter()
    }
}
