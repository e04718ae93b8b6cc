//! Replaces `web` in builds without it; HTTP requests get no answer.

use super::transport::Transport;
use crate::config::ServerConfig;

/// The stream of a connection.
pub type Socket = Transport;

#[derive(Debug)]
pub(super) struct Web;

impl Web {
    pub(super) fn new(_: &ServerConfig) -> Self {
        Self
    }

    pub(super) fn renew(&mut self, _: &ServerConfig) {}

    pub(super) fn wrap(&self, transport: Transport, _: bool) -> Socket {
        transport
    }
}
