//! Replaces `tls` in builds without it.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;

use crate::failure::Failure;

/// Has no values.
pub(crate) enum Certificate {}

impl Certificate {
    pub(crate) fn make() -> Result<Self, Failure> {
        Err(Failure::Wrong("this is built without TLS".into()))
    }

    pub(crate) fn cert(&self) -> &str {
        match *self {}
    }

    pub(crate) fn key(&self) -> &str {
        match *self {}
    }
}

/// Has no values.
pub(crate) enum TlsLine {}

impl TlsLine {
    pub(crate) fn connect(_: SocketAddr, certificate: &Certificate, _: bool) -> io::Result<Self> {
        match *certificate {}
    }

    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match *self {}
    }
}

impl Read for TlsLine {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match *self {}
    }
}

impl Write for TlsLine {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        match *self {}
    }

    fn flush(&mut self) -> io::Result<()> {
        match *self {}
    }
}
