//! What can be set about a room.

use std::rc::Rc;
use std::time::SystemTime;

use super::mask;
use crate::message::{Identity, MaskList, RoomFlag};
use crate::name::UserName;

/// Most masks on one list of a room.
pub const MASKS_PER_LIST: usize = 100;

/// The settings of one room.
#[derive(Debug)]
pub struct Settings {
    /// When the room was made.
    pub created: SystemTime,
    /// What it is about.
    pub topic: Option<Topic>,
    /// What one must know to come in.
    pub key: Option<String>,
    /// Most members.
    pub limit: Option<u32>,
    flags: Vec<RoomFlag>,
    bans: Vec<Mask>,
    exceptions: Vec<Mask>,
    invited_masks: Vec<Mask>,
}

/// A room's topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// What it says, not empty.
    pub text: Rc<str>,
    /// `name!username@host` of whoever set it.
    pub by: String,
    /// When.
    pub at: SystemTime,
}

/// An entry of a list of masks.
#[derive(Clone, Debug)]
pub struct Mask {
    /// `name!username@host` with wildcards.
    pub text: String,
    /// Who put it there.
    pub by: UserName,
    /// When.
    pub at: SystemTime,
}

impl Settings {
    /// What a new room has: no messages from outside, and a topic that only operators set.
    pub(super) fn new(now: SystemTime) -> Self {
        Self {
            created: now,
            topic: None,
            key: None,
            limit: None,
            flags: vec![RoomFlag::NoExternal, RoomFlag::TopicLocked],
            bans: Vec::new(),
            exceptions: Vec::new(),
            invited_masks: Vec::new(),
        }
    }

    /// True when `flag` is set.
    pub fn has(&self, flag: RoomFlag) -> bool {
        self.flags.contains(&flag)
    }

    /// Sets `flag` or takes it away. False when that changes nothing.
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

    /// The masks of one list, the oldest first.
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

    /// True when a mask of this list matches `who`.
    pub(super) fn lists(&self, list: MaskList, who: &Identity) -> bool {
        let masks = self.masks(list);
        !masks.is_empty() && {
            let who = who.to_string();
            masks.iter().any(|entry| mask::matches(&entry.text, &who))
        }
    }

    /// True when `who` is banned, and not excepted.
    pub fn bans(&self, who: &Identity) -> bool {
        self.lists(MaskList::Bans, who) && !self.lists(MaskList::Exceptions, who)
    }
}
