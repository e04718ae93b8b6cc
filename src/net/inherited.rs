//! Sockets that a service manager opened before it started the server (sd_listen_fds(3)): the server needs no right to
//! open them itself, and newcomers wait in their queues while it restarts.

use std::env;
use std::fmt;

use listenfd::ListenFd;

use super::listener::Listener;
use crate::address::Address;

/// The first descriptor that is passed (sd_listen_fds(3), `SD_LISTEN_FDS_START`).
const FIRST_DESCRIPTOR: usize = 3;

/// What a socket is called at which TLS is spoken.
const TLS_NAME: &str = "tls";

/// What a socket is called that nobody gave a name to (sd_listen_fds_with_names(3)).
const NO_NAME: &str = "unknown";

/// Listening sockets that were passed; mostly none.
#[derive(Debug, Default)]
pub struct Inherited {
    pub(super) listeners: Vec<Listener>,
}

/// A descriptor that was passed and cannot be listened at.
#[derive(Debug)]
pub struct InheritError {
    descriptor: usize,
    name: String,
    why: String,
}

impl Inherited {
    /// Takes what was passed to this process: `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`. A second call finds
    /// nothing any more.
    ///
    /// Fails when one of the descriptors is not a stream socket that listens.
    pub fn from_env() -> Result<Self, InheritError> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        // A name may be empty; but of nothing there is no name.
        let mut names = names.split(':').take(if names.is_empty() { 0 } else { usize::MAX });
        let mut passed = ListenFd::from_env();
        let mut listeners = Vec::new();
        for n in 0..passed.len() {
            let name = names.next().unwrap_or(NO_NAME);
            let listener = take(&mut passed, n).map(|listener| listener.with_tls(name == TLS_NAME));
            let descriptor = FIRST_DESCRIPTOR + n;
            listeners.push(listener.map_err(|why| InheritError {
                descriptor,
                name: name.to_owned(),
                why,
            })?);
        }
        Ok(Self { listeners })
    }

    /// What is still to be listened at of `plain` and `over_tls`: nothing of the first where sockets were passed, and
    /// nothing of the second where some of them are meant for TLS.
    pub(super) fn wanted<'a>(
        &self,
        plain: &'a [Address],
        over_tls: &'a [Address],
    ) -> (&'a [Address], &'a [Address]) {
        let has_tls = self.listeners.iter().any(|listener| listener.is_tls);
        (if self.listeners.is_empty() { plain } else { &[] }, if has_tls { &[] } else { over_tls })
    }
}

/// Takes the `n`th.
fn take(passed: &mut ListenFd, n: usize) -> Result<Listener, String> {
    let listener = if let Ok(Some(listener)) = passed.take_tcp_listener(n) {
        Listener::inherit_tcp(listener)
    } else if let Ok(Some(listener)) = passed.take_unix_listener(n) {
        Listener::inherit_unix(listener)
    } else {
        return Err("not a stream socket of TCP or Unix".into());
    };
    listener.map_err(|error| error.to_string())
}

impl fmt::Display for InheritError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptor, name, why } = self;
        write!(f, "cannot listen on descriptor {descriptor} ({name:?}), which was passed: {why}")
    }
}

impl std::error::Error for InheritError {}
