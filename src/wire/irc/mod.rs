//! Encodes and decodes IRC messages (RFC 1459 §2.3, modern.ircdocs.horse, IRCv3 `message-tags`).

mod formatting;
mod line;
mod message;
pub mod numeric;
mod split;
mod tags;

pub use formatting::without_formatting;
pub use line::Line;
pub use message::{Message, NoCommand, without_line_end};
pub use split::{Piece, split_lines, split_text};
pub use tags::Tags;

/// Longest line, in bytes, including CR LF but not tags (RFC 2812 §2.3).
pub const LINE_BYTES: usize = 512;

/// Longest tags from a client, in bytes, including `@` and the space after them (`message-tags`, "Size limit").
pub const CLIENT_TAGS_BYTES: usize = 4096;
