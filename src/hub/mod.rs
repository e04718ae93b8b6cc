//! Who is here and who hears what. It knows neither sockets nor bytes nor a clock: commands and the time come
//! in, events for their audiences go out.

mod rooms;
mod users;

pub use rooms::{Room, RoomId, Rooms, Seat};
pub use users::{Taken, User, Users};

use crate::message::{Command, Event, EventKind, Now, Outgoing, Refusal, UserId};
use crate::name::{RoomName, UserName};

/// The users and rooms of one server.
#[derive(Debug)]
pub struct Hub {
    users: Users,
    rooms: Rooms,
    lobby: RoomName,
    last_event: u64,
}

impl Hub {
    /// An empty hub with a lobby, which is there even when nobody is in it.
    pub fn new(lobby: RoomName) -> Self {
        let mut rooms = Rooms::default();
        rooms.open_to_stay(lobby.clone());
        Self { users: Users::default(), rooms, lobby, last_event: 0 }
    }

    /// The room that everyone on the CrazyIt protocol is in.
    pub fn lobby(&self) -> &RoomName {
        &self.lobby
    }

    /// Everybody who has a name.
    pub fn users(&self) -> &Users {
        &self.users
    }

    /// All rooms.
    pub fn rooms(&self) -> &Rooms {
        &self.rooms
    }

    /// Does what `id` asks, and adds to `out` what others are to hear of it. A refusal has changed nothing.
    pub fn handle(
        &mut self,
        id: UserId,
        command: Command,
        now: Now,
        out: &mut Outgoing,
    ) -> Result<(), Refusal> {
        match command {
            Command::LogIn(name) => self.log_in(id, name),
            Command::Rename(name) => self.rename(id, name),
            Command::Join(room) => self.join(id, room),
            Command::Say { room, text } => self.say(id, room, text, now, out),
            Command::Whisper { to, text } => self.whisper(id, to, text, now, out),
            Command::Leave => {
                self.leave(id);
                Ok(())
            }
        }
    }

    fn log_in(&mut self, id: UserId, name: UserName) -> Result<(), Refusal> {
        if self.users.get(id).is_some() {
            return Err(Refusal::AlreadyLoggedIn);
        }
        self.users.claim(id, name.clone()).map_err(|Taken| Refusal::NameTaken(name))
    }

    fn rename(&mut self, id: UserId, name: UserName) -> Result<(), Refusal> {
        self.user(id)?;
        self.users.rename(id, name.clone()).map_err(|Taken| Refusal::NameTaken(name))
    }

    fn join(&mut self, id: UserId, room: RoomName) -> Result<(), Refusal> {
        self.user(id)?;
        self.rooms.join(&mut self.users, id, room);
        Ok(())
    }

    fn say(
        &mut self,
        id: UserId,
        room: RoomName,
        text: String,
        now: Now,
        out: &mut Outgoing,
    ) -> Result<(), Refusal> {
        let user = self.user(id)?;
        let Some(seat) = self.rooms.find(&room).filter(|&room| user.seats.iter().any(|s| s.room == room))
        else {
            return Err(Refusal::NotInRoom(room));
        };
        let from = user.name.clone();
        let event = self.event(now, from, EventKind::Said { room, text });
        out.event(event, self.rooms.get(seat).members.iter().copied());
        Ok(())
    }

    fn whisper(
        &mut self,
        id: UserId,
        to: UserName,
        text: String,
        now: Now,
        out: &mut Outgoing,
    ) -> Result<(), Refusal> {
        let from = self.user(id)?.name.clone();
        let Some(addressee) = self.users.find(&to) else {
            return Err(Refusal::NobodyCalled(to));
        };
        let event = self.event(now, from, EventKind::Whispered { text });
        out.event(event, [addressee]);
        Ok(())
    }

    fn leave(&mut self, id: UserId) {
        self.rooms.leave_all(&mut self.users, id);
        self.users.release(id);
    }

    fn user(&self, id: UserId) -> Result<&User, Refusal> {
        self.users.get(id).ok_or(Refusal::NotLoggedIn)
    }

    fn event(&mut self, now: Now, from: UserName, kind: EventKind) -> Event {
        self.last_event += 1;
        Event { id: self.last_event, time: now.time, from, kind }
    }

    /// Panics where an invariant does not hold. Costs O(users + seats): for tests.
    pub fn check(&self) {
        self.users.check();
        self.rooms.check(&self.users);
        assert!(self.rooms.find(&self.lobby).is_some(), "the lobby is always there");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::Sending;

    const ANA: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    fn room(text: &str) -> RoomName {
        RoomName::new(text).unwrap()
    }

    fn say(to: &str, text: &str) -> Command {
        Command::Say { room: room(to), text: text.into() }
    }

    fn whisper(to: &str, text: &str) -> Command {
        Command::Whisper { to: name(to), text: text.into() }
    }

    /// A hub, and what it sent last.
    struct Scene {
        hub: Hub,
        out: Outgoing,
        now: Now,
    }

    impl Scene {
        fn new() -> Self {
            Self { hub: Hub::new(room("#lobby")), out: Outgoing::default(), now: Now::read() }
        }

        fn with(users: &[(UserId, &str)]) -> Self {
            let mut scene = Self::new();
            for (id, text) in users {
                scene.handle(*id, Command::LogIn(name(text))).unwrap();
                scene.handle(*id, Command::Join(room("#lobby"))).unwrap();
            }
            scene
        }

        fn handle(&mut self, id: UserId, command: Command) -> Result<(), Refusal> {
            self.out.clear();
            let result = self.hub.handle(id, command, self.now, &mut self.out);
            self.hub.check();
            result
        }

        /// Who heard what from whom, in order.
        fn heard(&self) -> Vec<(Vec<UserId>, String, EventKind)> {
            let sent = self.out.iter().map(|sending| match sending {
                Sending::Event(event, audience) => {
                    (audience.to_vec(), event.from.to_string(), event.kind.clone())
                }
                Sending::Bytes(..) => panic!("the hub knows no bytes"),
            });
            sent.collect()
        }
    }

    #[test]
    fn what_is_said_reaches_everybody_in_the_room_the_speaker_included() {
        let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
        scene.handle(ANA, say("#Lobby", "hi")).unwrap();
        let said = EventKind::Said { room: room("#lobby"), text: "hi".into() };
        assert_eq!(scene.heard(), [(vec![ANA, BOB], "ana".into(), said)]);
    }

    #[test]
    fn a_whisper_reaches_its_addressee_alone() {
        let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
        scene.handle(ANA, whisper("BOB", "psst")).unwrap();
        let whispered = EventKind::Whispered { text: "psst".into() };
        assert_eq!(scene.heard(), [(vec![BOB], "ana".into(), whispered)]);
    }

    #[test]
    fn a_whisper_to_nobody_is_refused_and_heard_by_nobody() {
        let mut scene = Scene::with(&[(ANA, "ana")]);
        assert_eq!(scene.handle(ANA, whisper("bob", "psst")), Err(Refusal::NobodyCalled(name("bob"))));
        assert!(scene.out.is_empty());
    }

    #[test]
    fn only_members_speak_in_a_room() {
        let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
        scene.handle(BOB, Command::Join(room("#tea"))).unwrap();
        assert_eq!(scene.handle(ANA, say("#tea", "hi")), Err(Refusal::NotInRoom(room("#tea"))));
        assert_eq!(scene.handle(ANA, say("#none", "hi")), Err(Refusal::NotInRoom(room("#none"))));
    }

    #[test]
    fn without_a_name_there_is_nothing_to_do_but_log_in() {
        let mut scene = Scene::new();
        for command in
            [say("#lobby", "hi"), whisper("ana", "hi"), Command::Rename(name("x")), Command::Join(room("#a"))]
        {
            assert_eq!(scene.handle(ANA, command), Err(Refusal::NotLoggedIn));
        }
        scene.handle(ANA, Command::LogIn(name("ana"))).unwrap();
        assert_eq!(scene.handle(ANA, Command::LogIn(name("eva"))), Err(Refusal::AlreadyLoggedIn));
    }

    #[test]
    fn a_name_is_free_as_soon_as_its_owner_leaves() {
        let mut scene = Scene::with(&[(ANA, "ana"), (BOB, "bob")]);
        assert_eq!(scene.handle(BOB, Command::Rename(name("Ana"))), Err(Refusal::NameTaken(name("ana"))));
        scene.handle(ANA, Command::Leave).unwrap();
        scene.handle(BOB, Command::Rename(name("Ana"))).unwrap();
        scene.handle(BOB, say("#lobby", "hi")).unwrap();
        assert_eq!(scene.heard()[0].0, [BOB]);
    }

    #[test]
    fn events_are_numbered_in_order_and_carry_the_time_given() {
        let mut scene = Scene::with(&[(ANA, "ana")]);
        let mut ids = Vec::new();
        for _ in 0..3 {
            scene.handle(ANA, say("#lobby", "hi")).unwrap();
            let Some(Sending::Event(event, _)) = scene.out.iter().next() else { panic!("nothing was sent") };
            assert_eq!(event.time, scene.now.time);
            ids.push(event.id);
        }
        assert_eq!(ids, [1, 2, 3]);
    }

    fn any_command() -> impl Strategy<Value = Command> {
        let names = prop::sample::select(vec!["ana", "ANA", "bob", "张三", "Аня", "аня"]);
        let rooms = prop::sample::select(vec!["#lobby", "#tea", "#TEA", "#大厅"]);
        prop_oneof![
            names.clone().prop_map(|n| Command::LogIn(name(n))),
            names.clone().prop_map(|n| Command::Rename(name(n))),
            rooms.clone().prop_map(|r| Command::Join(room(r))),
            rooms.prop_map(|r| say(r, "x")),
            names.prop_map(|n| whisper(n, "x")),
            Just(Command::Leave),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_asked_both_indexes_agree_and_nobody_remains(
            steps in prop::collection::vec((0..6u32, any_command()), 0..120)
        ) {
            let mut scene = Scene::new();
            for (id, command) in steps {
                let _ = scene.handle(UserId(id), command);
                for (audience, ..) in scene.heard() {
                    for id in audience {
                        assert!(scene.hub.users().get(id).is_some(), "an event for somebody who is not here");
                    }
                }
            }
            for id in 0..6 {
                scene.handle(UserId(id), Command::Leave).unwrap();
            }
            prop_assert!(scene.hub.users().is_empty());
            prop_assert_eq!(scene.hub.rooms().len(), 1);
        }
    }
}
