//! `REGISTER`, `IDENTIFY`, `REGAIN`.

use crate::message::{Account, AccountErrand, ServiceStep};
use crate::secret::Guess;
use crate::session::accounts::{Login, may_create, registration};
use crate::session::logins::log_wrong_password;
use crate::session::services::Visit;

/// Stands for no password.
pub(super) const NONE: &str = "*";

const WRONG: &str = "The password is wrong, or there is no such account";

impl Visit<'_, '_> {
    pub(super) fn register(&mut self, params: &[&str]) {
        if let Some(account) = self.account() {
            let text = format!("You are logged in as {} already", account.name);
            return self.tell(text);
        }
        let Some(name) = self.name() else { return };
        let (user, certificate) = (self.user(), self.context.certificate);
        let errand = match (params[0], certificate) {
            (NONE, None) => {
                return self.tell("This connection shows no certificate, so you need a password");
            }
            (NONE, certificate) => may_create(user, self.context).map(|()| AccountErrand::Register {
                name,
                password: None,
                certificate,
            }),
            (password, _) => registration(&name, password, user, self.context),
        };
        match errand {
            Ok(errand) => self.send_on(errand, ServiceStep::Register),
            Err(why) => self.tell(why),
        }
    }

    pub(super) fn registered(&mut self, account: Account) {
        let name = account.name.clone();
        let device = self.client.device();
        match self.client.identify(account, device, self.context) {
            Ok(()) => self.tell(format_args!(
                "{name} is registered, and you are logged in. Log in with SASL, or with /msg NickServ IDENTIFY {name} \
                 and your password"
            )),
            Err(why) => self.tell(format_args!("{name} is registered, but you are not logged in: {why}")),
        }
    }

    /// `IDENTIFY [account] password`, and `REGAIN account password`.
    pub(super) fn identify(&mut self, params: &[&str]) {
        let (account, password) = match params {
            [password] => (None, password),
            [account, password, ..] => (Some(*account), password),
            [] => return,
        };
        let login = match account {
            Some(account) => Login::parse(account),
            None => self.name().map(|name| Login { name, device: None }),
        };
        let Some(Login { name, device }) = login else { return self.tell(WRONG) };
        if self.account().is_some_and(|own| own.name == name) {
            return self.tell(format_args!("You are logged in as {name} already"));
        }
        let errand = AccountErrand::LogIn { name, guess: Guess::new(password) };
        self.send_on(errand, ServiceStep::Identify { device });
    }

    pub(super) fn identified(&mut self, account: Account, device: Option<&str>) {
        let name = account.name.clone();
        let device = device.unwrap_or(self.client.device());
        match self.client.identify(account, device, self.context) {
            Ok(()) => self.tell(format_args!("You are logged in as {name}")),
            Err(why) => self.tell(format_args!("You are not logged in: {why}")),
        }
    }

    /// Tells that a password is wrong. A guess counts for the limits of the address.
    pub(super) fn wrong_password(&mut self, step: &ServiceStep) {
        let place = match step {
            ServiceStep::Identify { .. } => "NickServ IDENTIFY",
            ServiceStep::Ghost => "NickServ GHOST",
            _ => "NickServ",
        };
        log_wrong_password(self.context, format_args!("{place}"));
        self.tell(WRONG);
    }
}
