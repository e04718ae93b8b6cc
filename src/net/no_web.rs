//! Replaces `web` in builds without it; HTTP requests get no answer.

use std::time::SystemTime;

use super::transport::Transport;
use crate::config::ServerConfig;

/// The stream of a connection.
pub type Socket<S = Transport> = S;

/// Adds the layer for HTTP and WebSocket to newcomers.
#[derive(Debug)]
pub struct Web;

impl Web {
    /// Serves no page.
    pub fn new(_: &ServerConfig) -> Self {
        Self
    }

    pub(super) fn renew(&mut self, _: &ServerConfig) {}

    pub(super) fn turn(&self, _: SystemTime) {}

    /// Leaves a newcomer as it is.
    pub fn wrap<S>(&self, stream: S, _: bool) -> Socket<S> {
        stream
    }
}
