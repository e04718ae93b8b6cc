//! What a client hears, as plain values: the same on both wires.

use std::time::SystemTime;

/// Something heard from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened, by the server's clock, where the server tells.
    pub time: Option<SystemTime>,
    /// It was our own doing: what we said and the server has taken, for one.
    pub is_own: bool,
    /// The mark up to which the server has dealt with what we sent, where this tells
    /// (see [`super::Speaker::send`]).
    pub answers: Option<u64>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened. Names of users and rooms are as the server writes them: other servers allow other names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody spoke to everybody in a room.
    Said {
        /// Where; `None` on the CrazyIt wire, which knows only one room.
        room: Option<String>,
        /// Who.
        from: String,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Somebody spoke to one user: to us, or we to them.
    Whispered {
        /// Who.
        from: String,
        /// To whom; `None` where that can only be us.
        to: Option<String>,
        /// What.
        text: String,
        /// How.
        manner: Manner,
    },
    /// Somebody came into a room; when we did, [`EventKind::Present`] follows.
    Joined {
        /// Where.
        room: String,
        /// Who.
        who: String,
    },
    /// Somebody left a room.
    Parted {
        /// Where.
        room: String,
        /// Who.
        who: String,
        /// Why; empty when they did not say.
        reason: String,
    },
    /// Somebody left the server.
    Quit {
        /// Who.
        who: String,
        /// Why; empty when nobody said.
        reason: String,
    },
    /// Somebody was removed from a room.
    Kicked {
        /// Where.
        room: String,
        /// Who.
        who: String,
        /// By whom.
        by: String,
        /// Why; empty when they did not say.
        reason: String,
    },
    /// Somebody has another name from now on.
    Renamed {
        /// The name until now.
        from: String,
        /// The name from now on.
        to: String,
    },
    /// What a room is about.
    Topic {
        /// Which.
        room: String,
        /// Empty when there is none.
        topic: String,
        /// Who has just set it; `None` where it stood before we came.
        by: Option<String>,
    },
    /// Who is in a room.
    Present {
        /// Which.
        room: String,
        /// Who.
        members: Vec<Member>,
    },
    /// The server lets us into another room than the one we asked for; [`EventKind::Joined`] follows.
    Forwarded {
        /// The room we asked for.
        from: String,
        /// The room we get.
        to: String,
        /// Why.
        text: String,
    },
    /// Somebody is asked into a room.
    Invited {
        /// Which.
        room: String,
        /// Who.
        who: String,
        /// By whom.
        by: String,
    },
    /// The settings of a room or a user changed, or a rank in a room.
    Changed {
        /// Whose.
        of: String,
        /// By whom.
        by: String,
        /// What, in IRC's letters: `+o bob`.
        changes: String,
    },
    /// The server itself said something that is meant for people.
    Notice(String),
    /// The server declined something that we asked for.
    Refused {
        /// IRC's number or word for it.
        code: String,
        /// The name, room or command that it is about, where it is about one.
        about: Option<String>,
        /// Why.
        text: String,
    },
    /// The server told something about itself: the message of the day, for one.
    Info(String),
    /// The server told which program it is.
    Server {
        /// The program and its version, in its own words.
        version: String,
    },
    /// Nothing but that something we sent was dealt with.
    Taken,
    /// The server ends the connection, and this is why.
    Closing(String),
}

/// True if `version` is the name of our own server and its version.
pub(crate) fn is_parlord(version: &str) -> bool {
    version.starts_with("parlor-")
}

/// How somebody spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// They said it.
    Message,
    /// A program said it, and wants no answer.
    Notice,
    /// They did it: `waves`.
    Action,
}

/// Somebody in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// IRC's signs for their rank: `@` an operator, `+` a voice, nothing for most.
    pub rank: String,
    /// Who.
    pub name: String,
}
