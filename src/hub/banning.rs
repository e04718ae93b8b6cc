//! Setting and removing bans from the server, and notices to its operators. The session checks that the user is an
//! operator.

use std::time::SystemTime;

use super::budget::OverBudget;
use super::replica::journaled;
use super::{Bans, Hub};
#[cfg(feature = "store")]
use crate::message::ConnectionId;
use crate::message::{Ban, BanError, Effect, Effects, EventKind, Now, Peer, UserId};
use crate::network::Network;

impl Hub {
    /// The bans from this server.
    pub fn bans(&self) -> &Bans {
        &self.bans
    }

    /// Sets the bans of an earlier run. Leaves out those that are not valid.
    pub fn restore_bans(&mut self, bans: impl IntoIterator<Item = Ban>, now: SystemTime) {
        for ban in bans {
            self.bans.add(ban, now).ok();
        }
        self.recharge_bans();
    }

    /// Sets a ban on behalf of `id` and closes all connections that match it. True when it replaced another ban.
    pub fn ban(&mut self, id: UserId, ban: Ban, now: Now, out: &mut Effects) -> Result<bool, BanError> {
        journaled!(self, Ban { user: id, ban: ban.clone() }, self.add_ban(id, ban, now, out))
    }

    fn add_ban(&mut self, id: UserId, ban: Ban, now: Now, out: &mut Effects) -> Result<bool, BanError> {
        let hits = |peer| matches!(peer, Peer::Tcp(ip, _) if ban.network.contains(ip));
        if self.users.get(id).is_some_and(|user| hits(user.peer)) {
            return Err(BanError::Oneself);
        }
        let allowed = self.users.budget.allows(None, ban.kept_bytes());
        allowed.map_err(|OverBudget { most, .. }| BanError::NoMemory(most))?;
        let (network, reason) = (ban.network, ban.close_reason());
        let was_there = self.bans.add(ban, now.time)?;
        self.recharge_bans();
        out.push(Effect::CloseFrom(network, reason));
        Ok(was_there)
    }

    /// Removes the ban of exactly this network.
    pub fn unban(&mut self, network: &Network, now: Now) -> Option<Ban> {
        journaled!(self, Unban { user: UserId::NOBODY, network: *network }, self.remove_ban(network, now))
    }

    fn remove_ban(&mut self, network: &Network, now: Now) -> Option<Ban> {
        let removed = self.bans.remove(network, now.time);
        self.recharge_bans();
        removed
    }

    pub(super) fn recharge_bans(&mut self) {
        let now = self.bans.kept_bytes();
        self.users.budget.recharge(None, &mut self.bans.charged, now);
    }

    /// Sends a notice to one connection. Unlike bytes, it waits for the end of a quiet time.
    #[cfg(feature = "store")]
    pub fn notify(&mut self, connection: ConnectionId, text: String, now: Now, out: &mut Effects) {
        let event = self.event(UserId::NOBODY, now, EventKind::Notice(text));
        out.event(event, vec![connection]);
    }

    /// Sends a notice to all operators of the server except `except`.
    pub fn tell_operators(&mut self, except: Option<UserId>, text: String, now: Now, out: &mut Effects) {
        journaled!(self, TellOperators(text.clone()), self.tell_all_operators(except, text, now, out));
    }

    /// Sends a notice about this server to its own operators only: other nodes have their own.
    pub fn tell_own_operators(&mut self, text: String, now: Now, out: &mut Effects) {
        let last = self.last_event;
        self.tell_all_operators(None, text, now, out);
        self.take_back_events(last);
    }

    fn tell_all_operators(&mut self, except: Option<UserId>, text: String, now: Now, out: &mut Effects) {
        let event = self.event(UserId::NOBODY, now, EventKind::Notice(text));
        out.worked(self.users.len());
        let operators = self.users.iter().filter(|(_, user)| user.is_operator).map(|(id, _)| id);
        let operators: Vec<_> = operators.filter(|&id| Some(id) != except).collect();
        self.tell(&operators, event, out);
    }
}
