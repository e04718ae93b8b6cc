//! Where lines go: the rooms that we are in, and the one in the prompt. A line never goes to another room than its
//! prompt shows.

use super::memory::ROOMS;
use super::room::Room;
use super::{Chat, Prompted};
use crate::client::Request;
use crate::client::texts::printable;
use crate::name::same_name;

/// Most rooms with unread lines that the prompt names.
const UNREAD_SHOWN: usize = 3;

impl Chat {
    /// The prompt. Both names in it are as the server writes them.
    pub(in crate::terminal) fn prompt(&self) -> String {
        let away = if self.away { " (away)" } else { "" };
        let unread = self.unread();
        let prompt = match self.here() {
            Some(room) => format!("{} {}{away}{unread}> ", room.name, self.name),
            None if self.has_rooms() => format!("(no room) {}{away}{unread}> ", self.name),
            None => format!("{}{away}> ", self.name),
        };
        printable(&prompt)
    }

    /// Other rooms with unread lines: ` #tea(3!)`.
    fn unread(&self) -> String {
        let others = self.rooms.iter().enumerate().filter(|(index, _)| self.here != Some(*index));
        let unread = others.filter_map(|(_, room)| Some(format!(" {}{}", room.name, room.past.unread()?)));
        let unread: Vec<_> = unread.collect();
        let more = unread.len().saturating_sub(UNREAD_SHOWN);
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        unread.iter().take(UNREAD_SHOWN).map(String::as_str).collect::<String>() + &more
    }

    /// Switches to the room with this number, counted from one in the order of `/room`. False if there is none.
    pub(in crate::terminal) fn switch_to(&mut self, number: usize) -> bool {
        let index = number.checked_sub(1).filter(|&index| index < self.rooms.len());
        index.map(|index| self.choose(index)).is_some()
    }

    /// Switches to the next or the previous room, around the end. False if there is none.
    pub(in crate::terminal) fn switch(&mut self, forwards: bool) -> bool {
        let count = self.rooms.len();
        let next = match self.here {
            _ if count == 0 => return false,
            Some(here) => (here + if forwards { 1 } else { count - 1 }) % count,
            None if forwards => 0,
            None => count - 1,
        };
        self.choose(next);
        true
    }

    /// The prompt is on the screen now: the next line goes to the room in it, or nowhere.
    pub(in crate::terminal) fn prompted(&mut self) {
        if let Some(room) = self.here.and_then(|here| self.rooms.get_mut(here)) {
            room.past.read();
        }
        let room = self.here().map(|room| room.name.clone());
        self.prompted = Some(room.map_or(Prompted::Nowhere, Prompted::Room));
    }

    /// We are connected under this name. Returns the requests that join our rooms again.
    pub(in crate::terminal) fn connected(&mut self, name: &str) -> Vec<Request> {
        name.clone_into(&mut self.name);
        self.away = false;
        self.rooms.iter_mut().for_each(Room::leave);
        let rooms = self.rooms.iter();
        rooms.map(|room| Request::Join { room: room.name.clone(), key: room.key.clone() }).collect()
    }

    /// Where lines go.
    pub(super) fn here(&self) -> Option<&Room> {
        self.rooms.get(self.here?)
    }

    /// The room in the prompt of a line, or why there is none.
    pub(super) fn shown(&self) -> Result<Option<&Room>, String> {
        const CHOOSE: &str = "/join a room, or choose one of yours with /room";
        match &self.prompted {
            Some(Prompted::Room(name)) => match self.rooms.iter().find(|room| same_name(&room.name, name)) {
                Some(room) => Ok(Some(room)),
                None => Err(format!("you are not in {name} any more, so nothing was sent; {CHOOSE}")),
            },
            None if self.here.is_some() => Ok(self.here()),
            _ if self.has_rooms() => Err(format!("you are in no room, so nothing was sent; {CHOOSE}")),
            _ => Ok(None),
        }
    }

    /// Switches to this room, as its writer wants.
    pub(super) fn choose(&mut self, index: usize) {
        self.here = Some(index);
        self.prompted();
    }

    /// We are in a room.
    pub(super) fn came_into(&mut self, name: &str) {
        let is_wanted = self.wanted.as_deref().is_some_and(|wanted| same_name(wanted, name));
        let index = self.rooms.iter().position(|room| same_name(&room.name, name));
        let index = index.unwrap_or(self.rooms.len());
        self.warn_unless(index < ROOMS, "rooms");
        if index == self.rooms.len() && index < ROOMS {
            self.rooms.push(Room::new(name));
        }
        let Some(room) = self.rooms.get_mut(index) else { return };
        room.is_joined = true;
        // As the server writes it.
        name.clone_into(&mut room.name);
        if is_wanted || self.rooms.len() == 1 {
            self.here = Some(index);
        }
        self.wanted.take_if(|_| is_wanted);
    }

    /// The server puts us into another room. Lines go there if they went to the first.
    pub(super) fn forwarded(&mut self, from: &str, to: &str) {
        let is_wanted = self.wanted.as_deref().is_some_and(|wanted| same_name(wanted, from));
        let was_here = self.room(from).is_some_and(|room| !room.is_joined) && self.lose(from);
        if !is_wanted && !was_here {
            return;
        }
        match self.rooms.iter().position(|room| room.is_joined && same_name(&room.name, to)) {
            Some(index) => (self.here, self.wanted) = (Some(index), None),
            None => self.wanted = Some(to.to_owned()),
        }
    }

    /// Forgets a room that we could not join.
    pub(super) fn refused(&mut self, about: Option<&str>) {
        let Some(about) = about else { return };
        if self.room(about).is_some_and(|room| !room.is_joined) {
            self.lose(about);
        }
        self.wanted.take_if(|wanted| same_name(wanted, about));
    }

    /// We have left this room. If lines went there, they go to the previous one.
    pub(super) fn leave(&mut self, name: &str) {
        let before = self.here.map(|here| here.saturating_sub(1));
        let was_here = self.lose(name);
        if was_here && !self.rooms.is_empty() {
            self.here = before;
        }
    }

    /// We were removed from this room. If lines went there, they go nowhere, and this returns true.
    pub(super) fn lose(&mut self, name: &str) -> bool {
        let Some(gone) = self.rooms.iter().position(|room| same_name(&room.name, name)) else { return false };
        self.rooms.remove(gone);
        let was_here = self.here == Some(gone);
        self.here = self.here.filter(|_| !was_here).map(|here| here - usize::from(gone < here));
        was_here
    }
}

#[cfg(test)]
mod tests {
    use super::super::Act;
    use super::super::tests_support::{chat_in, hear, hear_own, joined, news, told};
    use super::*;
    use crate::client::{ClientEventKind, Manner};

    #[test]
    fn lines_go_to_the_joined_room_after_a_part_to_the_previous_one_and_after_a_kick_nowhere() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(chat.prompt(), "#tea alice> ");
        chat.typed("/join #ops");
        assert_eq!(chat.prompt(), "#tea alice> ");
        hear_own(&mut chat, joined("#Ops", "alice"));
        assert_eq!(chat.prompt(), "#Ops alice> ");
        let left =
            ClientEventKind::Parted { room: "#ops".into(), who: "alice".into(), reason: String::new() };
        assert_eq!(hear_own(&mut chat, left), news("you left #ops"));
        assert_eq!(chat.prompt(), "#tea alice> ");
        let kicked = ClientEventKind::Kicked {
            room: "#tea".into(),
            who: "alice".into(),
            by: "bob".into(),
            reason: "x".into(),
        };
        assert_eq!(hear(&mut chat, kicked), news("bob removed you from #tea (x)"));
        assert_eq!(chat.prompt(), "(no room) alice> ");
        assert!(told(&mut chat, "hello?").contains("/join a room"));
    }

    fn kicked(room: &str) -> ClientEventKind {
        let (who, by) = ("alice".into(), "bob".into());
        ClientEventKind::Kicked { room: room.into(), who, by, reason: String::new() }
    }

    /// The room that a typed line goes to; `None` if it goes nowhere.
    fn goes_to(chat: &mut Chat) -> Option<String> {
        match chat.typed("hi") {
            Some(Act::Send(Request::Say { room, .. })) => room,
            Some(Act::Tell(why)) if why.contains("nothing was sent") => None,
            other => panic!("{other:?}"),
        }
    }

    /// Alice in `#lobby` and `#dev`, of which the prompt shows the second.
    fn chat_in_dev() -> Chat {
        let mut chat = chat_in("#lobby", &[]);
        hear_own(&mut chat, joined("#dev", "alice"));
        told(&mut chat, "/room #dev");
        chat.prompted();
        chat
    }

    fn refused_by(code: &str, about: &str) -> ClientEventKind {
        ClientEventKind::Refused {
            command: None,
            code: code.into(),
            about: Some(about.into()),
            text: "No".into(),
        }
    }

    #[test]
    fn after_a_kick_lines_go_nowhere_until_their_writer_chooses_a_room() {
        let mut chat = chat_in_dev();
        hear(&mut chat, kicked("#dev"));
        assert_eq!(goes_to(&mut chat), None);
        assert_eq!(chat.prompt(), "(no room) alice> ");
        chat.prompted();
        assert_eq!(goes_to(&mut chat), None);
        assert!(told(&mut chat, "/me waves").contains("nothing was sent"));
        assert!(matches!(chat.pasted("hi"), Act::Tell(_)));
        told(&mut chat, "/room #lobby");
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#lobby"));
    }

    #[test]
    fn lines_for_a_room_that_refuses_us_go_to_no_other() {
        let mut chat = chat_in_dev();
        chat.connected("alice");
        hear_own(&mut chat, joined("#lobby", "alice"));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"), "it has not refused us yet");
        hear(&mut chat, refused_by("473", "#dev"));
        assert_eq!(goes_to(&mut chat), None);
        chat.prompted();
        assert_eq!(goes_to(&mut chat), None);
    }

    #[test]
    fn a_line_goes_to_the_room_in_its_prompt_even_if_rooms_open_or_close() {
        let mut chat = chat_in_dev();
        chat.typed("/join #slow");
        chat.prompted();
        hear_own(&mut chat, joined("#slow", "alice"));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"));
        chat.prompted();
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#slow"));
        hear(&mut chat, kicked("#lobby"));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#slow"));
        let parted =
            ClientEventKind::Parted { room: "#slow".into(), who: "alice".into(), reason: String::new() };
        hear_own(&mut chat, parted);
        assert_eq!(goes_to(&mut chat), None, "the prompt still shows #slow");
        chat.prompted();
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"));
    }

    #[test]
    fn without_a_room_no_line_goes_to_one_that_the_server_opens() {
        let mut chat = chat_in("#tea", &[]);
        hear(&mut chat, kicked("#tea"));
        chat.prompted();
        hear_own(&mut chat, joined("#jail", "alice"));
        assert_eq!(goes_to(&mut chat), None);
        assert_eq!(chat.prompt(), "#jail alice> ");
    }

    #[test]
    fn the_prompt_counts_unread_lines_of_other_rooms_and_marks_mentions() {
        let mut chat = chat_in_dev();
        let say = |text: &str| {
            let (room, from) = (Some("#lobby".to_owned()), "bob".to_owned());
            ClientEventKind::Said { room, from, text: text.into(), manner: Manner::Message }
        };
        hear(&mut chat, say("hi"));
        assert_eq!(chat.prompt(), "#dev alice #lobby(1)> ");
        hear(&mut chat, say("alice?"));
        hear_own(&mut chat, say("mine"));
        assert_eq!(chat.prompt(), "#dev alice #lobby(2!)> ");
        assert!(chat.switch_to(1));
        assert_eq!(chat.prompt(), "#lobby alice> ");
        assert!(chat.switch(true));
        assert_eq!(chat.prompt(), "#dev alice> ");
    }

    #[test]
    fn a_prompt_names_few_of_many_rooms_with_unread_lines() {
        let mut chat = chat_in("#tea", &[]);
        for n in 0..5 {
            let room = format!("#r{n}");
            hear_own(&mut chat, joined(&room, "alice"));
            let manner = Manner::Message;
            hear(
                &mut chat,
                ClientEventKind::Said { room: Some(room), from: "bob".into(), text: "hi".into(), manner },
            );
        }
        assert_eq!(chat.prompt(), "#tea alice #r0(1) #r1(1) #r2(1) +2> ");
    }

    #[test]
    fn rooms_are_switched_by_number_and_in_a_circle() {
        let mut chat = chat_in_dev();
        assert!(!chat.switch_to(0) && !chat.switch_to(3) && chat.switch(true));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#lobby"));
        assert!(chat.switch(false));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"));
        assert_eq!(told(&mut chat, "/room +"), "you speak in #lobby now");
        assert_eq!(told(&mut chat, "/room 2"), "you speak in #dev now");
        hear(&mut chat, kicked("#dev"));
        assert!(chat.switch(false));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#lobby"));
    }

    #[test]
    fn a_forwarded_join_is_followed_and_the_prompt_shows_the_actual_room() {
        let forwarded =
            || ClientEventKind::Forwarded { from: "#dev".into(), to: "##dev".into(), text: "x".into() };
        let mut chat = chat_in("#lobby", &[]);
        chat.typed("/join #dev");
        hear(&mut chat, forwarded());
        hear_own(&mut chat, joined("##dev", "alice"));
        assert_eq!(chat.prompt(), "##dev alice> ");
        let mut chat = chat_in_dev();
        chat.connected("alice");
        hear(&mut chat, forwarded());
        hear_own(&mut chat, joined("##dev", "alice"));
        assert_eq!((goes_to(&mut chat), chat.prompt()), (None, "##dev alice> ".into()));
        assert_eq!(chat.connected("alice").len(), 2, "#dev is none of ours any more");
    }

    #[test]
    fn after_a_new_connection_we_ask_for_the_rooms_we_were_in() {
        let mut chat = chat_in("#tea", &["bob"]);
        hear_own(&mut chat, joined("#ops", "alice"));
        let join = |room: &str| Request::Join { room: room.into(), key: None };
        assert_eq!(chat.connected("alice"), [join("#tea"), join("#ops")]);
        let refused = |about: &str| ClientEventKind::Refused {
            command: None,
            code: "473".into(),
            about: Some(about.into()),
            text: "Invite only".into(),
        };
        assert_eq!(hear(&mut chat, refused("#ops")), news("#ops: Invite only"));
        hear_own(&mut chat, joined("#tea", "alice"));
        hear(&mut chat, refused("#tea"));
        assert_eq!(chat.connected("alice"), [join("#tea")], "only what never opened is forgotten");
    }

    #[test]
    fn endless_rooms_take_limited_memory() {
        let mut chat = chat_in("#tea", &[]);
        (0..2 * ROOMS).for_each(|n| {
            hear_own(&mut chat, joined(&format!("#room{n}"), "alice"));
        });
        assert_eq!(chat.connected("alice").len(), ROOMS);
    }

    #[test]
    fn names_in_the_prompt_cannot_control_the_terminal() {
        let mut chat = chat_in("#tea", &[]);
        chat.connected("al\x1b]0;x\x07");
        chat.rooms[0].name = "#t\x1b[2J".into();
        assert_eq!(chat.prompt(), "#t\u{fffd}[2J al\u{fffd}]0;x\u{fffd}> ");
    }
}
