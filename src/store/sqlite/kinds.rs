//! The kinds of events as columns of a row.

use std::borrow::Cow;

use super::changes;

use crate::message::{EventKind, Rank, Speech, SpeechKind};
use crate::name::{RoomName, UserName};
use crate::store::class::Class;
use crate::store::place::Place;

const MESSAGE: i64 = 0;
const NOTICE: i64 = 1;
const TAGS_ONLY: i64 = 2;
const JOINED: i64 = 3;
const PARTED: i64 = 4;
const KICKED: i64 = 5;
const LEFT: i64 = 6;
const RENAMED: i64 = 7;
const TOPIC_SET: i64 = 8;
const CHANGED: i64 = 9;

/// The columns that say what happened.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    pub(super) class: Class,
    pub(super) kind: i64,
    /// Texts may be empty.
    pub(super) text: Cow<'a, str>,
    pub(super) tags: &'a str,
    pub(super) whom: &'a str,
}

/// The columns of an event; `None` if such events are not recorded.
pub(super) fn columns(kind: &EventKind) -> Option<Columns<'_>> {
    let class = Class::of(kind)?;
    let event = |kind, text, whom| Some(Columns { class, kind, text, tags: "", whom });
    match kind {
        EventKind::Said { speech, .. } => Some(speech_columns(class, speech, "")),
        EventKind::Whispered { to, speech } => Some(speech_columns(class, speech, to.as_str())),
        EventKind::Joined { .. } => event(JOINED, "".into(), ""),
        EventKind::Parted { reason, .. } => event(PARTED, reason.into(), ""),
        EventKind::Kicked { who, reason, .. } => event(KICKED, reason.into(), who.as_str()),
        EventKind::Left { reason } => event(LEFT, reason.into(), ""),
        EventKind::Renamed { to } => event(RENAMED, "".into(), to.as_str()),
        EventKind::TopicSet { topic, .. } => event(TOPIC_SET, (&**topic).into(), ""),
        EventKind::Changed { changes, .. } => event(CHANGED, changes::text(changes).into(), ""),
        EventKind::RoomRenamed { .. }
        | EventKind::Redacted { .. }
        | EventKind::Invited { .. }
        | EventKind::Away(_)
        | EventKind::RealnameSet(_)
        | EventKind::Appeared { .. }
        | EventKind::Vanished { .. }
        | EventKind::HostSet { .. }
        | EventKind::Wallops(_)
        | EventKind::AccountSet(_)
        | EventKind::MarkedRead { .. }
        | EventKind::MetadataSet { .. }
        | EventKind::Notice(_) => None,
    }
}

fn speech_columns<'a>(class: Class, Speech { kind, text, tags }: &'a Speech, whom: &'a str) -> Columns<'a> {
    let kind = match kind {
        SpeechKind::Message => MESSAGE,
        SpeechKind::Notice => NOTICE,
        SpeechKind::TagsOnly => TAGS_ONLY,
    };
    Columns { class, kind, text: text.into(), tags, whom }
}

/// Decodes the columns of an event at `place`; `None` if they make no sense.
pub(super) fn event_kind(
    kind: i64,
    place: &Place,
    text: String,
    tags: &str,
    whom: &str,
) -> Option<EventKind> {
    let speech_kind = match kind {
        MESSAGE => Some(SpeechKind::Message),
        NOTICE => Some(SpeechKind::Notice),
        TAGS_ONLY => Some(SpeechKind::TagsOnly),
        _ => None,
    };
    let Some(speech_kind) = speech_kind else {
        return match place {
            Place::Room(room) => room_event_kind(kind, room.clone(), text, whom),
            Place::Talk(_) => None,
        };
    };
    let speech = Speech { kind: speech_kind, text, tags: tags.into() };
    Some(match place {
        Place::Room(room) => EventKind::Said { room: room.clone(), to_rank: Rank::NONE, speech },
        Place::Talk(_) => EventKind::Whispered { to: UserName::new(whom).ok()?, speech },
    })
}

/// Decodes an event of `room` that is no message.
fn room_event_kind(kind: i64, room: RoomName, text: String, whom: &str) -> Option<EventKind> {
    let who = || UserName::new(whom).ok();
    Some(match kind {
        JOINED => EventKind::Joined { room, away: None },
        PARTED => EventKind::Parted { room, reason: text },
        KICKED => EventKind::Kicked { room, who: who()?, reason: text },
        LEFT => EventKind::Left { reason: text },
        RENAMED => EventKind::Renamed { to: who()? },
        TOPIC_SET => EventKind::TopicSet { room, topic: text.into() },
        CHANGED => EventKind::Changed { room, changes: changes::parse(&text) },
        _ => return None,
    })
}
