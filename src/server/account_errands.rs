//! The errands about accounts that are under way.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::account_steps::Step;
use super::inquiries::Inquiries;
use super::ration::Ration;
use crate::message::{AccountAnswer, AccountId, AccountPurpose, AccountQuery, Now, Peer};
use crate::name::UserName;
use crate::origin::Origin;
use crate::secret::Decoys;

/// How long an errand waits for the store, which may have a stuck disk.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);

/// New accounts of an address: a family or a class comes at once, a program should not.
const REGISTRATIONS: u32 = 3;
const REGISTRATION_INTERVAL: Duration = Duration::from_secs(600);

/// The errands about accounts that are under way: at most one per connection.
#[derive(Debug)]
pub(super) struct AccountErrands {
    /// The errands, by connection.
    pub(super) waiting: HashMap<usize, Waiting>,
    pub(super) inquiries: Inquiries<AccountQuery, ()>,
    /// The connections that wait for the store, by when they give up.
    pub(super) due: BTreeSet<(Instant, usize)>,
    /// Changes that the hub must learn of although their connections may have gone, by the number of the question.
    pub(super) changes: HashMap<u64, Change>,
    pub(super) registrations: Ration,
    pub(super) decoys: Decoys,
}

/// An errand.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) step: Step,
    /// When it gives up on the store, if it waits for that.
    pub(super) until: Option<Instant>,
    pub(super) goal: Goal,
}

/// The purpose of an errand, with the label of an IRC client for the answer.
pub(super) type Goal = (AccountPurpose, Option<Box<str>>);

#[derive(Debug)]
pub(super) enum Change {
    /// An account is created. Its name is registered already, under no number, so that nobody else can register it.
    Create(UserName),
    Drop(UserName),
}

/// What has become of a change.
#[derive(Debug)]
pub(super) enum Settled {
    Created(AccountId, UserName),
    NotCreated(UserName),
    Dropped(UserName),
}

impl Change {
    /// What has become of it, by the answer of the store.
    pub(super) fn settled(self, answer: &AccountAnswer) -> Option<Settled> {
        match (self, answer) {
            (Self::Create(name), AccountAnswer::Created(id)) => Some(Settled::Created(*id, name)),
            (Self::Create(name), _) => Some(Settled::NotCreated(name)),
            (Self::Drop(name), AccountAnswer::Changed) => Some(Settled::Dropped(name)),
            (Self::Drop(_), _) => None,
        }
    }
}

impl Default for AccountErrands {
    fn default() -> Self {
        Self {
            waiting: HashMap::new(),
            inquiries: Inquiries::default(),
            due: BTreeSet::new(),
            changes: HashMap::new(),
            registrations: Ration::new(REGISTRATIONS, REGISTRATION_INTERVAL),
            decoys: Decoys::default(),
        }
    }
}

impl AccountErrands {
    /// The next question for the store, unless it has enough.
    pub(super) fn next_query(&mut self) -> Option<(u64, AccountQuery)> {
        self.inquiries.next()
    }

    /// True when the connection `key` waits for the store.
    pub(super) fn is_asking(&self, key: usize) -> bool {
        self.inquiries.is_asking(key)
    }

    /// The number of connections that wait for the store.
    pub(super) fn asking(&self) -> usize {
        self.inquiries.asking()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due.first().map(|&(until, _)| until)
    }

    /// Queues a question of the connection `key`. Returns its number.
    pub(super) fn ask(
        &mut self,
        key: usize,
        peer: Peer,
        query: AccountQuery,
        step: Step,
        goal: Goal,
        now: Now,
    ) -> u64 {
        let until = now.instant + STORE_TIMEOUT;
        self.due.insert((until, key));
        self.waiting.insert(key, Waiting { step, until: Some(until), goal });
        self.inquiries.ask(key, peer, query, ())
    }

    /// Takes the errand of the connection `key` to its next step.
    pub(super) fn take(&mut self, key: usize) -> Option<(Step, Goal)> {
        let Waiting { step, until, goal } = self.waiting.remove(&key)?;
        if let Some(until) = until {
            self.due.remove(&(until, key));
        }
        Some((step, goal))
    }

    /// True when `peer` may register an account now.
    pub(super) fn may_register(&self, peer: Peer, now: Now) -> bool {
        self.registrations.ready_at(Origin::of(peer), now.instant) <= now.instant
    }
}
