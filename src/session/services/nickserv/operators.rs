//! `SAREGISTER`, `RESETPASS`: for operators of the server.

use crate::message::{Account, AccountErrand, ServiceStep};
use crate::name::UserName;
use crate::session::accounts::{new_password, registration};
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `SAREGISTER name password`
    pub(super) fn create_account(&mut self, params: &[&str]) {
        let name = match UserName::new(params[0]) {
            Ok(name) => name,
            Err(why) => return self.tell(why),
        };
        match registration(&name, params[1], self.user(), self.context) {
            Ok(errand) => self.send_on(errand, ServiceStep::Created),
            Err(why) => self.tell(why),
        }
    }

    pub(super) fn created(&mut self, account: &Account) {
        let (peer, name) = (self.context.peer, &account.name);
        log::info!("{peer}: created the account {name}");
        self.tell(format_args!("The account {name} exists now"));
    }

    /// `RESETPASS account password`
    pub(super) fn reset_password(&mut self, params: &[&str]) {
        let Some((account, name)) = self.account_called(params[0]) else { return };
        let password = match new_password(&name, params[1]) {
            Ok(password) => password,
            Err(why) => return self.tell(why),
        };
        log::info!("{}: resets the password of the account {name}", self.context.peer);
        let errand = AccountErrand::SetPassword { account, password };
        self.send_on(errand, ServiceStep::PasswordSet(name));
    }
}
