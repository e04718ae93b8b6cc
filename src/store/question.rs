//! A question on its way: it is answered in steps, so that others get their turn. It is a list of cursors.

use std::time::SystemTime;

use super::class::Class;
use super::place::Place;
use crate::message::{Event, EventId, First, Interval, Query};

/// A question, and how far its answer is.
#[derive(Debug)]
pub struct Question {
    pub(super) query: Query,
    asked: SystemTime,
    pub(super) progress: Progress,
}

impl Question {
    pub(super) fn new(query: Query, asked: SystemTime) -> Self {
        Self { query, asked, progress: Progress::default() }
    }

    /// What is asked.
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// When it was asked.
    pub fn asked(&self) -> SystemTime {
        self.asked
    }
}

/// How far the answer to a question is.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) cursors: Vec<Cursor>,
    /// The first cursor that is not done.
    pub(super) at: usize,
    /// The text found so far.
    pub(super) bytes: usize,
    /// The last event when the question was asked. Later ones reach the asker without it.
    pub(super) until: Option<EventId>,
}

/// A way through the events of a place and class.
#[derive(Debug)]
pub(super) struct Cursor {
    /// The selection that it works for.
    pub(super) part: usize,
    pub(super) place: Place,
    /// Events recorded while the place was closed are readable from this one on.
    pub(super) closed_since: EventId,
    pub(super) class: Class,
    /// What is left of the interval.
    pub(super) left: Interval,
    /// Most events to find.
    pub(super) most: usize,
    /// Most rows to visit.
    pub(super) rows: usize,
    /// Bytes of the answer, of all cursors so far, with which it finds no more.
    pub(super) bytes: usize,
    /// What was found, in the order of the visits.
    pub(super) found: Vec<Event>,
    /// There may be more in the interval.
    pub(super) is_cut: bool,
    pub(super) room: Option<i64>,
}

impl Cursor {
    /// True when it has enough. Each may find one event, so that a client that asks page by page makes progress.
    pub(super) fn is_full(&self, answer_bytes: usize) -> bool {
        self.found.len() >= self.most || answer_bytes >= self.bytes && !self.found.is_empty()
    }

    /// Steps over the event `id`.
    pub(super) fn pass(&mut self, id: EventId) {
        match self.left.first {
            First::Oldest => self.left.after = id,
            First::Newest => self.left.before = id,
        }
    }
}
