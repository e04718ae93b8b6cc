//! The reactor: sockets, readiness, and turns. Only this part uses mio.

#[cfg(feature = "store")]
mod backup;
mod bind_error;
mod choice;
mod descriptors;
#[cfg_attr(not(feature = "upgrade"), path = "no_handed.rs")]
mod handed;
#[cfg(feature = "upgrade")]
mod handover;
mod inherited;
mod listener;
#[cfg_attr(not(feature = "metrics"), path = "no_metrics.rs")]
mod metrics;
mod newcomer;
mod plain;
mod privileges;
mod proxy;
mod reactor;
mod reserve;
mod service;
mod signals;
#[cfg(feature = "upgrade")]
mod successor;
#[cfg(all(test, any(feature = "tls", feature = "web")))]
mod test_wire;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;
mod transport;
#[cfg(feature = "upgrade")]
mod upgrade;
#[cfg_attr(not(feature = "web"), path = "no_web.rs")]
mod web;
mod worker;

#[cfg(feature = "store")]
pub use backup::restore_waiting;
pub use bind_error::BindError;
pub use descriptors::raise_descriptor_limit;
pub use inherited::{InheritError, Inherited};
pub use plain::Plain;
pub use privileges::{PublicAsRoot, check_privileges};
pub use reactor::{Reactor, Stopper};
pub use signals::Signals;
#[cfg(feature = "upgrade")]
pub use successor::{answer_rehearsal, succeed};
#[cfg(feature = "upgrade")]
pub use upgrade::{Program, Role};
pub use web::Socket;
#[doc(hidden)]
pub use web::Web;
