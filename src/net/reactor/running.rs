//! The turns of the loop: pass readiness to the server, do what is due, accept newcomers.

use std::io::{self, ErrorKind};
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use log::info;
use mio::event::Event;
use mio::{Events, Token};

use super::upgrading::{self, Failure};
use super::{FIRST_LISTENER, Reactor, SIGNALS, WAKE};
use crate::address::Address;
use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::listener::Listener;
use crate::net::metrics::Metrics;
use crate::net::proxy::Proxies;
use crate::net::reserve::Reserve;
use crate::net::signals::Signalled;
use crate::net::tls::Tls;
#[cfg(feature = "upgrade")]
use crate::net::upgrade::REHEARSAL;
use crate::net::web::{Socket, Web};
use crate::net::worker::Worker;
use crate::server::{Server, Verdict};

const EVENTS: usize = 1024;

/// Least number of pending writes at which polling for more input first costs next to nothing, compared with the writes
/// that it may save.
const MANY_WRITES: usize = 16;

const LOOKS: usize = 2;

/// What is due waits for the next beat, so that idle peers are pinged together: with ten thousand of them, one is due a
/// hundred times a second.
const BEAT: Duration = Duration::from_millis(100);

/// A running server. `Rc`s in it stay within one thread.
pub(super) struct Running {
    pub(super) reactor: Reactor,
    /// Beats count from here.
    started: Instant,
    pub(super) server: Server<Socket>,
    /// For newcomers at TLS listeners.
    pub(super) tls: Option<Tls>,
    /// For newcomers that speak HTTP.
    pub(super) web: Web,
    worker: Worker<Verdict>,
    pub(super) metrics: Metrics,
    pub(super) proxies: Proxies,
    /// The descriptor for newcomers when there is no other.
    pub(super) reserve: Reserve,
    /// When a pause of accepting was last logged.
    pub(super) pause_logged_at: Option<Instant>,
    pub(super) is_to_reload: bool,
}

impl Reactor {
    /// Serves until it is stopped and all peers have their last bytes (at most 4 s).
    ///
    /// Fails only when polling fails.
    pub fn run(self) -> io::Result<()> {
        match Running::new(self) {
            Ok(running) => running.run(),
            Err(failure) => Err(upgrading::failed(failure)),
        }
    }
}

impl Running {
    pub(super) fn new(mut reactor: Reactor) -> Result<Self, Failure> {
        let now = Now::read();
        let (mut tls, web) = (Tls::new(&reactor.config), Web::new(&reactor.config));
        let mut proxies = Proxies::new(&reactor.config.proxy_from);
        let (upgrading, registry) = (&mut reactor.upgrading, reactor.poll.registry());
        let mut server =
            upgrading.server(&reactor.config, registry, tls.as_mut(), &web, &mut proxies, now)?;
        #[cfg(feature = "upgrade")]
        reactor.own_files();
        server.announce_tls(reactor.public_tls_port(&reactor.config));
        reactor.uplink.join(&mut server, &reactor.config, now);
        reactor.keeper.restore(&mut server, now);
        reactor.uplink.turn(&mut server);
        Ok(Self {
            started: now.instant,
            server,
            tls,
            web,
            worker: Worker::new(Arc::clone(&reactor.waker)),
            metrics: Metrics::new(mem::take(&mut reactor.metrics_listeners)),
            proxies,
            reserve: Reserve::new(),
            pause_logged_at: None,
            is_to_reload: false,
            // Only the server has the config in force, because reloads change it.
            reactor: Reactor { config: ServerConfig::default(), ..reactor },
        })
    }

    pub(super) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        let at: Vec<_> = self.reactor.addresses.iter().map(Address::to_string).collect();
        self.reactor.service.ready(&format!("listening on {}", at.join(", ")));
        loop {
            self.turn(&mut events)?;
            let is_empty = self.server.connections() == 0 && self.metrics.is_empty();
            let has_left = || self.reactor.uplink.has_left(&self.server);
            if self.is_stopping() && is_empty && has_left() && self.has_kept(self.now()) {
                self.server.peer_log().summarize();
                return Ok(());
            }
        }
    }

    fn turn(&mut self, events: &mut Events) -> io::Result<()> {
        let wait = self.time_to_wait();
        self.poll(events, wait)?;
        let now = self.now();
        self.web.turn(now.time);
        self.server.read_on(now);
        self.dispatch_all(events, now);
        if self.reactor.uplink.has_replies() {
            self.reactor.uplink.hear(&mut self.server, now);
        }
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
        self.proxies.expire(now.instant, self.server.peer_log());
        self.server.expire(now);
        if self.is_to_reload || self.server.is_asked_to_reload() {
            self.reload(now);
        }
        let before = self.server.connections();
        self.server.finish_turn(now);
        if self.server.connections() < before {
            self.end_pauses();
        }
        self.reactor.uplink.turn(&mut self.server);
        self.keep(now);
        while let Some(question) = self.server.next_question() {
            // Checking a hash takes too long for the loop.
            let has_thread = self.worker.has_thread();
            self.worker
                .start(Box::new(move || if has_thread { question.answer() } else { question.give_up() }));
        }
        self.metrics.turn(now.instant, || self.server.report(now));
        self.metrics.accept(self.reactor.poll.registry(), now.instant, self.server.peer_log());
        self.reactor.service.turn(now.instant);
        self.go_on_upgrading(now);
        self.server.turned(now.instant.elapsed());
        Ok(())
    }

    pub(super) fn now(&self) -> Now {
        self.reactor.uplink.now(&self.server)
    }

    fn poll(&mut self, events: &mut Events, wait: Option<Duration>) -> io::Result<()> {
        match self.reactor.poll.poll(events, wait) {
            // Interrupted by a signal, which its own event reports.
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
            // The end of the turn looks at it.
            #[cfg(feature = "upgrade")]
            REHEARSAL => {}
            Token(token) if token > FIRST_LISTENER - self.reactor.listeners.len() => {
                self.reactor.listeners[FIRST_LISTENER - token].set_ready();
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
                // Reading reports all other conditions (closed, error).
                if event.is_readable() || event.is_read_closed() || event.is_error() {
                    self.server.readable(key, now);
                }
            }
        }
    }

    /// The timeout of the poll; `None` to wait without one.
    fn time_to_wait(&self) -> Option<Duration> {
        let somebody_waits =
            !self.reactor.upgrading.is_end() && self.reactor.listeners.iter().any(Listener::is_accepting);
        let has_input = self.server.has_unread() || self.metrics.has_unread();
        if has_input || somebody_waits || self.reactor.uplink.has_replies() {
            return Some(Duration::ZERO);
        }
        let pauses = self.reactor.listeners.iter().filter_map(Listener::paused_until);
        // After this time, only the other deadlines matter.
        let saved = self.keeping_deadline().filter(|&at| self.is_stopping() && at > Instant::now());
        let next = pauses.chain(self.server.next_deadline()).chain(self.metrics.next_deadline()).chain(saved);
        let next = next.chain(self.proxies.next_deadline()).chain(self.reactor.service.next_deadline()).min();
        let at_beat = next.map(|next| next + time_to_next_beat(next.saturating_duration_since(self.started)));
        let next = self.reactor.uplink.next_turn(&self.server, at_beat);
        let upgrading = self.reactor.upgrading.deadline(Instant::now());
        let next = next.into_iter().chain(upgrading).min()?;
        Some(next.saturating_duration_since(Instant::now()))
    }

    /// Fetches results from the worker threads.
    fn woken(&mut self, now: Now) {
        while let Some(verdict) = self.worker.fetch() {
            self.server.checked(verdict, now);
        }
        self.hear_keeper(now);
        self.reactor.uplink.hear(&mut self.server, now);
        if self.reactor.is_told_to_stop.load(Ordering::Acquire) {
            self.stop(now);
        }
    }

    pub(super) fn signalled(&mut self, now: Now) {
        let Some(signals) = &mut self.reactor.signals else { return };
        let signalled = signals.take();
        let Signalled { stop, reload, report, .. } = signalled;
        self.is_to_reload |= reload;
        if report {
            self.server.report(now).lines().iter().for_each(|line| info!("report: {line}"));
            self.server.reported();
        }
        if stop {
            self.stop(now);
        }
        #[cfg(feature = "upgrade")]
        if signalled.upgrade {
            self.upgrade(now);
        }
    }

    /// Reloads the config. Its files are local and small, so the loop can wait for them.
    fn reload(&mut self, now: Now) {
        if self.is_stopping() {
            return;
        }
        self.is_to_reload = false;
        self.reactor.service.reloading();
        let read = (self.reactor.read)();
        let read = read.and_then(|config| config.reserve_memory().map(|()| config));
        if let Ok(config) = &read {
            self.proxies.change(&config.proxy_from);
            if let Some(tls) = &mut self.tls {
                tls.renew(config);
            }
            self.web.renew(config);
            self.server.announce_tls(self.reactor.public_tls_port(config));
        }
        let told = self.server.reload(read, now);
        self.reactor.service.ready(&told);
    }

    fn stop(&mut self, now: Now) {
        if !self.is_stopping() {
            self.reactor.service.stopping();
            info!("stopping: {} connections", self.server.connections());
            self.give_up_upgrading();
            self.reactor.listeners.clear();
            self.metrics.stop(now.instant);
            self.proxies.clear();
            self.server.shut_down(now);
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.reactor.listeners.is_empty()
    }
}

/// Time until the next beat, with both counted from the start.
fn time_to_next_beat(time: Duration) -> Duration {
    let beat = BEAT.as_nanos();
    // Less than a beat, so it fits.
    Duration::from_nanos((time.as_nanos().div_ceil(beat) * beat - time.as_nanos()) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_between_two_beats_wait_for_the_second() {
        for (due, wait) in [(0, 0), (1, 99), (99, 1), (100, 0), (250, 50)] {
            let due = Duration::from_millis(due);
            assert_eq!(time_to_next_beat(due), Duration::from_millis(wait), "{due:?}");
        }
        assert_eq!(time_to_next_beat(Duration::from_nanos(1)), BEAT - Duration::from_nanos(1));
    }
}
