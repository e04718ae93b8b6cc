use std::collections::VecDeque;
use std::iter;
use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

#[cfg(feature = "store")]
use super::Record;
#[cfg(feature = "cluster")]
use super::Relay;
use super::{CloseReason, ConnectionId, Dialect, Errand, Event};
#[cfg(feature = "store")]
use crate::name::RoomName;
use crate::network::Network;

/// Bytes for one connection per step of work.
const BYTES_PER_STEP: usize = 64;

/// Most memory kept for further bytes.
#[cfg(feature = "store")]
const MOST_SPARE_BYTES: usize = 512 * 1024;

/// Initial capacity for an answer: enough for most lines with tags.
const ANSWER_BYTES: usize = 512;

/// The effects of commands, in order. The executor takes them from the front, and may cause further effects, which
/// are appended. Memory is reused, so that sending a message allocates nothing per recipient.
#[derive(Debug, Default)]
pub struct Effects {
    list: VecDeque<Effect>,
    bytes: Vec<u8>,
    /// The number of effects before the current command.
    before: usize,
    /// See [`Effects::worked`].
    steps: usize,
    /// Total size of the audiences. How many of them receive the events together is not known yet.
    hearers: usize,
    /// See [`Effects::allow`].
    allowed_steps: usize,
    /// See [`Effects::counted_as_message`].
    messages: u32,
}

/// One effect of a command.
#[derive(Debug)]
pub enum Effect {
    /// An event with its audience, and its bytes for one dialect if they are already encoded.
    Event(Event, Audience, Option<Encoded>),
    /// Encoded bytes for one connection; see [`Effects::bytes_at`].
    Bytes(ConnectionId, Range<usize>),
    /// End the current line: send a newline to this connection unless its last byte was one.
    EndLine(ConnectionId),
    /// Encode further events for this connection in this dialect.
    Hear(ConnectionId, Dialect),
    /// Hold back events for this connection until this time, if there is one, or `EndQuiet`.
    BeginQuiet(ConnectionId, Option<Instant>),
    /// Send the events held back for this connection, and hold back no more.
    EndQuiet(ConnectionId),
    /// Close this connection.
    Close(ConnectionId, CloseReason),
    /// Close all connections from this network.
    CloseFrom(Network, CloseReason),
    /// Do an errand for this connection, and read nothing from its peer until the result is delivered.
    Errand(ConnectionId, Errand),
    /// Tell the session of this connection when everything that is queued for it is written.
    #[cfg(feature = "store")]
    WhenDrained(ConnectionId),
    /// The user of this connection has joined this room elsewhere: show it.
    #[cfg(feature = "store")]
    Show(ConnectionId, RoomName),
    /// Record this in the history.
    #[cfg(feature = "store")]
    Record(Record),
    /// A room was renamed: move those of this audience to the new name that only know leaving and joining.
    #[cfg(feature = "store")]
    Move(Event, Audience),
    /// Tell this message to other nodes.
    #[cfg(feature = "cluster")]
    Relay(Box<Relay>),
    /// This connection is closing and its farewell is complete: flush it.
    Flush(ConnectionId),
}

/// The connections that hear an event. The exception is separate, so that all messages in a room share the same
/// `all`.
#[derive(Clone, Debug)]
pub struct Audience {
    /// The connections, including the exception.
    pub all: Rc<[ConnectionId]>,
    /// The connection that does not hear it.
    pub except: Option<ConnectionId>,
}

impl Audience {
    /// All connections that hear the event.
    pub fn iter(&self) -> impl Iterator<Item = ConnectionId> {
        self.all.iter().copied().filter(|&id| Some(id) != self.except)
    }
}

/// The bytes of an event in one dialect; see [`Effects::bytes_at`].
#[derive(Clone, Debug)]
pub struct Encoded {
    pub dialect: Dialect,
    /// The range of the bytes.
    pub bytes: Range<usize>,
}

impl Effects {
    /// Appends an effect.
    pub fn push(&mut self, effect: Effect) {
        self.list.push_back(effect);
    }

    /// Appends an event for `audience`.
    pub fn event(&mut self, event: Event, audience: Vec<ConnectionId>) {
        self.event_for(event, Audience { all: audience.into(), except: None });
    }

    /// Appends an event for a shared audience.
    pub fn event_for(&mut self, event: Event, audience: Audience) {
        self.hearers += audience.all.len();
        self.push(Effect::Event(event, audience, None));
    }

    /// Appends bytes for one connection, which `write` adds to the buffer. Merges them with the previous effect if
    /// that is bytes for the same connection.
    pub fn write(&mut self, to: ConnectionId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.note_bytes(to, start);
    }

    fn note_bytes(&mut self, to: ConnectionId, start: usize) {
        let end = self.bytes.len();
        self.steps += (end - start) / BYTES_PER_STEP;
        let is_own = self.list.len() > self.before;
        if let Some(Effect::Bytes(last, bytes)) = self.list.back_mut()
            && (*last, bytes.end, is_own) == (to, start, true)
        {
            bytes.end = end;
        } else if end > start {
            self.push(Effect::Bytes(to, start..end));
        }
    }

    /// Appends the effects of a hub, except for records: these are up to another node.
    #[cfg(feature = "cluster")]
    pub fn append_unrecorded(&mut self, mut others: Self) {
        others.list.retain(|effect| !matches!(effect, Effect::Record(_)));
        self.list.append(&mut others.list);
        self.steps += others.steps;
        self.hearers += others.hearers;
    }

    /// Inserts bytes for one connection before all other effects of the current command.
    pub fn write_first(&mut self, to: ConnectionId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.list.insert(self.before, Effect::Bytes(to, start..self.bytes.len()));
    }

    /// Appends bytes for one connection.
    pub fn bytes(&mut self, to: ConnectionId, bytes: &[u8]) {
        self.write(to, |out| out.extend_from_slice(bytes));
    }

    /// Closes a connection.
    pub fn close(&mut self, who: ConnectionId, reason: CloseReason) {
        self.push(Effect::Close(who, reason));
    }

    /// Labels the answer to the current command's errand. False when there is none.
    pub fn label_errand(&mut self, label: &str) -> bool {
        let errand = self.list.range_mut(self.before..).find_map(|effect| match effect {
            Effect::Errand(_, errand) if errand.takes_label() => Some(errand),
            _ => None,
        });
        errand.map(|errand| errand.label = Some(label.into())).is_some()
    }

    /// Marks the start of a command: earlier effects are not its own.
    pub fn begin(&mut self) {
        self.before = self.list.len();
    }

    /// Counts users or rooms that a command looked at, besides its audiences.
    pub fn worked(&mut self, steps: usize) {
        self.steps += steps;
    }

    /// Returns and resets the steps of work.
    pub fn take_steps(&mut self) -> usize {
        std::mem::take(&mut self.steps)
    }

    /// Sets how many steps may be done before a command must wait for the next turn.
    pub fn allow(&mut self, steps: usize) {
        self.allowed_steps = steps;
    }

    /// True when a command that can continue later must wait for the next turn.
    pub fn is_spent(&self) -> bool {
        self.steps + self.hearers >= self.allowed_steps
    }

    /// Counts something that the client could have asked for in a separate message.
    pub fn counted_as_message(&mut self) {
        self.messages += 1;
    }

    /// Returns and resets the number of messages that the command was worth, 0 for an ordinary one.
    pub fn take_messages(&mut self) -> u32 {
        std::mem::take(&mut self.messages)
    }

    /// True when there are no effects.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes the first effect. When there is none left, clears the buffer of bytes.
    pub fn pop(&mut self) -> Option<Effect> {
        let effect = self.list.pop_front();
        if effect.is_none() {
            self.bytes.clear();
            // When a room is renamed, thousands may be told at once.
            #[cfg(feature = "store")]
            self.bytes.shrink_to(MOST_SPARE_BYTES);
            self.hearers = 0;
        }
        self.before = self.before.saturating_sub(1);
        effect
    }

    /// The bytes of an [`Effect::Bytes`] taken just now.
    pub fn bytes_at(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// Removes everything that the current command tells `who`, and returns it as bytes; `encode` encodes events.
    /// Keeps what others hear, and one copy for `who` of each event that `stays`.
    pub fn take_for(
        &mut self,
        who: ConnectionId,
        dialect: Dialect,
        stays: impl Fn(&Event) -> bool,
        mut encode: impl FnMut(&Event, &mut Vec<u8>),
    ) -> Vec<u8> {
        let (mut taken, steps) = (Vec::with_capacity(ANSWER_BYTES), self.steps);
        for effect in self.list.split_off(self.before) {
            match effect {
                Effect::Bytes(to, bytes) if to == who => taken.extend_from_slice(&self.bytes[bytes]),
                Effect::Event(event, audience, mut encoded) => {
                    let copies = audience.iter().filter(|&id| id == who).count();
                    let staying = usize::from(copies > 0 && stays(&event));
                    let start = taken.len();
                    (staying..copies).for_each(|_| encode(&event, &mut taken));
                    if copies - staying == 1 {
                        let bytes = self.bytes.len()..self.bytes.len() + taken.len() - start;
                        self.bytes.extend_from_slice(&taken[start..]);
                        encoded = Some(Encoded { dialect, bytes });
                    }
                    let audience = without(audience, who, copies, staying);
                    self.push(Effect::Event(event, audience, encoded));
                }
                other => self.push(other),
            }
        }
        // Rebuilding the list is not the command's work.
        self.steps = steps;
        taken
    }
}

/// Replaces the `copies` of `who` in `audience` by `staying` copies.
fn without(audience: Audience, who: ConnectionId, copies: usize, staying: usize) -> Audience {
    if copies == staying {
        audience
    } else if copies == 1 && audience.except.is_none() {
        // Shares `all`, so that the event is batched with others for the same room.
        Audience { except: Some(who), ..audience }
    } else {
        let others = audience.iter().filter(|&id| id != who);
        Audience { all: others.chain(iter::repeat_n(who, staying)).collect(), except: None }
    }
}
