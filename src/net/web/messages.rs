//! The WebSocket side of a connection: messages become lines, and the connection ends with a Close frame (RFC 6455 §7).

use std::io::{self, ErrorKind, Read};
use std::mem;

use super::farewell;
#[cfg(feature = "upgrade")]
use crate::cbor::{cases, map};
use crate::message::{CloseReason, Framing};
use crate::server::Ending;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};
use crate::wire::websocket::{self, CloseCode, LineDecoder, Outcome, SPARE_BYTES};

/// Longest message, in bytes: twice the longest line with tags. The session answers lines that are a little too long;
/// longer ones end the connection.
const MESSAGE_BYTES: usize = 2 * (CLIENT_TAGS_BYTES + LINE_BYTES);

/// The conversation with a peer that speaks WebSocket.
#[derive(Clone, Debug)]
pub(super) struct Messages {
    framing: Framing,
    lines: LineDecoder,
    /// Frames that answer pings.
    pongs: Vec<u8>,
    input: Input,
    /// What our Close frame will say; `None` once it is sent.
    farewell: Option<(CloseCode, Box<str>)>,
}

#[cfg(feature = "upgrade")]
map!(Messages { 0: framing, 1: lines, 2: pongs, 3: input, 4: farewell });

/// How received bytes are treated.
#[derive(Clone, Copy, Debug)]
enum Input {
    /// They become lines.
    Lines,
    /// The server takes no more lines. They are read only to find the peer's Close frame.
    Ignored,
    /// The peer has closed, perhaps within a message, which is no line then.
    Closed { within_message: bool },
    /// The peer violated the protocol, as our Close frame will say; the server is not yet told.
    Failed,
    /// Where the next frame begins is unknown.
    Lost,
}

#[cfg(feature = "upgrade")]
cases!(Input, "state of the input" {
    0 => Lines,
    1 => Ignored,
    2 => Closed { 0: within_message },
    3 => Failed,
    4 => Lost,
});

impl Messages {
    pub(super) fn new(framing: Framing) -> Self {
        let farewell = Some((CloseCode::Normal, Box::default()));
        Self {
            framing,
            lines: LineDecoder::new(MESSAGE_BYTES),
            pongs: Vec::new(),
            input: Input::Lines,
            farewell,
        }
    }

    pub(super) fn framing(&self) -> Framing {
        self.framing
    }

    /// Reads once, and gives the lines in what came.
    pub(super) fn read(&mut self, inner: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
        match self.input {
            Input::Closed { within_message: false } => return Ok(0),
            Input::Closed { within_message: true } => {
                self.input = Input::Closed { within_message: false };
                return Err(Ending::error(CloseReason::PeerFinished));
            }
            Input::Failed => {
                self.input = Input::Lost;
                let reason =
                    self.farewell.as_ref().map_or_else(String::new, |(_, reason)| reason.to_string());
                return Err(Ending::error(CloseReason::Malformed(reason)));
            }
            Input::Lines | Input::Ignored | Input::Lost => {}
        }
        let Some((_, room @ [_, ..])) = buffer.split_at_mut_checked(SPARE_BYTES) else {
            // Too little for a line end: the rest of a budget.
            return Err(ErrorKind::Interrupted.into());
        };
        let count = inner.read(room)?;
        match (self.input, count) {
            // The peer vanished: half a message is no line.
            (Input::Lines, 0) if self.lines.is_mid_message() => Err(ErrorKind::UnexpectedEof.into()),
            (_, 0) => Ok(0),
            (Input::Lost, _) => Err(ErrorKind::Interrupted.into()),
            _ => self.decode(&mut buffer[..SPARE_BYTES + count]),
        }
    }

    fn decode(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let decoded = self.lines.decode(buffer, &mut self.pongs);
        let is_heard = matches!(self.input, Input::Lines);
        match decoded.outcome {
            Outcome::Open => {}
            Outcome::Closed => {
                let within_message = is_heard && self.lines.is_mid_message();
                self.input = Input::Closed { within_message };
            }
            Outcome::Failed(fault) if is_heard => {
                self.farewell = Some((fault.code, fault.reason.into()));
                self.input = Input::Failed;
            }
            Outcome::Failed(_) => self.input = Input::Lost,
        }
        match (decoded.line_bytes, decoded.outcome) {
            (1.., _) if is_heard => Ok(decoded.line_bytes),
            // Nothing for the server, but there may be more to read, or the end.
            _ => Err(ErrorKind::Interrupted.into()),
        }
    }

    /// Takes the frames that answer pings.
    pub(super) fn take_pongs(&mut self) -> Vec<u8> {
        mem::take(&mut self.pongs)
    }

    /// Notes why the connection ends, for the Close frame. A violation of the protocol comes before other reasons.
    pub(super) fn will_close(&mut self, reason: &CloseReason) {
        if let Some((CloseCode::Normal, text)) = &mut self.farewell
            && text.is_empty()
        {
            self.farewell = Some((farewell::close_code(reason), reason.to_string().into()));
        }
    }

    /// The Close frame; empty if it was taken before.
    pub(super) fn close(&mut self) -> Vec<u8> {
        let mut frame = Vec::new();
        if let Some((code, reason)) = self.farewell.take() {
            websocket::close(code as u16, &reason, &mut frame);
        }
        frame
    }

    pub(super) fn forget_unread(&mut self) {
        self.pongs = Vec::new();
        self.input = match self.input {
            Input::Lines | Input::Ignored => Input::Ignored,
            Input::Failed | Input::Lost => Input::Lost,
            Input::Closed { .. } => Input::Closed { within_message: false },
        };
    }

    pub(super) fn kept_bytes(&self) -> usize {
        self.lines.kept_bytes()
            + self.pongs.capacity()
            + self.farewell.as_ref().map_or(0, |(_, reason)| reason.len())
    }
}
