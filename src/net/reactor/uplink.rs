//! The link to the broker of several nodes. Its threads wake the loop with replies.

use std::io;
use std::iter;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use log::warn;
use mio::Waker;

use crate::cluster::{Link, Member, MemberConfig};
use crate::config::ServerConfig;
use crate::message::Now;
use crate::net::web::Socket;
use crate::server::Server;

/// Replies handled in a turn.
const REPLIES_PER_TURN: usize = 256;

/// Messages that wait take at most `--memory` divided by this, once on their way to the broker and once from it.
const SHARE_OF_MEMORY: usize = 8;

/// The link to the broker, if the server is a node.
#[derive(Debug, Default)]
pub(super) struct Uplink {
    link: Option<Link>,
    /// There may be replies that nobody announces any more.
    has_replies: bool,
}

impl Uplink {
    /// Connects to the broker. An error names its address.
    pub(super) fn open(config: &ServerConfig, waker: &Arc<Waker>) -> io::Result<Self> {
        let Some(broker) = &config.cluster.broker else { return Ok(Self::default()) };
        let link = Link::open(broker, wake(waker)).map_err(io::Error::other)?;
        Ok(Self { link: Some(link), has_replies: false })
    }

    /// Makes the server a node.
    pub(super) fn join(&self, server: &mut Server<Socket>, config: &ServerConfig, now: Now) {
        if self.link.is_some() {
            let config = MemberConfig {
                name: config.cluster.node.as_str().into(),
                shards: config.cluster.shards,
                settings: config.shared_settings(),
                buffer_bytes: config.limits.memory_bytes / SHARE_OF_MEMORY,
            };
            server.use_cluster(Member::new(config, now));
        }
    }

    /// Hands over what the broker has replied. If there is more, the next turn must not wait.
    pub(super) fn hear(&mut self, server: &mut Server<Socket>, now: Now) {
        let Some(link) = &mut self.link else { return };
        let mut replies = 0;
        self.has_replies = loop {
            let Some(reply) = link.fetch() else { break false };
            server.hear_broker(reply, now);
            replies += 1;
            if replies == REPLIES_PER_TURN {
                break true;
            }
        };
    }

    /// True if there may be replies.
    pub(super) fn has_replies(&self) -> bool {
        self.has_replies
    }

    /// Sends what the server asks. Call it at the end of each turn.
    pub(super) fn turn(&mut self, server: &mut Server<Socket>) {
        if let Some(link) = &mut self.link {
            link.send(iter::from_fn(|| server.broker_request()));
        }
    }

    /// When the next turn must be, which has other work at `next`: asking for the lock again cannot wait for a beat.
    pub(super) fn next_turn(&self, server: &Server<Socket>, next: Option<Instant>) -> Option<Instant> {
        next.into_iter().chain(server.next_node_deadline()).min()
    }

    /// True when the node has left the others, or shutting down need not wait for that any longer.
    pub(super) fn has_left(&self, server: &Server<Socket>) -> bool {
        server.has_left_cluster()
    }

    /// The time, by the clock of the broker.
    pub(super) fn now(&self, server: &Server<Socket>) -> Now {
        let now = Now::read();
        Now { time: shifted(now.time, server.clock_offset()), ..now }
    }
}

fn shifted(time: SystemTime, milliseconds: i64) -> SystemTime {
    let by = Duration::from_millis(milliseconds.unsigned_abs());
    let shifted = if milliseconds < 0 { time.checked_sub(by) } else { time.checked_add(by) };
    shifted.unwrap_or(time)
}

/// A function that wakes the loop.
fn wake(waker: &Arc<Waker>) -> impl Fn() + Send + Clone + 'static {
    let waker = Arc::clone(waker);
    move || {
        if let Err(error) = waker.wake() {
            warn!("cannot wake the event loop: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_corrected_as_far_as_it_goes() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!(shifted(time, -1_500), SystemTime::UNIX_EPOCH - Duration::from_millis(500));
        assert_eq!(shifted(time, 1_500), SystemTime::UNIX_EPOCH + Duration::from_millis(2_500));
        for far in [i64::MIN, i64::MAX] {
            // Whatever the system's limits are, this must not panic.
            shifted(time, far);
        }
    }
}
