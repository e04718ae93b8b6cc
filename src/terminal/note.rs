//! What the threads of the program tell its loop.

use super::failure::Failure;
use crate::client::{Client, Error, Event};

/// Notes waiting for the loop. When full, senders block, and finally the server.
pub(super) const NOTES: usize = 64;

/// A message to the loop, of the conversation or of the pipe.
#[derive(Debug)]
pub(super) enum Note {
    /// Lines of the input.
    Typed(Vec<String>),
    /// Several lines that were pasted at once.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Pasted(Vec<String>),
    /// A key that is not UTF-8 has cost a line.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Garbled,
    /// The input has ended, or cannot be read.
    InputEnded(Result<(), Failure>),
    /// Ctrl-C.
    Interrupted,
    /// The system asks us to end.
    Terminated,
    /// We were stopped, and go on.
    Continued,
    /// An event on the connection of this number; `None` where it has ended as it should.
    Heard(u64, Option<Result<Event, Error>>),
    /// What came of trying to connect again.
    Tried(Result<Box<Client>, Error>),
}
