//! Without the feature `cluster`, a server is alone.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Waker;

use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::web::Socket;
use crate::server::Server;

#[derive(Debug, Default)]
pub(super) struct Uplink;

impl Uplink {
    pub(super) fn open(_: &ServerConfig, _: &Arc<Waker>) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn join(&self, _: &mut Server<Socket>, _: &ServerConfig, _: Now) {}

    pub(super) fn hear(&mut self, _: &mut Server<Socket>, _: Now) {}

    pub(super) fn has_replies(&self) -> bool {
        false
    }

    pub(super) fn turn(&mut self, _: &mut Server<Socket>) {}

    pub(super) fn next_turn(&self, _: &Server<Socket>, next: Option<Instant>) -> Option<Instant> {
        next
    }

    pub(super) fn has_left(&self, _: &Server<Socket>) -> bool {
        true
    }

    pub(super) fn now(&self, _: &Server<Socket>) -> Now {
        Now::read()
    }
}
