//! Several nodes: servers that share their users and rooms through a broker, Redis or Valkey. doc/CLUSTER.md tells how
//! they agree.
//!
//! [`Member`] is the protocol of a node, without sockets, threads and clocks: it takes what the broker has replied and
//! returns what to ask and what the server must do. [`Link`] asks it.

pub mod codec;
mod link;
mod member;
mod request;

pub use link::Link;
pub use member::{Member, MemberConfig, News};
pub use request::{Reply, Request, Stream};
