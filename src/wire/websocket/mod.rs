//! Encodes and decodes WebSocket frames (RFC 6455 §5), and the IRC lines in them (IRCv3 `websocket`).

mod closing;
mod decoder;
mod frames;
mod lines;
#[cfg(test)]
pub(crate) mod samples;
mod utf8;

pub use closing::{CloseCode, Fault};
pub use decoder::{Decoder, Event, Step};
pub use frames::{close, frame_lines, message, pong};
pub use lines::{Decoded, LineDecoder, Outcome, SPARE_BYTES};
