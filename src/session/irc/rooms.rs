//! `JOIN`, `PART`, `TOPIC`, `INVITE`, `KICK`. IRC calls rooms channels, and so does this code.

#[cfg(feature = "store")]
use std::mem;
use std::time::SystemTime;
use std::vec;

use super::client::{Irc, Progress, Work};
#[cfg(feature = "store")]
use super::history::Replay;
use super::names::Lists;
use super::work::CHANNEL_TARGETS;
use crate::hub::{Member, RoomId, Seat};
use crate::message::{Capabilities, Command, Refusal};
use crate::name::{NameError, RoomName, UserName};
use crate::session::Context;
#[cfg(feature = "store")]
use crate::session::devices::show_elsewhere;
use crate::wire::irc::{Message, numeric};

/// Longest topic, in characters; the rest is cut.
pub(super) const TOPIC_CHARS: usize = 300;

/// Longest reason for `KICK` or `PART`, in characters; the rest is cut.
pub(super) const KICK_CHARS: usize = 200;

/// Maximum number of users removed by one `KICK`.
pub(super) const KICK_TARGETS: usize = 4;

/// `text`, cut to `most` characters.
pub(super) fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).map_or(text, |(end, _)| &text[..end])
}

/// The progress of a `JOIN`.
#[derive(Debug)]
struct Joining {
    channels: vec::IntoIter<(Box<str>, Option<String>)>,
    /// The list of members of the channel joined last.
    lists: Lists,
    #[cfg(feature = "store")]
    replay: Replay,
}

impl Work for Joining {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        if self.lists.step(irc, context) {
            return Progress::More;
        }
        let Some((name, key)) = self.channels.next() else {
            #[cfg(feature = "store")]
            mem::take(&mut self.replay).joined_all(irc, context);
            return Progress::Done;
        };
        context.out.counted_as_message();
        if let Some(channel) = irc.join_one(&name, key, context) {
            #[cfg(feature = "store")]
            self.replay.joined(&channel, irc, context);
            #[cfg(feature = "store")]
            irc.tell_metadata_of(&channel, context);
            if !irc.capabilities.has(Capabilities::NO_IMPLICIT_NAMES) {
                self.lists.begin(channel);
            }
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        self.channels.len() > 0
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, irc: &Irc, context: &mut Context<'_>) {
        for (name, _) in self.channels.by_ref() {
            irc.unavailable(&name, context);
        }
    }
}

/// The progress of a `PART`.
#[derive(Debug)]
struct Parting {
    channels: vec::IntoIter<Box<str>>,
    reason: Box<str>,
}

impl Work for Parting {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Some(name) = self.channels.next() else { return Progress::Done };
        context.out.counted_as_message();
        match RoomName::new(&name) {
            Ok(room) => {
                irc.ask(Command::Part { room, reason: self.reason.to_string() }, context);
            }
            Err(_) => irc.complain(numeric::ERR_NOSUCHCHANNEL, &name, "No such channel", context),
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        self.channels.len() > 0
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, irc: &Irc, context: &mut Context<'_>) {
        self.channels = Vec::new().into_iter();
        irc.others_unreachable("PART", context);
    }
}

/// The progress of a `KICK`.
#[derive(Debug)]
struct Kicking {
    /// Pairs of a channel and a user to remove from it.
    victims: vec::IntoIter<(Box<str>, Box<str>)>,
    /// The first user beyond the limit.
    left_out: Option<Box<str>>,
    reason: Box<str>,
    /// All are removed from the same channel.
    is_one_channel: bool,
}

impl Work for Kicking {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Some((channel, who)) = self.victims.next() else {
            if let Some(who) = &self.left_out {
                let text = format!("At most {KICK_TARGETS} at once, nobody was removed from here on");
                irc.complain(numeric::ERR_TOOMANYTARGETS, who, &text, context);
            }
            return Progress::Done;
        };
        context.out.counted_as_message();
        if !irc.kick_one(&channel, &who, &self.reason, context) && self.is_one_channel {
            // The others would be refused for the same reason.
            self.victims = Vec::new().into_iter();
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        self.victims.len() > 0
    }

    #[cfg(feature = "cluster")]
    fn decline(&mut self, irc: &Irc, context: &mut Context<'_>) {
        self.victims = Vec::new().into_iter();
        irc.others_unreachable("KICK", context);
    }
}

impl Irc {
    /// `JOIN channels [keys]`, or `JOIN 0`.
    pub(super) fn join(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if message.params[0] == "0" {
            return self.part_all(context);
        }
        let keys = message.params.get(1).copied().unwrap_or_default().split(',');
        let keys: Vec<_> = message.params[0].split(',').filter(|name| !name.is_empty()).zip(keys).collect();
        let key = |name: &str| {
            let (_, key) = keys.iter().find(|(known, key)| *known == name && !key.is_empty())?;
            Some((*key).to_owned())
        };
        let channels = self.targets(message.params[0], CHANNEL_TARGETS, context);
        let channels: Vec<_> = channels.into_iter().map(|name| (name.into(), key(name))).collect();
        let lists = Lists::new(context.house.answer_bytes());
        let joining = Joining {
            channels: channels.into_iter(),
            lists,
            #[cfg(feature = "store")]
            replay: Replay::default(),
        };
        self.begin(joining, context);
    }

    /// Joins a channel. Returns it if the client was not in it.
    fn join_one(&mut self, name: &str, key: Option<String>, context: &mut Context<'_>) -> Option<RoomName> {
        let name = match RoomName::new(name) {
            Ok(name) => name,
            Err(why) => {
                self.not_a_channel(name, why, context);
                return None;
            }
        };
        if self.seat(&name, context).is_some()
            || !self.ask(Command::Join { room: name.clone(), key }, context)
        {
            return None;
        }
        let room = context.hub.rooms().find(&name)?;
        if context.hub.rooms().get(room).settings.topic.is_some() {
            self.tell_topic(room, context);
        }
        let name = context.hub.rooms().get(room).name.clone();
        #[cfg(feature = "store")]
        self.tell_marker_of(&name, context);
        #[cfg(feature = "store")]
        show_elsewhere(self.user, self.connection, &name, context);
        Some(name)
    }

    /// The client's membership in this channel.
    pub(super) fn seat(&self, name: &RoomName, context: &Context<'_>) -> Option<Member> {
        let room = context.hub.rooms().find(name)?;
        context.hub.rooms().member(context.hub.users(), self.user, room)
    }

    fn not_a_channel(&self, name: &str, why: NameError, context: &mut Context<'_>) {
        match why {
            NameError::TooLong(_)
            | NameError::Mark(_)
            | NameError::Character(_)
            | NameError::Invisible(_) => {
                self.complain(numeric::ERR_BADCHANMASK, name, &why.to_string(), context);
            }
            NameError::Empty | NameError::Start(_) | NameError::NoRoom | NameError::Lookalike => {
                self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
            }
        }
    }

    fn part_all(&mut self, context: &mut Context<'_>) {
        let seats = context.hub.users().get(self.user).map_or(&[][..], |user| &user.seats);
        let name = |seat: &Seat| context.hub.rooms().get(seat.room).name.as_str().into();
        let channels: Vec<_> = seats.iter().map(name).collect();
        self.begin(Parting { channels: channels.into_iter(), reason: Box::default() }, context);
    }

    pub(super) fn part(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let reason = cut(message.params.get(1).copied().unwrap_or_default(), KICK_CHARS).into();
        let channels = self.owned_targets(message.params[0], CHANNEL_TARGETS, context);
        self.begin(Parting { channels, reason }, context);
    }

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

    /// The channel called `name` if it is visible to the client; otherwise sends an error.
    pub(super) fn channel(&self, name: &str, context: &mut Context<'_>) -> Option<(RoomName, RoomId)> {
        let found = RoomName::new(name).ok().and_then(|name| {
            let room = context.hub.rooms().find(&name)?;
            context
                .hub
                .is_visible(room, self.user)
                .then(|| (context.hub.rooms().get(room).name.clone(), room))
        });
        if found.is_none() {
            self.complain(numeric::ERR_NOSUCHCHANNEL, name, "No such channel", context);
        }
        found
    }

    pub(super) fn tell_topic(&self, room: RoomId, context: &mut Context<'_>) {
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

    /// `INVITE nick channel`; without parameters, lists the client's own invitations.
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
                    // In the letter case of their owners.
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
        let Some(user) = context.hub.users().get(self.user) else { return };
        // An invitation to a channel that no longer exists is invalid.
        let is_valid = |name: &&RoomName| {
            let room = context.hub.rooms().find(name);
            room.is_some_and(|room| {
                let room = context.hub.rooms().get(room);
                user.is_invited_to(&room.name, room.settings.created)
            })
        };
        let rooms: Vec<_> = user.invitations().filter(is_valid).cloned().collect();
        for room in rooms {
            self.numeric(numeric::RPL_INVITELIST, context, |line| line.param(room.as_str()));
        }
        self.say(numeric::RPL_ENDOFINVITELIST, "End of INVITE list", context);
    }

    /// `KICK channel nicks [reason]`, or with as many channels as nicks: then each nick is removed from the channel
    /// in the same position (RFC 2812 §3.2.8).
    pub(super) fn kick(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let channels: Vec<_> = message.params[0].split(',').filter(|name| !name.is_empty()).collect();
        let nicks: Vec<_> = message.params[1].split(',').filter(|who| !who.is_empty()).collect();
        if channels.is_empty() || channels.len() > 1 && channels.len() != nicks.len() {
            let text = "Name one channel, or as many channels as nicks";
            return self.complain(numeric::ERR_NEEDMOREPARAMS, "KICK", text, context);
        }
        let own_name =
            context.hub.users().get(self.user).map_or_else(String::new, |user| user.name().to_string());
        let reason = message.params.get(2).copied().filter(|reason| !reason.is_empty());
        let reason = cut(reason.unwrap_or(&own_name), KICK_CHARS);
        let pairs = channels.iter().cycle().zip(&nicks).take(KICK_TARGETS);
        let victims: Vec<_> = pairs.map(|(&channel, &who)| (channel.into(), who.into())).collect();
        let kicking = Kicking {
            victims: victims.into_iter(),
            left_out: nicks.get(KICK_TARGETS).map(|&who| who.into()),
            reason: reason.into(),
            is_one_channel: channels.len() == 1,
        };
        self.begin(kicking, context);
    }

    /// Removes one user. False when the client may not remove anybody from the channel.
    fn kick_one(&self, channel: &str, who: &str, reason: &str, context: &mut Context<'_>) -> bool {
        let Ok(room) = RoomName::new(channel) else {
            self.complain(numeric::ERR_NOSUCHCHANNEL, channel, "No such channel", context);
            return false;
        };
        let Ok(who) = UserName::new(who) else {
            self.complain(numeric::ERR_NOSUCHNICK, who, "No such nick", context);
            return true;
        };
        let kick = Command::Kick { room: room.clone(), who, reason: reason.to_owned() };
        match context.hub.handle(self.user, kick, context.now, context.out) {
            Ok(()) => true,
            // A user who is not on the server is not in the channel either.
            Err(Refusal::NobodyCalled(who)) => {
                self.refuse(&Refusal::TheyAreNotInRoom(who, room), context);
                true
            }
            Err(why) => {
                self.refuse(&why, context);
                matches!(why, Refusal::TheyAreNotInRoom(..))
            }
        }
    }
}

/// Seconds since 1970.
pub(super) fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
