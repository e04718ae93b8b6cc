//! Listening sockets of the program whose place this one takes: newcomers keep waiting in their backlogs.

use std::io;
use std::os::fd::OwnedFd;

use log::warn;

use super::bind_error::BindError;
use super::listener::{Listener, ListenerHandover, Purpose};
use crate::address::Address;

/// Listeners that are not in use yet.
#[derive(Debug, Default)]
pub(super) struct Handed {
    listeners: Vec<(Listener, Purpose)>,
    /// Somebody is served already, and must be even if an address cannot be bound.
    is_upgrade: bool,
}

impl Handed {
    /// Takes what another program hands over. Those that a service manager passed to it are apart.
    pub(super) fn new(handed: Vec<(OwnedFd, ListenerHandover)>) -> io::Result<(Vec<Listener>, Self)> {
        let (mut passed, mut listeners) = (Vec::new(), Vec::new());
        for (descriptor, state) in handed {
            match Listener::take_over(descriptor, state)? {
                (listener, Purpose::Chat | Purpose::ChatOverTls) if listener.is_passed() => {
                    passed.push(listener)
                }
                other => listeners.push(other),
            }
        }
        Ok((passed, Self { listeners, is_upgrade: true }))
    }

    /// Closes what a server that listens at these addresses does not need: it may have to bind the same port otherwise.
    pub(super) fn close_others(
        &mut self,
        plain: &[Address],
        over_tls: &[Address],
        metrics: Option<&Address>,
    ) {
        self.listeners.retain_mut(|(listener, purpose)| {
            let is_wanted = |address: &Address, for_what| serves(listener, *purpose, address, for_what);
            let is_needed = plain.iter().any(|address| is_wanted(address, Purpose::Chat))
                || over_tls.iter().any(|address| is_wanted(address, Purpose::ChatOverTls))
                || metrics.is_some_and(|address| is_wanted(address, Purpose::Metrics));
            if !is_needed {
                listener.own_file();
            }
            is_needed
        });
    }

    /// Listens for users at every address that `address` resolves to, where the other program did or anew.
    pub(super) fn bind(&mut self, address: &Address, is_tls: bool) -> Result<Vec<Listener>, BindError> {
        let purpose = if is_tls { Purpose::ChatOverTls } else { Purpose::Chat };
        let listeners = self.listeners_for(address, purpose)?.into_iter();
        Ok(listeners.map(|listener| listener.with_tls(is_tls)).collect())
    }

    /// The same for those who read counters.
    #[cfg(feature = "metrics")]
    pub(super) fn bind_for_metrics(&mut self, address: &Address) -> Result<Vec<Listener>, BindError> {
        self.listeners_for(address, Purpose::Metrics)
    }

    fn listeners_for(&mut self, address: &Address, purpose: Purpose) -> Result<Vec<Listener>, BindError> {
        let is_wanted = |(listener, its): &mut (Listener, Purpose)| serves(listener, *its, address, purpose);
        let taken: Vec<_> = self.listeners.extract_if(.., is_wanted).map(|(listener, _)| listener).collect();
        if !taken.is_empty() {
            return Ok(taken);
        }
        match Listener::bind(address).map_err(|error| BindError { address: Some(address.clone()), error }) {
            Err(error) if self.is_upgrade => {
                warn!("{error}");
                Ok(Vec::new())
            }
            bound => bound,
        }
    }
}

/// True if a listener that has had one purpose is to serve `address` for another, or for the same.
fn serves(listener: &Listener, had: Purpose, address: &Address, purpose: Purpose) -> bool {
    listener.address() == address || had == purpose && listener.is_for(address)
}
