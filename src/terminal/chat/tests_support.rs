//! A conversation to test with.

use std::time::Instant;

use super::{Act, Chat, What};
use crate::client::{ClientEvent, ClientEventKind, Member};
use crate::name::RoomName;
use crate::wire::Wire;

pub(super) fn member(name: &str) -> Member {
    Member { rank: String::new(), name: name.to_owned() }
}

/// Alice, in a room with these people.
pub(super) fn chat_in(room: &str, people: &[&str]) -> Chat {
    chat(room, people, &[])
}

pub(super) fn chat_with_highlight(room: &str, word: &str) -> Chat {
    chat(room, &[], &[word.to_owned()])
}

fn chat(room: &str, people: &[&str], highlights: &[String]) -> Chat {
    let rooms = [RoomName::new(room).unwrap()];
    let mut chat = Chat::new(Wire::Irc, "alice", &rooms, highlights);
    let members = people.iter().map(|name| member(name)).collect();
    for kind in [
        ClientEventKind::Joined { room: room.to_owned(), who: "alice".to_owned() },
        ClientEventKind::Present { room: room.to_owned(), members },
    ] {
        chat.hear(
            &ClientEvent { time: None, id: None, is_own: true, answers: None, is_other_device: false, kind },
            Instant::now(),
        );
    }
    chat
}

/// What the program tells the writer of a line.
pub(super) fn told(chat: &mut Chat, line: &str) -> String {
    match chat.typed(line) {
        Some(Act::Tell(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

fn event(kind: ClientEventKind, is_own: bool) -> ClientEvent {
    ClientEvent { time: None, id: None, is_own, answers: None, is_other_device: false, kind }
}

pub(super) fn hear(chat: &mut Chat, kind: ClientEventKind) -> Option<What> {
    chat.hear(&event(kind, false), Instant::now()).map(|shown| shown.what)
}

pub(super) fn hear_own(chat: &mut Chat, kind: ClientEventKind) -> Option<What> {
    chat.hear(&event(kind, true), Instant::now()).map(|shown| shown.what)
}

pub(super) fn joined(room: &str, who: &str) -> ClientEventKind {
    ClientEventKind::Joined { room: room.into(), who: who.into() }
}

pub(super) fn news(text: &str) -> Option<What> {
    Some(What::News(text.into()))
}
