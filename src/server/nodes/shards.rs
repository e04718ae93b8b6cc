//! The shards of rooms: streams of the broker that carry what is said in them. A node reads those of the rooms in which it
//! has connections.

use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use crate::hub::Rooms;
use crate::message::{Command, Dated, Event, EventKind, Operation};
use crate::name::RoomName;

/// How long after a look the next may follow: many log entries come together. A shard is read from some seconds before on.
const PAUSE: Duration = Duration::from_millis(20);

/// FNV-1a with 64 bits, the same on all nodes and machines.
struct Fnv(u64);

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The shard of a room, of which there are `shards`. Names that differ only in case have the same.
fn shard_of(room: &RoomName, shards: u16) -> u16 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    room.hash(&mut hasher);
    // Less than `shards`, so it fits.
    (hasher.finish() % u64::from(shards.max(1))) as u16
}

/// The shard of what was said. A private message has none and needs none.
pub(super) fn shard_of_event(event: &Event, shards: u16) -> u16 {
    match &event.kind {
        EventKind::Said { room, .. } => shard_of(room, shards),
        _ => 0,
    }
}

/// The shards that the node reads.
#[derive(Debug, Default)]
pub(super) struct Shards {
    /// Ascending.
    read: Vec<u16>,
    looked: Option<Instant>,
    /// When to look again, if rooms or their members may have changed.
    due: Option<Instant>,
}

impl Shards {
    /// Notes that rooms or their members may have changed.
    pub(super) fn are_stale(&mut self, now: Instant) {
        let next = self.looked.map_or(now, |looked| now.max(looked + PAUSE));
        self.due.get_or_insert(next);
    }

    /// When to look again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    /// True when it is time to look again.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// True if what was done here may have brought somebody into a room whose shard is not read. It must be read before
    /// others learn of it, or what they say then would come after what they do later.
    pub(super) fn may_miss(&self, operations: &[Dated], shards: u16) -> bool {
        let is_unread = |room| self.read.binary_search(&shard_of(room, shards)).is_err();
        operations.iter().any(|dated| match &dated.operation {
            Operation::Command(_, Command::Join { room, .. }) | Operation::RenameRoom { to: room, .. } => {
                is_unread(room)
            }
            Operation::EnterAccount { .. } | Operation::Identify { .. } | Operation::Return(_) => true,
            _ => false,
        })
    }

    /// Looks which shards have rooms with connections here.
    pub(super) fn look(&mut self, rooms: &Rooms, shards: u16, now: Instant) {
        (self.looked, self.due) = (Some(now), None);
        let mut is_read = vec![false; usize::from(shards.max(1))];
        for (_, room) in rooms.iter() {
            let is_read = &mut is_read[usize::from(shard_of(&room.name, shards))];
            *is_read = *is_read || room.is_heard();
        }
        self.read = (0..shards.max(1)).zip(is_read).filter(|(_, is_read)| *is_read).map(|(n, _)| n).collect();
    }

    pub(super) fn read(&self) -> &[u16] {
        &self.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shard_of_a_room_never_changes_and_letter_case_does_not_matter() {
        let shard = |name| shard_of(&RoomName::new(name).unwrap(), 1000);
        assert_eq!(["#lobby", "#tea", "#芝麻"].map(shard), [255, 145, 870]);
        assert_eq!(shard("#Straße"), shard("#STRASSE"));
        assert_eq!(shard_of(&RoomName::new("#tea").unwrap(), 0), 0, "no number divides by 0");
    }

    #[test]
    fn looks_that_follow_each_other_closely_are_one() {
        let (mut shards, now) = (Shards::default(), Instant::now());
        shards.are_stale(now);
        assert!(shards.is_due(now));
        shards.look(&Rooms::default(), 64, now);
        assert!(shards.read().is_empty() && shards.deadline().is_none());
        shards.are_stale(now);
        assert!(!shards.is_due(now) && shards.is_due(now + PAUSE));
        assert_eq!(shards.deadline(), Some(now + PAUSE));
    }

    #[test]
    fn whoever_joins_a_room_whose_shard_is_not_read_is_not_kept_waiting() {
        let (shards, tea) = (Shards { read: vec![145], ..Shards::default() }, RoomName::new("#tea").unwrap());
        let may_miss =
            |operation| shards.may_miss(&[Dated { after: crate::message::EventId::MIN, operation }], 1000);
        let join = |room| Operation::Command(crate::message::UserId(1), Command::Join { room, key: None });
        assert!(!may_miss(join(tea.clone())));
        assert!(may_miss(join(RoomName::new("#lobby").unwrap())));
        let user = crate::message::UserId(1);
        assert!(!may_miss(Operation::UnregisterRoom { user, room: tea }));
    }
}
