//! The past of one room on its way from the server: in pages, the latest first. Live lines wait until it is complete.

use std::collections::HashSet;
use std::mem;
use std::time::{Duration, Instant};

use crate::client::{ClientEvent, ClientEventKind, Moment, Request};
use crate::name::same_name;

/// Timeout for each page.
pub(super) const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// Lines to ask for at once; the server may send fewer.
const PAGE: usize = 100;

/// Why the past is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) enum Why {
    /// We are in a room for the first time.
    Earlier,
    /// We were not connected, or not in the room.
    Missed,
    /// Somebody asked for it.
    Asked,
    /// Somebody searched for this text.
    Found(String),
}

/// A part of the past of a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::terminal) struct Past {
    pub(in crate::terminal) room: String,
    pub(in crate::terminal) why: Why,
    /// What was said, in order.
    pub(in crate::terminal) lines: Vec<ClientEvent>,
    /// There may be earlier lines for the same reason.
    pub(in crate::terminal) is_cut: bool,
}

/// The past of a room that is being fetched.
#[derive(Debug)]
pub(super) struct Fetch {
    past: Past,
    /// Only later lines are wanted.
    after: Option<Moment>,
    /// Most lines.
    most: usize,
    /// The ids of the lines.
    ids: HashSet<String>,
    /// Lines that came meanwhile.
    held: Vec<ClientEvent>,
    bytes: usize,
    /// When to stop waiting.
    pub(super) until: Instant,
}

impl Fetch {
    /// Begins with the latest lines, up to `most`, but only those `after` that.
    pub(super) fn new(room: &str, why: Why, after: Option<Moment>, most: usize, now: Instant) -> Self {
        let ids = after.iter().filter_map(|after| after.id.clone()).collect();
        Self {
            past: Past { room: room.to_owned(), why, lines: Vec::new(), is_cut: true },
            after,
            most,
            ids,
            held: Vec::new(),
            bytes: 0,
            until: now + PAGE_TIMEOUT,
        }
    }

    pub(super) fn is_of(&self, room: &str) -> bool {
        same_name(&self.past.room, room)
    }

    pub(super) fn room(&self) -> &str {
        &self.past.room
    }

    /// True if nothing has come yet.
    pub(super) fn is_empty(&self) -> bool {
        self.past.lines.is_empty()
    }

    /// True if live lines wait for it.
    pub(super) fn holds(&self) -> bool {
        matches!(self.past.why, Why::Earlier | Why::Missed)
    }

    /// Asks for the next page.
    pub(super) fn request(&self) -> Request {
        Request::History {
            room: self.past.room.clone(),
            after: self.after.clone(),
            before: self.past.lines.first().and_then(Moment::of),
            most: PAGE.min(self.most - self.past.lines.len()),
        }
    }

    /// Takes a page. True if it is the last one, also because the lines take more than `most_bytes`.
    pub(super) fn take(
        &mut self,
        page: Vec<ClientEvent>,
        is_all: bool,
        most_bytes: usize,
        now: Instant,
    ) -> bool {
        self.until = now + PAGE_TIMEOUT;
        let count = self.past.lines.len();
        let mut lines: Vec<_> =
            page.into_iter().filter(|event| is_said(event) && self.is_new(event)).collect();
        if is_reversed(&lines) {
            lines.reverse();
        }
        lines.append(&mut self.past.lines);
        self.past.lines = lines;
        self.bytes = self.past.lines.iter().chain(&self.held).map(bytes).sum();
        let too_many = self.past.lines.len().saturating_sub(self.most);
        self.past.lines.drain(..too_many);
        let is_full = self.past.lines.len() == self.most || self.bytes > most_bytes;
        let has_no_more = is_all || self.past.lines.len() == count;
        self.past.is_cut = too_many > 0 || !has_no_more;
        let can_go_on = self.past.lines.first().is_some_and(|first| Moment::of(first).is_some());
        is_full || has_no_more || !can_go_on
    }

    /// Keeps a live line until the end.
    pub(super) fn hold(&mut self, event: ClientEvent) {
        self.bytes += bytes(&event);
        self.held.push(event);
    }

    /// Memory of all lines, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The past, without live lines, and these.
    pub(super) fn end(mut self) -> (Past, Vec<ClientEvent>) {
        let held = mem::take(&mut self.held);
        self.past.lines.retain(|line| !held.iter().any(|live| is_same(line, live)));
        (self.past, held)
    }

    /// Notes the id of a line. False if an earlier page had the line.
    fn is_new(&mut self, event: &ClientEvent) -> bool {
        match &event.id {
            Some(id) => self.ids.insert(id.clone()),
            None => !self.past.lines.iter().any(|line| is_same(line, event)),
        }
    }
}

fn is_said(event: &ClientEvent) -> bool {
    matches!(event.kind, ClientEventKind::Said { .. } | ClientEventKind::Whispered { .. })
}

/// True if the latest line comes first. Other orders are the server's, whose clock may have been set back.
fn is_reversed(lines: &[ClientEvent]) -> bool {
    let (Some(first), Some(last)) = (lines.first(), lines.last()) else { return false };
    first.time > last.time && lines.is_sorted_by(|a, b| a.time >= b.time)
}

/// True for the same line, live or not: by its id, or else by everything.
fn is_same(a: &ClientEvent, b: &ClientEvent) -> bool {
    match (&a.id, &b.id) {
        (Some(a), Some(b)) => a == b,
        (None, None) => a.time == b.time && a.kind == b.kind,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Memory of a line, in bytes: two slots in a list that grows in powers of two, and its texts.
fn bytes(event: &ClientEvent) -> usize {
    const OVERHEAD: usize = 2 * size_of::<ClientEvent>() + 6 * 16;
    let texts = match &event.kind {
        ClientEventKind::Said { room: to, from, text, .. }
        | ClientEventKind::Whispered { to, from, text, .. } => {
            to.as_ref().map_or(0, String::len) + from.len() + text.len()
        }
        _ => 0,
    };
    // An id is kept twice.
    OVERHEAD + texts + 2 * event.id.as_ref().map_or(0, String::len)
}
