//! Results of errands about accounts.

use super::client::Irc;
use crate::message::{AccountFound, AccountPurpose};
use crate::session::{Context, services};

impl Irc {
    /// Continues with the result of an errand about accounts.
    pub(super) fn account_found(
        &mut self,
        purpose: AccountPurpose,
        found: AccountFound,
        context: &mut Context<'_>,
    ) {
        match purpose {
            AccountPurpose::Service(step) => services::found(step, found, self, context),
            AccountPurpose::Sasl | AccountPurpose::LogIn { .. } | AccountPurpose::Register => {}
        }
    }
}
