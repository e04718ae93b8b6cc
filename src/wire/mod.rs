//! Protocols as bytes: bytes to meaning and back. No sockets, no clock, and nothing of users or rooms, so the
//! server and the client share it.

pub mod crazyit;
pub mod irc;
mod splitter;

pub use splitter::{Split, Splitter};
