//! Upgrades in place: a new program takes the place of the running one, and nobody notices.
#![cfg(feature = "upgrade")]

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "web")]
mod browsers;
mod crowd;
mod keeping;
mod listeners;
mod many;
#[cfg(feature = "tls")]
mod on_tls;
mod place;
mod refusing;
mod restoring;
mod signals;
