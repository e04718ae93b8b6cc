//! One client's visit to a service, as all commands see it.

use std::fmt::Display;

use crate::message::{
    Account, AccountErrand, AccountId, AccountPurpose, ConnectionId, Effect, ErrandKind, Refusal,
    ServiceStep, UserId,
};
use crate::name::UserName;
use crate::session::Context;

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
pub(super) struct Visit<'a, 'b> {
    pub(super) service: Service,
    pub(super) client: &'a mut dyn Client,
    pub(super) context: &'a mut Context<'b>,
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
}

impl Visit<'_, '_> {
    pub(super) fn tell(&mut self, text: impl Display) {
        self.client.tell(self.service, &text.to_string(), self.context);
    }

    pub(super) fn user(&self) -> UserId {
        self.client.user()
    }

    /// The name of the client's user.
    pub(super) fn name(&self) -> Option<UserName> {
        self.context.hub.users().get(self.user()).map(|user| user.name().clone())
    }

    /// The account of the client's user.
    pub(super) fn account(&self) -> Option<&Account> {
        self.context.hub.account_of(self.user())
    }

    /// The account of this name; otherwise tells that there is none.
    pub(super) fn account_called(&mut self, name: &str) -> Option<(AccountId, UserName)> {
        let name = UserName::new(name).ok();
        let found = name.and_then(|name| Some((self.context.hub.accounts().called(&name)?, name)));
        if found.is_none() {
            self.tell("There is no such account");
        }
        found
    }

    pub(super) fn is_operator(&self) -> bool {
        self.context.hub.users().get(self.user()).is_some_and(|user| user.is_operator)
    }

    /// Goes on an errand, and continues with `step`.
    pub(super) fn send_on(&mut self, errand: AccountErrand, step: ServiceStep) {
        let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::Service(step));
        self.context.out.push(Effect::Errand(self.client.connection(), kind.into()));
    }
}
