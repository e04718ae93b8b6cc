//! Errands about accounts: the store and the thread for hashes each do their part, one after the other.

use super::{Server, Stream};
use crate::message::{AccountErrand, AccountFound, AccountPurpose, Found, Now};

impl<S: Stream> Server<S> {
    /// Begins an errand about accounts for the session of `key`.
    pub(super) fn begin_account_errand(
        &mut self,
        key: usize,
        _: AccountErrand,
        purpose: AccountPurpose,
        label: Option<Box<str>>,
        now: Now,
    ) {
        self.found(key, Found::Account(purpose, AccountFound::NotChecked), label, now);
    }
}
