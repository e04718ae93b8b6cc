//! Refuses to serve a network as root without permission: an attacker who took over the server would own the machine.

use std::fmt;

use rustix::process::geteuid;

use super::inherited::Inherited;
use super::listener::Listener;
use super::tls;
use crate::address::Address;
use crate::config::ServerConfig;

/// The error: the server would serve a network as root.
#[derive(Debug)]
pub struct PublicAsRoot {
    address: Address,
}

/// Fails when this process runs as root, other machines can reach it, and `allow_root` is false. Call it before
/// listening.
pub fn check_privileges(config: &ServerConfig, inherited: &Inherited) -> Result<(), PublicAsRoot> {
    if config.allow_root || !geteuid().is_root() {
        return Ok(());
    }
    let (plain, over_tls) = inherited.wanted(&config.listen, tls::addresses(config));
    let passed = inherited.listeners.iter().map(Listener::address);
    let mut all = passed.chain(plain).chain(over_tls).chain(config.further_addresses());
    let public = all.find(|address| address.public_port().is_some());
    public.map_or(Ok(()), |address| Err(PublicAsRoot { address: address.clone() }))
}

impl fmt::Display for PublicAsRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "root must not listen on {}: run parlord as another user, or with --allow-root",
            self.address
        )
    }
}

impl std::error::Error for PublicAsRoot {}
