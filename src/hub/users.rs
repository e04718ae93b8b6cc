//! All users, with a hash index from name to user. Every change goes through functions that update both directions,
//! so that they cannot disagree.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::budget::Budget;
use super::reach::Reach;
use super::seats::{SEAT_BYTES, Seats};
use crate::footprint::{heap_bytes, shared_bytes, vec_bytes};
use crate::message::{ConnectionId, Identity, Now, Peer, Profile, UserId};
use crate::name::{RoomName, UserName};
use crate::origin::Origin;

/// Maximum number of unused invitations per user; a new one replaces the oldest.
const INVITATIONS: usize = 100;

/// All logged-in users.
#[derive(Debug, Default)]
pub struct Users {
    by_name: HashMap<UserName, UserId>,
    /// Indexed by user id.
    by_id: Vec<Option<Box<User>>>,
    /// Unused indices.
    vacant: Vec<UserId>,
    /// The maximum number of users so far.
    peak: usize,
    /// The number of invisible users.
    invisible: usize,
    /// The number of server operators.
    operators: usize,
    /// Memory charged for rooms and lists.
    pub(super) budget: Budget,
}

/// What the server knows of one user.
#[derive(Debug)]
pub struct User {
    /// What others see. Its name is the key in `by_name`, in the same letter case.
    pub identity: Arc<Identity>,
    /// The address, for operators of the server.
    pub peer: Peer,
    /// Only visible to users who share a room.
    pub is_invisible: bool,
    /// Is an operator of the server.
    pub is_operator: bool,
    /// The whole path to the user is encrypted or local.
    pub is_secure: bool,
    /// Wants to hear `WALLOPS`.
    pub hears_wallops: bool,
    since: Seconds,
    spoke: Seconds,
    /// The user's connections.
    pub(super) reach: Reach,
    /// The rooms the user is in; `Rooms` holds the other half of this relation.
    pub seats: Seats,
    pub(super) rare: Option<Box<Rare>>,
}

/// Data of few users, allocated only for them.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// The away message.
    away: Option<Arc<str>>,
    /// The names on the user's watch list; `Watchers` holds the other half of this relation.
    pub(super) watches: Vec<UserName>,
    invitations: Vec<Invitation>,
    /// The user's connections when there are several.
    #[cfg(feature = "store")]
    pub(super) connections: Vec<ConnectionId>,
    /// The account and its devices, if the user is logged in to one.
    #[cfg(feature = "store")]
    pub(super) membership: Option<Box<super::membership::Membership>>,
    /// Metadata and subscriptions to it, if it has such.
    #[cfg(feature = "store")]
    pub(super) details: Option<Box<super::metadata::Details>>,
    /// The bytes charged to the budget.
    charged: u32,
}

/// Maximum bytes per watched name in the index of watchers: an entry of a table that has just grown, and a list.
const WATCH_BYTES: usize = 2 * 48 + 32;

/// Maximum bytes for one more watched name of a user who watches `count`.
pub(super) fn watch_bytes(count: usize, name: &UserName) -> usize {
    let rare = if count == 0 { heap_bytes(size_of::<Rare>()) } else { 0 };
    rare + WATCH_BYTES
        + shared_bytes(name.as_str().len())
        + heap_bytes((2 * count).max(4) * size_of::<UserName>())
}

/// Maximum bytes for one more invitation, besides the name of its room.
const INVITATION_BYTES: usize = 2 * size_of::<Invitation>();

impl Rare {
    fn kept_bytes(&self) -> usize {
        let names = self.watches.iter().map(|name| WATCH_BYTES + shared_bytes(name.as_str().len()));
        // An invitation can be the last owner of the name of a room that no longer exists.
        let rooms = self.invitations.iter().map(|invitation| shared_bytes(invitation.room.as_str().len()));
        heap_bytes(size_of::<Self>())
            + vec_bytes(&self.watches)
            + vec_bytes(&self.invitations)
            + names.chain(rooms).sum::<usize>()
            + self.account_bytes()
            + self.away.as_ref().map_or(0, |away| shared_bytes(away.len()))
    }

    #[cfg(feature = "store")]
    fn account_bytes(&self) -> usize {
        let details =
            vec_bytes(&self.connections) + self.details.as_ref().map_or(0, |details| details.kept_bytes());
        details + self.membership.as_ref().map_or(0, |membership| membership.kept_bytes())
    }

    #[cfg(not(feature = "store"))]
    fn account_bytes(&self) -> usize {
        0
    }
}

/// The bytes of `seats` seats of one user.
fn seats_bytes(seats: usize) -> usize {
    SEAT_BYTES * seats.saturating_sub(1)
}

/// A time in a quarter of the memory: whole seconds since 1970, up to 2106.
#[derive(Clone, Copy, Debug)]
struct Seconds(u32);

/// An invitation to a room. It is not valid for a later room of the same name.
#[derive(Debug)]
struct Invitation {
    room: RoomName,
    created: SystemTime,
}

impl User {
    pub(super) fn new(connection: Option<ConnectionId>, name: UserName, profile: Profile, now: Now) -> Self {
        let Profile { is_secure, username, host, realname, peer, .. } = profile;
        Self {
            identity: Arc::new(Identity::new(name, &username, &host, &realname)),
            peer,
            is_invisible: false,
            is_operator: false,
            is_secure,
            hears_wallops: false,
            reach: Reach::of(connection.as_slice()),
            since: now.time.into(),
            spoke: now.time.into(),
            seats: Seats::default(),
            rare: None,
        }
    }

    /// The address to which the user's memory is charged.
    pub(super) fn owner(&self) -> Option<Origin> {
        Origin::elsewhere(self.peer)
    }

    /// Maximum bytes of one more invitation.
    pub(super) fn invitation_bytes(&self, room: &RoomName) -> usize {
        self.rare_bytes() + INVITATION_BYTES + shared_bytes(room.as_str().len())
    }

    /// Additional bytes for this away message.
    pub(super) fn away_bytes(&self, reason: &str) -> usize {
        let before = self.away().map_or(0, |away| shared_bytes(away.len()));
        self.rare_bytes() + shared_bytes(reason.len()).saturating_sub(before)
    }

    /// Additional bytes for the first of its rare data.
    pub(super) fn rare_bytes(&self) -> usize {
        if self.rare.is_none() { heap_bytes(size_of::<Rare>()) } else { 0 }
    }

    pub(super) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Adds an invitation to the room of this name and time of creation.
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

    /// Lets invitations to the room of this name and time of creation follow it to its new name.
    #[cfg(feature = "store")]
    pub(super) fn move_invitations(&mut self, from: &RoomName, created: SystemTime, to: &RoomName) {
        let invitations = self.rare.iter_mut().flat_map(|rare| &mut rare.invitations);
        let moved = invitations.filter(|i| i.created == created && i.room == *from);
        moved.for_each(|invitation| invitation.room = to.clone());
    }

    /// True when the user is invited to the room of this name and time of creation.
    pub fn is_invited_to(&self, room: &RoomName, created: SystemTime) -> bool {
        let mut invitations = self.rare.iter().flat_map(|rare| &rare.invitations);
        invitations.any(|i| i.created == created && i.room == *room)
    }

    /// The rooms to which the user is invited, oldest invitation first.
    pub fn invitations(&self) -> impl Iterator<Item = &RoomName> {
        self.rare.iter().flat_map(|rare| &rare.invitations).map(|invitation| &invitation.room)
    }

    /// The rooms to which the user is invited, each with its time of creation, oldest invitation first.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn dated_invitations(&self) -> Vec<(RoomName, SystemTime)> {
        let invitations = self.rare.iter().flat_map(|rare| &rare.invitations);
        invitations.map(|invitation| (invitation.room.clone(), invitation.created)).collect()
    }

    /// The away message, if the user is away.
    pub fn away(&self) -> Option<&Arc<str>> {
        self.rare.as_ref()?.away.as_ref()
    }

    pub(super) fn set_away(&mut self, away: Option<Arc<str>>) {
        self.rare_mut().away = away;
    }

    /// The names that the user watches.
    pub fn watches(&self) -> &[UserName] {
        self.rare.as_ref().map_or(&[], |rare| &rare.watches)
    }

    /// When the user logged in, in whole seconds.
    pub fn since(&self) -> SystemTime {
        self.since.into()
    }

    /// When the user last spoke, in whole seconds.
    pub fn spoke(&self) -> SystemTime {
        self.spoke.into()
    }

    pub(super) fn has_spoken(&mut self, now: SystemTime) {
        self.spoke = now.into();
    }

    /// The user's name.
    pub fn name(&self) -> &UserName {
        &self.identity.name
    }

    /// Changes the identity except the name, which only [`Users::rename`] changes.
    pub(super) fn change_identity(&mut self, change: impl FnOnce(&mut Identity)) {
        let identity = Arc::make_mut(&mut self.identity);
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

/// Another user has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken;

impl Users {
    /// Updates the bytes charged for the user `id` after a change.
    pub(super) fn recharge(&mut self, id: UserId) {
        let Some(user) = self.by_id.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        let owner = user.owner();
        if let Some(rare) = &mut user.rare {
            let now = rare.kept_bytes();
            self.budget.recharge(owner, &mut rare.charged, now);
        }
    }

    /// Updates the bytes charged for the seats of the user `id`, which had `before`.
    pub(super) fn recharge_seats(&mut self, id: UserId, before: usize) {
        let Some(user) = self.by_id.get(id.0 as usize).and_then(Option::as_ref) else { return };
        let mut charged = seats_bytes(before) as u32;
        self.budget.recharge(user.owner(), &mut charged, seats_bytes(user.seats.len()));
    }

    pub(super) fn charged_bytes(&self) -> usize {
        let rare = self.iter().filter_map(|(_, user)| user.rare.as_ref()).map(|rare| rare.charged as usize);
        rare.sum::<usize>() + self.iter().map(|(_, user)| seats_bytes(user.seats.len())).sum::<usize>()
    }

    /// Moves what the user `id` is charged for to another address, which becomes its own.
    #[cfg(feature = "store")]
    pub(super) fn change_peer(&mut self, id: UserId, peer: Peer) {
        let Some(user) = self.by_id.get_mut(id.0 as usize).and_then(Option::as_mut) else { return };
        let (from, to) = (user.owner(), Origin::elsewhere(peer));
        user.peer = peer;
        let mut seats = seats_bytes(user.seats.len()) as u32;
        let seats_bytes = seats as usize;
        self.budget.recharge(from, &mut seats, 0);
        self.budget.recharge(to, &mut seats, seats_bytes);
        if let Some(rare) = &mut user.rare {
            let charged = rare.charged as usize;
            self.budget.recharge(from, &mut rare.charged, 0);
            self.budget.recharge(to, &mut rare.charged, charged);
        }
    }

    /// Creates a user called `name` at `connection`, or without one.
    pub fn claim(
        &mut self,
        connection: Option<ConnectionId>,
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

    /// The connections of the user `id`, oldest first.
    pub fn connections(&self, id: UserId) -> Vec<ConnectionId> {
        self.get(id).map(User::connections).unwrap_or_default()
    }

    /// Renames the user `id` and frees the old name. A user may change the letter case of its own name.
    pub fn rename(&mut self, id: UserId, name: UserName) -> Result<(), Taken> {
        let Some(user) = self.by_id.get_mut(id.0 as usize).and_then(Option::as_mut) else {
            debug_assert!(false, "{id:?} renames but has no name");
            return Ok(());
        };
        if self.by_name.get(&name).is_some_and(|&owner| owner != id) {
            return Err(Taken);
        }
        // Removed first, because `insert` would keep the old key when only the letter case changes.
        self.by_name.remove(user.name());
        self.by_name.insert(name.clone(), id);
        user.change_identity(|identity| identity.name = name);
        Ok(())
    }

    /// Removes the user `id` and frees its name.
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

    /// Ids that are free, in the order in which they became so.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn vacant(&self) -> &[UserId] {
        &self.vacant
    }

    /// Takes in users who have these ids; there must be none yet. `None` if names or ids contradict each
    /// other. Call `recharge` for each afterwards.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn fill(&mut self, users: Vec<(UserId, User)>, vacant: Vec<UserId>) -> Option<()> {
        if users.is_empty() && !vacant.is_empty() {
            return None;
        }
        self.by_id.resize_with(users.len() + vacant.len(), || None);
        for (id, user) in users {
            let place = self.by_id.get_mut(id.0 as usize).filter(|place| place.is_none())?;
            if self.by_name.insert(user.name().clone(), id).is_some() {
                return None;
            }
            *place = Some(Box::new(user));
        }
        let mut is_vacant: Vec<_> = self.by_id.iter().map(Option::is_none).collect();
        for id in &vacant {
            let place = is_vacant.get_mut(id.0 as usize)?;
            if !std::mem::take(place) {
                return None;
            }
        }
        self.vacant = vacant;
        self.peaked(self.by_name.len());
        Some(())
    }

    /// Notes that there were this many users.
    #[cfg(any(feature = "cluster", feature = "upgrade"))]
    pub(super) fn peaked(&mut self, peak: usize) {
        self.peak = self.peak.max(peak);
    }

    pub(super) fn set_invisible(&mut self, id: UserId, on: bool) {
        let Some(user) = self.get_mut(id) else { return };
        if std::mem::replace(&mut user.is_invisible, on) != on {
            self.invisible = if on { self.invisible + 1 } else { self.invisible - 1 };
        }
    }

    pub(super) fn set_operator(&mut self, id: UserId, on: bool) {
        let Some(user) = self.get_mut(id) else { return };
        if std::mem::replace(&mut user.is_operator, on) != on {
            self.operators = if on { self.operators + 1 } else { self.operators - 1 };
        }
    }

    /// The number of invisible users.
    pub fn invisible(&self) -> usize {
        self.invisible
    }

    /// The number of server operators.
    pub fn operators(&self) -> usize {
        self.operators
    }

    /// The user called `name`, ignoring letter case.
    pub fn find(&self, name: &UserName) -> Option<UserId> {
        self.by_name.get(name).copied()
    }

    /// The user `id`, if it is logged in.
    pub fn get(&self, id: UserId) -> Option<&User> {
        self.by_id.get(id.0 as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, id: UserId) -> Option<&mut User> {
        self.by_id.get_mut(id.0 as usize)?.as_deref_mut()
    }

    /// The maximum number of users so far.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// The number of users.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// True when there are no users.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// All ids are below this.
    pub(super) fn ids(&self) -> usize {
        self.by_id.len()
    }

    /// All users, sorted by id.
    pub fn iter(&self) -> impl Iterator<Item = (UserId, &User)> {
        self.iter_from(UserId(0))
    }

    /// All users from the id `first` on, sorted by id.
    pub fn iter_from(&self, first: UserId) -> impl Iterator<Item = (UserId, &User)> {
        let places = self.by_id.iter().enumerate().skip(first.0 as usize);
        places.filter_map(|(place, user)| Some((UserId(place as u32), user.as_deref()?)))
    }

    /// Panics when the two directions disagree. Costs O(n); for tests.
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
        users.claim(Some(ConnectionId(7)), name(text), crate::hub::tests::profile(), Now::read())
    }

    #[test]
    fn a_claimed_name_is_found_in_both_directions() {
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
