//! One peer's conversation: its phases, and the way from its frames through the hub to its replies. It is
//! given the time, and adds what it causes to [`Effects`](crate::message::Effects); of sockets and buffers it knows nothing.

mod cloak;
mod context;
mod conversation;
mod crazyit;
mod dialect;
mod dispatch;
mod first_bytes;
mod house;
mod irc;
mod logins;
mod newcomer;
mod stage;

pub use context::Context;
pub use dialect::{Differences, encode};
pub use dispatch::Session;
pub use house::{House, uptime};
pub use stage::Stage;
