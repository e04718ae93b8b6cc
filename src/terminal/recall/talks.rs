//! Private messages that were missed while the connection was lost. Those before the start are for
//! [`super::markers`].

use std::collections::VecDeque;
use std::time::SystemTime;

/// Most private messages whose ids are remembered.
pub(super) const WHISPERS: usize = 500;

#[derive(Debug, Default)]
pub(super) struct Talks {
    /// The time of the last event, by the server's clock.
    last: Option<SystemTime>,
    /// The same before the connection was lost, until we are back.
    lost: Option<SystemTime>,
    /// The time since when we have asked for messages that were missed.
    pub(super) since: Option<SystemTime>,
    /// The ids of those that have come since we are back.
    pub(super) heard: VecDeque<String>,
}

impl Talks {
    /// Something happened, at this time by the server's clock.
    pub(super) fn note(&mut self, time: Option<SystemTime>) {
        self.last = self.last.max(time);
    }

    /// Notes a private message, which must not be shown again.
    pub(super) fn hear(&mut self, id: Option<&str>) {
        if self.heard.len() == WHISPERS {
            self.heard.pop_front();
        }
        self.heard.extend(id.map(str::to_owned));
    }

    /// True if this private message has come since we are back.
    pub(super) fn has_heard(&self, id: &String) -> bool {
        self.heard.contains(id)
    }

    /// The connection is lost.
    pub(super) fn lost(&mut self) {
        self.lost = self.lost.or(self.last);
        self.heard.clear();
    }

    /// We are at the start, where the markers say what was missed.
    pub(super) fn start(&mut self) {
        self.lost = None;
    }

    /// We are back. Returns since when messages were missed, the first time after a loss.
    pub(super) fn resume(&mut self) -> Option<SystemTime> {
        let lost = self.lost.take()?;
        self.since = Some(lost);
        Some(lost)
    }
}
