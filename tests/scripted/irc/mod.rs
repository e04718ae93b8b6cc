//! The server as IRC clients see it, compared with modern.ircdocs.horse and the IRCv3 specifications: without sockets,
//! at times that only the tests choose.

use crate::support::irc as house;

#[cfg(feature = "store")]
mod account_modes;
#[cfg(feature = "store")]
mod account_registration;
#[cfg(feature = "store")]
mod accounts;
mod bans;
mod capabilities;
mod channels;
mod clocks;
#[cfg(feature = "store")]
mod full_store;
#[cfg(feature = "store")]
mod history;
#[cfg(feature = "store")]
mod isupport;
mod messages;
#[cfg(feature = "store")]
mod metadata;
mod modes;
#[cfg(feature = "store")]
mod multiline;
#[cfg(feature = "store")]
mod nickserv;
mod operators;
mod people;
mod pings;
mod random;
#[cfg(feature = "store")]
mod registered_rooms;
mod registration;
#[cfg(feature = "store")]
mod rename;
#[cfg(feature = "store")]
mod sasl;
#[cfg(feature = "store")]
mod scram;
mod seeing;
mod server;
#[cfg(feature = "store")]
mod talks;
mod wires;
mod work;
