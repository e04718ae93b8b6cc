//! A queue of lines, and the loop of the thread that writes them.

use std::io;
use std::mem;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most bytes in the queue per stream. Further lines are dropped.
pub(super) const QUEUE_BYTES: usize = 256 * 1024;

/// With this many bytes, the thread writes at once.
const MANY_BYTES: usize = QUEUE_BYTES / 4;

/// How long the thread gathers lines before it writes: waking it for each would cost more than the line.
const GATHER: Duration = Duration::from_millis(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    Stdout,
    Stderr,
}

/// A bounded queue. Its lock is never held during writes, so pushing never waits for a stream.
#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    /// There is something to write, or it has become urgent.
    is_needed: Condvar,
    /// Everything is written.
    is_done: Condvar,
}

#[derive(Debug)]
struct State {
    waiting: Batch,
    /// The thread is writing a batch.
    is_writing: bool,
    /// A caller of `flush` waits.
    is_flushing: bool,
    /// Lines that never reached standard error, since the start.
    lost_lines: u64,
}

/// Lines to write together.
#[derive(Debug)]
struct Batch {
    printed: Vec<u8>,
    logged: Vec<u8>,
    /// Number of lines in `logged`.
    lines: u64,
    /// Lines for standard error dropped after those, for lack of room. From the first on, all are dropped until the
    /// batch is taken, so that the report of the gap is in the right place.
    dropped: u64,
}

impl Batch {
    const EMPTY: Self = Self { printed: Vec::new(), logged: Vec::new(), lines: 0, dropped: 0 };

    fn is_empty(&self) -> bool {
        self.printed.is_empty() && self.logged.is_empty()
    }

    fn push(&mut self, output: Output, line: &[u8]) -> bool {
        let has_room = |bytes: &Vec<u8>| bytes.len() + line.len() <= QUEUE_BYTES;
        match output {
            Output::Stdout if has_room(&self.printed) => self.printed.extend_from_slice(line),
            Output::Stderr if self.dropped == 0 && has_room(&self.logged) => {
                self.logged.extend_from_slice(line);
                self.lines += 1;
            }
            Output::Stdout => {}
            Output::Stderr => {
                self.dropped += 1;
                return false;
            }
        }
        true
    }
}

impl State {
    /// True when the thread should not gather more lines.
    fn is_urgent(&self) -> bool {
        let Batch { printed, logged, .. } = &self.waiting;
        self.is_flushing || !printed.is_empty() || logged.len() >= MANY_BYTES
    }
}

impl Queue {
    pub(super) const fn new() -> Self {
        let state = State { waiting: Batch::EMPTY, is_writing: false, is_flushing: false, lost_lines: 0 };
        Self { state: Mutex::new(state), is_needed: Condvar::new(), is_done: Condvar::new() }
    }

    /// Appends a line with its newline, or drops it if the queue is full.
    pub(super) fn push(&self, output: Output, line: &[u8]) {
        let mut state = self.state();
        let before = (state.waiting.is_empty(), state.is_urgent());
        if !state.waiting.push(output, line) {
            state.lost_lines += 1;
        }
        // Notifying is a system call, so only changes are notified.
        if (state.waiting.is_empty(), state.is_urgent()) != before {
            self.is_needed.notify_one();
        }
    }

    pub(super) fn lost_lines(&self) -> u64 {
        self.state().lost_lines
    }

    /// Waits until everything is written or the timeout is over.
    pub(super) fn flush(&self, timeout: Duration) {
        let is_busy = |state: &mut State| state.is_writing || !state.waiting.is_empty();
        // The caller continues either way, so the result does not matter.
        let mut state = self.state();
        state.is_flushing = true;
        self.is_needed.notify_one();
        drop(self.is_done.wait_timeout_while(state, timeout, is_busy));
        self.state().is_flushing = false;
    }

    /// Writes lines, for ever. Lines that cannot be written are dropped, and reported before the next that can.
    pub(super) fn run(&self, mut write: impl FnMut(Output, &[u8]) -> io::Result<()>) -> ! {
        let mut gap = 0;
        loop {
            let Batch { printed, logged, lines, dropped } = self.next_batch();
            // A closed standard output is not an error.
            write(Output::Stdout, &printed).ok();
            if gap > 0 && write(Output::Stderr, report(gap).as_bytes()).is_ok() {
                gap = 0;
            }
            if write(Output::Stderr, &logged).is_err() {
                gap += lines;
                self.state().lost_lines += lines;
            }
            gap += dropped;
            if dropped > 0 && write(Output::Stderr, report(gap).as_bytes()).is_ok() {
                gap = 0;
            }
        }
    }

    fn next_batch(&self) -> Batch {
        let mut state = self.state();
        state.is_writing = false;
        if state.waiting.is_empty() {
            self.is_done.notify_all();
        }
        let waiting = self.is_needed.wait_while(state, |state| state.waiting.is_empty());
        let state = waiting.unwrap_or_else(PoisonError::into_inner);
        let gathered = self.is_needed.wait_timeout_while(state, GATHER, |state| !state.is_urgent());
        let (mut state, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        state.is_writing = true;
        mem::replace(&mut state.waiting, Batch::EMPTY)
    }

    /// The state is consistent whenever the lock is free, even after a panic.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A log line that reports missing lines.
fn report(gap: u64) -> String {
    format!("[WARN  parlor::logging] {gap} lines are missing here: standard error could not take them\n")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, atomic::AtomicBool, atomic::Ordering};
    use std::thread;

    use super::*;

    /// Longer than any of these tests takes.
    const DEADLINE: Duration = Duration::from_secs(30);

    /// A queue whose thread writes to a channel: one write per permit, or nothing and an error while the stream is
    /// broken.
    struct Slow {
        queue: Arc<Queue>,
        permit: Sender<()>,
        written: Receiver<(Output, String)>,
        is_broken: Arc<AtomicBool>,
    }

    impl Slow {
        fn new() -> Self {
            let (queue, is_broken) = (Arc::new(Queue::new()), Arc::new(AtomicBool::new(false)));
            let ((permit, permits), (sink, written)) = (channel(), channel());
            let (queue_of_thread, broken) = (Arc::clone(&queue), Arc::clone(&is_broken));
            thread::spawn(move || {
                queue_of_thread.run(|output, bytes| {
                    if bytes.is_empty() {
                        return Ok(());
                    }
                    permits.recv().ok();
                    if broken.load(Ordering::SeqCst) {
                        return Err(io::ErrorKind::StorageFull.into());
                    }
                    sink.send((output, String::from_utf8_lossy(bytes).into_owned())).ok();
                    Ok(())
                })
            });
            Self { queue, permit, written, is_broken }
        }

        fn log(&self, line: &str) {
            self.queue.push(Output::Stderr, line.as_bytes());
        }

        fn let_write(&self) {
            self.permit.send(()).unwrap();
        }

        /// The next write, after permitting it.
        fn next(&self) -> String {
            self.let_write();
            self.written.recv_timeout(DEADLINE).expect("something is written").1
        }

        fn wait_until_taken(&self) {
            while !self.queue.state().waiting.is_empty() {
                thread::yield_now();
            }
        }
    }

    #[test]
    fn a_blocked_stream_drops_lines_and_reports_their_number_when_it_unblocks() {
        let slow = Slow::new();
        slow.log("first\n");
        slow.wait_until_taken();
        let line = format!("{}\n", "x".repeat(1023));
        let fit = QUEUE_BYTES / line.len();
        for _ in 0..fit + 7 {
            slow.log(&line);
        }
        slow.log("short, and after a gap\n");
        assert_eq!(slow.queue.lost_lines(), 8);
        assert_eq!(slow.next(), "first\n");
        assert_eq!(slow.next(), line.repeat(fit));
        assert_eq!(slow.next(), report(8));
        slow.log("last\n");
        assert_eq!(slow.next(), "last\n");
    }

    #[test]
    fn lines_that_cannot_be_written_are_reported_before_the_next_that_can() {
        let slow = Slow::new();
        slow.is_broken.store(true, Ordering::SeqCst);
        slow.log("lost\n");
        slow.let_write();
        slow.queue.flush(DEADLINE);
        assert_eq!(slow.queue.lost_lines(), 1);
        slow.is_broken.store(false, Ordering::SeqCst);
        slow.log("kept\n");
        assert_eq!([slow.next(), slow.next()], [report(1), "kept\n".to_owned()]);
    }

    #[test]
    fn flushing_waits_for_the_last_line_with_a_timeout() {
        let slow = Slow::new();
        slow.log("last words\n");
        slow.queue.flush(Duration::from_millis(1));
        assert!(slow.written.try_recv().is_err(), "the stream is blocked");
        slow.let_write();
        slow.queue.flush(DEADLINE);
        assert_eq!(slow.written.try_recv(), Ok((Output::Stderr, "last words\n".to_owned())));
    }

    #[test]
    fn an_idle_queue_keeps_no_memory() {
        let slow = Slow::new();
        slow.log("line\n");
        slow.queue.push(Output::Stdout, b"printed\n");
        slow.let_write();
        slow.let_write();
        slow.let_write();
        slow.queue.flush(DEADLINE);
        let state = slow.queue.state();
        assert_eq!((state.waiting.logged.capacity(), state.waiting.printed.capacity()), (0, 0));
    }
}
