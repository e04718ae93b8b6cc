//! Without the feature `upgrade`, a server is restarted instead.

use std::io;
use std::time::Instant;

use mio::Registry;

use super::running::Running;
use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::web::{Socket, Web};
use crate::server::Server;

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
    ) -> io::Result<Server<Socket>> {
        Ok(Server::new(config, now))
    }

    pub(super) fn deadline(&self, _: Instant) -> Option<Instant> {
        None
    }
}

impl Running {
    pub(super) fn go_on_upgrading(&mut self, _: Now) {}
}
