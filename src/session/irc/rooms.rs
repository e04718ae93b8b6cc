//! Channels: coming, going, topics, lists. Here, and on the wire, rooms are called channels.

use std::iter::Peekable;
use std::time::SystemTime;

use super::{Capabilities, Irc};
use crate::hub::{Hub, Member, Room, RoomId, mask};
use crate::message::{Command, Rank, Refusal, RoomFlag};
use crate::name::{NameError, RoomName, UserName};
use crate::session::Context;
use crate::wire::irc::{Line, Message, numeric};

/// Longest topic, in characters; what is longer is cut.
pub(super) const TOPIC_CHARS: usize = 300;

/// Longest reason for a kick or a parting, in characters; what is longer is cut.
pub(super) const KICK_CHARS: usize = 200;

/// Most people removed by one `KICK`.
pub(super) const KICK_TARGETS: usize = 4;

/// `text`, cut to `most` characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// What stands before a member's name: all that applies, or only the first.
pub(super) fn prefixes(rank: Rank, all: bool) -> &'static str {
    match (rank.has_any(Rank::OPERATOR), rank.has_any(Rank::VOICE)) {
        _ if rank == Rank::NONE => "",
        (true, true) if all => "@+",
        (true, _) => "@",
        (false, _) => "+",
    }
}

impl Irc {
    /// `JOIN channels [keys]`, or `JOIN 0`.
    pub(super) fn join(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if message.params[0] == "0" {
            return self.part_all(context);
        }
        let mut keys = message.params.get(1).copied().unwrap_or_default().split(',');
        for name in message.params[0].split(',').filter(|name| !name.is_empty()) {
            let key = keys.next().filter(|key| !key.is_empty()).map(str::to_owned);
            match RoomName::new(name) {
                Ok(room) => self.join_one(room, key, context),
                Err(why) => self.not_a_channel(name, why, context),
            }
        }
    }

    fn join_one(&mut self, name: RoomName, key: Option<String>, context: &mut Context<'_>) {
        if self.seat(&name, context).is_some() {
            return;
        }
        if !self.ask(Command::Join { room: name.clone(), key }, context) {
            return;
        }
        let Some(room) = context.hub.rooms().find(&name) else { return };
        if context.hub.rooms().get(room).settings.topic.is_some() {
            self.tell_topic(room, context);
        }
        if !self.capabilities.has(Capabilities::NO_IMPLICIT_NAMES) {
            self.tell_names(room, context);
        }
    }

    /// What the client is in this channel.
    pub(super) fn seat(&self, name: &RoomName, context: &Context<'_>) -> Option<Member> {
        let room = context.hub.rooms().find(name)?;
        context.hub.rooms().member(context.hub.users(), self.id, room)
    }

    fn not_a_channel(&self, name: &str, why: NameError, context: &mut Context<'_>) {
        match why {
            NameError::TooLong(_) | NameError::Character(_) => {
                self.complain(numeric::ERR_BADCHANMASK, name, &why.to_string(), context);
            }
            NameError::Empty | NameError::Start(_) | NameError::Lookalike => {
                self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
            }
        }
    }

    fn part_all(&mut self, context: &mut Context<'_>) {
        let seats = context.hub.users().get(self.id).map(|user| user.seats.clone());
        for seat in seats.unwrap_or_default() {
            let room = context.hub.rooms().get(seat.room).name.clone();
            self.ask(Command::Part { room, reason: String::new() }, context);
        }
    }

    /// `PART channels [reason]`.
    pub(super) fn part(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let reason = cut(message.params.get(1).copied().unwrap_or_default(), KICK_CHARS);
        for name in message.params[0].split(',').filter(|name| !name.is_empty()) {
            match RoomName::new(name) {
                Ok(room) => {
                    self.ask(Command::Part { room, reason: reason.to_owned() }, context);
                }
                Err(_) => self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context),
            }
        }
    }

    /// `TOPIC channel [topic]`.
    pub(super) fn topic(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some((name, room)) = self.channel(message.params[0], context) else { return };
        if let Some(topic) = message.params.get(1) {
            let topic = cut(topic, TOPIC_CHARS).to_owned();
            self.ask(Command::SetTopic { room: name, topic }, context);
            return;
        }
        if context.hub.rooms().get(room).settings.topic.is_some() {
            self.tell_topic(room, context);
        } else {
            self.complain(numeric::RPL_NOTOPIC, name.as_str(), "No topic is set", context);
        }
    }

    /// The channel called `name`, if the client may know of it; it is told when not.
    pub(super) fn channel(&self, name: &str, context: &mut Context<'_>) -> Option<(RoomName, RoomId)> {
        let found = RoomName::new(name).ok().and_then(|name| {
            let room = context.hub.rooms().find(&name)?;
            context.hub.is_visible(room, self.id).then(|| (context.hub.rooms().get(room).name.clone(), room))
        });
        if found.is_none() {
            self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
        }
        found
    }

    fn tell_topic(&self, room: RoomId, context: &mut Context<'_>) {
        let room = context.hub.rooms().get(room);
        let Some(topic) = room.settings.topic.clone() else { return };
        let name = room.name.clone();
        self.complain(numeric::RPL_TOPIC, name.as_str(), &topic.text, context);
        self.numeric(numeric::RPL_TOPICWHOTIME, context, |line| {
            line.param(name.as_str());
            line.param(&topic.by);
            line.number(unix_seconds(topic.at));
        });
    }

    /// `NAMES channels`.
    pub(super) fn names(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(names) = message.params.first() else {
            return self.complain(numeric::RPL_ENDOFNAMES, "*", "End of NAMES list", context);
        };
        for name in names.split(',').filter(|name| !name.is_empty()) {
            let room = RoomName::new(name).ok().and_then(|name| context.hub.rooms().find(&name));
            match room.filter(|&room| context.hub.is_visible(room, self.id)) {
                Some(room) => self.tell_names(room, context),
                None => self.complain(numeric::RPL_ENDOFNAMES, name, "End of NAMES list", context),
            }
        }
    }

    /// Lists a channel's members, in one pass over them. The limit is for all that one command tells: it may name a
    /// large channel hundreds of times.
    fn tell_names(&self, id: RoomId, context: &mut Context<'_>) {
        let Context { hub, out, house, .. } = context;
        let (hub, room) = (&**hub, hub.rooms().get(id));
        let name = room.name.clone();
        let own_name = hub.users().get(self.id).map_or("*", |user| user.name().as_str());
        let symbol = if room.settings.has(RoomFlag::Secret) { "@" } else { "=" };
        let is_inside = hub.rooms().member(hub.users(), self.id, id).is_some();
        let members = room.members().iter().filter(|member| {
            is_inside || hub.users().get(member.id).is_some_and(|user| hub.is_user_visible(user, self.id))
        });
        let mut members = members.peekable();
        out.worked(room.members().len());
        out.write(self.id, |bytes| {
            while members.peek().is_some() && bytes.len() < house.answer_bytes() {
                let mut line = Line::begin(bytes);
                line.source(&house.name);
                line.command(numeric::RPL_NAMREPLY);
                line.param(own_name);
                line.param(symbol);
                line.param(name.as_str());
                let names = self.fill_with_names(&mut members, hub, line.room());
                line.trailing(names.trim_end());
                line.end();
            }
        });
        let is_cut = members.peek().is_some();
        if is_cut {
            self.tell_cut(name.as_str(), context);
        }
        self.complain(numeric::RPL_ENDOFNAMES, name.as_str(), "End of NAMES list", context);
    }

    /// As many of `members` as have room, one at least, with a space behind each.
    fn fill_with_names<'a>(
        &self,
        members: &mut Peekable<impl Iterator<Item = &'a Member>>,
        hub: &Hub,
        room: usize,
    ) -> String {
        let mut names = String::new();
        while let Some(member) = members.peek() {
            let before = names.len();
            self.push_name(member, hub, &mut names);
            if names.len() > room && before > 0 {
                names.truncate(before);
                break;
            }
            names.push(' ');
            members.next();
        }
        names
    }

    fn push_name(&self, member: &Member, hub: &Hub, names: &mut String) {
        let Some(user) = hub.users().get(member.id) else { return };
        names.push_str(prefixes(member.rank, self.capabilities.has(Capabilities::MULTI_PREFIX)));
        if self.capabilities.has(Capabilities::USERHOST_IN_NAMES) {
            names.push_str(&user.identity.to_string());
        } else {
            names.push_str(user.name().as_str());
        }
    }

    /// `LIST [channels] [conditions]`; what is what can be seen, so their order does not count.
    pub(super) fn list(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let conditions = message.params.iter().flat_map(|param| param.split(','));
        let conditions: Vec<_> =
            conditions.filter(|condition| !condition.is_empty()).map(Condition::new).collect();
        self.numeric(numeric::RPL_LISTSTART, context, |line| {
            line.param("Channel");
            line.trailing("Users  Name");
        });
        let Context { hub, out, house, now, .. } = context;
        let (hub, now) = (&**hub, now.time);
        let own_name = hub.users().get(self.id).map_or("*", |user| user.name().as_str());
        let rooms = hub.rooms().iter().filter(|(id, _)| hub.is_visible(*id, self.id));
        out.worked(hub.rooms().len());
        let mut rooms = rooms.map(|(_, room)| room).filter(|room| lists(&conditions, room, now)).peekable();
        out.write(self.id, |bytes| {
            let most = bytes.len() + house.answer_bytes();
            while let Some(room) = rooms.next_if(|_| bytes.len() < most) {
                let topic = room.settings.topic.as_ref();
                let mut line = Line::begin(bytes);
                line.source(&house.name);
                line.command(numeric::RPL_LIST);
                line.param(own_name);
                line.param(room.name.as_str());
                line.number(room.members().len());
                line.trailing(topic.map_or("", |topic| &topic.text));
                line.end();
            }
        });
        let is_cut = rooms.peek().is_some();
        drop(rooms);
        if is_cut {
            self.tell_cut("*", context);
        }
        self.say(numeric::RPL_LISTEND, "End of LIST", context);
    }

    /// `INVITE nick channel`, or nothing for the list of one's own invitations.
    pub(super) fn invite(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        match message.params[..] {
            [] => self.list_invitations(context),
            [_] => self.need_more_params("INVITE", context),
            [who, name, ..] => {
                let Ok(room) = RoomName::new(name) else {
                    return self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
                };
                let Ok(who) = UserName::new(who) else {
                    return self.complain(numeric::ERR_NOSUCHNICK, who, "No such nick", context);
                };
                if self.ask(Command::Invite { room: room.clone(), who: who.clone() }, context) {
                    // As their owners write them.
                    let (users, rooms) = (context.hub.users(), context.hub.rooms());
                    let guest = users.find(&who).and_then(|id| users.get(id));
                    let who = guest.map_or(who, |guest| guest.name().clone());
                    let room = rooms.find(&room).map_or(room, |id| rooms.get(id).name.clone());
                    self.numeric(numeric::RPL_INVITING, context, |line| {
                        line.param(who.as_str());
                        line.param(room.as_str());
                    });
                    self.tell_away(&who, context);
                }
            }
        }
    }

    fn list_invitations(&self, context: &mut Context<'_>) {
        let Some(user) = context.hub.users().get(self.id) else { return };
        // One to a channel that is gone is void.
        let is_valid = |name: &&RoomName| {
            let room = context.hub.rooms().find(name);
            room.is_some_and(|room| user.is_invited_to(context.hub.rooms().get(room)))
        };
        let rooms: Vec<_> = user.invitations().filter(is_valid).cloned().collect();
        for room in rooms {
            self.numeric(numeric::RPL_INVITELIST, context, |line| line.param(room.as_str()));
        }
        self.say(numeric::RPL_ENDOFINVITELIST, "End of INVITE list", context);
    }

    /// `KICK channel nicks [reason]`.
    pub(super) fn kick(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Ok(room) = RoomName::new(message.params[0]) else {
            let name = message.params[0];
            return self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
        };
        let own_name =
            context.hub.users().get(self.id).map_or_else(String::new, |user| user.name().to_string());
        let reason = message.params.get(2).copied().filter(|reason| !reason.is_empty());
        let reason = cut(reason.unwrap_or(&own_name), KICK_CHARS).to_owned();
        for (n, who) in message.params[1].split(',').filter(|who| !who.is_empty()).enumerate() {
            if n == KICK_TARGETS {
                let text = format!("At most {KICK_TARGETS} at once, from here on nobody was removed");
                return self.complain(numeric::ERR_TOOMANYTARGETS, who, &text, context);
            }
            match UserName::new(who) {
                Ok(who) => {
                    let kick = Command::Kick { room: room.clone(), who: who.clone(), reason: reason.clone() };
                    match context.hub.handle(self.id, kick, context.now, context.out) {
                        // Whoever is not on the server is not on the channel either.
                        Err(Refusal::NobodyCalled(who)) => {
                            self.refuse(&Refusal::TheyAreNotInRoom(who, room.clone()), context);
                        }
                        Err(why @ Refusal::TheyAreNotInRoom(..)) => self.refuse(&why, context),
                        // The others would get the same answer.
                        Err(why) => return self.refuse(&why, context),
                        Ok(()) => {}
                    }
                }
                Err(_) => self.complain(numeric::ERR_NOSUCHNICK, who, "No such nick", context),
            }
        }
    }
}

/// Seconds since 1970.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A condition of `LIST` (modern.ircdocs.horse, `ELIST`), by its letter there.
enum Condition<'a> {
    /// `U`: more or fewer members than this.
    Members(Comparison),
    /// `C`: made more or fewer minutes ago than this.
    Created(Comparison),
    /// `T`: the topic set more or fewer minutes ago than this.
    TopicSet(Comparison),
    /// `N`: a name that this mask does not match.
    NotNamed(&'a str),
    /// `M`, or a plain name: a name that this mask matches.
    Named(&'a str),
}

enum Comparison {
    More(u64),
    Fewer(u64),
}

impl<'a> Condition<'a> {
    fn new(text: &'a str) -> Self {
        let comparison = |text: &str| match text.split_at_checked(1)? {
            (">", number) => number.parse().ok().map(Comparison::More),
            ("<", number) => number.parse().ok().map(Comparison::Fewer),
            _ => None,
        };
        if let Some(comparison) = comparison(text) {
            return Self::Members(comparison);
        }
        let (letter, rest) = text.split_at_checked(1).unwrap_or((text, ""));
        match (letter, comparison(rest)) {
            ("C" | "c", Some(comparison)) => Self::Created(comparison),
            ("T" | "t", Some(comparison)) => Self::TopicSet(comparison),
            ("!", _) => Self::NotNamed(rest),
            _ => Self::Named(text),
        }
    }
}

impl Comparison {
    fn holds(&self, number: u64) -> bool {
        match *self {
            Self::More(than) => number > than,
            Self::Fewer(than) => number < than,
        }
    }

    /// `C>60` is "made more than an hour ago".
    fn holds_since(&self, then: SystemTime, now: SystemTime) -> bool {
        let minutes = now.duration_since(then).map_or(0, |since| since.as_secs() / 60);
        self.holds(minutes)
    }
}

/// Of several names one must match; of everything else, all.
fn lists(conditions: &[Condition<'_>], room: &Room, now: SystemTime) -> bool {
    let name = room.name.as_str();
    let (mut names, mut named) = (0, false);
    for condition in conditions {
        let holds = match condition {
            Condition::Named(pattern) => {
                names += 1;
                named |= mask::matches(pattern, name);
                true
            }
            Condition::NotNamed(pattern) => !mask::matches(pattern, name),
            Condition::Members(comparison) => comparison.holds(room.members().len() as u64),
            Condition::Created(comparison) => comparison.holds_since(room.settings.created, now),
            Condition::TopicSet(comparison) => {
                let topic = room.settings.topic.as_ref();
                topic.is_some_and(|topic| comparison.holds_since(topic.at, now))
            }
        };
        if !holds {
            return false;
        }
    }
    names == 0 || named
}
