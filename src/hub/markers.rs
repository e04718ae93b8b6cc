//! How far the owner of an account has read: shared by its devices, and recorded (IRCv3 `draft/read-marker`).

use std::time::SystemTime;

use super::Hub;
use super::replica::journaled;
use super::users::User;
use crate::footprint::heap_bytes;
use crate::message::{
    Account, ConnectionId, Effect, Effects, EventKind, MOST_MARKERS, Now, Record, Refusal, UserId,
};

/// The memory of a marker besides its target, in a list that has just grown, in bytes.
const MARKER_BYTES: usize = 2 * size_of::<(Box<str>, SystemTime)>();

/// Markers that are looked at in a step of work.
const MARKERS_PER_STEP: usize = 4;

/// Why a marker is not set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotMarked {
    /// The user has no account.
    NoAccount,
    /// The account has this number of markers.
    Full(usize),
    /// There is no memory for it.
    NoMemory(Refusal),
}

impl Hub {
    /// How far the user `id` has read a room, or the messages of a user, by its folded name.
    pub fn marker(&self, id: UserId, of: &str) -> Option<SystemTime> {
        let markers = &self.account_of(id)?.markers;
        markers.iter().find(|(target, _)| &**target == of).map(|&(_, at)| at)
    }

    /// Notes that the user `id` has read up to this time, which may be earlier than is known. `by` tells so for the
    /// target that it calls `target`; the other devices hear it. Returns how far the user has read.
    pub fn mark_read(
        &mut self,
        (id, by): (UserId, ConnectionId),
        of: &str,
        target: &str,
        at: SystemTime,
        now: Now,
        out: &mut Effects,
    ) -> Result<SystemTime, NotMarked> {
        journaled!(
            self,
            MarkRead { user: id, of: of.into(), target: target.into(), at },
            self.move_marker((id, by), of, target, at, now, out)
        )
    }

    fn move_marker(
        &mut self,
        (id, by): (UserId, ConnectionId),
        of: &str,
        target: &str,
        at: SystemTime,
        now: Now,
        out: &mut Effects,
    ) -> Result<SystemTime, NotMarked> {
        let at = at.min(now.time);
        let before = self.marker(id, of);
        if let Some(before) = before.filter(|&before| before >= at) {
            return Ok(before);
        }
        let Account { id: account, markers, .. } = self.account_of(id).ok_or(NotMarked::NoAccount)?;
        let (account, count, most) = (*account, markers.len(), MOST_MARKERS as usize);
        out.worked(count / MARKERS_PER_STEP);
        if before.is_none() {
            if count >= most {
                return Err(NotMarked::Full(most));
            }
            let owner = self.users.get(id).and_then(User::owner);
            let more = MARKER_BYTES + heap_bytes(of.len());
            self.users.budget.allows(owner, more).map_err(|why| NotMarked::NoMemory(why.into()))?;
        }
        if let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) {
            let markers = &mut membership.account.markers;
            match markers.iter_mut().find(|(known, _)| &**known == of) {
                Some((_, known)) => *known = at,
                None => markers.push((of.into(), at)),
            }
        }
        self.users.recharge(id);
        out.push(Effect::Record(Record::Marker { account, of: of.into(), at }));
        let event = self.event(UserId::NOBODY, now, EventKind::MarkedRead { target: target.into(), at });
        let mut others = self.users.connections(id);
        others.retain(|&other| other != by);
        out.event(event, others);
        Ok(at)
    }
}
