//! Services: NickServ, by which users manage their accounts, and ChanServ, by which they manage registered rooms.
//!
//! A client sends a line to one of them and is answered in lines. What a line looks like on the wire, and what a login
//! changes for the client, only the client's conversation knows: see [`Client`].

mod chanserv;
mod help;
mod nickserv;
mod table;

use std::fmt::Display;

use super::context::Context;
use crate::message::{
    Account, AccountErrand, AccountFound, AccountPurpose, ConnectionId, Effect, ErrandKind, Refusal,
    ServiceStep, UserId,
};
use crate::name::UserName;
use table::Row;

/// A service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::session) enum Service {
    NickServ,
    ChanServ,
}

/// The client of a service.
pub(in crate::session) trait Client {
    /// The client's user, which is here.
    fn user(&self) -> UserId;

    fn connection(&self) -> ConnectionId;

    /// The name of this device unless its owner says another.
    fn device(&self) -> &'static str;

    /// Sends a line from a service.
    fn tell(&mut self, service: Service, text: &str, context: &mut Context<'_>);

    /// Logs the client in to this account. A refusal changes nothing.
    fn identify(&mut self, account: Account, device: &str, context: &mut Context<'_>) -> Result<(), Refusal>;

    /// Logs the client out of its account.
    fn log_out(&mut self, context: &mut Context<'_>) -> Result<(), Refusal>;
}

/// One client's visit to a service: a command, or the rest of one that has waited for an errand.
struct Visit<'a, 'b> {
    service: Service,
    client: &'a mut dyn Client,
    context: &'a mut Context<'b>,
}

impl Service {
    /// The service of this name.
    pub(in crate::session) fn called(name: &str) -> Option<Self> {
        let is_one = |names: [&str; 2]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        match () {
            () if is_one(["NickServ", "NS"]) => Some(Self::NickServ),
            () if is_one(["ChanServ", "CS"]) => Some(Self::ChanServ),
            () => None,
        }
    }

    /// Its name in full.
    pub(in crate::session) fn name(self) -> &'static str {
        match self {
            Self::NickServ => "NickServ",
            Self::ChanServ => "ChanServ",
        }
    }

    fn rows(self) -> &'static [Row] {
        match self {
            Self::NickServ => nickserv::ROWS,
            Self::ChanServ => chanserv::ROWS,
        }
    }
}

/// Carries out a command to a service.
pub(in crate::session) fn ask(
    service: Service,
    text: &str,
    client: &mut dyn Client,
    context: &mut Context<'_>,
) {
    let mut visit = Visit { service, client, context };
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.split_first() {
        _ if !visit.context.house.has_accounts => {
            visit.tell(
                "There are no accounts here: the server has no directory for data, see parlord --state",
            );
        }
        // Nobody answers requests of programs.
        Some((first, _)) if first.starts_with('\x01') => {}
        Some((name, params)) => visit.run(name, params),
        None => visit.help(&[]),
    }
}

/// Continues a command with the result of its errand.
pub(in crate::session) fn found(
    step: ServiceStep,
    found: AccountFound,
    client: &mut dyn Client,
    context: &mut Context<'_>,
) {
    Visit { service: Service::NickServ, client, context }.go_on(step, found);
}

impl Visit<'_, '_> {
    fn tell(&mut self, text: impl Display) {
        self.client.tell(self.service, &text.to_string(), self.context);
    }

    fn user(&self) -> UserId {
        self.client.user()
    }

    /// The name of the client's user.
    fn name(&self) -> Option<UserName> {
        self.context.hub.users().get(self.user()).map(|user| user.name().clone())
    }

    /// The account of the client's user.
    fn account(&self) -> Option<&Account> {
        self.context.hub.account_of(self.user())
    }

    fn is_operator(&self) -> bool {
        self.context.hub.users().get(self.user()).is_some_and(|user| user.is_operator)
    }

    /// Goes on an errand, and continues with `step`.
    fn send_on(&mut self, errand: AccountErrand, step: ServiceStep) {
        let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::Service(step));
        self.context.out.push(Effect::Errand(self.client.connection(), kind.into()));
    }
}
