//! `DROP`: deletes an account.

use crate::message::{AccountErrand, AccountId, Proven, ServiceStep};
use crate::name::UserName;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `DROP password account`
    pub(super) fn drop_account(&mut self, params: &[&str]) {
        let Some(name) = self.account().map(|account| account.name.clone()) else { return };
        if UserName::new(params[1]).ok().as_ref() != Some(&name) {
            return self.tell(format_args!("To confirm, name your account after the password: {name}"));
        }
        self.prove(params[0], Proven::Drop);
    }

    pub(super) fn delete(&mut self, account: AccountId, name: UserName) {
        let step = ServiceStep::Dropped(name.clone());
        self.send_on(AccountErrand::Drop { account, name }, step);
    }

    pub(super) fn dropped(&mut self, name: &UserName) {
        self.tell(format_args!("The account {name} is deleted"));
    }
}
