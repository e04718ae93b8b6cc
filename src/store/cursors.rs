//! The cursors of a question, and the answer made of what they have found.

use super::class::Class;
use super::place::Place;
use super::question::Cursor;
use crate::message::{Answer, EventId, First, Interval, Query, Scope, Selected, Selection};

/// Most rows that a search visits.
const SEARCH_ROWS: usize = 500_000;

/// Most text in an answer, in bytes, tags included; and one event for each cursor.
const ANSWER_BYTES: usize = 256 * 1024;

/// Most accounts whose private messages with an account are looked at: those with whom it first talked last.
pub(super) const MOST_TALKS: u32 = 1_000;

/// The cursors of a question, which find nothing if it is about one message. `places` tells the places of a scope, each with
/// the first event that may be read though the place was closed.
pub(super) fn cursors<E>(
    query: &Query,
    mut places: impl FnMut(&Scope) -> Result<Vec<(Place, EventId)>, E>,
) -> Result<Vec<Cursor>, E> {
    let mut cursors = Vec::new();
    for (part, Selection { of, interval, with_events, most }) in selections(query).into_iter().enumerate() {
        let classes = &Class::ALL[..if with_events { 2 } else { 1 }];
        for (place, closed_since) in places(&of)? {
            cursors.extend(classes.iter().map(|&class| Cursor {
                part,
                place: place.clone(),
                closed_since,
                class,
                left: interval,
                most,
                rows: usize::MAX,
                bytes: ANSWER_BYTES,
                found: Vec::new(),
                is_cut: false,
                room: None,
            }));
        }
    }
    share_answer(query, &mut cursors);
    Ok(cursors)
}

/// The events that a question selects in each of its scopes.
fn selections(query: &Query) -> Vec<Selection> {
    let each = |scopes: &[Scope], interval, most| {
        let selection = |of: &Scope| Selection { of: of.clone(), interval, with_events: false, most };
        scopes.iter().map(selection).collect()
    };
    match query {
        Query::Events(selections) => selections.clone(),
        Query::Targets { scopes, interval, .. } => {
            each(scopes, Interval { first: First::Newest, ..*interval }, 1)
        }
        Query::Search { scopes, interval, most, .. } => each(scopes, *interval, *most),
        Query::Message { .. } => Vec::new(),
    }
}

/// Gives each cursor an equal part of the answer, and what those before it have left. A search has no parts: all that it
/// finds may be in one place. But it visits only some rows of each.
fn share_answer(query: &Query, cursors: &mut [Cursor]) {
    let count = cursors.len().max(1);
    for (n, cursor) in cursors.iter_mut().enumerate() {
        if matches!(query, Query::Search { .. }) {
            cursor.rows = SEARCH_ROWS / count;
        } else {
            cursor.bytes = ANSWER_BYTES / count * (n + 1);
        }
    }
}

/// The answer, when all cursors are done.
pub(super) fn answer(query: &Query, cursors: Vec<Cursor>) -> Answer {
    let mut cursors = cursors.into_iter().peekable();
    match query {
        Query::Events(selections) => {
            let selected = selections.iter().enumerate().map(|(part, selection)| {
                let own = std::iter::from_fn(|| cursors.next_if(|cursor| cursor.part == part));
                merge(selection, own.collect())
            });
            Answer::Events(selected.collect())
        }
        Query::Targets { interval, most, .. } => {
            let mut last: Vec<_> = cursors.filter_map(|mut cursor| cursor.found.pop()).collect();
            last.sort_by_key(|event| event.id);
            keep(&mut last, *most, interval.first);
            Answer::Targets(last)
        }
        Query::Search { interval, most, .. } => {
            let mut found: Vec<_> = cursors.flat_map(|cursor| cursor.found).collect();
            found.sort_by_key(|event| event.id);
            keep(&mut found, *most, interval.first);
            Answer::Found(found)
        }
        Query::Message { .. } => Answer::Message(None),
    }
}

/// The events that the cursors of a selection have found, in order.
fn merge(selection: &Selection, cursors: Vec<Cursor>) -> Selected {
    let Interval { first, .. } = selection.interval;
    let mut is_all = cursors.iter().all(|cursor| !cursor.is_cut);
    // Beyond the end of one that was cut, events of the other would leave a gap.
    let ends = cursors.iter().filter(|cursor| cursor.is_cut);
    let ends: Vec<_> = ends.map(|cursor| cursor.found.last().map(|event| event.id)).collect();
    let mut events: Vec<_> = cursors.into_iter().flat_map(|cursor| cursor.found).collect();
    events.retain(|event| {
        ends.iter().all(|end| match first {
            First::Oldest => end.is_some_and(|end| event.id <= end),
            First::Newest => end.is_some_and(|end| event.id >= end),
        })
    });
    events.sort_by_key(|event| event.id);
    is_all &= events.len() <= selection.most;
    keep(&mut events, selection.most, first);
    Selected { of: selection.of.clone(), events, first, is_all }
}

/// Keeps the first or last `most` of a list.
fn keep<T>(list: &mut Vec<T>, most: usize, first: First) {
    match first {
        First::Oldest => list.truncate(most),
        First::Newest => drop(list.drain(..list.len().saturating_sub(most))),
    }
}
