//! parlor is a chat room that fits on small machines: a server, `parlord`, of one thread and one event loop, and
//! a terminal client, `parlor`. This crate is the library under both.
//!
//! `cargo doc` shows what programs of others can use: [`client`], with [`address`], [`name`], [`wire`] and `fingerprint`. The
//! other public modules serve our own programs, tests and benches, and change without notice.
//!
//! # The map
//!
//! | module | what it is |
//! |---|---|
//! | [`name`] | names of users and rooms, validated once |
//! | `message` | plain values passed between the parts |
//! | [`address`] | where to listen and where to connect |
//! | `fingerprint` | which certificate a server has, with the feature `tls` |
//! | `network` | a stretch of the net, such as 192.0.2.0/24 |
//! | `origin` | what counts as one address, where addresses are counted |
//! | `bucket` | how often something may be done |
//! | `secret` | passwords, as they are or as hashes |
//! | [`wire`] | bytes to meaning and back; server and client share it |
//! | `hub` | who is here and who hears what |
//! | `session` | one peer's conversation: its frames, through the hub, to its replies |
//! | `server` | connections, outboxes, batches, deadlines, limits; generic over streams |
//! | `net` | the reactor: sockets, readiness, TLS; one turn after the other |
//! | `logging` | what the server prints and logs, without ever waiting for it |
//! | [`client`] | a blocking client library: one socket, typed events |
//! | `terminal` | the program `parlor`, at a keyboard or in a pipe |
//! | `client_command` | how a shell starts the client that came with this server |
//! | `tls_clock` | the time for TLS, whatever the clock says; with the feature `tls` |
//! | `footprint` | how much memory the allocator takes for what is kept |
//! | `files` | files, read within a limit and written whole or not at all |
//! | `date` | dates of RFC 3339, for every time that a clock can show |
//! | `config` | options of both programs, and limits with their units |
//!
//! Imports run one way: programs → `net` → `server` → `session` → `hub`, `wire` → `message`, `name`; programs → `terminal` →
//! `client` → `wire`. `config`, `address`, `network`, `fingerprint`, `secret`, `date`, `logging`, `origin`, `bucket`, `footprint` and
//! `files` stand beside `message` and `name`. `hub` and `wire` do not know each other, and mio appears in `net` alone.
//!
//! # One turn of the server
//!
//! Poll; read every ready connection within its budget; split frames. Each session asks the hub, and both append what they
//! cause to one ordered list of effects. The pump executes the list: it gathers events for the same audience and puts
//! them into outboxes, encoded once for each dialect. If many connections have unsent bytes, poll once more for input;
//! accept newcomers; do what is due; write once to each connection with unsent bytes; remove closed connections; hand
//! slow work, such as comparing a password with a hash, to a thread that wakes the loop; sleep until the next deadline.
//!
//! Time is an argument: only the reactor reads the clock.

pub mod address;
mod bucket;
pub mod client;
#[doc(hidden)]
pub mod client_command;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod date;
mod files;
#[cfg(feature = "tls")]
pub mod fingerprint;
mod footprint;
#[doc(hidden)]
pub mod hub;
#[doc(hidden)]
pub mod logging;
#[doc(hidden)]
pub mod message;
pub mod name;
#[doc(hidden)]
pub mod net;
#[doc(hidden)]
pub mod network;
mod origin;
#[doc(hidden)]
pub mod secret;
#[doc(hidden)]
pub mod server;
#[doc(hidden)]
pub mod session;
#[doc(hidden)]
pub mod terminal;
#[cfg(feature = "tls")]
mod tls_clock;
pub mod wire;
