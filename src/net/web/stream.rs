//! A layer around another stream that answers HTTP requests, and turns WebSocket messages into lines. It detects HTTP by
//! the first bytes, and removes itself from peers that speak something else.
//!
//! What the server writes once the peer speaks WebSocket is framed already.

#[cfg(feature = "upgrade")]
mod handover;

#[cfg(feature = "upgrade")]
pub(in crate::net) use handover::WebHandover;

use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::mem;
use std::rc::Rc;

use super::farewell;
use super::messages::Messages;
use super::request::{HEAD_BYTES, Parsed, parse};
use super::response::Response;
use super::site::{Answer, Site};
use super::status::Status;
use super::unsent::Unsent;
#[cfg(feature = "store")]
use crate::message::CertificateHash;
use crate::message::{CloseReason, Framing};
use crate::server::{Ending, Stream};
use crate::wire::http::could_be_request;

/// Most requests on one connection: more than the page has files.
const MOST_REQUESTS: u8 = 100;

/// The peer may send frames only after the response (RFC 6455 §4.1).
const TOO_EARLY: &str = "wait for the response before you send frames";

/// A layer around the stream of a peer that may speak HTTP.
pub struct WebStream<S> {
    /// `None` only after `leave`.
    inner: Option<S>,
    site: Rc<Site>,
    /// The next request may be somebody else's: a proxy passes it on.
    is_shared: bool,
    state: State,
    /// Own bytes for the peer, which come before those that are written.
    unsent: Unsent,
}

#[derive(Debug)]
enum State {
    /// The first bytes are too few to tell the protocol.
    Unknown(Vec<u8>),
    /// The peer does not speak HTTP. These bytes are still to be read.
    Other(Vec<u8>),
    /// HTTP requests are answered.
    Requests {
        /// The beginning of the next one.
        head: Vec<u8>,
        /// Number of requests answered.
        answered: u8,
    },
    /// The last request is answered, and later input is ignored.
    Answered,
    /// The peer speaks WebSocket.
    Messages(Messages),
}

impl<S: fmt::Debug> fmt::Debug for WebStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, state, .. } = self;
        f.debug_struct("WebStream").field("inner", inner).field("state", state).finish_non_exhaustive()
    }
}

impl<S> WebStream<S> {
    /// A layer around the stream of a newcomer. `is_shared`: a proxy uses it for several peers.
    pub(super) fn new(inner: S, site: Rc<Site>, is_shared: bool) -> Self {
        let (state, unsent) = (State::Unknown(Vec::new()), Unsent::default());
        Self { inner: Some(inner), site, is_shared, state, unsent }
    }

    /// The inner stream, once nothing else needs this layer.
    pub(super) fn leave(&mut self) -> Option<S> {
        match &self.state {
            State::Other(held) if held.is_empty() => self.inner.take(),
            _ => None,
        }
    }

    pub(super) fn inner(&self) -> Option<&S> {
        self.inner.as_ref()
    }

    pub(super) fn inner_mut(&mut self) -> io::Result<&mut S> {
        in_use(&mut self.inner)
    }
}

/// The inner stream of a layer that is in use. Borrows no other field.
fn in_use<S>(inner: &mut Option<S>) -> io::Result<&mut S> {
    inner.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
}

impl<S: Stream> WebStream<S> {
    /// Reads the first bytes. They are the reader's if the peer does not speak HTTP.
    fn read_first(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let given = self.detect(buffer)?;
        match &self.state {
            State::Requests { .. } => self.answer(),
            State::Other(_) if given > 0 => Ok(given),
            State::Other(_) => self.give_held(buffer),
            State::Unknown(_) | State::Answered | State::Messages(_) => Err(ErrorKind::Interrupted.into()),
        }
    }

    /// Reads some of the first bytes, and detects the protocol by them if they suffice. If they come all at once and are
    /// the reader's, gives them without keeping them: newcomers should not fragment the memory.
    fn detect(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let State::Unknown(held) = &mut self.state else { return Ok(0) };
        let room = buffer.len().min(HEAD_BYTES - held.len());
        let count = in_use(&mut self.inner)?.read(&mut buffer[..room])?;
        if held.is_empty() && could_be_request(&buffer[..count]) == Some(false) {
            self.state = State::Other(Vec::new());
            return Ok(count);
        }
        held.extend_from_slice(&buffer[..count]);
        let held = mem::take(held);
        self.state = match could_be_request(&held) {
            None if count > 0 => State::Unknown(held),
            Some(true) => State::Requests { head: held, answered: 0 },
            None | Some(false) => State::Other(held),
        };
        Ok(0)
    }

    fn give_held(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let State::Other(held) = &mut self.state else { return Ok(0) };
        let given = held.len().min(buffer.len());
        buffer[..given].copy_from_slice(&held[..given]);
        *held = held[given..].to_vec();
        Ok(given)
    }

    /// Reads more of a request, and answers it once its head is whole.
    fn read_request(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let State::Requests { head, .. } = &mut self.state else { return Ok(0) };
        let room = buffer.len().min((HEAD_BYTES + 1).saturating_sub(head.len()));
        let count = in_use(&mut self.inner)?.read(&mut buffer[..room])?;
        if count == 0 {
            return Ok(0);
        }
        if !self.unsent.is_empty() {
            // A request before the last response is written. Browsers wait for it.
            self.state = State::Answered;
            return Err(Ending::error(CloseReason::Answered));
        }
        head.extend_from_slice(&buffer[..count]);
        // Without the end of a line nothing changes, and a peer may send single bytes.
        if !buffer[..count].contains(&b'\n') && head.len() < HEAD_BYTES {
            return Err(ErrorKind::Interrupted.into());
        }
        self.answer()
    }

    /// Answers the request whose head has been read; waits if it is not whole. Never yields bytes.
    fn answer(&mut self) -> io::Result<usize> {
        let State::Requests { head, answered } = &mut self.state else { return Ok(0) };
        let answered = *answered + 1;
        let answer = match parse(head) {
            Parsed::NeedMore => return Err(ErrorKind::Interrupted.into()),
            Parsed::Malformed(status, why) => Answer::Respond(Response::refusal(status, why)),
            Parsed::Request { length, request } => {
                let has_more = head.len() > length;
                match self.site.answer(&request, self.is_shared || has_more || answered == MOST_REQUESTS) {
                    Answer::Upgrade { .. } if has_more => {
                        Answer::Respond(Response::refusal(Status::BadRequest, TOO_EARLY))
                    }
                    answer => answer,
                }
            }
        };
        let is_last = match answer {
            Answer::Respond(response) => {
                let Response { head, body, is_last } = response.dated(self.site.now());
                self.unsent.push(head, body);
                // What follows the last may be meant as a request by somebody else, so it is ignored.
                let next = State::Requests { head: Vec::new(), answered };
                self.state = if is_last { State::Answered } else { next };
                is_last
            }
            Answer::Upgrade { response, framing } => {
                self.unsent.push_bytes(&response);
                self.state = State::Messages(Messages::new(framing));
                false
            }
        };
        // The next read or write finds the error.
        self.flush().ok();
        Err(if is_last { Ending::error(CloseReason::Answered) } else { ErrorKind::Interrupted.into() })
    }

    fn flush_own(&mut self) -> io::Result<()> {
        self.unsent.write_to(in_use(&mut self.inner)?)
    }

    /// Looks whether a peer that is refused has sent a request: then it is told in HTTP.
    fn look(&mut self) {
        if self.inner().is_some_and(|inner| !inner.is_opening()) {
            // Without bytes, nothing is known.
            self.detect(&mut [0; 1024]).ok();
        }
    }
}

impl<S: Stream> Stream for WebStream<S> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        if let State::Messages(messages) = &mut self.state {
            self.unsent.push_bytes(&messages.close());
        }
        self.flush()?;
        self.inner_mut()?.shutdown_write()
    }

    fn is_opening(&self) -> bool {
        self.inner().is_some_and(Stream::is_opening)
    }

    fn decline(&mut self) {
        self.inner_mut().map(Stream::decline).ok();
    }

    fn is_mute(&self) -> bool {
        self.inner().is_none_or(Stream::is_mute)
    }

    fn is_secure(&self) -> bool {
        self.inner().is_some_and(Stream::is_secure)
    }

    #[cfg(feature = "upgrade")]
    fn is_portable(&self) -> bool {
        self.inner().is_some_and(Stream::is_portable)
    }

    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<CertificateHash> {
        self.inner()?.certificate()
    }

    fn framing(&self) -> Option<Framing> {
        match &self.state {
            State::Messages(messages) => Some(messages.framing()),
            State::Unknown(_) | State::Other(_) | State::Requests { .. } | State::Answered => None,
        }
    }

    fn take_answers(&mut self) -> Vec<u8> {
        match &mut self.state {
            State::Messages(messages) => messages.take_pongs(),
            State::Unknown(_) | State::Other(_) | State::Requests { .. } | State::Answered => Vec::new(),
        }
    }

    fn is_asking(&self) -> bool {
        matches!(self.state, State::Requests { .. })
    }

    fn is_one_request(&self) -> bool {
        self.is_shared && matches!(self.state, State::Answered)
    }

    fn ending(&mut self, reason: CloseReason) -> CloseReason {
        self.look();
        match &mut self.state {
            State::Messages(messages) => {
                messages.will_close(&reason);
                reason
            }
            State::Requests { head, answered } => {
                if !head.is_empty() || *answered == 0 {
                    let Response { head, body, .. } = farewell::response(&reason).dated(self.site.now());
                    self.unsent.push(head, body);
                }
                self.state = State::Answered;
                CloseReason::Answered
            }
            State::Answered => CloseReason::Answered,
            State::Unknown(_) | State::Other(_) => reason,
        }
    }

    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty() || self.inner().is_some_and(Stream::has_unsent)
    }

    fn kept_bytes(&self) -> usize {
        let state = match &self.state {
            State::Unknown(bytes) | State::Other(bytes) | State::Requests { head: bytes, .. } => {
                bytes.capacity()
            }
            State::Answered => 0,
            State::Messages(messages) => messages.kept_bytes(),
        };
        let inner = self.inner().map_or(0, Stream::kept_bytes);
        size_of::<Self>() + state + self.unsent.kept_bytes() + inner
    }

    fn own_bytes(&self) -> usize {
        self.inner().map_or(0, Stream::own_bytes)
    }

    fn forget_unread(&mut self) {
        match &mut self.state {
            State::Unknown(_) | State::Other(_) => self.state = State::Other(Vec::new()),
            State::Requests { .. } => self.state = State::Answered,
            State::Answered => {}
            State::Messages(messages) => messages.forget_unread(),
        }
        // A peer that speaks WebSocket says in a message that it closes.
        if self.framing().is_none() {
            self.inner_mut().map(Stream::forget_unread).ok();
        }
    }

    fn forget_unsent(&mut self) {
        self.unsent = Unsent::default();
        self.inner_mut().map(Stream::forget_unsent).ok();
    }
}

impl<S: Stream> Read for WebStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.state {
            State::Unknown(_) => self.read_first(buffer),
            State::Other(held) if held.is_empty() => self.inner_mut()?.read(buffer),
            State::Other(_) => self.give_held(buffer),
            State::Requests { .. } => self.read_request(buffer),
            State::Answered => match self.inner_mut()?.read(buffer)? {
                0 => Ok(0),
                _ => Err(ErrorKind::Interrupted.into()),
            },
            State::Messages(messages) => messages.read(in_use(&mut self.inner)?, buffer),
        }
    }
}

impl<S: Stream> Write for WebStream<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buffer)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match &self.state {
            // Whoever speaks HTTP does not understand what sessions say.
            State::Requests { .. } | State::Answered => Ok(buffers.iter().map(|buffer| buffer.len()).sum()),
            State::Unknown(_) | State::Other(_) => self.inner_mut()?.write_vectored(buffers),
            State::Messages(_) => {
                self.flush_own()?;
                self.inner_mut()?.write_vectored(buffers)
            }
        }
    }

    /// Writes own bytes. Fails with `WouldBlock` if the stream takes no more of them; of a large file, some may remain
    /// in any case.
    fn flush(&mut self) -> io::Result<()> {
        self.flush_own()?;
        self.inner_mut()?.flush()
    }
}

#[cfg(test)]
mod tests;
