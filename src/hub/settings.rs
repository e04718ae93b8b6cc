//! The settings of a room.

#[cfg(feature = "store")]
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

#[cfg(feature = "store")]
use super::mask;
use super::mask::{Folded, Pattern};
#[cfg(feature = "store")]
use super::metadata::Metadata;
use crate::footprint::{heap_bytes, shared_bytes, vec_bytes};
#[cfg(feature = "store")]
use crate::message::{HistoryLimit, RoomChange};
use crate::message::{Identity, MaskList, RoomFlag};
use crate::name::{USER_NAME_CHARS, UserName};

/// Maximum number of masks per list.
pub const MASKS_PER_LIST: usize = 100;

/// Longest user name, in bytes.
const NAME_BYTES: usize = 4 * USER_NAME_CHARS;

/// The settings of a room.
#[derive(Debug)]
pub struct Settings {
    /// When the room was opened.
    pub created: SystemTime,
    pub topic: Option<Topic>,
    /// The key needed to join.
    pub key: Option<String>,
    /// Maximum number of members.
    pub limit: Option<u32>,
    /// The most that is kept of the room's past, less than the server keeps of every room.
    #[cfg(feature = "store")]
    pub history: Option<HistoryLimit>,
    #[cfg(feature = "store")]
    pub metadata: Metadata,
    flags: Vec<RoomFlag>,
    bans: Vec<Mask>,
    exceptions: Vec<Mask>,
    invited_masks: Vec<Mask>,
}

/// The topic of a room.
#[derive(Clone, Debug)]
pub struct Topic {
    /// The text, not empty.
    pub text: Arc<str>,
    /// The `name!username@host` of the user who set it.
    pub by: String,
    /// When it was set.
    pub at: SystemTime,
}

impl Topic {
    /// The maximum memory of a topic, in bytes.
    pub(super) fn most_bytes(text: &str, by: &str) -> usize {
        shared_bytes(text.len()) + heap_bytes(2 * by.len())
    }
}

/// An entry in a list of masks.
#[derive(Clone, Debug)]
pub struct Mask {
    /// `name!username@host` with wildcards, or `~a:account`.
    pub text: String,
    /// The user who added it.
    pub by: UserName,
    /// When it was added.
    pub at: SystemTime,
    pattern: Pattern,
}

impl Mask {
    pub(super) fn new(text: String, by: UserName, at: SystemTime) -> Self {
        #[cfg(feature = "store")]
        let pattern = Pattern::new(mask::of_account(&text).unwrap_or(&text));
        #[cfg(not(feature = "store"))]
        let pattern = Pattern::new(&text);
        Self { pattern, text, by, at }
    }

    fn matches(&self, who: &Sought, steps: &mut usize) -> bool {
        #[cfg(feature = "store")]
        if mask::of_account(&self.text).is_some() {
            return who.account.as_ref().is_some_and(|account| self.pattern.matches(account, steps));
        }
        self.pattern.matches(&who.whole, steps)
    }

    /// The heap memory that it takes, in bytes.
    fn kept_bytes(&self) -> usize {
        heap_bytes(self.text.capacity()) + self.pattern.kept_bytes() + shared_bytes(self.by.as_str().len())
    }

    /// The maximum memory of an entry for `text`, in a list that grows for it.
    pub(super) fn most_bytes(text: &str) -> usize {
        let pattern = heap_bytes(text.chars().count() * size_of::<char>());
        4 * size_of::<Self>() + heap_bytes(text.len()) + pattern + shared_bytes(NAME_BYTES)
    }
}

/// A user as masks see it.
struct Sought {
    /// `name!username@host`.
    whole: Folded,
    #[cfg(feature = "store")]
    account: Option<Folded>,
}

impl Sought {
    fn new(who: &Identity) -> Self {
        Self {
            whole: Folded::new(&who.to_string()),
            #[cfg(feature = "store")]
            account: who.account().map(Folded::new),
        }
    }
}

/// True when one of `masks` matches `who`. Adds the cost to `steps`.
fn any_matches(masks: &[Mask], who: &Sought, steps: &mut usize) -> bool {
    masks.iter().any(|mask| mask.matches(who, steps))
}

impl Settings {
    /// The settings of a new room: no messages from outside, and only operators set the topic.
    pub(super) fn new(now: SystemTime) -> Self {
        Self {
            created: now,
            topic: None,
            key: None,
            limit: None,
            #[cfg(feature = "store")]
            history: None,
            #[cfg(feature = "store")]
            metadata: Metadata::new(),
            flags: vec![RoomFlag::NoExternal, RoomFlag::TopicLocked],
            bans: Vec::new(),
            exceptions: Vec::new(),
            invited_masks: Vec::new(),
        }
    }

    /// The bytes of a new room's settings.
    pub(super) const NEW_BYTES: usize = size_of::<Self>() + 64;

    /// The heap memory of all settings, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let topic = self.topic.as_ref();
        let lists = [&self.bans, &self.exceptions, &self.invited_masks];
        let masks = |list: &Vec<Mask>| vec_bytes(list) + list.iter().map(Mask::kept_bytes).sum::<usize>();
        #[cfg(feature = "store")]
        let metadata = crate::footprint::pairs_bytes(&self.metadata);
        #[cfg(not(feature = "store"))]
        let metadata = 0;
        metadata
            + vec_bytes(&self.flags)
            + topic.map_or(0, |topic| shared_bytes(topic.text.len()) + heap_bytes(topic.by.capacity()))
            + self.key.as_ref().map_or(0, |key| heap_bytes(key.capacity()))
            + lists.into_iter().map(masks).sum::<usize>()
    }

    /// The flags that are set.
    #[cfg(feature = "store")]
    pub(super) fn flags(&self) -> &[RoomFlag] {
        &self.flags
    }

    /// Replaces all flags.
    #[cfg(feature = "store")]
    pub(super) fn set_flags(&mut self, flags: Vec<RoomFlag>) {
        self.flags = flags;
    }

    /// Empties all lists of masks. Returns the changes.
    #[cfg(feature = "store")]
    pub(super) fn clear_masks(&mut self) -> Vec<RoomChange> {
        let mut made = Vec::new();
        for list in MaskList::ALL {
            let masks = mem::take(self.masks_mut(list)).into_iter();
            made.extend(masks.map(|mask| RoomChange::Mask { list, mask: mask.text, added: false }));
        }
        made
    }

    /// Makes key, limit and flags those of a new room. Returns the changes.
    #[cfg(feature = "store")]
    pub(super) fn reset(&mut self) -> Vec<RoomChange> {
        let new = Self::new(self.created);
        let come =
            new.flags.iter().filter(|flag| !self.has(**flag)).map(|&flag| RoomChange::Flag(flag, true));
        let gone =
            self.flags.iter().filter(|flag| !new.has(**flag)).map(|&flag| RoomChange::Flag(flag, false));
        let mut made: Vec<_> = come.chain(gone).collect();
        made.extend(self.key.take().map(|_| RoomChange::Key(None)));
        made.extend(self.limit.take().map(|_| RoomChange::Limit(None)));
        self.flags = new.flags;
        made
    }

    /// True when `flag` is set.
    pub fn has(&self, flag: RoomFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// Sets or clears `flag`. False when nothing changes.
    pub(super) fn set(&mut self, flag: RoomFlag, on: bool) -> bool {
        if self.has(flag) == on {
            return false;
        }
        if on {
            self.flags.push(flag);
        } else {
            self.flags.retain(|&set| set != flag);
        }
        true
    }

    /// The masks of one list, oldest first.
    pub fn masks(&self, list: MaskList) -> &[Mask] {
        match list {
            MaskList::Bans => &self.bans,
            MaskList::Exceptions => &self.exceptions,
            MaskList::Invited => &self.invited_masks,
        }
    }

    pub(super) fn masks_mut(&mut self, list: MaskList) -> &mut Vec<Mask> {
        match list {
            MaskList::Bans => &mut self.bans,
            MaskList::Exceptions => &mut self.exceptions,
            MaskList::Invited => &mut self.invited_masks,
        }
    }

    /// True when a mask invites `who`. Adds the cost to `steps`.
    pub(super) fn invites(&self, who: &Identity, steps: &mut usize) -> bool {
        !self.invited_masks.is_empty() && any_matches(&self.invited_masks, &Sought::new(who), steps)
    }

    /// True when `who` is banned and no exception matches. Adds the cost to `steps`.
    pub(super) fn bans(&self, who: &Identity, steps: &mut usize) -> bool {
        if self.bans.is_empty() {
            return false;
        }
        let who = Sought::new(who);
        any_matches(&self.bans, &who, steps) && !any_matches(&self.exceptions, &who, steps)
    }
}
