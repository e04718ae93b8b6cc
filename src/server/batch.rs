//! Events that the same audience hears one after the other in a turn. They become one stretch of bytes that all of the
//! audience share, so that what one of them costs does not grow with how much was said. Somebody may join the audience
//! meanwhile and hears the rest; and what somebody alone is told in between has its place.

use std::mem;
use std::ops::Range;
use std::rc::Rc;

use crate::message::{Audience, ConnectionId, Dialect, Event, Frame};
use crate::session::{self, Differences, House};

/// About how many bytes a batch takes at most, for all and for single hearers each; then it goes into the outboxes
/// before more is gathered.
const BATCH_BYTES: usize = 64 * 1024;

/// About how many bytes an event takes besides its text: who, where, when, and an id.
const EVENT_BYTES: usize = 200;

/// True for a part of a batch that is copied for a hearer who does not get all of it. A part keeps all of the batch in
/// memory, so it is shared only where it is at least half of it.
fn is_copied(part: &Range<usize>, all: &[u8]) -> bool {
    part.len() < all.len() / 2
}

/// Events for one audience, in order.
#[derive(Debug)]
pub(super) struct Batch {
    /// About how many bytes it takes at most.
    most_bytes: usize,
    /// Everybody who could hear them.
    audience: Rc<[ConnectionId]>,
    /// For those at the end of the audience who came meanwhile: how many events there were before.
    missed: Vec<usize>,
    events: Vec<Entry>,
    /// Bytes of events that something had encoded before they came here.
    encoded_bytes: Vec<u8>,
    /// What single hearers are told in between.
    asides: Vec<Aside>,
    aside_bytes: Vec<u8>,
    /// Everybody who does not hear all, or hears more.
    special: Vec<ConnectionId>,
    /// About how many bytes the events take.
    bytes: usize,
    differences: Differences,
    /// What there is already of their encodings.
    encodings: Vec<Encoding>,
    /// Where they are encoded.
    encoder: Vec<u8>,
}

/// One event of a batch.
#[derive(Debug)]
struct Entry {
    event: Event,
    /// The connection of the audience that does not hear it.
    except: Option<ConnectionId>,
    /// Its bytes for one dialect, in `Batch::encoded_bytes`.
    encoded: Option<(Dialect, Range<usize>)>,
}

/// Bytes for one hearer alone.
#[derive(Debug)]
struct Aside {
    to: ConnectionId,
    /// How many events come before.
    after: usize,
    bytes: Range<usize>,
}

/// All events of a batch, as some of its audience get them.
#[derive(Debug)]
struct Encoding {
    variant: Dialect,
    all: Frame,
    /// Where in it each of them ends.
    ends: Vec<usize>,
}

impl Encoding {
    /// Where the event after so many others begins.
    fn start(&self, after: usize) -> usize {
        after.checked_sub(1).map_or(0, |last| self.ends[last])
    }
}

/// What a special hearer gets, as it comes together: long runs of events are shared, all else is copied.
struct Parts<'a, G> {
    encoding: &'a Encoding,
    give: &'a mut G,
    /// The events that were heard since the last end of a run.
    heard: Range<usize>,
    /// What is copied, and not given yet.
    own: Vec<u8>,
}

impl<G: FnMut(Frame)> Parts<'_, G> {
    /// Takes up what was heard before the event `next`.
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

    /// Gives what is copied.
    fn end(&mut self) {
        if !self.own.is_empty() {
            (self.give)(mem::take(&mut self.own).into());
        }
    }
}

impl Batch {
    /// An empty batch for outboxes of `outbox_bytes`: half of one is left for what stands there already.
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

    /// True when an event for `audience` may be added: it is the same, or somebody has joined it.
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

    /// Adds an event.
    pub(super) fn push(&mut self, event: Event, audience: Audience, encoded: Option<(Dialect, &[u8])>) {
        if !self.events.is_empty() {
            let joined = audience.all.len() - self.audience.len();
            self.missed.extend(std::iter::repeat_n(self.events.len(), joined));
        }
        self.bytes += EVENT_BYTES + event.kind.written_bytes();
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

    /// True when bytes for `id` alone may be added: it is in the audience. Who whispers to itself is there twice, and would
    /// get them twice.
    pub(super) fn takes_aside(&self, id: ConnectionId) -> bool {
        self.has_room() && self.audience.iter().filter(|&&other| other == id).count() == 1
    }

    /// Adds bytes for `id` alone.
    pub(super) fn push_aside(&mut self, id: ConnectionId, bytes: &[u8]) {
        let start = self.aside_bytes.len();
        self.aside_bytes.extend_from_slice(bytes);
        let bytes = start..self.aside_bytes.len();
        self.asides.push(Aside { to: id, after: self.events.len(), bytes });
        self.note_special(id);
    }

    /// How many bytes there are for single hearers.
    pub(super) fn aside_bytes(&self) -> usize {
        self.aside_bytes.len()
    }

    fn note_special(&mut self, id: ConnectionId) {
        if !self.special.contains(&id) {
            self.special.push(id);
        }
    }

    /// Everybody who could hear the events.
    pub(super) fn audience(&self) -> &Rc<[ConnectionId]> {
        &self.audience
    }

    /// Gives what the `n`th of the audience, whose session speaks `dialect`, gets: encoded once for all who get the
    /// same.
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

    /// Gives what somebody gets who does not hear all, or hears more.
    fn special_frames(
        &self,
        id: ConnectionId,
        missed: usize,
        encoding: &Encoding,
        give: &mut impl FnMut(Frame),
    ) {
        let mut parts = Parts { encoding, give, heard: missed..missed, own: Vec::new() };
        // Whoever whispers to itself may join the audience a second time, and has had the asides in its first place.
        let mut asides = self.asides.iter().filter(|a| a.to == id && a.after > missed).peekable();
        for n in missed..=self.events.len() {
            while let Some(aside) = asides.next_if(|aside| aside.after == n) {
                parts.end_run(n);
                parts.own.extend_from_slice(&self.aside_bytes[aside.bytes.clone()]);
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
                Some((dialect, bytes)) if self.differences.variant(*dialect) == variant => {
                    self.encoder.extend_from_slice(&self.encoded_bytes[bytes.clone()]);
                }
                _ => session::encode(event, variant, house, &mut self.encoder),
            }
            self.encoder.len()
        });
        let ends = ends.collect();
        self.encodings.push(Encoding { variant, all: self.encoder.as_slice().into(), ends });
        self.encodings.len() - 1
    }

    /// Forgets everything, and keeps the memory for the next.
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
