//! Where the event loop and the store's thread meet: jobs one way, replies the other, behind one lock that neither
//! holds while it works.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::database::Figures;
use crate::message::{AccountAnswer, AccountQuery, Answer, Ban, Now, Query, Record};

/// What the store tells the event loop.
#[derive(Debug)]
pub enum Reply {
    /// The answer to the query with this number.
    Answer(u64, Answer),
    /// The answer to the question about accounts with this number.
    Account(u64, AccountAnswer),
    /// The queue was full, and is half empty now.
    HasRoom,
    /// The bans are on the disk, or why they are not.
    BansSaved(Result<(), String>),
    /// Writing has begun to fail, for this reason. Records are kept and tried again, as far as the queue goes.
    Failing(String),
    /// Writing works again.
    Recovered {
        /// Records lost since it failed.
        lost: u64,
    },
    /// Everything is written, and the store has ended.
    Stopped,
}

/// The state of the store.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The size of the database at the last commit.
    pub figures: Figures,
    /// Records that are not committed yet.
    pub queued_records: usize,
    /// The memory that they take.
    pub queued_bytes: usize,
    /// Records lost since the start.
    pub lost_records: u64,
    /// Why writing fails, if it does.
    pub failure: Option<String>,
    /// The duration of the last commit.
    pub last_commit: Duration,
    /// The duration of the longest commit.
    pub longest_commit: Duration,
}

/// Work for the thread.
#[derive(Debug)]
pub(super) enum Job {
    Records(Vec<Record>),
    Query(u64, Query, Now),
    Account(u64, Box<AccountQuery>),
    Bans(Vec<Ban>),
}

#[derive(Debug)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    is_needed: Condvar,
    /// The memory of all records that were handed over and are not committed.
    pub(super) queued_bytes: AtomicUsize,
    pub(super) is_failing: AtomicBool,
    /// Not an `AtomicU64`: MIPS with 32 bits has none.
    pub(super) lost_records: AtomicUsize,
}

#[derive(Debug)]
pub(super) struct Papers {
    pub(super) jobs: VecDeque<Job>,
    pub(super) replies: VecDeque<Reply>,
    /// The time of the last turn that handed something over.
    pub(super) now: SystemTime,
    /// Records that were handed over and are not committed.
    pub(super) queued_records: usize,
    /// The thread has nothing to commit soon, and must be woken for records.
    pub(super) is_idle: bool,
    /// There is something that does not wait for the next commit.
    pub(super) is_urgent: bool,
    /// So much waits that it must be committed now.
    pub(super) is_group: bool,
    /// The loop has seen a full queue, and waits for [`Reply::HasRoom`].
    pub(super) wants_room: bool,
    /// The limit of the queue.
    pub(super) queue_bytes: usize,
    pub(super) is_over: bool,
    pub(super) status: Status,
}

impl Desk {
    pub(super) fn new(figures: Figures) -> Self {
        let papers = Papers {
            jobs: VecDeque::new(),
            replies: VecDeque::new(),
            now: SystemTime::UNIX_EPOCH,
            queued_records: 0,
            is_idle: true,
            is_urgent: false,
            is_group: false,
            wants_room: false,
            queue_bytes: 0,
            is_over: false,
            status: Status { figures, ..Status::default() },
        };
        Self {
            papers: Mutex::new(papers),
            is_needed: Condvar::new(),
            queued_bytes: AtomicUsize::new(0),
            is_failing: AtomicBool::new(false),
            lost_records: AtomicUsize::new(0),
        }
    }

    /// Nothing is done under the lock that could panic, so its data is intact.
    pub(super) fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wake_thread(&self) {
        self.is_needed.notify_one();
    }

    /// Waits until there is something urgent or `deadline` has come; if the thread is idle, until there is anything.
    pub(super) fn wait(&self, deadline: Option<Instant>, is_idle: bool) -> MutexGuard<'_, Papers> {
        let mut papers = self.papers();
        // What was handed over while the thread was not idle was not urgent.
        papers.is_urgent |= is_idle && !papers.jobs.is_empty();
        papers.is_idle = is_idle;
        while !papers.is_urgent && !papers.is_over {
            papers = match deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())) {
                None => self.is_needed.wait(papers).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => break,
                Some(left) => {
                    self.is_needed.wait_timeout(papers, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        papers
    }

    pub(super) fn queued_bytes(&self) -> usize {
        self.queued_bytes.load(Ordering::Relaxed)
    }

    pub(super) fn is_failing(&self) -> bool {
        self.is_failing.load(Ordering::Relaxed)
    }

    pub(super) fn lost_records(&self) -> u64 {
        self.lost_records.load(Ordering::Relaxed) as u64
    }
}
