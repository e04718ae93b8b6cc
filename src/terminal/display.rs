//! What a pipe prints: what people say, including ourselves, and what the server says.

use crate::client::texts::{printable, refusal, without_closing_link};
use crate::client::{ClientEvent, ClientEventKind, Manner};
use crate::wire::irc::without_formatting;

/// The line for an event, if it has one. With `names_rooms` it names its room.
pub(super) fn line(event: &ClientEvent, names_rooms: bool) -> Option<String> {
    let line = match &event.kind {
        ClientEventKind::Said { room, from, text, manner } => {
            let room = room.as_deref().filter(|_| names_rooms);
            let room = room.map(|room| format!("[{room}] ")).unwrap_or_default();
            format!("{room}{}", said(from, text, *manner))
        }
        ClientEventKind::Whispered { from, to: Some(to), text, manner } if event.is_own && from != to => {
            // Our own whisper comes back too.
            let text = whisper(text, *manner);
            return event.is_other_device.then(|| plain(&format!("{from} whispers to {to}: {text}")));
        }
        ClientEventKind::Whispered { from, text, manner, .. } => {
            format!("{from} whispers: {}", whisper(text, *manner))
        }
        ClientEventKind::Notice(text) => format!("* {text}"),
        ClientEventKind::Closing(text) => format!("* {}", without_closing_link(text)),
        ClientEventKind::Refused { about, text, .. } => format!("* {}", refusal(about.as_deref(), text)),
        ClientEventKind::Forwarded { from, to, .. } => {
            format!("* the server sends you to {to} instead of {from}")
        }
        ClientEventKind::Joined { .. }
        | ClientEventKind::Parted { .. }
        | ClientEventKind::Quit { .. }
        | ClientEventKind::Kicked { .. }
        | ClientEventKind::Renamed { .. }
        | ClientEventKind::Topic { .. }
        | ClientEventKind::Present { .. }
        | ClientEventKind::Invited { .. }
        | ClientEventKind::Changed { .. }
        | ClientEventKind::History { .. }
        | ClientEventKind::TalkedWith { .. }
        | ClientEventKind::ReadMarker { .. }
        | ClientEventKind::Found(_)
        | ClientEventKind::Info(_)
        | ClientEventKind::Server { .. }
        | ClientEventKind::LoggedIn { .. }
        | ClientEventKind::LoggedOut
        | ClientEventKind::Taken => return None,
    };
    Some(plain(&line))
}

/// Printable text, without IRC's formatting.
pub(super) fn plain(text: &str) -> String {
    printable(&without_formatting(text))
}

fn said(from: &str, text: &str, manner: Manner) -> String {
    match manner {
        Manner::Message => format!("{from}: {text}"),
        Manner::Notice => format!("-{from}- {text}"),
        // No line of the server begins like this, so nobody can imitate one.
        Manner::Action => format!("*{from} {text}*"),
    }
}

/// The text of a whisper.
pub(super) fn whisper(text: &str, manner: Manner) -> String {
    match manner {
        Manner::Action => format!("*{text}*"),
        Manner::Message | Manner::Notice => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str, manner: Manner) -> ClientEventKind {
        ClientEventKind::Said { room: Some("#tea".into()), from: "eve".into(), text: text.into(), manner }
    }

    fn shown(kind: ClientEventKind, is_own: bool) -> Option<String> {
        line(
            &ClientEvent { time: None, id: None, is_own, answers: None, is_other_device: false, kind },
            false,
        )
    }

    #[test]
    fn escape_sequences_and_formatting_are_removed() {
        let text = "\x1b[2J\x02bold\x02 \x0304red";
        assert_eq!(shown(said(text, Manner::Message), false).as_deref(), Some("eve: \u{fffd}[2Jbold red"));
    }

    #[test]
    fn talk_is_shown_by_its_manner_and_with_several_rooms_by_its_room() {
        for (manner, text) in
            [(Manner::Message, "eve: hi"), (Manner::Notice, "-eve- hi"), (Manner::Action, "*eve hi*")]
        {
            assert_eq!(shown(said("hi", manner), true).as_deref(), Some(text));
        }
        let event = ClientEvent {
            time: None,
            id: None,
            is_own: false,
            answers: None,
            is_other_device: false,
            kind: said("hi", Manner::Message),
        };
        assert_eq!(line(&event, true).as_deref(), Some("[#tea] eve: hi"));
    }

    #[test]
    fn our_whispers_are_not_shown_unless_they_are_to_us() {
        let whispered = |to: Option<&str>| ClientEventKind::Whispered {
            from: "eve".into(),
            to: to.map(str::to_owned),
            text: "psst".into(),
            manner: Manner::Message,
        };
        assert_eq!(shown(whispered(Some("bob")), true), None);
        let kind = whispered(Some("bob"));
        let elsewhere =
            ClientEvent { time: None, id: None, is_own: true, is_other_device: true, answers: None, kind };
        assert_eq!(line(&elsewhere, false).as_deref(), Some("eve whispers to bob: psst"));
        for to in [Some("eve"), None] {
            assert_eq!(shown(whispered(to), true).as_deref(), Some("eve whispers: psst"));
        }
    }

    #[test]
    fn joins_and_departures_are_not_shown() {
        assert_eq!(shown(ClientEventKind::Joined { room: "#tea".into(), who: "eve".into() }, false), None);
    }
}
