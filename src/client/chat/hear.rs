//! What an event changes of what is known, and what is shown of it.

use std::time::{Instant, SystemTime};

use super::room::Room;
use super::{Chat, Mark, Shown, What, mentions};
use crate::client::event::{Event, EventKind, Manner, Member};
use crate::client::texts::{because, refusal, without_closing_link};
use crate::name::same_name;

/// Most rooms that are remembered: a server may say that we are in any number.
pub(super) const ROOMS: usize = 200;

/// Most names shown of those in a room.
const NAMES_SHOWN: usize = 60;

impl Chat {
    /// Takes note of an event. Returns what there is to show of it.
    pub(in crate::client) fn hear(&mut self, event: &Event, now: Instant) -> Option<Shown> {
        let (room, what) = match &event.kind {
            EventKind::Said { .. } | EventKind::Whispered { .. } => self.talk(event)?,
            EventKind::Joined { .. }
            | EventKind::Parted { .. }
            | EventKind::Quit { .. }
            | EventKind::Renamed { .. } => self.movement(event, now)?,
            EventKind::Kicked { room, who, by, reason } => {
                let is_us = same_name(who, &self.name);
                let whom = if is_us { "you" } else { who };
                let text = format!("{by} removed {whom} from {room}{}", because(reason));
                if is_us {
                    self.lose(room);
                } else if let Some(room) = self.room(room) {
                    room.remove(who);
                }
                (Some(room.clone()), What::News(text))
            }
            EventKind::Present { room, members } => {
                let mut left = self.people_bytes_left();
                if let Some(known) = self.room(room) {
                    left += known.bytes();
                    let fits = known.set_members(members, left);
                    self.warn_unless(fits, "people");
                }
                (Some(room.clone()), What::News(present(room, members)))
            }
            EventKind::Topic { room, topic, by } => {
                (Some(room.clone()), What::News(topic_told(room, topic, by.as_deref())))
            }
            EventKind::Refused { about, text, .. } => {
                self.refused(about.as_deref());
                (None, What::News(refusal(about.as_deref(), text)))
            }
            EventKind::Forwarded { from, to, text } => {
                self.forwarded(from, to);
                (None, What::News(format!("the server sends you to {to} instead of {from}: {text}")))
            }
            EventKind::Invited { by, .. } if self.is_ignored(by) => return None,
            EventKind::Invited { room, who, by } => {
                (None, What::News(format!("{by} invites {who} into {room}")))
            }
            EventKind::Changed { of, by, changes } => {
                (Some(of.clone()), What::News(format!("{by} changed {of}: {changes}")))
            }
            EventKind::Notice(text) | EventKind::Info(text) => (None, What::News(text.clone())),
            EventKind::Closing(text) => (None, What::News(without_closing_link(text).to_owned())),
            EventKind::Server { .. } | EventKind::Taken => return None,
        };
        let room = room.filter(|room| self.room(room).is_some());
        Some(Shown { time: event.time, room, what })
    }

    fn talk(&mut self, event: &Event) -> Option<(Option<String>, What)> {
        match &event.kind {
            EventKind::Said { room, from, text, manner } => {
                self.said += 1;
                let count = self.said;
                if let Some(room) = room.as_deref() {
                    let left = self.people_bytes_left();
                    let fits = self.room(room)?.spoke(from, count, left);
                    self.warn_unless(fits, "people");
                } else {
                    // The one room of the CrazyIt wire has no name, and nobody tells who is in it.
                    self.whisperer.get_or_insert_with(|| from.clone());
                }
                if self.is_ignored(from) {
                    return None;
                }
                let mark = match *manner {
                    _ if event.is_own => Mark::Own,
                    Manner::Message | Manner::Action if self.stands_out(text) => Mark::StandsOut,
                    Manner::Message | Manner::Action | Manner::Notice => Mark::Nothing,
                };
                let (from, text, manner) = (from.clone(), text.clone(), *manner);
                let what = What::Said { from, text, manner, mark };
                self.remember(room.as_deref(), event, &what);
                // What we typed stands on the screen.
                (!event.is_own).then(|| (room.clone(), what))
            }
            EventKind::Whispered { from, to, text, manner } => {
                // What we whispered comes back as well.
                let is_echo = event.is_own && to.as_ref().is_some_and(|to| !same_name(from, to));
                if is_echo || self.is_ignored(from) {
                    return None;
                }
                if *manner != Manner::Notice {
                    self.whisperer = Some(from.clone());
                }
                let (from, text, manner) = (from.clone(), text.clone(), *manner);
                Some((None, What::Whispered { from, text, manner }))
            }
            _ => None,
        }
    }

    /// True for what is about us, or has one of the words in it that stand out.
    fn stands_out(&self, text: &str) -> bool {
        self.highlights.iter().chain([&self.name]).any(|word| mentions(text, word))
    }

    /// Keeps a line for `/history`, and counts it where nobody is looking.
    fn remember(&mut self, room: Option<&str>, event: &Event, what: &What) {
        let named = room.and_then(|name| self.rooms.iter().position(|room| same_name(&room.name, name)));
        let Some(index) = named else { return };
        let past = &mut self.rooms[index].past;
        if self.here != Some(index) && !event.is_own {
            past.miss(matches!(what, What::Said { mark: Mark::StandsOut, .. }));
        }
        let time = event.time.unwrap_or_else(SystemTime::now);
        past.push(Shown { time: Some(time), room: room.map(str::to_owned), what: what.clone() });
    }

    fn movement(&mut self, event: &Event, now: Instant) -> Option<(Option<String>, What)> {
        match &event.kind {
            EventKind::Joined { room, who } => {
                if event.is_own {
                    self.came_into(room);
                    // Who is there follows.
                    return None;
                }
                let left = self.people_bytes_left();
                let fits = self.room(room)?.add(who, left);
                self.warn_unless(fits, "people");
                self.passing(room, who, true, format!("{who} joined"), now)
            }
            EventKind::Parted { room, who, reason } => {
                if event.is_own {
                    self.leave(room);
                    return Some((None, What::News(format!("you left {room}{}", because(reason)))));
                }
                self.room(room)?.remove(who);
                self.passing(room, who, false, format!("{who} left{}", because(reason)), now)
            }
            EventKind::Quit { who, reason } => {
                let mut known = self.rooms.iter_mut().filter_map(|r| r.remove(who).then_some(&r.name));
                let room = known.next().cloned();
                known.for_each(drop);
                let room = room.or_else(|| self.here().map(|room| room.name.clone()))?;
                self.passing(&room, who, false, format!("{who} left{}", because(reason)), now)
            }
            EventKind::Renamed { from, to } => {
                self.renamed(from, to);
                if event.is_own {
                    to.clone_into(&mut self.name);
                    return Some((None, What::News(format!("you are {to} now, and were {from}"))));
                }
                (!self.is_ignored(to)).then(|| (None, What::Movement(format!("{from} is {to} now"))))
            }
            _ => None,
        }
    }

    /// Somebody came or left, which is shown or counted.
    fn passing(
        &mut self,
        room: &str,
        who: &str,
        came: bool,
        text: String,
        now: Instant,
    ) -> Option<(Option<String>, What)> {
        if self.is_ignored(who) || !self.folding.shows(room, came, now) {
            return None;
        }
        // Where there is one room, the line says which.
        let text = if self.has_several_rooms() { text } else { with_room(&text, room) };
        Some((Some(room.to_owned()), What::Movement(text)))
    }

    /// We are in a room.
    fn came_into(&mut self, name: &str) {
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

    fn renamed(&mut self, from: &str, to: &str) {
        self.rooms.iter_mut().for_each(|room| {
            room.rename(from, to);
        });
        for name in self.ignored.iter_mut().chain(&mut self.whisperer) {
            if same_name(name, from) {
                to.clone_into(name);
            }
        }
    }

    /// The server lets us into another room instead. Lines go there where they were to go to the first.
    fn forwarded(&mut self, from: &str, to: &str) {
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

    /// A room that does not open is not one of ours.
    fn refused(&mut self, about: Option<&str>) {
        let Some(about) = about else { return };
        if self.room(about).is_some_and(|room| !room.is_joined) {
            self.lose(about);
        }
        self.wanted.take_if(|wanted| same_name(wanted, about));
    }
}

/// `bob left (late)` becomes `bob left #tea (late)`.
fn with_room(text: &str, room: &str) -> String {
    match text.split_once(" (") {
        Some((who, why)) => format!("{who} {room} ({why}"),
        None => format!("{text} {room}"),
    }
}

fn present(room: &str, members: &[Member]) -> String {
    let shown = members.iter().take(NAMES_SHOWN);
    let names: Vec<_> = shown.map(|member| format!("{}{}", member.rank, member.name)).collect();
    let more = match members.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("in {room}: {}{more}", names.join(" "))
}

fn topic_told(room: &str, topic: &str, by: Option<&str>) -> String {
    match by {
        Some(by) if topic.is_empty() => format!("{by} removed the topic of {room}"),
        Some(by) => format!("{by} set the topic of {room}: {topic}"),
        None if topic.is_empty() => format!("{room} has no topic"),
        None => format!("the topic of {room}: {topic}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{chat_in, member, told};
    use super::super::{Act, PEOPLE_BYTES, tests_support};
    use super::*;
    use crate::client::request::Request;

    fn event(kind: EventKind, is_own: bool) -> Event {
        Event { time: None, is_own, answers: None, kind }
    }

    fn hear(chat: &mut Chat, kind: EventKind) -> Option<What> {
        chat.hear(&event(kind, false), Instant::now()).map(|shown| shown.what)
    }

    fn hear_own(chat: &mut Chat, kind: EventKind) -> Option<What> {
        chat.hear(&event(kind, true), Instant::now()).map(|shown| shown.what)
    }

    fn said(from: &str, text: &str) -> EventKind {
        let (room, manner) = (Some("#tea".to_owned()), Manner::Message);
        EventKind::Said { room, from: from.into(), text: text.into(), manner }
    }

    fn whispered(from: &str) -> EventKind {
        let to = Some("alice".to_owned());
        EventKind::Whispered { from: from.into(), to, text: "psst".into(), manner: Manner::Message }
    }

    fn joined(room: &str, who: &str) -> EventKind {
        EventKind::Joined { room: room.into(), who: who.into() }
    }

    fn news(text: &str) -> Option<What> {
        Some(What::News(text.into()))
    }

    #[test]
    fn a_mention_and_a_highlighted_word_stand_out() {
        let mut chat = tests_support::chat_with_highlight("#tea", "deploy");
        let mut stands_out = |text: &str| {
            matches!(hear(&mut chat, said("bob", text)), Some(What::Said { mark: Mark::StandsOut, .. }))
        };
        assert!(stands_out("alice: hi"));
        assert!(stands_out("the Deploy begins"));
        assert!(!stands_out("malice"));
    }

    #[test]
    fn the_last_whisperer_gets_the_reply_also_under_a_new_name() {
        let mut chat = chat_in("#tea", &["bob", "carol"]);
        hear(&mut chat, whispered("carol"));
        hear(&mut chat, whispered("bob"));
        hear_own(
            &mut chat,
            EventKind::Whispered {
                from: "alice".into(),
                to: Some("carol".into()),
                text: "x".into(),
                manner: Manner::Message,
            },
        );
        hear(&mut chat, EventKind::Renamed { from: "bob".into(), to: "rob".into() });
        let Some(Act::Send(Request::Whisper { to, .. })) = chat.typed("/reply hi") else { panic!() };
        assert_eq!(to, "rob");
    }

    #[test]
    fn who_is_ignored_is_not_heard_also_under_a_new_name_until_heard_again() {
        let mut chat = chat_in("#tea", &["eve"]);
        told(&mut chat, "/ignore Eve");
        assert_eq!(hear(&mut chat, said("eve", "hi")), None);
        assert_eq!(hear(&mut chat, whispered("eve")), None);
        hear(&mut chat, EventKind::Renamed { from: "eve".into(), to: "eva".into() });
        assert_eq!(hear(&mut chat, said("EVA", "hi")), None);
        assert_eq!(hear(&mut chat, joined("#tea", "eva")), None);
        assert_eq!(told(&mut chat, "/ignore"), "you ignore eva");
        assert_eq!(told(&mut chat, "/ignore eva"), "you hear eva again");
        assert!(hear(&mut chat, said("eva", "hi")).is_some());
    }

    #[test]
    fn rooms_come_and_go_and_lines_go_to_the_one_that_was_asked_for() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(chat.prompt(), "#tea alice> ");
        chat.typed("/join #ops");
        assert_eq!(chat.prompt(), "#tea alice> ");
        hear_own(&mut chat, joined("#Ops", "alice"));
        assert_eq!(chat.prompt(), "#Ops alice> ");
        let left = EventKind::Parted { room: "#ops".into(), who: "alice".into(), reason: String::new() };
        assert_eq!(hear_own(&mut chat, left), news("you left #ops"));
        assert_eq!(chat.prompt(), "#tea alice> ");
        let kicked = EventKind::Kicked {
            room: "#tea".into(),
            who: "alice".into(),
            by: "bob".into(),
            reason: "x".into(),
        };
        assert_eq!(hear(&mut chat, kicked), news("bob removed you from #tea (x)"));
        assert_eq!(chat.prompt(), "(no room) alice> ");
        assert!(told(&mut chat, "hello?").contains("/join a room"));
    }

    fn kicked(room: &str) -> EventKind {
        let (who, by) = ("alice".into(), "bob".into());
        EventKind::Kicked { room: room.into(), who, by, reason: String::new() }
    }

    /// The room that a typed line goes to; `None` where it goes nowhere.
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

    fn refused_by(code: &str, about: &str) -> EventKind {
        EventKind::Refused { code: code.into(), about: Some(about.into()), text: "No".into() }
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
    fn a_room_that_does_not_take_us_back_gives_its_lines_to_no_other() {
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
    fn a_line_goes_to_the_room_before_it_also_when_another_opens_or_closes_meanwhile() {
        let mut chat = chat_in_dev();
        chat.typed("/join #slow");
        chat.prompted();
        hear_own(&mut chat, joined("#slow", "alice"));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"));
        chat.prompted();
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#slow"));
        hear(&mut chat, kicked("#lobby"));
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#slow"));
        let parted = EventKind::Parted { room: "#slow".into(), who: "alice".into(), reason: String::new() };
        hear_own(&mut chat, parted);
        assert_eq!(goes_to(&mut chat), None, "the prompt still shows #slow");
        chat.prompted();
        assert_eq!(goes_to(&mut chat).as_deref(), Some("#dev"));
    }

    #[test]
    fn who_is_in_no_room_sends_nothing_to_one_that_the_server_opens() {
        let mut chat = chat_in("#tea", &[]);
        hear(&mut chat, kicked("#tea"));
        chat.prompted();
        hear_own(&mut chat, joined("#jail", "alice"));
        assert_eq!(goes_to(&mut chat), None);
        assert_eq!(chat.prompt(), "#jail alice> ");
    }

    #[test]
    fn the_prompt_counts_what_is_unread_in_other_rooms_and_marks_what_is_about_us() {
        let mut chat = chat_in_dev();
        let say = |text: &str| {
            let (room, from) = (Some("#lobby".to_owned()), "bob".to_owned());
            EventKind::Said { room, from, text: text.into(), manner: Manner::Message }
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
                EventKind::Said { room: Some(room), from: "bob".into(), text: "hi".into(), manner },
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
    fn history_has_the_last_lines_of_this_room_with_our_own() {
        let mut chat = chat_in("#tea", &[]);
        hear(&mut chat, said("bob", "one"));
        hear_own(&mut chat, said("alice", "two"));
        let texts = |chat: &mut Chat, line: &str| match chat.typed(line) {
            Some(Act::Show(lines)) => lines
                .into_iter()
                .map(|line| match line.what {
                    What::Said { text, .. } if line.time.is_some() => text,
                    other => panic!("{other:?}"),
                })
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(texts(&mut chat, "/history"), ["one", "two"]);
        assert_eq!(texts(&mut chat, "/history 1"), ["two"]);
        assert!(told(&mut chat, "/history x").starts_with("write /history"));
    }

    #[test]
    fn a_forwarded_join_is_followed_and_the_prompt_shows_the_actual_room() {
        let forwarded = || EventKind::Forwarded { from: "#dev".into(), to: "##dev".into(), text: "x".into() };
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
        let refused = |about: &str| EventKind::Refused {
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
    fn who_comes_and_goes_is_told_with_the_room_and_offered_no_more() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(hear(&mut chat, joined("#tea", "bob")), Some(What::Movement("bob joined #tea".into())));
        assert_eq!(chat.complete("b", 1).1, ["bob: "]);
        let quit = EventKind::Quit { who: "bob".into(), reason: "late".into() };
        assert_eq!(hear(&mut chat, quit), Some(What::Movement("bob left #tea (late)".into())));
        assert_eq!(chat.complete("b", 1).1, [""; 0]);
        assert_eq!(hear(&mut chat, joined("#elsewhere", "bob")), None, "that is no room of ours");
    }

    #[test]
    fn rooms_without_end_are_not_remembered() {
        let mut chat = chat_in("#tea", &[]);
        (0..2 * ROOMS).for_each(|n| {
            hear_own(&mut chat, joined(&format!("#room{n}"), "alice"));
        });
        assert_eq!(chat.connected("alice").len(), ROOMS);
    }

    #[test]
    fn crowds_without_end_take_little_memory_and_that_is_told_once() {
        let mut chat = chat_in("#tea", &[]);
        let members: Vec<_> = (0..10_000).map(|n| member(&format!("{n:0>100}"))).collect();
        let mut warnings = 0;
        for n in 0..ROOMS {
            let room = format!("#room{n}");
            hear_own(&mut chat, joined(&room, "alice"));
            hear(&mut chat, EventKind::Present { room: room.clone(), members: members.clone() });
            hear(&mut chat, joined(&room, "one-more"));
            let shown = chat.unfold(Instant::now());
            warnings += shown.iter().filter(|shown| matches!(shown.what, What::Note(_))).count();
        }
        let bytes: usize = chat.rooms.iter().map(Room::bytes).sum();
        assert!(bytes <= PEOPLE_BYTES && bytes > PEOPLE_BYTES / 2, "{bytes}");
        assert_eq!((warnings, chat.people_bytes_left()), (1, PEOPLE_BYTES - bytes));
        for n in 0..ROOMS {
            chat.lose(&format!("#room{n}"));
        }
        assert!(chat.people_bytes_left() > PEOPLE_BYTES / 2, "what is left gives its memory back");
    }

    #[test]
    fn a_long_list_of_names_is_cut_and_counted() {
        let members: Vec<_> = (0..NAMES_SHOWN + 5).map(|n| member(&format!("u{n}"))).collect();
        let text = present("#tea", &members);
        assert!(text.starts_with("in #tea: u0 u1 ") && text.ends_with(" u59 and 5 more"), "{text}");
    }
}
