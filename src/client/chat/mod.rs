//! The conversation as the person at the terminal knows it: which rooms, who is in them, who whispered last, whom to
//! ignore. It knows neither sockets nor the terminal; events and typed lines go in, what to show and to send comes out.

mod commands;
// Without a line editor nobody asks.
#[cfg_attr(not(feature = "editor"), allow(dead_code))]
mod completion;
mod folding;
mod hear;
mod past;
mod rare;
mod room;

use std::time::{Instant, SystemTime};

use super::event::Manner;
use super::request::Request;
use super::texts::printable;
use crate::name::{RoomName, same_name};
use crate::wire::Wire;
use folding::Folding;
use room::Room;

/// Memory for the names of people in all rooms together, in bytes. The server alone decides how many there are.
const PEOPLE_BYTES: usize = 8 * 1024 * 1024;

/// Most rooms with unread lines that the prompt names.
const UNREAD_SHOWN: usize = 3;

/// Most names that are ignored.
const IGNORED: usize = 1000;

/// What is known of the conversation.
#[derive(Debug)]
pub(super) struct Chat {
    wire: Wire,
    /// Our own name.
    name: String,
    /// In the order in which we came into them.
    rooms: Vec<Room>,
    /// The program has asked something, so a line may be the answer to that.
    is_asked: bool,
    /// Where lines go: an index of `rooms`. After a room was lost there is none until they choose another.
    here: Option<usize>,
    /// The room in the prompt that a line is typed behind. `None` before there is a prompt.
    prompted: Option<Prompted>,
    /// The room that we asked to come into last: lines go there once we are in.
    wanted: Option<String>,
    /// Who whispered to us last.
    whisperer: Option<String>,
    ignored: Vec<String>,
    /// Words that stand out as our name does.
    highlights: Vec<String>,
    away: bool,
    folding: Folding,
    /// What is to be told about the limits of what is remembered.
    warning: Option<String>,
    /// That was told once.
    has_warned: bool,
    #[cfg(feature = "editor")]
    /// What was typed, on both sides of the cursor, when a key turned to another room.
    typed: Option<(String, String)>,
    /// Counts what is said, so that it is known who spoke last.
    said: u64,
}

/// What a prompt that is on the screen says of where lines go.
#[derive(Debug)]
enum Prompted {
    Nowhere,
    /// To the room of this name.
    Room(String),
}

/// Something for the one at the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// When, by the server's clock, where it told.
    pub(super) time: Option<SystemTime>,
    /// In which room, where it is in one.
    pub(super) room: Option<String>,
    pub(super) what: What,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Somebody spoke in a room.
    Said { from: String, text: String, manner: Manner, mark: Mark },
    /// Somebody spoke to us alone.
    Whispered { from: String, text: String, manner: Manner },
    /// The server, or somebody in a room, did something.
    News(String),
    /// Somebody came or left.
    Movement(String),
    /// The program itself says something.
    Note(String),
}

/// What sets a line that somebody said apart from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Nothing,
    /// We said it.
    Own,
    /// It mentions us, or a word that stands out as our name does.
    StandsOut,
}

/// What a typed line asks the program to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Send(Request),
    /// Tell the writer of the line.
    Tell(String),
    /// Show these lines again.
    Show(Vec<Shown>),
    /// Clear the screen.
    Clear,
    /// Send no more of what waits.
    Stop,
    Quit,
}

impl Chat {
    /// A conversation in these rooms, once we are in them.
    pub(super) fn new(wire: Wire, name: &str, rooms: &[RoomName], highlights: &[String]) -> Self {
        Self {
            wire,
            name: name.to_owned(),
            rooms: rooms.iter().map(|room| Room::new(room.as_str())).collect(),
            is_asked: false,
            here: (!rooms.is_empty()).then_some(0),
            prompted: None,
            wanted: None,
            whisperer: None,
            ignored: Vec::new(),
            highlights: highlights.to_vec(),
            away: false,
            folding: Folding::default(),
            warning: None,
            has_warned: false,
            #[cfg(feature = "editor")]
            typed: None,
            said: 0,
        }
    }

    /// What stands before the line that is typed. Both names in it are as the server has them.
    pub(super) fn prompt(&self) -> String {
        let away = if self.away { " (away)" } else { "" };
        let unread = self.unread();
        let prompt = match self.here() {
            Some(room) => format!("{} {}{away}{unread}> ", room.name, self.name),
            None if self.has_rooms() => format!("(no room) {}{away}{unread}> ", self.name),
            None => format!("{}{away}> ", self.name),
        };
        printable(&prompt)
    }

    /// The other rooms that have unread lines: ` #tea(3!)`.
    fn unread(&self) -> String {
        let others = self.rooms.iter().enumerate().filter(|(index, _)| self.here != Some(*index));
        let unread = others.filter_map(|(_, room)| Some(format!(" {}{}", room.name, room.past.unread()?)));
        let unread: Vec<_> = unread.collect();
        let more = unread.len().saturating_sub(UNREAD_SHOWN);
        let more = if more > 0 { format!(" +{more}") } else { String::new() };
        unread.iter().take(UNREAD_SHOWN).map(String::as_str).collect::<String>() + &more
    }

    /// Turns to the room of this number, counted from one, in the order of `/room`. False where there is none.
    pub(super) fn switch_to(&mut self, number: usize) -> bool {
        let index = number.checked_sub(1).filter(|&index| index < self.rooms.len());
        index.map(|index| self.choose(index)).is_some()
    }

    /// Turns to the next room, or to the one before; behind the last comes the first. False where there is none.
    pub(super) fn switch(&mut self, forwards: bool) -> bool {
        let count = self.rooms.len();
        let next = match self.here {
            _ if count == 0 => return false,
            Some(here) => (here + if forwards { 1 } else { count - 1 }) % count,
            None => {
                if forwards {
                    0
                } else {
                    count - 1
                }
            }
        };
        self.choose(next);
        true
    }

    /// Keeps what was typed, on both sides of the cursor, for the prompt of another room.
    #[cfg(feature = "editor")]
    pub(super) fn keep_typed(&mut self, before: &str, behind: &str) {
        self.typed = Some((before.to_owned(), behind.to_owned()));
    }

    /// Something was kept.
    #[cfg(feature = "editor")]
    pub(super) fn has_typed(&self) -> bool {
        self.typed.is_some()
    }

    /// What was kept.
    #[cfg(feature = "editor")]
    pub(super) fn take_typed(&mut self) -> Option<(String, String)> {
        self.typed.take()
    }

    /// The prompt is on the screen now: what is typed behind it goes to the room in it, or nowhere.
    pub(super) fn prompted(&mut self) {
        if let Some(room) = self.here.and_then(|here| self.rooms.get_mut(here)) {
            room.past.read();
        }
        let room = self.here().map(|room| room.name.clone());
        self.prompted = Some(room.map_or(Prompted::Nowhere, Prompted::Room));
    }

    /// The program has asked something, or waits for no answer any more.
    pub(super) fn ask(&mut self, is_asked: bool) {
        self.is_asked = is_asked;
    }

    /// We are connected, under this name: what to ask for to be where we were.
    pub(super) fn connected(&mut self, name: &str) -> Vec<Request> {
        name.clone_into(&mut self.name);
        self.away = false;
        self.rooms.iter_mut().for_each(Room::leave);
        let rooms = self.rooms.iter();
        rooms.map(|room| Request::Join { room: room.name.clone(), key: room.key.clone() }).collect()
    }

    /// Our own name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// True where lines must tell which room they are of.
    pub(super) fn has_several_rooms(&self) -> bool {
        self.rooms.len() > 1
    }

    /// When [`Chat::unfold`] has something to tell.
    pub(super) fn unfolds_at(&self) -> Option<Instant> {
        self.folding.due()
    }

    /// Tells of those who came and left in a crowd.
    pub(super) fn unfold(&mut self, now: Instant) -> Vec<Shown> {
        let crowds = self.folding.take(now);
        let shown = crowds.into_iter().map(|(room, text)| {
            let room = (!room.is_empty()).then_some(room);
            Shown { time: None, room, what: What::Movement(text) }
        });
        let warning =
            self.warning.take().map(|text| Shown { time: None, room: None, what: What::Note(text) });
        shown.chain(warning).collect()
    }

    /// Memory left for names, in bytes.
    fn people_bytes_left(&self) -> usize {
        PEOPLE_BYTES.saturating_sub(self.rooms.iter().map(Room::bytes).sum())
    }

    /// Tells once, if something did not fit into what is remembered.
    fn warn_unless(&mut self, fits: bool, what: &str) {
        if !fits && !self.has_warned {
            self.has_warned = true;
            self.warning =
                Some(format!("the server names more {what} than are kept here; Tab offers only some"));
        }
    }

    fn room(&mut self, name: &str) -> Option<&mut Room> {
        self.rooms.iter_mut().find(|room| same_name(&room.name, name))
    }

    /// Where lines go.
    fn here(&self) -> Option<&Room> {
        self.rooms.get(self.here?)
    }

    /// The room that the writer of a line sees before it, or why there is none.
    fn shown(&self) -> Result<Option<&Room>, String> {
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

    fn has_rooms(&self) -> bool {
        self.wire == Wire::Irc
    }

    /// Lines go to this room from now on, because their writer wants it.
    fn choose(&mut self, index: usize) {
        self.here = Some(index);
        self.prompted();
    }

    fn is_ignored(&self, name: &str) -> bool {
        self.ignored.iter().any(|ignored| same_name(ignored, name))
    }

    /// We have left this room. Where lines went there, they go to the one before it.
    fn leave(&mut self, name: &str) {
        let before = self.here.map(|here| here.saturating_sub(1));
        let was_here = self.lose(name);
        if was_here && !self.rooms.is_empty() {
            self.here = before;
        }
    }

    /// We are not in this room any more, though we meant to be. True where lines went there: they go nowhere then.
    fn lose(&mut self, name: &str) -> bool {
        let Some(gone) = self.rooms.iter().position(|room| same_name(&room.name, name)) else { return false };
        self.rooms.remove(gone);
        let was_here = self.here == Some(gone);
        self.here = self.here.filter(|_| !was_here).map(|here| here - usize::from(gone < here));
        was_here
    }
}

/// True when `word` stands in `text` as a word of its own, whatever its letters' case.
fn mentions(text: &str, word: &str) -> bool {
    let (text, word) = (text.to_lowercase(), word.to_lowercase());
    if word.is_empty() {
        return false;
    }
    let is_edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let mut found = text.match_indices(&word);
    found.any(|(at, _)| {
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_mentioned_where_it_is_a_word() {
        for text in ["alice", "Alice: hi", "hi,ALICE!", "(alice)", "alicex, alice"] {
            assert!(mentions(text, "alice"), "{text}");
        }
        for text in ["", "malice", "alices", "al ice", "alice_b"] {
            assert!(!mentions(text, "alice"), "{text}");
        }
        assert!(mentions("你好 张三", "张三"));
        assert!(!mentions("anything", ""));
    }

    #[test]
    fn a_server_puts_nothing_but_text_before_the_line() {
        let mut chat = tests_support::chat_in("#tea", &[]);
        chat.connected("al\x1b]0;x\x07");
        chat.rooms[0].name = "#t\x1b[2J".into();
        assert_eq!(chat.prompt(), "#t\u{fffd}[2J al\u{fffd}]0;x\u{fffd}> ");
    }
}

/// A conversation to test with.
#[cfg(test)]
mod tests_support {
    use super::*;
    use crate::client::event::{Event, EventKind, Member};

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
            EventKind::Joined { room: room.to_owned(), who: "alice".to_owned() },
            EventKind::Present { room: room.to_owned(), members },
        ] {
            chat.hear(&Event { time: None, is_own: true, answers: None, kind }, Instant::now());
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
}
