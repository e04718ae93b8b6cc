//! Ids of events in the database.

use crate::message::EventId;

/// An id as a column, which has 63 bits. Larger ones, of the year 2248 and later, are all the same.
pub(super) fn column(id: EventId) -> i64 {
    i64::try_from(id.number()).unwrap_or(i64::MAX)
}

/// The id in a column.
pub(super) fn id(column: i64) -> EventId {
    EventId::from_number(column.unsigned_abs())
}
