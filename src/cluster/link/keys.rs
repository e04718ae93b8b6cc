//! The keys of the log and of messages. doc/CLUSTER.md has a table of them.

use super::positions::Source;
use crate::cluster::request::Stream;
use crate::message::Epoch;

pub(super) const ENTRIES: &str = "parlor:{log}:entries";
pub(super) const LOCK: &str = "parlor:{log}:lock";
pub(super) const WANTED: &str = "parlor:{log}:wanted";
pub(super) const ID: &str = "parlor:{log}:id";
pub(super) const NODES: &str = "parlor:{log}:nodes";
pub(super) const EPOCH: &str = "parlor:{log}:epoch";
/// What keys of leases begin with.
pub(super) const LEASES: &str = "parlor:{log}:lease:";

/// The fields of a log entry: its bytes, and the SHA-1 of the entry before it.
pub(super) const ENTRY: &str = "e";
pub(super) const BEFORE: &str = "b";
/// The field of a message.
pub(super) const MESSAGE: &str = "m";

pub(super) fn lease(name: &str) -> String {
    format!("{LEASES}{name}")
}

pub(super) fn snapshot(epoch: Epoch) -> String {
    format!("parlor:{{log}}:snapshot:{}", epoch.0)
}

/// The key of a stream, or of the log.
pub(super) fn of(source: &Source) -> String {
    source.as_ref().map_or_else(|| ENTRIES.to_owned(), messages)
}

pub(super) fn messages(stream: &Stream) -> String {
    match stream {
        Stream::Shard(number) => format!("parlor:{{shard-{number}}}:messages"),
        Stream::Inbox(name) => format!("parlor:{{inbox-{name}}}:messages"),
    }
}
