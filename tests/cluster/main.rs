//! Several nodes over one broker.

#![cfg(feature = "cluster")]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod link;
mod members;
mod nodes;
mod replies;
mod servers;
mod storms;
mod talk;
mod town;
