//! A stream of bytes over a stream of records.

use std::cell::RefCell;
use std::fmt;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::rc::Rc;

use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::WriteTraffic;

use super::alert;
use super::buffer::Buffer;
use super::client_certificates::{self, Client};
use super::records::{self, Progress, RECORD_BYTES, Scratch};
#[cfg(feature = "store")]
use crate::message::CertificateHash;
use crate::message::CloseReason;
use crate::server::{Ending, Stream};
#[cfg(feature = "web")]
use crate::wire::http::could_be_request;

/// The first byte of any TLS client: a handshake record (RFC 8446 §5.1).
const HANDSHAKE: u8 = 22;

/// The answer to an HTTP request without TLS. Unlike a redirect, it needs no name of this server.
#[cfg(feature = "web")]
const HTTPS_ONLY: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Connection: close\r\n\r\nthis port requires TLS: use https instead of http\n";

/// Approximate memory of rustls per connection, measured with 4,000 handshakes under way. Afterwards it is a quarter
/// less.
const OWN_BYTES: usize = 4_608 + client_certificates::OWN_BYTES;

/// Most bytes of incomplete records, or of records with an incomplete message: twice the limit of a record (RFC 5246
/// §6.2.3). A sincere client sends a tenth of that during the handshake, and none of it afterwards.
const MOST_BEGUN: usize = 2 * (5 + RECORD_BYTES + 2048);

/// TLS around another stream. When idle, it keeps no buffers.
pub struct TlsStream<S> {
    inner: S,
    connection: UnbufferedServerConnection,
    client: Client,
    scratch: Rc<RefCell<Scratch>>,
    input: Input,
    output: Output,
    /// An incomplete record, and during the handshake also records with an incomplete message.
    begun: Vec<u8>,
    /// Number of bytes at their end that belong to an incomplete record.
    tail: usize,
    /// Content of records that nobody has read.
    plain: Vec<u8>,
    /// Records, or the rest of one, that are not written.
    unsent: Vec<u8>,
}

/// Omits the keys.
impl<S: fmt::Debug> fmt::Debug for TlsStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { inner, input, output, .. } = self;
        let mut debug = f.debug_struct("TlsStream");
        debug.field("inner", inner).field("input", input).field("output", output).finish_non_exhaustive()
    }
}

/// How received bytes are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// Nothing has come yet. It may turn out not to be TLS.
    Unknown,
    /// As records.
    Records,
    /// The peer will send nothing more.
    Finished,
    /// Discarded.
    Ignored,
}

/// How outgoing bytes are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Output {
    /// They wait for the handshake.
    Opening,
    /// Encrypted into records.
    Records,
    /// Sent as they are: the peer does not speak TLS.
    Bare,
    /// No more are accepted; only `unsent` is still written.
    Closed,
    /// The peer is told that no more bytes follow.
    Shut,
}

impl<S> TlsStream<S> {
    pub(super) fn new(
        inner: S,
        connection: UnbufferedServerConnection,
        client: Client,
        scratch: Rc<RefCell<Scratch>>,
    ) -> Self {
        Self {
            inner,
            connection,
            client,
            scratch,
            input: Input::Unknown,
            output: Output::Opening,
            begun: Vec::new(),
            tail: 0,
            plain: Vec::new(),
            unsent: Vec::new(),
        }
    }

    #[cfg(feature = "upgrade")]
    pub(in crate::net) fn inner(&self) -> &S {
        &self.inner
    }

    pub(in crate::net) fn inner_mut(&mut self) -> &mut S {
        &mut self.inner
    }
}

impl<S: Stream> TlsStream<S> {
    /// Reads once, at most as much as `buffer` holds, and gives the content of the records.
    fn read_records(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let scratch = Rc::clone(&self.scratch);
        let Scratch { incoming, plain, outgoing } = &mut *scratch.borrow_mut();
        incoming.clear();
        incoming.extend(&self.begun);
        match self.inner.read(incoming.room(buffer.len()))? {
            // Someone on the way may have truncated the stream (RFC 8446 §6.1).
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => incoming.advance(count),
        }
        let incoming = incoming.filled();
        if self.input == Input::Unknown {
            if incoming[0] != HANDSHAKE {
                (self.input, self.output) = (Input::Ignored, Output::Bare);
                #[cfg(feature = "web")]
                if could_be_request(incoming) == Some(true) {
                    self.unsent.extend_from_slice(HTTPS_ONLY);
                    self.output = Output::Closed;
                    // The next write finds the error.
                    self.flush().ok();
                }
                return Err(Ending::error(CloseReason::NotTls));
            }
            self.input = Input::Records;
        }
        // The tail ends `begun`. A number that a peer may influence must not stop the server, so saturate.
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
        // rustls needs the records of an incomplete message again with each call. After the handshake, messages are as
        // short as 5 bytes and nobody has a reason to split them, so none are kept.
        if self.output == Output::Records && self.input == Input::Records && self.begun.len() != self.tail {
            return Err(self.give_up(alert::DECODE_ERROR, "a message in pieces"));
        }
        let given = plain.len().min(buffer.len());
        buffer[..given].copy_from_slice(&plain[..given]);
        self.plain = plain[given..].to_vec();
        match self.input {
            // No content yet, but there may be more to read.
            Input::Records if given == 0 => Err(ErrorKind::Interrupted.into()),
            _ => Ok(given),
        }
    }

    /// Takes note of processed records, and sends the answers as far as possible now.
    fn advance(&mut self, progress: Progress) -> io::Result<()> {
        self.client.sent(progress.used);
        if self.output == Output::Opening && !self.connection.is_handshaking() {
            self.output = Output::Records;
            self.client.is_known(&self.connection);
        }
        if progress.is_finished {
            self.input = Input::Finished;
        }
        if progress.failure.is_some() {
            self.input = Input::Ignored;
            self.mute();
            (self.begun, self.tail) = (Vec::new(), 0);
            self.client.has_failed();
        }
        // The next read or write finds the error.
        self.flush().ok();
        match progress.failure {
            Some(error) => Err(Ending::error(CloseReason::TlsFailed(error.to_string()))),
            None => Ok(()),
        }
    }

    /// Stops reading and writing. Tells the peer why if that needs no keys.
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
        self.input = Input::Ignored;
        self.mute();
    }

    /// Accepts no more bytes to send.
    fn mute(&mut self) {
        if self.output != Output::Shut {
            self.output = Output::Closed;
        }
    }

    /// Lets `say` append to `outgoing`, after what TLS itself has to send. All complete records were processed on
    /// arrival, so this yields no content.
    fn speak(
        &mut self,
        outgoing: &mut Buffer,
        say: impl FnMut(WriteTraffic<'_, ServerConnectionData>, &mut Buffer),
    ) {
        let Progress { used, .. } =
            records::drive(&mut self.connection, &mut self.begun, &mut self.plain, outgoing, say);
        self.begun.drain(..used.min(self.begun.len()));
    }

    /// Writes the beginning of `buffers` as a record, at most as much as fits in one.
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
        self.inner.shutdown_write()?;
        self.output = Output::Shut;
        Ok(())
    }

    fn is_opening(&self) -> bool {
        self.output == Output::Opening
    }

    fn decline(&mut self) {
        self.refuse(alert::ACCESS_DENIED);
    }

    fn is_mute(&self) -> bool {
        matches!(self.output, Output::Closed | Output::Shut)
    }

    fn is_secure(&self) -> bool {
        true
    }

    #[cfg(feature = "store")]
    fn certificate(&self) -> Option<CertificateHash> {
        self.client.certificate()
    }

    /// Its keys cannot leave this program. None are needed once we have nothing more to say, because then input is ignored.
    #[cfg(feature = "upgrade")]
    fn is_portable(&self) -> bool {
        self.output == Output::Shut
    }

    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    fn kept_bytes(&self) -> usize {
        self.begun.capacity() + self.plain.capacity() + self.unsent.capacity() + self.client.kept_bytes()
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
        self.mute();
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
            Output::Closed | Output::Shut => Err(ErrorKind::BrokenPipe.into()),
        }
    }

    /// Writes unsent records. Fails with `WouldBlock` if some remain.
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
