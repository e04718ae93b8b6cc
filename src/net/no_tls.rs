//! Replaces `tls` in builds without it; nobody can ask for TLS.

use std::io;

use super::plain::Plain;
use crate::address::Address;
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};
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

/// Nothing: this program needs no keys of another.
#[cfg(feature = "upgrade")]
#[derive(Clone, Debug)]
pub(super) struct TicketsHandover;

#[cfg(feature = "upgrade")]
impl ToCbor for TicketsHandover {
    fn write(&self, out: &mut Writer) {
        out.null();
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for TicketsHandover {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.skip_values(1).map(|()| Self)
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for TicketsHandover {
    fn any(_: &mut crate::cbor::any::Choices<'_>) -> Self {
        Self
    }
}

#[cfg(feature = "upgrade")]
impl Tls {
    pub(super) fn hand_over(&self) -> Option<TicketsHandover> {
        match *self {}
    }

    pub(super) fn take_over(&mut self, _: TicketsHandover) {
        match *self {}
    }
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
