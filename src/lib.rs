//! A chat client as a library: one blocking socket, a half that sends, and an iterator over typed events. It speaks IRC
//! with any server, and the protocol of the CrazyIt textbook; plain, over a Unix socket, or over TLS.
//!
//! ```no_run
//! use parlor::address::{Address, DEFAULT_PORT};
//! use parlor::client::{Client, ClientEventKind};
//! use parlor::name::{RoomName, UserName};
//! use parlor::wire::Wire;
//!
//! let server = Address::parse_or_port("localhost", DEFAULT_PORT)?;
//! let mut client = Client::connect(&server, Wire::Irc)?;
//! client.login(&UserName::new("alice")?, None)?;
//! let (mut speaker, events) = client.split()?;
//! speaker.join(&RoomName::new("#lobby")?)?;
//! speaker.say("hello, everybody")?;
//! for event in events {
//!     if let ClientEventKind::Said { from, text, .. } = event?.kind {
//!         println!("{from}: {text}");
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`client`] explains the parts, TLS and accounts; `examples/bot.rs` is a bot. The library needs none of the default
//! features, which are those of the programs:
//!
//! ```toml
//! [dependencies]
//! parlor = { version = "0.1", default-features = false, features = ["tls"] }
//! ```
//!
//! | feature | what it adds to the library |
//! |---|---|
//! | `tls` | `client::Builder::tls`, `fingerprint`, and logging in to accounts with SCRAM |
//! | all others | nothing of their own: they are parts of the programs |
//!
//! The public interface is [`client`], with [`address`], [`name`], [`wire`] and `fingerprint`; it follows [semantic
//! versioning](https://semver.org). Modules that this page does not link to serve our own programs, tests and benches,
//! and may change at any time.
//!
//! # The programs
//!
//! This crate is also what two programs are made of: `parlord`, a server for small machines with one thread and one event
//! loop, and `parlor`, a client for terminals and pipes. `cargo install parlor` installs both, and the README explains them.
//! The rest of this page is for readers of their code.
//!
//! # The map
//!
//! | module | what it is |
//! |---|---|
//! | [`name`] | names of users and rooms, validated once |
//! | `skeleton` | what names look like, to tell look-alikes; with the feature `store` |
//! | `message` | plain values passed between the parts |
//! | [`address`] | addresses to listen on or connect to |
//! | `fingerprint` | identifies a certificate; with the feature `tls` or `store` |
//! | `network` | an IP network, such as 192.0.2.0/24 |
//! | `origin` | the unit of limits per address |
//! | `bucket` | a rate limiter |
//! | `secret` | passwords in plain text or as hashes |
//! | [`wire`] | encodes and decodes the protocols, for server and client |
//! | `hub` | users and rooms: who is here and who hears what |
//! | `session` | one peer's conversation: from its frames through the hub to its replies |
//! | `server` | connections, outboxes, batches, deadlines, limits; generic over streams |
//! | `cbor` | values as CBOR, between nodes, in the broker and for the next program; with the feature `cluster` or `upgrade` |
//! | `store` | the database and the thread that owns it: history, accounts, registered rooms, bans; with the feature `store` |
//! | `cluster` | several nodes over a broker; with the feature `cluster` |
//! | `net` | the reactor: sockets, readiness, TLS, HTTP and WebSocket |
//! | `logging` | prints and logs without ever blocking the server |
//! | [`client`] | a blocking client library: one socket, typed events |
//! | `terminal` | the program `parlor`, interactive or in a pipe |
//! | `page_url` | the address of the chat page; with the feature `web` |
//! | `blocking_socket` | a TCP or Unix socket that blocks, and how it connects |
//! | `broker` | Redis or Valkey: its address, and a client for it; with the feature `cluster` |
//! | `client_command` | the shell command that starts the client of this build |
//! | `held_signals` | signals that wait while one program takes the place of another; with the feature `upgrade` |
//! | `tls_clock` | a clock for TLS that is safe before 1970; with the feature `tls` |
//! | `footprint` | estimates the memory of allocations |
//! | `files` | reads files within a limit, and replaces them atomically |
//! | `bans_file` | reads and writes the file `bans` |
//! | `state_files` | names of files in the directory for data |
//! | `priority` | lets the event loop go before other threads |
//! | `harmful` | characters that must not reach a terminal |
//! | `json` | writes JSON |
//! | `date` | dates of RFC 3339 |
//! | `span` | durations as people write them, such as 7d |
//! | `doctor` | what a server needs of the machine, and whether it is there; with the feature `tools` |
//! | `health_check` | asks a server whether it answers; with the feature `tools` |
//! | `tasks` | what `parlord` does instead of serving |
//! | `config` | options and limits of both programs, with their units |
//!
//! Imports point one way: programs → `tasks` → `net` → `server` → `session` → `hub`, `wire` → `message`, `name`; programs →
//! `terminal` → `client` → `wire`. `config`, `address`, `network`, `fingerprint`, `secret`, `date`, `span`, `logging`,
//! `origin`, `blocking_socket`, `broker`, `bucket`, `cbor`, `footprint`, `files`, `bans_file`, `harmful`, `json`,
//! `priority`, `skeleton`, `client_command`, `page_url`, `state_files` and `tls_clock` are on the level of `message` and `name`.
//! `store` and `cluster` know only these. `hub` and `wire` do not know each other, and only `net` uses mio.
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

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod address;
mod bans_file;
mod blocking_socket;
#[cfg(feature = "cluster")]
#[doc(hidden)]
pub mod broker;
mod bucket;
#[cfg(any(feature = "cluster", feature = "upgrade"))]
mod cbor;
pub mod client;
#[doc(hidden)]
pub mod client_command;
#[cfg(feature = "cluster")]
#[doc(hidden)]
pub mod cluster;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod date;
#[cfg(feature = "tools")]
#[doc(hidden)]
pub mod doctor;
mod files;
#[cfg(any(feature = "store", feature = "tls"))]
pub mod fingerprint;
mod footprint;
mod harmful;
#[cfg(feature = "tools")]
#[doc(hidden)]
pub mod health_check;
#[cfg(feature = "upgrade")]
mod held_signals;
#[doc(hidden)]
pub mod hub;
mod json;
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
#[cfg(feature = "web")]
#[doc(hidden)]
pub mod page_url;
mod priority;
#[doc(hidden)]
pub mod secret;
#[doc(hidden)]
pub mod server;
#[doc(hidden)]
pub mod session;
#[cfg(feature = "store")]
#[doc(hidden)]
pub mod skeleton;
mod span;
mod state_files;
#[cfg(feature = "store")]
#[doc(hidden)]
pub mod store;
#[doc(hidden)]
pub mod tasks;
#[doc(hidden)]
pub mod terminal;
#[cfg(feature = "tls")]
mod tls_clock;
pub mod wire;
