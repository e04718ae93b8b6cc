//! Plain values that the parts hand to each other. They hold no sockets, no bytes of any wire, no clock.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Instant, SystemTime};

use crate::name::{NameError, RoomName, UserName};

/// The connection that a session, and the user it may become, lives on. A number is used again as soon as
/// its connection has left, so nobody keeps one beyond that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(pub u32);

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// Somebody on the network.
    Tcp(SocketAddr),
    /// Somebody on this machine, whose end of a Unix socket has no name.
    Unix,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "{address}"),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// The time of one turn. Only the reactor reads the clocks; everybody else is given this.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// For deadlines: never goes back.
    pub instant: Instant,
    /// For people: the time of day, which may be set.
    pub time: SystemTime,
}

impl Now {
    /// Reads both clocks.
    pub fn read() -> Self {
        Self { instant: Instant::now(), time: SystemTime::now() }
    }
}

/// What a session asks of the hub.
#[derive(Clone, Debug)]
pub enum Command {
    /// Become a user of this name.
    LogIn(UserName),
    /// Take another name.
    Rename(UserName),
    /// Enter a room, which is made when there is none.
    Join(RoomName),
    /// Tell everybody in a room.
    Say {
        /// Where; the speaker is a member.
        room: RoomName,
        /// What, without any wire's framing; may contain newlines.
        text: String,
    },
    /// Tell one user.
    Whisper {
        /// Who shall hear it.
        to: UserName,
        /// What, as in `Say`.
        text: String,
    },
    /// Leave all rooms and give the name back.
    Leave,
}

/// Something that happened, for those who are to hear of it.
#[derive(Clone, Debug)]
pub struct Event {
    /// Counts up from 1 while the server runs.
    pub id: u64,
    /// When it happened.
    pub time: SystemTime,
    /// Whose doing it was.
    pub from: UserName,
    /// What it was.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody spoke in a room.
    Said {
        /// Where.
        room: RoomName,
        /// What, as in [`Command::Say`].
        text: String,
    },
    /// Somebody spoke to one user alone.
    Whispered {
        /// What, as in [`Command::Say`].
        text: String,
    },
}

/// A fair request that is declined; its session tells the peer why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody has this name, perhaps in another letter case.
    NameTaken(UserName),
    /// This is not a name.
    NameNotAllowed(NameError),
    /// Nobody here has this name.
    NobodyCalled(UserName),
    /// The request needs a name, and this session has none.
    NotLoggedIn,
    /// The session has a name already.
    AlreadyLoggedIn,
    /// The speaker is not in this room.
    NotInRoom(RoomName),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTaken(name) => write!(f, "the name {name} is taken, choose another"),
            Self::NameNotAllowed(why) => write!(f, "{why}"),
            Self::NobodyCalled(name) => write!(f, "nobody here is called {name}"),
            Self::NotLoggedIn => f.write_str("log in before you speak"),
            Self::AlreadyLoggedIn => f.write_str("you are logged in already"),
            Self::NotInRoom(room) => write!(f, "you are not in {room}, join it first"),
        }
    }
}

/// Why a connection ends. It becomes the log line and, where the server ends it, the farewell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The peer shut down its writing side and has been served to the end.
    PeerFinished,
    /// The network or the peer broke the connection.
    Lost(io::ErrorKind),
    /// The peer sent what cannot be understood, and where its next frame begins is not known any more.
    Malformed(String),
    /// The peer does not read: more than this many bytes were waiting for it.
    OutboxFull(usize),
    /// The peer did not log in within the time.
    LoginTimeout,
    /// The peer did not take its last bytes within the time.
    Stalled,
    /// The server already has as many connections as this.
    RoomFull(usize),
    /// The server ends.
    ShuttingDown,
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PeerFinished => f.write_str("the peer finished"),
            Self::Lost(kind) => write!(f, "the connection broke: {kind}"),
            Self::Malformed(what) => write!(f, "{what}"),
            Self::OutboxFull(bytes) => write!(f, "you do not read: {bytes} bytes were waiting for you"),
            Self::LoginTimeout => f.write_str("you did not log in in time"),
            Self::Stalled => f.write_str("the peer did not take its last bytes in time"),
            Self::RoomFull(most) => {
                write!(f, "the server is full ({most} connections), try again in a few minutes")
            }
            Self::ShuttingDown => f.write_str("the server is shutting down"),
        }
    }
}

/// One delimited message on a wire, encoded once and shared by every outbox it waits in.
pub type Frame = Rc<[u8]>;

/// What is to be sent, in order: events, each to its audience, and bytes for one session. Used again and
/// again, so that handling a message allocates nothing for its recipients.
#[derive(Debug, Default)]
pub struct Outgoing {
    items: Vec<Item>,
    audience: Vec<UserId>,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Item {
    Event { event: Event, audience: Range<usize> },
    Bytes { to: UserId, bytes: Range<usize> },
}

/// One entry of [`Outgoing`].
#[derive(Debug)]
pub enum Sending<'a> {
    /// An event, and everybody who is to hear it.
    Event(&'a Event, &'a [UserId]),
    /// Encoded bytes for one session alone.
    Bytes(UserId, &'a [u8]),
}

impl Outgoing {
    /// Adds an event for `audience`; an audience of nobody adds nothing.
    pub fn event(&mut self, event: Event, audience: impl IntoIterator<Item = UserId>) {
        let start = self.audience.len();
        self.audience.extend(audience);
        if self.audience.len() > start {
            self.items.push(Item::Event { event, audience: start..self.audience.len() });
        }
    }

    /// Adds bytes for one session.
    pub fn bytes(&mut self, to: UserId, bytes: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.items.push(Item::Bytes { to, bytes: start..self.bytes.len() });
    }

    /// True when nothing is to be sent.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Everything, in order.
    pub fn iter(&self) -> impl Iterator<Item = Sending<'_>> {
        self.items.iter().map(|item| match item {
            Item::Event { event, audience } => Sending::Event(event, &self.audience[audience.clone()]),
            Item::Bytes { to, bytes } => Sending::Bytes(*to, &self.bytes[bytes.clone()]),
        })
    }

    /// Forgets everything, and keeps the memory for the next turn.
    pub fn clear(&mut self) {
        self.items.clear();
        self.audience.clear();
        self.bytes.clear();
    }
}
