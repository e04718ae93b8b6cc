//! The CrazyIt wire from the client's side. Our server ends every line with a newline; the textbook's own server
//! ends none, so until a newline has been seen, a pause ends a line as well.

use std::time::Duration;

use super::error::Error;
use super::event::{Event, EventKind, Manner};
use super::incoming::{Incoming, Patience};
use super::irc::TurnedAway;
use super::request::Request;
use super::shared_connection::SharedConnection;
use crate::address::Address;
use crate::name::{UserName, same_name};
use crate::wire::crazyit::{self as wire, Answer, Line, SPLIT_SIGN};
use crate::wire::irc::Message;

/// How long a server that has sent no newline yet must pause to end a line.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Longest text sent in one message, in bytes: with its marks and a name it fits a server's default frame of
/// 8 KiB. A longer line becomes several messages.
const MESSAGE_BYTES: usize = 8000;

/// Logs in, once.
pub(super) fn log_in(
    name: &UserName,
    password: Option<&str>,
    connection: &SharedConnection,
    incoming: &mut Incoming,
    within: Duration,
) -> Result<(), Error> {
    connection.send(&login_frame(name, password)?)?;
    let patience = Patience::new(within);
    loop {
        // An answer before this one may have had a newline, which ends it.
        let blank = incoming.unread().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        incoming.skip(blank);
        match Answer::decode(incoming.unread()) {
            Some((Answer::Welcome, length)) => {
                incoming.skip(length);
                return Ok(());
            }
            Some((Answer::NameTaken, length)) => {
                incoming.skip(length);
                return Err(Error::NameRefused { name: name.clone(), why: None });
            }
            None => {}
        }
        if let Some(line) = incoming.line() {
            return Err(turned_away(&line, &connection.server));
        }
        incoming.await_answer(patience, connection)?;
    }
}

/// Why the server sends a line instead of an answer. The wire has no code for that, so it counts as temporary; but a
/// server that ends a connection before it knows its wire speaks IRC, which has some.
fn turned_away(line: &str, server: &Address) -> Error {
    match Message::decode(line).ok().as_ref().and_then(TurnedAway::decode) {
        Some(why) => why.error(server),
        None => Error::Unavailable {
            server: server.clone(),
            line: line.strip_prefix("* ").unwrap_or(line).to_owned(),
        },
    }
}

/// The name and, behind `※`, the password.
fn login_frame(name: &UserName, password: Option<&str>) -> Result<Vec<u8>, Error> {
    let Some(password) = password else {
        return wire::Request::LogIn(name.as_str()).encode().map_err(Error::Mark);
    };
    // The sign between the two is the one that may stand there.
    wire::Request::LogIn(password).encode().map_err(Error::Mark)?;
    let plain = wire::Request::LogIn(name.as_str()).encode().map_err(Error::Mark)?;
    let mark = plain.len() - crate::wire::crazyit::USER_MARK.len();
    Ok([&plain[..mark], SPLIT_SIGN.as_bytes(), password.as_bytes(), &plain[mark..]].concat())
}

/// The request in pieces of one message each.
pub(super) fn pieces(request: &Request) -> Vec<Request> {
    let acted = match request {
        Request::Say { text, manner: Manner::Action, .. }
        | Request::Whisper { text, manner: Manner::Action, .. } => Some(format!("*{text}*")),
        _ => None,
    };
    match acted.as_deref().or(request.text()) {
        Some(text) => cut(text).map(|piece| request.with_text(piece, Manner::Message)).collect(),
        None => vec![request.clone()],
    }
}

/// The bytes of a request that is one message.
pub(super) fn encode(request: &Request) -> Result<Vec<u8>, Error> {
    let no_words = |what| Err(Error::NoWords { what });
    let request = match request {
        Request::Say { text, .. } => wire::Request::Say(text),
        Request::Whisper { to, text, .. } => wire::Request::Whisper { to, text },
        Request::Nick(name) => wire::Request::LogIn(name),
        Request::Join { .. } | Request::Part { .. } => return no_words("rooms"),
        Request::Topic { .. } => return no_words("topics"),
        Request::Who { .. } => return no_words("lists of people"),
        Request::Away(_) => return no_words("being away"),
        Request::Raw(_) => return no_words("IRC commands"),
    };
    request.encode().map_err(Error::Mark)
}

/// `text` in pieces of at most [`MESSAGE_BYTES`], cut between characters; one piece when it is empty.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, after) = text.split_at(text.floor_char_boundary(MESSAGE_BYTES));
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// Understands what the server sends after the login.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// Lines of this server end with a newline.
    has_newlines: bool,
    /// How much of what we said has come back.
    echoes: u64,
}

impl Ear {
    /// True when a pause would end a line.
    pub(super) fn heeds_pauses(&self, incoming: &Incoming) -> bool {
        !self.has_newlines && !incoming.unread().is_empty()
    }

    /// The event that this is. What we said ourselves, and hear now, answers us.
    pub(super) fn event(&mut self, kind: EventKind, name: &str) -> Event {
        let (EventKind::Said { from, .. } | EventKind::Whispered { from, .. }) = &kind else {
            return Event {
                time: None,
                is_own: matches!(kind, EventKind::Renamed { .. }),
                answers: None,
                kind,
            };
        };
        let is_own = same_name(from, name);
        let is_echo = is_own && matches!(kind, EventKind::Said { .. });
        self.echoes += u64::from(is_echo);
        Event { time: None, is_own, answers: is_echo.then_some(self.echoes), kind }
    }

    /// The answer to our wish for another name, which stands where a line would begin.
    pub(super) fn answer(&self, incoming: &mut Incoming, connection: &SharedConnection) -> Option<EventKind> {
        if !connection.wants_name() {
            return None;
        }
        let (answer, length) = Answer::decode(incoming.unread())?;
        let wanted = connection.take_wanted_name()?;
        incoming.skip(length);
        let from = connection.name();
        Some(match answer {
            Answer::Welcome => {
                connection.set_name(wanted.as_str());
                EventKind::Renamed { from, to: wanted.to_string() }
            }
            Answer::NameTaken => EventKind::Refused {
                code: answer.as_str().to_owned(),
                about: Some(wanted.to_string()),
                text: format!("the name {wanted} is taken or not allowed here"),
            },
        })
    }

    /// What has come. `paused` and `ended` end a line as well.
    pub(super) fn hear(&mut self, incoming: &mut Incoming, paused: bool, ended: bool) -> Option<EventKind> {
        loop {
            let line = match incoming.line() {
                Some(line) => {
                    self.has_newlines = true;
                    line
                }
                None if incoming.unread().is_empty() => return None,
                None if ended => incoming.take(incoming.unread().len()),
                None if paused => incoming.rest(),
                None => return None,
            };
            // The newline that completes an answer, for one.
            if !line.is_empty() {
                return Some(meaning(&line));
            }
            if paused {
                return None;
            }
        }
    }

    /// The textbook's own Python server does not know half-closing: it takes the end of our input for an empty
    /// message, again and again, and never closes. That is an end too, and what follows it is forgotten.
    pub(super) fn cut_endless_echo(&self, name: &str, incoming: &mut Incoming) -> bool {
        let twice = format!("{name}说：").repeat(2).into_bytes();
        let unread = incoming.unread();
        match unread.windows(twice.len()).position(|window| window == twice) {
            Some(at) if !self.has_newlines => {
                incoming.truncate(at);
                true
            }
            Some(_) | None => false,
        }
    }
}

fn meaning(line: &str) -> EventKind {
    let manner = Manner::Message;
    match Line::decode(line) {
        Line::Said { from, text } => {
            EventKind::Said { room: None, from: from.to_owned(), text: text.to_owned(), manner }
        }
        Line::Whispered { from, text } => {
            EventKind::Whispered { from: from.to_owned(), to: None, text: text.to_owned(), manner }
        }
        Line::Notice(text) => EventKind::Notice(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_characters_and_loses_nothing() {
        for length in [0, 1, MESSAGE_BYTES / 3, MESSAGE_BYTES, 5 * MESSAGE_BYTES] {
            let text = "好".repeat(length);
            let cut: Vec<_> = cut(&text).collect();
            assert!(cut.iter().all(|piece| piece.len() <= MESSAGE_BYTES));
            assert_eq!(cut.concat(), text);
            assert_eq!(cut.len(), (3 * length).div_ceil(MESSAGE_BYTES / 3 * 3).max(1));
        }
    }

    #[test]
    fn a_line_instead_of_an_answer_is_temporary_unless_it_has_a_code_of_irc() {
        let error = |line: &str| turned_away(line, &Address::Unix("x".into()));
        for (text, is_final) in [
            ("* banned from this server", false),
            ("ERROR :Closing link: banned from this server", false),
            (":s 465 * :banned from this server", true),
        ] {
            match error(text) {
                Error::Refused { line, .. } if is_final => assert_eq!(line, "banned from this server"),
                Error::Unavailable { line, .. } if !is_final => assert_eq!(line, "banned from this server"),
                other => panic!("{text}: {other}"),
            }
        }
    }

    #[test]
    fn a_login_may_have_a_password_and_neither_may_have_marks() {
        let name = UserName::new("alice").unwrap();
        assert_eq!(login_frame(&name, None).unwrap(), "∏∑alice∏∑".as_bytes());
        assert_eq!(login_frame(&name, Some("secret")).unwrap(), "∏∑alice※secret∏∑".as_bytes());
        assert!(matches!(login_frame(&name, Some("a∏∑b")), Err(Error::Mark(_))));
    }

    fn frames(request: &Request) -> String {
        let frames: Vec<_> = pieces(request).iter().map(|piece| encode(piece).unwrap()).collect();
        String::from_utf8(frames.concat()).unwrap()
    }

    #[test]
    fn an_action_is_said_between_asterisks() {
        let text = || "waves".to_owned();
        let said = Request::Say { room: None, text: text(), manner: Manner::Action };
        assert_eq!(frames(&said), "§γ*waves*§γ");
        let whispered = Request::Whisper { to: "bob".into(), text: text(), manner: Manner::Message };
        assert_eq!(frames(&whispered), "★【bob※waves★【");
    }

    #[test]
    fn what_the_wire_has_no_words_for_is_not_sent() {
        let room = || "#tea".to_owned();
        for request in [
            Request::Join { room: room(), key: None },
            Request::Part { room: room(), reason: String::new() },
            Request::Topic { room: room(), topic: None },
            Request::Who { room: room() },
            Request::Away("x".into()),
            Request::Raw("LIST".into()),
        ] {
            assert!(matches!(encode(&request), Err(Error::NoWords { .. })), "{request:?}");
        }
        assert_eq!(encode(&Request::Nick("bob".into())).unwrap(), "∏∑bob∏∑".as_bytes());
    }

    #[test]
    fn what_we_said_answers_us_in_order_when_it_comes_back() {
        let mut ear = Ear::default();
        let mut answers = |line: &str| ear.event(meaning(line), "alice").answers;
        assert_eq!(answers("alice说：one"), Some(1));
        assert_eq!(answers("bob说：hi"), None);
        assert_eq!(answers("alice悄悄地对你说：psst"), None);
        assert_eq!(answers("ALICE说：two"), Some(2));
        assert_eq!(answers("* nobody here is called nobody"), None);
    }
}
