//! Losing the link to the broker, and having it back.

use std::time::Instant;

use super::{Member, News, Phase};
use crate::broker::sha1_hex;
use crate::cluster::request::Request;
use crate::message::{LogIndex, Now};

impl Member {
    pub(super) fn down(&mut self, why: String, now: Instant) {
        self.requests.clear();
        self.outgoing.link_lost();
        self.sends_after = None;
        self.lock.link_lost();
        self.lease.link_lost();
        (self.first_alone, self.asked_about) = (None, None);
        if !self.is_joined() {
            // Whatever the broker has of its beginning, it begins anew.
            self.phase = Phase::default();
            self.lock.reset();
        }
        if self.reaches_broker() {
            self.down_since = Some(now);
            self.news.push_back(News::Unreachable(why));
        }
        self.has_ended = self.is_ending;
    }

    /// Goes on where the link was lost. The broker may have been lost, too: nothing is sent before that is known.
    pub(super) fn up(&mut self, now: Now) {
        if self.down_since.take().is_none() {
            return;
        }
        self.lease.is_up_since(now.instant);
        self.news.push_back(News::Reachable { lost: self.outgoing.take_lost() });
        if self.is_ending {
            self.ask_to_leave();
        } else if self.is_joined() {
            self.lease.ask(&mut self.requests, &self.config.name, self.phase.node(), now);
            self.asked_about = Some((self.applied, self.applied_digest.clone()));
            self.requests.push_back(Request::Check { index: self.applied });
        }
        self.expire(now);
    }

    /// Learns what the broker has at the place of the entry that was the last when the link was back.
    pub(super) fn checked(&mut self, entry: Option<&[u8]>, last: LogIndex, now: Now) {
        let Some((index, digest)) = self.asked_about.take().filter(|_| self.is_joined()) else { return };
        let pending = self.lock.pending();
        if entry.is_some_and(|entry| sha1_hex(entry) == digest) {
            // Only the reply was lost, and entries behind the own one may have been read.
            if pending.is_some_and(|pending| pending <= index) {
                self.lock.has_appended();
                self.finish_append(now);
            }
        } else if pending != Some(index) || !self.lock.can_append_again(last) {
            let why = match entry {
                Some(_) => "the broker has another entry at the place of its last one",
                None => "the broker does not have its last entry",
            };
            return self.rejoin(why, now);
        }
        self.sends_after = Some(last);
        self.read();
        self.send_again();
        self.ask_for_lock(now);
    }

    /// Sends messages again after the link was lost, once the node knows what others did meanwhile: it may be dead for
    /// them, and its users are back before they are heard.
    pub(super) fn send_again(&mut self) {
        let is_back = matches!(self.phase, Phase::Joined(_)) && self.lock.pending().is_none();
        if is_back && self.sends_after.is_some_and(|last| last <= self.applied) {
            self.sends_after = None;
            self.outgoing.link_back();
        }
    }
}
