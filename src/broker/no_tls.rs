//! Without TLS: no URL asks for it.

use std::convert::Infallible;
use std::io::{self, Read, Write};

use super::error::BrokerError;
use crate::address::Address;
use crate::blocking_socket::BlockingSocket;

/// There are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorities {}

/// A socket that cannot exist.
pub(super) struct TlsSocket(Infallible);

pub(super) fn wrap(
    _: &Address,
    _: BlockingSocket,
    _: Option<&Authorities>,
) -> Result<TlsSocket, BrokerError> {
    Err(BrokerError::broken("this program was built without TLS"))
}

impl Read for TlsSocket {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Write for TlsSocket {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match self.0 {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0 {}
    }
}

pub(super) fn socket(tls: &TlsSocket) -> &BlockingSocket {
    match tls.0 {}
}
