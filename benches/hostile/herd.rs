//! Many connections, with a thread that reads from them so that none is slow.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mio::net::TcpStream as Watched;
use mio::{Events, Interest, Poll, Registry, Token};
use rustix::net::{AddressFamily, SocketType, bind, connect as connect_socket, socket};

/// Timeout for everything that must happen.
const DEADLINE: Duration = Duration::from_secs(120);

/// Silence after which everything has arrived.
const SILENCE: Duration = Duration::from_millis(150);

const BUFFER_BYTES: usize = 256 * 1024;
const EVENTS: usize = 4096;

/// Connects to a server from a local address.
pub(crate) fn connect(to: SocketAddr, from: [u8; 4]) -> TcpStream {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from((from, 0))).expect("127.0.0.0/8 is this machine's");
    connect_socket(&socket, &to).expect("the server listens");
    socket.into()
}

pub(crate) struct Herd {
    registry: Registry,
    shared: Arc<Mutex<Shared>>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    streams: Vec<Watched>,
    /// Connections that the server has closed.
    ended: HashSet<usize>,
    bytes: u64,
    unsent: HashMap<usize, Vec<u8>>,
    /// The byte string to count, and the count.
    wanted: Vec<u8>,
    /// The last bytes of each connection, which may begin the wanted string.
    tails: HashMap<usize, Vec<u8>>,
    found: usize,
    stops: bool,
    /// Nothing is read.
    is_deaf: bool,
}

impl Shared {
    /// Writes until the socket would block.
    fn flush(&mut self, index: usize) {
        let Some(mut unsent) = self.unsent.remove(&index) else { return };
        while !unsent.is_empty() {
            match self.streams[index].write(&unsent) {
                Ok(count) => drop(unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.unsent.insert(index, unsent);
                    return;
                }
                Err(_) => {
                    self.ended.insert(index);
                    return;
                }
            }
        }
    }

    /// Counts the wanted string in bytes that the `index`th received.
    fn heard(&mut self, index: usize, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        let wanted = &self.wanted;
        if wanted.is_empty() {
            return;
        }
        let tail = self.tails.entry(index).or_default();
        tail.extend_from_slice(bytes);
        self.found += tail.windows(wanted.len()).filter(|bytes| bytes == wanted).count();
        tail.drain(..tail.len().saturating_sub(wanted.len() - 1));
    }
}

impl Herd {
    pub(crate) fn new() -> Self {
        Self::with(Shared::default())
    }

    /// Connections that never read.
    /// Connections that never read.
    #[cfg(feature = "web")]
    pub(crate) fn deaf() -> Self {
        Self::with(Shared { is_deaf: true, ..Shared::default() })
    }

    fn with(shared: Shared) -> Self {
        let poll = Poll::new().expect("a poll");
        let registry = poll.registry().try_clone().expect("a second handle");
        let shared = Arc::new(Mutex::new(shared));
        let reader = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || read_all(poll, &shared))
        };
        Self { registry, shared, reader: Some(reader) }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("the reader does not panic")
    }

    /// Adds a connection and returns its index.
    pub(crate) fn connect(&self, to: SocketAddr, from: [u8; 4]) -> usize {
        self.adopt(connect(to, from))
    }

    /// Adds a connection that was made elsewhere and returns its index.
    pub(crate) fn adopt(&self, stream: TcpStream) -> usize {
        let mut shared = self.shared();
        let index = shared.streams.len();
        shared.streams.push(self.watched(stream, index));
        index
    }

    pub(crate) fn reconnect(&self, index: usize, to: SocketAddr, from: [u8; 4]) {
        self.replace(index, connect(to, from));
    }

    /// Puts a connection in the place of one that has ended.
    pub(crate) fn replace(&self, index: usize, stream: TcpStream) {
        let mut shared = self.shared();
        shared.ended.remove(&index);
        shared.unsent.remove(&index);
        shared.streams[index] = self.watched(stream, index);
    }

    fn watched(&self, stream: TcpStream, index: usize) -> Watched {
        stream.set_nonblocking(true).expect("a socket need not block");
        let mut watched = Watched::from_std(stream);
        self.registry
            .register(&mut watched, Token(index), Interest::READABLE | Interest::WRITABLE)
            .expect("it can be watched");
        watched
    }

    /// True unless the server has closed the `index`th.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        !self.shared().ended.contains(&index)
    }

    /// Sends `bytes` once the server reads. While earlier bytes are unsent, drops `bytes`: attackers do not wait for a
    /// server that has stopped reading.
    pub(crate) fn send(&self, index: usize, bytes: &(impl AsRef<[u8]> + ?Sized)) {
        let mut shared = self.shared();
        if let Entry::Vacant(unsent) = shared.unsent.entry(index) {
            unsent.insert(bytes.as_ref().into());
            shared.flush(index);
        }
    }

    /// Starts to count occurrences of `wanted`.
    pub(crate) fn count(&self, wanted: &str) {
        let mut shared = self.shared();
        (shared.wanted, shared.found) = (wanted.into(), 0);
        shared.tails.clear();
    }

    /// Waits until the count reaches `times`.
    pub(crate) fn wait_for(&self, times: usize) {
        let start = Instant::now();
        loop {
            let found = self.shared().found;
            if found >= times {
                return;
            }
            assert!(start.elapsed() < DEADLINE, "{found} of {times} were heard");
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.shared().bytes
    }

    /// Number of connections that the server has closed.
    pub(crate) fn ended(&self) -> usize {
        self.shared().ended.len()
    }

    /// Waits until no more bytes arrive.
    pub(crate) fn settle(&self) {
        let start = Instant::now();
        let mut last = (self.bytes(), Instant::now());
        while last.1.elapsed() < SILENCE && start.elapsed() < DEADLINE {
            thread::sleep(Duration::from_millis(5));
            if self.bytes() != last.0 {
                last = (self.bytes(), Instant::now());
            }
        }
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        if let Ok(mut shared) = self.shared.lock() {
            shared.stops = true;
        }
        // If the reader panicked, this thread panics at its next lock anyway.
        self.reader.take().into_iter().for_each(|reader| drop(reader.join()));
    }
}

fn read_all(mut poll: Poll, shared: &Mutex<Shared>) {
    let (mut events, mut buffer) = (Events::with_capacity(EVENTS), vec![0; BUFFER_BYTES]);
    loop {
        if let Err(error) = poll.poll(&mut events, Some(Duration::from_millis(20))) {
            assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
            continue;
        }
        for event in &events {
            let mut shared = shared.lock().expect("nobody panics with the lock");
            read(event.token().0, &mut shared, &mut buffer);
        }
        if shared.lock().expect("nobody panics with the lock").stops {
            return;
        }
    }
}

/// Writes unsent bytes, and reads until the socket would block.
fn read(index: usize, shared: &mut Shared, buffer: &mut [u8]) {
    shared.flush(index);
    // How a connection ended is found out by writing.
    while !shared.is_deaf {
        match shared.streams[index].read(buffer) {
            Ok(0) => {
                shared.ended.insert(index);
                return;
            }
            Ok(count) => shared.heard(index, &buffer[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(_) => {
                shared.ended.insert(index);
                return;
            }
        }
    }
}
