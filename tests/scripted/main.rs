//! The server without sockets and without a clock: scripted streams, and instants that the tests make up.

#[path = "../support/mod.rs"]
mod support;

mod devices;
mod faults;
mod irc;
mod limits;
mod openings;
mod passwords;
mod streams;
