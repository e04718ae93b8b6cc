//! Information on the server.

use super::client::Irc;
use super::mode_letters::{channel_letters, channel_letters_with_param, user_letters};
use crate::date;
use crate::session::Context;
use crate::wire::irc::{Message, numeric};

/// The version as clients see it.
const VERSION: &str = concat!("parlor-", env!("CARGO_PKG_VERSION"));

impl Irc {
    /// Sends the numerics after registration.
    pub(super) fn welcome(&self, context: &mut Context<'_>) {
        let (house, hub) = (context.house, &context.hub);
        let Some(identity) = hub.users().get(self.user).map(|user| user.identity.clone()) else { return };
        let name = &house.name;
        self.say(numeric::RPL_WELCOME, &format!("Welcome to {name}, {identity}"), context);
        self.say(numeric::RPL_YOURHOST, &format!("Your host is {name}, running version {VERSION}"), context);
        let started = date::seconds(house.started);
        self.say(numeric::RPL_CREATED, &format!("This server was started {started}"), context);
        self.numeric(numeric::RPL_MYINFO, context, |line| {
            line.param(name);
            line.param(VERSION);
            line.param(&user_letters());
            line.param(&channel_letters());
            line.param(&channel_letters_with_param());
        });
        self.isupport(context);
        self.tell_lusers(context);
        #[cfg(feature = "store")]
        self.tell_own_metadata(context);
        self.tell_motd(context);
    }

    pub(super) fn motd(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.first(), context) {
            return;
        }
        self.tell_motd(context);
    }

    fn tell_motd(&self, context: &mut Context<'_>) {
        let house = context.house;
        if house.config.motd.is_empty() {
            return self.say(numeric::ERR_NOMOTD, "There is no message of the day", context);
        }
        self.say(numeric::RPL_MOTDSTART, &format!("- {} Message of the day -", house.name), context);
        for text in &house.config.motd {
            self.say(numeric::RPL_MOTD, &format!("- {text}"), context);
        }
        self.say(numeric::RPL_ENDOFMOTD, "End of message of the day", context);
    }

    pub(super) fn lusers(&mut self, _: &Message<'_>, context: &mut Context<'_>) {
        self.tell_lusers(context);
    }

    fn tell_lusers(&self, context: &mut Context<'_>) {
        #[cfg(feature = "cluster")]
        if context.hub.own_node().is_some() {
            return self.tell_lusers_of_all(context);
        }
        let users = context.hub.users();
        let (all, peak) = (users.len(), users.peak());
        let (invisible, operators) = (users.invisible(), users.operators());
        let unknown = context.connections.saturating_sub(all);
        let rooms = context.hub.rooms().len();
        self.numeric(numeric::RPL_LUSERCLIENT, context, |line| {
            let visible = all - invisible;
            line.trailing(&format!("There are {visible} users and {invisible} invisible on 1 servers"));
        });
        for (code, count, what) in [
            (numeric::RPL_LUSEROP, operators, "operator(s) online"),
            (numeric::RPL_LUSERUNKNOWN, unknown, "unregistered connection(s)"),
            (numeric::RPL_LUSERCHANNELS, rooms, "channel(s)"),
        ] {
            self.numeric(code, context, |line| {
                line.number(count);
                line.trailing(what);
            });
        }
        self.say(numeric::RPL_LUSERME, &format!("I have {all} clients and 0 servers"), context);
        for (code, which) in [(numeric::RPL_LOCALUSERS, "local"), (numeric::RPL_GLOBALUSERS, "global")] {
            self.numeric(code, context, |line| {
                line.number(all);
                line.number(peak);
                line.trailing(&format!("Current {which} users {all}, max {peak}"));
            });
        }
    }

    pub(super) fn version(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.first(), context) {
            return;
        }
        let name = &context.house.name;
        self.numeric(numeric::RPL_VERSION, context, |line| {
            line.param(VERSION);
            line.param(name);
            line.trailing("one thread, one event loop");
        });
        self.isupport(context);
    }

    pub(super) fn time(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.first(), context) {
            return;
        }
        let (name, time) = (&context.house.name, date::seconds(context.now.time));
        self.numeric(numeric::RPL_TIME, context, |line| {
            line.param(name);
            line.trailing(&time.to_string());
        });
    }

    pub(super) fn admin(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.first(), context) {
            return;
        }
        let name = &context.house.name;
        self.complain(numeric::RPL_ADMINME, name, "Administrative info", context);
        self.say(numeric::RPL_ADMINLOC1, &format!("{name} is a parlor"), context);
        self.say(numeric::RPL_ADMINLOC2, "Its operators are marked with * in WHO; ask one of them", context);
        self.say(numeric::RPL_ADMINEMAIL, "It has no address for mail", context);
    }

    pub(super) fn info(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.is_here(message.params.first(), context) {
            return;
        }
        let started = date::seconds(context.house.started);
        let lines = [
            format!("{VERSION}: a chat room that fits on small machines"),
            "CrazyIt textbook clients, IRC clients and our own meet in the same rooms".to_owned(),
            format!("Up since {started}"),
        ];
        for text in lines {
            self.say(numeric::RPL_INFO, &text, context);
        }
        self.say(numeric::RPL_ENDOFINFO, "End of INFO", context);
    }

    pub(super) fn links(&mut self, _: &Message<'_>, context: &mut Context<'_>) {
        #[cfg(feature = "cluster")]
        if self.tell_nodes(context) {
            return self.complain(numeric::RPL_ENDOFLINKS, "*", "End of LINKS list", context);
        }
        let name = &context.house.name;
        self.numeric(numeric::RPL_LINKS, context, |line| {
            line.param(name);
            line.param(name);
            line.trailing("0 parlor");
        });
        self.complain(numeric::RPL_ENDOFLINKS, "*", "End of LINKS list", context);
    }
}
