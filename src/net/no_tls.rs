//! Replaces `tls` in builds without it; nobody can ask for TLS.

use std::io;

use super::plain::Plain;
use crate::address::Address;
use crate::config::ServerConfig;

/// Has no values.
#[derive(Debug)]
pub(super) enum Tls {}

pub(super) fn addresses(_: &ServerConfig) -> &[Address] {
    &[]
}

pub(super) fn has_certificate(_: &ServerConfig) -> bool {
    false
}

pub(super) fn is_vouched_for(_: &ServerConfig) -> bool {
    false
}

impl Tls {
    pub(super) fn new(_: &ServerConfig) -> Option<Self> {
        None
    }

    pub(super) fn renew(&mut self, _: &ServerConfig) {
        match *self {}
    }

    pub(super) fn wrap(&self, _: Plain) -> io::Result<Plain> {
        match *self {}
    }
}
