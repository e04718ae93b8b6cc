//! Requests of a client, as plain values that are the same on both wires.

use std::time::SystemTime;

use super::event::{ClientEvent, Manner};

/// A request to the server. Events report the result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request {
    /// Speak to everybody in a room.
    Say {
        /// Where; `None` on the CrazyIt wire, which knows only one room.
        room: Option<String>,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Speak to one user.
    Whisper {
        /// To whom.
        to: String,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Join a room.
    Join {
        /// Which.
        room: String,
        /// The key of the room, if it has one.
        key: Option<String>,
    },
    /// Leave a room.
    Part {
        /// Which.
        room: String,
        /// Why; may be empty.
        reason: String,
    },
    /// Take another name.
    Nick(String),
    /// Set the topic of a room, or ask for it.
    Topic {
        /// Which.
        room: String,
        /// The new topic; `None` asks for the current one.
        topic: Option<String>,
    },
    /// Ask who is in a room.
    Who {
        /// Which.
        room: String,
    },
    /// Be away, with a message for people who whisper; an empty message ends it.
    Away(String),
    /// Ask for the latest messages of a room, or the latest of an interval. The answer is
    /// [`ClientEventKind::History`](super::ClientEventKind::History).
    History {
        /// Where.
        room: String,
        /// Only later ones than this.
        after: Option<Moment>,
        /// Only earlier ones than this.
        before: Option<Moment>,
        /// Most messages in the answer. The server may have a lower limit, see [`HistoryOffer`](super::HistoryOffer).
        most: usize,
    },
    /// Ask with whom we have exchanged private messages later than this, by the server's clock. The answer is a
    /// [`ClientEventKind::TalkedWith`](super::ClientEventKind::TalkedWith) for each. If there are more than `most`, it
    /// is about the latest.
    Talks {
        /// Since when.
        after: SystemTime,
        /// Most users in the answer.
        most: usize,
    },
    /// Tell how far we have read a room, or what somebody wrote to us, or ask for it. The answer is a
    /// [`ClientEventKind::ReadMarker`](super::ClientEventKind::ReadMarker).
    ReadMarker {
        /// The room or the user.
        of: String,
        /// The time of the last message that we have read, by the server's clock; `None` asks.
        at: Option<SystemTime>,
    },
    /// Ask for the latest messages of a room that match a text. The answer is
    /// [`ClientEventKind::Found`](super::ClientEventKind::Found).
    Search {
        /// Where.
        room: String,
        /// Words in the messages.
        text: String,
        /// Most messages in the answer.
        most: usize,
    },
    /// A line of IRC, sent unchanged.
    Raw(String),
}

/// A moment in the past of a room: a message there, by its id and its time. A server is told what it knows messages by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The id of the message.
    pub id: Option<String>,
    /// Its time, by the server's clock.
    pub time: Option<SystemTime>,
}

impl Moment {
    /// The moment of an event; `None` if the server gives it neither an id nor a time.
    pub fn of(event: &ClientEvent) -> Option<Self> {
        let ClientEvent { id, time, .. } = event;
        (id.is_some() || time.is_some()).then(|| Self { id: id.clone(), time: *time })
    }
}

impl Request {
    /// The text, if people would read it.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Say { text, .. } | Self::Whisper { text, .. } => Some(text),
            Self::Join { .. }
            | Self::Part { .. }
            | Self::Nick(_)
            | Self::Topic { .. }
            | Self::Who { .. }
            | Self::Away(_)
            | Self::History { .. }
            | Self::Talks { .. }
            | Self::ReadMarker { .. }
            | Self::Search { .. }
            | Self::Raw(_) => None,
        }
    }

    /// The same request with another text and manner. Does not copy the old text, because a long one is split into
    /// thousands of pieces.
    pub(super) fn with_text(&self, piece: &str, manner: Manner) -> Self {
        let text = piece.to_owned();
        match self {
            Self::Say { room, .. } => Self::Say { room: room.clone(), text, manner },
            Self::Whisper { to, .. } => Self::Whisper { to: to.clone(), text, manner },
            Self::Join { .. }
            | Self::Part { .. }
            | Self::Nick(_)
            | Self::Topic { .. }
            | Self::Who { .. }
            | Self::Away(_)
            | Self::History { .. }
            | Self::Talks { .. }
            | Self::ReadMarker { .. }
            | Self::Search { .. }
            | Self::Raw(_) => self.clone(),
        }
    }
}
