//! The client's side of the CrazyIt wire. parlord ends every line with a newline. The textbook's server never does,
//! so a pause also ends a line until the first newline has come.

use std::time::Duration;

use super::account::{Account, AccountFault};
use super::error::Error;
use super::event::{ClientEvent, ClientEventKind, Manner};
use super::incoming::{Incoming, Patience};
use super::irc::TurnedAway;
use super::request::Request;
use super::shared_connection::SharedConnection;
use crate::address::Address;
use crate::name::{UserName, same_name, without_device};
use crate::wire::crazyit::{self as wire, Answer, Line, SPLIT_SIGN};
use crate::wire::irc::Message;

/// The pause that ends a line of a server that sends no newlines.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Longest text of one message, in bytes. With its marks and a name it fits a server's default frame of 8 KiB. A
/// longer line is sent as several messages.
const MESSAGE_BYTES: usize = 8000;

/// Logs in, to the account if there is one. Returns our name.
pub(super) fn log_in(
    name: &UserName,
    password: Option<&str>,
    account: Option<&Account>,
    connection: &SharedConnection,
    incoming: &mut Incoming,
    within: Duration,
) -> Result<String, Error> {
    let login = match account {
        Some(account) => account_frame(account, connection.is_private)?,
        None => login_frame(name.as_str(), password)?,
    };
    connection.send(&login)?;
    let patience = Patience::new(within);
    loop {
        // The newline that completes an earlier answer may still be unread.
        let blank = incoming.unread().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        incoming.skip(blank);
        match Answer::decode(incoming.unread()) {
            Some((Answer::Welcome, length)) => {
                incoming.skip(length);
                if account.is_some() {
                    connection.expect_other_devices();
                }
                // The server does not tell how it spells the name of the account.
                let own = account.map_or(name.as_str(), |account| without_device(account.name()));
                return Ok(own.to_owned());
            }
            Some((Answer::NameTaken, length)) => {
                incoming.skip(length);
                return Err(match account {
                    Some(account) => {
                        Error::of_account(account, AccountFault::Refused { line: REFUSED.to_owned() })
                    }
                    None => Error::NameRefused { name: name.clone(), why: None },
                });
            }
            None => {}
        }
        if let Some(line) = incoming.line() {
            return Err(turned_away(&line, &connection.server));
        }
        incoming.await_answer(patience, connection)?;
    }
}

/// The error for a line that comes instead of an answer. This wire has no code for its cause, so it counts as
/// temporary. A server that ends a connection before it knows the wire speaks IRC, which has codes.
fn turned_away(line: &str, server: &Address) -> Error {
    match Message::decode(line).ok().as_ref().and_then(TurnedAway::decode) {
        Some(why) => why.error(server),
        None => Error::Unavailable {
            server: server.clone(),
            line: line.strip_prefix("* ").unwrap_or(line).to_owned(),
        },
    }
}

/// The reason why the server answers a login to an account with `-1`.
const REFUSED: &str = "the password is wrong, or there is no such account";

/// The login to an account, unless others could read its password.
fn account_frame(account: &Account, is_private: bool) -> Result<Vec<u8>, Error> {
    match account.password() {
        None => Err(Error::Unsupported { what: "logins by certificate" }),
        Some(_) if !is_private => Err(Error::of_account(account, AccountFault::Exposed)),
        password => login_frame(account.name(), password),
    }
}

/// The name and, behind `※`, the password.
fn login_frame(name: &str, password: Option<&str>) -> Result<Vec<u8>, Error> {
    let Some(password) = password else {
        return wire::Request::LogIn(name).encode().map_err(Error::Mark);
    };
    // Only the sign between name and password is allowed.
    wire::Request::LogIn(password).encode().map_err(Error::Mark)?;
    let plain = wire::Request::LogIn(name).encode().map_err(Error::Mark)?;
    let mark = plain.len() - crate::wire::crazyit::USER_MARK.len();
    Ok([&plain[..mark], SPLIT_SIGN.as_bytes(), password.as_bytes(), &plain[mark..]].concat())
}

/// Splits the request into pieces of one message each.
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
    let unsupported = |what| Err(Error::Unsupported { what });
    let request = match request {
        Request::Say { text, .. } => wire::Request::Say(text),
        Request::Whisper { to, text, .. } => wire::Request::Whisper { to, text },
        Request::Nick(name) => wire::Request::LogIn(name),
        Request::Join { .. } | Request::Part { .. } => return unsupported("rooms"),
        Request::Topic { .. } => return unsupported("topics"),
        Request::Who { .. } => return unsupported("lists of people"),
        Request::Away(_) => return unsupported("away messages"),
        Request::History { .. } | Request::Talks { .. } => return unsupported("history"),
        Request::ReadMarker { .. } => return unsupported("read markers"),
        Request::Search { .. } => return unsupported("search"),
        Request::Raw(_) => return unsupported("IRC commands"),
    };
    request.encode().map_err(Error::Mark)
}

/// Splits `text` between characters into pieces of at most [`MESSAGE_BYTES`]; an empty text is one piece.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (piece, after) = text.split_at(text.floor_char_boundary(MESSAGE_BYTES));
        rest = (!after.is_empty()).then_some(after);
        Some(piece)
    })
}

/// Turns what the server sends after the login into events.
#[derive(Debug, Default)]
pub(super) struct Ear {
    /// This server ends its lines with newlines.
    has_newlines: bool,
    /// Number of our own messages that have come back.
    echoes: u64,
}

impl Ear {
    /// True if a pause would end a line.
    pub(super) fn heeds_pauses(&self, incoming: &Incoming) -> bool {
        !self.has_newlines && !incoming.unread().is_empty()
    }

    /// Makes an event. Our own message that comes back is the server's confirmation.
    pub(super) fn event(&mut self, kind: ClientEventKind, connection: &SharedConnection) -> ClientEvent {
        let (ClientEventKind::Said { from, .. } | ClientEventKind::Whispered { from, .. }) = &kind else {
            return ClientEvent {
                time: None,
                id: None,
                is_own: matches!(kind, ClientEventKind::Renamed { .. }),
                answers: None,
                is_other_device: false,
                kind,
            };
        };
        let is_own = same_name(from, &connection.name());
        let confirmed = match &kind {
            ClientEventKind::Said { text, .. } if is_own => connection.said(text),
            _ => 0,
        };
        self.echoes += confirmed;
        let is_other_device = is_own && confirmed == 0 && matches!(kind, ClientEventKind::Said { .. });
        let answers = (confirmed > 0).then_some(self.echoes);
        ClientEvent { time: None, id: None, is_own, is_other_device, answers, kind }
    }

    /// The answer to a request for another name, if it is next.
    pub(super) fn answer(
        &self,
        incoming: &mut Incoming,
        connection: &SharedConnection,
    ) -> Option<ClientEventKind> {
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
                ClientEventKind::Renamed { from, to: wanted.to_string() }
            }
            Answer::NameTaken => ClientEventKind::Refused {
                command: None,
                code: answer.as_str().to_owned(),
                about: Some(wanted.to_string()),
                text: format!("the name {wanted} is taken or not allowed here"),
            },
        })
    }

    /// The next line as an event. `paused` and `ended` also end a line.
    pub(super) fn hear(
        &mut self,
        incoming: &mut Incoming,
        paused: bool,
        ended: bool,
    ) -> Option<ClientEventKind> {
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
            // For example, the newline that completes an answer.
            if !line.is_empty() {
                return Some(meaning(&line));
            }
            if paused {
                return None;
            }
        }
    }

    /// Detects the textbook's Python server, which does not know half-closing: it takes the end of our input for
    /// empty messages without end. Discards them and returns true.
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

fn meaning(line: &str) -> ClientEventKind {
    let manner = Manner::Message;
    match Line::decode(line) {
        Line::Said { from, text } => {
            ClientEventKind::Said { room: None, from: from.to_owned(), text: text.to_owned(), manner }
        }
        Line::Whispered { from, text } => {
            ClientEventKind::Whispered { from: from.to_owned(), to: None, text: text.to_owned(), manner }
        }
        Line::Notice(text) => ClientEventKind::Notice(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::shared_connection::tests::of_alice;

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
        assert_eq!(login_frame("alice", None).unwrap(), "∏∑alice∏∑".as_bytes());
        assert_eq!(login_frame("alice", Some("secret")).unwrap(), "∏∑alice※secret∏∑".as_bytes());
        assert!(matches!(login_frame("alice", Some("a∏∑b")), Err(Error::Mark(_))));
    }

    #[test]
    fn the_password_of_an_account_is_sent_with_its_device_and_only_if_nobody_can_read_it() {
        let account = Account::new("alice/phone", "secret");
        assert_eq!(account_frame(&account, true).unwrap(), "∏∑alice/phone※secret∏∑".as_bytes());
        let exposed = account_frame(&account, false);
        assert!(matches!(exposed, Err(Error::Account { fault: AccountFault::Exposed, .. })));
        assert_eq!(without_device("alice/phone"), "alice");
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
    fn a_request_that_the_wire_does_not_support_is_not_sent() {
        let room = || "#tea".to_owned();
        for request in [
            Request::Join { room: room(), key: None },
            Request::Part { room: room(), reason: String::new() },
            Request::Topic { room: room(), topic: None },
            Request::Who { room: room() },
            Request::Away("x".into()),
            Request::History { room: room(), after: None, before: None, most: 9 },
            Request::Search { room: room(), text: "x".into(), most: 9 },
            Request::Raw("LIST".into()),
        ] {
            assert!(matches!(encode(&request), Err(Error::Unsupported { .. })), "{request:?}");
        }
        assert_eq!(encode(&Request::Nick("bob".into())).unwrap(), "∏∑bob∏∑".as_bytes());
    }

    #[test]
    fn our_messages_that_come_back_confirm_us_in_order() {
        let (mut ear, connection) = (Ear::default(), of_alice());
        let mut answers = |line: &str| ear.event(meaning(line), &connection).answers;
        assert_eq!(answers("alice说：one"), Some(1));
        assert_eq!(answers("bob说：hi"), None);
        assert_eq!(answers("alice悄悄地对你说：psst"), None);
        assert_eq!(answers("ALICE说：two"), Some(2));
        assert_eq!(answers("* nobody here is called nobody"), None);
    }

    #[test]
    fn with_an_account_what_we_have_not_said_is_said_by_another_device() {
        let (mut ear, connection) = (Ear::default(), of_alice());
        connection.expect_other_devices();
        ["one", "lost", "two"].into_iter().for_each(|text| connection.say(text));
        let mut heard = |line: &str| {
            let event = ear.event(meaning(line), &connection);
            (event.is_own, event.is_other_device, event.answers)
        };
        assert_eq!(heard("alice说：one"), (true, false, Some(1)));
        assert_eq!(heard("alice说：elsewhere"), (true, true, None));
        assert_eq!(heard("bob说：two"), (false, false, None));
        assert_eq!(heard("alice说：two"), (true, false, Some(3)), "the server lost one");
        assert_eq!(heard("alice说：two"), (true, true, None));
        for n in 0..9999 {
            connection.say(&n.to_string());
        }
        assert_eq!(connection.said("0"), 0, "memory is limited");
        assert_eq!(connection.said("9998"), 256);
    }
}
