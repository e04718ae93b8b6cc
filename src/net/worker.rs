//! What takes long, done beside the loop: one thread, which is started when it is first needed, and takes one job after
//! the other. What comes of a job is fetched by the loop, which is woken for it.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::thread;

use log::warn;
use mio::Waker;

/// Most jobs that wait for the thread.
const JOBS: usize = 16;

/// Something that takes long. It is given all that it needs, and returns what came of it.
pub(super) type Job<T> = Box<dyn FnOnce() -> T + Send>;

/// The thread, if there is one, and what it has done.
#[derive(Debug)]
pub(super) struct Worker<T> {
    /// `None` before the first job. Dropping it ends the thread after the job that it is at.
    jobs: Option<SyncSender<Job<T>>>,
    done: Receiver<T>,
    report: Sender<T>,
    waker: Arc<Waker>,
}

impl<T: Send + 'static> Worker<T> {
    /// Wakes the loop by `waker` whenever something is done.
    pub(super) fn new(waker: Arc<Waker>) -> Self {
        let (report, done) = mpsc::channel();
        Self { jobs: None, done, report, waker }
    }

    /// Has a job done. Where there is no thread to be had, or far too much for it to do, the job is done here and now:
    /// late is better than never.
    pub(super) fn start(&mut self, job: Job<T>) {
        if self.jobs.is_none() {
            self.jobs = self.spawn();
        }
        let job = match &self.jobs {
            Some(jobs) => match jobs.try_send(job) {
                Ok(()) => return,
                Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => job,
            },
            None => job,
        };
        deliver(job(), &self.report, &self.waker);
    }

    /// What came of a job that is done and was not fetched yet.
    pub(super) fn fetch(&mut self) -> Option<T> {
        self.done.try_recv().ok()
    }

    fn spawn(&self) -> Option<SyncSender<Job<T>>> {
        let (sender, jobs) = mpsc::sync_channel::<Job<T>>(JOBS);
        let (report, waker) = (self.report.clone(), Arc::clone(&self.waker));
        let thread = thread::Builder::new().name("parlord-worker".into());
        let spawned = thread.spawn(move || {
            step_back();
            for job in jobs {
                deliver(job(), &report, &waker);
            }
        });
        if let Err(error) = &spawned {
            warn!("no thread for what takes long, so everybody waits for it: {error}");
        }
        spawned.is_ok().then_some(sender)
    }
}

fn deliver<T>(result: T, report: &Sender<T>, waker: &Waker) {
    // Nobody fetches when the server has ended; and whom the system cannot wake now, it wakes for something else.
    if report.send(result).is_ok()
        && let Err(error) = waker.wake()
    {
        warn!("the loop cannot be woken: {error}");
    }
}

/// Where there is one core, the loop goes first. Elsewhere than on Linux this would be for the whole process.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // Without it everything works as well.
        rustix::process::nice(10).ok();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll, Token};

    use super::*;

    /// Longer than anything takes.
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
    fn a_job_that_finds_no_place_is_done_at_once_and_none_is_lost() {
        let mut poll = Poll::new().unwrap();
        let mut worker = Worker::new(Arc::new(Waker::new(poll.registry(), Token(7)).unwrap()));
        let (let_go, held) = mpsc::channel::<()>();
        worker.start(Box::new(move || {
            held.recv().ok();
            0
        }));
        // One is under way or about to be, and the others fill the queue and more.
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
