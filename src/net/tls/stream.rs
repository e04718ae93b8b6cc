//! A stream of bytes inside a stream of records.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::WriteTraffic;

use super::alert;
use super::buffer::Buffer;
use super::records::{self, Progress, RECORD_BYTES, Scratch};
use crate::message::CloseReason;
use crate::server::{Ending, Stream};

/// The first byte of whatever TLS client there is: a record of the handshake (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// How much memory rustls keeps for a connection, about: measured with 4,000 handshakes that were under way. Afterwards
/// it is a quarter less.
const OWN_BYTES: usize = 4_608;

/// Most bytes of records that are not whole, or carry a message that is not: twice what a record may have (RFC 5246
/// §6.2.3). A client that means it sends a tenth of that before the handshake is done, and nothing of the kind after it.
const MOST_BEGUN: usize = 2 * (5 + RECORD_BYTES + 2048);

/// TLS around another stream. An idle one keeps no buffers.
pub struct TlsStream<S> {
    inner: S,
    connection: UnbufferedServerConnection,
    scratch: Rc<RefCell<Scratch>>,
    input: Input,
    output: Output,
    /// A record that is not whole. As long as hands are shaken, also records that carry a message that is not.
    begun: Vec<u8>,
    /// How many bytes of those, at their end, are of a record that is not whole.
    tail: usize,
    /// What records carried, and nobody has read.
    plain: Vec<u8>,
    /// Records, or what is left of them, that are not written.
    unsent: Vec<u8>,
}

/// Without the keys.
impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, input, output, .. } = self;
        let mut debug = f.debug_struct("TlsStream");
        debug.field("inner", inner).field("input", input).field("output", output).finish_non_exhaustive()
    }
}

/// What is made of what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// Nothing has come yet. It may turn out not to be TLS.
    Unknown,
    /// It is records.
    Records,
    /// The peer has said that there will be nothing more.
    Finished,
    /// Nothing: it is of no use any more.
    Ignored,
}

/// What is made of what is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// It has to wait for the handshake.
    Opening,
    /// Records.
    Records,
    /// It goes as it is: the peer does not speak TLS.
    Bare,
    /// Nothing can go any more, but for what is in `unsent`.
    Closed,
}

impl<S> TlsStream<S> {
    pub(super) fn new(
        inner: S,
        connection: UnbufferedServerConnection,
        scratch: Rc<RefCell<Scratch>>,
    ) -> Self {
        Self {
            inner,
            connection,
            scratch,
            input: Input::Unknown,
            output: Output::Opening,
            begun: Vec::new(),
            tail: 0,
            plain: Vec::new(),
            unsent: Vec::new(),
        }
    }

    /// The stream around which this is.
    pub(in crate::net) fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: Stream> TlsStream<S> {
    /// Reads once, at most as much as `buffer` takes, and gives what the records carried.
    fn read_records(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let scratch = Rc::clone(&self.scratch);
        let Scratch { incoming, plain, outgoing } = &mut *scratch.borrow_mut();
        incoming.clear();
        incoming.extend(&self.begun);
        match self.inner.read(incoming.room(buffer.len()))? {
            // Somebody on the way may have cut it off (RFC 8446 §6.1).
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => incoming.advance(count),
        }
        let incoming = incoming.filled();
        if self.input == Input::Unknown {
            if incoming[0] != HANDSHAKE {
                (self.input, self.output) = (Input::Ignored, Output::Bare);
                return Err(Ending::error(CloseReason::NotTls));
            }
            self.input = Input::Records;
        }
        // The tail is the end of what was begun; a number that a peer might get wrong must not end the server.
        self.tail = records::unfinished(&incoming[self.begun.len().saturating_sub(self.tail)..]);
        plain.clear();
        outgoing.clear();
        let progress = records::drive(&mut self.connection, incoming, plain, outgoing, |_, _| {});
        self.unsent.extend_from_slice(outgoing.filled());
        self.begun = incoming[progress.used..].to_vec();
        self.advance(progress)?;
        if self.begun.len() > MOST_BEGUN {
            return Err(self.give_up(alert::DECODE_ERROR, "a message too long"));
        }
        // rustls wants to be shown again the records of a message that is not whole, whatever we want of it. Once hands
        // are shaken there are messages of 5 bytes alone, which nobody has a reason to cut, and then none are kept.
        if self.output == Output::Records && self.input == Input::Records && self.begun.len() != self.tail {
            return Err(self.give_up(alert::DECODE_ERROR, "a message in pieces"));
        }
        let given = plain.len().min(buffer.len());
        buffer[..given].copy_from_slice(&plain[..given]);
        self.plain = plain[given..].to_vec();
        match self.input {
            // Nothing to see, but perhaps there is more to read.
            Input::Records if given == 0 => Err(ErrorKind::Interrupted.into()),
            _ => Ok(given),
        }
    }

    /// Takes note of what came of some records, and sends what is to be answered, as far as that can be done now.
    fn advance(&mut self, progress: Progress) -> io::Result<()> {
        if self.output == Output::Opening && !self.connection.is_handshaking() {
            self.output = Output::Records;
        }
        if progress.is_finished {
            self.input = Input::Finished;
        }
        if progress.failure.is_some() {
            (self.input, self.output) = (Input::Ignored, Output::Closed);
            (self.begun, self.tail) = (Vec::new(), 0);
        }
        // What fails here is found by whoever writes or reads next.
        self.flush().ok();
        match progress.failure {
            Some(error) => Err(Ending::error(CloseReason::TlsFailed(error.to_string()))),
            None => Ok(()),
        }
    }

    /// Neither reads nor writes any more. The peer is told why where that can be said without keys.
    fn give_up(&mut self, description: u8, why: &str) -> io::Error {
        self.refuse(description);
        self.flush().ok();
        Ending::error(CloseReason::TlsFailed(why.to_owned()))
    }

    fn refuse(&mut self, description: u8) {
        if self.output == Output::Opening {
            self.unsent.extend_from_slice(&alert::record(description));
        }
        (self.begun, self.tail, self.plain) = (Vec::new(), 0, Vec::new());
        (self.input, self.output) = (Input::Ignored, Output::Closed);
    }

    /// Lets `say` add to `outgoing`, behind what TLS itself has to say. Whatever was whole among the records that came has
    /// been taken when it came, so here that gives nothing.
    fn speak(
        &mut self,
        outgoing: &mut Buffer,
        say: impl FnMut(WriteTraffic<'_, ServerConnectionData>, &mut Buffer),
    ) {
        let Progress { used, .. } =
            records::drive(&mut self.connection, &mut self.begun, &mut self.plain, outgoing, say);
        self.begun.drain(..used.min(self.begun.len()));
    }

    /// Writes the beginning of `buffers` as a record, at most as much as one carries.
    fn write_record(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.flush()?;
        let scratch = Rc::clone(&self.scratch);
        let Scratch { plain, outgoing, .. } = &mut *scratch.borrow_mut();
        plain.clear();
        for buffer in buffers {
            let room = RECORD_BYTES - plain.len();
            plain.extend_from_slice(&buffer[..buffer.len().min(room)]);
        }
        outgoing.clear();
        let mut is_said = false;
        self.speak(outgoing, |traffic, outgoing| is_said = records::say(traffic, plain, outgoing));
        if !is_said {
            self.output = Output::Closed;
            return Err(ErrorKind::BrokenPipe.into());
        }
        let outgoing = outgoing.filled();
        let written = match self.inner.write(outgoing) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => written,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => 0,
            Err(error) => return Err(error),
        };
        self.unsent = outgoing[written..].to_vec();
        Ok(plain.len())
    }
}

impl<S: Stream> Stream for TlsStream<S> {
    fn shutdown_write(&mut self) -> io::Result<()> {
        if self.output == Output::Records {
            let scratch = Rc::clone(&self.scratch);
            let Scratch { outgoing, .. } = &mut *scratch.borrow_mut();
            outgoing.clear();
            self.speak(outgoing, records::say_the_end);
            self.unsent.extend_from_slice(outgoing.filled());
            self.output = Output::Closed;
        }
        self.flush()?;
        self.inner.shutdown_write()
    }

    fn is_opening(&self) -> bool {
        self.output == Output::Opening
    }

    fn decline(&mut self) {
        self.refuse(alert::ACCESS_DENIED);
    }

    fn is_mute(&self) -> bool {
        self.output == Output::Closed
    }

    fn is_secure(&self) -> bool {
        true
    }

    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn kept_bytes(&self) -> usize {
        self.begun.capacity() + self.plain.capacity() + self.unsent.capacity()
    }

    fn own_bytes(&self) -> usize {
        OWN_BYTES
    }

    fn forget_unread(&mut self) {
        (self.begun, self.tail, self.plain) = (Vec::new(), 0, Vec::new());
        self.input = Input::Ignored;
        if self.output == Output::Opening {
            self.output = Output::Closed;
        }
    }

    fn forget_unsent(&mut self) {
        self.unsent = Vec::new();
        self.output = Output::Closed;
    }
}

impl<S: Stream> Read for TlsStream<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.plain.is_empty() {
            let given = self.plain.len().min(buffer.len());
            buffer[..given].copy_from_slice(&self.plain[..given]);
            self.plain = self.plain[given..].to_vec();
            return Ok(given);
        }
        match self.input {
            Input::Unknown | Input::Records => self.read_records(buffer),
            Input::Finished => Ok(0),
            Input::Ignored => match self.inner.read(buffer)? {
                0 => Ok(0),
                _ => Err(ErrorKind::Interrupted.into()),
            },
        }
    }
}

impl<S: Stream> Write for TlsStream<S> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buffer)])
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        match self.output {
            Output::Opening => Err(ErrorKind::WouldBlock.into()),
            Output::Records => self.write_record(buffers),
            Output::Bare => self.inner.write_vectored(buffers),
            Output::Closed => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes what is left of records. Fails with `WouldBlock` where that is not all.
    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.inner.write(&self.unsent) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.unsent = self.unsent[written..].to_vec(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
