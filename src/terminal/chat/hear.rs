//! What an event changes in the conversation, and what is shown.

use std::time::{Instant, SystemTime};

use super::movement::present;
use super::{Chat, Emphasis, Shown, What};
use crate::client::texts::{because, refusal, without_closing_link};
use crate::client::{ClientEvent, ClientEventKind, Manner};
use crate::name::same_name;

impl Chat {
    /// Applies an event. Returns the line to show, if any.
    pub(in crate::terminal) fn hear(&mut self, event: &ClientEvent, now: Instant) -> Option<Shown> {
        let (room, what) = match &event.kind {
            ClientEventKind::Said { .. } | ClientEventKind::Whispered { .. } => self.talk(event)?,
            ClientEventKind::Joined { .. }
            | ClientEventKind::Parted { .. }
            | ClientEventKind::Quit { .. }
            | ClientEventKind::Renamed { .. } => self.movement(event, now)?,
            ClientEventKind::Kicked { room, who, by, reason } => {
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
            ClientEventKind::Present { room, members } => {
                let mut left = self.people_bytes_left();
                if let Some(known) = self.room(room) {
                    left += known.bytes();
                    let fits = known.set_members(members, left);
                    self.warn_unless(fits, "people");
                }
                (Some(room.clone()), What::News(present(room, members)))
            }
            ClientEventKind::Topic { room, topic, by } => {
                (Some(room.clone()), What::News(topic_told(room, topic, by.as_deref())))
            }
            ClientEventKind::Refused { about, text, .. } => {
                self.refused(about.as_deref());
                (None, What::News(refusal(about.as_deref(), text)))
            }
            ClientEventKind::Forwarded { from, to, text } => {
                self.forwarded(from, to);
                (None, What::News(format!("the server sends you to {to} instead of {from}: {text}")))
            }
            ClientEventKind::Invited { by, .. } if self.is_ignored(by) => return None,
            ClientEventKind::Invited { room, who, by } => {
                (None, What::News(format!("{by} invites {who} into {room}")))
            }
            ClientEventKind::Changed { of, by, changes } => {
                (Some(of.clone()), What::News(format!("{by} changed {of}: {changes}")))
            }
            ClientEventKind::LoggedIn { account } => {
                (None, What::News(format!("you are logged in to the account {account}")))
            }
            ClientEventKind::LoggedOut => (None, What::News("you are logged out of your account".to_owned())),
            ClientEventKind::Notice(text) | ClientEventKind::Info(text) => (None, What::News(text.clone())),
            ClientEventKind::Closing(text) => (None, What::News(without_closing_link(text).to_owned())),
            ClientEventKind::History { .. }
            | ClientEventKind::TalkedWith { .. }
            | ClientEventKind::ReadMarker { .. }
            | ClientEventKind::Found(_)
            | ClientEventKind::Server { .. }
            | ClientEventKind::Taken => return None,
        };
        let room = room.filter(|room| self.room(room).is_some());
        Some(Shown { time: event.time, room, what })
    }

    fn talk(&mut self, event: &ClientEvent) -> Option<(Option<String>, What)> {
        match &event.kind {
            ClientEventKind::Said { room, from, text, manner } => {
                self.said += 1;
                let count = self.said;
                if let Some(room) = room.as_deref() {
                    let left = self.people_bytes_left();
                    let fits = self.room(room)?.spoke(from, count, left);
                    self.warn_unless(fits, "people");
                } else {
                    // The only room of the CrazyIt wire has no name and no list of members.
                    self.whisperer.get_or_insert_with(|| from.clone());
                }
                if self.is_ignored(from) {
                    return None;
                }
                let emphasis = match *manner {
                    _ if event.is_own => Emphasis::Own,
                    Manner::Message | Manner::Action if self.stands_out(text) => Emphasis::StandsOut,
                    Manner::Message | Manner::Action | Manner::Notice => Emphasis::Nothing,
                };
                let (from, text, manner) = (from.clone(), text.clone(), *manner);
                let what = What::Said { from, text, manner, emphasis };
                self.remember(room.as_deref(), event, &what);
                // Our own line is already on the screen, unless it comes from elsewhere.
                (!event.is_own || event.is_other_device).then(|| (room.clone(), what))
            }
            ClientEventKind::Whispered { from, to, text, manner } => {
                // Our own whisper comes back too.
                let addressee = to.as_ref().filter(|to| event.is_own && !same_name(from, to));
                if let Some(to) = addressee {
                    let (to, text, manner) = (to.clone(), text.clone(), *manner);
                    let from = from.clone();
                    return event
                        .is_other_device
                        .then_some((None, What::WhisperedTo { from, to, text, manner }));
                }
                if self.is_ignored(from) {
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

    /// True if `text` mentions us or has a highlighted word.
    pub(super) fn stands_out(&self, text: &str) -> bool {
        self.highlights.iter().chain([&self.name]).any(|word| mentions(text, word))
    }

    /// Keeps a line for `/history`, and counts it as unread if another room is shown.
    fn remember(&mut self, room: Option<&str>, event: &ClientEvent, what: &What) {
        let named = room.and_then(|name| self.rooms.iter().position(|room| same_name(&room.name, name)));
        let Some(index) = named else { return };
        let past = &mut self.rooms[index].past;
        if self.here != Some(index) && !event.is_own {
            past.miss(matches!(what, What::Said { emphasis: Emphasis::StandsOut, .. }));
        }
        let time = event.time.unwrap_or_else(SystemTime::now);
        past.push(Shown { time: Some(time), room: room.map(str::to_owned), what: what.clone() });
    }
}

fn topic_told(room: &str, topic: &str, by: Option<&str>) -> String {
    match by {
        Some(by) if topic.is_empty() => format!("{by} removed the topic of {room}"),
        Some(by) => format!("{by} set the topic of {room}: {topic}"),
        None if topic.is_empty() => format!("{room} has no topic"),
        None => format!("the topic of {room}: {topic}"),
    }
}

/// True if `text` has `word` as a whole word, ignoring case.
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
    use super::super::Act;
    use super::super::tests_support::{chat_in, chat_with_highlight, hear, hear_own, joined, told};
    use super::*;
    use crate::client::Request;

    fn said(from: &str, text: &str) -> ClientEventKind {
        let (room, manner) = (Some("#tea".to_owned()), Manner::Message);
        ClientEventKind::Said { room, from: from.into(), text: text.into(), manner }
    }

    fn whispered(from: &str) -> ClientEventKind {
        let to = Some("alice".to_owned());
        ClientEventKind::Whispered { from: from.into(), to, text: "psst".into(), manner: Manner::Message }
    }

    #[test]
    fn a_mention_and_a_highlighted_word_stand_out() {
        let mut chat = chat_with_highlight("#tea", "deploy");
        let mut stands_out = |text: &str| {
            matches!(
                hear(&mut chat, said("bob", text)),
                Some(What::Said { emphasis: Emphasis::StandsOut, .. })
            )
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
            ClientEventKind::Whispered {
                from: "alice".into(),
                to: Some("carol".into()),
                text: "x".into(),
                manner: Manner::Message,
            },
        );
        hear(&mut chat, ClientEventKind::Renamed { from: "bob".into(), to: "rob".into() });
        let Some(Act::Send(Request::Whisper { to, .. })) = chat.typed("/reply hi") else { panic!() };
        assert_eq!(to, "rob");
    }

    #[test]
    fn an_ignored_user_stays_ignored_under_a_new_name_until_it_is_undone() {
        let mut chat = chat_in("#tea", &["eve"]);
        told(&mut chat, "/ignore Eve");
        assert_eq!(hear(&mut chat, said("eve", "hi")), None);
        assert_eq!(hear(&mut chat, whispered("eve")), None);
        hear(&mut chat, ClientEventKind::Renamed { from: "eve".into(), to: "eva".into() });
        assert_eq!(hear(&mut chat, said("EVA", "hi")), None);
        assert_eq!(hear(&mut chat, joined("#tea", "eva")), None);
        assert_eq!(told(&mut chat, "/ignore"), "you ignore eva");
        assert_eq!(told(&mut chat, "/ignore eva"), "you hear eva again");
        assert!(hear(&mut chat, said("eva", "hi")).is_some());
    }

    #[test]
    fn the_last_lines_of_a_room_are_kept_with_our_own() {
        let mut chat = chat_in("#tea", &[]);
        hear(&mut chat, said("bob", "one"));
        hear_own(&mut chat, said("alice", "two"));
        let mut texts = |count| {
            let text = |line: Shown| match line.what {
                What::Said { text, .. } if line.time.is_some() => text,
                other => panic!("{other:?}"),
            };
            chat.last_heard("#tea", count).into_iter().map(text).collect::<Vec<_>>()
        };
        assert_eq!(texts(9), ["one", "two"]);
        assert_eq!(texts(1), ["two"]);
    }

    #[test]
    fn a_mention_is_a_whole_word() {
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
    fn what_another_device_says_is_shown_as_our_own() {
        let mut chat = chat_in("#tea", &[]);
        let mut shown = |kind, is_other_device| {
            let event =
                ClientEvent { time: None, id: None, is_own: true, is_other_device, answers: None, kind };
            chat.hear(&event, Instant::now()).map(|shown| shown.what)
        };
        let (from, text, manner) = ("alice".to_owned(), "hi".to_owned(), Manner::Message);
        let emphasis = Emphasis::Own;
        let own = What::Said { from: from.clone(), text: text.clone(), manner, emphasis };
        assert_eq!(shown(said("alice", "hi"), false), None, "it is already on the screen");
        assert_eq!(shown(said("alice", "hi"), true), Some(own));
        let to_bob = ClientEventKind::Whispered {
            from: from.clone(),
            to: Some("bob".into()),
            text: text.clone(),
            manner,
        };
        assert_eq!(shown(to_bob.clone(), false), None);
        let to = "bob".to_owned();
        assert_eq!(shown(to_bob, true), Some(What::WhisperedTo { from, to, text, manner }));
        assert!(told(&mut chat, "/reply hi").contains("nobody has whispered"), "least of all we");
    }
}
