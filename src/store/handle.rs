//! The event loop's side of the store.

use std::cell::Cell;
use std::io;
use std::mem;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, SystemTime};

#[cfg(feature = "cluster")]
use super::BrokerConfig;
use super::database::Database;
use super::desk::{Desk, Job, Reply, Status};
use super::keeper::Keeper;
#[cfg(feature = "cluster")]
use super::redis::Redis;
use super::size::record_bytes;
use super::sqlite::Sqlite;
use super::{Opened, StoreConfig, StoreError};
use crate::message::{AccountQuery, Ban, Now, Query, Record};

/// Memory of records that wait to be written, in bytes, above which speakers must wait. With twice as much, further
/// records are lost.
const QUEUE_BYTES: usize = 1024 * 1024;

/// Records committed together at the most.
pub(super) const GROUP_RECORDS: usize = 1_000;

/// The thread's stack, in bytes: SQLite takes less than 64 KiB of it.
const STACK_BYTES: usize = 256 * 1024;

/// How often the thread is told the time when nothing happens, so that it deletes what is too old.
const TELL_TIME: Duration = Duration::from_secs(60);

/// The store. Dropping it lets the thread commit and end, without waiting.
#[derive(Debug)]
pub struct Store {
    desk: Arc<Desk>,
    /// What this turn has recorded since the last question.
    records: Vec<Record>,
    /// The memory of the records in `records` and `jobs`.
    listed_bytes: usize,
    /// The number of these records.
    listed: usize,
    /// What this turn hands over before `records`.
    jobs: Vec<Job>,
    queue_bytes: usize,
    /// Somebody was told that the queue is full, and waits.
    was_full: Cell<bool>,
    /// When the thread was last told the time.
    told: SystemTime,
    /// How often bans were saved without a reply yet.
    #[cfg(feature = "upgrade")]
    saves: usize,
}

impl Store {
    /// Opens the database file, creates it if it is missing, and starts the thread. `wake` is called from the thread
    /// when there are replies.
    pub fn open(
        config: &StoreConfig,
        wake: impl Fn() + Send + 'static,
        now: SystemTime,
    ) -> Result<(Self, Opened), StoreError> {
        let (database, opened) = Sqlite::open(config, now)?;
        let mut store = Self::start(database, wake)
            .map_err(|error| StoreError::new(format!("cannot start a thread for the store: {error}")))?;
        // A small file has no room for the journal of large transactions.
        let most = usize::try_from(config.bytes / 16).unwrap_or(QUEUE_BYTES);
        store.limit_queue(most);
        Ok((store, opened))
    }

    /// Connects to the broker that is the store of several nodes, and starts the thread. `wake` is called from the thread
    /// when there are replies.
    #[cfg(feature = "cluster")]
    pub fn open_broker(
        config: &BrokerConfig,
        wake: impl Fn() + Send + 'static,
        now: SystemTime,
    ) -> Result<(Self, Opened), StoreError> {
        let (database, opened) = Redis::open(config, now)?;
        let store = Self::start(database, wake)
            .map_err(|error| StoreError::new(format!("cannot start a thread for the store: {error}")))?;
        Ok((store, opened))
    }

    /// Starts the thread on a database.
    pub fn start(mut database: impl Database, wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let desk = Arc::new(Desk::new(database.figures()));
        let keeper = Keeper::new(Arc::clone(&desk), database, wake);
        let builder = thread::Builder::new().name("parlord-store".into()).stack_size(STACK_BYTES);
        // The memory that a thread takes when it starts is not spare for others: wait until it has it. Without it, the
        // program ends.
        let is_started = Arc::new(Barrier::new(2));
        let tells = Arc::clone(&is_started);
        builder.spawn(move || {
            #[cfg(feature = "upgrade")]
            crate::held_signals::leave_to_main();
            tells.wait();
            keeper.run();
        })?;
        is_started.wait();
        Ok(Self {
            desk,
            records: Vec::new(),
            listed_bytes: 0,
            listed: 0,
            jobs: Vec::new(),
            queue_bytes: QUEUE_BYTES,
            was_full: Cell::new(false),
            told: SystemTime::UNIX_EPOCH,
            #[cfg(feature = "upgrade")]
            saves: 0,
        })
    }

    /// Limits the memory of waiting records, in bytes. It is never raised.
    pub fn limit_queue(&mut self, bytes: usize) {
        self.queue_bytes = self.queue_bytes.min(bytes);
    }

    /// Records this. It is lost if the queue is overfull. While writing fails, events are lost when the queue is full:
    /// the rest is for what deletes, because users rely on that.
    pub fn record(&mut self, record: Record) {
        let is_event = matches!(record, Record::Event { .. } | Record::Whispered { .. });
        let is_full = is_event && self.desk.is_failing() && self.has(self.queue_bytes);
        if is_full || self.is_overfull() {
            self.desk.lost_records.fetch_add(1, Ordering::Relaxed);
            return;
        }
        self.listed_bytes += record_bytes(&record);
        self.listed += 1;
        self.records.push(record);
    }

    /// Asks a question, which is answered with its number. The answer knows of everything recorded before.
    /// `asked` is when the session asked, which may have waited since.
    pub fn ask(&mut self, number: u64, query: Query, asked: Now) {
        self.list(Job::Query(number, query, asked));
    }

    /// Asks or changes something about accounts. A change is on the disk when it is answered.
    pub fn ask_account(&mut self, number: u64, query: AccountQuery) {
        self.list(Job::Account(number, Box::new(query)));
    }

    /// Replaces all bans.
    pub fn save_bans(&mut self, bans: Vec<Ban>) {
        #[cfg(feature = "upgrade")]
        {
            self.saves += 1;
        }
        self.list(Job::Bans(bans));
    }

    /// Hands over what was recorded and asked since the last call. Call it at the end of each turn.
    pub fn flush(&mut self, now: SystemTime) {
        let was_full = self.was_full.take();
        let is_time = now.duration_since(self.told).is_ok_and(|since| since >= TELL_TIME);
        let has_jobs = !self.jobs.is_empty();
        if self.records.is_empty() && !has_jobs && !was_full && !is_time {
            return;
        }
        self.told = now;
        let bytes = mem::take(&mut self.listed_bytes);
        let queued_bytes = self.desk.queued_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let mut papers = self.desk.papers();
        papers.now = now;
        papers.queue_bytes = self.queue_bytes;
        papers.jobs.extend(self.jobs.drain(..));
        papers.hand_over(&mut self.records);
        papers.queued_records += mem::take(&mut self.listed);
        papers.wants_room |= was_full;
        let is_group = papers.queued_records >= GROUP_RECORDS || queued_bytes >= self.queue_bytes / 4;
        papers.is_group |= is_group && !self.desk.is_failing();
        papers.is_urgent |= has_jobs || was_full || is_time || papers.is_group || papers.is_idle;
        let is_urgent = papers.is_urgent;
        drop(papers);
        if is_urgent {
            self.desk.wake_thread();
        }
    }

    /// The next reply.
    pub fn fetch(&mut self) -> Option<Reply> {
        let reply = self.desk.papers().replies.pop_front();
        #[cfg(feature = "upgrade")]
        if let Some(Reply::BansSaved(_)) = reply {
            self.saves -= 1;
        }
        reply
    }

    /// Lets the thread commit at once what it was given.
    #[cfg(feature = "upgrade")]
    pub fn hurry(&mut self) {
        let mut papers = self.desk.papers();
        if papers.queued_records > 0 && !self.desk.is_failing() {
            papers.is_group = true;
            papers.is_urgent = true;
            drop(papers);
            self.desk.wake_thread();
        }
    }

    /// True when all records and bans are on the disk.
    #[cfg(feature = "upgrade")]
    pub fn has_written(&self) -> bool {
        let papers = self.desk.papers();
        self.listed + papers.queued_records + self.saves == 0
    }

    /// True when so much waits to be written that whoever says more must wait for [`Reply::HasRoom`]. While writing
    /// fails, nobody waits.
    pub fn is_full(&self) -> bool {
        let is_full = self.has(self.queue_bytes) && !self.desk.is_failing();
        self.was_full.set(self.was_full.get() || is_full);
        is_full
    }

    /// True when further records are lost.
    pub fn is_overfull(&self) -> bool {
        self.has(2 * self.queue_bytes)
    }

    /// The memory of records that are not written yet.
    pub fn queued_bytes(&self) -> usize {
        self.desk.queued_bytes() + self.listed_bytes
    }

    /// The state of the store.
    pub fn status(&self) -> Status {
        let papers = self.desk.papers();
        Status {
            queued_records: papers.queued_records + self.listed,
            queued_bytes: self.queued_bytes(),
            lost_records: self.desk.lost_records(),
            ..papers.status.clone()
        }
    }

    /// Hands over the rest and lets the thread write it and end. Wait for [`Reply::Stopped`], but not for ever.
    pub fn stop(&mut self) {
        self.flush(self.told);
        self.desk.papers().is_over = true;
        self.desk.wake_thread();
    }

    fn has(&self, bytes: usize) -> bool {
        self.queued_bytes() >= bytes
    }

    fn list(&mut self, job: Job) {
        if !self.records.is_empty() {
            self.jobs.push(Job::Records(mem::take(&mut self.records)));
        }
        self.jobs.push(job);
    }
}

impl super::desk::Papers {
    /// Appends records to the jobs.
    fn hand_over(&mut self, records: &mut Vec<Record>) {
        match self.jobs.back_mut() {
            _ if records.is_empty() => {}
            Some(Job::Records(waiting)) => waiting.append(records),
            Some(_) | None => self.jobs.push_back(Job::Records(mem::take(records))),
        }
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.desk.papers().is_over = true;
        self.desk.wake_thread();
    }
}
