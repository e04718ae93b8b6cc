//! Replaces `metrics` in builds without it; it serves nobody.

use std::time::Instant;

use mio::{Registry, Token};

use super::bind_error::BindError;
use super::listener::Listener;
use crate::config::ServerConfig;
use crate::logging::PeerLog;
use crate::server::Report;

#[derive(Debug)]
pub(super) struct Metrics;

pub(super) fn bind(_: &ServerConfig, _: &Registry) -> Result<Vec<Listener>, BindError> {
    Ok(Vec::new())
}

impl Metrics {
    pub(super) fn new(_: Vec<Listener>) -> Self {
        Self
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
