//! Users that are logged in to an account, with their connections as devices.

use std::sync::Arc;
#[cfg(feature = "upgrade")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

use crate::footprint::{heap_bytes, shared_bytes, vec_bytes};
use crate::message::{Account, ConnectionId, EventId, MOST_DEVICES, Peer};

/// An event that was sent within this time before its peer was last heard from may not have reached it.
const ON_THE_WAY: Duration = Duration::from_secs(10);

/// The memory of a user with the longest names, in bytes. That of others is charged to their only connection, but an
/// account's user can be here without one, and others can be on other nodes.
pub(super) const USER_BYTES: usize = 512;

/// The account of a user that is logged in, and its devices.
#[derive(Debug)]
pub(super) struct Membership {
    pub(super) account: Account,
    /// The user's connections, each with the name of its device.
    pub(super) devices: Vec<Device>,
    /// When its last connection ended; while it has connections, when that was last recorded.
    pub(super) seen: SystemTime,
    /// The user leaves with its connections, even if it would stay otherwise.
    pub(super) is_dismissed: bool,
    /// Until then it keeps its place without connections.
    #[cfg(feature = "upgrade")]
    pub(super) kept_until: Option<Instant>,
}

/// A connection of an account's user.
#[derive(Clone, Debug)]
pub struct Device {
    pub connection: ConnectionId,
    pub name: Box<str>,
    /// The address of its peer.
    pub peer: Peer,
    /// The whole path to its peer is encrypted or local.
    pub is_secure: bool,
    /// When it logged in.
    pub since: SystemTime,
    /// When its peer last sent something, having been sent everything.
    pub(super) alive: SystemTime,
    /// The last event that it had heard when it came.
    pub(super) heard: EventId,
    /// The last event that it was told while it is still told what it missed, and not yet what came later.
    pub(super) behind: Option<EventId>,
    /// Since when it was told everything that it had missed.
    pub(super) whole_since: SystemTime,
    /// The away message of whoever is at it; `ABSENT` without a reason.
    pub(super) away: Option<Arc<str>>,
}

impl Device {
    /// The away message of whoever is at it.
    pub fn away(&self) -> Option<&Arc<str>> {
        self.away.as_ref()
    }

    /// The last event that it has heard, if it ends now and `last` is the last of all. `is_whole`: everything that it was
    /// sent has reached it.
    pub(super) fn heard_by_now(&self, is_whole: bool, last: EventId) -> EventId {
        if is_whole { self.behind.unwrap_or(last) } else { self.reached().min(last) }
    }

    /// The last event that has certainly reached it.
    pub(super) fn reached(&self) -> EventId {
        let certain = self.alive.checked_sub(ON_THE_WAY).filter(|&certain| certain >= self.whole_since);
        match (self.behind, certain) {
            (None, Some(certain)) => EventId::before(certain),
            // Also what it missed may not have reached it.
            (Some(_), _) | (None, None) => self.heard,
        }
    }
}

impl Membership {
    pub(super) fn new(account: Account, now: SystemTime) -> Self {
        Self {
            account,
            devices: Vec::new(),
            seen: now,
            is_dismissed: false,
            #[cfg(feature = "upgrade")]
            kept_until: None,
        }
    }

    /// The memory of a new one, in bytes.
    pub(super) fn new_bytes(account: &Account) -> usize {
        USER_BYTES + heap_bytes(size_of::<Self>()) + account.kept_bytes()
    }

    /// Its memory, with that of the user itself, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let text = |device: &Device| device.away.as_ref().map_or(0, |away| shared_bytes(away.len()));
        let names = self.devices.iter().map(|device| heap_bytes(device.name.len()) + text(device));
        Self::new_bytes(&self.account) + vec_bytes(&self.devices) + names.sum::<usize>()
    }

    /// The last event that the device of this name has heard, if it is known: also if its earlier connection has not
    /// ended yet.
    pub(super) fn heard_by(&self, device: &str) -> Option<EventId> {
        let here = self.devices.iter().filter(|other| &*other.name == device).map(Device::reached);
        here.chain(heard_before(&self.account, device)).max()
    }

    /// The last event that any of its devices has heard, where `last` is the last of all.
    pub(super) fn heard_by_any(&self, last: EventId) -> EventId {
        if self.devices.iter().any(|device| device.behind.is_none()) {
            return last;
        }
        heard_before_by_any(&self.account)
    }

    /// Notes the last event that a device has heard. Returns it if that is news.
    pub(super) fn note_heard(&mut self, device: &str, event: EventId) -> Option<EventId> {
        let known = &mut self.account.devices;
        match known.iter_mut().find(|(name, _)| &**name == device) {
            Some((_, before)) if *before >= event => return None,
            Some((_, before)) => *before = event,
            None => {
                // It replaces the one that was gone for longest.
                if known.len() >= MOST_DEVICES as usize {
                    let oldest = known.iter().enumerate().min_by_key(|(_, (_, event))| *event);
                    oldest.map(|(n, _)| n).into_iter().for_each(|n| drop(known.swap_remove(n)));
                }
                known.reserve_exact(1);
                known.push((device.into(), event));
            }
        }
        Some(event)
    }
}

/// The last event that any device of `account` has heard, as far as it is recorded.
pub(super) fn heard_before_by_any(account: &Account) -> EventId {
    account.devices.iter().map(|&(_, event)| event).max().unwrap_or(EventId::MIN)
}

/// The last event that a device of `account` has heard, as far as it is recorded.
pub(super) fn heard_before(account: &Account, device: &str) -> Option<EventId> {
    account.devices.iter().find(|(name, _)| &**name == device).map(|&(_, event)| event)
}
