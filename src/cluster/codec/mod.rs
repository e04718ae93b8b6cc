//! Entries, messages and snapshots as bytes, on top of `cbor`.

#[cfg(test)]
mod any;
mod snapshot;
mod tables;
#[cfg(test)]
mod tests;

use crate::cbor;
use crate::message::{LogEntry, LogIndex, Relayed, Snapshot};

/// Longest entry, in bytes. The largest are of nodes that rejoin with all their users.
const ENTRY_BYTES: usize = 64 * 1024 * 1024;

/// Longest message, in bytes: the longest text, its tags and some names.
const MESSAGE_BYTES: usize = 4 * 1024 * 1024;

/// Longest snapshot, in bytes.
const SNAPSHOT_BYTES: usize = 256 * 1024 * 1024;

/// Encodes an entry without its number, which is its id in the stream.
pub fn encode_entry(entry: &LogEntry) -> Vec<u8> {
    cbor::encode(entry)
}

/// Decodes the entry with this number. An error tells what is wrong, such as an operation that only newer nodes know.
pub fn decode_entry(index: LogIndex, bytes: &[u8]) -> Result<LogEntry, String> {
    let entry = decode(bytes, ENTRY_BYTES)?;
    Ok(LogEntry { index, ..entry })
}

/// Encodes a message.
pub fn encode_message(message: &Relayed) -> Vec<u8> {
    cbor::encode(message)
}

/// Decodes a message. Its event is `Said` or `Whispered` by a user.
pub fn decode_message(bytes: &[u8]) -> Result<Relayed, String> {
    decode(bytes, MESSAGE_BYTES)
}

/// Encodes a snapshot.
pub fn encode_snapshot(snapshot: &Snapshot) -> Vec<u8> {
    cbor::encode(snapshot)
}

/// Decodes a snapshot. Its ids fit together: see `snapshot::check`.
pub fn decode_snapshot(bytes: &[u8]) -> Result<Snapshot, String> {
    let snapshot = decode(bytes, SNAPSHOT_BYTES)?;
    snapshot::check(&snapshot)?;
    Ok(snapshot)
}

fn decode<T: cbor::FromCbor>(bytes: &[u8], most: usize) -> Result<T, String> {
    if bytes.len() > most {
        return Err(format!("it has {} bytes, more than {most}", bytes.len()));
    }
    cbor::decode(bytes)
}
