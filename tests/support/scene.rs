//! A server without sockets or a clock: streams are scripted, and only the test advances the time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::env;
use std::iter;
use std::mem;
#[cfg(feature = "store")]
use std::path::Path;
use std::rc::{Rc, Weak};
#[cfg(feature = "store")]
use std::sync::mpsc;
#[cfg(feature = "store")]
use std::thread;
#[cfg(feature = "upgrade")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

use parlor::config::{ConfigError, Limits, ServerConfig};
use parlor::message::{Now, Peer};
use parlor::net::{Socket, Web};
use parlor::server::{Question, Server};
#[cfg(feature = "store")]
use parlor::store::{Opened, Reply, Store, StoreConfig};

#[cfg(feature = "store")]
use super::DEADLINE;
#[cfg(feature = "web")]
use super::browser::request;
use super::options::config;
#[cfg(feature = "store")]
use super::past::Past;
use super::stream::{End, Wire};

/// The time at which scenes begin, in seconds since 1970: 2001-09-09T01:46:40Z.
pub const START: u64 = 1_000_000_000;

/// If the environment has a number under this name, another server takes over before every so many turns: no test may
/// notice.
const HANDOVERS: &str = "PARLOR_HANDOVERS";

/// How long a server may take to come to rest.
#[cfg(feature = "upgrade")]
const HANDOVER: Duration = Duration::from_millis(500);

/// More turns than any test needs to settle.
const TURNS: usize = 100_000;

#[derive(Clone, Debug)]
pub struct Guest {
    pub key: usize,
    pub wire: Rc<RefCell<Wire>>,
}

impl Guest {
    /// Takes what the server has written since the last call.
    pub fn heard(&self) -> String {
        String::from_utf8(self.heard_bytes()).expect("everything sent is UTF-8")
    }

    /// The same of a browser, whose frames are no text.
    pub fn heard_bytes(&self) -> Vec<u8> {
        mem::take(&mut self.wire.borrow_mut().written)
    }

    /// True when the server has dropped its end.
    pub fn is_closed(&self) -> bool {
        !self.wire.borrow().is_held
    }

    /// True when the server has shut down its half of the connection.
    pub fn is_shut(&self) -> bool {
        self.wire.borrow().shut
    }

    /// Bytes arrive; the next poll reports them.
    pub fn push(&self, bytes: impl AsRef<[u8]>) {
        let mut wire = self.wire.borrow_mut();
        wire.arrived.extend(bytes.as_ref());
        wire.readable = true;
    }

    /// The peer's end of input arrives; the next poll reports it.
    pub fn push_end(&self) {
        let mut wire = self.wire.borrow_mut();
        (wire.ended, wire.readable) = (true, true);
    }

    /// The connection breaks; the next poll reports it.
    pub fn push_reset(&self) {
        let mut wire = self.wire.borrow_mut();
        (wire.broken, wire.readable) = (true, true);
    }

    /// Allows this many bytes to be written; the next poll reports it.
    pub fn push_room(&self, bytes: usize) {
        let mut wire = self.wire.borrow_mut();
        (wire.room, wire.writable) = (bytes, true);
    }
}

/// Opens a store again, or goes on with it. With what it has.
#[cfg(feature = "store")]
type Reopen = Box<dyn Fn(Store, SystemTime) -> (Store, Opened)>;

/// A server at a time that only the test advances.
pub struct Scene {
    pub server: Server<Socket<End>>,
    web: Web,
    pub now: Now,
    wires: BTreeMap<usize, Weak<RefCell<Wire>>>,
    /// The outcome of reading the config again.
    pub files: Result<ServerConfig, ConfigError>,
    pub checks: bool,
    pub questions: Vec<Question>,
    /// Leave those unanswered.
    pub is_thinking: bool,
    /// Reports that the store has answered.
    #[cfg(feature = "store")]
    woken: Option<mpsc::Receiver<()>>,
    /// Opens the store again.
    #[cfg(feature = "store")]
    reopen: Option<Reopen>,
    /// The port to which IRC clients should move.
    tls_port: Option<u16>,
    /// Another server takes over before every turn whose number is a multiple of this.
    pub handover_every: Option<usize>,
    polls: usize,
}

impl Scene {
    pub fn new(limits: Limits) -> Self {
        Self::with(ServerConfig { limits, ..config() })
    }

    pub fn with(config: ServerConfig) -> Self {
        Self::with_clock(config, SystemTime::UNIX_EPOCH + Duration::from_secs(START))
    }

    /// The same with the clock set to this time.
    pub fn with_clock(config: ServerConfig, time: SystemTime) -> Self {
        let now = Now { time, ..Now::read() };
        Self {
            server: Server::new(&config, now),
            web: Web::new(&config),
            now,
            wires: BTreeMap::new(),
            files: Ok(config),
            checks: true,
            questions: Vec::new(),
            is_thinking: false,
            #[cfg(feature = "store")]
            woken: None,
            #[cfg(feature = "store")]
            reopen: None,
            tls_port: None,
            handover_every: env::var(HANDOVERS).ok().map(|every| every.parse().expect("a number")),
            polls: 0,
        }
    }

    /// Announces the TLS port to IRC clients.
    pub fn announce_tls(&mut self, port: u16) {
        self.tls_port = Some(port);
        self.server.announce_tls(self.tls_port);
    }

    /// Keeps the history in this directory.
    #[cfg(feature = "store")]
    pub fn keep_history(&mut self, directory: &Path) {
        let history = &self.files.as_ref().expect("there is a config").history;
        let config = StoreConfig {
            directory: directory.to_owned(),
            age: history.age,
            lines: history.lines as u32,
            bytes: history.bytes as u64,
        };
        let (woken, wake) = mpsc::channel();
        let again = woken.clone();
        let wake_loop = move || woken.send(()).unwrap_or_default();
        let (store, opened) = Store::open(&config, wake_loop, self.now.time).expect("the directory is ours");
        self.server.use_store(store, opened, self.now);
        self.woken = Some(wake);
        self.reopen = Some(Box::new(move |mut store, now| {
            store.stop();
            let is_over = |store: &mut Store| matches!(store.fetch(), Some(Reply::Stopped));
            while !is_over(&mut store) {
                thread::yield_now();
            }
            let woken = again.clone();
            let wake_loop = move || woken.send(()).unwrap_or_default();
            Store::open(&config, wake_loop, now).expect("the directory is ours")
        }));
    }

    /// Keeps the history in this broker.
    #[cfg(feature = "cluster")]
    pub fn keep_history_in_broker(&mut self, broker: parlor::broker::Broker) {
        let history = &self.files.as_ref().expect("there is a config").history;
        let (age, lines, bytes) = (history.age, history.lines as u32, history.bytes as u64);
        let config = parlor::store::BrokerConfig { broker, age, lines, bytes };
        let (woken, wake) = mpsc::channel();
        let wake_loop = move || woken.send(()).unwrap_or_default();
        let opened = Store::open_broker(&config, wake_loop, self.now.time);
        let (store, opened) = opened.expect("the broker is ours");
        self.keep_with(store, opened, wake);
    }

    /// Keeps the history in this store, which reports answers through `wake`.
    #[cfg(feature = "store")]
    pub fn keep_in(&mut self, store: Store, wake: mpsc::Receiver<()>) {
        self.keep_with(store, Opened::default(), wake);
    }

    /// The same with a store that has data of an earlier run.
    #[cfg(feature = "store")]
    pub fn keep_with(&mut self, store: Store, opened: Opened, wake: mpsc::Receiver<()>) {
        let accounts = opened.accounts.clone();
        self.server.use_store(store, opened, self.now);
        self.woken = Some(wake);
        let opened = move || Opened { accounts: accounts.clone(), ..Opened::default() };
        self.reopen = Some(Box::new(move |store, _| (store, opened())));
    }

    /// Keeps the past, and accounts, in memory.
    #[cfg(feature = "store")]
    pub fn keep_past(&mut self, past: Past) {
        let known = past.known.clone();
        let (store, wake) = past.store();
        self.keep_with(store, known.opened(), wake);
        self.reopen = Some(Box::new(move |store, _| (store, known.opened())));
    }

    /// Lets the store write everything, and ends it.
    #[cfg(feature = "store")]
    pub fn end_store(&mut self) {
        self.server.end_store(self.now);
        while !self.server.has_stored() {
            self.hear_store();
        }
    }

    /// Waits for an answer of the store, and handles it.
    #[cfg(feature = "store")]
    pub fn hear_store(&mut self) {
        let woken = self.woken.as_ref().expect("there is a store");
        woken.recv_timeout(DEADLINE).expect("the store answers");
        self.turn(|server, now| server.hear_store(now));
    }

    /// One turn, with `act` in place of the poll's events.
    pub fn turn<T>(&mut self, act: impl FnOnce(&mut Server<Socket<End>>, Now) -> T) -> T {
        self.server.read_on(self.now);
        let result = act(&mut self.server, self.now);
        self.server.expire(self.now);
        if self.server.is_asked_to_reload() {
            self.server.reload(self.files.clone(), self.now);
        }
        self.server.finish_turn(self.now);
        self.questions.extend(iter::from_fn(|| self.server.next_question()));
        if self.checks {
            self.check();
        }
        result
    }

    /// A turn in which a signal asks for a reload of the changed config.
    pub fn change(&mut self, configure: impl FnOnce(&mut ServerConfig)) -> String {
        configure(self.files.as_mut().expect("there is a config"));
        let files = self.files.clone();
        let told = self.turn(|server, now| server.reload(files, now));
        self.settle();
        told
    }

    pub fn check(&self) {
        self.server.check();
        let late = self.server.next_deadline().is_some_and(|at| at <= self.now.instant);
        let done = self.server.connections() == 0;
        assert!(!late || done, "everything due is done, or the loop would spin");
    }

    /// One turn with the events that the system would report now. False when there are none and no work remains.
    pub fn poll(&mut self) -> bool {
        let mut edges = Vec::new();
        self.wires.retain(|&key, wire| {
            let Some(wire) = wire.upgrade() else { return false };
            let mut wire = wire.borrow_mut();
            if wire.is_held && (wire.readable || wire.writable) {
                edges.push((key, wire.writable, wire.readable, wire.broken));
            }
            (wire.readable, wire.writable) = (false, false);
            wire.is_held
        });
        let questions = if self.is_thinking { Vec::new() } else { mem::take(&mut self.questions) };
        if edges.is_empty() && questions.is_empty() && !self.server.has_unread() {
            return false;
        }
        #[cfg(feature = "upgrade")]
        {
            self.polls += 1;
            let is_time = self.handover_every.is_some_and(|every| self.polls.is_multiple_of(every));
            if is_time && questions.is_empty() {
                self.hand_over();
            }
        }
        self.turn(|server, now| {
            questions.into_iter().for_each(|question| server.checked(question.answer(), now));
            for (key, writable, readable, broken) in edges {
                if broken {
                    server.hung_up(key, now);
                }
                if writable {
                    server.writable(key);
                }
                if readable {
                    server.readable(key, now);
                }
            }
        });
        true
    }

    /// Lets another server take over, which nobody may notice. Returns false, and goes on with this one, if it does not
    /// come to rest because the test keeps something from it.
    #[cfg(feature = "upgrade")]
    pub fn hand_over(&mut self) -> bool {
        if self.server.begin_settling(false, self.now).is_err() {
            return false;
        }
        let started = Instant::now();
        while !self.server.is_settled(self.now) {
            let is_kept = !self.questions.is_empty() || started.elapsed() > HANDOVER;
            if is_kept && !self.server.has_unread() {
                self.server.stop_settling();
                return false;
            }
            self.turn(|server, now| server.hear_store(now));
            thread::yield_now();
        }
        let config = self.files.clone().unwrap_or_else(|_| config());
        let state = self.server.hand_over(self.now);
        let server = mem::replace(&mut self.server, Server::new(&config, self.now));
        let (streams, store) = server.into_parts();
        let mut streams: BTreeMap<_, _> = streams.into_iter().collect();
        let taken = Server::take_over(&config, &state, self.now, |key| streams.remove(&key));
        self.server = taken.expect("what was written can be read");
        self.server.announce_tls(self.tls_port);
        assert!(streams.is_empty(), "{:?} are not taken over", streams.keys());
        if let (Some(store), Some(reopen)) = (store, &self.reopen) {
            let (store, opened) = reopen(store, self.now.time);
            self.server.use_store(store, opened, self.now);
        }
        if self.checks {
            self.server.check();
        }
        true
    }

    /// Runs turns until no work remains.
    pub fn settle(&mut self) {
        assert!((0..TURNS).any(|_| !self.poll()), "the server does not come to rest");
        #[cfg(feature = "store")]
        while self.server.awaits_store() {
            self.hear_store();
            assert!((0..TURNS).any(|_| !self.poll()), "the server does not come to rest");
        }
        for (key, wire) in &self.wires {
            let is_left = wire.upgrade().is_some_and(|wire| wire.borrow().is_held && wire.borrow().broken);
            assert!(!is_left, "the broken connection {key} is kept");
        }
    }

    pub fn advance(&mut self, by: Duration) {
        self.now.instant += by;
        self.now.time += by;
        self.turn(|_, _| ());
        self.settle();
    }

    pub fn wait(&self) -> Option<Duration> {
        self.server.next_deadline().map(|at| at.saturating_duration_since(self.now.instant))
    }

    /// A guest that has sent nothing.
    pub fn connect(&mut self) -> Guest {
        self.connect_from(Peer::Unix)
    }

    /// A guest that speaks WebSocket and has sent nothing over it.
    #[cfg(feature = "web")]
    pub fn connect_browser(&mut self) -> Guest {
        let guest = self.connect();
        self.send(&guest, request(""));
        let head = guest.heard();
        assert!(head.starts_with("HTTP/1.1 101 ") && head.ends_with("\r\n\r\n"), "{head}");
        guest
    }

    /// A guest from this peer address, which has sent nothing.
    pub fn connect_from(&mut self, peer: Peer) -> Guest {
        self.try_connect(peer).expect("there is room")
    }

    /// The same; the stream's handshake takes this many bytes.
    pub fn connect_opening(&mut self, peer: Peer, bytes: usize) -> Guest {
        let mut wire = Wire::default();
        wire.opening_reads = bytes;
        self.connect_over(wire, peer).expect("there is room")
    }

    /// The same; `None` if the server drops it without a refusal.
    pub fn try_connect(&mut self, peer: Peer) -> Option<Guest> {
        self.connect_over(Wire::default(), peer)
    }

    fn connect_over(&mut self, wire: Wire, peer: Peer) -> Option<Guest> {
        let wire = Rc::new(RefCell::new(wire));
        let stream = self.web.wrap(End::new(&wire), false);
        let key = self.turn(|server, now| server.accept(stream, peer, now))?;
        self.wires.insert(key, Rc::downgrade(&wire));
        Some(Guest { key, wire })
    }

    /// A CrazyIt user after its quiet time.
    pub fn user(&mut self, name: &str) -> Guest {
        let guest = self.connect();
        self.send(&guest, format!("∏∑{name}∏∑★【{name}※ready★【"));
        assert_eq!(guest.heard(), format!("1{name}悄悄地对你说：ready\n"));
        guest
    }

    pub fn send(&mut self, guest: &Guest, bytes: impl AsRef<[u8]>) {
        guest.push(bytes);
        self.settle();
    }

    pub fn end(&mut self, guest: &Guest) {
        guest.push_end();
        self.settle();
    }

    pub fn reset(&mut self, guest: &Guest) {
        guest.push_reset();
        self.settle();
    }

    /// The peer reads again.
    pub fn give_room(&mut self, guest: &Guest, bytes: usize) {
        guest.push_room(bytes);
        self.settle();
    }
}
