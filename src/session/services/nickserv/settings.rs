//! `SET PASSWORD`, `SET ALWAYS-ON`, and how owners prove that an account is theirs.

use super::login::NONE;
use crate::message::{
    AccountChange, AccountErrand, AccountId, AccountInfo, AccountQuery, Proven, ServiceStep,
};
use crate::secret::Guess;
use crate::session::accounts::new_password;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    pub(super) fn set(&mut self, params: &[&str]) {
        match params {
            [what, old, new, ..] if what.eq_ignore_ascii_case("PASSWORD") => {
                let Some(name) = self.account().map(|account| account.name.clone()) else { return };
                match new_password(&name, new) {
                    Ok(new) => self.prove(old, Proven::SetPassword(new)),
                    Err(why) => self.tell(why),
                }
            }
            [what, value, ..] if what.eq_ignore_ascii_case("ALWAYS-ON") => self.set_always_on(value),
            _ => self.tell("Use SET PASSWORD old new, or SET ALWAYS-ON on|off|default"),
        }
    }

    /// Checks the password of the client's account before something serious is done.
    pub(super) fn prove(&mut self, password: &str, proven: Proven) {
        let Some(account) = self.account() else { return };
        let errand = match password {
            NONE => AccountErrand::Ask(AccountQuery::Info(account.id)),
            password => {
                let (name, guess) = (account.name.clone(), Guess::new(password));
                AccountErrand::LogIn { name, guess }
            }
        };
        self.send_on(errand, ServiceStep::Prove(proven));
    }

    /// Continues if the account has no password, so that none could be given.
    pub(super) fn has_no_password(&mut self, info: &AccountInfo, proven: Proven) {
        if info.has_password {
            return self.tell("Your account has a password, give that");
        }
        self.proved(info.account.id, proven);
    }

    pub(super) fn proved(&mut self, id: AccountId, proven: Proven) {
        let own = self.account().filter(|own| own.id == id);
        let Some(name) = own.map(|own| own.name.clone()) else { return };
        match proven {
            Proven::SetPassword(password) => {
                let errand = AccountErrand::SetPassword { account: id, password };
                self.send_on(errand, ServiceStep::PasswordSet(name));
            }
            Proven::Drop => self.delete(id, name),
        }
    }

    fn set_always_on(&mut self, value: &str) {
        let Some(id) = self.account().map(|account| account.id) else { return };
        let values = [("on", Some(true)), ("off", Some(false)), ("default", None)];
        let Some((_, value)) = values.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(value)) else {
            return self.tell("ALWAYS-ON is on, off, or default for what the server does with others");
        };
        let errand = AccountErrand::Ask(AccountQuery::Change(AccountChange::SetAlwaysOn(id, value)));
        self.send_on(errand, ServiceStep::AlwaysOnSet(value));
    }

    pub(super) fn always_on_set(&mut self, value: Option<bool>) {
        let (user, now) = (self.user(), self.context.now);
        self.context.hub.set_always_on(user, value, now, self.context.out);
        let stays = value.unwrap_or(self.context.house.config.accounts.always_on);
        self.tell(match stays {
            true => "You stay in your rooms when your last connection ends",
            false => "You leave when your last connection ends",
        });
    }
}
