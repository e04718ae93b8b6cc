//! An upgrade, step by step and between turns: the new program shows that it could take over; the server comes to rest; the
//! new program runs instead of this one.

use std::io;
use std::mem;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use log::{info, warn};
use mio::Registry;

use super::running::Running;
use super::taking_over::{Parts, Taken};
use crate::cbor::Bytes;
use crate::config::ServerConfig;
use crate::held_signals::HeldSignals;
use crate::logging;
use crate::message::{CloseReason, Now};
use crate::net::listener::{ListenerHandover, Purpose};
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::upgrade::{Handover, Legacy, MemoryFile, Outcome, Program, Rehearsal, have_room};
use crate::net::web::{Socket, Web};
use crate::server::Server;

/// How long the server may take to come to rest. Nobody is read meanwhile.
const SETTLE_TIMEOUT: Duration = Duration::from_secs(2);

/// How often to look whether it has: the store does not tell.
const LOOK: Duration = Duration::from_millis(2);

/// Why neither this program nor that before can go on.
pub(super) type Failure = io::Error;

/// How many descriptors a new program may need besides those that this one has, and a duplicate of each listener.
const SPARE_DESCRIPTORS: usize = 16;

/// An upgrade, and what it needs.
#[derive(Debug, Default)]
pub(super) struct Upgrading {
    /// What takes over; `None` if nothing can.
    pub(super) program: Option<Program>,
    /// What this program takes over, before it runs.
    pub(super) taken: Option<Box<Taken>>,
    step: Step,
    /// The next server begins anew, with a backup that waits, and without the users of this one.
    is_anew: bool,
}

#[derive(Debug, Default)]
enum Step {
    #[default]
    None,
    /// The new program shows that it could take over.
    Rehearsing(Rehearsal),
    /// The server comes to rest.
    Settling { since: Instant },
}

impl Upgrading {
    /// The server that another program has handed over, or a new one. Returns an error if nobody can go on.
    pub(super) fn server(
        &mut self,
        config: &ServerConfig,
        registry: &Registry,
        tls: Option<&mut Tls>,
        web: &Web,
        proxies: &mut Proxies,
        now: Now,
    ) -> Result<Server<Socket>, Failure> {
        match self.taken.take() {
            Some(taken) => {
                let mut parts = Parts { registry, tls, web, proxies };
                taken.server(config, &mut parts, now)
            }
            None => Ok(Server::new(config, now)),
        }
    }

    /// True if newcomers must wait for the next server.
    pub(super) fn is_end(&self) -> bool {
        self.is_anew && matches!(self.step, Step::Settling { .. })
    }

    /// Why a newcomer that cannot wait for the next server is turned away.
    pub(super) fn farewell(&self) -> Option<CloseReason> {
        self.is_end().then_some(CloseReason::Upgrading)
    }

    /// When `go_on_upgrading` has something to look at, at the latest.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match &self.step {
            Step::None => None,
            Step::Rehearsing(rehearsal) => Some(rehearsal.until),
            Step::Settling { .. } => Some(now + LOOK),
        }
    }
}

pub(super) fn failed(failure: Failure) -> io::Error {
    failure
}

impl Running {
    /// Begins an upgrade, unless something forbids it.
    pub(super) fn upgrade(&mut self, now: Now) {
        let begun = self.obstacle().map_or_else(|| self.rehearse(now), Err);
        match begun {
            Ok(rehearsal) => self.reactor.upgrading.step = Step::Rehearsing(rehearsal),
            Err(why) => warn!("no upgrade: {why}"),
        }
    }

    /// Why no upgrade can begin now.
    fn obstacle(&self) -> Option<String> {
        if self.is_stopping() {
            return Some("the server is shutting down".into());
        }
        if self.server.is_node() {
            return Some("nodes of a cluster are restarted one after the other instead".into());
        }
        match &self.reactor.upgrading.step {
            Step::None => match self.server.store_failure() {
                // It would not come to rest.
                Some(failure) => Some(format!("the database cannot be written, mend that first: {failure}")),
                None => self.check_room().err().map(|error| error.to_string()),
            },
            Step::Rehearsing(_) | Step::Settling { .. } => Some("one has begun already".into()),
        }
    }

    /// Checks that the new program may have descriptors enough: without them, neither could go on.
    fn check_room(&self) -> io::Result<()> {
        let count = self.listeners().count() + SPARE_DESCRIPTORS;
        have_room(count).map_err(|error| {
            io::Error::new(error.kind(), format!("{count} more descriptors are needed for a while: {error}"))
        })
    }

    fn rehearse(&mut self, now: Now) -> Result<Rehearsal, String> {
        self.reactor.upgrading.is_anew = self.server.has_waiting_backup();
        let program =
            self.reactor.upgrading.program.as_ref().ok_or("nobody has said which program takes over")?;
        info!("upgrade: {} shows whether it could take over", program.path().display());
        let state = self.hand_over(now).encode(now.instant);
        let registry = self.reactor.poll.registry();
        let begun = Rehearsal::start(program, &state, registry, now.instant);
        begun.map_err(|error| format!("cannot start {}: {error}", program.path().display()))
    }

    /// Goes on with an upgrade. Returns only if this program goes on, too.
    pub(super) fn go_on_upgrading(&mut self, now: Now) {
        match &mut self.reactor.upgrading.step {
            Step::None => {}
            Step::Rehearsing(rehearsal) => match rehearsal.outcome(now.instant) {
                Outcome::Pending => {}
                Outcome::Ready => self.settle(now),
                Outcome::Failed(why) => {
                    self.reactor.upgrading.step = Step::None;
                    warn!("no upgrade: the new program cannot take over: {why}");
                }
            },
            Step::Settling { since } => {
                let since = *since;
                let error = if self.server.is_settled(now) {
                    match self.run_next(since) {
                        Ok(()) => return,
                        Err(error) => error.to_string(),
                    }
                } else if now.instant < since + SETTLE_TIMEOUT {
                    return;
                } else {
                    format!("the server did not come to rest within {} s", SETTLE_TIMEOUT.as_secs())
                };
                warn!("no upgrade: {error}");
                self.reactor.upgrading.step = Step::None;
                self.server.stop_settling();
            }
        }
    }

    fn settle(&mut self, now: Now) {
        let is_anew = self.reactor.upgrading.is_anew;
        self.reactor.upgrading.step = match self.server.begin_settling(is_anew, now) {
            Ok(()) => Step::Settling { since: now.instant },
            Err(why) => {
                warn!("no upgrade: {why}");
                Step::None
            }
        };
    }

    /// Runs the new program. Returns if that fails, or if a signal came first: then the next turn tries again.
    fn run_next(&mut self, since: Instant) -> io::Result<()> {
        let Some(program) = self.reactor.upgrading.program.clone() else {
            return Err(io::Error::other("nobody has said which program takes over"));
        };
        let handed = self.pack(&program, self.now())?;
        let held = HeldSignals::hold()?;
        // What came before is for this program. The next one does not know of it.
        self.signalled(self.now());
        if self.is_stopping() || self.is_to_reload {
            return Ok(());
        }
        info!("upgrade: handing over, after {} ms", since.elapsed().as_millis());
        logging::flush();
        Err(program.take_over(handed, held))
    }

    /// Ends an upgrade, because the server stops.
    pub(super) fn give_up_upgrading(&mut self) {
        if !matches!(mem::take(&mut self.reactor.upgrading.step), Step::None) {
            warn!("no upgrade: the server is shutting down");
            self.server.stop_settling();
        }
    }

    fn pack(&self, program: &Program, now: Now) -> io::Result<OwnedFd> {
        self.check_room()?;
        let memory = MemoryFile::with(&self.hand_over(now).encode(now.instant))?;
        let listeners = self.listeners().map(|(descriptor, _)| descriptor);
        let sockets = self.server.streams().filter_map(|(_, stream)| Some(stream.hand_over()?.0));
        let waiting = self.proxies.hand_over().map(|(descriptor, _)| descriptor);
        let kept = if self.reactor.upgrading.is_anew { 0 } else { usize::MAX };
        let descriptors = listeners.chain(sockets.chain(waiting).take(kept));
        Legacy::pack(program, &memory, &descriptors.collect::<Vec<_>>())
    }

    /// All listeners, in the order in which they are handed over.
    fn listeners(&self) -> impl Iterator<Item = (BorrowedFd<'_>, ListenerHandover)> {
        let chat = self.reactor.listeners.iter().map(|listener| {
            listener.hand_over(if listener.is_tls { Purpose::ChatOverTls } else { Purpose::Chat })
        });
        chat.chain(self.metrics.listeners().map(|listener| listener.hand_over(Purpose::Metrics)))
    }

    /// Everything but descriptors.
    fn hand_over(&self, now: Now) -> Handover {
        let without_users = Handover {
            program: env!("CARGO_PKG_VERSION").into(),
            listeners: self.listeners().map(|(_, listener)| listener).collect(),
            tickets: self.tls.as_ref().and_then(Tls::hand_over),
            sockets: Vec::new(),
            server: Bytes::default(),
            waiting: Vec::new(),
        };
        if self.reactor.upgrading.is_anew {
            return without_users;
        }
        let sockets = self.server.streams();
        Handover {
            sockets: sockets.filter_map(|(key, stream)| Some((key as u64, stream.hand_over()?.1))).collect(),
            server: Bytes(self.server.hand_over(now)),
            waiting: self.proxies.hand_over().map(|(_, waiting)| waiting).collect(),
            ..without_users
        }
    }
}
