//! Upgrades in place: a new program takes the place of the running one, and nobody notices.
#![cfg(feature = "upgrade")]

#[path = "../support/mod.rs"]
mod support;

mod crowd;
mod many;
#[cfg(feature = "tls")]
mod on_tls;
mod place;
mod refusing;
