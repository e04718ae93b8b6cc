//! Something that happened, for those who are to hear of it.

use std::fmt;
use std::rc::Rc;
use std::time::SystemTime;

use super::EventId;
use crate::name::{RoomName, UserName};

/// What happened, when, and whose doing it was.
#[derive(Clone, Debug)]
pub struct Event {
    /// Its id, larger than those of earlier events.
    pub id: EventId,
    /// When it happened.
    pub time: SystemTime,
    /// Whose doing it was.
    pub from: Source,
    /// Its audience is not concerned itself, but wants to know: it watches the user, or is the operator of a room
    /// that somebody is invited to.
    pub watched: bool,
    /// What it was.
    pub kind: EventKind,
}

/// Whose doing an event was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A user's, as the user was when it happened.
    User(Rc<Identity>),
    /// The server's own.
    Server,
}

/// What others see of a user in everything that the user does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name.
    pub name: UserName,
    /// Says of itself that it is a program.
    pub is_bot: bool,
    /// How long the username is, in bytes.
    username_bytes: u16,
    /// How long `username@host` is, in bytes.
    place_bytes: u16,
    /// `username@host`, and behind it the name in real life: in one piece, because there are many of them.
    text: Box<str>,
}

impl Identity {
    /// The identity of somebody who says nothing of being a program. What is longer than 32 KiB is cut.
    pub fn new(name: UserName, username: &str, host: &str, realname: &str) -> Self {
        let [username, host] = [username, host].map(|text| &text[..text.floor_char_boundary(1 << 15)]);
        let username_bytes = username.len() as u16;
        let place_bytes = username_bytes + host.len() as u16 + 1;
        let text = format!("{username}@{host}{realname}").into();
        Self { name, is_bot: false, username_bytes, place_bytes, text }
    }

    /// Changes username and host.
    pub fn move_to(&mut self, username: &str, host: &str) {
        *self = Self { is_bot: self.is_bot, ..Self::new(self.name.clone(), username, host, self.realname()) };
    }

    /// Changes the name in real life.
    pub fn set_realname(&mut self, realname: &str) {
        self.text = format!("{}{realname}", self.place()).into();
    }

    /// What IRC shows before the `@`.
    pub fn username(&self) -> &str {
        &self.text[..usize::from(self.username_bytes)]
    }

    /// What others see in place of the address.
    pub fn host(&self) -> &str {
        &self.place()[usize::from(self.username_bytes) + "@".len()..]
    }

    /// `username@host`.
    pub fn place(&self) -> &str {
        &self.text[..usize::from(self.place_bytes)]
    }

    /// The name in real life, or whatever the user put there.
    pub fn realname(&self) -> &str {
        &self.text[usize::from(self.place_bytes)..]
    }
}

/// `name!username@host`, as IRC writes it and as masks match it.
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}!{}", self.name, self.place())
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody spoke in a room.
    Said {
        /// Where.
        room: RoomName,
        /// To those of these ranks only, where there is one.
        to_rank: Rank,
        /// What.
        speech: Speech,
    },
    /// Somebody spoke to one user alone.
    Whispered {
        /// To whom.
        to: UserName,
        /// What.
        speech: Speech,
    },
    /// Somebody entered a room.
    Joined {
        /// Which.
        room: RoomName,
        /// The newcomer is away, and why.
        away: Option<Rc<str>>,
    },
    /// Somebody left a room.
    Parted {
        /// Which.
        room: RoomName,
        /// Why; empty for no reason given.
        reason: String,
    },
    /// Somebody was removed from a room.
    Kicked {
        /// Which.
        room: RoomName,
        /// Who.
        who: UserName,
        /// Why.
        reason: String,
    },
    /// Somebody left the server.
    Left {
        /// Why.
        reason: String,
    },
    /// Somebody, who was called as in `from`, took another name.
    Renamed {
        /// The new one.
        to: UserName,
    },
    /// A room's topic was set; an empty one was taken away.
    TopicSet {
        /// Which room.
        room: RoomName,
        /// The topic.
        topic: Rc<str>,
    },
    /// A room's settings or ranks changed.
    Changed {
        /// Which room.
        room: RoomName,
        /// How, in order.
        changes: Vec<RoomChange>,
    },
    /// Somebody invited somebody to a room.
    Invited {
        /// Which.
        room: RoomName,
        /// Whom.
        who: UserName,
    },
    /// Somebody went away, and why; or came back.
    Away(Option<Rc<str>>),
    /// Somebody set a name in real life.
    RealnameSet(Rc<str>),
    /// Somebody who is watched logged in or took a watched name.
    Appeared {
        /// Who is told.
        watcher: UserName,
    },
    /// Somebody who is watched left or gave up this name.
    Vanished {
        /// The name.
        name: UserName,
        /// Who is told.
        watcher: UserName,
    },
    /// Somebody, who had another username and host as in `from`, has these.
    HostSet {
        /// What IRC shows before the `@`.
        username: Rc<str>,
        /// What others see in place of the address.
        host: Rc<str>,
    },
    /// An operator told everybody who wants to know.
    Wallops(String),
    /// Something that the server's operators should know.
    Notice(String),
}

impl EventKind {
    /// How many bytes of it are what somebody wrote, names apart.
    pub fn written_bytes(&self) -> usize {
        match self {
            Self::Said { speech, .. } | Self::Whispered { speech, .. } => {
                speech.text.len() + speech.tags.len()
            }
            Self::Parted { reason, .. } | Self::Kicked { reason, .. } | Self::Left { reason } => reason.len(),
            Self::Away(Some(text)) | Self::RealnameSet(text) | Self::TopicSet { topic: text, .. } => {
                text.len()
            }
            Self::Joined { away, .. } => away.as_ref().map_or(0, |text| text.len()),
            Self::Wallops(text) | Self::Notice(text) => text.len(),
            Self::Changed { changes, .. } => changes.len() * size_of::<RoomChange>(),
            Self::Renamed { .. }
            | Self::Invited { .. }
            | Self::Away(None)
            | Self::Appeared { .. }
            | Self::Vanished { .. }
            | Self::HostSet { .. } => 0,
        }
    }
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// In which manner.
    pub kind: SpeechKind,
    /// What, without any wire's framing. May contain newlines; empty for tags only.
    pub text: String,
    /// Tags that clients send each other, as they stand on the IRC wire; empty for none.
    pub tags: Box<str>,
}

impl Speech {
    /// An ordinary message.
    pub fn message(text: impl Into<String>) -> Self {
        Self { kind: SpeechKind::Message, text: text.into(), tags: Box::default() }
    }
}

/// In which manner somebody speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechKind {
    /// Ordinarily.
    Message,
    /// So that no program answers.
    Notice,
    /// With tags alone, for clients and not for people.
    TagsOnly,
}

/// What somebody may do in a room. A set: one may be both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rank(u8);

impl Rank {
    /// Nothing in particular.
    pub const NONE: Self = Self(0);
    /// May speak where not everybody may.
    pub const VOICE: Self = Self(1);
    /// May change the room.
    pub const OPERATOR: Self = Self(2);

    /// True where somebody of this rank has one of `others`, or there are none.
    pub fn has_any(self, others: Self) -> bool {
        others == Self::NONE || self.0 & others.0 != 0
    }

    /// This rank with `other`, or without it.
    pub fn with(self, other: Self, given: bool) -> Self {
        if given { Self(self.0 | other.0) } else { Self(self.0 & !other.0) }
    }
}

/// A yes or no among a room's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFlag {
    /// Only who is invited comes in.
    InviteOnly,
    /// Only who has a rank speaks.
    Moderated,
    /// Only who is inside speaks.
    NoExternal,
    /// Only who is inside knows of it.
    Secret,
    /// Only operators set the topic.
    TopicLocked,
    /// No requests from client to client (CTCP), save for actions.
    NoCtcp,
}

/// A list of masks among a room's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskList {
    /// Who may neither come in nor speak.
    Bans,
    /// Who may all the same.
    Exceptions,
    /// Who needs no invitation.
    Invited,
}

/// One change to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChange {
    /// A member was given a rank, or it was taken.
    Rank {
        /// Whose.
        who: UserName,
        /// Which.
        rank: Rank,
        /// Or taken.
        given: bool,
    },
    /// A flag was set, or taken away.
    Flag(RoomFlag, bool),
    /// A key was set, or taken away.
    Key(Option<String>),
    /// The number of members was limited, or is not any more.
    Limit(Option<u32>),
    /// A mask was put on a list, or taken from it.
    Mask {
        /// Which list.
        list: MaskList,
        /// Which mask.
        mask: String,
        /// Or taken from it.
        added: bool,
    },
}
