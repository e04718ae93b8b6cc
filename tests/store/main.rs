//! The store: its thread with a stand-in for the database, and the database in a real file.
#![cfg(feature = "store")]
// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used)]

mod accounts;
#[cfg(feature = "cluster")]
mod broker;
mod cost;
mod crash;
mod damaged;
mod expiry;
mod file;
mod full;
mod helpers;
mod migration;
mod property;
mod renaming;
mod saved;
mod sites;
mod size;
#[path = "../support/mod.rs"]
mod support;
mod thread;
