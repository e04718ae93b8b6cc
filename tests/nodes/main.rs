//! Three real programs over a real broker are one server to their users, whatever fails: see doc/CLUSTER.md.
//!
//! The tests that are ignored take minutes: `cargo test --features cluster --test nodes -- --ignored`.

#![cfg(feature = "cluster")]
// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod broker;
mod chaos;
mod client;
mod clocks;
mod deciding;
mod dying;
mod governing;
mod nodes;
mod people;
mod proxy;
mod starting;
mod talking;
