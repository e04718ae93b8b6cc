//! IRC messages as bytes (RFC 1459 §2.3, modern.ircdocs.horse, the IRCv3 specification `message-tags`).

mod formatting;
mod line;
mod message;
pub mod numeric;
mod tags;

pub use formatting::without_formatting;
pub use line::{Line, split_text};
pub use message::{Message, NoCommand, without_line_end};
pub use tags::Tags;

/// Longest line, in bytes, CR LF included and tags not (RFC 2812 §2.3).
pub const LINE_BYTES: usize = 512;

/// Longest run of tags that a client may send, in bytes, `@` and the space behind them included
/// (`message-tags`, "Size limit").
pub const CLIENT_TAGS_BYTES: usize = 4096;
