//! What a connection needs of its socket. Tests put scripted streams in its place.

use std::fmt;
use std::io::{self, Read, Write};

use crate::message::CloseReason;

/// A non-blocking stream of bytes, either way.
///
/// One that puts something around them, as TLS does, may have taken bytes that the system has not taken yet, and have got
/// bytes that nobody has read: then the methods below tell so. A read that fails with `Interrupted` has done some work,
/// of which nothing is to be seen, and there may be more.
pub trait Stream: Read + Write {
    /// Tells the peer that nothing more will come, and goes on reading. Fails with `WouldBlock` when that is to be tried
    /// again as soon as the stream can be written to.
    fn shutdown_write(&mut self) -> io::Result<()>;

    /// True until both sides have agreed on how to talk. Nothing can be written before; reading does the work.
    fn is_opening(&self) -> bool {
        false
    }

    /// Instead of opening, tells the peer in the stream's own way that it may not come in.
    fn decline(&mut self) {}

    /// True when nothing more can be written. What is unsent still goes.
    fn is_mute(&self) -> bool {
        false
    }

    /// True when nobody on the way can read what is said.
    fn is_secure(&self) -> bool {
        false
    }

    /// True when something that was written has not been taken by the system: `flush` goes on with it.
    fn has_unsent(&self) -> bool {
        false
    }

    /// Bytes of the peer, either way, that the stream keeps.
    fn kept_bytes(&self) -> usize {
        0
    }

    /// How much memory the stream takes besides those bytes, and besides itself; it stays the same.
    fn own_bytes(&self) -> usize {
        0
    }

    /// Forgets what has come and was not read. What still comes is no use to anybody any more.
    fn forget_unread(&mut self) {}

    /// Forgets what was written and is not sent. Nothing can be written any more.
    fn forget_unsent(&mut self) {}
}

/// The error of a read that says why the connection ends in an orderly way.
#[derive(Debug)]
pub struct Ending(CloseReason);

impl Ending {
    /// What a read fails with.
    pub fn error(reason: CloseReason) -> io::Error {
        io::Error::other(Self(reason))
    }

    /// The reason, if this error has one.
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
