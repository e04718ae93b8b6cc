//! Where the event loop and the link's threads meet: requests one way, replies the other, behind one lock that nobody
//! holds while it works.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::cluster::request::{Reply, Request, Stream};
use crate::message::LogIndex;

/// Replies that the loop has not fetched, and their bytes, above which nothing more that was read is added.
const MOST_REPLIES: usize = 4_096;
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of requests that are sent together, unless a single one is longer.
const BATCH_BYTES: usize = 1024 * 1024;

/// How often the reader is interrupted again, if it was just about to begin waiting.
const INTERRUPT: Duration = Duration::from_millis(5);

#[derive(Debug, Default)]
pub(super) struct Desk {
    papers: Mutex<Papers>,
    writer_is_needed: Condvar,
    reader_is_needed: Condvar,
}

#[derive(Debug, Default)]
struct Papers {
    requests: VecDeque<Request>,
    replies: VecDeque<Reply>,
    reply_bytes: usize,
    /// What to read; `None` reads nothing.
    reading: Option<Reading>,
    /// Counts the changes of `reading`. Whatever was read for an earlier one is void.
    turn: u64,
    /// The broker waits for the reader, which it knows by this number, with something to read in this turn.
    waiting: Option<(u64, u64)>,
    /// When the reader was last told not to wait any longer.
    interrupted: Option<Instant>,
    /// The loop has not yet heard that the broker is up: it does not expect replies.
    is_down: bool,
    /// Counts how often the connection was lost.
    losses: u64,
    /// Why the reader cannot read.
    failure: Option<String>,
    is_over: bool,
}

/// What to read.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) after: LogIndex,
    pub(super) streams: Vec<Stream>,
}

/// A task of the reader.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) reading: Reading,
    pub(super) turn: u64,
    /// A connection of before the last loss is broken.
    pub(super) losses: u64,
}

/// A task of the writer.
#[derive(Debug)]
pub(super) enum Errand {
    Requests(Vec<Request>),
    /// The reader, which the broker knows by this number, must not wait any longer.
    Interrupt(u64),
    /// The reader cannot read, for this reason.
    Fail(String),
}

impl Desk {
    /// Nothing is done under the lock that could panic, so its data is intact.
    fn papers(&self) -> MutexGuard<'_, Papers> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes requests of the loop. They are dropped while the loop has not heard that the broker is up.
    pub(super) fn request(&self, requests: impl IntoIterator<Item = Request>) {
        let mut papers = self.papers();
        let mut has_work = false;
        for request in requests {
            has_work = !papers.is_down;
            match request {
                _ if papers.is_down => {}
                Request::Read { after, streams } => {
                    papers.reading = Some(Reading { after, streams });
                    papers.turn += 1;
                    self.reader_is_needed.notify_one();
                }
                other => papers.requests.push_back(other),
            }
        }
        drop(papers);
        if has_work {
            self.writer_is_needed.notify_one();
        }
    }

    /// Hands over all replies to the loop.
    pub(super) fn take_replies(&self) -> VecDeque<Reply> {
        let mut papers = self.papers();
        papers.reply_bytes = 0;
        let replies = mem::take(&mut papers.replies);
        drop(papers);
        self.reader_is_needed.notify_one();
        replies
    }

    /// The loop has heard that the broker is up. It may be down again by now.
    pub(super) fn heard_up(&self) {
        let mut papers = self.papers();
        papers.is_down = papers.replies.iter().any(|reply| matches!(reply, Reply::Down(_)));
    }

    /// Waits for work of the writer; `None` when the link is over.
    pub(super) fn next_errand(&self) -> Option<Errand> {
        let mut papers = self.papers();
        while !papers.is_over {
            if let Some(why) = papers.failure.take() {
                return Some(Errand::Fail(why));
            }
            let now = Instant::now();
            let due = papers.interrupt_due(now);
            if let Some((reader, _)) = due.filter(|(_, at)| *at <= now) {
                papers.interrupted = Some(now);
                return Some(Errand::Interrupt(reader));
            }
            if !papers.requests.is_empty() {
                return Some(Errand::Requests(papers.take_batch()));
            }
            papers = wait(&self.writer_is_needed, papers, due.map(|(_, at)| at - now));
        }
        None
    }

    /// Waits for this time. False when the link is over.
    pub(super) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut papers = self.papers();
        while !papers.is_over {
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return true,
                left => papers = wait(&self.writer_is_needed, papers, Some(left)),
            }
        }
        false
    }

    /// Waits until there is something to read; `None` when the link is over.
    pub(super) fn next_task(&self) -> Option<Task> {
        let mut papers = self.papers();
        while !papers.is_over {
            match &papers.reading {
                Some(reading) => {
                    let (turn, losses) = (papers.turn, papers.losses);
                    return Some(Task { reading: reading.clone(), turn, losses });
                }
                None => papers = wait(&self.reader_is_needed, papers, None),
            }
        }
        None
    }

    /// Waits for this time, unless the turn ends.
    pub(super) fn pause_reading(&self, turn: u64, time: Duration) {
        let until = Instant::now() + time;
        let mut papers = self.papers();
        while papers.turn == turn && !papers.is_over {
            match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => return,
                left => papers = wait(&self.reader_is_needed, papers, Some(left)),
            }
        }
    }

    /// Notes that the reader will wait for something to read in this turn. False if the turn is over.
    pub(super) fn begin_waiting(&self, reader: u64, turn: u64) -> bool {
        let mut papers = self.papers();
        papers.waiting = Some((reader, turn));
        papers.turn == turn
    }

    pub(super) fn end_waiting(&self) {
        let mut papers = self.papers();
        papers.waiting = None;
        papers.interrupted = None;
    }

    /// Appends replies to requests.
    pub(super) fn reply(&self, replies: Vec<Reply>) {
        let mut papers = self.papers();
        replies.into_iter().for_each(|reply| papers.append(reply));
    }

    /// Appends what was read when there is room. False if the turn is over; then it is void.
    pub(super) fn deliver(&self, turn: u64, replies: Vec<Reply>) -> bool {
        let mut papers = self.papers();
        while papers.turn == turn && papers.is_full() && !papers.is_over {
            papers = wait(&self.reader_is_needed, papers, None);
        }
        let is_current = papers.turn == turn;
        if is_current {
            replies.into_iter().for_each(|reply| papers.append(reply));
        }
        is_current
    }

    /// Notes that the reader cannot read with a connection of this time. If it was lost since, that is known.
    pub(super) fn reader_failed(&self, losses: u64, why: String) {
        let mut papers = self.papers();
        if papers.losses == losses {
            papers.stop_reading();
            papers.failure = Some(why);
            drop(papers);
            self.writer_is_needed.notify_one();
        }
    }

    /// Notes that the connection is lost, with all requests.
    pub(super) fn go_down(&self, why: String) {
        let mut papers = self.papers();
        papers.requests.clear();
        papers.stop_reading();
        papers.failure = None;
        papers.losses += 1;
        papers.is_down = true;
        papers.append(Reply::Down(why));
        drop(papers);
        self.reader_is_needed.notify_one();
    }

    /// Notes that there is a connection again.
    pub(super) fn go_up(&self) {
        self.papers().append(Reply::Up);
    }

    /// Ends the threads.
    pub(super) fn end(&self) {
        self.papers().is_over = true;
        self.writer_is_needed.notify_one();
        self.reader_is_needed.notify_one();
    }
}

impl Papers {
    fn append(&mut self, reply: Reply) {
        self.reply_bytes += match &reply {
            Reply::Entry { before, entry, .. } => before.len() + entry.len(),
            Reply::Message { message, .. } => message.len(),
            _ => 0,
        };
        self.replies.push_back(reply);
    }

    fn is_full(&self) -> bool {
        self.replies.len() >= MOST_REPLIES || self.reply_bytes >= MOST_BYTES
    }

    fn stop_reading(&mut self) {
        self.reading = None;
        self.turn += 1;
    }

    /// The reader that waits for a turn that is over, and when to interrupt it.
    fn interrupt_due(&self, now: Instant) -> Option<(u64, Instant)> {
        let (reader, turn) = self.waiting?;
        let at = self.interrupted.map_or(now, |at| at + INTERRUPT);
        Some((reader, at)).filter(|_| turn != self.turn && self.reading.is_some())
    }

    fn take_batch(&mut self) -> Vec<Request> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(request) = self.requests.pop_front() {
            bytes += request_bytes(&request);
            batch.push(request);
            if bytes >= BATCH_BYTES {
                break;
            }
        }
        batch
    }
}

fn request_bytes(request: &Request) -> usize {
    match request {
        Request::Append { entry: bytes, .. }
        | Request::PutSnapshot { snapshot: bytes, .. }
        | Request::Send { message: bytes, .. } => bytes.len(),
        _ => 0,
    }
}

fn wait<'a>(
    is_needed: &Condvar,
    papers: MutexGuard<'a, Papers>,
    time: Option<Duration>,
) -> MutexGuard<'a, Papers> {
    match time {
        None => is_needed.wait(papers).unwrap_or_else(PoisonError::into_inner),
        Some(time) => is_needed.wait_timeout(papers, time).unwrap_or_else(PoisonError::into_inner).0,
    }
}
