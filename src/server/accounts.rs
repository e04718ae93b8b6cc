//! Errands about accounts: the store and the thread for hashes each do their part, one after the other.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::account_steps::{self, Next, Step};
use super::checks::Task;
use super::hashing::Hashing;
use super::inquiries::Inquiries;
use super::ration::Ration;
use super::{Server, Stream};
use crate::message::{
    AccountAnswer, AccountErrand, AccountFound, AccountId, AccountPurpose, AccountQuery, Found, Now, Outcome,
    Peer,
};
use crate::name::UserName;
use crate::origin::Origin;
use crate::secret::Decoys;

/// How long an errand waits for the store, which may have a stuck disk.
const STORE_TIMEOUT: Duration = Duration::from_secs(30);

/// New accounts of an address: a family or a class comes at once, a program should not.
const REGISTRATIONS: u32 = 3;
const REGISTRATION_INTERVAL: Duration = Duration::from_secs(600);

/// Most accounts. Each takes some memory, and its file some hundred bytes.
const MOST_ACCOUNTS: usize = 100_000;

/// Steps of work for looking up a name among those that look like it: as long as visiting so many users.
const LOOKUP_STEPS: usize = 100;

/// The errands about accounts that are under way: at most one per connection.
#[derive(Debug)]
pub(super) struct AccountErrands {
    /// The errands, by connection.
    waiting: HashMap<usize, Waiting>,
    inquiries: Inquiries<AccountQuery, ()>,
    /// The connections that wait for the store, by when they give up.
    due: BTreeSet<(Instant, usize)>,
    /// Changes that the hub must learn of although their connections may have gone, by the number of the question.
    changes: HashMap<u64, Change>,
    registrations: Ration,
    decoys: Decoys,
}

/// An errand.
#[derive(Debug)]
struct Waiting {
    step: Step,
    /// When it gives up on the store, if it waits for that.
    until: Option<Instant>,
    goal: Goal,
}

/// What an errand is for, with the label of an IRC client for the answer.
type Goal = (AccountPurpose, Option<Box<str>>);

#[derive(Debug)]
enum Change {
    /// An account is created. Its name is registered already, under no number, so that nobody else can register it.
    Create(UserName),
    Drop(UserName),
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
    fn ask(&mut self, key: usize, peer: Peer, query: AccountQuery, step: Step, goal: Goal, now: Now) -> u64 {
        let until = now.instant + STORE_TIMEOUT;
        self.due.insert((until, key));
        self.waiting.insert(key, Waiting { step, until: Some(until), goal });
        self.inquiries.ask(key, peer, query, ())
    }

    /// Takes the errand of the connection `key` to its next step.
    fn take(&mut self, key: usize) -> Option<(Step, Goal)> {
        let Waiting { step, until, goal } = self.waiting.remove(&key)?;
        if let Some(until) = until {
            self.due.remove(&(until, key));
        }
        Some((step, goal))
    }

    /// True when `peer` may register an account now.
    fn may_register(&self, peer: Peer, now: Now) -> bool {
        self.registrations.ready_at(Origin::of(peer), now.instant) <= now.instant
    }
}

impl<S: Stream> Server<S> {
    /// Begins an errand about accounts for the session of `key`.
    pub(super) fn begin_account_errand(
        &mut self,
        key: usize,
        errand: AccountErrand,
        purpose: AccountPurpose,
        label: Option<Box<str>>,
        now: Now,
    ) {
        // Whoever has left must not be in the way of those who register.
        self.dismiss(now);
        let id = match &errand {
            AccountErrand::LogIn { name, .. }
            | AccountErrand::Keys { name }
            | AccountErrand::Prove { name, .. } => {
                self.out.worked(LOOKUP_STEPS);
                self.hub.accounts().find(name)
            }
            _ => None,
        };
        let next = match self.allow_account_errand(key, &errand, now) {
            Ok(()) => account_steps::first(errand, id, now),
            Err(found) => Next::Found(found),
        };
        self.proceed(key, (purpose, label), next, now);
    }

    /// Declines a registration that cannot or must not succeed, and everything if there is no store.
    fn allow_account_errand(
        &mut self,
        key: usize,
        errand: &AccountErrand,
        now: Now,
    ) -> Result<(), AccountFound> {
        if self.history.store.is_none() {
            return Err(AccountFound::NotChecked);
        }
        let AccountErrand::Register { name, .. } = errand else { return Ok(()) };
        let connection = &self.connections[key];
        let (peer, user) = (connection.peer, self.hub.users().get(connection.session.user()));
        let is_limited = !user.is_some_and(|user| user.is_operator);
        let is_too_often = is_limited && !self.history.accounts.may_register(peer, now);
        // Before the name is looked up, which takes longer.
        if is_too_often || self.hub.accounts().len() >= MOST_ACCOUNTS {
            return Err(AccountFound::TooMany);
        }
        self.out.worked(LOOKUP_STEPS);
        if self.hub.allow_name(name).is_err() {
            return Err(AccountFound::NameTaken);
        }
        if is_limited {
            self.history.accounts.registrations.count(Origin::of(peer), now.instant);
        }
        Ok(())
    }

    /// Continues an errand with its next step. The session continues when the errand is done.
    fn proceed(&mut self, key: usize, goal: Goal, next: Next, now: Now) {
        match next {
            Next::Ask(query, step) => {
                self.wait(key);
                self.ask_store(key, query, step, goal, now);
            }
            Next::Hash(hashing, step) => {
                self.history.accounts.waiting.insert(key, Waiting { step, until: None, goal });
                self.begin_task(key, Task::Account(Box::new(hashing)), now);
            }
            Next::Found(found) => {
                let (purpose, label) = goal;
                self.tell_found(key, Found::Account(purpose, found), label, now);
            }
        }
    }

    /// Queues a question. A name that is to be registered belongs to nobody else from now on.
    fn ask_store(&mut self, key: usize, query: AccountQuery, step: Step, goal: Goal, now: Now) {
        let change = match &step {
            Step::Create { name, .. } if self.hub.accounts().find(name).is_some() => {
                return self.proceed(key, goal, Next::Found(AccountFound::NameTaken), now);
            }
            Step::Create { name, .. } => {
                self.hub.add_account(AccountId::NONE, name);
                Some(Change::Create(name.clone()))
            }
            Step::Drop { name } => Some(Change::Drop(name.clone())),
            _ => None,
        };
        let peer = self.connections[key].peer;
        let number = self.history.accounts.ask(key, peer, query, step, goal, now);
        if let Some(change) = change {
            self.history.accounts.changes.insert(number, change);
        }
    }

    /// Continues the errand that waits for this answer, if it still does.
    pub(super) fn account_answered(&mut self, number: u64, answer: AccountAnswer, now: Now) {
        if let Some(change) = self.history.accounts.changes.remove(&number) {
            self.note_change(change, &answer, now);
        }
        let Some((key, ())) = self.history.accounts.inquiries.answered(number) else { return };
        let Some((step, goal)) = self.history.accounts.take(key) else { return };
        let next = account_steps::after_answer(step, answer, &self.history.accounts.decoys);
        self.proceed(key, goal, next, now);
    }

    /// Tells the hub of a change that is on the disk, or that has failed.
    fn note_change(&mut self, change: Change, answer: &AccountAnswer, now: Now) {
        match (change, answer) {
            (Change::Create(name), AccountAnswer::Created(id)) => self.hub.add_account(*id, &name),
            (Change::Create(name), _) => self.hub.remove_account(&name),
            (Change::Drop(name), AccountAnswer::Changed) => {
                self.out.begin();
                self.hub.drop_account(&name, now, &mut self.out);
            }
            (Change::Drop(_), _) => {}
        }
    }

    /// Continues the errand whose password was worked on.
    pub(super) fn hashed(&mut self, key: usize, hashing: Hashing, outcome: Outcome, now: Now) {
        let Some((step, goal)) = self.history.accounts.take(key) else { return };
        let next = account_steps::after_hashing(step, hashing, outcome, now);
        self.proceed(key, goal, next, now);
    }

    /// Gives up on questions that the store does not answer.
    pub(super) fn expire_account_errands(&mut self, now: Now) {
        while let Some(&(until, key)) = self.history.accounts.due.first()
            && until <= now.instant
        {
            let goal = self.history.accounts.take(key).map(|(_, goal)| goal);
            self.forget_account_errand(key);
            if let Some(goal) = goal {
                self.proceed(key, goal, Next::Found(AccountFound::NotChecked), now);
            }
        }
    }

    /// Forgets the errand of the connection `key`. What the store has already may happen all the same.
    pub(super) fn forget_account_errand(&mut self, key: usize) {
        let errands = &mut self.history.accounts;
        errands.take(key);
        let change = errands.inquiries.forget(key).and_then(|number| errands.changes.remove(&number));
        if let Some(Change::Create(name)) = change {
            self.hub.remove_account(&name);
        }
    }
}
