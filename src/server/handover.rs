//! Handing everything over to the program that takes the place of this one: all state of the server besides its config,
//! its store and the streams of its connections.

use super::{Server, Stream};
use crate::config::ServerConfig;
use crate::message::Now;

impl<S: Stream> Server<S> {
    /// The state of the server. If it has not settled, it is no more than an example of what there is to decode: work that
    /// is under way is left out.
    pub fn hand_over(&self, _now: Now) -> Vec<u8> {
        Vec::new()
    }

    /// The server that was handed over, with this config. `streams` are asked for the stream of each connection; without
    /// one, it has closed. Call `use_store` next, if there is a store. All connections are read and written to in the
    /// next turn.
    pub fn take_over(
        config: &ServerConfig,
        _handed: &[u8],
        now: Now,
        _streams: impl FnMut(usize) -> Option<S>,
    ) -> Result<Self, String> {
        Ok(Self::new(config, now))
    }
}
