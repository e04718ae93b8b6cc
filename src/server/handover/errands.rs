//! Errands that nobody has begun to work on: passwords to check, and questions to the store. Those of peers that do not
//! read, and of addresses with many wrong guesses, may have to wait for minutes.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::cbor::{Lines, map};
use crate::message::{AccountPurpose, AccountQuery, Check, Now, Query, Recall, RecallFor};
use crate::server::account_errands::Waiting;
use crate::server::account_steps::Step;
use crate::server::checks::Task;
use crate::server::connection::{Connection, Inlet};
use crate::server::draining::Postponed;
use crate::server::hashing::Hashing;
use crate::server::stream::Stream;
use crate::server::{Server, connection_id};

/// The label of an IRC client for the answer. It may have any characters.
type Label = Option<Lines<String>>;

/// The errands of a server, in the order in which they are worked on.
#[derive(Debug)]
pub(super) struct Errands {
    recalls: Vec<Asked>,
    postponed: Vec<Later>,
    accounts: Vec<OfAccount>,
    tasks: Vec<OfPassword>,
    /// Connections whose sessions are to be told when nothing is unsent.
    draining: Vec<u32>,
}

map!(Errands { 0: recalls, 1: postponed, 2: accounts, 3: tasks, 4: draining });

/// A question about the past.
#[derive(Debug)]
struct Asked {
    key: u32,
    query: Query,
    at: Now,
    purpose: RecallFor,
    label: Label,
}

map!(Asked { 0: key, 1: query, 2: at, 3: purpose, 4: label });

/// A question about the past, whose peer reads first.
#[derive(Debug)]
struct Later {
    key: u32,
    recall: Recall,
    label: Label,
    until: Instant,
}

map!(Later { 0: key, 1: recall, 2: label, 3: until });

/// An errand about an account. Without a query, it waits for its task.
#[derive(Debug)]
struct OfAccount {
    key: u32,
    step: Step,
    purpose: AccountPurpose,
    label: Label,
    query: Option<AccountQuery>,
}

map!(OfAccount { 0: key, 1: step, 2: purpose, 3: label, 4: query });

/// Work on a password: either a check, or for an errand about an account.
#[derive(Debug)]
struct OfPassword {
    key: u32,
    check: Option<Box<Check>>,
    label: Label,
    hashing: Option<Box<Hashing>>,
}

map!(OfPassword { 0: key, 1: check, 2: label, 3: hashing });

impl OfPassword {
    fn of(key: u32, task: &Task) -> Self {
        let (check, label, hashing) = match task {
            Task::Check(check, label) => (Some(check.clone()), handed(label), None),
            Task::Account(hashing) => (None, None, Some(hashing.clone())),
        };
        Self { key, check, label, hashing }
    }

    fn task(self) -> Option<Task> {
        let check = self.check.map(|check| Task::Check(check, taken(self.label)));
        check.or(self.hashing.map(Task::Account))
    }
}

fn handed(label: &Option<Box<str>>) -> Label {
    label.as_deref().map(|label| Lines(label.to_owned()))
}

fn taken(label: Label) -> Option<Box<str>> {
    label.map(|Lines(label)| label.into())
}

impl Errands {
    pub(super) fn of<S: Stream>(server: &Server<S>) -> Self {
        let number = |key| connection_id(key).0;
        let Server { history, draining, checks, .. } = server;
        let recalls = history.recalls.queued().map(|(key, (query, at), (purpose, label))| Asked {
            key: number(key),
            query: query.clone(),
            at: *at,
            purpose: purpose.clone(),
            label: handed(label),
        });
        let postponed = draining.questions.iter().map(|(&key, question)| Later {
            key: number(key),
            recall: question.recall.clone(),
            label: handed(&question.label),
            until: question.until,
        });
        let of_account = |key, query| {
            let Waiting { step, goal: (purpose, label), .. } = history.accounts.waiting.get(&key)?;
            let (step, purpose, label) = (step.clone(), purpose.clone(), handed(label));
            Some(OfAccount { key: number(key), step, purpose, label, query })
        };
        let asking = history.accounts.inquiries.queued();
        let asking = asking.filter_map(|(key, query, ())| of_account(key, Some(query.clone())));
        let hashing = checks.queued().filter_map(|(key, task)| match task {
            Task::Account(_) => of_account(key, None),
            Task::Check(..) => None,
        });
        Self {
            recalls: recalls.collect(),
            postponed: postponed.collect(),
            accounts: asking.chain(hashing).collect(),
            tasks: checks.queued().map(|(key, task)| OfPassword::of(number(key), task)).collect(),
            draining: draining.waiting.iter().map(|&key| number(key)).collect(),
        }
    }
}

impl<S: Stream> Server<S> {
    /// Goes on with errands of connections that are there. Each waits for at most one thing.
    pub(super) fn resume_errands(&mut self, errands: Errands, now: Now) {
        let is_waiting = |inlet: &Inlet| matches!(inlet, Inlet::Waiting { .. });
        let waiting = self.connections.iter().filter(|(_, c)| c.is_open() && is_waiting(&c.inlet));
        let mut waiting: BTreeSet<_> = waiting.map(|(key, _)| key).collect();
        let Errands { recalls, postponed, accounts, tasks, draining } = errands;
        for Asked { key, query, at, purpose, label } in recalls {
            let key = key as usize;
            if waiting.remove(&key) {
                self.history.recalls.ask(
                    key,
                    self.connections[key].peer,
                    (query, at),
                    (purpose, taken(label)),
                );
            }
        }
        for Later { key, recall, label, until } in postponed {
            if waiting.remove(&(key as usize)) {
                self.draining
                    .questions
                    .insert(key as usize, Postponed { recall, label: taken(label), until });
            }
        }
        let mut hashing = BTreeSet::new();
        for OfAccount { key, step, purpose, label, query } in accounts {
            let (key, goal) = (key as usize, (purpose, taken(label)));
            match query {
                Some(query) if waiting.remove(&key) => self.queue_query(key, query, step, goal, now),
                None if waiting.contains(&key) && hashing.insert(key) => {
                    self.history.accounts.waiting.insert(key, Waiting { step, until: None, goal });
                }
                Some(_) | None => {}
            }
        }
        for task in tasks {
            let key = task.key as usize;
            let Some(task) = task.task() else { continue };
            let is_whole = hashing.remove(&key) == matches!(task, Task::Account(_));
            if is_whole && waiting.remove(&key) {
                self.checks.ask(key, self.connections[key].peer, task, now.instant);
            }
        }
        self.wait_no_longer(waiting);
        let draining = draining.into_iter().map(|key| key as usize);
        self.draining.waiting =
            draining.filter(|&key| self.connections.get(key).is_some_and(Connection::is_open)).collect();
        let has_drained = |key: &usize| self.connections.get(*key).is_some_and(|c| !c.has_unsent());
        let waiting = self.draining.waiting.iter().chain(self.draining.questions.keys());
        self.draining.drained = waiting.copied().filter(has_drained).collect();
    }

    /// Reads on from peers that wait for errands that were left out, which only happens if the server before had not
    /// settled.
    fn wait_no_longer(&mut self, keys: BTreeSet<usize>) {
        for key in keys {
            self.connections[key].inlet = Inlet::Backlog;
            self.history.accounts.take(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::tests::{choices, keeps_promises};

    proptest! {
        #[test]
        fn errands_keep_promises(input in choices()) {
            keeps_promises::<Asked>(&input);
            keeps_promises::<Later>(&input);
            keeps_promises::<OfAccount>(&input);
            keeps_promises::<OfPassword>(&input);
        }
    }
}
