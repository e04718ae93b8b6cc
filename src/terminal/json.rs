//! Events as JSON (RFC 8259), one object per line.

use crate::client::{ClientEvent, ClientEventKind, Manner, Member};
use crate::date;
use crate::json::Object;

/// The object for an event, live or from the history; `None` if only the program needs the event.
pub(super) fn line(event: &ClientEvent, is_history: bool) -> Option<String> {
    let mut object = Object::new();
    let name = match &event.kind {
        ClientEventKind::Said { .. } => "said",
        ClientEventKind::Whispered { .. } => "whispered",
        ClientEventKind::Joined { .. } => "joined",
        ClientEventKind::Parted { .. } => "parted",
        ClientEventKind::Quit { .. } => "quit",
        ClientEventKind::Kicked { .. } => "kicked",
        ClientEventKind::Renamed { .. } => "renamed",
        ClientEventKind::Topic { .. } => "topic",
        ClientEventKind::Present { .. } => "present",
        ClientEventKind::Forwarded { .. } => "forwarded",
        ClientEventKind::Invited { .. } => "invited",
        ClientEventKind::Changed { .. } => "changed",
        ClientEventKind::Notice(_) => "notice",
        ClientEventKind::Refused { .. } => "refused",
        ClientEventKind::Info(_) => "info",
        ClientEventKind::Server { .. } => "server",
        ClientEventKind::LoggedIn { .. } => "login",
        ClientEventKind::LoggedOut => "logout",
        ClientEventKind::Closing(_) => "closing",
        // The lines in them are events of their own.
        ClientEventKind::History { .. }
        | ClientEventKind::TalkedWith { .. }
        | ClientEventKind::ReadMarker { .. }
        | ClientEventKind::Found(_)
        | ClientEventKind::Taken => return None,
    };
    object.text("event", name);
    if let Some(time) = event.time {
        object.text("time", &date::millis(time).to_string());
    }
    object.optional("id", event.id.as_deref());
    object.bare("own", if event.is_own { "true" } else { "false" });
    if is_history {
        object.bare("history", "true");
    }
    fields(&event.kind, &mut object);
    Some(object.end())
}

fn fields(kind: &ClientEventKind, object: &mut Object) {
    match kind {
        ClientEventKind::Said { room, from, text, manner } => {
            object.optional("room", room.as_deref());
            object.texts(&[("from", from), ("text", text), ("manner", word(*manner))]);
        }
        ClientEventKind::Whispered { from, to, text, manner } => {
            object.optional("to", to.as_deref());
            object.texts(&[("from", from), ("text", text), ("manner", word(*manner))]);
        }
        ClientEventKind::Joined { room, who } => object.texts(&[("room", room), ("who", who)]),
        ClientEventKind::Parted { room, who, reason } => {
            object.texts(&[("room", room), ("who", who), ("reason", reason)]);
        }
        ClientEventKind::Quit { who, reason } => object.texts(&[("who", who), ("reason", reason)]),
        ClientEventKind::Kicked { room, who, by, reason } => {
            object.texts(&[("room", room), ("who", who), ("by", by), ("reason", reason)]);
        }
        ClientEventKind::Renamed { from, to } => object.texts(&[("from", from), ("to", to)]),
        ClientEventKind::Topic { room, topic, by } => {
            object.texts(&[("room", room), ("topic", topic)]);
            object.optional("by", by.as_deref());
        }
        ClientEventKind::Present { room, members } => {
            object.text("room", room);
            object.bare("members", &list(members));
        }
        ClientEventKind::Forwarded { from, to, text } => {
            object.texts(&[("from", from), ("to", to), ("text", text)]);
        }
        ClientEventKind::Invited { room, who, by } => {
            object.texts(&[("room", room), ("who", who), ("by", by)])
        }
        ClientEventKind::Changed { of, by, changes } => {
            object.texts(&[("of", of), ("by", by), ("changes", changes)]);
        }
        ClientEventKind::Refused { command, code, about, text } => {
            object.optional("command", command.as_deref());
            object.text("code", code);
            object.optional("about", about.as_deref());
            object.text("text", text);
        }
        ClientEventKind::Notice(text) | ClientEventKind::Info(text) | ClientEventKind::Closing(text) => {
            object.text("text", text)
        }
        ClientEventKind::Server { version } => object.text("version", version),
        ClientEventKind::LoggedIn { account } => object.text("account", account),
        ClientEventKind::LoggedOut
        | ClientEventKind::History { .. }
        | ClientEventKind::TalkedWith { .. }
        | ClientEventKind::ReadMarker { .. }
        | ClientEventKind::Found(_)
        | ClientEventKind::Taken => {}
    }
}

/// An array with an object for each member.
fn list(members: &[Member]) -> String {
    let object = |member: &Member| {
        let mut object = Object::new();
        object.texts(&[("name", &member.name), ("rank", &member.rank)]);
        object.end()
    };
    format!("[{}]", members.iter().map(object).collect::<Vec<_>>().join(","))
}

fn word(manner: Manner) -> &'static str {
    match manner {
        Manner::Message => "message",
        Manner::Notice => "notice",
        Manner::Action => "action",
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::client::Member;
    use crate::harmful::is_harmful;
    use crate::json::quoted;

    fn event(kind: ClientEventKind) -> ClientEvent {
        ClientEvent {
            time: Some(UNIX_EPOCH + Duration::from_millis(1_767_323_045_678)),
            id: Some("a1".into()),
            is_own: false,
            answers: None,
            is_other_device: false,
            kind,
        }
    }

    #[test]
    fn an_event_is_one_object_in_one_line() {
        let manner = Manner::Message;
        let said = ClientEventKind::Said {
            room: Some("#t".into()),
            from: "bob".into(),
            text: "a\n\"b\"".into(),
            manner,
        };
        let expected = r##"{"event":"said","time":"2026-01-02T03:04:05.678Z","id":"a1","own":false,"room":"#t","from":"bob","text":"a\n\"b\"","manner":"message"}"##;
        assert_eq!(line(&event(said.clone()), false).as_deref(), Some(expected));
        let past = line(&event(said), true).unwrap();
        assert_eq!(past, expected.replace(r#""own":false,"#, r#""own":false,"history":true,"#));
        let member = Member { rank: "@".into(), name: "bob".into() };
        let present = ClientEventKind::Present { room: "#t".into(), members: vec![member.clone(), member] };
        let shown = line(&event(present), false).unwrap();
        assert!(
            shown.ends_with(r#""members":[{"name":"bob","rank":"@"},{"name":"bob","rank":"@"}]}"#),
            "{shown}"
        );
        assert_eq!(line(&event(ClientEventKind::Taken), false), None);
    }

    /// One event of each kind, with every field that it may have.
    fn samples() -> Vec<ClientEventKind> {
        let (text, some) = (|| "x".to_owned(), || Some("x".to_owned()));
        let (room, who, by, reason) = (text(), text(), text(), text());
        let manner = Manner::Message;
        let members = vec![Member { rank: "@".into(), name: "bob".into() }];
        vec![
            ClientEventKind::Said { room: some(), from: text(), text: text(), manner },
            ClientEventKind::Whispered { to: some(), from: text(), text: text(), manner },
            ClientEventKind::Joined { room: text(), who: text() },
            ClientEventKind::Parted { room: text(), who: text(), reason: text() },
            ClientEventKind::Quit { who: text(), reason: text() },
            ClientEventKind::Kicked { room, who, by, reason },
            ClientEventKind::Renamed { from: text(), to: text() },
            ClientEventKind::Topic { room: text(), topic: text(), by: some() },
            ClientEventKind::Present { room: text(), members },
            ClientEventKind::Invited { room: text(), who: text(), by: text() },
            ClientEventKind::Changed { of: text(), by: text(), changes: text() },
            ClientEventKind::Notice(text()),
            ClientEventKind::Refused { command: some(), code: text(), about: some(), text: text() },
            ClientEventKind::Forwarded { from: text(), to: text(), text: text() },
            ClientEventKind::Info(text()),
            ClientEventKind::Server { version: text() },
            ClientEventKind::LoggedIn { account: text() },
            ClientEventKind::LoggedOut,
            ClientEventKind::Closing(text()),
        ]
    }

    /// The same without what may be missing.
    fn without_options(mut kind: ClientEventKind) -> ClientEventKind {
        match &mut kind {
            ClientEventKind::Said { room: option, .. }
            | ClientEventKind::Whispered { to: option, .. }
            | ClientEventKind::Topic { by: option, .. } => *option = None,
            ClientEventKind::Refused { command, about, .. } => (*command, *about) = (None, None),
            _ => {}
        }
        kind
    }

    /// The kind and the other fields of an event, in the order in which they are written.
    fn written(kind: ClientEventKind) -> (String, Vec<String>) {
        let json = line(&ClientEvent { time: None, id: None, ..event(kind) }, false).expect("it is printed");
        let outside = json.replace(r#"[{"name":"bob","rank":"@"}]"#, "[]");
        let fields = outside.trim_matches(['{', '}']).split(',');
        let names = fields.map(|field| field.split('"').nth(1).unwrap().to_owned()).skip(2);
        (outside.split('"').nth(3).unwrap().to_owned(), names.collect())
    }

    #[test]
    fn the_man_page_lists_every_kind_of_event_and_its_fields() {
        const MANUAL: &str = include_str!("../../doc/parlor.1");
        let (_, section) = MANUAL.split_once("\n.Sh JSON\n").unwrap();
        let (section, _) = section.split_once("\n.Sh ").unwrap();
        let entries = section.split("\n.It Li ").skip(1).map(|entry| {
            let mut lines = entry.lines();
            let (kind, fields) = (lines.next().unwrap(), lines.next().unwrap().strip_prefix(".Li "));
            let fields = fields.into_iter().flat_map(|fields| fields.split(" , "));
            (kind.to_owned(), fields.map(str::to_owned).collect::<Vec<_>>())
        });
        let listed: Vec<_> = entries.collect();
        let plain = |field: &String| field.trim_end_matches('?').to_owned();
        let all: Vec<_> = samples().into_iter().map(written).collect();
        let listed_all: Vec<_> =
            listed.iter().map(|(kind, fields)| (kind.clone(), fields.iter().map(plain).collect())).collect();
        assert_eq!(listed_all, all);
        for ((kind, fields), sample) in listed.into_iter().zip(samples()) {
            let certain: Vec<_> = fields.into_iter().filter(|field| !field.ends_with('?')).collect();
            assert_eq!((kind, certain), written(without_options(sample)));
        }
    }

    #[test]
    fn json_cannot_control_a_terminal() {
        let every: String = ('\0'..='\u{3000}').collect();
        let quoted = quoted(&every);
        assert!(!quoted.chars().any(is_harmful));
        assert!(quoted.contains("\\u001b") && quoted.contains("\\u009b") && quoted.contains("\\u202e"));
    }

    /// Another program reads back what was written.
    #[test]
    fn python_reads_the_text_that_was_written() {
        let text: String = ('\0'..='\u{2fff}').chain(['好', '😀', '\u{fffd}', '\u{10ffff}']).collect();
        let script =
            "import json,sys; sys.stdout.buffer.write(json.loads(sys.stdin.buffer.read())['text'].encode())";
        let python =
            Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        // Machines without it skip this test.
        let Ok(mut python) = python else { return };
        let json = line(&event(ClientEventKind::Notice(text.clone())), false).unwrap();
        python.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
        let read = python.wait_with_output().unwrap().stdout;
        assert!(String::from_utf8(read).unwrap() == text);
    }
}
