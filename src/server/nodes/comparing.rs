//! When a node founds the cluster anew, the broker may have lost accounts that the node still knows: nobody could log in to them, and
//! nobody could register their names. They are treated as deleted.

use std::time::{Duration, Instant};

use log::warn;

use crate::message::{AccountAnswer, AccountId, AccountQuery, Now};
use crate::name::UserName;
use crate::server::account_errands::Settled;
use crate::server::{Server, Stream};

/// The number of the question which accounts there are. No session has it.
pub(in crate::server) const ALL_ACCOUNTS: u64 = u64::MAX;

/// When the store is asked after the cluster was founded: when other nodes have brought their users back. Who returns must have
/// an account that is known.
const SETTLED_AFTER: Duration = Duration::from_secs(30);

/// How soon the store is asked again when it has failed.
const AGAIN: Duration = Duration::from_secs(2);

/// What is compared with the store.
#[derive(Debug, Default)]
pub(super) struct Comparing {
    /// The accounts that the node knew when it asked.
    known: Vec<(AccountId, UserName)>,
    /// When to ask again.
    pub(super) due: Option<Instant>,
}

impl Comparing {
    /// True while there is something to compare, and no answer.
    pub(super) fn is_asking(&self) -> bool {
        !self.known.is_empty() && self.due.is_none()
    }
}

impl<S: Stream> Server<S> {
    /// The cluster was founded anew: lets the store save the bans again, and compares the accounts soon.
    pub(super) fn compare_soon(&mut self, now: Now) {
        self.kept_changes = self.kept_changes.wrapping_sub(1);
        if let Some(cluster) = &mut self.nodes.cluster {
            cluster.comparing.due = Some(now.instant + SETTLED_AFTER);
        }
    }

    /// Asks the store which accounts there are.
    fn compare_with_store(&mut self) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        cluster.comparing = Comparing::default();
        let Some(store) = &mut self.history.store else { return };
        cluster.comparing.known = self.hub.accounts().list();
        if cluster.comparing.is_asking() {
            store.ask_account(ALL_ACCOUNTS, AccountQuery::All);
        }
    }

    /// Forgets the accounts that the store does not have.
    pub(in crate::server) fn accounts_listed(&mut self, answer: AccountAnswer, now: Now) {
        let Some(cluster) = &mut self.nodes.cluster else { return };
        let AccountAnswer::All(listed) = answer else {
            cluster.comparing.due = Some(now.instant + AGAIN);
            return;
        };
        let mut lost = std::mem::take(&mut cluster.comparing.known);
        lost.retain(|(id, _)| listed.binary_search_by_key(id, |(listed, _)| *listed).is_err());
        if !lost.is_empty() {
            let text =
                format!("The broker has lost {} accounts; their names can be registered again", lost.len());
            warn!("{text}");
            self.tell_operators(text, now);
        }
        for (_, name) in lost {
            self.note_settled(Settled::Dropped(name), now);
        }
    }

    /// Asks the store, if it is time.
    pub(super) fn compare_when_due(&mut self, now: Now) {
        let due = self.nodes.cluster.as_ref().and_then(|cluster| cluster.comparing.due);
        if due.is_some_and(|due| due <= now.instant) {
            self.compare_with_store();
        }
    }
}
