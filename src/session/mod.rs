//! One peer's conversation: its phases, and how its frames become commands to the hub and replies. Takes the time as
//! an argument and adds its effects to [`Effects`](crate::message::Effects); knows no sockets and no buffers.

#[cfg(feature = "store")]
mod accounts;
mod cloak;
mod context;
mod conversation;
mod crazyit;
mod ctcp;
#[cfg(feature = "store")]
mod devices;
mod dialect;
mod dispatch;
mod first_bytes;
#[cfg(feature = "upgrade")]
mod handover;
mod house;
mod irc;
mod logins;
#[cfg(feature = "store")]
mod missed;
mod newcomer;
#[cfg(feature = "store")]
mod past_time;
#[cfg(all(test, any(feature = "cluster", feature = "upgrade")))]
mod scene;
#[cfg(feature = "store")]
mod services;
#[cfg(feature = "cluster")]
mod sharing;
mod stage;

pub use context::Context;
pub use dialect::{Differences, append, encode};
pub use dispatch::Session;
#[cfg(feature = "upgrade")]
pub use handover::HouseHandover;
pub use house::{House, uptime};
pub use stage::Stage;
