//! The server on a thread of the test, over loopback.

#[path = "../support/mod.rs"]
mod support;

mod closing;
mod crazyit;
#[cfg(feature = "web")]
mod http_proxy;
mod listening;
#[cfg(feature = "web")]
mod page;
mod proxy;
mod thousand;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "web")]
mod websocket;
