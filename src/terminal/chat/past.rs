//! The last lines of a room, and how many are unread.

use std::collections::VecDeque;

use super::memory::PAST_BYTES;
use super::shown::{Emphasis, Shown, What};

/// The last lines of a room.
#[derive(Debug, Default)]
pub(super) struct Past {
    lines: VecDeque<Shown>,
    /// Memory of these lines.
    bytes: usize,
    unread: usize,
    /// An unread line mentions us.
    is_mentioned: bool,
}

impl Past {
    /// Keeps a line, and drops the oldest ones if there are too many.
    pub(super) fn push(&mut self, shown: Shown) {
        self.bytes += bytes(&shown);
        self.lines.push_back(shown);
        while self.bytes > PAST_BYTES {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= bytes(&oldest);
        }
    }

    /// The last lines, oldest first, without emphasis: they must not ring the bell again.
    pub(super) fn last(&self, count: usize) -> Vec<Shown> {
        let mut lines: Vec<_> = self.lines.iter().rev().take(count).cloned().collect();
        for line in &mut lines {
            if let What::Said { emphasis: emphasis @ Emphasis::StandsOut, .. } = &mut line.what {
                *emphasis = Emphasis::Nothing;
            }
        }
        lines.reverse();
        lines
    }

    /// Counts an unread line.
    pub(super) fn miss(&mut self, mentions_us: bool) {
        self.unread += 1;
        self.is_mentioned |= mentions_us;
    }

    pub(super) fn read(&mut self) {
        (self.unread, self.is_mentioned) = (0, false);
    }

    /// The number of unread lines, with `!` if one mentions us; `None` if all are read.
    pub(super) fn unread(&self) -> Option<String> {
        let mark = if self.is_mentioned { "!" } else { "" };
        (self.unread > 0).then(|| format!("({}{mark})", self.unread))
    }
}

/// Memory of a line, in bytes.
fn bytes(shown: &Shown) -> usize {
    // The list grows in powers of two, and each text is an allocation of its own.
    const OVERHEAD: usize = 2 * size_of::<Shown>() + 3 * 16;
    let text = match &shown.what {
        What::Said { from, text, .. }
        | What::Whispered { from, text, .. }
        | What::WhisperedTo { from, text, .. } => from.len() + text.len(),
        What::News(text) | What::Movement(text) | What::Note(text) => text.len(),
    };
    OVERHEAD + text + shown.room.as_ref().map_or(0, String::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Shown {
        Shown { time: None, room: Some("#tea".into()), what: What::News(text.into()) }
    }

    #[test]
    fn the_oldest_lines_make_room_for_new_ones() {
        let mut past = Past::default();
        (0..10_000).for_each(|n| past.push(line(&n.to_string())));
        assert!(past.bytes <= PAST_BYTES && past.bytes > PAST_BYTES / 2);
        assert_eq!(past.bytes, past.lines.iter().map(bytes).sum::<usize>());
        assert_eq!(past.last(2), [line("9998"), line("9999")]);
        past.push(line(&"x".repeat(PAST_BYTES)));
        assert_eq!((past.bytes, past.last(2)), (0, vec![]), "one line that is too long is not kept");
    }
}
