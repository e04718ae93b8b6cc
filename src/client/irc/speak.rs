//! Encodes requests for IRC. A text cannot contain commands. A text that would be too long for its receivers is
//! split, because a server would cut it.

use std::time::SystemTime;

use super::lines::{USERNAME, line};
use crate::client::error::Error;
use crate::client::event::Manner;
use crate::client::history_offer::HistoryOffer;
use crate::client::request::{Moment, Request};
use crate::date;
use crate::wire::irc::{LINE_BYTES, Line, split_text};

/// Longest host name in our source, in bytes (modern.ircdocs.horse, `HOSTLEN`).
const HOST_BYTES: usize = 64;

/// The token of the last `PING`: its `PONG` confirms everything before it.
const END_TOKEN: &str = "parlor-end";

/// The prefix of a mark in a token.
const MARK_TOKEN: &str = "parlor-mark-";

/// Later than every message.
const END_OF_TIME: &str = "timestamp=9999-12-31T23:59:59.999Z";

/// Leaves the server.
pub(in crate::client) const QUIT: &[u8] = b"QUIT\r\n";

/// Asks the server to confirm everything before the end.
pub(in crate::client) fn end_of_speech() -> Vec<u8> {
    line(|line| {
        line.command("PING");
        line.param(END_TOKEN);
    })
}

/// Asks the server to confirm everything up to this mark.
pub(in crate::client) fn confirm(mark: u64) -> Vec<u8> {
    line(|line| {
        line.command("PING");
        line.param(&format!("{MARK_TOKEN}{mark}"));
    })
}

/// The mark in an answer to [`confirm`].
pub(super) fn confirmed(params: &[&str]) -> Option<u64> {
    params.last()?.strip_prefix(MARK_TOKEN)?.parse().ok()
}

/// Asks the server for a sign of life.
pub(in crate::client) fn sign_of_life() -> Vec<u8> {
    b"PING parlor\r\n".to_vec()
}

/// True for the answer to [`end_of_speech`].
pub(super) fn confirms_end(params: &[&str]) -> bool {
    params.contains(&END_TOKEN)
}

/// Encodes a request of one message. The server repeats `mark`, which is its label. An error if the request needs
/// more than `offer`.
pub(in crate::client) fn encode(
    request: &Request,
    mark: Option<u64>,
    offer: HistoryOffer,
) -> Result<Vec<u8>, Error> {
    match request {
        Request::History { .. } | Request::Talks { .. } if !offer.has_history => {
            Err(Error::NotOffered { what: "history" })
        }
        Request::ReadMarker { .. } if !offer.has_markers => Err(Error::NotOffered { what: "read markers" }),
        Request::Search { .. } if !offer.has_search => Err(Error::NotOffered { what: "search" }),
        _ => Ok(encode_offered(request, mark, offer)),
    }
}

fn encode_offered(request: &Request, mark: Option<u64>, offer: HistoryOffer) -> Vec<u8> {
    line(|line| {
        if let Some(mark) = mark {
            line.tag("label", &mark.to_string());
        }
        match request {
            Request::Say { room, text, manner } => talk(line, room.as_deref().unwrap_or("*"), text, *manner),
            Request::Whisper { to, text, manner } => talk(line, to, text, *manner),
            Request::Join { room, key } => {
                line.command("JOIN");
                line.param(room);
                key.iter().for_each(|key| line.param(key));
            }
            Request::Part { room, reason } => {
                about(line, "PART", room, Some(reason).filter(|r| !r.is_empty()))
            }
            Request::Nick(name) => about(line, "NICK", name, None),
            Request::Topic { room, topic } => about(line, "TOPIC", room, topic.as_ref()),
            Request::Who { room } => about(line, "NAMES", room, None),
            Request::Away(message) => {
                line.command("AWAY");
                if !message.is_empty() {
                    line.trailing(message);
                }
            }
            Request::History { room, after, before, most } => {
                let (after, before) = (after.as_ref(), before.as_ref());
                history(line, room, after, before, offer);
                line.number(offer.limited(*most));
            }
            Request::Talks { after, most } => {
                line.command("CHATHISTORY");
                line.param("TARGETS");
                // From the end backwards: if there are more than `most`, the server sends the latest.
                line.param(END_OF_TIME);
                line.param(&timestamp(*after));
                line.number(offer.limited(*most));
            }
            Request::ReadMarker { of, at } => {
                line.command("MARKREAD");
                line.param(of);
                at.iter().for_each(|&at| line.param(&timestamp(at)));
            }
            Request::Search { room, text, most } => {
                line.command("SEARCH");
                let most = offer.limited(*most).to_string();
                // The text is last: if the line is too long, it is cut.
                line.attributes(&[("in", room), ("limit", &most), ("text", text)]);
            }
            Request::Raw(text) => match text.split_once(' ') {
                Some((command, rest)) => {
                    line.command(command);
                    line.rest(rest);
                }
                None => line.command(text),
            },
        }
    })
}

fn about(line: &mut Line<'_>, command: &str, what: &str, text: Option<&String>) {
    line.command(command);
    line.param(what);
    if let Some(text) = text {
        line.trailing(text);
    }
}

/// Writes a `CHATHISTORY` up to its last parameter (IRCv3 `chathistory`).
fn history(
    line: &mut Line<'_>,
    room: &str,
    after: Option<&Moment>,
    before: Option<&Moment>,
    offer: HistoryOffer,
) {
    line.command("CHATHISTORY");
    let (subcommand, ends) = match (before, after) {
        (None, after) => ("LATEST", [after, None]),
        (Some(before), None) => ("BEFORE", [Some(before), None]),
        // Those that are next to the first end are sent if there are too many.
        (Some(before), Some(after)) => ("BETWEEN", [Some(before), Some(after)]),
    };
    line.param(subcommand);
    line.param(room);
    line.param(&ends[0].map_or_else(|| "*".to_owned(), |moment| reference(moment, offer)));
    ends[1].iter().for_each(|moment| line.param(&reference(moment, offer)));
}

/// A moment in the way in which the server knows messages.
fn reference(moment: &Moment, offer: HistoryOffer) -> String {
    match (&moment.id, moment.time) {
        (Some(id), time) if offer.knows_ids || time.is_none() => format!("msgid={id}"),
        (_, Some(time)) => timestamp(time),
        (_, None) => "*".to_owned(),
    }
}

fn timestamp(time: SystemTime) -> String {
    format!("timestamp={}", date::millis(time))
}

fn talk(line: &mut Line<'_>, to: &str, text: &str, manner: Manner) {
    let (command, before, behind) = marks(manner);
    line.command(command);
    line.param(to);
    line.trailing(&[before, text, behind].concat());
}

/// The command for this manner, and what surrounds the text.
fn marks(manner: Manner) -> (&'static str, &'static str, &'static str) {
    match manner {
        Manner::Message => ("PRIVMSG", "", ""),
        Manner::Notice => ("NOTICE", "", ""),
        Manner::Action => ("PRIVMSG", "\x01ACTION ", "\x01"),
    }
}

/// Splits a request of this user into pieces of one message each.
pub(in crate::client) fn pieces(name: &str, request: &Request) -> Vec<Request> {
    let (to, text, manner) = match request {
        Request::Say { room, text, manner } => (room.as_deref().unwrap_or_default(), text, *manner),
        Request::Whisper { to, text, manner } => (to.as_str(), text, *manner),
        _ => return vec![request.clone()],
    };
    // NUL ends a line, and \x01 marks CTCP.
    let text = text.replace(['\0', '\x01'], "\u{fffd}");
    // IRC has no empty message.
    let text = if text.trim_matches(['\r', '\n']).is_empty() { " " } else { &text };
    let (command, before, behind) = marks(manner);
    let room = room_for_text(name, command, to) - before.len() - behind.len();
    split_text(text, room).map(|piece| request.with_text(piece, manner)).collect()
}

/// Bytes left for the text in `:name!user@host COMMAND to :text`, the line that receivers get.
fn room_for_text(name: &str, command: &str, to: &str) -> usize {
    let source = format!(":{name}!~{USERNAME}@").len() + HOST_BYTES;
    let taken = source + format!(" {command} {to} :\r\n").len();
    // If the names leave no room, the server refuses the message.
    LINE_BYTES.saturating_sub(taken).max(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(to: &str, text: &str, manner: Manner) -> Vec<String> {
        let request = match to.starts_with('#') {
            true => Request::Say { room: Some(to.into()), text: text.into(), manner },
            false => Request::Whisper { to: to.into(), text: text.into(), manner },
        };
        let pieces = pieces("alice", &request);
        pieces.iter().map(|piece| encoded(piece, None)).collect()
    }

    fn encoded(request: &Request, mark: Option<u64>) -> String {
        let all = HistoryOffer {
            has_history: true,
            has_search: true,
            has_markers: true,
            ..HistoryOffer::default()
        };
        encoded_for(all, request, mark)
    }

    fn encoded_for(offer: HistoryOffer, request: &Request, mark: Option<u64>) -> String {
        let line = String::from_utf8(encode(request, mark, offer).unwrap()).unwrap();
        let line = line.strip_suffix("\r\n").unwrap();
        assert!(!line.contains(['\r', '\n']));
        line.to_owned()
    }

    #[test]
    fn every_request_is_one_line() {
        let text = || "a b".to_owned();
        let room = || "#t".to_owned();
        let cases = [
            (Request::Join { room: room(), key: None }, "JOIN #t"),
            (Request::Join { room: room(), key: Some("k".into()) }, "JOIN #t k"),
            (Request::Part { room: room(), reason: String::new() }, "PART #t"),
            (Request::Part { room: room(), reason: text() }, "PART #t :a b"),
            (Request::Nick("bob".into()), "NICK bob"),
            (Request::Topic { room: room(), topic: None }, "TOPIC #t"),
            (Request::Topic { room: room(), topic: Some(String::new()) }, "TOPIC #t :"),
            (Request::Who { room: room() }, "NAMES #t"),
            (Request::Away(String::new()), "AWAY"),
            (Request::Away(text()), "AWAY :a b"),
            (Request::Raw("mode #t +b :x y".into()), "mode #t +b :x y"),
            (Request::Raw("LIST\r\nQUIT".into()), "LIST"),
            (Request::Raw("TOPIC #t :x\r\nQUIT".into()), "TOPIC #t :x"),
        ];
        for (request, line) in cases {
            assert_eq!(encoded(&request, None), line);
        }
        let waves = Request::Whisper { to: "bob".into(), text: "waves".into(), manner: Manner::Action };
        assert_eq!(encoded(&waves, Some(7)), "@label=7 PRIVMSG bob :\x01ACTION waves\x01");
    }

    fn history(after: Option<&Moment>, before: Option<&Moment>) -> Request {
        Request::History { room: "#t".into(), after: after.cloned(), before: before.cloned(), most: 50 }
    }

    #[test]
    fn history_is_asked_for_from_its_end_and_by_what_the_server_knows_messages_by() {
        let time = Some(std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_500));
        let (first, last) = (Moment { id: Some("a".into()), time }, Moment { id: Some("b".into()), time });
        let timed = Moment { id: None, time };
        let stamp = "timestamp=1970-01-01T00:00:01.500Z";
        for (after, before, line) in [
            (None, None, "CHATHISTORY LATEST #t * 50"),
            (Some(&first), None, "CHATHISTORY LATEST #t msgid=a 50"),
            (None, Some(&last), "CHATHISTORY BEFORE #t msgid=b 50"),
            (Some(&first), Some(&last), "CHATHISTORY BETWEEN #t msgid=b msgid=a 50"),
            (Some(&timed), None, &format!("CHATHISTORY LATEST #t {stamp} 50")),
        ] {
            assert_eq!(encoded(&history(after, before), None), line);
        }
        let soju = HistoryOffer { has_history: true, most: Some(20), ..HistoryOffer::default() };
        let soju = soju.with("MSGREFTYPES=timestamp");
        let line = format!("@label=3 CHATHISTORY BETWEEN #t {stamp} {stamp} 20");
        assert_eq!(encoded_for(soju, &history(Some(&first), Some(&last)), Some(3)), line);
    }

    #[test]
    fn an_id_is_one_parameter() {
        let evil = Moment { id: Some("a b\r\nQUIT".into()), time: None };
        assert_eq!(encoded(&history(Some(&evil), None), None), "CHATHISTORY LATEST #t * 50");
    }

    #[test]
    fn a_search_names_its_room_its_limit_and_its_words() {
        let search = |text: &str| Request::Search { room: "#t".into(), text: text.into(), most: 9 };
        let line = "SEARCH in=#t;limit=9;text=a\\sb\\:c";
        assert_eq!(encoded(&search("a b;c"), None), line);
        let talks = Request::Talks { after: std::time::UNIX_EPOCH, most: 50 };
        let line =
            "CHATHISTORY TARGETS timestamp=9999-12-31T23:59:59.999Z timestamp=1970-01-01T00:00:00.000Z 50";
        assert_eq!(encoded(&talks, None), line);
        let marker = |at| Request::ReadMarker { of: "bob".into(), at };
        assert_eq!(encoded(&marker(None), None), "MARKREAD bob");
        let line = "MARKREAD bob timestamp=1970-01-01T00:00:00.000Z";
        assert_eq!(encoded(&marker(Some(std::time::UNIX_EPOCH)), None), line);
        assert_eq!(encoded(&search("a\r\nQUIT"), None), "SEARCH in=#t;limit=9;text=a\\r\\nQUIT");
    }

    #[test]
    fn nothing_is_asked_of_a_server_that_does_not_offer_it() {
        let search = Request::Search { room: "#t".into(), text: "x".into(), most: 9 };
        let marker = Request::ReadMarker { of: "bob".into(), at: None };
        for (request, wanted) in
            [(history(None, None), "history"), (search, "search"), (marker, "read markers")]
        {
            let refused = encode(&request, None, HistoryOffer::default());
            assert!(matches!(refused, Err(Error::NotOffered { what }) if what == wanted));
        }
    }

    #[test]
    fn a_mark_comes_back_as_it_was_sent() {
        assert_eq!(confirm(12), b"PING parlor-mark-12\r\n");
        assert_eq!(confirmed(&["irc.example", "parlor-mark-12"]), Some(12));
        assert_eq!(confirmed(&["parlor"]), None);
    }

    #[test]
    fn a_text_is_one_message_and_an_action_is_ctcp() {
        assert_eq!(lines("#tea", "hi there", Manner::Message), ["PRIVMSG #tea :hi there"]);
        assert_eq!(lines("bob", "hi", Manner::Notice), ["NOTICE bob :hi"]);
        assert_eq!(lines("#tea", "waves", Manner::Action), ["PRIVMSG #tea :\x01ACTION waves\x01"]);
        assert_eq!(lines("#tea", "", Manner::Message), ["PRIVMSG #tea : "]);
    }

    #[test]
    fn a_text_cannot_contain_commands_or_ctcp() {
        assert_eq!(lines("#t", "a\r\nQUIT :b", Manner::Message), ["PRIVMSG #t :a", "PRIVMSG #t :QUIT :b"]);
        assert_eq!(
            lines("#t", "\x01VERSION\x01a\0b", Manner::Message),
            ["PRIVMSG #t :\u{fffd}VERSION\u{fffd}a\u{fffd}b"]
        );
        assert_eq!(lines("#t\r\nQUIT", "x", Manner::Message), ["PRIVMSG * :x"]);
    }

    #[test]
    fn a_long_text_is_split_to_fit_its_receivers_and_loses_nothing() {
        let text = "好a".repeat(1000);
        for manner in [Manner::Message, Manner::Action] {
            let mut said = String::new();
            for line in lines("#tea", &text, manner) {
                let arrives = format!(":alice!~parlor@{} {line}\r\n", "h".repeat(HOST_BYTES));
                assert!(arrives.len() <= LINE_BYTES, "{}", arrives.len());
                let (_, piece) = line.split_once(" :").unwrap();
                said += piece.trim_start_matches("\x01ACTION ").trim_end_matches('\x01');
            }
            assert_eq!(said, text);
        }
    }

    #[test]
    fn the_pieces_of_a_long_text_have_no_more_memory_than_they_need() {
        let text = "x".repeat(1024 * 1024);
        let said = Request::Say { room: Some("#tea".into()), text: text.clone(), manner: Manner::Message };
        let bytes = |piece: &Request| match piece {
            Request::Say { text, .. } => text.capacity(),
            other => panic!("{other:?}"),
        };
        let pieces = pieces("alice", &said);
        assert!(pieces.iter().map(bytes).sum::<usize>() < 2 * text.len(), "{} pieces", pieces.len());
    }
}
