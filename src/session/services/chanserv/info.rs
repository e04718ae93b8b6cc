//! `INFO`: what everybody may know of a registered room.

use crate::date;
use crate::hub::Right;
use crate::message::Refusal;
use crate::session::services::Visit;

impl Visit<'_, '_> {
    /// `INFO [room]`
    pub(super) fn room_info(&mut self, params: &[&str]) {
        let Some(name) = params.first() else { return self.own_rooms() };
        let Some(name) = self.room(name) else { return };
        let hub = &*self.context.hub;
        let room = match hub.registered_room(self.user(), &name, Right::See) {
            Ok(room) => hub.rooms().get(room),
            Err(why) => return self.tell(why),
        };
        let Some(registration) = room.registration() else { return };
        let line = format!(
            "{}: founder {}, registered {}, accounts with ranks: {}, here: {}",
            room.name,
            registration.founder.name,
            date::seconds(registration.since),
            registration.ranks().len(),
            room.members().len()
        );
        self.tell(line);
    }

    fn own_rooms(&mut self) {
        let Some(id) = self.account().map(|account| account.id) else { return self.tell(Refusal::NoAccount) };
        let rooms = self.rooms_of(id);
        match rooms.is_empty() {
            true => self.tell("You are the founder of no room"),
            false => self.tell(format_args!("You are the founder of {}", rooms.join(" "))),
        }
    }
}
