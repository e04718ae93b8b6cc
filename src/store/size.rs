//! The memory that records take while they wait to be written.

use crate::footprint::{heap_bytes, pairs_bytes, shared_bytes, vec_bytes};
use crate::message::{Event, EventKind, Identity, Record, SavedRoom, SavedUser, Source, Speech};

/// The memory of a record in a list, in bytes. Names are shared with the rest of the server.
pub(super) fn record_bytes(record: &Record) -> usize {
    let heap = match record {
        Record::Event { event, .. } => event_bytes(event),
        Record::Whispered { event, .. } => event_bytes(event),
        Record::Stays(user) => user_bytes(user),
        Record::Room(room) => room_bytes(room),
        Record::Marker { of, .. } => heap_bytes(of.len()),
        Record::Heard { device, .. } => heap_bytes(device.len()),
        Record::Metadata { key, value, .. } => {
            heap_bytes(key.len()) + value.as_ref().map_or(0, |value| heap_bytes(value.len()))
        }
        #[cfg(feature = "cluster")]
        Record::After(_) => 0,
        Record::Limit { .. }
        | Record::Redaction { .. }
        | Record::StaysNot(_)
        | Record::Seat { .. }
        | Record::Seen { .. }
        | Record::RoomDropped(_)
        | Record::RoomRenamed { .. } => 0,
    };
    // A list doubles its capacity.
    2 * size_of::<Record>() + heap
}

fn user_bytes(user: &SavedUser) -> usize {
    let SavedUser { account, username, host, realname, seats, .. } = user;
    let texts = [username, host, realname].map(|text| heap_bytes(text.len()));
    heap_bytes(size_of::<SavedUser>()) + texts.iter().sum::<usize>() + vec_bytes(seats) + account.kept_bytes()
}

fn room_bytes(room: &SavedRoom) -> usize {
    let topic = room.topic.as_ref().map_or(0, |(text, by, _)| heap_bytes(text.len()) + heap_bytes(by.len()));
    heap_bytes(size_of::<SavedRoom>())
        + topic
        + vec_bytes(&room.ranks)
        + vec_bytes(&room.flags)
        + vec_bytes(&room.masks)
        + room.masks.iter().map(|(_, mask, ..)| heap_bytes(mask.len())).sum::<usize>()
        + pairs_bytes(&room.metadata)
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
