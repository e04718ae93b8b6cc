//! Logging in to accounts and out of them.

use super::Hub;
use super::membership::{Device, Membership, heard_before, heard_before_by_any};
use super::replica::journaled;
use super::users::User;
use crate::message::{
    Account, CloseReason, ConnectionId, Effect, Effects, EventId, EventKind, Now, Profile, Record, Refusal,
    UserId,
};
use crate::name::UserName;
use crate::origin::Origin;

/// A connection that logs in to an account, with its device and profile.
#[derive(Clone, Debug)]
pub struct Arrival<'a> {
    pub connection: ConnectionId,
    /// The name of the device.
    pub device: &'a str,
    /// Describes the user of the connection.
    pub profile: Profile,
}

/// A login to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entered {
    /// The account's user.
    pub user: UserId,
    /// The user was here already: the connection is a further one, or the user stayed without connections.
    pub was_here: bool,
    /// The last event that this device has heard, if it was here before.
    pub heard: Option<EventId>,
    /// The last event that any device of the account has heard.
    pub heard_by_any: EventId,
}

impl Hub {
    /// Logs a connection that has no user in to `account` under its name.
    pub fn enter_account(
        &mut self,
        arrival: &Arrival<'_>,
        account: Account,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        let entered = journaled!(
            self,
            EnterAccount {
                connection: arrival.connection,
                device: arrival.device.into(),
                profile: arrival.profile.clone(),
                account: account.clone().into(),
            },
            self.enter(arrival, account, now, out)
        );
        if let Err(why) = &entered {
            self.refusals.count(why.label());
        }
        entered
    }

    fn enter(
        &mut self,
        arrival: &Arrival<'_>,
        account: Account,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        self.allow_account(&account)?;
        match self.user_of(account.id, &account.name) {
            Some(user) => self.allow_device(user)?,
            None => self.allow_membership(arrival, &account)?,
        }
        self.come_in(arrival, account, now, out)
    }

    /// The same, after it was allowed.
    fn come_in(
        &mut self,
        arrival: &Arrival<'_>,
        account: Account,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        let &Arrival { connection, device, ref profile } = arrival;
        if let Some(user) = self.user_of(account.id, &account.name) {
            let membership = self.users.get(user).and_then(User::membership);
            let heard = membership.and_then(|membership| membership.heard_by(device));
            let last = self.last_event;
            let heard_by_any = membership.map_or(last, |membership| membership.heard_by_any(last));
            self.attach(user, connection);
            self.arrive(user, arrival, now, out);
            return Ok(Entered { user, was_here: true, heard, heard_by_any });
        }
        let (heard, heard_by_any) = (heard_before(&account, device), heard_before_by_any(&account));
        let (name, membership) = (account.name.clone(), Membership::new(account, now.time));
        self.free_name(&name, now, out);
        let user = self.appear(connection, name, profile.clone(), now, out)?;
        self.become_member(user, membership, arrival, now, out);
        Ok(Entered { user, was_here: false, heard, heard_by_any })
    }

    /// Logs a connection of the user `id` in to `account`. The user becomes that of the account, and gets its name, if it
    /// has no account and that of the account is not here. Otherwise the connection moves to the account's user, and the
    /// user that it had leaves if it has no other.
    pub fn identify(
        &mut self,
        id: UserId,
        arrival: &Arrival<'_>,
        account: Account,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        journaled!(
            self,
            Identify {
                user: id,
                connection: arrival.connection,
                device: arrival.device.into(),
                profile: arrival.profile.clone(),
                account: account.clone().into(),
                heard: None,
            },
            self.change_to_account(id, arrival, account, now, out)
        )
    }

    fn change_to_account(
        &mut self,
        id: UserId,
        arrival: &Arrival<'_>,
        account: Account,
        now: Now,
        out: &mut Effects,
    ) -> Result<Entered, Refusal> {
        self.user(id)?;
        self.allow_account(&account)?;
        let &Arrival { connection, device, .. } = arrival;
        let (heard, heard_by_any) = (heard_before(&account, device), heard_before_by_any(&account));
        if self.account_of(id).is_some_and(|own| own.id == account.id) {
            return Ok(Entered { user: id, was_here: true, heard, heard_by_any });
        }
        let here = self.user_of(account.id, &account.name);
        if let Some(there) = here {
            self.allow_device(there)?;
        }
        self.allow_membership(arrival, &account)?;
        if here.is_none() && self.account_of(id).is_none() {
            self.free_name_for(id, &account.name, now, out);
            self.tell_account(id, Some(&account.name), now, out);
            self.take_name(id, account.name.clone(), now, out);
            self.become_member(id, Membership::new(account, now.time), arrival, now, out);
            self.give_lasting_ranks(id, now, out);
            return Ok(Entered { user: id, was_here: false, heard, heard_by_any });
        }
        self.forsake(id, connection, format!("logged in as {}", account.name), now, out);
        self.come_in(arrival, account, now, out)
    }

    /// Logs `connection` of the user `id` out of its account. It continues as a guest, which is the same user if that
    /// has no other connection and does not stay; otherwise it gets this profile. Returns the guest.
    pub fn log_out(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        profile: Profile,
        now: Now,
        out: &mut Effects,
    ) -> Result<UserId, Refusal> {
        journaled!(
            self,
            LogOut { user: id, connection, profile: profile.clone(), heard: None },
            self.become_guest(id, connection, profile, now, out)
        )
    }

    fn become_guest(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        profile: Profile,
        now: Now,
        out: &mut Effects,
    ) -> Result<UserId, Refusal> {
        let user = self.user(id)?;
        if user.membership().is_none() {
            return Ok(id);
        }
        let is_last = self.devices(id).len() == 1 && !self.stays(id);
        let guest = self.guest_name();
        if !is_last {
            self.forsake(id, connection, "logged out".to_owned(), now, out);
            return self.appear(connection, guest, profile, now, out);
        }
        self.device_gone(id, connection, true, now, out);
        self.tell_account(id, None, now, out);
        self.set_membership(id, None);
        self.note_home(id, Some(connection));
        self.take_name(id, guest, now, out);
        Ok(id)
    }

    /// Forgets the account of this name, which is deleted. Its user leaves.
    pub fn drop_account(&mut self, name: &UserName, now: Now, out: &mut Effects) {
        journaled!(self, DropAccount(name.clone()), self.forget_dropped(name, now, out));
    }

    fn forget_dropped(&mut self, name: &UserName, now: Now, out: &mut Effects) {
        let user = self.users.find(name).filter(|&id| self.account_of(id).is_some());
        if let Some(account) = self.accounts.find(name) {
            self.forget_account(account, out);
        }
        self.accounts.remove(name);
        let Some(id) = user else { return };
        // Nothing more is recorded of it.
        self.set_membership(id, None);
        self.dismiss(id, CloseReason::AccountDropped, now, out);
    }

    /// Refuses an account that is not there any longer: it may be long since the client has proven to be its owner, and
    /// the name may be that of another account.
    fn allow_account(&self, account: &Account) -> Result<(), Refusal> {
        match self.accounts.called(&account.name) {
            Some(id) if id == account.id => Ok(()),
            _ => Err(Refusal::AccountDropped(account.name.clone())),
        }
    }

    /// Refuses a further device if the user has as many as the config allows.
    fn allow_device(&self, user: UserId) -> Result<(), Refusal> {
        if self.is_replaying() {
            return Ok(());
        }
        let most = self.accounts.rules.devices;
        let devices = self.devices(user).len();
        let name = self.user(user)?.name().clone();
        if devices < most { Ok(()) } else { Err(Refusal::TooManyDevices { name, most }) }
    }

    /// Refuses an account whose user is not here if there is no memory for it.
    fn allow_membership(&self, arrival: &Arrival<'_>, account: &Account) -> Result<(), Refusal> {
        let owner = Origin::elsewhere(arrival.profile.peer);
        self.users.budget.allows(owner, Membership::new_bytes(account))?;
        Ok(())
    }

    /// Makes a user that of an account, with its only connection as the first device.
    fn become_member(
        &mut self,
        id: UserId,
        membership: Membership,
        arrival: &Arrival<'_>,
        now: Now,
        out: &mut Effects,
    ) {
        self.set_membership(id, Some(membership));
        self.note_home(id, None);
        self.arrive(id, arrival, now, out);
        self.record_stay(id, now, out);
    }

    /// Adds a device for a connection that the user has.
    fn arrive(&mut self, id: UserId, arrival: &Arrival<'_>, now: Now, out: &mut Effects) {
        let &Arrival { connection, device, ref profile } = arrival;
        let Profile { peer, is_secure, ref away, .. } = *profile;
        let (away, last) = (away.clone(), self.last_event);
        let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { return };
        let account = membership.account.id;
        let (name, since, alive) = (device.into(), now.time, now.time);
        membership.devices.reserve_exact(1);
        membership.devices.push(Device {
            connection,
            name,
            peer,
            is_secure,
            since,
            alive,
            heard: last,
            behind: None,
            whole_since: since,
            away,
        });
        membership.seen = now.time;
        membership.is_back();
        if membership.devices.len() == 1 {
            self.users.change_peer(id, peer);
        }
        self.users.recharge(id);
        self.derive_security(id);
        self.derive_away(id, now, out);
        out.push(Effect::Record(Record::Seen { account, at: now.time }));
    }

    /// Tells others that a user who is here logs in or out.
    fn tell_account(&mut self, id: UserId, account: Option<&UserName>, now: Now, out: &mut Effects) {
        self.tell_acquaintances(id, &EventKind::AccountSet(account.cloned()), now, out);
    }

    /// A user is secure if all its connections are.
    pub(super) fn derive_security(&mut self, id: UserId) {
        let is_secure = self.devices(id).iter().all(|device| device.is_secure);
        if let Some(user) = self.users.get_mut(id) {
            user.is_secure = is_secure;
        }
    }

    /// Notes that a connection of the user is not its own any more. `is_whole`: everything that was sent has reached
    /// the peer.
    pub(super) fn device_gone(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        is_whole: bool,
        now: Now,
        out: &mut Effects,
    ) {
        let last = self.last_event;
        let Some(device) = self.device_mut(id, connection) else { return };
        let heard = device.heard_by_now(is_whole, last);
        let heard = self.settle_heard(heard);
        let Some(membership) = self.users.get_mut(id).and_then(User::membership_mut) else { return };
        let Some(index) = membership.devices.iter().position(|device| device.connection == connection) else {
            return;
        };
        let device = membership.devices.remove(index);
        let (account, at) = (membership.account.id, now.time);
        membership.seen = at;
        if let Some(event) = membership.note_heard(&device.name, heard) {
            out.push(Effect::Record(Record::Heard { account, device: device.name, event }));
        }
        out.push(Effect::Record(Record::Seen { account, at }));
        self.users.recharge(id);
        match self.devices(id).first().map(|oldest| oldest.peer) {
            Some(peer) => {
                self.users.change_peer(id, peer);
                self.derive_security(id);
            }
            // Nobody who logs in to the account later has shown the password of an operator.
            None => self.users.set_operator(id, false),
        }
    }

    /// Takes a connection from its user, which leaves if it has no other and does not stay.
    fn forsake(&mut self, id: UserId, connection: ConnectionId, why: String, now: Now, out: &mut Effects) {
        if self.detach(id, connection, true, now, out) {
            self.leave_together(vec![(id, why)], now, out);
        }
    }

    /// Gives the user of this name, who has no account, the name of a guest: the name belongs to somebody else.
    pub(super) fn free_name(&mut self, name: &UserName, now: Now, out: &mut Effects) {
        if let Some(holder) = self.users.find(name) {
            let guest = self.guest_name();
            self.take_name(holder, guest, now, out);
        }
    }

    /// The same, unless it is the user `id`.
    fn free_name_for(&mut self, id: UserId, name: &UserName, now: Now, out: &mut Effects) {
        if self.users.find(name) != Some(id) {
            self.free_name(name, now, out);
        }
    }

    /// A name that nobody has.
    pub(super) fn guest_name(&mut self) -> UserName {
        loop {
            self.accounts.last_guest = self.accounts.last_guest.wrapping_add(1);
            let name = UserName::new(&format!("guest{}", self.accounts.last_guest));
            let free = name
                .ok()
                .filter(|name| self.users.find(name).is_none() && self.accounts.find(name).is_none());
            if let Some(name) = free {
                return name;
            }
        }
    }
}
