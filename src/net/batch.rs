//! Events that the same audience hears one after the other in a turn. They become one stretch of bytes that all of the
//! audience share, so that what one of them costs does not grow with how much was said.

use std::ops::Range;
use std::rc::Rc;

use crate::message::{Audience, Event, Frame, UserId};
use crate::session::{self, Dialect, Differences, House};

/// About how many bytes a batch takes at most; then it goes into the outboxes before more is gathered.
const BATCH_BYTES: usize = 64 * 1024;

/// About how many bytes an event takes besides its text: who, where, when, and an id.
const EVENT_BYTES: usize = 200;

/// Events for one audience, in order.
#[derive(Debug)]
pub(super) struct Batch {
    /// About how many bytes it takes at most.
    most_bytes: usize,
    /// Everybody who could hear them.
    audience: Rc<[UserId]>,
    /// Each event, and who of the audience does not hear it.
    events: Vec<(Event, Option<UserId>)>,
    /// Everybody who does not hear some of them.
    excepted: Vec<UserId>,
    /// About how many bytes they take.
    bytes: usize,
    differences: Differences,
    /// What there is already of their encodings.
    encodings: Vec<Encoding>,
    /// Where they are encoded.
    encoder: Vec<u8>,
}

/// All events of a batch, as some of its audience get them.
#[derive(Debug)]
struct Encoding {
    variant: Dialect,
    all: Frame,
    /// Where in it each of them is.
    each: Vec<Range<usize>>,
}

impl Batch {
    /// An empty batch for outboxes of `outbox_bytes`: half of one is left for what stands there already.
    pub(super) fn new(outbox_bytes: usize) -> Self {
        Self {
            most_bytes: BATCH_BYTES.min(outbox_bytes / 2),
            audience: Rc::default(),
            events: Vec::new(),
            excepted: Vec::new(),
            bytes: 0,
            differences: Differences::default(),
            encodings: Vec::new(),
            encoder: Vec::new(),
        }
    }

    /// True when an event for `audience` may be added.
    pub(super) fn takes(&self, audience: &Audience) -> bool {
        self.events.is_empty() || self.bytes < self.most_bytes && Rc::ptr_eq(&self.audience, &audience.all)
    }

    /// Adds an event.
    pub(super) fn push(&mut self, event: Event, audience: Audience) {
        self.bytes += EVENT_BYTES + event.kind.written_bytes();
        self.differences.add(&event);
        if let Some(id) = audience.except
            && !self.excepted.contains(&id)
        {
            self.excepted.push(id);
        }
        self.events.push((event, audience.except));
        self.audience = audience.all;
    }

    /// Everybody who could hear the events.
    pub(super) fn audience(&self) -> &Rc<[UserId]> {
        &self.audience
    }

    /// What `id`, whose session speaks `dialect`, gets: encoded once for all who get the same.
    pub(super) fn frame(&mut self, id: UserId, dialect: Dialect, house: &House) -> Frame {
        let variant = self.differences.variant(dialect);
        let found = self.encodings.iter().position(|encoding| encoding.variant == variant);
        let index = match found {
            Some(index) => index,
            None => self.encode(variant, house),
        };
        let encoding = &self.encodings[index];
        if !self.excepted.contains(&id) {
            return Frame::clone(&encoding.all);
        }
        let heard = self.events.iter().zip(&encoding.each).filter(|((_, except), _)| *except != Some(id));
        let parts: Vec<_> = heard.map(|(_, range)| &encoding.all[range.clone()]).collect();
        parts.concat().into()
    }

    fn encode(&mut self, variant: Dialect, house: &House) -> usize {
        self.encoder.clear();
        let each = self.events.iter().map(|(event, _)| {
            let start = self.encoder.len();
            session::encode(event, variant, house, &mut self.encoder);
            start..self.encoder.len()
        });
        let each = each.collect();
        self.encodings.push(Encoding { variant, all: self.encoder.as_slice().into(), each });
        self.encodings.len() - 1
    }

    /// Forgets everything, and keeps the memory for the next.
    pub(super) fn clear(&mut self) {
        self.audience = Rc::default();
        self.events.clear();
        self.excepted.clear();
        self.encodings.clear();
        self.bytes = 0;
        self.differences = Differences::default();
    }
}
