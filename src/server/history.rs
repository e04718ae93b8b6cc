//! The store of the server, and who waits for it.

use std::time::Instant;

use super::account_errands::AccountErrands;
use super::inquiries::Inquiries;
use crate::message::{Now, Query, RecallFor};
use crate::store::{Status, Store};

/// A question about the past, and when it was asked.
type Asked = (Query, Now);

/// The store, if there is one, and who waits for it.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) store: Option<Store>,
    /// Questions about the past, each with its purpose and the label for the answer.
    pub(super) recalls: Inquiries<Asked, (RecallFor, Option<Box<str>>)>,
    pub(super) accounts: AccountErrands,
    /// Connections whose input waits until the store has caught up.
    pub(super) held: Vec<usize>,
    /// The number of records of this turn and all before.
    pub(super) recorded: u64,
    pub(super) has_stopped: bool,
}

impl History {
    /// Bytes that wait for the store.
    pub(super) fn queued_bytes(&self) -> usize {
        self.store.as_ref().map_or(0, Store::queued_bytes)
    }

    pub(super) fn recorded(&self) -> u64 {
        self.recorded
    }

    pub(super) fn is_full(&self) -> bool {
        self.store.as_ref().is_some_and(Store::is_full)
    }

    pub(super) fn is_overfull(&self) -> bool {
        // The store reports room again to those who have asked whether it is full.
        self.is_full() && self.store.as_ref().is_some_and(Store::is_overfull)
    }

    /// True when the connection `key` waits for an answer.
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.recalls.is_asking(key) || self.accounts.is_asking(key)
    }

    /// The number of connections that wait for an answer.
    pub(super) fn asking(&self) -> usize {
        self.recalls.asking() + self.accounts.asking()
    }

    /// True while the store has something that is not answered or not on the disk.
    #[cfg(feature = "upgrade")]
    pub(super) fn is_working(&self) -> bool {
        let is_asked = self.recalls.is_working() || self.accounts.inquiries.is_working();
        is_asked || self.store.as_ref().is_some_and(|store| !store.has_written())
    }

    /// When `expire` has work.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.accounts.next_deadline()
    }

    pub(super) fn status(&self) -> Option<Status> {
        self.store.as_ref().map(Store::status)
    }

    /// Notes that the input of `key` waits until the store has caught up.
    pub(super) fn hold(&mut self, key: usize) {
        self.held.push(key);
    }
}
