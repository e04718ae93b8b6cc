//! Errands about accounts: the store and the thread for hashes each do their part, one after the other.

use super::account_errands::{Change, Goal, Settled, Waiting};
use super::account_steps::{self, Next, Step};
use super::checks::Task;
use super::hashing::Hashing;
use super::{Server, Stream};
use crate::message::{
    AccountAnswer, AccountErrand, AccountFound, AccountId, AccountPurpose, AccountQuery, Found, Now, Outcome,
};
use crate::name::UserName;
use crate::origin::Origin;

/// Most accounts. Each takes some memory, and its file some hundred bytes.
const MOST_ACCOUNTS: usize = 100_000;

/// Steps of work for looking up a name among those that look like it: as long as visiting so many users.
const LOOKUP_STEPS: usize = 100;

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

    /// Queues a question, unless it is about a name that was registered meanwhile.
    fn ask_store(&mut self, key: usize, query: AccountQuery, step: Step, goal: Goal, now: Now) {
        match &step {
            Step::Create { name, .. } if self.hub.accounts().find(name).is_some() => {
                self.proceed(key, goal, Next::Found(AccountFound::NameTaken), now);
            }
            _ => self.queue_query(key, query, step, goal, now),
        }
    }

    /// Queues a question. A name that is to be registered belongs to nobody else from now on.
    pub(super) fn queue_query(&mut self, key: usize, query: AccountQuery, step: Step, goal: Goal, now: Now) {
        let change = match &step {
            Step::Create { name, .. } => {
                self.reserve_name(name);
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
        #[cfg(feature = "cluster")]
        if number == super::nodes::ALL_ACCOUNTS {
            return self.accounts_listed(answer, now);
        }
        let change = self.history.accounts.changes.remove(&number);
        if let Some(settled) = change.and_then(|change| change.settled(&answer)) {
            self.note_settled(settled, now);
        }
        let Some((key, ())) = self.history.accounts.inquiries.answered(number) else { return };
        let Some((step, goal)) = self.history.accounts.take(key) else { return };
        let next = account_steps::after_answer(step, answer, &self.history.accounts.decoys);
        self.proceed(key, goal, next, now);
    }

    /// Tells the hub of a change that is on the disk, or that has failed.
    pub(super) fn note_settled(&mut self, settled: Settled, now: Now) {
        #[cfg(feature = "cluster")]
        let Some(settled) = self.unless_settled_later(settled) else { return };
        match settled {
            Settled::Created(id, name) => self.hub.add_account(id, &name),
            Settled::NotCreated(name) => self.release_name(&name),
            Settled::Dropped(name) => {
                self.out.begin();
                self.hub.drop_account(&name, now, &mut self.out);
            }
        }
    }

    /// Reserves a name that is being registered. On several nodes, the database decides whose it is.
    fn reserve_name(&mut self, name: &UserName) {
        if !self.nodes.is_node() {
            self.hub.add_account(AccountId::NONE, name);
        }
    }

    fn release_name(&mut self, name: &UserName) {
        if !self.nodes.is_node() {
            self.hub.remove_account(name);
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
            self.release_name(&name);
        }
    }
}
