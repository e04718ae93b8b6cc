//! `REGISTER`, `UNREGISTER`, `TRANSFER`, `ACCEPT`: to whom a room belongs.

use crate::hub::Holder;
use crate::name::RoomName;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `REGISTER room`
    pub(super) fn register_room(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        let (user, now) = (self.user(), self.context.now);
        let result = self.context.hub.register_room(user, &room, now, self.context.out);
        self.tell_result(result, format_args!("{room} is registered, and you are its founder"));
    }

    /// `UNREGISTER room room`
    pub(super) fn unregister_room(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        if params.get(1).and_then(|again| RoomName::new(again).ok()).as_ref() != Some(&room) {
            return self.tell(format_args!("To confirm, name the room twice: UNREGISTER {room} {room}"));
        }
        let result = self.context.hub.unregister_room(self.user(), &room, self.context.out);
        self.tell_result(result, format_args!("{room} is not registered any longer"));
    }

    /// `TRANSFER room account`. Operators of the server need nobody's consent.
    pub(super) fn transfer(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        let Some(heir) = self.holder(params[1]) else { return };
        let (user, name) = (self.user(), heir.name.clone());
        if self.is_operator() {
            let result = self.context.hub.transfer_room(user, &room, heir, self.context.out);
            return self.tell_result(result, format_args!("{name} is the founder of {room}"));
        }
        let result = self.context.hub.offer_room(user, &room, heir);
        self.tell_result(
            result,
            format_args!("{name} becomes the founder with /msg ChanServ ACCEPT {room}: say so to {name}"),
        );
    }

    /// `ACCEPT room`
    pub(super) fn accept(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        let result = self.context.hub.accept_room(self.user(), &room, self.context.out);
        self.tell_result(result, format_args!("You are the founder of {room}"));
    }

    /// The account of this name, as its owner spells it if he is here; otherwise tells that there is none.
    pub(super) fn holder(&mut self, name: &str) -> Option<Holder> {
        let (account, name) = self.account_called(name)?;
        let hub = &*self.context.hub;
        let here = hub.users().find(&name).and_then(|user| hub.account_of(user));
        let name = here.map_or(name, |here| here.name.clone());
        Some(Holder { account, name })
    }
}
