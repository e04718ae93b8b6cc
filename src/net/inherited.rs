//! Sockets that a service manager opened and passed (sd_listen_fds(3)): the server needs no right to open them, and
//! newcomers wait in their backlogs while it restarts.

use std::env;
use std::fmt;
#[cfg(feature = "upgrade")]
use std::io;
#[cfg(feature = "upgrade")]
use std::os::fd::OwnedFd;

use listenfd::ListenFd;

use super::handed::Handed;
use super::listener::Listener;
#[cfg(feature = "upgrade")]
use super::listener::ListenerHandover;
use crate::address::Address;

/// The first passed descriptor (`SD_LISTEN_FDS_START`).
const FIRST_DESCRIPTOR: usize = 3;

const TLS_NAME: &str = "tls";

/// The name of unnamed sockets (sd_listen_fds_with_names(3)).
const NO_NAME: &str = "unknown";

/// Passed listening sockets, usually none.
#[derive(Debug, Default)]
pub struct Inherited {
    pub(super) listeners: Vec<Listener>,
    /// Those of the program before this one.
    pub(super) handed: Handed,
}

/// A passed descriptor at which the server cannot listen.
#[derive(Debug)]
pub struct InheritError {
    descriptor: usize,
    name: String,
    why: String,
}

impl Inherited {
    /// Takes the sockets passed to this process: `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES`. A second call finds
    /// none.
    ///
    /// Fails when a descriptor is not a listening stream socket.
    pub fn from_env() -> Result<Self, InheritError> {
        let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
        // An empty variable has no names, although splitting it gives one.
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
        Ok(Self { listeners, handed: Handed::default() })
    }

    /// Takes the sockets of the program whose place this one takes.
    #[cfg(feature = "upgrade")]
    pub(super) fn handed(handed: Vec<(OwnedFd, ListenerHandover)>) -> io::Result<Self> {
        let (listeners, handed) = Handed::new(handed)?;
        Ok(Self { listeners, handed })
    }

    /// Which of `plain` and `over_tls` must still be bound: no plain address if sockets were passed, and none for TLS
    /// if some of them are for TLS.
    pub(super) fn wanted<'a>(
        &self,
        plain: &'a [Address],
        over_tls: &'a [Address],
    ) -> (&'a [Address], &'a [Address]) {
        let has_tls = self.listeners.iter().any(|listener| listener.is_tls);
        (if self.listeners.is_empty() { plain } else { &[] }, if has_tls { &[] } else { over_tls })
    }
}

fn take(passed: &mut ListenFd, n: usize) -> Result<Listener, String> {
    let listener = if let Ok(Some(listener)) = passed.take_tcp_listener(n) {
        Listener::inherit_tcp(listener)
    } else if let Ok(Some(listener)) = passed.take_unix_listener(n) {
        Listener::inherit_unix(listener)
    } else {
        return Err("not a TCP or Unix stream socket".into());
    };
    listener.map_err(|error| error.to_string())
}

impl fmt::Display for InheritError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { descriptor, name, why } = self;
        write!(f, "cannot listen on inherited descriptor {descriptor} ({name:?}): {why}")
    }
}

impl std::error::Error for InheritError {}
