//! The memory that records take while they wait to be written.

use crate::footprint::{heap_bytes, shared_bytes};
use crate::message::{Event, EventKind, Identity, Record, Source, Speech};

/// The memory of a record in a list, in bytes. Names are shared with the rest of the server.
pub(super) fn record_bytes(record: &Record) -> usize {
    let heap = match record {
        Record::Event { event, .. } => event_bytes(event),
        Record::Limit { .. } | Record::Redaction { .. } => 0,
    };
    // A list doubles its capacity.
    2 * size_of::<Record>() + heap
}

fn event_bytes(event: &Event) -> usize {
    match &event.kind {
        EventKind::Said { speech, .. } => speech_bytes(speech),
        EventKind::Parted { reason, .. } | EventKind::Kicked { reason, .. } => heap_bytes(reason.capacity()),
        EventKind::Left { reason } => heap_bytes(reason.capacity()) + source_bytes(&event.from),
        EventKind::TopicSet { topic, .. } => shared_bytes(topic.len()),
        kind => heap_bytes(kind.written_bytes()) + source_bytes(&event.from),
    }
}

fn speech_bytes(Speech { text, tags, .. }: &Speech) -> usize {
    heap_bytes(text.capacity()) + heap_bytes(tags.len())
}

/// An identity that may be nowhere else any more: its user has left or changed it.
fn source_bytes(source: &Source) -> usize {
    match source {
        Source::User(identity) => {
            let text = identity.place().len() + identity.realname().len();
            shared_bytes(size_of::<Identity>()) + heap_bytes(text)
        }
        Source::Server => 0,
    }
}
