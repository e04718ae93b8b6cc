//! Without the feature `upgrade`, a server is restarted instead.

use std::convert::Infallible;
use std::io;
use std::time::Instant;

use mio::Registry;

use super::running::Running;
use crate::config::ServerConfig;
use crate::message::{CloseReason, Now};
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::web::{Socket, Web};
use crate::server::Server;

/// Has no values: a small build should not handle what cannot happen.
pub(super) type Failure = Infallible;

#[derive(Debug, Default)]
pub(super) struct Upgrading(());

impl Upgrading {
    pub(super) fn server(
        &mut self,
        config: &ServerConfig,
        _: &Registry,
        _: Option<&mut Tls>,
        _: &Web,
        _: &mut Proxies,
        now: Now,
    ) -> Result<Server<Socket>, Failure> {
        Ok(Server::new(config, now))
    }

    pub(super) fn is_end(&self) -> bool {
        false
    }

    pub(super) fn farewell(&self) -> Option<CloseReason> {
        None
    }

    pub(super) fn deadline(&self, _: Instant) -> Option<Instant> {
        None
    }
}

impl Running {
    pub(super) fn go_on_upgrading(&mut self, _: Now) {}

    pub(super) fn give_up_upgrading(&mut self) {}
}

pub(super) fn failed(failure: Failure) -> io::Error {
    match failure {}
}
