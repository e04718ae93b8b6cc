//! Consecutive events for one audience in a turn. All of the audience share their encoded bytes, so the cost per
//! receiver does not grow with the number of events. A user may join the audience meanwhile and gets the rest; bytes
//! for single receivers keep their place in between.

use std::mem;
use std::ops::Range;
use std::rc::Rc;

use crate::message::{Audience, ConnectionId, Dialect, Event, Frame};
use crate::session::{self, Differences, House};

/// Approximate size at which a batch is moved into the outboxes, for events and for asides each.
const BATCH_BYTES: usize = 64 * 1024;

/// Approximate size of an event besides its text, or of each line of a text: source, target, time and id.
const EVENT_BYTES: usize = 200;

/// True when a receiver gets a copy of a part of a batch. A shared part keeps the whole batch in memory, so a part is
/// shared only if it is at least half of the batch.
fn is_copied(part: &Range<usize>, all: &[u8]) -> bool {
    part.len() < all.len() / 2
}

#[derive(Debug)]
pub(super) struct Batch {
    /// Approximate limit on `bytes`.
    most_bytes: usize,
    /// All possible receivers of the events.
    audience: Rc<[ConnectionId]>,
    /// For receivers at the end of the audience that joined late: the number of events before.
    missed: Vec<usize>,
    events: Vec<Entry>,
    /// Encodings that came with their events.
    encoded_bytes: Vec<u8>,
    /// Bytes for single receivers, between events.
    asides: Vec<Aside>,
    aside_bytes: Vec<u8>,
    /// Receivers that do not get all events, or get asides.
    special: Vec<ConnectionId>,
    bytes: usize,
    differences: Differences,
    /// The encodings made so far.
    encodings: Vec<Encoding>,
    /// Scratch buffer for encoding.
    encoder: Vec<u8>,
}

#[derive(Debug)]
struct Entry {
    event: Event,
    /// The member of the audience that does not get it.
    except: Option<ConnectionId>,
    /// Its bytes for one dialect, in `Batch::encoded_bytes`.
    encoded: Option<(Dialect, Range<usize>)>,
}

/// Bytes for one receiver only.
#[derive(Debug)]
struct Aside {
    to: ConnectionId,
    /// Number of events before it.
    after: usize,
    bytes: Range<usize>,
}

/// All events of a batch in one encoding.
#[derive(Debug)]
struct Encoding {
    variant: Dialect,
    all: Frame,
    /// The end of each event in the bytes.
    ends: Vec<usize>,
}

impl Encoding {
    /// The start of the event with this index.
    fn start(&self, after: usize) -> usize {
        after.checked_sub(1).map_or(0, |last| self.ends[last])
    }
}

/// The frames for a special receiver: long runs of events are shared, all else is copied.
struct Parts<'a, G> {
    encoding: &'a Encoding,
    give: &'a mut G,
    /// The run of events that is not yet taken.
    heard: Range<usize>,
    /// Copied bytes that are not yet given.
    own: Vec<u8>,
}

impl<G: FnMut(Frame)> Parts<'_, G> {
    /// Takes the run of events up to `next`.
    fn end_run(&mut self, next: usize) {
        let range = self.encoding.start(self.heard.start)..self.encoding.start(self.heard.end);
        if is_copied(&range, &self.encoding.all) {
            self.own.extend_from_slice(&self.encoding.all[range]);
        } else {
            self.end();
            (self.give)(self.encoding.all.part(range));
        }
        self.heard = next..next;
    }

    fn end(&mut self) {
        if !self.own.is_empty() {
            (self.give)(mem::take(&mut self.own).into());
        }
    }
}

impl Batch {
    /// An empty batch for outboxes of `outbox_bytes`: it uses at most half, and leaves the rest for bytes queued
    /// before.
    pub(super) fn new(outbox_bytes: usize) -> Self {
        Self {
            most_bytes: BATCH_BYTES.min(outbox_bytes / 2),
            audience: Rc::default(),
            missed: Vec::new(),
            events: Vec::new(),
            encoded_bytes: Vec::new(),
            asides: Vec::new(),
            aside_bytes: Vec::new(),
            special: Vec::new(),
            bytes: 0,
            differences: Differences::default(),
            encodings: Vec::new(),
            encoder: Vec::new(),
        }
    }

    /// True when the batch accepts an event for `audience`: the same one, or one that users have joined.
    pub(super) fn takes(&self, audience: &Audience) -> bool {
        let is_same = || {
            Rc::ptr_eq(&self.audience, &audience.all)
                || audience.all.len() > self.audience.len() && audience.all.starts_with(&self.audience)
        };
        self.events.is_empty() || self.has_room() && is_same()
    }

    fn has_room(&self) -> bool {
        self.bytes < self.most_bytes && self.aside_bytes.len() < self.most_bytes
    }

    pub(super) fn push(&mut self, event: Event, audience: Audience, encoded: Option<(Dialect, &[u8])>) {
        if !self.events.is_empty() {
            let joined = audience.all.len() - self.audience.len();
            self.missed.extend(std::iter::repeat_n(self.events.len(), joined));
        }
        self.bytes += event.kind.written_lines() * EVENT_BYTES + event.kind.written_bytes();
        self.differences.add(&event);
        if let Some(id) = audience.except {
            self.note_special(id);
        }
        let encoded = encoded.map(|(dialect, bytes)| {
            let start = self.encoded_bytes.len();
            self.encoded_bytes.extend_from_slice(bytes);
            (dialect, start..self.encoded_bytes.len())
        });
        self.events.push(Entry { event, except: audience.except, encoded });
        self.audience = audience.all;
    }

    /// True when the batch accepts bytes for `id` only: it is in the audience once. A user that whispers to itself is
    /// there twice, and would get them twice.
    pub(super) fn takes_aside(&self, id: ConnectionId) -> bool {
        self.has_room() && self.audience.iter().filter(|&&other| other == id).count() == 1
    }

    pub(super) fn push_aside(&mut self, id: ConnectionId, bytes: &[u8]) {
        let start = self.aside_bytes.len();
        self.aside_bytes.extend_from_slice(bytes);
        let bytes = start..self.aside_bytes.len();
        self.asides.push(Aside { to: id, after: self.events.len(), bytes });
        self.note_special(id);
    }

    pub(super) fn aside_bytes(&self) -> usize {
        self.aside_bytes.len()
    }

    fn note_special(&mut self, id: ConnectionId) {
        if !self.special.contains(&id) {
            self.special.push(id);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(super) fn audience(&self) -> &Rc<[ConnectionId]> {
        &self.audience
    }

    /// Gives the frames for the `n`th of the audience, encoded once for all that need the same encoding.
    pub(super) fn frames(&mut self, n: usize, dialect: Dialect, house: &House, mut give: impl FnMut(Frame)) {
        let variant = self.differences.variant(dialect);
        let found = self.encodings.iter().position(|encoding| encoding.variant == variant);
        let index = match found {
            Some(index) => index,
            None => self.encode(variant, house),
        };
        let encoding = &self.encodings[index];
        let from_start = self.audience.len() - self.missed.len();
        let missed = n.checked_sub(from_start).map_or(0, |joined| self.missed[joined]);
        if self.special.contains(&self.audience[n]) {
            self.special_frames(self.audience[n], missed, encoding, &mut give);
        } else {
            let range = encoding.start(missed)..encoding.all.len();
            let is_copied = missed > 0 && is_copied(&range, &encoding.all);
            give(if is_copied { encoding.all[range].into() } else { encoding.all.part(range) });
        }
    }

    /// Gives the frames for a receiver that does not get all events, or gets asides.
    fn special_frames(
        &self,
        id: ConnectionId,
        missed: usize,
        encoding: &Encoding,
        give: &mut impl FnMut(Frame),
    ) {
        let mut parts = Parts { encoding, give, heard: missed..missed, own: Vec::new() };
        // A user that whispers to itself may join the audience twice; the asides belong to its first place.
        let mut asides = self.asides.iter().filter(|a| a.to == id && a.after > missed).peekable();
        for n in missed..=self.events.len() {
            while let Some(aside) = asides.next_if(|aside| aside.after == n) {
                parts.end_run(n);
                session::append(&self.aside_bytes[aside.bytes.clone()], encoding.variant, &mut parts.own);
            }
            match self.events.get(n) {
                Some(entry) if entry.except == Some(id) => {
                    parts.end_run(n);
                    parts.heard = n + 1..n + 1;
                }
                Some(_) => parts.heard.end = n + 1,
                None => parts.end_run(n),
            }
        }
        parts.end();
    }

    fn encode(&mut self, variant: Dialect, house: &House) -> usize {
        self.encoder.clear();
        let ends = self.events.iter().map(|Entry { event, encoded, .. }| {
            match encoded {
                Some((dialect, bytes)) if self.differences.variant(*dialect) == variant.unframed() => {
                    session::append(&self.encoded_bytes[bytes.clone()], variant, &mut self.encoder);
                }
                _ => session::encode(event, variant, house, &mut self.encoder),
            }
            self.encoder.len()
        });
        let ends = ends.collect();
        self.encodings.push(Encoding { variant, all: self.encoder.as_slice().into(), ends });
        self.encodings.len() - 1
    }

    /// Empties the batch and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.audience = Rc::default();
        self.missed.clear();
        self.events.clear();
        self.encoded_bytes.clear();
        self.asides.clear();
        self.aside_bytes.clear();
        self.special.clear();
        self.encodings.clear();
        self.bytes = 0;
        self.differences = Differences::default();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use super::*;
    use crate::config::ServerConfig;
    use crate::message::{Capabilities, EventId, EventKind, Identity, Rank, Source, Speech};
    use crate::name::{RoomName, UserName};

    #[test]
    fn messages_of_many_lines_fill_a_batch_by_their_size_in_lines() {
        let house = House::new(&ServerConfig::default(), SystemTime::UNIX_EPOCH);
        let name = UserName::new("ana").unwrap();
        let from = Source::User(Arc::new(Identity::new(name, "~ana", "9dkufqbt.dmfss7fy.ip", "Ana")));
        let room = RoomName::new("#tea").unwrap();
        let audience = Audience { all: vec![ConnectionId(0)].into(), except: None };
        let mut batch = Batch::new(256 * 1024);
        while batch.takes(&audience) {
            let speech = Speech::message("x\n".repeat(100));
            let kind = EventKind::Said { room: room.clone(), to_rank: Rank::NONE, speech };
            let (id, time) = (EventId::MIN, SystemTime::UNIX_EPOCH);
            let event = Event { id, time, from: from.clone(), watched: false, kind };
            batch.push(event, audience.clone(), None);
        }
        let mut bytes = 0;
        batch.frames(0, Dialect::Irc(Capabilities::NONE), &house, |frame| bytes += frame.len());
        assert!((BATCH_BYTES / 8..BATCH_BYTES * 2).contains(&bytes), "{bytes} bytes");
    }
}
