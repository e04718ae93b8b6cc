//! A user at another address that only sends `PING`, and the time until each answer.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::herd;
use crate::server::Server;

const ADDRESS: [u8; 4] = [127, 7, 7, 7];

/// Pause between an answer and the next `PING`.
const PAUSE: Duration = Duration::from_millis(3);

/// Longer than any answer may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// A server that answers this many pings within this time is idle.
const CALM_PINGS: usize = 8;
const CALM: Duration = Duration::from_millis(10);

pub(crate) struct Quiet {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    times: Mutex<Vec<Duration>>,
    ends: AtomicBool,
}

/// Times until answers, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// The time within which `of_thousand` of a thousand answers came.
    pub(crate) fn at(&self, of_thousand: usize) -> Duration {
        let place = (self.0.len() * of_thousand).div_ceil(1000).saturating_sub(1);
        self.0.get(place).copied().unwrap_or(DEADLINE)
    }
}

impl Quiet {
    /// Connects, and sends pings from now on.
    pub(crate) fn come(server: &Server) -> Self {
        let stream = herd::connect(server.at, ADDRESS);
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket has timeouts");
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || ping(stream, &shared))
        };
        Self { shared, thread: Some(thread) }
    }

    /// Waits until the server is idle again after earlier work.
    pub(crate) fn wait_for_calm(&self) {
        let start = Instant::now();
        loop {
            let seen = self.times().len();
            while self.times().len() < seen + CALM_PINGS {
                assert!(start.elapsed() < DEADLINE, "the server does not calm down");
                thread::sleep(PAUSE);
            }
            if self.times()[seen..].iter().all(|&time| time < CALM) {
                return;
            }
        }
    }

    /// Discards the measured times.
    pub(crate) fn begin(&self) {
        self.times().clear();
    }

    /// Takes the times since `begin`.
    pub(crate) fn end(&self) -> Times {
        // Include the ping that is under way.
        let count = self.times().len();
        while self.times().len() == count {
            thread::sleep(PAUSE);
        }
        let mut times = self.times().clone();
        times.sort_unstable();
        Times(times)
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Vec<Duration>> {
        self.shared.times.lock().expect("nobody panics with the times")
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::Relaxed);
        self.thread.take().into_iter().for_each(|thread| thread.join().expect("the quiet user was served"));
    }
}

fn ping(mut stream: TcpStream, shared: &Shared) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    // Operators have no rate limit.
    stream.write_all(b"NICK quiet\r\nUSER q 0 * :q\r\nOPER root secret\r\n").expect("the server takes it");
    while !shared.ends.load(Ordering::Relaxed) {
        let start = Instant::now();
        stream.write_all(b"PING x\r\n").expect("the server takes it");
        let is_pong = |line: String| line.contains(" PONG ");
        while !is_pong(lines.next().expect("the server answers").expect("the server answers in time")) {}
        shared.times.lock().expect("nobody panics with the times").push(start.elapsed());
        thread::sleep(PAUSE);
    }
}
