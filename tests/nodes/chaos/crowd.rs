//! Users on several threads, and what these share.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use parlor::address::Address;

use super::user::{Said, User};
use super::{USERS, seconds};
use crate::nodes::NAMES;

/// The room in which everybody stays.
pub(super) const HALL: &str = "#hall";

/// Threads that the users are spread over.
const THREADS: usize = 10;

/// How long a thread sleeps after each of its users had a turn.
const REST: Duration = Duration::from_millis(10);

/// Complaints that are kept.
const MOST_COMPLAINTS: usize = 50;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Everybody comes in.
    Entering,
    /// Everybody talks and changes things.
    Acting,
    /// Nobody does anything.
    Resting,
    /// Everybody says one last thing.
    Finishing,
    /// Everybody reads what is left.
    Reading,
    /// The threads end.
    Ended,
}

#[derive(Debug, Default)]
struct Facts {
    /// Where each node is, unless it is dead, and how often it was killed.
    nodes: [(Option<Address>, u32); NAMES.len()],
    said: HashMap<u32, Said>,
    finished: BTreeSet<usize>,
    complaints: Vec<String>,
    here: BTreeSet<usize>,
    /// What each user misses in the end.
    missing: HashMap<usize, Vec<String>>,
}

/// What all threads share.
#[derive(Debug)]
pub(super) struct Shared {
    phase: Mutex<Phase>,
    lives: AtomicU32,
    facts: Mutex<Facts>,
    began: Instant,
}

impl Shared {
    pub(super) fn phase(&self) -> Phase {
        *self.phase.lock().expect("nobody panics with it")
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.facts.lock().expect("nobody panics with it")
    }

    /// The number of a new life.
    pub(super) fn begin_life(&self) -> u32 {
        self.lives.fetch_add(1, Ordering::SeqCst)
    }

    /// How many lives have begun.
    pub(super) fn lives(&self) -> u32 {
        self.lives.load(Ordering::SeqCst)
    }

    /// True if both were there before anybody said anything.
    pub(super) fn are_first(&self, one: u32, other: u32) -> bool {
        one.max(other) < USERS as u32
    }

    /// Where a node is, if it lives, and how often it was killed.
    pub(super) fn node(&self, n: usize) -> Option<(Address, u32)> {
        let (at, kills) = &self.facts().nodes[n];
        Some((at.clone()?, *kills))
    }

    pub(super) fn kills(&self, n: usize) -> u32 {
        self.facts().nodes[n].1
    }

    pub(super) fn complain(&self, what: String) {
        let mut facts = self.facts();
        if facts.complaints.len() < MOST_COMPLAINTS {
            facts.complaints.push(format!("[{}] {what}", seconds(self.began)));
        }
    }

    /// Tells whoever reads why the test failed.
    #[allow(clippy::print_stderr)]
    pub(super) fn note(&self, what: String) {
        eprintln!("[{}] {what}", seconds(self.began));
    }

    pub(super) fn says(&self, life: u32, said: Said) {
        self.facts().said.insert(life, said);
    }

    pub(super) fn dies(&self, life: u32) {
        self.facts().said.remove(&life);
    }

    pub(super) fn finishes(&self, index: usize) {
        self.facts().finished.insert(index);
    }
}

/// All users.
pub(super) struct Crowd {
    pub(super) shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Crowd {
    pub(super) fn enter(seed: u64, addresses: [Address; NAMES.len()]) -> Self {
        let facts = Facts { nodes: addresses.map(|at| (Some(at), 0)), ..Facts::default() };
        let shared = Shared {
            phase: Mutex::new(Phase::Entering),
            lives: AtomicU32::new(0),
            facts: Mutex::new(facts),
            began: Instant::now(),
        };
        let shared = Arc::new(shared);
        let threads = (0..THREADS).map(|n| {
            let shared = Arc::clone(&shared);
            let users = (n..USERS).step_by(THREADS).map(|index| (index, User::new(index, seed)));
            let users = users.collect();
            thread::spawn(move || run(users, &shared))
        });
        let threads = threads.collect();
        Self { shared, threads }
    }

    pub(super) fn set(&self, phase: Phase) {
        *self.shared.phase.lock().expect("nobody panics with it") = phase;
    }

    /// A node has been killed, or is about to be.
    pub(super) fn killed(&self, n: usize) {
        let mut facts = self.shared.facts();
        let kills = facts.nodes[n].1;
        facts.nodes[n] = (None, kills + 1);
    }

    /// A node lives again, at this address.
    pub(super) fn revived(&self, n: usize, at: &Address) {
        self.shared.facts().nodes[n].0 = Some(at.clone());
    }

    /// Waits until everybody is here.
    #[track_caller]
    pub(super) fn wait_for_all(&self, limit: Duration) {
        self.wait(limit, |facts| facts.here.len() == USERS, |facts| format!("{} are here", facts.here.len()));
    }

    /// Waits until everybody has said the last thing.
    #[track_caller]
    pub(super) fn wait_for_the_last(&self, limit: Duration) {
        let told = |facts: &Facts| format!("{} have finished", facts.finished.len());
        self.wait(limit, |facts| facts.finished.len() == USERS, told);
    }

    /// Waits until everybody has heard everything.
    #[track_caller]
    pub(super) fn wait_for_listeners(&self, limit: Duration) {
        let is_complete =
            |facts: &Facts| facts.missing.len() == USERS && facts.missing.values().all(Vec::is_empty);
        let told = |facts: &Facts| {
            let missing: Vec<_> = facts.missing.values().flatten().collect();
            format!(
                "{} things are missing: {:#?}",
                missing.len(),
                missing.iter().take(20).collect::<Vec<_>>()
            )
        };
        self.wait(limit, is_complete, told);
    }

    #[track_caller]
    fn wait(&self, limit: Duration, is_so: impl Fn(&Facts) -> bool, told: impl Fn(&Facts) -> String) {
        let by = Instant::now() + limit;
        loop {
            {
                let facts = self.shared.facts();
                if is_so(&facts) {
                    return;
                }
                assert!(Instant::now() < by, "{}; complaints: {:#?}", told(&facts), facts.complaints);
            }
            thread::sleep(REST);
        }
    }

    /// Ends all threads, and returns what users complain of.
    pub(super) fn complaints(self) -> Vec<String> {
        let shared = Arc::clone(&self.shared);
        drop(self);
        std::mem::take(&mut shared.facts().complaints)
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.set(Phase::Ended);
        for thread in self.threads.drain(..) {
            let result = thread.join();
            // A second panic would hide the first.
            if !thread::panicking() {
                result.expect("users do not panic");
            }
        }
    }
}

fn run(mut users: Vec<(usize, User)>, shared: &Shared) {
    loop {
        let phase = shared.phase();
        if phase == Phase::Ended {
            return;
        }
        for (index, user) in &mut users {
            user.turn(shared);
            let mut facts = shared.facts();
            if user.is_in() {
                facts.here.insert(*index);
            } else {
                facts.here.remove(index);
            }
            if phase == Phase::Reading {
                let missing = user.misses(&facts.said);
                facts.missing.insert(*index, missing);
            }
        }
        thread::sleep(REST);
    }
}
