//! What is to be done at the end of a command, in order.

use std::iter;
use std::ops::Range;
use std::rc::Rc;

use super::{Check, CloseReason, Event, UserId};
use crate::network::Network;

/// How many bytes for one session are a step of work.
const BYTES_PER_STEP: usize = 64;

/// What is to be sent, in order: events, each to its audience, and bytes for one session; and connections that are
/// to be ended. Used again and again, so that handling a message allocates nothing for its recipients.
#[derive(Debug, Default)]
pub struct Outgoing {
    items: Vec<Item>,
    bytes: Vec<u8>,
    /// See [`Outgoing::worked`].
    steps: usize,
    /// How many hearers the events have. It is not known yet how many of them are told something at the same time.
    hearers: usize,
    /// See [`Outgoing::allow`].
    allowed_steps: usize,
    /// See [`Outgoing::counted_as_message`].
    messages: u32,
}

#[derive(Debug)]
enum Item {
    Event(Event, Audience),
    Bytes { to: UserId, bytes: Range<usize> },
    Close { who: UserId, reason: CloseReason },
    CloseFrom { network: Network, reason: CloseReason },
    Reload { by: UserId },
    Report { to: UserId, label: Option<Box<str>> },
    Check { who: UserId, check: Box<Check> },
}

/// One entry of [`Outgoing`].
#[derive(Debug)]
pub enum Sending<'a> {
    /// An event, and who is to hear it.
    Event(Event, Audience),
    /// Encoded bytes for one session alone.
    Bytes(UserId, &'a [u8]),
    /// This connection is to end.
    Close(UserId, CloseReason),
    /// All connections from there are to end.
    CloseFrom(Network, CloseReason),
    /// What stands in files is to be read again, as this session wants, which is to be told what came of it.
    Reload(UserId),
    /// What there is to see inside the server is to be told to this session; and the label that it asked under.
    Report(UserId, Option<Box<str>>),
    /// This session is to be told whether a guess is right, and nothing is taken from its peer until then.
    Check(UserId, Box<Check>),
}

/// Who is to hear an event. The one who does not is apart, so that what several people say in a room has the same
/// `all`, also as a value in memory.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Everybody who could.
    pub all: Rc<[UserId]>,
    /// Who of them does not.
    pub except: Option<UserId>,
}

impl Audience {
    /// Everybody who is to hear the event.
    pub fn iter(&self) -> impl Iterator<Item = UserId> {
        self.all.iter().copied().filter(|&id| Some(id) != self.except)
    }
}

impl Outgoing {
    /// Adds an event for `audience`; an audience of nobody adds nothing.
    pub fn event(&mut self, event: Event, audience: impl IntoIterator<Item = UserId>) {
        self.event_for(event, Audience { all: audience.into_iter().collect(), except: None });
    }

    /// Adds an event for an audience that others may share; one of nobody adds nothing.
    pub fn event_for(&mut self, event: Event, audience: Audience) {
        if audience.iter().next().is_some() {
            self.hearers += audience.all.len();
            self.items.push(Item::Event(event, audience));
        }
    }

    /// Adds bytes for one session, which `write` appends to what it is given. Bytes for the session that was last
    /// given some become one with those.
    pub fn write(&mut self, to: UserId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.note_bytes(to, start);
    }

    fn note_bytes(&mut self, to: UserId, start: usize) {
        let end = self.bytes.len();
        self.steps += (end - start) / BYTES_PER_STEP;
        if let Some(Item::Bytes { to: last, bytes }) = self.items.last_mut()
            && *last == to
            && bytes.end == start
        {
            bytes.end = end;
        } else if end > start {
            self.items.push(Item::Bytes { to, bytes: start..end });
        }
    }

    /// Adds bytes for one session before all else.
    pub fn write_first(&mut self, to: UserId, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.items.insert(0, Item::Bytes { to, bytes: start..self.bytes.len() });
    }

    /// Adds bytes for one session.
    pub fn bytes(&mut self, to: UserId, bytes: &[u8]) {
        self.write(to, |out| out.extend_from_slice(bytes));
    }

    /// Asks for the end of a connection.
    pub fn close(&mut self, who: UserId, reason: CloseReason) {
        self.items.push(Item::Close { who, reason });
    }

    /// Asks for the end of all connections from a network, logged in or not; peers on this machine are not on it.
    pub fn close_from(&mut self, network: Network, reason: CloseReason) {
        self.items.push(Item::CloseFrom { network, reason });
    }

    /// Asks for files to be read again, in the name of somebody who is to be told what came of it.
    pub fn reload(&mut self, by: UserId) {
        self.items.push(Item::Reload { by });
    }

    /// Asks for what there is to see inside the server.
    pub fn report(&mut self, to: UserId) {
        self.items.push(Item::Report { to, label: None });
    }

    /// Asks whether a guess is right. What came of it may be handled before anything else of this peer.
    pub fn check(&mut self, who: UserId, check: Check) {
        self.items.push(Item::Check { who, check: Box::new(check) });
    }

    /// Where something is to be told that is not known yet, notes the label that it is to be told under. False where
    /// there is no such thing.
    pub fn label_later(&mut self, new: &str) -> bool {
        let mut labels = self.items.iter_mut().filter_map(|item| match item {
            Item::Report { label, .. } => Some(label),
            Item::Check { check, .. } => Some(&mut check.label),
            Item::Event(..)
            | Item::Bytes { .. }
            | Item::Close { .. }
            | Item::CloseFrom { .. }
            | Item::Reload { .. } => None,
        });
        let label = labels.next();
        let is_later = label.is_some();
        label.into_iter().for_each(|label| *label = Some(new.into()));
        is_later
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
        self.items.is_empty()
    }

    /// Takes out everything, in order. What is not taken is forgotten with [`Outgoing::clear`], at the latest.
    pub fn drain(&mut self) -> impl Iterator<Item = Sending<'_>> {
        self.hearers = 0;
        let Self { items, bytes: all_bytes, .. } = self;
        items.drain(..).map(|item| match item {
            Item::Event(event, audience) => Sending::Event(event, audience),
            Item::Bytes { to, bytes } => Sending::Bytes(to, &all_bytes[bytes]),
            Item::Close { who, reason } => Sending::Close(who, reason),
            Item::CloseFrom { network, reason } => Sending::CloseFrom(network, reason),
            Item::Reload { by } => Sending::Reload(by),
            Item::Report { to, label } => Sending::Report(to, label),
            Item::Check { who, check } => Sending::Check(who, check),
        })
    }

    /// Takes out all that is for `who`, as bytes: events by way of `encode`. What others are to hear stays, and so
    /// does one copy of every event that `stays`.
    pub fn take_for(
        &mut self,
        who: UserId,
        stays: impl Fn(&Event) -> bool,
        mut encode: impl FnMut(&Event, &mut Vec<u8>),
    ) -> Vec<u8> {
        let mut taken = Vec::new();
        let mut kept = Self::default();
        for item in self.items.drain(..) {
            match item {
                Item::Bytes { to, bytes } if to == who => taken.extend_from_slice(&self.bytes[bytes]),
                Item::Bytes { to, bytes } => kept.bytes(to, &self.bytes[bytes]),
                Item::Close { who, reason } => kept.close(who, reason),
                Item::CloseFrom { network, reason } => kept.close_from(network, reason),
                Item::Reload { by } => kept.reload(by),
                item @ (Item::Report { .. } | Item::Check { .. }) => kept.items.push(item),
                Item::Event(event, audience) => {
                    let copies = audience.iter().filter(|&id| id == who).count();
                    let staying = usize::from(copies > 0 && stays(&event));
                    (staying..copies).for_each(|_| encode(&event, &mut taken));
                    if copies == staying {
                        kept.event_for(event, audience);
                    } else if copies == 1 && audience.except.is_none() {
                        // All the others hear it with what else is said there.
                        kept.event_for(event, Audience { all: audience.all, except: Some(who) });
                    } else {
                        let others = audience.iter().filter(|&id| id != who);
                        kept.event(event, others.chain(iter::repeat_n(who, staying)));
                    }
                }
            }
        }
        // Moving things about is no work of the command's.
        kept.steps = self.steps;
        kept.allowed_steps = self.allowed_steps;
        kept.messages = self.messages;
        *self = kept;
        taken
    }

    /// Forgets everything, and keeps the memory for the next turn.
    pub fn clear(&mut self) {
        self.items.clear();
        self.bytes.clear();
    }
}
