//! `INFO`: what the server knows of an account.

use crate::date;
use crate::message::{AccountErrand, AccountId, AccountInfo, AccountQuery, ServiceStep};
use crate::name::UserName;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `INFO [account]`
    pub(super) fn info(&mut self, params: &[&str]) {
        let id = match params.first() {
            Some(name) => UserName::new(name).ok().and_then(|name| self.context.hub.accounts().find(&name)),
            None => self.account().map(|account| account.id),
        };
        match (id, params.first()) {
            (Some(id), _) => self.send_on(AccountErrand::Ask(AccountQuery::Info(id)), ServiceStep::Info),
            (None, Some(_)) => self.tell("There is no such account"),
            (None, None) => self.tell("You have no account, see HELP REGISTER"),
        }
    }

    pub(super) fn tell_info(&mut self, info: &AccountInfo) {
        let AccountInfo { account, last_seen, has_password, certificates } = info;
        let (name, registered) = (&account.name, date::seconds(account.registered));
        let is_here = self.context.hub.user_of(account.id, name).is_some();
        let here = if is_here { "here now" } else { "not here" };
        self.tell(format_args!("{name}: registered {registered}, {here}"));
        let is_own = self.account().is_some_and(|own| own.id == account.id);
        if !is_own && !self.is_operator() {
            return;
        }
        let password = if *has_password { "a password" } else { "no password" };
        let (count, last_seen) = (certificates.len(), date::seconds(*last_seen));
        let always_on = match account.always_on {
            Some(true) => "on",
            Some(false) => "off",
            None if self.context.house.config.accounts.always_on => "default (on)",
            None => "default (off)",
        };
        self.tell(format_args!(
            "Last seen {last_seen}; {password}, certificates: {count}; ALWAYS-ON {always_on}"
        ));
        let rooms = self.rooms_of(account.id);
        if !rooms.is_empty() {
            self.tell(format_args!("Founder of {}", rooms.join(" ")));
        }
    }

    /// The rooms that this account has founded.
    pub(in crate::session::services) fn rooms_of(&mut self, account: AccountId) -> Vec<String> {
        let hub = &*self.context.hub;
        self.context.out.worked(hub.rooms().len() / ROOMS_PER_STEP);
        let is_own = |founder: AccountId| founder == account;
        let rooms = hub.rooms().iter().map(|(_, room)| room);
        let rooms = rooms.filter(|room| room.registration().is_some_and(|own| is_own(own.founder.account)));
        rooms.map(|room| room.name.to_string()).collect()
    }
}

/// Rooms that are looked at in one step of work.
const ROOMS_PER_STEP: usize = 16;
