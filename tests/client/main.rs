//! The client library and the client program, against servers of all kinds.

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod history;
mod irc;
#[cfg(feature = "store")]
mod own_accounts;
mod textbook_server;
#[cfg(feature = "tls")]
mod tls;
