//! Results of errands about accounts.

use super::client::Irc;
use crate::message::{AccountFound, AccountPurpose};
use crate::session::Context;

impl Irc {
    /// Continues with the result of an errand about accounts.
    pub(super) fn account_found(&mut self, purpose: AccountPurpose, _: AccountFound, _: &mut Context<'_>) {
        match purpose {
            AccountPurpose::Sasl
            | AccountPurpose::LogIn { .. }
            | AccountPurpose::Register
            | AccountPurpose::Service(_) => {}
        }
    }
}
