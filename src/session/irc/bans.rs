//! Bans from the server, which IRC calls K-lines: commands of server operators.

use std::net::IpAddr;
use std::time::SystemTime;

use log::info;

use super::client::Irc;
use super::people::ip_as_param;
use super::rooms::{KICK_CHARS, cut};
use crate::date;
use crate::message::{Ban, Peer};
use crate::name::UserName;
use crate::network::Network;
use crate::session::{Context, uptime};
use crate::span;
use crate::wire::irc::{Message, numeric};

/// Approximate maximum bytes of a line of `STATS k`.
const LINE_BYTES: usize = 512;

/// The end of every cloak; no name ends with it.
const CLOAK_END: &str = ".ip";

impl Irc {
    pub(super) fn kline(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let (duration, rest) = match message.params.split_first() {
            Some((first, rest)) => match span::parse(first) {
                Some(duration) => (duration, rest),
                None => (None, &message.params[..]),
            },
            None => (None, &[][..]),
        };
        let Some((target, reason)) = rest.split_first() else {
            return self.need_more_params("KLINE", context);
        };
        let Some(network) = self.banned_network("KLINE", target, context) else { return };
        let by = context.hub.users().get(self.user).map(|user| user.name().to_string()).unwrap_or_default();
        let since = date::whole_seconds(context.now.time);
        let reason = reason.join(" ").replace(char::is_control, " ");
        let reason = cut(reason.trim(), KICK_CHARS).trim_end().to_owned();
        // A ban whose end cannot be shown as a date never ends.
        let until = duration.map(|duration| since + duration);
        let until = until.filter(|&until| until == date::whole_seconds(until));
        self.set_ban(Ban { network, until, by, since, reason }, context);
    }

    fn set_ban(&self, ban: Ban, context: &mut Context<'_>) {
        let (network, by, time) = (ban.network, ban.by.clone(), period(ban.until));
        let reason = if ban.reason.is_empty() { String::new() } else { format!(": {}", ban.reason) };
        let was_there = match context.hub.ban(self.user, ban, context.now, context.out) {
            Ok(was_there) => was_there,
            Err(why) => return self.fail("KLINE", "INVALID_TARGET", &format!("{network}: {why}"), context),
        };
        info!("{} {by}: bans {network} {time}", context.peer);
        let done = if was_there { "changed" } else { "added" };
        let kept = if context.house.keeps_bans { "" } else { " (a restart forgets it, see parlord --state)" };
        self.say("NOTICE", &format!("K-Line {done}: {network} {time}{kept}{reason}"), context);
        let text = format!("{by} {done} a K-Line of {network} {time}{reason}");
        context.hub.tell_operators(Some(self.user), text, context.now, context.out);
    }

    pub(super) fn unkline(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let Some(network) = self.banned_network("UNKLINE", message.params[0], context) else { return };
        if context.hub.unban(&network, context.now).is_none() {
            let others =
                context.hub.bans().iter(context.now.time).filter(|ban| ban.network.overlaps(&network));
            let others: Vec<_> = others.take(3).map(|ban| ban.network.to_string()).collect();
            let others = if others.is_empty() { "see STATS k".into() } else { others.join(", ") + " is" };
            let text = format!("There is no K-Line of {network}: {others}");
            return self.fail("UNKLINE", "NO_SUCH_BAN", &text, context);
        }
        let by = context.hub.users().get(self.user).map(|user| user.name().to_string()).unwrap_or_default();
        info!("{} {by}: takes the ban of {network} away", context.peer);
        self.say("NOTICE", &format!("K-Line removed: {network}"), context);
        let text = format!("{by} removed the K-Line of {network}");
        context.hub.tell_operators(Some(self.user), text, context.now, context.out);
    }

    pub(super) fn tell_bans(&self, context: &mut Context<'_>) {
        let now = context.now.time;
        let most = context.house.answer_bytes() / LINE_BYTES;
        let mut bans: Vec<_> = context.hub.bans().iter(now).take(most + 1).cloned().collect();
        let is_cut = bans.len() > most;
        bans.truncate(most);
        context.out.worked(bans.len());
        for Ban { network, until, by, since, reason } in bans {
            let left = until.map(|until| uptime(until.duration_since(now).unwrap_or_default()));
            let left = left.map_or_else(|| "for ever".to_owned(), |left| format!("{left} left"));
            let since = date::seconds(since);
            self.numeric(numeric::RPL_STATSKLINE, context, |line| {
                line.param("K");
                line.param(&ip_as_param(&network.to_string()));
                line.param("*");
                line.param("*");
                line.trailing(&format!("{left}, by {by} at {since}: {reason}"));
            });
        }
        if is_cut {
            self.tell_cut("k", context);
        }
    }

    /// The network that `target` denotes; if none, tells the operator. Bans are stored as addresses because cloaks
    /// change at restart, so a cloak or name must be that of a current or past user.
    fn banned_network(&self, command: &str, target: &str, context: &mut Context<'_>) -> Option<Network> {
        let target = target.strip_prefix("*@").unwrap_or(target);
        if target.contains([':', '/']) || target.parse::<IpAddr>().is_ok() {
            let network = target.parse();
            if let Err(why) = &network {
                self.fail(command, "INVALID_TARGET", &format!("{target}: {why}"), context);
            }
            return network.ok();
        }
        let cloak = target.to_ascii_lowercase();
        if cloak.ends_with(CLOAK_END) {
            context.out.worked(context.hub.users().len());
            let network = self.cloaked_network(&cloak, context);
            if network.is_none() {
                let text = format!("{target} matches no current or recent user: give an address");
                self.fail(command, "INVALID_TARGET", &text, context);
            }
            return network;
        }
        let Ok(name) = UserName::new(target) else {
            let text = format!(
                "{target} is neither a duration (30, 30m, 12h, 7d, 1w) nor an address, a network, a cloak or a nick"
            );
            self.fail(command, "INVALID_TARGET", &text, context);
            return None;
        };
        let here = self.user_called(target, context).map(|(_, user)| user.peer);
        match here.or_else(|| context.hub.past(&name).next().map(|past| past.peer)) {
            Some(Peer::Tcp(ip, _)) => Some(Network::of(ip)),
            Some(Peer::Unix) => {
                self.fail(command, "INVALID_TARGET", &format!("{target} is on this machine"), context);
                None
            }
            None => {
                self.complain(numeric::ERR_NOSUCHNICK, target, "No such nick", context);
                None
            }
        }
    }

    /// `ADDRESS.NETWORK.ip` denotes one address, `*.NETWORK.ip` all in that network.
    fn cloaked_network(&self, target: &str, context: &Context<'_>) -> Option<Network> {
        let neighbours = target.strip_prefix("*.");
        context.hub.known_peers().find_map(|peer| {
            let Peer::Tcp(ip, _) = peer else { return None };
            let host = context.house.cloak.host(&peer);
            match neighbours {
                Some(end) => (host.split_once('.')?.1 == end).then(|| Network::around(ip)),
                None => (host == target).then(|| Network::of(ip)),
            }
        })
    }
}

fn period(until: Option<SystemTime>) -> String {
    until.map_or_else(|| "for ever".to_owned(), |until| format!("until {}", date::seconds(until)))
}
