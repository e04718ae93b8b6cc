//! Registered rooms as the store keeps them.

use std::collections::HashMap;

use super::Hub;
use super::registration::{Holder, Registration};
use super::rooms::{Room, Tenure};
use super::seats::RoomId;
use super::settings::{Mask, Settings, Topic};
use crate::message::{AccountId, Effect, Effects, MaskList, Record, SavedRoom};
use crate::name::UserName;
use crate::origin::Origin;

/// Entries of lists that are copied in one step of work.
const COPIES_PER_STEP: usize = 8;

impl Hub {
    /// Records the state of `room` if it is registered. Call it once after a command has changed the room.
    pub(super) fn keep_room(&self, room: RoomId, out: &mut Effects) {
        let room = self.rooms.get(room);
        if let Some(registration) = room.registration() {
            let saved = saved(room, Some(registration));
            out.worked(1 + (saved.masks.len() + saved.ranks.len()) / COPIES_PER_STEP);
            out.push(Effect::Record(Record::Room(Box::new(saved))));
        }
    }

    /// Opens the rooms that were registered in an earlier run. `accounts` are all accounts. What is the lobby now
    /// belongs to the server, and a room without its founder's account to nobody.
    pub fn restore_rooms(&mut self, rooms: Vec<SavedRoom>, accounts: &[(AccountId, UserName)]) {
        let names: HashMap<_, _> = accounts.iter().map(|(id, name)| (*id, name)).collect();
        let holder = |account| Some(Holder { account, name: names.get(&account).copied().cloned()? });
        for saved in rooms {
            let Some(founder) = holder(saved.founder) else { continue };
            if self.rooms.find(&saved.name).is_some() {
                continue;
            }
            let mut registration = Registration::new(founder, saved.registered);
            for &(account, rank) in &saved.ranks {
                if let Some(holder) = holder(account) {
                    registration.set_rank(&holder, rank, true);
                }
            }
            self.reopen(saved, Some(registration));
        }
    }

    /// Gives the room of this name, which may not exist, the settings and registration that it had.
    pub(super) fn reopen(&mut self, saved: SavedRoom, registration: Option<Registration>) -> RoomId {
        let room = self.rooms.open(saved.name.clone(), saved.created);
        let place = self.rooms.get_mut(room);
        place.opened = saved.opened;
        *place.settings = settings(saved);
        if let Some(registration) = registration {
            let owner = Origin::of_account(registration.founder.account);
            place.tenure = Tenure::Registered(Box::new(registration));
            self.rooms.pay(&mut self.users, room, Some(owner));
        }
        room
    }
}

/// A room as it can be kept. Without a registration, nobody is its founder.
pub(super) fn saved(room: &Room, registration: Option<&Registration>) -> SavedRoom {
    let Room { name, settings, opened, .. } = room;
    let topic = settings.topic.as_ref();
    let ranks = registration.map_or(&[][..], Registration::ranks);
    let masks =
        MaskList::ALL.into_iter().flat_map(|list| settings.masks(list).iter().map(move |mask| (list, mask)));
    SavedRoom {
        name: name.clone(),
        registered: registration.map_or(settings.created, |registration| registration.since),
        founder: registration.map_or(AccountId::NONE, |registration| registration.founder.account),
        ranks: ranks.iter().map(|(holder, rank)| (holder.account, *rank)).collect(),
        opened: *opened,
        created: settings.created,
        topic: topic.map(|topic| (topic.text.as_ref().into(), topic.by.as_str().into(), topic.at)),
        flags: settings.flags().to_vec(),
        key: settings.key.as_deref().map(Box::from),
        limit: settings.limit,
        history: settings.history,
        masks: masks
            .map(|(list, mask)| (list, mask.text.as_str().into(), mask.by.clone(), mask.at))
            .collect(),
        metadata: settings.metadata.clone(),
    }
}

fn settings(saved: SavedRoom) -> Settings {
    let mut settings = Settings::new(saved.created);
    settings.topic = saved.topic.map(|(text, by, at)| Topic { text: text.into(), by: by.into(), at });
    settings.key = saved.key.map(String::from);
    settings.limit = saved.limit;
    settings.history = saved.history;
    settings.metadata = saved.metadata;
    settings.set_flags(saved.flags);
    for (list, mask, by, at) in saved.masks {
        let masks = settings.masks_mut(list);
        masks.reserve_exact(1);
        masks.push(Mask::new(mask.into(), by, at));
    }
    settings
}
