//! The two-way hash index of users: from a name to its user and from a user to the name, both O(1). Every
//! change goes through one function that changes both directions, so they cannot disagree.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use super::budget::Budget;
use super::reach::Reach;
use super::seats::{SEAT_BYTES, Seats};
use crate::footprint::{heap_bytes, shared_bytes, vec_bytes};
use crate::message::{ConnectionId, Identity, Now, Peer, Profile, UserId};
use crate::name::{RoomName, UserName};
use crate::origin::Origin;

/// Most invitations of one user that wait to be used; the oldest is forgotten for a newer one.
const INVITATIONS: usize = 100;

/// Everybody who has a name.
#[derive(Debug, Default)]
pub struct Users {
    by_name: HashMap<UserName, UserId>,
    /// A user's id is its place here.
    by_id: Vec<Option<Box<User>>>,
    /// Places that nobody has.
    vacant: Vec<UserId>,
    /// The most users there ever were.
    peak: usize,
    /// How many users are invisible.
    invisible: usize,
    /// How many users are operators of the server.
    operators: usize,
    /// What is kept for them besides themselves, and for rooms.
    pub(super) budget: Budget,
}

/// What is known of one user.
#[derive(Debug)]
pub struct User {
    /// What others see. The name in it is the key that `by_name` has for this user, also in letter case.
    pub identity: Rc<Identity>,
    /// The address, for operators of the server.
    pub peer: Peer,
    /// Is seen only by those who share a room.
    pub is_invisible: bool,
    /// Is an operator of the server.
    pub is_operator: bool,
    /// Nobody on the way can read what the user says and hears.
    pub is_secure: bool,
    /// Wants to hear what operators tell all.
    pub hears_wallops: bool,
    since: Seconds,
    spoke: Seconds,
    /// Stays when its last connection ends.
    pub(super) stays: bool,
    /// At which connections.
    pub(super) reach: Reach,
    /// The rooms the user is in; `Rooms` keeps the other half of this.
    pub seats: Seats,
    pub(super) rare: Option<Box<Rare>>,
}

/// What few users have, so that it costs the others nothing.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Away, and why.
    away: Option<Rc<str>>,
    /// The names the user watches; `Watchers` keeps the other half of this.
    pub(super) watches: Vec<UserName>,
    invitations: Vec<Invitation>,
    /// The user's connections, where there are several.
    pub(super) connections: Vec<ConnectionId>,
    /// What the budget has for this.
    charged: u32,
}

/// What a watched name takes in the index of watchers, at most: an entry of a table that has just grown, and a list.
const WATCH_BYTES: usize = 2 * 48 + 32;

/// What one more watched name takes at most, of a user who watches `count`.
pub(super) fn watch_bytes(count: usize, name: &UserName) -> usize {
    let rare = if count == 0 { heap_bytes(size_of::<Rare>()) } else { 0 };
    rare + WATCH_BYTES
        + shared_bytes(name.as_str().len())
        + heap_bytes((2 * count).max(4) * size_of::<UserName>())
}

/// What one more invitation to `room` takes at most.
const INVITATION_BYTES: usize = 2 * size_of::<Invitation>();

impl Rare {
    /// The memory that it takes.
    fn kept_bytes(&self) -> usize {
        let names = self.watches.iter().map(|name| WATCH_BYTES + shared_bytes(name.as_str().len()));
        // The room may be gone, and its name only kept here.
        let rooms = self.invitations.iter().map(|invitation| shared_bytes(invitation.room.as_str().len()));
        heap_bytes(size_of::<Self>())
            + vec_bytes(&self.watches)
            + vec_bytes(&self.invitations)
            + vec_bytes(&self.connections)
            + names.chain(rooms).sum::<usize>()
            + self.away.as_ref().map_or(0, |away| shared_bytes(away.len()))
    }
}

/// What `seats` seats of one user take, in bytes.
fn seats_bytes(seats: usize) -> usize {
    SEAT_BYTES * seats.saturating_sub(1)
}

/// A time in a quarter of the memory: whole seconds since 1970, up to 2106.
#[derive(Clone, Copy, Debug)]
struct Seconds(u32);

/// An invitation to a room, good for that room and not for a later one of the same name.
#[derive(Debug)]
struct Invitation {
    room: RoomName,
    created: SystemTime,
}

impl User {
    fn new(connection: ConnectionId, name: UserName, profile: Profile, now: Now) -> Self {
        let Profile { is_secure, username, host, realname, peer } = profile;
        Self {
            identity: Rc::new(Identity::new(name, &username, &host, &realname)),
            peer,
            is_invisible: false,
            is_operator: false,
            is_secure,
            hears_wallops: false,
            stays: false,
            reach: Reach::of(&[connection]),
            since: now.time.into(),
            spoke: now.time.into(),
            seats: Seats::default(),
            rare: None,
        }
    }

    /// To whom what is kept for the user is charged.
    pub(super) fn owner(&self) -> Option<Origin> {
        Origin::elsewhere(self.peer)
    }

    /// What it takes at most that the user is invited once more, in bytes.
    pub(super) fn invitation_bytes(&self, room: &RoomName) -> usize {
        self.rare_bytes() + INVITATION_BYTES + shared_bytes(room.as_str().len())
    }

    /// How many bytes more it takes that the user is away for this reason.
    pub(super) fn away_bytes(&self, reason: &str) -> usize {
        let before = self.away().map_or(0, |away| shared_bytes(away.len()));
        self.rare_bytes() + shared_bytes(reason.len()).saturating_sub(before)
    }

    fn rare_bytes(&self) -> usize {
        if self.rare.is_none() { heap_bytes(size_of::<Rare>()) } else { 0 }
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Notes an invitation to the room of this name that was created at this time.
    pub(super) fn invite(&mut self, room: &RoomName, created: SystemTime) {
        self.uninvite(room);
        let invitations = &mut self.rare_mut().invitations;
        if invitations.len() == INVITATIONS {
            invitations.remove(0);
        }
        invitations.push(Invitation { room: room.clone(), created });
    }

    pub(super) fn uninvite(&mut self, room: &RoomName) {
        if let Some(rare) = &mut self.rare {
            rare.invitations.retain(|invitation| invitation.room != *room);
        }
    }

    /// True when the user is invited to the room of this name that was created at this time.
    pub fn is_invited_to(&self, room: &RoomName, created: SystemTime) -> bool {
        let mut invitations = self.rare.iter().flat_map(|rare| &rare.invitations);
        invitations.any(|i| i.created == created && i.room == *room)
    }

    /// The rooms that the user is invited to, the oldest invitation first.
    pub fn invitations(&self) -> impl Iterator<Item = &RoomName> {
        self.rare.iter().flat_map(|rare| &rare.invitations).map(|invitation| &invitation.room)
    }

    /// Away, and why.
    pub fn away(&self) -> Option<&Rc<str>> {
        self.rare.as_ref()?.away.as_ref()
    }

    pub(super) fn set_away(&mut self, away: Option<Rc<str>>) {
        self.rare_mut().away = away;
    }

    /// The names the user watches.
    pub fn watches(&self) -> &[UserName] {
        self.rare.as_ref().map_or(&[], |rare| &rare.watches)
    }

    /// When the user logged in, to the second.
    pub fn since(&self) -> SystemTime {
        self.since.into()
    }

    /// When the user last spoke, to the second.
    pub fn spoke(&self) -> SystemTime {
        self.spoke.into()
    }

    pub(super) fn has_spoken(&mut self, now: SystemTime) {
        self.spoke = now.into();
    }

    /// The name.
    pub fn name(&self) -> &UserName {
        &self.identity.name
    }

    /// Changes what others see, save for the name, which `Users` changes.
    pub(super) fn change_identity(&mut self, change: impl FnOnce(&mut Identity)) {
        let identity = Rc::make_mut(&mut self.identity);
        change(identity);
    }
}

impl From<SystemTime> for Seconds {
    fn from(time: SystemTime) -> Self {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self(u32::try_from(since.as_secs()).unwrap_or(u32::MAX))
    }
}

impl From<Seconds> for SystemTime {
    fn from(Seconds(seconds): Seconds) -> Self {
        Self::UNIX_EPOCH + Duration::from_secs(seconds.into())
    }
}

/// Somebody else has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

impl Users {
    /// Counts what is kept for the user `id` again, because it may have changed.
    pub(super) fn recharge(&mut self, id: UserId) {
        let Some(user) = self.by_id.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        let owner = user.owner();
        if let Some(rare) = &mut user.rare {
            let now = rare.kept_bytes();
            self.budget.recharge(owner, &mut rare.charged, now);
        }
    }

    /// Counts the seats of the user `id` again, because there are more or fewer than `before`.
    pub(super) fn recharge_seats(&mut self, id: UserId, before: usize) {
        let Some(user) = self.by_id.get(id.0 as usize).and_then(Option::as_ref) else { return };
        let mut charged = seats_bytes(before) as u32;
        self.budget.recharge(user.owner(), &mut charged, seats_bytes(user.seats.len()));
    }

    /// What the budget has for all users.
    pub(super) fn charged_bytes(&self) -> usize {
        let rare = self.iter().filter_map(|(_, user)| user.rare.as_ref()).map(|rare| rare.charged as usize);
        rare.sum::<usize>() + self.iter().map(|(_, user)| seats_bytes(user.seats.len())).sum::<usize>()
    }

    /// Makes whoever is at `connection` the user called `name`.
    pub fn claim(
        &mut self,
        connection: ConnectionId,
        name: UserName,
        profile: Profile,
        now: Now,
    ) -> Result<UserId, Taken> {
        let Entry::Vacant(entry) = self.by_name.entry(name.clone()) else { return Err(Taken) };
        let id = self.vacant.pop().unwrap_or(UserId(self.by_id.len() as u32));
        entry.insert(id);
        let user = Some(Box::new(User::new(connection, name, profile, now)));
        match self.by_id.get_mut(id.0 as usize) {
            Some(place) => *place = user,
            None => self.by_id.push(user),
        }
        self.peak = self.peak.max(self.by_name.len());
        Ok(id)
    }

    /// The connections of the user `id`, in the order in which they came.
    pub fn connections(&self, id: UserId) -> Vec<ConnectionId> {
        self.get(id).map(User::connections).unwrap_or_default()
    }

    /// Gives the user `id` another name, and frees the old one. A user may change the letter case of its own.
    pub fn rename(&mut self, id: UserId, name: UserName) -> Result<(), Taken> {
        let Some(user) = self.by_id.get_mut(id.0 as usize).and_then(Option::as_mut) else {
            debug_assert!(false, "{id:?} renames but has no name");
            return Ok(());
        };
        if self.by_name.get(&name).is_some_and(|&owner| owner != id) {
            return Err(Taken);
        }
        // Removed first: where only the letter case changes, `insert` would keep the old key.
        self.by_name.remove(user.name());
        self.by_name.insert(name.clone(), id);
        user.change_identity(|identity| identity.name = name);
        Ok(())
    }

    /// Forgets the user `id`, whose name is free from now on.
    pub fn release(&mut self, id: UserId) -> Option<Box<User>> {
        let mut user = self.by_id.get_mut(id.0 as usize)?.take()?;
        let owner = user.owner();
        if let Some(rare) = &mut user.rare {
            self.budget.recharge(owner, &mut rare.charged, 0);
        }
        self.by_name.remove(user.name());
        self.vacant.push(id);
        if self.by_name.is_empty() {
            (self.by_id, self.vacant) = (Vec::new(), Vec::new());
        }
        self.invisible -= usize::from(user.is_invisible);
        self.operators -= usize::from(user.is_operator);
        Some(user)
    }

    /// Makes the user `id` invisible, or visible again.
    pub(super) fn set_invisible(&mut self, id: UserId, on: bool) {
        let Some(user) = self.get_mut(id) else { return };
        if std::mem::replace(&mut user.is_invisible, on) != on {
            self.invisible = if on { self.invisible + 1 } else { self.invisible - 1 };
        }
    }

    /// Makes the user `id` an operator of the server, or takes that away.
    pub(super) fn set_operator(&mut self, id: UserId, on: bool) {
        let Some(user) = self.get_mut(id) else { return };
        if std::mem::replace(&mut user.is_operator, on) != on {
            self.operators = if on { self.operators + 1 } else { self.operators - 1 };
        }
    }

    /// How many users are invisible.
    pub fn invisible(&self) -> usize {
        self.invisible
    }

    /// How many users are operators of the server.
    pub fn operators(&self) -> usize {
        self.operators
    }

    /// The user called `name`, in any letter case.
    pub fn find(&self, name: &UserName) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// The user `id`, if it has a name.
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(id.0 as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.by_id.get_mut(id.0 as usize)?.as_deref_mut()
    }

    /// The most users there ever were.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// How many users there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True when there is nobody.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All ids are below this.
    pub(super) fn ids(&self) -> usize {
        self.by_id.len()
    }

    /// Every user, in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.iter_from(UserId(0))
    }

    /// Every user whose id is `first` or more, in the order of their ids.
    pub fn iter_from(&self, first: UserId) -> impl Iterator<Item = (UserId, &User)> {
        let places = self.by_id.iter().enumerate().skip(first.0 as usize);
        places.filter_map(|(place, user)| Some((UserId(place as u32), user.as_deref()?)))
    }

    /// Panics where the two directions disagree. Costs O(n): for tests.
    pub fn check(&self) {
        assert_eq!(self.by_name.len(), self.iter().count(), "as many names as users");
        let vacant: HashSet<_> = self.vacant.iter().map(|id| id.0 as usize).collect();
        assert_eq!(vacant.len(), self.vacant.len(), "a place is vacant once");
        let is_vacant =
            |(place, user): (usize, &Option<Box<User>>)| user.is_none() == vacant.contains(&place);
        assert!(self.by_id.iter().enumerate().all(is_vacant), "every place is taken or vacant");
        for (name, &id) in &self.by_name {
            let user = self.get(id).expect("every name has its user");
            assert_eq!(user.name().as_str(), name.as_str(), "both directions hold the same spelling");
        }
        let count = |is: fn(&User) -> bool| self.iter().filter(|(_, user)| is(user)).count();
        assert_eq!(self.invisible, count(|user| user.is_invisible), "invisible users are counted");
        assert_eq!(self.operators, count(|user| user.is_operator), "operators are counted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: UserId = UserId(0);

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn claim(users: &mut Users, text: &str) -> Result<UserId, Taken> {
        users.claim(ConnectionId(7), name(text), crate::hub::tests::profile(), Now::read())
    }

    #[test]
    fn a_claimed_name_is_found_both_ways() {
        let mut users = Users::default();
        claim(&mut users, "Ana").unwrap();
        assert_eq!(users.find(&name("aNA")), Some(ANA));
        assert_eq!(users.get(ANA).unwrap().name().as_str(), "Ana");
        users.check();
    }

    #[test]
    fn a_name_taken_in_another_letter_case_is_taken() {
        let mut users = Users::default();
        claim(&mut users, "Ana").unwrap();
        assert_eq!(claim(&mut users, "ANA"), Err(Taken));
        assert_eq!(users.len(), 1);
        users.check();
    }

    #[test]
    fn rename_frees_the_old_name() {
        let mut users = Users::default();
        claim(&mut users, "ana").unwrap();
        users.rename(ANA, name("anna")).unwrap();
        claim(&mut users, "ana").unwrap();
        assert_eq!(users.rename(ANA, name("ANA")), Err(Taken));
        assert_eq!(users.get(ANA).unwrap().name().as_str(), "anna");
        users.check();
    }

    #[test]
    fn a_user_may_change_the_letter_case_of_its_own_name() {
        let mut users = Users::default();
        claim(&mut users, "ana").unwrap();
        users.rename(ANA, name("ANA")).unwrap();
        assert_eq!(users.get(ANA).unwrap().name().as_str(), "ANA");
        users.check();
    }

    #[test]
    fn a_released_name_is_free() {
        let mut users = Users::default();
        claim(&mut users, "ana").unwrap();
        assert_eq!(users.release(ANA).unwrap().name().as_str(), "ana");
        assert!(users.release(ANA).is_none());
        assert_eq!(users.find(&name("ana")), None);
        claim(&mut users, "ana").unwrap();
        users.check();
    }
}
