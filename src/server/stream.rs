//! The stream under a connection. Tests script it.

use std::fmt;
use std::io::{self, Read, Write};

#[cfg(feature = "store")]
use crate::message::CertificateHash;
use crate::message::CloseReason;
#[cfg(feature = "web")]
use crate::message::Framing;

/// A non-blocking stream of bytes in both directions.
///
/// A stream that adds a layer, such as TLS, may buffer bytes that the system has not taken or that nobody has read yet;
/// the methods below tell. A read that fails with `Interrupted` has done some work without yielding bytes, and there
/// may be more.
pub trait Stream: Read + Write {
    /// Tells the peer that no more bytes follow; reading goes on. Fails with `WouldBlock` if it must be retried when
    /// the stream is writable.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// True during the handshake. Nothing can be written before it ends, and reading does its work.
    fn is_opening(&self) -> bool {
        false
    }

    /// Refuses the peer in the stream's own way instead of a handshake.
    fn decline(&mut self) {}

    /// True when nothing more can be written. Unsent bytes still go out.
    fn is_mute(&self) -> bool {
        false
    }

    /// True when nobody on the way can read the bytes.
    fn is_secure(&self) -> bool {
        false
    }

    /// The certificate whose key the peer has, if it has shown one.
    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<CertificateHash> {
        None
    }

    /// How messages to the peer are framed. Everything that is written then has whole frames.
    #[cfg(feature = "web")]
    fn framing(&self) -> Option<Framing> {
        None
    }

    /// Takes frames that the stream has for the peer. They must be written in their place among the others.
    #[cfg(feature = "web")]
    fn take_answers(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// True while the peer asks over HTTP, and logs in to nothing.
    #[cfg(feature = "web")]
    fn is_asking(&self) -> bool {
        false
    }

    /// True when the connection has only served an HTTP request that a proxy passed on.
    #[cfg(feature = "web")]
    fn is_one_request(&self) -> bool {
        false
    }

    /// Notes why the connection ends, before the last bytes are written. Returns the reason, or another that fits what
    /// the peer speaks.
    #[cfg(feature = "web")]
    fn ending(&mut self, reason: CloseReason) -> CloseReason {
        reason
    }

    /// True when the system has not taken all written bytes: `flush` continues with them.
    fn has_unsent(&self) -> bool {
        false
    }

    /// Buffered bytes, in both directions.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// Constant memory of the stream besides itself and those bytes.
    fn own_bytes(&self) -> usize {
        0
    }

    /// True when another process can go on with the stream.
    #[cfg(feature = "upgrade")]
    fn is_portable(&self) -> bool {
        true
    }

    /// Discards input that is unread, and ignores later input.
    fn forget_unread(&mut self) {}

    /// Discards unsent bytes, and allows no more writes.
    fn forget_unsent(&mut self) {}
}

/// A read error that says why the connection closes in an orderly way.
#[derive(Debug)]
pub struct Ending(CloseReason);

impl Ending {
    /// The error for a read.
    pub fn error(reason: CloseReason) -> io::Error {
        io::Error::other(Self(reason))
    }

    /// The reason in this error, if it has one.
    pub fn of(error: &io::Error) -> Option<&CloseReason> {
        error.get_ref()?.downcast_ref::<Self>().map(|Self(reason)| reason)
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Ending {}
