//! The client over TLS, against a stand-in for a server.

mod program;
mod talking;
mod trusting;

use parlor::address::Address;
use parlor::client::{Client, Error, Events, Speaker, Tls};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;
use rcgen::CertificateParams;
use rustls::version::{TLS12, TLS13};

use crate::support::StandIn;
use crate::support::tls_stand_in::{Identity, Server};

fn connect(at: &Address, wire: Wire, tls: Tls) -> Result<Client, Error> {
    Client::builder().wire(wire).tls(tls).connect(at)
}

fn enter(at: &Address, wire: Wire, tls: Tls) -> (Speaker, Events) {
    let mut client = connect(at, wire, tls).expect("the server is to be trusted");
    client.login(&UserName::new("alice").expect("a name"), None).expect("the name is free");
    client.split().expect("a descriptor is left")
}

/// Somebody in a room on IRC.
fn member(at: &Address, tls: Tls) -> (Speaker, Events) {
    let (mut speaker, events) = enter(at, Wire::Irc, tls);
    speaker.join(&RoomName::new("#t").expect("a room")).expect("the server reads");
    (speaker, events)
}

fn welcome(peer: &mut StandIn) {
    peer.await_line("USER");
    peer.send(&[":s 001 alice :Welcome"]);
}

/// A server's identity that nobody vouches for, and who trusts it.
fn pinned() -> (Identity, Tls) {
    let identity = Identity::self_signed(no_change);
    let tls = Tls::pinned(identity.fingerprint());
    (identity, tls)
}

fn no_change(_: &mut CertificateParams) {}

/// Each version of the protocol, in large packets and byte by byte.
fn ways(identity: &Identity) -> Vec<Server> {
    let ways = [(&TLS13, usize::MAX), (&TLS13, 1), (&TLS12, usize::MAX), (&TLS12, 1)];
    ways.map(|(version, piece)| Server { identity: identity.clone(), version, piece }).into()
}
