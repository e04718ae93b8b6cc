//! Messages from the threads of the program to its loop.

use super::failure::Failure;
use crate::client::{Client, ClientEvent, Error};

/// Notes waiting for the loop. When full, senders block, and finally the server.
pub(super) const NOTES: usize = 64;

/// A message to the loop of the conversation or the pipe.
#[derive(Debug)]
pub(super) enum Note {
    /// Lines of the input.
    Typed(Vec<String>),
    /// Several lines of one paste.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Pasted(Vec<String>),
    /// A line was lost because of a key that is not UTF-8.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    Garbled,
    /// The input has ended or cannot be read.
    InputEnded(Result<(), Failure>),
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM or SIGHUP.
    Terminated,
    /// SIGCONT, after a stop.
    Continued,
    /// An event of the connection with this number; `None` for its orderly end.
    Heard(u64, Option<Result<ClientEvent, Error>>),
    /// The result of a retry.
    Tried(Result<Box<Client>, Error>),
}
