//! A small blocking client: one socket, two halves. A [`Speaker`] sends; [`Events`] is an iterator over what a thread
//! receives. `examples/bot.rs` is a bot.
//!
//! It speaks IRC, with any server, and the protocol of the CrazyIt textbook, plain or over TLS. Events are the same
//! on both. `server` is an [`Address`](crate::address::Address) here:
//!
//! ```
//! use parlor::client::{Client, ClientEventKind};
//! use parlor::name::{RoomName, UserName};
//! use parlor::wire::Wire;
//! # use parlor::{address::Address, config::ServerConfig, net::Reactor};
//! # let here = vec![Address::parse("127.0.0.1:0")?];
//! # let reactor = Reactor::bind(ServerConfig { listen: here, ..ServerConfig::default() })?;
//! # let (server, stopper) = (reactor.addresses()[0].clone(), reactor.stopper());
//! # let serving = std::thread::spawn(|| reactor.run());
//! let mut client = Client::connect(&server, Wire::Irc)?;
//! client.login(&UserName::new("alice")?, None)?;
//! let (mut speaker, mut events) = client.split()?;
//! speaker.join(&RoomName::new("#lobby")?)?;
//! speaker.say("hello, everybody")?;
//! speaker.whisper("alice", "and hello, me")?;
//!
//! let mut heard = Vec::new();
//! while heard.len() < 2 {
//!     match events.next().ok_or("the server closed")??.kind {
//!         ClientEventKind::Said { from, text, .. } => heard.push(format!("{from}: {text}")),
//!         ClientEventKind::Whispered { from, text, .. } => {
//!             heard.push(format!("{from} whispers: {text}"));
//!         }
//!         _ => {}
//!     }
//! }
//! assert_eq!(heard, ["alice: hello, everybody", "alice whispers: and hello, me"]);
//! // Waits until the server has taken everything and closed.
//! events.close(speaker)?;
//! # stopper.stop()?;
//! # serving.join().expect("the server does not panic")?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Builder`] has the options: TLS, an account, timeouts. Here the server is known by its certificate, and alice's
//! account by a password, which the server does not get to see:
//!
#![cfg_attr(feature = "tls", doc = "```no_run")]
#![cfg_attr(not(feature = "tls"), doc = "```ignore")]
//! # use parlor::address::{Address, DEFAULT_TLS_PORT};
//! # use parlor::client::{Account, Client, Tls};
//! # use parlor::name::UserName;
//! # let (fingerprint, password) = ("sha256:…", "…");
//! let server = Address::parse_or_port("chat.example", DEFAULT_TLS_PORT)?;
//! let mut client = Client::builder()
//!     .tls(Tls::pinned(fingerprint.parse()?))
//!     .account(Account::new("alice", password))
//!     .connect(&server)?;
//! client.login(&UserName::new("alice")?, None)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Blocking.** Connecting, logging in and sending block for at most their timeouts; [`Events`] blocks until there is an
//! event. [`Client::listen`] calls a function instead, for programs that also wait for other things.
//!
//! **Errors.** [`Error`] tells what failed and whether trying again may help: only [`Error::NameRefused`] leaves the
//! connection usable. What the server refuses later on is an event, [`ClientEventKind::Refused`].

mod account;
mod account_offer;
mod builder;
mod crazyit;
mod ends;
mod error;
mod event;
mod events;
mod history_offer;
mod incoming;
mod irc;
mod listening;
mod lock;
mod login;
mod request;
mod shared_connection;
mod speaker;
pub(crate) mod texts;
#[cfg(feature = "tls")]
mod tls;

pub use crate::blocking_socket::ConnectError;
pub use crate::wire::crazyit::MarkInside;
pub use account::{Account, AccountFault};
pub use builder::{ANSWER_TIMEOUT, Builder, CONNECT_TIMEOUT, SEND_TIMEOUT};
pub use error::{Error, Step};
pub(crate) use event::is_parlord;
pub use event::{ClientEvent, ClientEventKind, Manner, Member};
pub use events::{Events, Reader};
pub use history_offer::HistoryOffer;
pub use login::Client;
pub use request::{Moment, Request};
pub use speaker::Speaker;
#[cfg(feature = "tls")]
pub use tls::{CertificateFault, HandshakeFault, Tls, TlsError};
