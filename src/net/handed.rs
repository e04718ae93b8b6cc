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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::PathBuf;
    use std::{env, fs, process, slice};

    use super::*;
    use crate::cbor::{decode, encode};
    use crate::net::listener::Arrival;

    const ANY: &str = "127.0.0.1:0";

    fn parsed(address: &str) -> Address {
        Address::parse(address).unwrap()
    }

    fn bound(address: &Address) -> Listener {
        Listener::bind(address).unwrap().remove(0)
    }

    /// What another program gets of these.
    fn handed(listeners: &[(&Listener, Purpose)]) -> (Vec<Listener>, Handed) {
        let handed = listeners.iter().map(|(listener, purpose)| {
            let (descriptor, state) = listener.hand_over(*purpose);
            (descriptor.try_clone_to_owned().unwrap(), decode(&encode(&state)).unwrap())
        });
        Handed::new(handed.collect()).unwrap()
    }

    fn connect(listener: &Listener) -> io::Result<TcpStream> {
        let Address::Tcp { port, .. } = *listener.address() else { panic!("{listener:?}") };
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
    }

    /// A path for a socket that no other test uses.
    fn path(name: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("parlor-handed-{name}-{}", process::id()));
        fs::remove_file(&path).ok();
        path
    }

    #[test]
    fn who_waits_in_a_backlog_is_accepted_by_the_next_program() {
        let first = bound(&parsed(ANY));
        let newcomer = connect(&first).unwrap();
        let (passed, mut next) = handed(&[(&first, Purpose::Chat)]);
        assert!(passed.is_empty());
        let address = first.address().clone();
        drop(first);
        next.close_others(&[parsed(ANY)], &[], None);
        let mut listeners = next.bind(&parsed(ANY), false).unwrap();
        assert_eq!(listeners.len(), 1);
        assert_eq!((listeners[0].address(), listeners[0].is_tls), (&address, false));
        let Arrival::Newcomer(_, peer) = listeners[0].accept() else { panic!("nobody waits") };
        assert_eq!(peer.to_string(), newcomer.local_addr().unwrap().to_string());
    }

    #[test]
    fn listeners_keep_their_purposes_even_if_the_system_chose_their_ports() {
        let [chat, tls, metrics] = [(); 3].map(|()| bound(&parsed(ANY)));
        let (_, mut next) =
            handed(&[(&metrics, Purpose::Metrics), (&tls, Purpose::ChatOverTls), (&chat, Purpose::Chat)]);
        let any = [parsed(ANY)];
        next.close_others(&any, &any, Some(&any[0]));
        let over_tls = next.bind(&any[0], true).unwrap();
        assert_eq!((over_tls[0].address(), over_tls[0].is_tls), (tls.address(), true));
        let plain = next.bind(&any[0], false).unwrap();
        assert_eq!((plain[0].address(), plain[0].is_tls), (chat.address(), false));
        assert_eq!(next.listeners_for(&any[0], Purpose::Metrics).unwrap()[0].address(), metrics.address());
    }

    #[test]
    fn a_listener_serves_another_purpose_at_the_same_address() {
        let first = bound(&parsed(ANY)).with_tls(false);
        let at = first.address().clone();
        let (_, mut next) = handed(&[(&first, Purpose::Chat)]);
        next.close_others(&[], slice::from_ref(&at), None);
        let listeners = next.bind(&at, true).unwrap();
        assert!(listeners[0].is_tls && *listeners[0].address() == at);
    }

    #[test]
    fn what_the_config_no_longer_has_is_closed_before_the_rest_is_bound() {
        let first = bound(&parsed(ANY));
        let Address::Tcp { port, .. } = *first.address() else { panic!("{first:?}") };
        let (_, mut next) = handed(&[(&first, Purpose::Chat)]);
        drop(first);
        let everywhere = parsed(&format!("0.0.0.0:{port}"));
        next.close_others(slice::from_ref(&everywhere), &[], None);
        let listeners = next.bind(&everywhere, false).unwrap();
        assert_eq!(*listeners[0].address(), everywhere);
        connect(&listeners[0]).unwrap();
    }

    #[test]
    fn an_address_that_cannot_be_bound_does_not_end_an_upgrade() {
        let other = bound(&parsed(ANY));
        let (_, mut next) = handed(&[]);
        assert!(next.bind(other.address(), false).unwrap().is_empty());
        assert!(Handed::default().bind(other.address(), false).is_err(), "but a start");
    }

    #[test]
    fn a_socket_file_stays_until_the_next_program_owns_it() {
        let path = path("owned");
        let address = Address::Unix(path.clone());
        let first = bound(&address);
        let (_, next) = handed(&[(&first, Purpose::Chat)]);
        drop(next);
        let (_, mut next) = handed(&[(&first, Purpose::Chat)]);
        UnixStream::connect(&path).expect("a program that fails leaves the file");
        next.close_others(slice::from_ref(&address), &[], None);
        let mut listener = next.bind(&address, false).unwrap().remove(0);
        UnixStream::connect(&path).expect("it is still there");
        listener.own_file();
        drop(listener);
        assert!(!path.exists(), "its owner removes it");
    }

    #[test]
    fn the_file_of_a_socket_that_the_config_no_longer_has_is_removed() {
        let path = path("unwanted");
        let first = bound(&Address::Unix(path.clone()));
        let (_, mut next) = handed(&[(&first, Purpose::Chat)]);
        next.close_others(&[parsed(ANY)], &[], None);
        assert!(!path.exists());
    }

    #[test]
    fn sockets_of_a_service_manager_stay_sockets_of_a_service_manager() {
        let path = path("passed");
        let first = Listener::inherit_unix(UnixListener::bind(&path).unwrap()).unwrap();
        let (passed, next) = handed(&[(&first, Purpose::ChatOverTls)]);
        drop(first);
        let (mut passed, _) = handed(&[(&passed[0], Purpose::ChatOverTls)]);
        assert!(next.listeners.is_empty() && passed[0].is_passed() && passed[0].is_tls);
        passed[0].own_file();
        let _peer = UnixStream::connect(&path).unwrap();
        assert!(matches!(passed[0].accept(), Arrival::Newcomer(..)));
        passed.clear();
        assert!(path.exists(), "the file is not ours");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_descriptor_that_is_no_listener_is_refused() {
        let listener = bound(&parsed(ANY));
        let client = connect(&listener).unwrap();
        let (_, state) = listener.hand_over(Purpose::Chat);
        assert!(Handed::new(vec![(client.into(), state)]).is_err());
    }
}
