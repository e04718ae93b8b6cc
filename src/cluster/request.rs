//! What a node asks of the broker, and the replies. Every request is answered in order, or by [`Reply::Down`].

use std::time::SystemTime;

use crate::message::{Epoch, LogIndex, Node, NodeId};

/// A stream of messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// Messages in rooms.
    Shard(u16),
    /// Private messages for the users of the node of this name.
    Inbox(Box<str>),
}

/// A request to the broker. Each is carried out as a whole or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Become a node: get a number and an epoch, and the lease. `settings` identifies the options that must be the same on
    /// all nodes. Refused while the lease of this name is another's.
    Enrol { name: Box<str>, version: u32, settings: u64 },
    /// Renew the lease, and tell the time. The lease must not have become another's.
    Renew { name: Box<str>, epoch: Epoch },
    /// Give up the lease: the node ends.
    Leave { name: Box<str>, epoch: Epoch },
    /// Take the lock, or tell that the node waits for it.
    Lock { epoch: Epoch },
    /// Release the lock without an entry.
    Unlock { epoch: Epoch },
    /// Append an entry with this number, and release the lock. The number must be that of the last entry and one more,
    /// `before` must be the SHA-1 of the last entry as [`sha1_hex`](crate::broker::sha1_hex) gives it, and the node must have
    /// the lock. `before` is empty if the node does not know the state.
    Append { epoch: Epoch, index: LogIndex, before: Box<str>, entry: Vec<u8> },
    /// Tell the entry with this number and the number of the last, to find out what a broker that was away still has.
    Check { index: LogIndex },
    /// Keep a snapshot for the node with this epoch.
    PutSnapshot { epoch: Epoch, snapshot: Vec<u8> },
    /// Get the snapshot for this node.
    GetSnapshot { epoch: Epoch },
    /// Append a message to a stream. Many are under way at the same time.
    Send { stream: Stream, number: u64, message: Vec<u8> },
    /// Read these streams from now on, and no others: the log after this entry, and messages. A stream that was not read
    /// before is read from 5 s ago on.
    Read { after: LogIndex, streams: Vec<Stream> },
}

/// A reply of the broker, or what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Enrolled {
        id: NodeId,
        epoch: Epoch,
        /// Another text than before means that the broker has lost everything.
        log: Box<str>,
        /// The last entry.
        last: LogIndex,
        /// Other nodes that have a lease.
        others: Vec<Node>,
        clock: SystemTime,
    },
    /// Not enrolled: another node of this name has the lease, which may be of an earlier life and expire.
    NameInUse,
    /// Not enrolled, for a reason that stays.
    NotEnrolled(String),
    Renewed {
        clock: SystemTime,
        /// Nodes that have a lease.
        alive: Vec<Epoch>,
        log: Box<str>,
    },
    /// The lease is that of another node now.
    Deposed,
    Left,
    /// The node has the lock for 2 s. `last` is the last entry.
    Locked {
        last: LogIndex,
    },
    /// Another node has it. Ask again.
    NotLocked,
    Unlocked,
    /// `is_wanted`: another node waits for the lock.
    Appended {
        is_wanted: bool,
    },
    /// The lock was lost, or the last entry is another. `last` is 0 if the last entry has the expected
    /// number but is another.
    NotAppended {
        last: LogIndex,
    },
    Checked {
        entry: Option<Vec<u8>>,
        last: LogIndex,
    },
    SnapshotPut,
    Snapshot(Option<Vec<u8>>),
    /// The broker has this message.
    Sent {
        number: u64,
    },
    /// An entry that was read.
    Entry {
        index: LogIndex,
        /// The SHA-1 of the entry before it, in hexadecimal digits; empty if there was none.
        before: Vec<u8>,
        entry: Vec<u8>,
    },
    /// A message that was read.
    Message {
        stream: Stream,
        message: Vec<u8>,
    },
    /// The connection to the broker is lost, for this reason. Requests without a reply may have been carried out.
    Down(String),
    /// The broker can be reached. Nothing is read until the next [`Request::Read`].
    Up,
}
