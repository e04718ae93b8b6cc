//! What a client may ask of a server, as plain values: the same on both wires.

use super::event::Manner;

/// Something to ask of the server. What comes of it, events tell.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Come into a room.
    Join {
        /// Which.
        room: String,
        /// The word that opens it, where it has one.
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
    /// Say what a room is about, or ask.
    Topic {
        /// Which.
        room: String,
        /// The new topic; `None` asks for the one there is.
        topic: Option<String>,
    },
    /// Ask who is in a room.
    Who {
        /// Which.
        room: String,
    },
    /// Be away, with a message for those who whisper; be back when it is empty.
    Away(String),
    /// An IRC command as it stands, in one line.
    Raw(String),
}

impl Request {
    /// What of it is talk.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Say { text, .. } | Self::Whisper { text, .. } => Some(text),
            Self::Join { .. }
            | Self::Part { .. }
            | Self::Nick(_)
            | Self::Topic { .. }
            | Self::Who { .. }
            | Self::Away(_)
            | Self::Raw(_) => None,
        }
    }

    /// The same with another text, said in this manner, for talk. The text that there was is not copied: a long one is
    /// cut into thousands of pieces.
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
            | Self::Raw(_) => self.clone(),
        }
    }
}
