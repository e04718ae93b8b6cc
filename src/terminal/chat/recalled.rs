//! How the past of a room is shown: a line that says what it is, then what was said.

use super::{Chat, Emphasis, Shown, What};
use crate::client::{ClientEvent, ClientEventKind, Manner};
use crate::config::EARLIER_MOST;
use crate::name::same_name;
use crate::terminal::recall::{Past, Why};

impl Chat {
    /// The lines to show; none if nothing was said, unless somebody asked.
    pub(in crate::terminal) fn recalled(&mut self, past: &Past) -> Vec<Shown> {
        let lines: Vec<_> =
            past.lines.iter().filter_map(|event| self.said_before(&past.why, event)).collect();
        let title = self.title(past, lines.len());
        if matches!(past.why, Why::Earlier | Why::Missed) {
            lines.iter().for_each(|line| self.keep(&past.room, &past.why, line));
        }
        if let Some(What::Whispered { from, .. }) = lines.last().map(|line| &line.what) {
            self.whisperer = Some(from.clone());
        }
        let title = title.map(|text| Shown { time: None, room: None, what: What::Note(text) });
        title.into_iter().chain(lines).collect()
    }

    /// The last lines that were heard in a room, for servers without history.
    pub(in crate::terminal) fn last_heard(&mut self, room: &str, count: usize) -> Vec<Shown> {
        self.room(room).map(|room| room.past.last(count)).unwrap_or_default()
    }

    fn said_before(&self, why: &Why, event: &ClientEvent) -> Option<Shown> {
        let (room, from, text, manner) = match &event.kind {
            ClientEventKind::Said { room, from, text, manner } => (room, from, text, manner),
            ClientEventKind::Whispered { from, to, text, manner } => {
                return self.whispered_before(event, from, to.as_deref(), text, *manner);
            }
            _ => return None,
        };
        if self.is_ignored(from) {
            return None;
        }
        let emphasis = match why {
            _ if event.is_own => Emphasis::Own,
            // The bell rings only for what nobody could have heard before.
            Why::Missed if *manner != Manner::Notice && self.stands_out(text) => Emphasis::StandsOut,
            Why::Missed | Why::Earlier | Why::Asked | Why::Found(_) => Emphasis::Nothing,
        };
        let what = What::Said { from: from.clone(), text: text.clone(), manner: *manner, emphasis };
        Some(Shown { time: event.time, room: room.clone(), what })
    }

    fn whispered_before(
        &self,
        event: &ClientEvent,
        from: &str,
        to: Option<&str>,
        text: &str,
        manner: Manner,
    ) -> Option<Shown> {
        let (from, text) = (from.to_owned(), text.to_owned());
        let what = match to.filter(|_| event.is_own) {
            Some(to) => What::WhisperedTo { from, to: to.to_owned(), text, manner },
            None if self.is_ignored(&from) => return None,
            None => What::Whispered { from, text, manner },
        };
        Some(Shown { time: event.time, room: None, what })
    }

    /// Keeps a line as if it had just been said, and counts it as unread in another room if it was missed.
    fn keep(&mut self, name: &str, why: &Why, line: &Shown) {
        let is_here = self.here().is_some_and(|here| same_name(&here.name, name));
        let Some(room) = self.room(name) else { return };
        if let (Why::Missed, false, What::Said { emphasis, .. }) = (why, is_here, &line.what)
            && *emphasis != Emphasis::Own
        {
            room.past.miss(*emphasis == Emphasis::StandsOut);
        }
        room.past.push(line.clone());
    }

    fn title(&self, past: &Past, count: usize) -> Option<String> {
        let room = &past.room;
        let is_talk =
            matches!(past.lines.first(), Some(ClientEvent { kind: ClientEventKind::Whispered { .. }, .. }));
        let place = match is_talk {
            true => format!(" with {room}"),
            false if self.has_several_rooms() => format!(" in {room}"),
            false => String::new(),
        };
        let lines = if count == 1 { "line" } else { "lines" };
        let text = match &past.why {
            Why::Asked if count == 0 => {
                return Some(format!("the server remembers nothing that was said{place}"));
            }
            Why::Found(text) if count == 0 => return Some(format!("nothing found{place} for {text:?}")),
            _ if count == 0 => return None,
            Why::Earlier => format!("{count} earlier {lines}{place}"),
            Why::Missed if past.is_cut => {
                format!(
                    "the last {count} {lines}{place} while you were away; for more, /history {EARLIER_MOST}"
                )
            }
            Why::Missed => format!("{count} {lines}{place} while you were away"),
            Why::Asked => format!("the last {count} {lines}{place}"),
            Why::Found(text) if past.is_cut => format!("the last {count} {lines}{place} with {text:?}"),
            Why::Found(text) => format!("{count} {lines}{place} with {text:?}"),
        };
        Some(format!("--- {text} ---"))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::tests_support::{chat_in, chat_with_highlight, hear_own, joined, told};
    use super::*;

    fn past(why: Why, texts: &[&str]) -> Past {
        let lines = texts.iter().map(|text| {
            let (room, from) = (Some("#tea".to_owned()), "bob".to_owned());
            let kind = ClientEventKind::Said { room, from, text: (*text).into(), manner: Manner::Message };
            let time = Some(UNIX_EPOCH + Duration::from_secs(60));
            ClientEvent { time, id: None, is_own: false, answers: None, is_other_device: false, kind }
        });
        Past { room: "#tea".into(), why, lines: lines.collect(), is_cut: false }
    }

    fn text(shown: &Shown) -> &str {
        match &shown.what {
            What::Note(text) | What::Said { text, .. } => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_title_says_how_many_lines_follow_and_why() {
        let mut chat = chat_in("#tea", &[]);
        let found = || Why::Found("tea".into());
        for (why, title, cut) in [
            (Why::Earlier, "--- 2 earlier lines ---", "--- 2 earlier lines ---"),
            (
                Why::Missed,
                "--- 2 lines while you were away ---",
                "--- the last 2 lines while you were away; for more, /history 1000 ---",
            ),
            (Why::Asked, "--- the last 2 lines ---", "--- the last 2 lines ---"),
            (found(), "--- 2 lines with \"tea\" ---", "--- the last 2 lines with \"tea\" ---"),
        ] {
            let past = past(why, &["one", "two"]);
            let shown = chat.recalled(&past);
            assert_eq!(shown.iter().map(text).collect::<Vec<_>>(), [title, "one", "two"]);
            assert!(shown[1].time.is_some() && shown[1].room.as_deref() == Some("#tea"));
            assert_eq!(text(&chat.recalled(&Past { is_cut: true, ..past })[0]), cut);
        }
        let one = chat.recalled(&past(Why::Missed, &["one"]));
        assert_eq!(text(&one[0]), "--- 1 line while you were away ---");
        hear_own(&mut chat, joined("#ops", "alice"));
        let one = chat.recalled(&past(Why::Missed, &["one"]));
        assert_eq!(text(&one[0]), "--- 1 line in #tea while you were away ---");
    }

    #[test]
    fn nothing_is_shown_of_nothing_unless_somebody_asked() {
        let mut chat = chat_in("#tea", &[]);
        let mut shown = |why| chat.recalled(&past(why, &[])).iter().map(text).map(str::to_owned).next();
        assert_eq!((shown(Why::Earlier), shown(Why::Missed)), (None, None));
        assert_eq!(shown(Why::Asked).as_deref(), Some("the server remembers nothing that was said"));
        assert_eq!(shown(Why::Found("x".into())).as_deref(), Some("nothing found for \"x\""));
    }

    #[test]
    fn the_bell_rings_only_for_a_mention_that_was_missed() {
        let mut chat = chat_with_highlight("#tea", "deploy");
        let mut emphases = |why| {
            let shown = chat.recalled(&past(why, &["alice?", "deploy", "hi"]));
            let emphasis = |shown: &Shown| match shown.what {
                What::Said { emphasis, .. } => Some(emphasis),
                _ => None,
            };
            shown.iter().filter_map(emphasis).collect::<Vec<_>>()
        };
        let (plain, out) = (Emphasis::Nothing, Emphasis::StandsOut);
        assert_eq!(emphases(Why::Missed), [out, out, plain]);
        for why in [Why::Earlier, Why::Asked, Why::Found("x".into())] {
            assert_eq!(emphases(why), [plain; 3]);
        }
    }

    #[test]
    fn what_was_missed_in_another_room_is_unread() {
        let mut chat = chat_in("#ops", &[]);
        hear_own(&mut chat, joined("#tea", "alice"));
        chat.recalled(&past(Why::Earlier, &["hi"]));
        assert_eq!(chat.prompt(), "#ops alice> ");
        chat.recalled(&past(Why::Missed, &["hi", "alice?"]));
        assert_eq!(chat.prompt(), "#ops alice #tea(2!)> ");
        assert_eq!(chat.last_heard("#tea", 9).len(), 3, "they are kept as if they had been heard");
        chat.recalled(&past(Why::Asked, &["hi", "alice?"]));
        assert_eq!(chat.last_heard("#tea", 9).len(), 3);
    }

    #[test]
    fn lines_of_an_ignored_user_are_not_shown_and_not_counted() {
        let mut chat = chat_in("#tea", &[]);
        told(&mut chat, "/ignore bob");
        assert_eq!(chat.recalled(&past(Why::Missed, &["one", "two"])), []);
    }

    #[test]
    fn missed_private_messages_are_shown_with_their_user_who_gets_the_reply() {
        let mut chat = chat_in("#tea", &[]);
        let whispered = |from: &str, to: &str, is_own| {
            let (from, to, text) = (from.to_owned(), Some(to.to_owned()), "psst".to_owned());
            let kind = ClientEventKind::Whispered { from, to, text, manner: Manner::Message };
            ClientEvent { time: None, id: None, is_own, answers: None, is_other_device: false, kind }
        };
        let lines = vec![whispered("alice", "bob", true), whispered("bob", "alice", false)];
        let past = Past { room: "bob".into(), why: Why::Missed, lines, is_cut: false };
        let shown: Vec<_> = chat.recalled(&past).into_iter().map(|shown| shown.what).collect();
        let (text, manner) = (|| "psst".to_owned(), Manner::Message);
        let expected = [
            What::Note("--- 2 lines with bob while you were away ---".into()),
            What::WhisperedTo { from: "alice".into(), to: "bob".into(), text: text(), manner },
            What::Whispered { from: "bob".into(), text: text(), manner },
        ];
        assert_eq!(shown, expected);
        let reply = chat.typed("/reply hi");
        assert!(format!("{reply:?}").contains("to: \"bob\""), "{reply:?}");
        chat.typed("/ignore bob");
        assert_eq!(chat.recalled(&past).len(), 2);
    }
}
