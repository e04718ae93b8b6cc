//! Events: what happened, for those who hear of it.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::EventId;
#[cfg(feature = "store")]
use super::HistoryLimit;
use crate::name::{RoomName, UserName};

/// Something that happened, with its time and cause.
#[derive(Clone, Debug)]
pub struct Event {
    /// The id, larger than those of earlier events.
    pub id: EventId,
    /// When it happened.
    pub time: SystemTime,
    /// Who caused it.
    pub from: Source,
    /// The receivers are not affected, but want to know: they watch the user, are operators of a room to which
    /// somebody was invited, or are devices of the user who whispered this to somebody.
    pub watched: bool,
    /// What happened.
    pub kind: EventKind,
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A user, as it was at the time of the event.
    User(Arc<Identity>),
    /// The server.
    Server,
}

/// What others see of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub name: UserName,
    /// The user is a program.
    pub is_bot: bool,
    /// The user is logged in to the account of this name.
    #[cfg(feature = "store")]
    pub has_account: bool,
    /// The length of the username, in bytes.
    username_bytes: u16,
    /// The length of `username@host`, in bytes.
    place_bytes: u16,
    /// `username@host` and the real name, in one allocation because there are many identities.
    text: Box<str>,
}

impl Identity {
    /// An identity that is not a bot. Cuts username and host to less than 32 KiB.
    pub fn new(name: UserName, username: &str, host: &str, realname: &str) -> Self {
        let [username, host] = [username, host].map(|text| &text[..text.floor_char_boundary((1 << 15) - 1)]);
        let username_bytes = username.len() as u16;
        let place_bytes = username_bytes + host.len() as u16 + 1;
        let text = format!("{username}@{host}{realname}").into();
        Self {
            name,
            is_bot: false,
            #[cfg(feature = "store")]
            has_account: false,
            username_bytes,
            place_bytes,
            text,
        }
    }

    /// Changes username and host.
    pub fn move_to(&mut self, username: &str, host: &str) {
        let moved = Self::new(self.name.clone(), username, host, self.realname());
        let Self { username_bytes, place_bytes, text, .. } = moved;
        (self.username_bytes, self.place_bytes, self.text) = (username_bytes, place_bytes, text);
    }

    /// Changes the real name.
    pub fn set_realname(&mut self, realname: &str) {
        self.text = format!("{}{realname}", self.place()).into();
    }

    /// The part before the `@` on IRC.
    pub fn username(&self) -> &str {
        &self.text[..usize::from(self.username_bytes)]
    }

    /// The host that others see instead of the address.
    pub fn host(&self) -> &str {
        &self.place()[usize::from(self.username_bytes) + "@".len()..]
    }

    /// `username@host`.
    pub fn place(&self) -> &str {
        &self.text[..usize::from(self.place_bytes)]
    }

    /// The name of the account that the user is logged in to.
    #[cfg(feature = "store")]
    pub fn account(&self) -> Option<&str> {
        self.has_account.then(|| self.name.as_str())
    }

    /// Without a store there are no accounts.
    #[cfg(not(feature = "store"))]
    pub fn account(&self) -> Option<&str> {
        None
    }

    /// The real name, or any text the user chose.
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

/// The kinds of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A user sent a message to a room.
    Said {
        room: RoomName,
        /// Only to members with one of these ranks; to all if it is empty.
        to_rank: Rank,
        speech: Speech,
    },
    /// A user sent a message to one user.
    Whispered { to: UserName, speech: Speech },
    /// A user joined a room.
    Joined {
        room: RoomName,
        /// The user's away message.
        away: Option<Arc<str>>,
    },
    /// A user left a room.
    Parted {
        room: RoomName,
        /// The reason; may be empty.
        reason: String,
    },
    /// A user was removed from a room.
    Kicked {
        room: RoomName,
        /// The removed user.
        who: UserName,
        reason: String,
    },
    /// A user left the server.
    Left { reason: String },
    /// A user changed its name; `from` has the old one.
    Renamed { to: UserName },
    /// A topic was set; an empty one means that it was removed.
    TopicSet { room: RoomName, topic: Arc<str> },
    /// A room's settings or ranks changed.
    Changed {
        room: RoomName,
        /// The changes, in order.
        changes: Vec<RoomChange>,
    },
    /// A user gave a room another name.
    #[cfg(feature = "store")]
    RoomRenamed {
        from: RoomName,
        to: RoomName,
        /// The reason; may be empty.
        reason: String,
    },
    /// A message in a room was removed.
    #[cfg(feature = "store")]
    Redacted {
        room: RoomName,
        /// The removed message.
        message: EventId,
        /// The reason; may be empty.
        reason: String,
    },
    /// A user was invited to a room.
    Invited { room: RoomName, who: UserName },
    /// A user went away with this message, or came back.
    Away(Option<Arc<str>>),
    /// A user changed its real name.
    RealnameSet(Arc<str>),
    /// A user who is here logged in to this account, or logged out; `from` is from before.
    #[cfg(feature = "store")]
    AccountSet(Option<UserName>),
    /// Metadata of a user or room was set, or removed.
    #[cfg(feature = "store")]
    MetadataSet {
        /// The name of the user or room.
        of: Arc<str>,
        key: Arc<str>,
        value: Option<Arc<str>>,
    },
    /// The user of this connection has read a room, or the messages of a user, up to this time.
    #[cfg(feature = "store")]
    MarkedRead { target: Box<str>, at: SystemTime },
    /// A watched user logged in or took a watched name.
    Appeared {
        /// The watching user.
        watcher: UserName,
    },
    /// A watched user left or gave up this name.
    Vanished {
        name: UserName,
        /// The watching user.
        watcher: UserName,
    },
    /// A user's username and host changed; `from` has the old ones.
    HostSet {
        /// The part before the `@` on IRC.
        username: Arc<str>,
        /// The host that others see instead of the address.
        host: Arc<str>,
    },
    /// An operator sent a text to all who want to hear `WALLOPS`.
    Wallops(String),
    /// A notice from the server to its operators.
    Notice(String),
}

impl EventKind {
    /// True for a message.
    pub fn is_speech(&self) -> bool {
        matches!(self, Self::Said { .. } | Self::Whispered { .. })
    }

    /// Lines of a text written by users: IRC has its source and target in each.
    pub fn written_lines(&self) -> usize {
        let (Self::Said { speech, .. } | Self::Whispered { speech, .. }) = self else { return 1 };
        speech.text.matches('\n').count() + 1
    }

    /// Bytes of text written by users, without names.
    pub fn written_bytes(&self) -> usize {
        match self {
            Self::Said { speech, .. } | Self::Whispered { speech, .. } => {
                speech.text.len() + speech.tags.len()
            }
            #[cfg(feature = "store")]
            Self::RoomRenamed { reason, .. } | Self::Redacted { reason, .. } => reason.len(),
            Self::Parted { reason, .. } | Self::Kicked { reason, .. } | Self::Left { reason } => reason.len(),
            Self::Away(Some(text)) | Self::RealnameSet(text) | Self::TopicSet { topic: text, .. } => {
                text.len()
            }
            Self::Joined { away, .. } => away.as_ref().map_or(0, |text| text.len()),
            Self::Wallops(text) | Self::Notice(text) => text.len(),
            Self::Changed { changes, .. } => changes.len() * size_of::<RoomChange>(),
            #[cfg(feature = "store")]
            Self::MetadataSet { value, .. } => value.as_ref().map_or(0, |value| value.len()),
            #[cfg(feature = "store")]
            Self::AccountSet(_) => 0,
            #[cfg(feature = "store")]
            Self::MarkedRead { target, .. } => target.len(),
            Self::Renamed { .. }
            | Self::Invited { .. }
            | Self::Away(None)
            | Self::Appeared { .. }
            | Self::Vanished { .. }
            | Self::HostSet { .. } => 0,
        }
    }
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Speech {
    /// How to deliver it.
    pub kind: SpeechKind,
    /// The text without framing. May contain newlines; empty if there are only tags.
    pub text: String,
    /// The sender's client tags as on the IRC wire; may be empty.
    pub tags: Box<str>,
}

impl Speech {
    /// An ordinary message.
    pub fn message(text: impl Into<String>) -> Self {
        Self { kind: SpeechKind::Message, text: text.into(), tags: Box::default() }
    }

    /// True if it tells only that somebody is typing (IRCv3 `typing`), which nobody wants to know later.
    pub fn is_fleeting(&self) -> bool {
        let is_typing = |tag: &str| tag.split('=').next() == Some("+typing");
        self.kind == SpeechKind::TagsOnly && self.tags.split(';').all(is_typing)
    }
}

/// How a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpeechKind {
    /// Ordinarily.
    Message,
    /// Programs must not answer it.
    Notice,
    /// Without text, only for clients.
    TagsOnly,
}

/// A set of permissions in a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rank(u8);

impl Rank {
    /// No permissions.
    pub const NONE: Self = Self(0);
    /// May speak in a moderated room.
    pub const VOICE: Self = Self(1);
    /// May change the room.
    pub const OPERATOR: Self = Self(2);

    /// True when the sets intersect, or `others` is empty.
    pub fn has_any(self, others: Self) -> bool {
        others == Self::NONE || self.0 & others.0 != 0
    }

    /// This rank with `other` added or removed.
    pub fn with(self, other: Self, given: bool) -> Self {
        if given { Self(self.0 | other.0) } else { Self(self.0 & !other.0) }
    }

    /// Its bits.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }

    /// The rank of these bits, if all of them have a meaning.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(crate) fn from_bits(bits: u8) -> Option<Self> {
        (bits & !(Self::VOICE.0 | Self::OPERATOR.0) == 0).then_some(Self(bits))
    }
}

/// A yes-or-no setting of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomFlag {
    /// Only invited users may join.
    InviteOnly,
    /// Only members with a rank may speak.
    Moderated,
    /// Only members may speak.
    NoExternal,
    /// Only members can see it.
    Secret,
    /// Only operators set the topic.
    TopicLocked,
    /// No CTCP requests except actions.
    NoCtcp,
    /// Only users with accounts may join.
    #[cfg(feature = "store")]
    AccountsOnly,
    /// Only users with accounts and members with a rank may speak.
    #[cfg(feature = "store")]
    AccountsSpeak,
}

/// A list of masks of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaskList {
    /// Users who may neither join nor speak.
    Bans,
    /// Users whom bans do not affect.
    Exceptions,
    /// Users who need no invitation.
    Invited,
}

impl MaskList {
    /// All lists.
    #[cfg(feature = "store")]
    pub const ALL: [Self; 3] = [Self::Bans, Self::Exceptions, Self::Invited];
}

/// A change to a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoomChange {
    /// A member's rank was granted or revoked.
    Rank {
        who: UserName,
        rank: Rank,
        /// True if granted.
        given: bool,
    },
    /// A flag was set or cleared.
    Flag(RoomFlag, bool),
    /// A key was set or removed.
    Key(Option<String>),
    /// The limit of members was set or removed.
    Limit(Option<u32>),
    /// The limit of what is kept of the room's past was set or removed.
    #[cfg(feature = "store")]
    History(Option<HistoryLimit>),
    /// A mask was added to or removed from a list.
    Mask {
        list: MaskList,
        mask: String,
        /// True if added.
        added: bool,
    },
}
