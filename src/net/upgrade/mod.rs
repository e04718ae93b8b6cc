//! Upgrade in place: a running parlord hands everything over to a new program, which takes its place with the same process
//! id and all connections.
//!
//! What is handed over is in a file in memory. Sockets travel as descriptors through a Unix socket (`SCM_RIGHTS`, unix(7)),
//! which is the only way for a program to receive descriptors without unsafe code. Both reach the new program as its
//! standard input.

mod descriptors;
mod handover;
mod legacy;
mod memory_file;
mod program;
mod rehearsal;
mod role;

pub(super) use descriptors::have_room;
pub(super) use handover::Handover;
pub(super) use legacy::Legacy;
pub(super) use memory_file::MemoryFile;
pub use program::Program;
pub(super) use rehearsal::{Outcome, READY, REHEARSAL, Rehearsal};
pub(super) use role::ROLE;
pub use role::Role;
