//! What the terminal client prints of what it hears.

use super::event::{Event, EventKind, Manner, Member};
use crate::wire::irc::without_formatting;

/// How events look: at a terminal everything is shown but what we did ourselves, which is on the screen already; in a
/// pipe only what is said, by us as well.
#[derive(Clone, Copy, Debug)]
pub(super) struct Display {
    pub(super) interactive: bool,
    /// Lines name their room.
    pub(super) names_rooms: bool,
}

impl Display {
    /// The line that an event is to the one who reads, if it is any.
    pub(super) fn line(self, event: &Event) -> Option<String> {
        let line = match &event.kind {
            EventKind::Said { .. } | EventKind::Whispered { .. } => self.talk(event)?,
            EventKind::Notice(text) => format!("* {text}"),
            EventKind::Closing(text) => format!("* {}", without_closing_link(text)),
            EventKind::Refused { about, text, .. } => format!("* {}", refusal(about.as_deref(), text)),
            _ if !self.interactive => return None,
            kind => format!("* {}", news(kind, event.is_own)?),
        };
        Some(printable(&without_formatting(&line)))
    }

    fn talk(self, event: &Event) -> Option<String> {
        match &event.kind {
            EventKind::Said { .. } if self.interactive && event.is_own => None,
            EventKind::Said { room, from, text, manner } => {
                let room = room.as_deref().filter(|_| self.names_rooms);
                let room = room.map(|room| format!("[{room}] ")).unwrap_or_default();
                Some(match manner {
                    Manner::Message => format!("{room}{from}: {text}"),
                    Manner::Notice => format!("{room}-{from}- {text}"),
                    // Begins like no line of the server's own, so nobody can speak in its name.
                    Manner::Action => format!("{room}*{from} {text}*"),
                })
            }
            // What we whispered comes back as well.
            EventKind::Whispered { from, to: Some(to), .. } if event.is_own && from != to => None,
            EventKind::Whispered { from, text, manner: Manner::Action, .. } => {
                Some(format!("{from} whispers: *{text}*"))
            }
            EventKind::Whispered { from, text, .. } => Some(format!("{from} whispers: {text}")),
            _ => None,
        }
    }
}

/// What is told at a terminal besides talk.
fn news(kind: &EventKind, is_own: bool) -> Option<String> {
    Some(match kind {
        // Who is there follows.
        EventKind::Joined { .. } if is_own => return None,
        EventKind::Joined { room, who } => format!("{who} joined {room}"),
        EventKind::Parted { room, who, reason } => format!("{who} left {room}{}", because(reason)),
        EventKind::Quit { who, reason } => format!("{who} left{}", because(reason)),
        EventKind::Kicked { room, who, by, reason } => {
            format!("{by} removed {who} from {room}{}", because(reason))
        }
        EventKind::Renamed { from, to } if is_own => format!("you are {to} now, and were {from}"),
        EventKind::Renamed { from, to } => format!("{from} is {to} now"),
        EventKind::Topic { room, topic, by: Some(by) } if topic.is_empty() => {
            format!("{by} removed the topic of {room}")
        }
        EventKind::Topic { room, topic, by: Some(by) } => format!("{by} set the topic of {room}: {topic}"),
        EventKind::Topic { room, topic, by: None } => format!("the topic of {room}: {topic}"),
        EventKind::Present { room, members } => format!("in {room}: {}", names(members)),
        EventKind::Invited { room, who, by } => format!("{by} invites {who} into {room}"),
        EventKind::Changed { of, by, changes } => format!("{by} changed {of}: {changes}"),
        EventKind::Info(text) => text.clone(),
        EventKind::Said { .. }
        | EventKind::Whispered { .. }
        | EventKind::Notice(_)
        | EventKind::Refused { .. }
        | EventKind::Server { .. }
        | EventKind::Taken
        | EventKind::Closing(_) => return None,
    })
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(" ({reason})") }
}

fn names(members: &[Member]) -> String {
    let names: Vec<_> = members.iter().map(|member| format!("{}{}", member.rank, member.name)).collect();
    names.join(" ")
}

/// Why the server declined, with what it is about where the text does not say.
pub(super) fn refusal(about: Option<&str>, text: &str) -> String {
    match about {
        Some(about) if !text.contains(about) => format!("{about}: {text}"),
        Some(_) | None => text.to_owned(),
    }
}

/// Why the server ends the connection, without the words with which IRC servers begin.
pub(super) fn without_closing_link(text: &str) -> &str {
    const START: &str = "closing link: ";
    match text.get(..START.len()) {
        Some(start) if start.eq_ignore_ascii_case(START) => &text[START.len()..],
        Some(_) | None => text,
    }
}

/// `text` as it may be printed: no escape sequence that somebody sends reaches the terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, manner: Manner) -> EventKind {
        EventKind::Said { room: Some("#tea".into()), from: "eve".into(), text: text.into(), manner }
    }

    fn whispered(to: Option<&str>) -> EventKind {
        let to = to.map(str::to_owned);
        EventKind::Whispered { from: "eve".into(), to, text: "psst".into(), manner: Manner::Message }
    }

    fn line(kind: EventKind, is_own: bool, interactive: bool) -> Option<String> {
        let display = Display { interactive, names_rooms: false };
        display.line(&Event { time: None, is_own, answers: None, kind })
    }

    #[test]
    fn an_escape_sequence_does_not_reach_the_terminal() {
        let text = "\x1b[2J\u{9b}2J\rx\ty";
        let shown = line(said(text, Manner::Message), false, false);
        assert_eq!(shown.as_deref(), Some("eve: \u{fffd}[2J\u{fffd}2J\u{fffd}x\ty"));
        assert_eq!(printable("\x1b]0;x\x07"), "\u{fffd}]0;x\u{fffd}");
    }

    #[test]
    fn formatting_is_taken_out() {
        let shown = line(said("\x02bold\x02 \x0304red", Manner::Message), false, true);
        assert_eq!(shown.as_deref(), Some("eve: bold red"));
    }

    #[test]
    fn what_people_say_is_shown_by_how_they_say_it() {
        for (manner, shown) in
            [(Manner::Message, "eve: hi"), (Manner::Notice, "-eve- hi"), (Manner::Action, "*eve hi*")]
        {
            assert_eq!(line(said("hi", manner), false, false).as_deref(), Some(shown));
        }
        let display = Display { interactive: false, names_rooms: true };
        let event = Event { time: None, is_own: false, answers: None, kind: said("hi", Manner::Message) };
        assert_eq!(display.line(&event).as_deref(), Some("[#tea] eve: hi"));
    }

    #[test]
    fn our_own_words_are_shown_in_a_pipe_alone_and_our_whispers_nowhere() {
        assert_eq!(line(said("hi", Manner::Message), true, true), None);
        assert!(line(said("hi", Manner::Message), true, false).is_some());
        for interactive in [true, false] {
            assert_eq!(line(whispered(Some("bob")), true, interactive), None);
            for to in [Some("eve"), None] {
                assert_eq!(line(whispered(to), true, interactive).as_deref(), Some("eve whispers: psst"));
            }
        }
    }

    #[test]
    fn who_comes_and_goes_is_shown_at_a_terminal_alone() {
        let joined = EventKind::Joined { room: "#tea".into(), who: "eve".into() };
        assert_eq!(line(joined.clone(), false, true).as_deref(), Some("* eve joined #tea"));
        assert_eq!(line(joined, false, false), None);
        let quit = EventKind::Quit { who: "eve".into(), reason: "late".into() };
        assert_eq!(line(quit, false, true).as_deref(), Some("* eve left (late)"));
    }

    #[test]
    fn a_refusal_says_what_it_is_about_once() {
        assert_eq!(refusal(Some("bob"), "No such nick"), "bob: No such nick");
        assert_eq!(refusal(Some("bob"), "nobody here is called bob"), "nobody here is called bob");
        let closing = EventKind::Closing("Closing Link: bye".into());
        assert_eq!(line(closing, false, false).as_deref(), Some("* bye"));
    }
}
