//! One user speaks and everybody hears it: the whole server, over streams in memory and a simulated clock. The two
//! parts of a turn, queueing (read, split, hub, encode, into the outboxes) and flushing (out of the outboxes), are
//! timed separately, without kernel time.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};

use parlor::config::{Limits, ServerConfig};
use parlor::message::{Now, Peer};
use parlor::server::{Server, Stream};
use parlor::wire::crazyit::Request;

/// Numbers of receivers; the sender hears itself in addition.
const RECEIVERS: [usize; 3] = [10, 100, 1_000];

/// Texts in bytes: a word, a line, a paragraph.
const TEXT_BYTES: [usize; 3] = [16, 128, 1024];

/// Messages per read.
const BATCHES: [usize; 2] = [1, 16];

/// The timed part of a turn.
#[derive(Clone, Copy)]
enum Part {
    Queueing,
    Flushing,
}

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    for (name, part) in [("fanout/queueing", Part::Queueing), ("fanout/flushing", Part::Flushing)] {
        let mut group = criterion.benchmark_group(name);
        for receivers in RECEIVERS {
            let mut room = Room::with(receivers);
            for (text_bytes, batch) in TEXT_BYTES.into_iter().flat_map(|t| BATCHES.map(|b| (t, b))) {
                // Deliveries: everybody, including the sender, hears every message of the batch.
                group.throughput(Throughput::Elements(((receivers + 1) * batch) as u64));
                let id =
                    BenchmarkId::new(format!("{receivers} receivers"), format!("{batch} of {text_bytes} B"));
                group.bench_function(id, |bencher| {
                    bencher.iter_custom(|turns| room.time(part, text_bytes, batch, turns));
                });
            }
        }
        group.finish();
    }
    criterion.final_summary();
}

/// A server with a logged-in sender and receivers.
struct Room {
    server: Server<Pipe>,
    now: Now,
    sender: usize,
    /// The peers' ends, the sender's first.
    ends: Vec<End>,
}

impl Room {
    fn with(receivers: usize) -> Self {
        let config = ServerConfig::default();
        let limits = Limits { connections: receivers + 1, flood: None, ..config.limits };
        let (config, now) = (ServerConfig { limits, ..config }, Now::read());
        let mut room = Self { server: Server::new(&config, now), now, sender: 0, ends: Vec::new() };
        for n in 0..=receivers {
            let key = room.join(&format!("user{n}"));
            if n == 0 {
                room.sender = key;
            }
        }
        // Advance past the quiet time after the logins.
        room.now.instant += Duration::from_secs(1);
        room.server.expire(room.now);
        room.server.finish_turn(room.now);
        assert_eq!(room.server.hub().users().len(), receivers + 1);
        assert_eq!(room.take(), (receivers + 1) * "1".len());
        room
    }

    fn join(&mut self, name: &str) -> usize {
        let end = End::default();
        end.send(&Request::LogIn(name).encode().expect("the name contains no mark"));
        let pipe = Pipe { end: end.clone() };
        self.ends.push(end);
        let key = self.server.accept(pipe, Peer::Unix, self.now).expect("there is room");
        self.server.readable(key, self.now);
        self.server.finish_turn(self.now);
        key
    }

    /// The time that this part takes in this number of turns.
    fn time(&mut self, part: Part, text_bytes: usize, batch: usize, turns: u64) -> Duration {
        let text = "x".repeat(text_bytes);
        let frames = Request::Say(&text).encode().expect("the text contains no mark").repeat(batch);
        let heard = format!("user0说：{text}\n").len() * batch;
        let mut spent = Duration::ZERO;
        for _ in 0..turns {
            self.ends[0].send(&frames);
            let start = Instant::now();
            self.server.readable(self.sender, self.now);
            self.server.seal(self.now);
            let queued = Instant::now();
            self.server.finish_turn(self.now);
            let flushed = Instant::now();
            spent += match part {
                Part::Queueing => queued - start,
                Part::Flushing => flushed - queued,
            };
            for end in &self.ends {
                assert_eq!(end.taken.take(), heard, "everybody hears everything");
            }
        }
        self.server.check();
        spent
    }

    /// Bytes delivered to all peers since the last call.
    fn take(&self) -> usize {
        self.ends.iter().map(|end| end.taken.take()).sum()
    }
}

/// A peer's end of a stream in memory.
#[derive(Clone, Default)]
struct End {
    /// Bytes that the server has not read yet.
    sent: Rc<RefCell<Vec<u8>>>,
    /// Number of bytes that the server has written.
    taken: Rc<Cell<usize>>,
}

impl End {
    fn send(&self, bytes: &[u8]) {
        self.sent.borrow_mut().extend_from_slice(bytes);
    }
}

struct Pipe {
    end: End,
}

impl Stream for Pipe {
    fn shutdown_write(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut sent = self.end.sent.borrow_mut();
        if sent.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let count = sent.len().min(buffer.len());
        buffer[..count].copy_from_slice(&sent[..count]);
        sent.drain(..count);
        Ok(count)
    }
}

impl Write for Pipe {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.end.taken.set(self.end.taken.get() + buffer.len());
        Ok(buffer.len())
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        let count = buffers.iter().map(|buffer| buffer.len()).sum();
        self.end.taken.set(self.end.taken.get() + count);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
