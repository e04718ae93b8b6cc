//! What a command causes, in order.

use std::collections::VecDeque;
use std::iter;
use std::ops::Range;
use std::rc::Rc;
use std::time::Instant;

use super::{CloseReason, ConnectionId, Dialect, Errand, Event};
use crate::network::Network;

/// How many bytes for one connection are a step of work.
const BYTES_PER_STEP: usize = 64;

/// As many bytes as most answers have: a line with its tags.
const ANSWER_BYTES: usize = 512;

/// Everything that commands cause, in order. Whoever executes the list takes effects off its beginning; what comes of
/// that is appended. Its memory is used again, so that handling a message allocates nothing for its recipients.
#[derive(Debug, Default)]
pub struct Effects {
    list: VecDeque<Effect>,
    bytes: Vec<u8>,
    /// How many effects there were before the command that is being handled.
    before: usize,
    /// See [`Effects::worked`].
    steps: usize,
    /// How many hearers the events have. It is not known yet how many of them are told something at the same time.
    hearers: usize,
    /// See [`Effects::allow`].
    allowed_steps: usize,
    /// See [`Effects::counted_as_message`].
    messages: u32,
}

/// One entry of [`Effects`].
#[derive(Debug)]
pub enum Effect {
    /// An event, the connections that hear it, and its bytes for one dialect if something has encoded it already.
    Event(Event, Audience, Option<Encoded>),
    /// Encoded bytes for one connection alone: see [`Effects::bytes_at`].
    Bytes(ConnectionId, Range<usize>),
    /// A newline for this connection, where the last byte that it was sent is none.
    EndLine(ConnectionId),
    /// From now on this connection hears of events like this.
    Hear(ConnectionId, Dialect),
    /// Events for this connection wait until this time, or until the quiet time is ended.
    BeginQuiet(ConnectionId, Instant),
    /// What waited for this connection is sent, and events are from now on.
    EndQuiet(ConnectionId),
    /// This connection is to end.
    Close(ConnectionId, CloseReason),
    /// All connections from there are to end.
    CloseFrom(Network, CloseReason),
    /// Something is to be found out for this connection, and nothing is taken from its peer until it has been told.
    Errand(ConnectionId, Errand),
    /// The end of this connection has begun, and everything is said: it is to be flushed.
    Flush(ConnectionId),
}

/// Who is to hear an event. The one who does not is apart, so that what several people say in a room has the same
/// `all`, also as a value in memory.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Everybody who could.
    pub all: Rc<[ConnectionId]>,
    /// Who of them does not.
    pub except: Option<ConnectionId>,
}

impl Audience {
    /// Everybody who is to hear the event.
    pub fn iter(&self) -> impl Iterator<Item = ConnectionId> {
        self.all.iter().copied().filter(|&id| Some(id) != self.except)
    }
}

/// The bytes of an event for the connections of one dialect: see [`Effects::bytes_at`].
#[derive(Clone, Debug)]
pub struct Encoded {
    /// The dialect.
    pub dialect: Dialect,
    /// Where the bytes are.
    pub bytes: Range<usize>,
}

impl Effects {
    /// Adds an effect.
    pub fn push(&mut self, effect: Effect) {
        self.list.push_back(effect);
    }

    /// Adds an event for `audience`.
    pub fn event(&mut self, event: Event, audience: Vec<ConnectionId>) {
        self.event_for(event, Audience { all: audience.into(), except: None });
    }

    /// Adds an event for an audience that others may share.
    pub fn event_for(&mut self, event: Event, audience: Audience) {
        self.hearers += audience.all.len();
        self.push(Effect::Event(event, audience, None));
    }

    /// Adds bytes for one connection, which `write` appends to what it is given. Bytes for the connection that was last
    /// given some become one with those.
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

    /// Adds bytes for one connection before all else that the command has caused.
    pub fn write_first(&mut self, to: ConnectionId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.list.insert(self.before, Effect::Bytes(to, start..self.bytes.len()));
    }

    /// Adds bytes for one connection.
    pub fn bytes(&mut self, to: ConnectionId, bytes: &[u8]) {
        self.write(to, |out| out.extend_from_slice(bytes));
    }

    /// Asks for the end of a connection.
    pub fn close(&mut self, who: ConnectionId, reason: CloseReason) {
        self.push(Effect::Close(who, reason));
    }

    /// Where the command has sent somebody on an errand, notes the label under which the answer is to be told. False where
    /// it has not.
    pub fn label_errand(&mut self, label: &str) -> bool {
        let errand = self.list.range_mut(self.before..).find_map(|effect| match effect {
            Effect::Errand(_, errand) => Some(errand),
            _ => None,
        });
        errand.map(|errand| errand.label = Some(label.into())).is_some()
    }

    /// Begins with another command: what is in the list already is not its doing.
    pub fn begin(&mut self) {
        self.before = self.list.len();
    }

    /// Notes that a command looked at this many users or rooms, besides those that an event is for.
    pub fn worked(&mut self, steps: usize) {
        self.steps += steps;
    }

    /// How many users and rooms were looked at since this was asked last.
    pub fn take_steps(&mut self) -> usize {
        std::mem::take(&mut self.steps)
    }

    /// Says how many steps of work there may be before a command has to wait for the next turn, from now on.
    pub fn allow(&mut self, steps: usize) {
        self.allowed_steps = steps;
    }

    /// True when a command that could go on has to wait for the next turn.
    pub fn is_spent(&self) -> bool {
        self.steps + self.hearers >= self.allowed_steps
    }

    /// Notes that a command did something that could have been asked for in a message of its own.
    pub fn counted_as_message(&mut self) {
        self.messages += 1;
    }

    /// How many messages the command was worth since this was asked last, if there was more than one.
    pub fn take_messages(&mut self) -> u32 {
        std::mem::take(&mut self.messages)
    }

    /// True when there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Takes the first effect off the list. Once there is none, the bytes of those before are forgotten.
    pub fn pop(&mut self) -> Option<Effect> {
        let effect = self.list.pop_front();
        if effect.is_none() {
            self.bytes.clear();
            self.hearers = 0;
        }
        self.before = self.before.saturating_sub(1);
        effect
    }

    /// The bytes of an [`Effect::Bytes`] that was just taken.
    pub fn bytes_at(&self, range: Range<usize>) -> &[u8] {
        &self.bytes[range]
    }

    /// Takes out all that the command tells `who`, as bytes: events by way of `encode`. What others are to hear stays, and
    /// so does one copy of every event that `stays`.
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
        // Moving things about is no work of the command's.
        self.steps = steps;
        taken
    }
}

/// `audience`, in which `who` is `staying` times in place of `copies` times.
fn without(audience: Audience, who: ConnectionId, copies: usize, staying: usize) -> Audience {
    if copies == staying {
        audience
    } else if copies == 1 && audience.except.is_none() {
        // All the others hear it with what else is said there.
        Audience { except: Some(who), ..audience }
    } else {
        let others = audience.iter().filter(|&id| id != who);
        Audience { all: others.chain(iter::repeat_n(who, staying)).collect(), except: None }
    }
}
