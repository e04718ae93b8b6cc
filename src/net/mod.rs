//! The reactor: sockets, readiness, and one turn after the other. mio appears here and nowhere else.

mod admission;
mod bans_file;
mod batch;
mod checks;
mod connection;
mod counts;
mod deadlines;
mod descriptors;
mod frames;
mod guesses;
mod inherited;
mod listener;
mod memory;
#[cfg_attr(not(feature = "metrics"), path = "no_metrics.rs")]
mod metrics;
mod outbox;
mod privileges;
mod proxy;
mod reactor;
mod report;
mod reserve;
mod server;
mod service;
mod signals;
mod stream;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod turn_times;
mod worker;

pub use checks::{Question, Verdict};
pub use descriptors::raise_descriptor_limit;
pub use inherited::{InheritError, Inherited};
pub use outbox::Outbox;
pub use privileges::{PublicAsRoot, check_privileges};
pub use reactor::{BindError, Reactor, Stopper};
pub use report::{Report, Waiting};
pub use server::Server;
pub use stream::{Ending, Socket, Stream};
pub use turn_times::TurnTimes;
