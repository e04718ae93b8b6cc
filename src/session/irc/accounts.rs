//! Clients that log in to accounts, and register them.

use super::client::{Irc, Phase};
use crate::message::{
    Account, AccountErrand, AccountFound, AccountId, AccountPurpose, CloseReason, ErrandKind, Refusal,
};
use crate::name::UserName;
use crate::secret::Guess;
use crate::session::Context;
use crate::session::accounts::{self, Login};
use crate::session::logins::{log_not_checked, log_wrong_password};
use crate::session::services::{self, Client};
use crate::wire::irc::numeric;

/// Tells those without an account how to get in.
const ACCOUNT_REQUIRED: &str = "This server requires an account: log in with SASL, or with PASS account:password, or ask its operators for one";

impl Irc {
    /// Continues with the result of an errand about accounts.
    pub(super) fn account_found(
        &mut self,
        purpose: AccountPurpose,
        found: AccountFound,
        context: &mut Context<'_>,
    ) {
        match purpose {
            AccountPurpose::Sasl => self.sasl_found(found, context),
            AccountPurpose::LogIn { device } => self.pass_found(found, device, context),
            AccountPurpose::Enter { device } => self.enter_found(found, &device, context),
            AccountPurpose::Register => self.register_found(found, context),
            AccountPurpose::Service(step) => services::found(step, found, self, context),
        }
    }

    /// Logs in to an account. Before the registration is complete, this only notes it.
    pub(super) fn log_in_to(
        &mut self,
        account: Account,
        device: Option<Box<str>>,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let device = device.unwrap_or_else(|| self.device().into());
        let name = account.name.clone();
        match &mut self.phase {
            Phase::Registering(registration) => registration.account = Some((account.id, device)),
            Phase::Online { .. } => return self.identify(account, &device, context),
        }
        self.tell_logged_in(&name, context);
        Ok(())
    }

    /// Tells the client that it is logged in.
    pub(super) fn tell_logged_in(&self, account: &UserName, context: &mut Context<'_>) {
        let mask = self.mask(context);
        self.about_two(
            numeric::RPL_LOGGEDIN,
            &mask,
            account.as_str(),
            &format!("You are now logged in as {account}"),
            context,
        );
    }

    /// Tells the client that it is logged out.
    pub(super) fn tell_logged_out(&self, context: &mut Context<'_>) {
        let mask = self.mask(context);
        self.complain(numeric::RPL_LOGGEDOUT, &mask, "You are now logged out", context);
    }

    /// The client's `nick!user@host`, as far as it is known.
    fn mask(&self, context: &Context<'_>) -> String {
        match &self.phase {
            Phase::Registering(registration) => {
                let name = registration.name().unwrap_or("*");
                let username = registration.user.as_ref().map_or("*", |(username, _)| username);
                format!("{name}!{username}@{}", context.house.cloak.host(&context.peer))
            }
            Phase::Online { .. } => {
                let user = context.hub.users().get(self.user);
                user.map(|user| user.identity.to_string()).unwrap_or_default()
            }
        }
    }

    /// True when a client that has sent everything can enter: it is logged in, or need not be. Otherwise it is refused,
    /// or its password is being checked.
    pub(super) fn has_settled_account(&mut self, context: &mut Context<'_>) -> bool {
        self.abort_sasl(context);
        let Phase::Registering(registration) = &mut self.phase else { return true };
        if registration.account.is_some() {
            // Its password is as good as the server's.
            registration.is_let_in = true;
            return true;
        }
        if let Some((login, guess)) = registration.login.take()
            && context.hub.accounts().find(&login.name).is_some()
        {
            let Login { name, device } = login;
            let errand = AccountErrand::LogIn { name, guess };
            let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::LogIn { device });
            self.send_on(kind.into(), context);
            return false;
        }
        if accounts::are_required(context) {
            self.fail_always("*", "ACCOUNT_REQUIRED", &[], ACCOUNT_REQUIRED, context);
            context.out.close(self.connection, CloseReason::AccountRequired);
            return false;
        }
        true
    }

    /// Registers the client as a device of the account that it has logged in to.
    pub(super) fn return_to(&mut self, account: AccountId, device: Box<str>, context: &mut Context<'_>) {
        let errand = Box::new(AccountErrand::Enter { account });
        let kind = ErrandKind::Account(errand, AccountPurpose::Enter { device });
        self.send_on(kind.into(), context);
    }

    /// Continues with the account as it is now.
    fn enter_found(&mut self, found: AccountFound, device: &str, context: &mut Context<'_>) {
        let reason = match found {
            AccountFound::LoggedIn(account) => match self.enter(*account, device, context) {
                Ok(()) => return,
                Err(why) => {
                    self.refuse(&why, context);
                    CloseReason::NotEntered(why.to_string())
                }
            },
            AccountFound::Wrong => CloseReason::AccountDropped,
            _ => CloseReason::PasswordNotChecked,
        };
        context.out.close(self.connection, reason);
    }

    /// Continues a registration with `PASS account:password`.
    fn pass_found(&mut self, found: AccountFound, device: Option<Box<str>>, context: &mut Context<'_>) {
        match found {
            AccountFound::LoggedIn(account) => {
                // Before the registration is complete, nothing can refuse it.
                if self.log_in_to(*account, device, context).is_ok() {
                    self.try_to_register(context);
                }
            }
            AccountFound::Wrong => {
                log_wrong_password(context, format_args!("PASS of an account"));
                self.refuse_password(CloseReason::LoginFailed, context);
            }
            _ => {
                log_not_checked(context, format_args!("PASS of an account"));
                context.out.close(self.connection, CloseReason::PasswordNotChecked);
            }
        }
    }
}

/// The account and the password in `account:password` or `account/device:password`.
pub(super) fn login_in(password: &str) -> Option<(Login, Guess)> {
    let (login, password) = password.split_once(':')?;
    Some((Login::parse(login)?, Guess::new(password)))
}
