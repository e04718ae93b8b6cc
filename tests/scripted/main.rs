//! The server without sockets or a clock: scripted streams, and times that the tests choose.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "store")]
mod devices;
mod faults;
#[cfg(all(feature = "upgrade", feature = "web"))]
mod handover;
#[cfg(feature = "store")]
mod hour;
mod irc;
mod limits;
mod openings;
mod passwords;
#[cfg(feature = "store")]
mod presence;
#[cfg(feature = "store")]
mod restarting;
#[cfg(feature = "store")]
mod returning;
mod streams;
#[cfg(feature = "upgrade")]
mod upgrading;
#[cfg(feature = "web")]
mod web;
