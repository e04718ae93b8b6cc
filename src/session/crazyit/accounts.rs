//! Logins to accounts: `∏∑alice※PASSWORD∏∑`, or `∏∑alice/phone※PASSWORD∏∑` with the name of a device.

use std::mem;

use super::{CrazyIt, Phase, QUIET, profile};
use crate::hub::{Arrival, Entered};
use crate::message::{
    Account, AccountErrand, AccountFound, AccountPurpose, CloseReason, Command, Effect, ErrandKind, Refusal,
    UserId,
};
use crate::secret::Guess;
use crate::session::Context;
use crate::session::accounts::{Login, are_required};
use crate::session::devices::show_elsewhere;
use crate::session::logins::{log_login, log_not_checked, log_wrong_password};
use crate::session::services::Client;
use crate::wire::crazyit::{Answer, SPLIT_SIGN, USER_MARK};

impl CrazyIt {
    /// True when the login is for an account, or the server accepts no other: it is being checked, or refused.
    pub(super) fn is_for_account(
        &mut self,
        name: &str,
        password: Option<&str>,
        context: &mut Context<'_>,
    ) -> bool {
        if let (Some(password), Some(login)) = (password, Login::to_account(name, context)) {
            let Login { name, device } = login;
            let errand = AccountErrand::LogIn { name, guess: Guess::new(password) };
            let kind = ErrandKind::Account(Box::new(errand), AccountPurpose::LogIn { device });
            self.send_on(kind.into(), context);
            return true;
        }
        let is_refused = matches!(self.phase, Phase::Greeting(_)) && are_required(context);
        if is_refused {
            self.later().hint =
                Some(hint("this server requires an account", "NAME", "or ask its operators for one"));
            self.refuse_name(&CloseReason::AccountRequired, context);
        }
        is_refused
    }

    /// Continues with a password that was checked.
    pub(super) fn account_found(
        &mut self,
        device: Option<Box<str>>,
        found: AccountFound,
        context: &mut Context<'_>,
    ) {
        let place = format_args!("CrazyIt login to an account");
        match found {
            AccountFound::LoggedIn(account) => {
                let device = device.as_deref().unwrap_or(self.device());
                if matches!(self.phase, Phase::Greeting(_)) {
                    return self.enter_account(*account, device, context);
                }
                let result = self.identify(*account, device, context);
                self.answer_login(result, context);
            }
            AccountFound::Wrong => {
                log_wrong_password(context, place);
                self.answer(Answer::NameTaken, context);
            }
            _ => {
                log_not_checked(context, place);
                context.out.close(self.connection, CloseReason::PasswordNotChecked);
            }
        }
    }

    fn enter_account(&mut self, account: Account, device: &str, context: &mut Context<'_>) {
        match self.enter_as(account, device, context) {
            Ok(entered) => {
                self.answer(Answer::Welcome, context);
                self.tell_hint(context);
                self.return_at(context.now.instant + QUIET, entered, context);
            }
            Err(why) => self.refuse_name(&why, context),
        }
    }

    /// Enters as a device of this account.
    fn enter_as(
        &mut self,
        account: Account,
        device: &str,
        context: &mut Context<'_>,
    ) -> Result<Entered, Refusal> {
        let profile = profile(&account.name, context);
        let arrival = Arrival { connection: self.connection, device, profile };
        let entered = context.hub.enter_account(&arrival, account, context.now, context.out)?;
        self.user = entered.user;
        self.settle_in_lobby(context)?;
        self.phase = Phase::Online;
        log_login(self.user, context);
        Ok(entered)
    }

    /// Joins the lobby if the user is not in it. This wire has no other room, so the connection does not stay without.
    pub(super) fn settle_in_lobby(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        let room = context.hub.lobby().clone();
        let lobby = context.hub.rooms().find(&room);
        if lobby
            .is_some_and(|lobby| context.hub.rooms().member(context.hub.users(), self.user, lobby).is_some())
        {
            return Ok(());
        }
        if let Err(why) = self.ask(Command::Join { room: room.clone(), key: None }, context) {
            let user = mem::replace(&mut self.user, UserId::NOBODY);
            if context.hub.detach(user, self.connection, true, context.now, context.out) {
                let leave = Command::Leave { reason: why.to_string() };
                context.hub.handle(user, leave, context.now, context.out)?;
            }
            return Err(why);
        }
        show_elsewhere(self.user, self.connection, &room, context);
        Ok(())
    }

    /// Notes how to log in under a registered name. Clients would take a line for the answer to their next login, so
    /// they get it when they are logged in, or when they end.
    pub(super) fn note_hint(&mut self, why: &Refusal) {
        if let Refusal::NameRegistered(name) = why {
            self.later().hint =
                Some(hint(&format!("the name {name} is registered"), name.as_str(), "or take another name"));
        }
    }

    fn take_hint(&mut self) -> Option<Box<str>> {
        self.later.as_mut()?.hint.take()
    }

    /// Tells what was noted: the peer sends nothing more.
    pub(super) fn tell_hint_now(&mut self, context: &mut Context<'_>) {
        if let Some(hint) = self.take_hint() {
            context.out.push(Effect::EndLine(self.connection));
            self.notice(&hint, context);
        }
    }

    /// Tells what was noted, after the silence.
    pub(super) fn tell_hint(&mut self, context: &mut Context<'_>) {
        if let Some(hint) = self.take_hint() {
            context.hub.notify(self.connection, hint.into(), context.now, context.out);
        }
    }
}

fn hint(why: &str, name: &str, otherwise: &str) -> Box<str> {
    format!("{why}: log in with {USER_MARK}{name}{SPLIT_SIGN}PASSWORD{USER_MARK}, {otherwise}").into()
}
