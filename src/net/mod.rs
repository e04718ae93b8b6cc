//! The reactor: sockets, readiness, and one turn after the other. mio appears here and nowhere else.

mod batch;
mod bucket;
mod connection;
mod deadlines;
mod descriptors;
mod frames;
mod listener;
mod outbox;
mod reactor;
mod server;
mod stream;

pub use descriptors::raise_descriptor_limit;
pub use outbox::Outbox;
pub use reactor::{BindError, Reactor, Stopper};
pub use server::Server;
pub use stream::{Socket, Stream};
