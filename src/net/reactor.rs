//! The event loop: it polls, accepts, and gives the server what is ready. It alone reads the clock.

pub(super) mod accepting;

use std::fmt;
use std::io::{self, ErrorKind};
use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use log::info;
use mio::event::Event;
use mio::{Events, Interest, Poll, Token, Waker};

use super::bans_file;
use super::checks::Verdict;
use super::inherited::Inherited;
use super::listener::Listener;
use super::metrics::{self, Metrics};
use super::proxy::Proxies;
use super::reserve::Reserve;
use super::server::Server;
use super::service::Service;
use super::signals::{Signalled, Signals};
use super::stream::Socket;
use super::tls::{self, Tls};
use super::worker::Worker;
use crate::address::Address;
use crate::config::{ConfigError, ServerConfig};
use crate::hub::Ban;
use crate::message::Now;

/// Most events taken from one poll.
const EVENTS: usize = 1024;

/// From so many connections on that are to be written to, looking whether more has come costs next to nothing beside
/// the writes that it may save.
const MANY_WRITES: usize = 16;

/// How often a turn looks whether more has come before it writes.
const LOOKS: usize = 2;

/// What is due waits for the next beat, so that many who are idle are asked for a sign of life in one turn: of ten
/// thousand, it is somebody's time a hundred times a second.
const BEAT: Duration = Duration::from_millis(100);

/// Tokens of connections are their keys in the slab; these count down from the other end.
const WAKE: Token = Token(usize::MAX);
const SIGNALS: Token = Token(usize::MAX - 1);
const FIRST_LISTENER: usize = usize::MAX - 2;

/// Reads the config again.
type Read = Box<dyn FnMut() -> Result<ServerConfig, ConfigError> + Send>;

/// A server that listens. It may be sent to the thread that runs it.
pub struct Reactor {
    poll: Poll,
    /// Empty as soon as the server ends.
    listeners: Vec<Listener>,
    addresses: Vec<Address>,
    /// Where counts are told.
    metrics_listeners: Vec<Listener>,
    signals: Option<Signals>,
    service: Service,
    /// The only one: a poll has no more (mio, `Waker`).
    waker: Arc<Waker>,
    /// Those of an earlier run.
    bans: Vec<Ban>,
    /// Where bans are kept, if they are.
    bans_file: Option<PathBuf>,
    is_told_to_stop: Arc<AtomicBool>,
    config: ServerConfig,
    read: Read,
}

/// A server that runs. What it shares without locks, it shares within one thread.
struct Running {
    reactor: Reactor,
    /// From here on beats are counted.
    started: Instant,
    server: Server<Socket>,
    /// For newcomers at the listeners that want it.
    tls: Option<Tls>,
    worker: Worker<Verdict>,
    metrics: Metrics,
    /// Newcomers who have to say for whom they speak.
    proxies: Proxies,
    /// For newcomers when there is no other descriptor.
    reserve: Reserve,
    /// The log says that accepting pauses, and nobody has come in since.
    pause_is_logged: bool,
    /// A signal asked for the config to be read again.
    is_to_reload: bool,
}

/// Ends a [`Reactor`] from another thread.
#[derive(Clone, Debug)]
pub struct Stopper {
    waker: Arc<Waker>,
    is_told_to_stop: Arc<AtomicBool>,
}

/// A server that could not be set up.
#[derive(Debug)]
pub struct BindError {
    /// Where it should have listened; `None` when it was not about an address.
    pub address: Option<Address>,
    /// What the system said.
    pub error: io::Error,
}

impl Reactor {
    /// Listens wherever `config` says. Nobody is served before `run`.
    pub fn bind(config: ServerConfig) -> Result<Self, BindError> {
        Self::bind_or_inherit(config, Inherited::default())
    }

    /// The same, but where sockets were passed, they take the place of those for `config.listen`, and those that are
    /// meant for TLS the place of those for it.
    pub fn bind_or_inherit(config: ServerConfig, inherited: Inherited) -> Result<Self, BindError> {
        let bans_file = config.state.as_deref().map(bans_file::path);
        let bans = bans_file.as_deref().map_or_else(|| Ok(Vec::new()), bans_file::read);
        let bans = bans.map_err(|error| BindError { address: None, error })?;
        let system = |error: io::Error| {
            let error = io::Error::new(error.kind(), format!("cannot poll: {error}"));
            BindError { address: None, error }
        };
        let poll = Poll::new().map_err(system)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(system)?);
        let (plain, over_tls) = inherited.wanted(&config.listen, tls::addresses(&config));
        let mut listeners = inherited.listeners;
        let wanted = plain.iter().map(|address| (address, false));
        for (address, is_tls) in wanted.chain(over_tls.iter().map(|address| (address, true))) {
            let bound = Listener::bind(address);
            let bound = bound.map_err(|error| BindError { address: Some(address.clone()), error })?;
            listeners.extend(bound.into_iter().map(|listener| listener.with_tls(is_tls)));
        }
        for (n, listener) in listeners.iter_mut().enumerate() {
            let token = Token(FIRST_LISTENER - n);
            poll.registry().register(listener.source(), token, Interest::READABLE).map_err(system)?;
        }
        let addresses = listeners.iter().filter(|listener| !listener.is_tls);
        let addresses = addresses.map(|listener| listener.address().clone()).collect();
        let mut over_tls = listeners.iter().filter(|listener| listener.is_tls);
        if let Some(listener) = over_tls.next().filter(|_| Tls::new(&config).is_none()) {
            let error = io::Error::other("there is no certificate, see --tls-cert and --self-signed");
            return Err(BindError { address: Some(listener.address().clone()), error });
        }
        let metrics_listeners = metrics::bind(&config, poll.registry())?;
        let is_told_to_stop = Arc::default();
        let read: Read = Box::new(|| Err(ConfigError::new("there is nothing to read again")));
        let (signals, service) = (None, Service::default());
        Ok(Self {
            poll,
            listeners,
            addresses,
            metrics_listeners,
            signals,
            service,
            waker,
            bans,
            bans_file,
            is_told_to_stop,
            config,
            read,
        })
    }

    /// Where the server listens for those who speak no TLS, with the ports that the system gave.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Where the server listens for those who speak TLS, with the ports that the system gave.
    pub fn tls_addresses(&self) -> impl Iterator<Item = &Address> {
        self.listeners.iter().filter(|listener| listener.is_tls).map(Listener::address)
    }

    /// Where counts are told to Prometheus; nowhere unless that was asked for.
    pub fn metrics_addresses(&self) -> impl Iterator<Item = &Address> {
        self.metrics_listeners.iter().map(Listener::address)
    }

    /// From now on signals count, for the whole process: SIGTERM and SIGINT end `run`, SIGHUP reads
    /// the config again, SIGUSR1 logs a report.
    pub fn heed_signals(&mut self) -> io::Result<()> {
        self.signals = Some(Signals::heed(self.poll.registry(), SIGNALS)?);
        Ok(())
    }

    /// From now on the service manager that started this process, if one did and wants to know, is told how the server is.
    pub fn tell_service_manager(&mut self) {
        self.service = Service::from_env(Instant::now());
    }

    /// How the config is read again, when a signal or an operator asks for it: it is put in force as far as that is
    /// possible without a restart or, where it is wrong, not at all. The loop waits meanwhile.
    pub fn reload_with(&mut self, read: impl FnMut() -> Result<ServerConfig, ConfigError> + Send + 'static) {
        self.read = Box::new(read);
    }

    /// A handle that ends `run`.
    pub fn stopper(&self) -> Stopper {
        let is_told_to_stop = Arc::clone(&self.is_told_to_stop);
        Stopper { waker: Arc::clone(&self.waker), is_told_to_stop }
    }

    /// The port to which IRC clients are to go that come without TLS: where both are there for everybody.
    fn public_tls_port(&self) -> Option<u16> {
        let mut plain = self.listeners.iter().filter(|listener| !listener.is_tls);
        let mut tls = self.listeners.iter().filter(|listener| listener.is_tls);
        plain.find_map(|listener| listener.address().public_port())?;
        tls.find_map(|listener| listener.address().public_port())
    }

    /// Serves until it is stopped, and everybody has been told and served to the end (at most 4 s).
    ///
    /// Fails only when the system's poll does.
    pub fn run(mut self) -> io::Result<()> {
        let now = Now::read();
        let mut server = Server::new(&self.config, now);
        if let Some(port) = self.public_tls_port().filter(|_| tls::is_vouched_for(&self.config)) {
            server.announce_tls(port);
        }
        server.restore_bans(mem::take(&mut self.bans), now);
        let running = Running {
            started: now.instant,
            server,
            tls: Tls::new(&self.config),
            worker: Worker::new(Arc::clone(&self.waker)),
            metrics: Metrics::new(mem::take(&mut self.metrics_listeners)),
            proxies: Proxies::new(&self.config.proxy_from),
            reserve: Reserve::new(),
            pause_is_logged: false,
            is_to_reload: false,
            // What is in force is the server's to know, because that changes.
            reactor: Self { config: ServerConfig::default(), ..self },
        };
        running.run()
    }
}

impl Running {
    fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let at: Vec<_> = self.reactor.addresses.iter().map(Address::to_string).collect();
        self.reactor.service.ready(&format!("listening on {}", at.join(", ")));
        loop {
            self.turn(&mut events)?;
            let is_empty = self.server.connections() == 0 && self.metrics.is_empty();
            if self.is_stopping() && is_empty {
                return Ok(());
            }
        }
    }

    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        let wait = self.time_to_wait();
        self.poll(events, wait)?;
        let now = Now::read();
        self.server.read_on(now);
        self.dispatch_all(events, now);
        for _ in 0..LOOKS {
            if self.server.writes_pending() < MANY_WRITES {
                break;
            }
            self.poll(events, Some(Duration::ZERO))?;
            self.dispatch_all(events, now);
        }
        for n in 0..self.reactor.listeners.len() {
            self.accept(n, now);
        }
        self.proxies.expire(now.instant);
        self.server.expire(now);
        if self.is_to_reload || self.server.is_asked_to_reload() {
            self.reload(now);
        }
        let before = self.server.connections();
        self.server.finish_turn(now);
        if self.server.connections() < before {
            self.end_pauses();
        }
        self.keep_bans(now);
        while let Some(question) = self.server.next_question() {
            self.worker.start(Box::new(|| question.answer()));
        }
        self.metrics.turn(self.reactor.poll.registry(), now.instant, || self.server.report(now));
        self.reactor.service.turn(now.instant);
        self.server.turned(now.instant.elapsed());
        Ok(())
    }

    /// Writes down what must outlive a restart, once everybody has been answered.
    fn keep_bans(&mut self, now: Now) {
        let Some(path) = &self.reactor.bans_file else { return };
        if let Some(text) = self.server.bans_to_keep(now)
            && let Err(error) = bans_file::save(path, &text)
        {
            self.server.bans_not_kept(&error, now);
            self.server.finish_turn(now);
        }
    }

    fn poll(&mut self, events: &mut Events, wait: Option<Duration>) -> io::Result<()> {
        match self.reactor.poll.poll(events, wait) {
            // By a signal: what it means comes as an event.
            Err(error) if error.kind() == ErrorKind::Interrupted => {
                events.clear();
                Ok(())
            }
            other => other,
        }
    }

    fn dispatch_all(&mut self, events: &Events, now: Now) {
        for event in events {
            self.dispatch(event, now);
        }
    }

    fn dispatch(&mut self, event: &Event, now: Now) {
        match event.token() {
            WAKE => self.woken(now),
            SIGNALS => self.signalled(now),
            Token(token) if token > FIRST_LISTENER - self.reactor.listeners.len() => {
                self.reactor.listeners[FIRST_LISTENER - token].ready = true;
            }
            token if self.metrics.ready(token) => {}
            token if Proxies::has(token) => self.proxied(token, now),
            Token(key) => {
                if event.is_writable() {
                    self.server.writable(key);
                }
                if event.is_error() || event.is_read_closed() && event.is_write_closed() {
                    self.server.hung_up(key, now);
                }
                // Whatever else an event says (closed, error), reading tells.
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.server.readable(key, now);
                }
            }
        }
    }

    /// How long the poll may wait; `None` is for ever.
    fn time_to_wait(&self) -> Option<Duration> {
        let somebody_waits = self.reactor.listeners.iter().any(|l| l.ready && l.paused_until.is_none());
        if self.server.has_unread() || self.metrics.has_unread() || somebody_waits {
            return Some(Duration::ZERO);
        }
        let pauses = self.reactor.listeners.iter().filter_map(|listener| listener.paused_until);
        let next = pauses.chain(self.server.next_deadline()).chain(self.metrics.next_deadline());
        let next =
            next.chain(self.proxies.next_deadline()).chain(self.reactor.service.next_deadline()).min()?;
        let late = time_to_next_beat(next.saturating_duration_since(self.started));
        Some((next + late).saturating_duration_since(Instant::now()))
    }

    /// Another thread has something to tell.
    fn woken(&mut self, now: Now) {
        while let Some(verdict) = self.worker.fetch() {
            self.server.checked(verdict, now);
        }
        if self.reactor.is_told_to_stop.load(Ordering::Acquire) {
            self.stop(now);
        }
    }

    fn signalled(&mut self, now: Now) {
        let Some(signals) = &mut self.reactor.signals else { return };
        let Signalled { stop, reload, report } = signals.take();
        self.is_to_reload |= reload;
        if report {
            self.server.report(now).lines().iter().for_each(|line| info!("report: {line}"));
        }
        if stop {
            self.stop(now);
        }
    }

    /// Reads the config again. Its files are on this machine and small, so everybody else waits for as long as a turn.
    fn reload(&mut self, now: Now) {
        if self.is_stopping() {
            return;
        }
        self.is_to_reload = false;
        self.reactor.service.reloading();
        let read = (self.reactor.read)();
        if let Ok(config) = &read {
            self.proxies.change(&config.proxy_from);
            if let Some(tls) = &mut self.tls {
                tls.renew(config);
            }
        }
        let told = self.server.reload(read, now);
        self.reactor.service.ready(&told);
    }

    fn stop(&mut self, now: Now) {
        if !self.is_stopping() {
            self.reactor.service.stopping();
            info!("stopping: {} connections", self.server.connections());
            self.reactor.listeners.clear();
            self.metrics.stop(now.instant);
            self.proxies.clear();
            self.server.shut_down(now);
        }
    }

    fn is_stopping(&self) -> bool {
        self.reactor.listeners.is_empty()
    }
}

/// How long it is from a time to the next beat, both counted from the start.
fn time_to_next_beat(time: Duration) -> Duration {
    let beat = BEAT.as_nanos();
    // Less than a beat, so it fits.
    Duration::from_nanos((time.as_nanos().div_ceil(beat) * beat - time.as_nanos()) as u64)
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

impl Stopper {
    /// Ends the server in an orderly way. It takes until everybody has been served, at most 4 s.
    pub fn stop(&self) -> io::Result<()> {
        self.is_told_to_stop.store(true, Ordering::Release);
        self.waker.wake()
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.address {
            Some(address) => write!(f, "cannot listen on {address}: {}", self.error),
            None => write!(f, "{}", self.error),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_between_two_beats_waits_for_the_second() {
        for (due, wait) in [(0, 0), (1, 99), (99, 1), (100, 0), (250, 50)] {
            let due = Duration::from_millis(due);
            assert_eq!(time_to_next_beat(due), Duration::from_millis(wait), "{due:?}");
        }
        assert_eq!(time_to_next_beat(Duration::from_nanos(1)), BEAT - Duration::from_nanos(1));
    }
}
