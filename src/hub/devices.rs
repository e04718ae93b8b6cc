//! Which account a user has, and on which devices it is logged in.

use std::time::SystemTime;

use super::Hub;
use super::membership::{Device, Membership};
use super::replica::here;
use super::users::User;
use crate::message::{Account, AccountId, ConnectionId, EventId, MOST_DEVICES, UserId};
use crate::name::UserName;

impl User {
    pub(super) fn membership(&self) -> Option<&Membership> {
        self.rare.as_ref()?.membership.as_deref()
    }

    pub(super) fn membership_mut(&mut self) -> Option<&mut Membership> {
        self.rare.as_mut()?.membership.as_deref_mut()
    }

    /// The account that the user is logged in to, if there is one.
    pub fn account(&self) -> Option<&Account> {
        Some(&self.membership()?.account)
    }
}

impl Hub {
    /// The account of the user `id`, if it is logged in to one.
    pub fn account_of(&self, id: UserId) -> Option<&Account> {
        self.users.get(id)?.account()
    }

    /// The user of this account, which has this name, if it is here.
    pub fn user_of(&self, account: AccountId, name: &UserName) -> Option<UserId> {
        let id = self.users.find(name)?;
        (self.account_of(id)?.id == account).then_some(id)
    }

    /// Makes `id` the user of an account, or of none.
    pub(super) fn set_membership(&mut self, id: UserId, membership: Option<Membership>) {
        if let Some(user) = self.users.get_mut(id) {
            let has_account = membership.is_some();
            user.change_identity(|identity| identity.has_account = has_account);
            user.rare_mut().membership = membership.map(Box::new);
        }
        self.users.recharge(id);
    }

    /// The devices of the user `id`, oldest login first. Users without accounts have none.
    pub fn devices(&self, id: UserId) -> &[Device] {
        let membership = self.users.get(id).and_then(User::membership);
        membership.map_or(&[], |membership| &membership.devices)
    }

    pub(super) fn devices_mut(&mut self, id: UserId) -> &mut [Device] {
        let membership = self.users.get_mut(id).and_then(User::membership_mut);
        membership.map_or(&mut [], |membership| &mut membership.devices)
    }

    pub(super) fn device_mut(&mut self, id: UserId, connection: ConnectionId) -> Option<&mut Device> {
        self.devices_mut(id).iter_mut().find(|device| device.connection == connection)
    }

    /// Notes that the peer of a connection has sent something, after it was sent everything.
    pub fn is_alive(&mut self, id: UserId, connection: ConnectionId, now: SystemTime) {
        if let Some(device) = self.device_mut(id, connection) {
            device.alive = now;
        }
    }

    /// Notes how far a connection was told what it missed; `None`: it was told everything.
    pub fn note_behind(
        &mut self,
        id: UserId,
        connection: ConnectionId,
        told: Option<EventId>,
        now: SystemTime,
    ) {
        let Some(device) = self.device_mut(id, connection) else { return };
        match (device.behind, told) {
            (None, Some(heard)) => device.heard = heard,
            (Some(_), None) => device.whole_since = now,
            (Some(_), Some(_)) | (None, None) => {}
        }
        device.behind = told;
    }

    /// Panics when users and accounts disagree. For tests.
    pub(super) fn check_memberships(&self) {
        for (_, user) in self.users.iter() {
            let membership = user.membership();
            assert_eq!(user.identity.has_account, membership.is_some(), "{}", user.name());
            let Some(membership) = membership else { continue };
            let Membership { account, devices, .. } = membership;
            assert_eq!(user.name().as_str(), account.name.as_str(), "users bear the names of their accounts");
            assert_eq!(self.accounts.find(&account.name), Some(account.id), "{} is registered", user.name());
            Self::check_away(user, membership);
            let connections = devices.iter().filter_map(|device| here(device.connection));
            // One that has ended is a device until other nodes can be told.
            let hears =
                |connection: &ConnectionId| !self.is_replica() || user.connections().contains(connection);
            let connections: Vec<_> = connections.filter(hears).collect();
            assert_eq!(connections, user.connections(), "every connection of {} is a device", user.name());
            assert!(account.devices.len() <= MOST_DEVICES as usize, "{} has many devices", user.name());
        }
    }
}
