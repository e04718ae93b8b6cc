//! `REGISTER` and `VERIFY` (IRCv3 `draft/account-registration`). An account has the name of its user, so there is no
//! custom account name. A client registers an account after the connection, so that the password of the server and bans
//! hold for it. Nothing has to be verified, because there is no e-mail.

use super::client::{Irc, Phase};
use crate::message::{AccountErrand, AccountFound, AccountPurpose, ErrandKind};
use crate::name::UserName;
use crate::session::Context;
use crate::session::accounts::{CannotRegister, registration};
use crate::wire::irc::Message;

const REGISTER: &str = "REGISTER";
const VERIFY: &str = "VERIFY";

impl Irc {
    /// `REGISTER account|* email|* password`.
    pub(super) fn register(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let (account, password) = (message.params[0], message.params[2]);
        let Some(name) = self.own_name(REGISTER, account, context) else { return };
        let is_own = account == "*" || UserName::new(account).is_ok_and(|account| account == name);
        if !is_own {
            let text = format!("The account of your user is called {name}: take another nick first");
            return self.fail_about(REGISTER, "ACCOUNT_NAME_MUST_BE_NICK", &[account], &text, context);
        }
        match registration(&name, password, self.user, context) {
            Ok(errand) => self.register_with(errand, context),
            Err(why) => {
                let code = match &why {
                    CannotRegister::WeakPassword => "WEAK_PASSWORD",
                    CannotRegister::NoAccounts | CannotRegister::OnlyOperators => "TEMPORARILY_UNAVAILABLE",
                };
                self.fail_about(REGISTER, code, &[name.as_str()], &why.to_string(), context);
            }
        }
    }

    fn register_with(&mut self, errand: AccountErrand, context: &mut Context<'_>) {
        let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::Register);
        self.send_on(kind.into(), context);
    }

    /// Continues with the result.
    pub(super) fn register_found(&mut self, found: AccountFound, context: &mut Context<'_>) {
        let user = context.hub.users().get(self.user);
        let Some(name) = user.map(|user| user.name().clone()) else { return };
        let (code, text) = match found {
            AccountFound::LoggedIn(account) => match self.log_in_to(*account, None, context) {
                Ok(()) => return self.tell_registered(&name, context),
                Err(why) => ("TEMPORARILY_UNAVAILABLE", why.to_string()),
            },
            AccountFound::NameTaken => (
                "ACCOUNT_EXISTS",
                format!("The name {name} is registered already, or looks like one that is"),
            ),
            AccountFound::TooMany => {
                ("TEMPORARILY_UNAVAILABLE", "Too many accounts were registered, try again later".to_owned())
            }
            AccountFound::BadPassword(why) => ("UNACCEPTABLE_PASSWORD", why),
            AccountFound::Wrong
            | AccountFound::NotChecked
            | AccountFound::Keys(_)
            | AccountFound::Answer(_) => {
                ("TEMPORARILY_UNAVAILABLE", "The server cannot do this right now, try again later".to_owned())
            }
        };
        self.fail_about(REGISTER, code, &[name.as_str()], &text, context);
    }

    fn tell_registered(&self, name: &UserName, context: &mut Context<'_>) {
        self.send(REGISTER, context, |line| {
            line.param("SUCCESS");
            line.param(name.as_str());
            line.trailing("Your account is registered, and you are logged in");
        });
    }

    /// `VERIFY account code`.
    pub(super) fn verify(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let account = message.params[0];
        if self.own_name(VERIFY, account, context).is_some() {
            let text = "Accounts need no verification: log in with the password";
            self.fail_about(VERIFY, "TEMPORARILY_UNAVAILABLE", &[account], text, context);
        }
    }

    /// The name of the client's user, who has no account. Otherwise sends an error.
    fn own_name(&self, command: &str, account: &str, context: &mut Context<'_>) -> Option<UserName> {
        if let Phase::Registering(_) = self.phase {
            let text = "Complete the registration of your connection first: NICK, USER and CAP END";
            self.fail(command, "COMPLETE_CONNECTION_REQUIRED", text, context);
            return None;
        }
        if let Some(own) = context.hub.account_of(self.user).map(|own| own.name.clone()) {
            let text = format!("You are logged in as {own}");
            self.fail_about(command, "ALREADY_AUTHENTICATED", &[account], &text, context);
            return None;
        }
        context.hub.users().get(self.user).map(|user| user.name().clone())
    }
}
