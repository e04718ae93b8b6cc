//! Clients whose user has an account: they enter as one of its devices, and can change or leave the account later.

use std::sync::Arc;

use super::client::{Irc, Phase};
use super::registering::{DEFAULT_USERNAME, profile};
use crate::hub::Arrival;
use crate::message::{Account, EventKind, Identity, Profile, Refusal, UserId};
use crate::name::RoomName;
use crate::session::Context;
use crate::session::accounts::profile_here;
use crate::session::conversation::Conversation;
use crate::session::logins::log_login;

/// A client's user as the client knows it, before it gets another.
struct Before {
    identity: Arc<Identity>,
    channels: Vec<RoomName>,
}

impl Irc {
    /// Registers the client as a device of this account. A refusal changes nothing.
    pub(super) fn enter(
        &mut self,
        account: Account,
        device: &str,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let arrival = Arrival { connection: self.connection, device, profile: self.profile(context) };
        let entered = context.hub.enter_account(&arrival, account, context.now, context.out)?;
        self.set_owner(entered.user, context);
        log_login(entered.user, context);
        self.welcome(context);
        if entered.was_here {
            self.show_user(context);
        }
        self.begin_returning(entered, context);
        Ok(())
    }

    /// Logs the registered client in to this account. A refusal changes nothing.
    pub(super) fn identify(
        &mut self,
        account: Account,
        device: &str,
        context: &mut Context<'_>,
    ) -> Result<(), Refusal> {
        let (before, modes) = (self.before(context), self.own_modes(context));
        let (user, id, name) = (self.user, account.id, account.name.clone());
        let own = context.hub.account_of(user).map(|own| own.id);
        let profile = profile_here(user, self.connection, context)?;
        let arrival = Arrival { connection: self.connection, device, profile };
        let entered = context.hub.identify(user, &arrival, account, context.now, context.out)?;
        // The number of a user who has left is used again, so it does not tell.
        let is_same = own.map_or(!entered.was_here, |own| own == id);
        if !is_same {
            self.end_returning(context);
            self.become_user(entered.user, before, context);
        }
        self.tell_logged_in(&name, context);
        self.tell_own_changes(&modes, context);
        if own != Some(id) {
            self.begin_returning(entered, context);
        }
        Ok(())
    }

    /// Logs the client out of its account. It goes on as a guest.
    pub(super) fn leave_account(&mut self, context: &mut Context<'_>) -> Result<(), Refusal> {
        if context.hub.account_of(self.user).is_none() {
            return Ok(());
        }
        let (before, modes) = (self.before(context), self.own_modes(context));
        let profile = profile_here(self.user, self.connection, context)?;
        let guest = context.hub.log_out(self.user, self.connection, profile, context.now, context.out)?;
        self.end_returning(context);
        if guest != self.user {
            self.become_user(guest, before, context);
        }
        self.tell_logged_out(context);
        self.tell_own_changes(&modes, context);
        Ok(())
    }

    fn profile(&self, context: &Context<'_>) -> Profile {
        let (user, away) = match &self.phase {
            Phase::Registering(registration) => (registration.user.clone(), registration.away.clone()),
            Phase::Online { .. } => (None, None),
        };
        let (username, realname) = user.unwrap_or_else(|| (format!("~{DEFAULT_USERNAME}").into(), "".into()));
        Profile { away, ..profile(username, realname, context) }
    }

    fn before(&self, context: &Context<'_>) -> Option<Before> {
        let user = context.hub.users().get(self.user)?;
        Some(Before { identity: Arc::clone(&user.identity), channels: self.own_channels(context) })
    }

    /// Tells the client what changes for it if it gets another user.
    fn become_user(&mut self, user: UserId, before: Option<Before>, context: &mut Context<'_>) {
        self.set_owner(user, context);
        log_login(user, context);
        let Some(Before { identity, channels }) = before else { return };
        let Some(now) = context.hub.users().get(user).map(|user| Arc::clone(&user.identity)) else { return };
        self.show_event(&identity, EventKind::Renamed { to: now.name.clone() }, context);
        let after = self.own_channels(context);
        for room in channels.iter().filter(|room| !after.contains(room)) {
            let kind = EventKind::Parted { room: room.clone(), reason: String::new() };
            self.show_event(&now, kind, context);
        }
        for room in &after {
            match channels.contains(room) {
                true => self.show_channel(room, context),
                false => self.show_join(room, context),
            }
        }
    }
}
