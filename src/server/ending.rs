//! Closing connections: the user leaves, the peer gets the reason and its last bytes, and the connection is marked.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::Duration;

use log::{Level, info};

use super::connection::{Inlet, Life};
use super::{Server, connection_id};
use crate::message::{CloseReason, Effect, Now};
use crate::server::{Ending, Stream};
use crate::session::Session;

/// How long a peer may take for its last bytes.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(30);

/// How long users with accounts keep their places when their connections end for an upgrade.
#[cfg(feature = "upgrade")]
const KEPT_FOR: Duration = Duration::from_secs(60);

impl<S: Stream> Server<S> {
    /// Closes the connection `key` in an orderly way.
    pub(super) fn end(&mut self, key: usize, reason: CloseReason) {
        self.out.close(connection_id(key), reason);
    }

    /// Closes it for this reason, whatever happens until then; the peer gets nothing more.
    pub(super) fn doom(&mut self, key: usize, reason: CloseReason) {
        if self.connections[key].is_open() {
            self.condemn(key, reason.clone());
            self.end(key, reason);
        }
    }

    /// Fixes the reason for which the open connection `key` closes in this turn or a later one. Its errand is of no use
    /// any more.
    pub(super) fn condemn(&mut self, key: usize, reason: CloseReason) {
        self.forget_errand(key);
        let connection = &mut self.connections[key];
        connection.end_quiet();
        connection.life = Life::Doomed(Box::new(reason));
        self.settle(key);
    }

    /// Closes a connection after a read error: in an orderly way if the stream gives a reason.
    pub(super) fn failed(&mut self, key: usize, error: &io::Error, now: Now) {
        match Ending::of(error) {
            Some(reason) => {
                #[cfg(feature = "web")]
                self.read_the_rest(key);
                self.end(key, reason.clone());
            }
            None => self.lost(key, error.kind(), now),
        }
    }

    pub(super) fn lost(&mut self, key: usize, kind: ErrorKind, now: Now) {
        if let Some(reason) = self.reason_to_end(key, CloseReason::Lost(kind)) {
            self.seal(now);
            self.depart(key, &reason, now);
        }
        self.mark_closed(key);
    }

    /// The reason to close the connection `key`: this one, unless another came first. `None` when it is closing
    /// already.
    fn reason_to_end(&self, key: usize, reason: CloseReason) -> Option<CloseReason> {
        match &self.connections.get(key)?.life {
            Life::Open(_) => Some(reason),
            Life::Doomed(first) => Some((**first).clone()),
            Life::Leaving { .. } | Life::Flushing { .. } | Life::Lingering { .. } | Life::Closed => None,
        }
    }

    /// Ends the session of the connection `key`: the user leaves, and the peer is told the reason.
    pub(super) fn leave(&mut self, key: usize, reason: CloseReason, now: Now) {
        let Some(reason) = self.reason_to_end(key, reason) else { return };
        #[cfg(feature = "web")]
        let reason = self.connections[key].stream.ending(reason);
        let peer_finished = reason == CloseReason::PeerFinished;
        #[cfg(feature = "store")]
        self.connections[key].forget_held();
        self.connections[key].end_quiet();
        self.connections[key].life = Life::Leaving { peer_finished };
        self.depart(key, &reason, now);
        let connection = &mut self.connections[key];
        if connection.stream.is_opening() && reason.waits_for_nobody() {
            return self.mark_closed(key);
        }
        if let CloseReason::OutboxFull(_) | CloseReason::MemoryFull(_) = reason {
            connection.outbox.forget_unstarted();
        }
        connection.inbox.clear();
        // Its input is no longer handled, so read it without waiting: unread input at the close would cost the last
        // bytes.
        if connection.is_kept_waiting() {
            connection.inlet = Inlet::More { first: true };
        }
        if connection.stream.is_mute() {
            connection.outbox.clear();
        } else if reason.is_told() {
            self.act(key, now, |session, context| session.farewell(&reason, context));
        }
        // A stream needs its input to finish the handshake, without which the peer cannot be told the reason.
        if !self.connections[key].stream.is_opening() {
            self.connections[key].stream.forget_unread();
        }
        self.settle(key);
        self.out.push(Effect::Flush(connection_id(key)));
    }

    /// Starts to write the remaining bytes of the connection `key`.
    pub(super) fn begin_flushing(&mut self, key: usize, now: Now) {
        let Some(connection) = self.connections.get_mut(key) else { return };
        if let Life::Leaving { peer_finished } = connection.life {
            connection.life =
                Life::Flushing { peer_finished, until: self.deadlines.due(now.instant + FLUSH_TIMEOUT) };
            self.settle(key);
        }
    }

    /// Removes users who have left from the hub, all at once, so that their names are free. Call it before anything
    /// else is asked of the hub; users who leave one after the other need not hear of each other.
    pub(super) fn dismiss(&mut self, now: Now) {
        if !self.leavers.is_empty() {
            self.out.begin();
            self.hub.leave_together(mem::take(&mut self.leavers), now, &mut self.out);
        }
    }

    fn depart(&mut self, key: usize, reason: &CloseReason, now: Now) {
        self.open -= 1;
        self.forget_errand(key);
        let user = self.act(key, now, Session::leave);
        let name = self.hub.users().get(user).map(|user| format!(" {}", user.name())).unwrap_or_default();
        #[cfg(feature = "upgrade")]
        if *reason == CloseReason::Upgrading {
            self.hub.keep_place(user, now.instant + KEPT_FOR);
        }
        if !self.departs_later(user, connection_id(key), reason)
            && self.hub.detach(user, connection_id(key), reason.is_whole(), now, &mut self.out)
        {
            self.leavers.push((user, reason.to_string()));
        }
        let connection = &self.connections[key];
        let (peer, received_bytes) = (connection.peer, connection.received_bytes);
        let (reason_text, seconds) = (reason.without_words(), self.seconds(now) - connection.came_s);
        // Count unsent bytes as sent: most are written at the end of this turn.
        let sent_bytes = connection.sent_bytes + connection.unsent_bytes() as u64;
        let line = format_args!(
            "{peer}{name}: {reason_text} ({received_bytes} bytes in, {sent_bytes} out, {seconds} s)"
        );
        match reason {
            // Operators caused it, not the peer.
            CloseReason::Killed { .. } => info!("{line}"),
            // A browser makes several such connections for a page.
            #[cfg(feature = "web")]
            CloseReason::Answered => self.log.line(Level::Debug, peer, now.instant, line),
            _ => self.log.line(Level::Info, peer, now.instant, line),
        }
        self.counts.endings.count(reason.label());
    }

    pub(super) fn mark_closed(&mut self, key: usize) {
        let connection = &mut self.connections[key];
        if !matches!(connection.life, Life::Closed) {
            connection.life = Life::Closed;
            connection.outbox.clear();
            connection.inbox.clear();
            connection.stream.forget_unread();
            connection.stream.forget_unsent();
            self.closed.push(key);
            self.draining.forget(key);
            self.settle(key);
        }
    }
}
