//! HTTP requests and WebSocket connections at the same listeners as the chat: the page for browsers (RFC 9112), and a
//! layer in which browsers speak IRC (RFC 6455, IRCv3 `websocket`).

mod farewell;
#[cfg(feature = "upgrade")]
mod handover;
mod messages;
mod page;
mod request;
mod response;
mod site;
mod socket;
mod status;
mod stream;
mod unsent;
mod upgrade;

pub(super) use request::{HEAD_BYTES, Parsed, Request, parse};
pub(super) use response::Response;
pub use socket::Socket;
pub(super) use status::Status;
#[cfg(feature = "upgrade")]
pub(super) use stream::WebHandover;

use std::cell::Cell;
use std::rc::Rc;
use std::time::SystemTime;

use crate::config::ServerConfig;
use site::{Clock, Site};
use stream::WebStream;

/// Adds the layer for HTTP and WebSocket to newcomers.
#[derive(Debug)]
pub struct Web {
    /// `None` without `--web`.
    site: Option<Rc<Site>>,
    clock: Clock,
}

impl Web {
    /// Serves the page of this config, if it has one.
    pub fn new(config: &ServerConfig) -> Self {
        let clock = Rc::new(Cell::new(SystemTime::UNIX_EPOCH));
        Self { site: Site::new(config, Rc::clone(&clock)).map(Rc::new), clock }
    }

    /// Sets the time that responses have.
    pub(super) fn turn(&self, now: SystemTime) {
        self.clock.set(now);
    }

    /// Applies another config to newcomers.
    pub(super) fn renew(&mut self, config: &ServerConfig) {
        self.site = Site::new(config, Rc::clone(&self.clock)).map(Rc::new);
    }

    /// The site for those who asked another program; without `--web`, they may still finish.
    #[cfg(feature = "upgrade")]
    fn site_for_others(&self) -> Rc<Site> {
        self.site.clone().unwrap_or_else(|| Rc::new(Site::built_in(Rc::clone(&self.clock))))
    }

    /// Wraps the stream of a newcomer, unless `--web` is off. `is_shared`: a proxy uses the connection for several peers.
    pub fn wrap<S>(&self, stream: S, is_shared: bool) -> Socket<S> {
        match &self.site {
            Some(site) => WebStream::new(stream, Rc::clone(site), is_shared).into(),
            None => stream.into(),
        }
    }
}
