//! The CrazyIt wire from the client's side. Our server ends every line with a newline; the textbook's own server
//! ends none, so until a newline has been seen, a pause ends a line as well.

use std::time::{Duration, Instant};

use super::connection::Connection;
use super::error::Error;
use super::event::{EventKind, Manner};
use super::incoming::Incoming;
use super::{ANSWER_TIMEOUT, refusal};
use crate::name::UserName;
use crate::wire::crazyit::{Answer, Line, Request, SPLIT_SIGN};

/// How long a server that has sent no newline yet must pause to end a line.
pub(super) const PAUSE: Duration = Duration::from_millis(200);

/// Longest text sent in one message, in bytes: with its marks and a name it fits a server's default frame of
/// 8 KiB. A longer line becomes several messages.
const MESSAGE_BYTES: usize = 8000;

/// Logs in, once.
pub(super) fn log_in(
    name: &UserName,
    password: Option<&str>,
    connection: &Connection,
    incoming: &mut Incoming,
) -> Result<(), Error> {
    connection.send(&login_frame(name, password)?)?;
    let deadline = Instant::now() + ANSWER_TIMEOUT;
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
            // A server that ends the connection before it knows its wire says so as on IRC.
            let line = line.strip_prefix("ERROR :").unwrap_or(&line);
            return Err(refusal(connection, line.trim_start_matches("* ")));
        }
        incoming.await_answer(deadline, connection)?;
    }
}

/// The name and, behind `※`, the password.
fn login_frame(name: &UserName, password: Option<&str>) -> Result<Vec<u8>, Error> {
    let Some(password) = password else { return Request::LogIn(name.as_str()).encode().map_err(Error::Mark) };
    // The sign between the two is the one that may stand there.
    Request::LogIn(password).encode().map_err(Error::Mark)?;
    let plain = Request::LogIn(name.as_str()).encode().map_err(Error::Mark)?;
    let mark = plain.len() - crate::wire::crazyit::USER_MARK.len();
    Ok([&plain[..mark], SPLIT_SIGN.as_bytes(), password.as_bytes(), &plain[mark..]].concat())
}

/// The frames by which `text` is said, or whispered to somebody.
pub(super) fn speech(to: Option<&str>, text: &str, manner: Manner) -> Result<Vec<u8>, Error> {
    let mut frames = Vec::new();
    let acted = (manner == Manner::Action).then(|| format!("*{text}*"));
    for text in pieces(acted.as_deref().unwrap_or(text)) {
        let request = match to {
            None => Request::Say(text),
            Some(to) => Request::Whisper { to, text },
        };
        frames.extend(request.encode().map_err(Error::Mark)?);
    }
    Ok(frames)
}

/// `text` in pieces of at most [`MESSAGE_BYTES`], cut between characters; one piece when it is empty.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
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
}

impl Ear {
    /// True when a pause would end a line.
    pub(super) fn heeds_pauses(&self, incoming: &Incoming) -> bool {
        !self.has_newlines && !incoming.unread().is_empty()
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
            let cut: Vec<_> = pieces(&text).collect();
            assert!(cut.iter().all(|piece| piece.len() <= MESSAGE_BYTES));
            assert_eq!(cut.concat(), text);
            assert_eq!(cut.len(), (3 * length).div_ceil(MESSAGE_BYTES / 3 * 3).max(1));
        }
    }

    #[test]
    fn a_login_may_have_a_password_and_neither_may_have_marks() {
        let name = UserName::new("alice").unwrap();
        assert_eq!(login_frame(&name, None).unwrap(), "∏∑alice∏∑".as_bytes());
        assert_eq!(login_frame(&name, Some("secret")).unwrap(), "∏∑alice※secret∏∑".as_bytes());
        assert!(matches!(login_frame(&name, Some("a∏∑b")), Err(Error::Mark(_))));
    }

    #[test]
    fn an_action_is_said_between_asterisks() {
        assert_eq!(speech(None, "waves", Manner::Action).unwrap(), "§γ*waves*§γ".as_bytes());
        assert_eq!(speech(Some("bob"), "hi", Manner::Message).unwrap(), "★【bob※hi★【".as_bytes());
    }
}
