//! A question on its way: it is answered in steps, so that others get their turn.

use crate::message::Query;

/// A question, and how far its answer is.
#[derive(Debug)]
pub struct Question {
    pub(super) query: Query,
    pub(super) progress: super::sqlite::Progress,
}

impl Question {
    pub(super) fn new(query: Query) -> Self {
        Self { query, progress: Default::default() }
    }

    /// What is asked.
    pub fn query(&self) -> &Query {
        &self.query
    }
}
