//! Messages and other events are counted, limited and read separately, so that joins displace no messages.

use crate::message::{EventKind, Rank, SpeechKind};

/// A class of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Message,
    Event,
}

impl Class {
    pub(super) const ALL: [Self; 2] = [Self::Message, Self::Event];

    /// The class of an event; `None` if such events are not recorded.
    pub(super) fn of(kind: &EventKind) -> Option<Self> {
        match kind {
            EventKind::Said { to_rank: Rank::NONE, speech, .. } | EventKind::Whispered { speech, .. } => {
                Some(if speech.kind == SpeechKind::TagsOnly { Self::Event } else { Self::Message })
            }
            EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::Kicked { .. }
            | EventKind::Left { .. }
            | EventKind::Renamed { .. }
            | EventKind::TopicSet { .. }
            | EventKind::Changed { .. } => Some(Self::Event),
            EventKind::Said { .. }
            | EventKind::RoomRenamed { .. }
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

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Message => 0,
            Self::Event => 1,
        }
    }

    /// Its place in arrays.
    pub(super) fn index(self) -> usize {
        match self {
            Self::Message => 0,
            Self::Event => 1,
        }
    }

    pub(super) fn of_number(number: i64) -> Self {
        if number == 0 { Self::Message } else { Self::Event }
    }
}
