//! The protocol of the CrazyIt textbook (its chapter on TCP sockets), in UTF-8. Clients send `frames` between marks;
//! servers send an `answer` to a login and plain `lines` of text.

mod answer;
mod frames;
mod lines;

pub use answer::Answer;
pub use frames::{Decoded, Decoder, MarkInside, ParseError, Request};
pub use lines::{Line, notice_line, said_line, whispered_line};

/// Around a user name: log in or rename.
pub const USER_MARK: &str = "∏∑";
/// Around a public message.
pub const SAY_MARK: &str = "§γ";
/// Around a private message.
pub const WHISPER_MARK: &str = "★【";
/// Between the addressee of a private message and its text.
pub const SPLIT_SIGN: &str = "※";
