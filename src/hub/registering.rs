//! Registering rooms, and what founders and other accounts with rights may do in them from outside.

use super::Hub;
use super::changes::no_memory;
use super::registration::{Holder, RANKS_PER_ROOM, Registration};
use super::replica::journaled;
use super::rooms::{Member, Tenure};
use super::seats::RoomId;
use crate::message::{
    Account, AccountId, Effect, Effects, EventKind, Now, Rank, Record, Refusal, RoomChange, UserId,
};
use crate::name::RoomName;
use crate::origin::Origin;

/// Maximum number of registered rooms per account.
pub const ROOMS_PER_ACCOUNT: usize = 20;

/// Maximum number of registered rooms: half of all, so that there are always others.
pub const MOST_REGISTERED: usize = super::MOST_ROOMS / 2;

/// Rooms whose founder is compared in one step of work.
const FOUNDERS_PER_STEP: usize = 16;

/// A part of a registered room that can be cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// All members but whoever clears are removed.
    Members,
    /// All lists of masks are emptied.
    Masks,
    /// Key, limit and flags are as in a new room.
    Modes,
    /// Operators without a lasting rank lose theirs.
    Operators,
}

#[cfg(feature = "cluster")]
impl Clearing {
    /// The variant with this number.
    pub(super) fn of_number(number: u8) -> Option<Self> {
        [Self::Members, Self::Masks, Self::Modes, Self::Operators].into_iter().find(|&it| it as u8 == number)
    }
}

/// The rights that an account has in a registered room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To know what everybody may know who can see it.
    See,
    /// To change it and who is there: for the founder and accounts that are operators of the room.
    Operate,
    /// Everything: for the founder.
    Own,
}

impl Hub {
    /// Registers the room called `name` for the account of `id`, who is its operator.
    pub fn register_room(
        &mut self,
        id: UserId,
        name: &RoomName,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let founder = self.holder(id)?;
        journaled!(
            self,
            RegisterRoom { user: id, room: name.clone() },
            self.register(id, founder, name, now, out)
        )
    }

    fn register(
        &mut self,
        id: UserId,
        founder: Holder,
        name: &RoomName,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let room = self.visible_room(name, id)?;
        let there = self.rooms.get(room);
        if there.is_of_server() {
            return Err(Refusal::RoomOfServer(name.clone()));
        }
        if there.registration().is_some() {
            return Err(Refusal::RoomRegistered(name.clone()));
        }
        self.room_to_change(id, name)?;
        self.allow_registration(&founder, name, out)?;
        let owner = Origin::of_account(founder.account);
        let registration = Registration::new(founder, now.time);
        let more = there.kept_bytes() + registration.kept_bytes();
        self.users.budget.allows(Some(owner), more).map_err(|over| no_memory(name, over))?;
        self.rooms.get_mut(room).tenure = Tenure::Registered(Box::new(registration));
        self.rooms.pay(&mut self.users, room, Some(owner));
        self.keep_room(room, out);
        Ok(())
    }

    /// Checks whether `founder` may have one more room.
    fn allow_registration(
        &self,
        founder: &Holder,
        name: &RoomName,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        out.worked(self.rooms.len() / FOUNDERS_PER_STEP);
        let registered = self.rooms.iter().filter_map(|(_, room)| room.registration());
        let (mut own, mut all) = (0, 0);
        for registration in registered {
            all += 1;
            own += usize::from(registration.founder.account == founder.account);
        }
        let too_many = |most, of_account| Refusal::TooManyRegistered { room: name.clone(), most, of_account };
        if own >= ROOMS_PER_ACCOUNT {
            return Err(too_many(ROOMS_PER_ACCOUNT, true));
        }
        if all >= MOST_REGISTERED {
            return Err(too_many(MOST_REGISTERED, false));
        }
        Ok(())
    }

    /// Ends the registration of the room called `name`. For its founder and operators of the server.
    pub fn unregister_room(&mut self, id: UserId, name: &RoomName, out: &mut Effects) -> Result<(), Refusal> {
        let room = self.registered_room(id, name, Right::Own)?;
        journaled!(self, UnregisterRoom { user: id, room: name.clone() }, self.unregister(room, out));
        Ok(())
    }

    fn unregister(&mut self, room: RoomId, out: &mut Effects) {
        let there = self.rooms.get_mut(room);
        there.tenure = Tenure::Passing;
        let first = there.members().first().map(|member| member.id);
        let owner = first.and_then(|id| self.users.get(id)?.owner());
        out.push(Effect::Record(Record::RoomDropped(self.rooms.get(room).name.clone())));
        self.rooms.pay(&mut self.users, room, owner);
        self.rooms.close_if_empty(&mut self.users, room);
    }

    /// Offers the room called `name` to the account `heir`, so that nobody gets rooms against their will. For its founder.
    pub fn offer_room(&mut self, id: UserId, name: &RoomName, heir: Holder) -> Result<(), Refusal> {
        let room = self.registered_room(id, name, Right::Own)?;
        journaled!(
            self,
            OfferRoom { user: id, room: name.clone(), heir: (heir.account, heir.name.clone()) },
            self.note_heir(room, heir)
        );
        Ok(())
    }

    fn note_heir(&mut self, room: RoomId, heir: Holder) {
        if let Some(registration) = self.rooms.get_mut(room).registration_mut() {
            registration.heir = Some(heir);
        }
        self.rooms.recharge(&mut self.users, room);
    }

    /// Makes the account of `id` the founder of the room called `name`, which was offered to it.
    pub fn accept_room(&mut self, id: UserId, name: &RoomName, out: &mut Effects) -> Result<(), Refusal> {
        let heir = self.holder(id)?;
        let room = self.rooms.find(name).filter(|&room| {
            let registration = self.rooms.get(room).registration();
            registration.and_then(|registration| registration.heir.as_ref()) == Some(&heir)
        });
        match room {
            Some(room) => {
                journaled!(
                    self,
                    AcceptRoom { user: id, room: name.clone() },
                    self.make_founder(room, heir, out)
                )
            }
            None => Err(Refusal::NotOffered(name.clone())),
        }
    }

    /// Makes the account `heir` the founder of the room called `name`. For operators of the server.
    pub fn transfer_room(
        &mut self,
        id: UserId,
        name: &RoomName,
        heir: Holder,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        if !self.user(id)?.is_operator {
            return Err(Refusal::NotServerOperator);
        }
        let room = self.registered_room(id, name, Right::Own)?;
        journaled!(
            self,
            TransferRoom { user: id, room: name.clone(), heir: (heir.account, heir.name.clone()) },
            self.make_founder(room, heir, out)
        )
    }

    fn make_founder(&mut self, room: RoomId, heir: Holder, out: &mut Effects) -> Result<(), Refusal> {
        let name = &self.rooms.get(room).name.clone();
        self.allow_registration(&heir, name, out)?;
        let owner = Origin::of_account(heir.account);
        let more = self.rooms.get(room).kept_bytes();
        self.users.budget.allows(Some(owner), more).map_err(|over| no_memory(name, over))?;
        if let Some(registration) = self.rooms.get_mut(room).registration_mut() {
            registration.forget(heir.account);
            registration.founder = heir;
            registration.heir = None;
        }
        self.rooms.pay(&mut self.users, room, Some(owner));
        self.keep_room(room, out);
        Ok(())
    }

    /// Grants or revokes ranks that an account has whenever it joins the room called `name`. For its founder and
    /// operators of the server. False when nothing changes.
    pub fn set_lasting_ranks(
        &mut self,
        id: UserId,
        name: &RoomName,
        who: &Holder,
        changes: &[(Rank, bool)],
        now: Now,
        out: &mut Effects,
    ) -> Result<bool, Refusal> {
        let room = self.registered_room(id, name, Right::Own)?;
        journaled!(
            self,
            SetLastingRanks {
                user: id,
                room: name.clone(),
                who: (who.account, who.name.clone()),
                changes: changes.to_vec(),
            },
            self.change_lasting_ranks(room, who, changes, now, out)
        )
    }

    fn change_lasting_ranks(
        &mut self,
        room: RoomId,
        who: &Holder,
        changes: &[(Rank, bool)],
        now: Now,
        out: &mut Effects,
    ) -> Result<bool, Refusal> {
        let name = &self.rooms.get(room).name.clone();
        let there = self.rooms.get(room);
        let Some(registration) = there.registration() else { return Ok(false) };
        out.worked(registration.ranks().len() / FOUNDERS_PER_STEP);
        let is_known = registration.ranks().iter().any(|(holder, _)| holder.account == who.account);
        if !is_known {
            if registration.ranks().len() >= RANKS_PER_ROOM {
                return Err(Refusal::RanksFull { room: name.clone(), most: RANKS_PER_ROOM });
            }
            let more = registration.rank_bytes(&who.name);
            self.users.budget.allows(there.owner(), more).map_err(|over| no_memory(name, over))?;
        }
        let Some(registration) = self.rooms.get_mut(room).registration_mut() else { return Ok(false) };
        let mut has_changed = false;
        for &(rank, given) in changes {
            has_changed |= registration.set_rank(who, rank, given);
        }
        if !has_changed {
            return Ok(false);
        }
        self.rooms.recharge(&mut self.users, room);
        self.keep_room(room, out);
        if let Some(member) = self.user_of(who.account, &who.name) {
            let rank =
                |&(rank, given): &(Rank, bool)| RoomChange::Rank { who: who.name.clone(), rank, given };
            let is_there = self.rooms.member(&self.users, member, room).is_some();
            let changes = changes.iter().filter(|_| is_there).map(rank).collect();
            self.make_changes(UserId::NOBODY, room, changes, now, out);
        }
        Ok(true)
    }

    /// Changes ranks of members of the room called `name` until they leave. For accounts that are its operators, and
    /// operators of the server, whether they are there or not.
    pub fn set_ranks(
        &mut self,
        id: UserId,
        name: &RoomName,
        changes: Vec<RoomChange>,
        now: Now,
        out: &mut Effects,
    ) -> Result<Vec<Refusal>, Refusal> {
        let room = self.registered_room(id, name, Right::Operate)?;
        Ok(journaled!(
            self,
            SetRanks { user: id, room: name.clone(), changes: Vec::new() },
            self.make_changes(UserId::NOBODY, room, changes, now, out)
        ))
    }

    /// Clears something in the room called `name`. For its founder and operators of the server. Returns how much.
    pub fn clear_room(
        &mut self,
        id: UserId,
        name: &RoomName,
        what: Clearing,
        now: Now,
        out: &mut Effects,
    ) -> Result<usize, Refusal> {
        let room = self.registered_room(id, name, Right::Own)?;
        Ok(journaled!(
            self,
            ClearRoom { user: id, room: name.clone(), what: what as u8 },
            self.clear(id, room, what, now, out)
        ))
    }

    fn clear(&mut self, id: UserId, room: RoomId, what: Clearing, now: Now, out: &mut Effects) -> usize {
        let made = match what {
            Clearing::Members => return self.remove_members(id, room, now, out),
            Clearing::Masks => self.rooms.get_mut(room).settings.clear_masks(),
            Clearing::Modes => self.rooms.get_mut(room).settings.reset(),
            Clearing::Operators => self.remove_operators(room, out),
        };
        let count = made.len();
        out.worked(count);
        self.tell_changes(UserId::NOBODY, room, made, now, out);
        count
    }

    /// Removes everybody but `id` from a room. They do not hear of each other, so that this costs no more than a
    /// message to the room.
    fn remove_members(&mut self, id: UserId, room: RoomId, now: Now, out: &mut Effects) -> usize {
        let there = self.rooms.get(room);
        let victims: Vec<_> = there.ids().filter(|&member| member != id).collect();
        let stays = there.ids().any(|member| member == id).then_some(id);
        let room_name = there.name.clone();
        out.worked(victims.len());
        for &victim in &victims {
            let Some(who) = self.users.get(victim).map(|user| user.name().clone()) else { continue };
            let reason = "the room is cleared".to_owned();
            let event = self.event(id, now, EventKind::Kicked { room: room_name.clone(), who, reason });
            self.record(room, &event, out);
            let hearers: Vec<_> = stays.into_iter().chain([victim]).collect();
            self.tell(&hearers, event, out);
            self.rooms.leave(&mut self.users, victim, room);
            self.record_seat(victim, &room_name, out);
        }
        victims.len()
    }

    /// Takes the rank of operators whose account has none. Returns the changes.
    fn remove_operators(&mut self, room: RoomId, out: &mut Effects) -> Vec<RoomChange> {
        let there = self.rooms.get(room);
        let Some(registration) = there.registration() else { return Vec::new() };
        out.worked(there.members().len());
        let is_lasting = |id| {
            let account = self.account_of(id).map(|account| registration.rank_of(account.id));
            account.is_some_and(|rank| rank.has_any(Rank::OPERATOR))
        };
        let loses = |member: &&Member| member.rank.has_any(Rank::OPERATOR) && !is_lasting(member.id);
        let losers: Vec<_> = there.members().iter().filter(loses).map(|member| member.id).collect();
        let mut made = Vec::with_capacity(losers.len());
        for id in losers {
            self.rooms.set_rank(&self.users, id, room, Rank::OPERATOR, false);
            if let Some(user) = self.users.get(id) {
                made.push(RoomChange::Rank { who: user.name().clone(), rank: Rank::OPERATOR, given: false });
            }
        }
        made
    }

    /// Gives the user `id` the ranks that its account has in `room`, and tells everybody there.
    pub(super) fn tell_lasting_ranks(&mut self, id: UserId, room: RoomId, now: Now, out: &mut Effects) {
        let (Some(account), Some(registration)) = (self.account_of(id), self.rooms.get(room).registration())
        else {
            return;
        };
        let (rank, name) = (registration.rank_of(account.id), account.name.clone());
        let mut made = Vec::new();
        for rank in [Rank::OPERATOR, Rank::VOICE].into_iter().filter(|&one| rank.has_any(one)) {
            self.rooms.set_rank(&self.users, id, room, rank, true);
            made.push(RoomChange::Rank { who: name.clone(), rank, given: true });
        }
        self.tell_changes(UserId::NOBODY, room, made, now, out);
    }

    /// Gives the user `id`, who has just logged in, the ranks that its account has in its rooms.
    pub(super) fn give_lasting_ranks(&mut self, id: UserId, now: Now, out: &mut Effects) {
        let seats = self.users.get(id).map_or(&[][..], |user| &user.seats);
        let rooms: Vec<_> = seats.iter().map(|seat| seat.room).collect();
        for room in rooms {
            self.tell_lasting_ranks(id, room, now, out);
        }
    }

    /// Removes a deleted account from all rooms. Those that it has founded are not registered any longer.
    pub(super) fn forget_account(&mut self, account: AccountId, out: &mut Effects) {
        out.worked(self.rooms.len() / FOUNDERS_PER_STEP);
        let registered = self.rooms.iter().filter(|(_, room)| room.registration().is_some());
        let registered: Vec<_> = registered.map(|(id, _)| id).collect();
        for room in registered {
            let Some(registration) = self.rooms.get_mut(room).registration_mut() else { continue };
            if registration.founder.account == account {
                self.unregister(room, out);
            } else if registration.forget(account) {
                self.rooms.recharge(&mut self.users, room);
                self.keep_room(room, out);
            }
        }
    }

    /// The registered room called `name`, if `id` has this right there.
    pub fn registered_room(&self, id: UserId, name: &RoomName, right: Right) -> Result<RoomId, Refusal> {
        let user = self.user(id)?;
        let room = self.rooms.find(name).ok_or_else(|| Refusal::NoSuchRoom(name.clone()))?;
        let registration = self.rooms.get(room).registration();
        let account = self.account_of(id).map(|account| account.id);
        let rank = account.and_then(|account| Some(registration?.rank_of(account)));
        let is_operator = rank.is_some_and(|rank| rank.has_any(Rank::OPERATOR));
        let owns = account.is_some() && account == registration.map(|there| there.founder.account);
        if !is_operator && !self.is_visible(room, id) {
            return Err(Refusal::NoSuchRoom(name.clone()));
        }
        if registration.is_none() {
            return Err(Refusal::NotRegistered(name.clone()));
        }
        match right {
            Right::Operate if !is_operator && !user.is_operator => Err(Refusal::NotOperator(name.clone())),
            Right::Own if !owns && !user.is_operator => Err(Refusal::NotFounder(name.clone())),
            Right::See | Right::Operate | Right::Own => Ok(room),
        }
    }

    /// The account of `id`.
    fn holder(&self, id: UserId) -> Result<Holder, Refusal> {
        self.user(id)?;
        let Account { id: account, name, .. } = self.account_of(id).ok_or(Refusal::NoAccount)?;
        Ok(Holder { account: *account, name: name.clone() })
    }
}
