//! The store's thread. It writes records in groups, answers questions, and deletes what is too old in between.

use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use log::warn;

use super::database::Database;
use super::desk::{Desk, Job, Reply};
use super::question::Question;
use super::size::record_bytes;
use crate::message::{AccountAnswer, AccountQuery, Answer, Ban, Record};
use crate::priority::step_back;

/// Records, by their memory in bytes, and the time after which old ones are deleted.
const EXPIRE_BYTES: usize = 64 * 1024;
const EXPIRE_EVERY: Duration = Duration::from_secs(30);

/// Rows that a database deletes at once, about.
const EXPIRED_ROWS: usize = 250;

pub(super) struct Keeper<D, W> {
    desk: Arc<Desk>,
    database: D,
    wake: W,
    /// Records that are not committed, in order.
    group: Vec<Record>,
    /// How many of them are in the transaction.
    written: usize,
    /// When to commit or try again.
    deadline: Option<Instant>,
    /// Questions, which take turns.
    questions: VecDeque<(u64, Question)>,
    /// Questions that wait until a time, because others may have recorded something before them.
    settling: VecDeque<(Instant, u64, Question)>,
    /// There may be something to delete.
    expires: bool,
    /// When that was last begun.
    expired: SystemTime,
    /// Records committed since.
    committed_records: usize,
    /// Their memory, in bytes.
    committed_bytes: usize,
    now: SystemTime,
    /// Records lost before writing failed.
    lost_before: u64,
}

impl<D: Database, W: Fn()> Keeper<D, W> {
    pub(super) fn new(desk: Arc<Desk>, database: D, wake: W) -> Self {
        Self {
            desk,
            database,
            wake,
            group: Vec::new(),
            written: 0,
            deadline: None,
            questions: VecDeque::new(),
            settling: VecDeque::new(),
            expires: true,
            expired: SystemTime::UNIX_EPOCH,
            committed_records: 0,
            committed_bytes: 0,
            now: SystemTime::UNIX_EPOCH,
            lost_before: 0,
        }
    }

    /// Works until the event loop stops the store.
    pub(super) fn run(mut self) {
        // Less than others: speakers wait for it when it falls far behind.
        step_back(5);
        while self.take_jobs() {
            if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                self.commit();
            }
            self.go_on();
        }
        self.commit();
        let Self { desk, database, wake, .. } = self;
        // The file is closed before anybody hears that it is.
        drop(database);
        desk.papers().replies.push_back(Reply::Stopped);
        wake();
    }

    /// Waits for jobs, unless something else is to be done, and begins with them. False when the store is over.
    fn take_jobs(&mut self) -> bool {
        let mut papers = if self.questions.is_empty() && !self.can_expire() {
            let soon = Instant::now() + self.database.gather();
            let settled = self.settling.front().map(|(at, ..)| *at);
            let wake = self.deadline.into_iter().chain(settled).min();
            self.desk.wait(wake, self.deadline.is_none_or(|deadline| deadline > soon))
        } else {
            self.desk.papers()
        };
        papers.is_idle = false;
        papers.is_urgent = false;
        let is_group = mem::take(&mut papers.is_group);
        let (jobs, is_over) = (mem::take(&mut papers.jobs), papers.is_over);
        // Nothing happened, and the loop only tells the time.
        self.expires |= jobs.is_empty() && self.now != papers.now;
        self.now = papers.now;
        drop(papers);
        for job in jobs {
            self.begin(job);
        }
        if is_group {
            self.deadline = Some(Instant::now());
        }
        self.release_speakers();
        !is_over
    }

    fn begin(&mut self, job: Job) {
        match job {
            Job::Records(records) => {
                self.group.extend(records);
                let soon = Instant::now() + self.database.gather();
                self.deadline = Some(self.deadline.map_or(soon, |deadline| deadline.min(soon)));
            }
            Job::Query(number, query, asked) => {
                if !self.desk.is_failing() {
                    self.write();
                }
                let question = Question::new(query, asked.time);
                let settle = self.database.settle();
                if settle.is_zero() {
                    // At once, so that the answer knows of nothing later.
                    self.work_on(number, question);
                } else {
                    self.settling.push_back((asked.instant + settle, number, question));
                }
            }
            Job::Account(number, query) => self.answer_account(number, &query),
            Job::Bans(bans) => self.save_bans(&bans),
        }
    }

    /// Does a step of what takes long.
    fn go_on(&mut self) {
        while self.settling.front().is_some_and(|(at, ..)| *at <= Instant::now()) {
            let Some((_, number, question)) = self.settling.pop_front() else { break };
            self.work_on(number, question);
        }
        if let Some((number, question)) = self.questions.pop_front() {
            self.work_on(number, question);
        }
        if self.can_expire() {
            // As much as was added may have to be deleted, and more if the limits have changed.
            for _ in 0..=mem::take(&mut self.committed_records) / EXPIRED_ROWS {
                self.expire();
            }
        }
    }

    fn work_on(&mut self, number: u64, mut question: Question) {
        match self.database.answer(&mut question, self.now) {
            Ok(Some(answer)) => self.reply(Reply::Answer(number, answer)),
            Ok(None) => self.questions.push_back((number, question)),
            Err(error) => {
                warn!("cannot read the history: {error}");
                self.reply(Reply::Answer(number, Answer::Failed));
            }
        }
    }

    /// Deleting has transactions of its own.
    fn can_expire(&self) -> bool {
        self.expires && self.written == 0
    }

    fn expire(&mut self) {
        if !self.can_expire() {
            return;
        }
        match self.database.expire(self.expiry_time()) {
            Ok(is_more) => {
                self.expires = is_more;
                self.desk.papers().status.figures = self.database.figures();
                // Nothing else has failed.
                if self.group.is_empty() {
                    self.recover();
                }
            }
            Err(error) => self.fail(error),
        }
    }

    /// The time whose limits the database knows: what has become too old since one of them was changed may be kept.
    fn expiry_time(&self) -> SystemTime {
        let changed = self.group.iter().find_map(|record| match record {
            Record::Limit { at, .. } => Some(*at),
            _ => None,
        });
        changed.map_or(self.now, |at| at.min(self.now))
    }

    /// Adds all records to the transaction, and begins none for nothing. False if it failed.
    fn write(&mut self) -> bool {
        if self.written == self.group.len() {
            return true;
        }
        match self.database.write(&self.group[self.written..]) {
            Ok(()) => {
                self.written = self.group.len();
                true
            }
            Err(error) => {
                self.fail(error);
                false
            }
        }
    }

    fn commit(&mut self) {
        self.deadline = None;
        if self.group.is_empty() {
            // If deleting has failed, it is tried again.
            self.expires = true;
            return;
        }
        let started = Instant::now();
        if !self.write() {
            return;
        }
        match self.database.commit() {
            Ok(()) => self.committed(started.elapsed()),
            Err(error) => self.fail(error),
        }
    }

    /// Frees what is committed.
    fn committed(&mut self, duration: Duration) {
        // With its memory, which is much after a burst.
        let group = mem::take(&mut self.group);
        let (records, bytes) = (group.len(), group.iter().map(record_bytes).sum());
        drop(group);
        self.written = 0;
        self.expire_soon(records, bytes);
        let figures = self.database.figures();
        self.desk.queued_bytes.fetch_sub(bytes, Ordering::Relaxed);
        let mut papers = self.desk.papers();
        papers.queued_records = papers.queued_records.saturating_sub(records);
        let status = &mut papers.status;
        status.figures = figures;
        status.last_commit = duration;
        status.longest_commit = status.longest_commit.max(duration);
        drop(papers);
        self.recover();
        self.release_speakers();
    }

    /// Deletes after some records or some time: each time writes to the disk.
    fn expire_soon(&mut self, records: usize, bytes: usize) {
        self.committed_records += records;
        self.committed_bytes += bytes;
        let is_time = self.now.duration_since(self.expired).is_ok_and(|since| since >= EXPIRE_EVERY);
        if is_time || self.committed_bytes >= EXPIRE_BYTES {
            self.expires = true;
            self.expired = self.now;
            self.committed_bytes = 0;
        }
    }

    fn answer_account(&mut self, number: u64, query: &AccountQuery) {
        match query {
            // It is committed on its own, after what happened before.
            AccountQuery::Change(_) => self.commit(),
            _ if self.desk.is_failing() => {}
            // So that the answer knows of it.
            _ => drop(self.write()),
        }
        let answer = self.database.account(query);
        self.reply(Reply::Account(number, answer.unwrap_or_else(AccountAnswer::Failed)));
    }

    fn save_bans(&mut self, bans: &[Ban]) {
        self.commit();
        let saved = self.database.save_bans(bans);
        self.reply(Reply::BansSaved(saved));
    }

    /// Keeps the records for later. Operators are told only of the first failure.
    fn fail(&mut self, error: String) {
        self.database.roll_back();
        self.written = 0;
        self.expires = false;
        self.deadline = Some(Instant::now() + self.database.retry());
        self.desk.papers().status.failure = Some(error.clone());
        if !self.desk.is_failing.swap(true, Ordering::Relaxed) {
            self.lost_before = self.desk.lost_records();
            self.reply(Reply::Failing(error));
        }
        self.release_speakers();
    }

    fn recover(&mut self) {
        if self.desk.is_failing.swap(false, Ordering::Relaxed) {
            self.desk.papers().status.failure = None;
            let lost = self.desk.lost_records().saturating_sub(self.lost_before);
            self.reply(Reply::Recovered { lost });
        }
    }

    /// Lets speakers go on if the queue has room, or if it will not have for long.
    fn release_speakers(&mut self) {
        let mut papers = self.desk.papers();
        let has_room = self.desk.is_failing() || self.desk.queued_bytes() < papers.queue_bytes / 2;
        if papers.wants_room && has_room {
            papers.wants_room = false;
            drop(papers);
            self.reply(Reply::HasRoom);
        }
    }

    fn reply(&self, reply: Reply) {
        self.desk.papers().replies.push_back(reply);
        (self.wake)();
    }
}
