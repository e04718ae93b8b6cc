//! A session without a server, for tests.

use super::{Context, House, Session};
use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::logging::PeerLog;
#[cfg(feature = "cluster")]
use crate::message::Effect;
use crate::message::{CertificateHash, ConnectionId, Effects, Now, Peer};

/// A session, and what it works with.
pub(super) struct Scene {
    pub(super) hub: Hub,
    pub(super) out: Effects,
    pub(super) house: House,
    log: PeerLog,
    pub(super) now: Now,
    pub(super) certificate: Option<CertificateHash>,
    pub(super) session: Session,
}

impl Scene {
    #[cfg(feature = "cluster")]
    pub(super) fn new() -> Self {
        Self::at(Now::read())
    }

    pub(super) fn at(now: Now) -> Self {
        let config = ServerConfig::default();
        Self {
            hub: Hub::new(config.lobby.clone(), now.time),
            out: Effects::default(),
            house: House::new(&config, now.time),
            log: PeerLog::default(),
            now,
            certificate: None,
            session: Session::new(ConnectionId(0), &config.limits, now.instant),
        }
    }

    /// A client that has sent these lines.
    #[cfg(feature = "cluster")]
    pub(super) fn after(lines: &[&str]) -> Self {
        let mut scene = Self::new();
        for line in lines {
            let mut bytes = format!("{line}\r\n").into_bytes();
            while !bytes.is_empty() {
                let used = scene.act(|session, context| session.receive(&bytes, context));
                bytes.drain(..used.expect("the line is whole"));
            }
        }
        scene.told();
        scene
    }

    pub(super) fn act<T>(&mut self, act: impl FnOnce(&mut Session, &mut Context<'_>) -> T) -> T {
        self.out.begin();
        let Self { hub, out, house, log, now, certificate, session } = self;
        let mut context = Context {
            hub,
            out,
            now: *now,
            peer: Peer::Unix,
            is_secure: false,
            #[cfg(feature = "web")]
            is_framed: false,
            certificate: *certificate,
            house,
            connections: 1,
            log,
        };
        act(session, &mut context)
    }

    /// Drops what was to be done, and begins a turn with a small budget.
    #[cfg(feature = "cluster")]
    pub(super) fn drop_effects(&mut self) {
        while self.out.pop().is_some() {}
        self.out.take_steps();
        self.out.allow(8);
    }

    /// What the peer was told since the last call.
    #[cfg(feature = "cluster")]
    pub(super) fn told(&mut self) -> String {
        let mut told = Vec::new();
        while let Some(effect) = self.out.pop() {
            match effect {
                Effect::Bytes(_, range) => told.extend_from_slice(self.out.bytes_at(range)),
                Effect::Close(_, reason) => panic!("closed: {reason}"),
                _ => {}
            }
        }
        String::from_utf8(told).expect("peers are told UTF-8")
    }
}
