//! Information on users: who is here, who was, who is away; and `MONITOR`.

use std::vec;

use super::client::{Irc, Progress, Work};
use super::messages::TARGETS;
use super::modes::user_modes;
use super::ranks::prefixes;
use super::registering::REALNAME_CHARS;
use super::rooms::{cut, unix_seconds};
use super::work::{CHANNEL_TARGETS, unique};
use crate::date;
use crate::hub::{REMEMBERED, User, WATCHED_NAMES};
use crate::message::{Command, Peer, Refusal, UserChange, UserId};
use crate::name::UserName;
use crate::session::Context;
use crate::wire::irc::{Line, Message, numeric};

/// Longest away message, in characters; the rest is cut.
pub(super) const AWAY_CHARS: usize = 200;

/// Maximum number of names per `USERHOST` (RFC 2812 §4.8).
const USERHOST_TARGETS: usize = 5;

/// Steps to find a user by name, which folds letter case.
const LOOKUP_STEPS: usize = 16;

/// Bytes of names per numeric of `MONITOR` or `WHOIS`, so that it fits a line.
const NAMES_BYTES: usize = 300;

/// The progress of `MONITOR +` or `MONITOR -`.
#[derive(Debug, Default)]
struct Watching {
    is_to_watch: bool,
    names: vec::IntoIter<UserName>,
    watched: Vec<UserName>,
}

impl Work for Watching {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Some(name) = self.names.next() else {
            irc.tell_presence(&self.watched, context);
            return Progress::Done;
        };
        context.out.worked(WATCHED_NAMES);
        if !self.is_to_watch {
            context.hub.unwatch(irc.user, &name);
        } else if let Err(why) = context.hub.watch(irc.user, &name) {
            irc.tell_presence(&self.watched, context);
            irc.tell_list_is_full(why, [name].into_iter().chain(self.names.by_ref()), context);
            return Progress::Done;
        } else {
            self.watched.push(name);
        }
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Irc {
    pub(super) fn away(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let text = message.params.first().copied().filter(|text| !text.is_empty());
        let away = text.map(|text| cut(text, AWAY_CHARS).to_owned());
        if !self.set_away(away, context) {
            return;
        }
        let (code, said) = match text {
            Some(_) => (numeric::RPL_NOWAWAY, "You have been marked as being away"),
            None => (numeric::RPL_UNAWAY, "You are no longer marked as being away"),
        };
        self.say(code, said, context);
    }

    /// Sets the client's away message. False after an error.
    #[cfg(not(feature = "store"))]
    fn set_away(&mut self, away: Option<String>, context: &mut Context<'_>) -> bool {
        self.ask(Command::Change(UserChange::Away(away)), context)
    }

    /// `SETNAME realname` (IRCv3 `setname`).
    pub(super) fn setname(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let realname = message.params[0];
        if realname.is_empty() || realname.chars().count() > REALNAME_CHARS {
            return self.fail("SETNAME", "INVALID_REALNAME", "Real name is empty or too long", context);
        }
        self.ask(Command::Change(UserChange::Realname(realname.to_owned())), context);
    }

    /// `ISON nick...`, with each nick in its own parameter or all in one.
    pub(super) fn ison(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let names = message.params.iter().flat_map(|param| param.split(' '));
        let mut looked_up = 0;
        let users = names.inspect(|_| looked_up += 1).filter_map(|name| self.user_called(name, context));
        let here: Vec<_> = users.map(|(_, user)| user.name().to_string()).collect();
        context.out.worked(looked_up * LOOKUP_STEPS);
        self.words(numeric::RPL_ISON, &here, context);
    }

    pub(super) fn userhost(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let names = message.params.iter().flat_map(|param| param.split(' ')).take(USERHOST_TARGETS);
        let users = names.filter_map(|name| self.user_called(name, context));
        let hosts: Vec<_> = users
            .map(|(_, user)| {
                let operator = if user.is_operator { "*" } else { "" };
                let away = if user.away().is_some() { '-' } else { '+' };
                let identity = &user.identity;
                format!("{}{operator}={away}{}", identity.name, identity.place())
            })
            .collect();
        self.words(numeric::RPL_USERHOST, &hosts, context);
    }

    /// The user of this name.
    pub(super) fn user_called<'a>(&self, name: &str, context: &'a Context<'_>) -> Option<(UserId, &'a User)> {
        let id = context.hub.users().find(&UserName::new(name).ok()?)?;
        Some((id, context.hub.users().get(id)?))
    }

    pub(super) fn whois(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let wanted = match message.params[..] {
            [] => {
                return self.say(numeric::ERR_NONICKNAMEGIVEN, "No nickname given", context);
            }
            [name] => name,
            [server, name, ..] if self.is_here(Some(&server), context) => name,
            _ => return,
        };
        match self.user_called(wanted, context) {
            None => self.complain(numeric::ERR_NOSUCHNICK, wanted, "No such nick", context),
            Some((id, _)) => self.tell_whois(id, context),
        }
        self.complain(numeric::RPL_ENDOFWHOIS, wanted, "End of WHOIS list", context);
    }

    fn tell_whois(&self, id: UserId, context: &mut Context<'_>) {
        let Context { hub, out, house, now, .. } = context;
        let (Some(user), Some(viewer)) = (hub.users().get(id), hub.users().get(self.user)) else { return };
        // For each channel: find both users in it, and the user by name.
        out.worked(user.seats.len() * LOOKUP_STEPS);
        let sees_all = viewer.is_operator || id == self.user;
        let identity = &user.identity;
        #[cfg(feature = "cluster")]
        let server = self.node_shown(id, hub).unwrap_or(&house.name);
        #[cfg(not(feature = "cluster"))]
        let server = &house.name;
        out.write(self.connection, |bytes| {
            let mut say = |code: &str, write: &dyn Fn(&mut Line<'_>)| {
                let mut line = Line::begin(bytes);
                line.source(&house.name);
                line.command(code);
                line.param(viewer.name().as_str());
                line.param(identity.name.as_str());
                write(&mut line);
                line.end();
            };
            say(numeric::RPL_WHOISUSER, &|line| {
                line.param(identity.username());
                line.param(identity.host());
                line.param("*");
                line.trailing(user.identity.realname());
            });
            for channels in self.channels_of(user, sees_all, hub) {
                say(numeric::RPL_WHOISCHANNELS, &|line| line.trailing(&channels));
            }
            say(numeric::RPL_WHOISSERVER, &|line| {
                line.param(server);
                line.trailing("parlor");
            });
            if user.is_operator {
                say(numeric::RPL_WHOISOPERATOR, &|line| line.trailing("is an operator of this server"));
            }
            if user.is_secure {
                say(numeric::RPL_WHOISSECURE, &|line| line.trailing("is using a secure connection"));
            }
            if let Some(account) = identity.account() {
                say(numeric::RPL_WHOISACCOUNT, &|line| {
                    line.param(account);
                    line.trailing("is logged in as");
                });
            }
            if identity.is_bot {
                say(numeric::RPL_WHOISBOT, &|line| line.trailing("is a bot"));
            }
            if sees_all {
                if let Peer::Tcp(ip, _) = user.peer {
                    say(numeric::RPL_WHOISACTUALLY, &|line| {
                        line.param(&ip_as_param(&ip.to_string()));
                        line.trailing("is connecting from this address");
                    });
                }
                let modes = format!("is using modes {}", user_modes(user));
                say(numeric::RPL_WHOISMODES, &|line| line.trailing(&modes));
            }
            if let Some(away) = user.away() {
                say(numeric::RPL_AWAY, &|line| line.trailing(away));
            }
            say(numeric::RPL_WHOISIDLE, &|line| {
                line.number(unix_seconds(now.time).saturating_sub(unix_seconds(user.spoke())));
                line.number(unix_seconds(user.since()));
                line.trailing("seconds idle, signon time");
            });
        });
    }

    /// The channels of `user` that the client may see, in lists that each fit a line.
    fn channels_of(&self, user: &User, sees_all: bool, hub: &crate::hub::Hub) -> Vec<String> {
        let mut names = Vec::new();
        for seat in user.seats.iter() {
            let room = hub.rooms().get(seat.room);
            let shares = hub.rooms().member(hub.users(), self.user, seat.room).is_some();
            let may_know = hub.is_visible(seat.room, self.user) && (!user.is_invisible || shares);
            if sees_all || may_know {
                let id = hub.users().find(user.name());
                let member = id.and_then(|id| hub.rooms().member(hub.users(), id, seat.room));
                let rank = member.map(|member| member.rank).unwrap_or_default();
                names.push(format!("{}{}", prefixes(rank, true), room.name));
            }
        }
        lists(&names, " ")
    }

    pub(super) fn whowas(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(wanted) = message.params.first() else {
            return self.say(numeric::ERR_NONICKNAMEGIVEN, "No nickname given", context);
        };
        let count = message.params.get(1).and_then(|count| count.parse().ok()).filter(|&count| count > 0);
        context.out.worked(REMEMBERED * LOOKUP_STEPS);
        let past: Vec<_> = UserName::new(wanted)
            .map(|name| context.hub.past(&name).take(count.unwrap_or(usize::MAX)).cloned().collect())
            .unwrap_or_default();
        if past.is_empty() {
            self.complain(numeric::ERR_WASNOSUCHNICK, wanted, "There was no such nickname", context);
        }
        let server = context.house.name.clone();
        let is_operator = context.hub.users().get(self.user).is_some_and(|user| user.is_operator);
        for entry in past {
            let identity = &entry.identity;
            self.numeric(numeric::RPL_WHOWASUSER, context, |line| {
                line.param(identity.name.as_str());
                line.param(identity.username());
                line.param(identity.host());
                line.param("*");
                line.trailing(entry.identity.realname());
            });
            if let Some(account) = identity.account() {
                let text = "was logged in as";
                self.about_two(numeric::RPL_WHOISACCOUNT, identity.name.as_str(), account, text, context);
            }
            if let (true, Peer::Tcp(ip, _)) = (is_operator, entry.peer) {
                let (name, ip) = (identity.name.as_str(), ip_as_param(&ip.to_string()));
                let text = "was connecting from this address";
                self.about_two(numeric::RPL_WHOISACTUALLY, name, &ip, text, context);
            }
            let until = date::seconds(entry.until).to_string();
            self.about_two(numeric::RPL_WHOISSERVER, identity.name.as_str(), &server, &until, context);
        }
        self.complain(numeric::RPL_ENDOFWHOWAS, wanted, "End of WHOWAS", context);
    }

    /// `MONITOR + nicks`, `- nicks`, `C`, `L` or `S` (IRCv3 `monitor`).
    pub(super) fn monitor(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let names = unique(message.params.get(1).copied().unwrap_or_default());
        let names = names.into_iter().filter_map(|name| UserName::new(name).ok());
        match message.params[0] {
            sign @ ("+" | "-") => {
                let names = names.collect::<Vec<_>>().into_iter();
                let watching = Watching { is_to_watch: sign == "+", names, ..Watching::default() };
                self.begin(watching, context);
            }
            "C" | "c" => context.hub.unwatch_all(self.user),
            "L" | "l" => {
                let watched = self.watched(context);
                let names: Vec<_> = watched.iter().map(UserName::to_string).collect();
                for list in lists(&names, ",") {
                    self.say(numeric::RPL_MONLIST, &list, context);
                }
                self.say(numeric::RPL_ENDOFMONLIST, "End of MONITOR list", context);
            }
            "S" | "s" => {
                let watched = self.watched(context);
                self.tell_presence(&watched, context);
            }
            _ => self.need_more_params("MONITOR", context),
        }
    }

    /// The names that the client watches.
    pub(super) fn watched(&self, context: &Context<'_>) -> Vec<UserName> {
        context.hub.users().get(self.user).map(|user| user.watches().to_vec()).unwrap_or_default()
    }

    fn tell_list_is_full(
        &self,
        why: Refusal,
        rest: impl Iterator<Item = UserName>,
        context: &mut Context<'_>,
    ) {
        let Refusal::WatchListFull { most, .. } = why else { return };
        let rest: Vec<_> = rest.map(|name| name.to_string()).collect();
        for names in lists(&rest, ",") {
            self.numeric(numeric::ERR_MONLISTFULL, context, |line| {
                line.number(most);
                line.param(&names);
                line.trailing("Monitor list is full, remove somebody first");
            });
        }
    }

    /// Tells which of `names` are online and which are not.
    fn tell_presence(&self, names: &[UserName], context: &mut Context<'_>) {
        let (mut here, mut gone) = (Vec::new(), Vec::new());
        for name in names {
            match self.user_called(name.as_str(), context) {
                Some((_, user)) => here.push(user.identity.to_string()),
                None => gone.push(name.to_string()),
            }
        }
        #[cfg(feature = "store")]
        let has_metadata = !here.is_empty();
        for (code, names) in [(numeric::RPL_MONONLINE, here), (numeric::RPL_MONOFFLINE, gone)] {
            for list in lists(&names, ",") {
                self.say(code, &list, context);
            }
        }
        #[cfg(feature = "store")]
        if has_metadata {
            self.metadata_of_all_follows(context);
        }
    }
}

/// `names` joined to lists that each fit a line.
fn lists(names: &[String], separator: &str) -> Vec<String> {
    let mut lists: Vec<String> = Vec::new();
    for name in names {
        match lists.last_mut() {
            Some(list) if list.len() + name.len() < NAMES_BYTES => {
                list.push_str(separator);
                list.push_str(name);
            }
            _ => lists.push(name.clone()),
        }
    }
    lists
}

/// An IPv6 address may begin with a colon, but a parameter must not.
pub(super) fn ip_as_param(ip: &str) -> String {
    if ip.starts_with(':') { format!("0{ip}") } else { ip.to_owned() }
}

/// The `TARGMAX` limits of commands with several targets.
pub(super) fn target_limits() -> String {
    let (channels, kick) = (CHANNEL_TARGETS, super::rooms::KICK_TARGETS);
    format!(
        "JOIN:{channels},PART:{channels},NAMES:{channels},KICK:{kick},PRIVMSG:{TARGETS},NOTICE:{TARGETS},\
         TAGMSG:{TARGETS},MONITOR:,LIST:{channels},ISON:,USERHOST:{USERHOST_TARGETS},WHOIS:1,WHOWAS:1"
    )
}
