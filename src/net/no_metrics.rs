//! Replaces `metrics` in builds without it; it serves nobody.

use std::time::Instant;

use mio::{Registry, Token};

use super::bind_error::BindError;
use super::handed::Handed;
use super::listener::Listener;
#[cfg(feature = "upgrade")]
use crate::address::Address;
use crate::config::ServerConfig;
use crate::logging::PeerLog;
use crate::server::Report;

#[derive(Debug)]
pub(super) struct Metrics;

#[cfg(feature = "upgrade")]
pub(super) fn address(_: &ServerConfig) -> Option<&Address> {
    None
}

pub(super) fn bind(_: &ServerConfig, _: &mut Handed, _: &Registry) -> Result<Vec<Listener>, BindError> {
    Ok(Vec::new())
}

impl Metrics {
    pub(super) fn new(_: Vec<Listener>) -> Self {
        Self
    }

    #[cfg(feature = "upgrade")]
    pub(super) fn listeners(&self) -> impl Iterator<Item = &Listener> {
        [].into_iter()
    }

    pub(super) fn ready(&mut self, _: Token) -> bool {
        false
    }

    pub(super) fn has_unread(&self) -> bool {
        false
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        None
    }

    pub(super) fn turn(&mut self, _: Instant, _: impl Fn() -> Report) {}

    pub(super) fn accept(&mut self, _: &Registry, _: Instant, _: &mut PeerLog) {}

    pub(super) fn stop(&mut self, _: Instant) {}

    pub(super) fn is_empty(&self) -> bool {
        true
    }
}
