//! A thread for slow work. It starts when first needed and does one job at a time; the loop is woken and fetches the
//! results.
//!
//! Two queues behind one lock: channels of the standard library are three times as large.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use log::warn;
use mio::Waker;

use crate::priority::step_back;

const JOBS: usize = 16;

/// Stack of the thread in bytes. Hashes allocate their own memory, and files are short.
const STACK_BYTES: usize = 256 * 1024;

/// A slow job: it owns its input and returns its result.
pub(super) type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// The thread, if there is one, and its results. Dropping this stops the thread after its current job, without waiting.
pub(super) struct Worker<T> {
    desk: Arc<Desk<T>>,
    is_started: bool,
    /// A failure to start the thread is logged only once.
    failure_is_logged: bool,
}

struct Desk<T> {
    papers: Mutex<Papers<T>>,
    /// Signals a new job or the end.
    is_needed: Condvar,
    waker: Arc<Waker>,
}

struct Papers<T> {
    jobs: VecDeque<Job<T>>,
    done: VecDeque<T>,
    is_over: bool,
}

impl<T: Send + 'static> Worker<T> {
    /// Uses `waker` to wake the loop for each result.
    pub(super) fn new(waker: Arc<Waker>) -> Self {
        let papers = Papers { jobs: VecDeque::new(), done: VecDeque::new(), is_over: false };
        let desk = Desk { papers: Mutex::new(papers), is_needed: Condvar::new(), waker };
        Self { desk: Arc::new(desk), is_started: false, failure_is_logged: false }
    }

    /// True when the thread runs; starts it if necessary.
    pub(super) fn has_thread(&mut self) -> bool {
        self.is_started = self.is_started || self.spawn();
        self.is_started
    }

    /// Queues a job. Without a thread, or with a full queue, the job runs here and now: late is better than never.
    pub(super) fn start(&mut self, job: Job<T>) {
        let has_thread = self.has_thread();
        let mut papers = self.desk.papers();
        if has_thread && papers.jobs.len() < JOBS {
            papers.jobs.push_back(job);
            self.desk.is_needed.notify_one();
        } else {
            drop(papers);
            self.desk.deliver(job());
        }
    }

    /// The next result.
    pub(super) fn fetch(&mut self) -> Option<T> {
        self.desk.papers().done.pop_front()
    }

    fn spawn(&mut self) -> bool {
        let desk = Arc::clone(&self.desk);
        let builder = thread::Builder::new().name("parlord-worker".into()).stack_size(STACK_BYTES);
        let spawned = builder.spawn(move || {
            #[cfg(feature = "upgrade")]
            crate::held_signals::leave_to_main();
            step_back(10);
            while let Some(job) = desk.next_job() {
                desk.deliver(job());
            }
        });
        if let Err(error) = &spawned
            && !self.failure_is_logged
        {
            self.failure_is_logged = true;
            warn!("cannot start a thread for slow work, such as checking passwords: {error}");
        }
        spawned.is_ok()
    }
}

impl<T> Drop for Worker<T> {
    fn drop(&mut self) {
        self.desk.papers().is_over = true;
        self.desk.is_needed.notify_one();
    }
}

/// Jobs may hold secrets, so nothing inside is shown.
impl<T> fmt::Debug for Worker<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("is_started", &self.is_started).finish_non_exhaustive()
    }
}

impl<T> Desk<T> {
    /// Jobs run outside the lock, so a panic leaves the data intact.
    fn papers(&self) -> MutexGuard<'_, Papers<T>> {
        self.papers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a job; `None` at the end.
    fn next_job(&self) -> Option<Job<T>> {
        let papers = self.papers();
        let waiting = self.is_needed.wait_while(papers, |papers| papers.jobs.is_empty() && !papers.is_over);
        let mut papers = waiting.unwrap_or_else(PoisonError::into_inner);
        if papers.is_over { None } else { papers.jobs.pop_front() }
    }

    fn deliver(&self, result: T) {
        self.papers().done.push_back(result);
        if let Err(error) = self.waker.wake() {
            warn!("cannot wake the event loop: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use mio::{Events, Poll, Token};

    use super::*;

    /// Longer than any of these tests takes.
    const DEADLINE: Duration = Duration::from_secs(30);

    fn fetch_all<T: Send + 'static>(count: usize, poll: &mut Poll, worker: &mut Worker<T>) -> Vec<T> {
        let (mut events, mut fetched) = (Events::with_capacity(1), Vec::new());
        while fetched.len() < count {
            poll.poll(&mut events, Some(DEADLINE)).unwrap();
            assert!(!events.is_empty(), "the loop is woken");
            fetched.extend(std::iter::from_fn(|| worker.fetch()));
        }
        fetched
    }

    #[test]
    fn jobs_are_done_in_order_on_another_thread_and_wake_the_loop() {
        let mut poll = Poll::new().unwrap();
        let mut worker = Worker::new(Arc::new(Waker::new(poll.registry(), Token(7)).unwrap()));
        for n in 0..JOBS {
            worker.start(Box::new(move || (n, thread::current().id())));
        }
        let fetched = fetch_all(JOBS, &mut poll, &mut worker);
        let here = thread::current().id();
        assert!(fetched.iter().enumerate().all(|(n, &(job, thread))| job == n && thread != here));
    }

    #[test]
    fn a_job_for_a_full_queue_runs_at_once_and_none_is_lost() {
        let mut poll = Poll::new().unwrap();
        let mut worker = Worker::new(Arc::new(Waker::new(poll.registry(), Token(7)).unwrap()));
        let (let_go, held) = mpsc::channel::<()>();
        worker.start(Box::new(move || {
            held.recv().ok();
            0
        }));
        // One job is running or about to, and the others more than fill the queue.
        let all = JOBS + 3;
        for n in 1..all {
            worker.start(Box::new(move || n));
        }
        drop(let_go);
        let mut fetched = fetch_all(all, &mut poll, &mut worker);
        fetched.sort_unstable();
        assert!(fetched.into_iter().eq(0..all));
    }
}
