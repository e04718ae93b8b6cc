//! How one speaks on IRC. Whatever a text contains, it stays text; and what would be too long where it arrives is
//! several messages, because a server would cut it.

use super::{USERNAME, line};
use crate::client::event::Manner;
use crate::wire::irc::{LINE_BYTES, split_text};

/// Longest host name that a server writes behind our name, in bytes (modern.ircdocs.horse, `HOSTLEN`).
const HOST_BYTES: usize = 64;

/// Behind the last words: when it comes back, the server has taken all that came before.
const END_TOKEN: &str = "parlor-end";

/// Joins a room.
pub(in crate::client) fn join(room: &str) -> Vec<u8> {
    line(|line| {
        line.command("JOIN");
        line.param(room);
    })
}

/// Leaves the server.
pub(in crate::client) fn quit() -> Vec<u8> {
    b"QUIT\r\n".to_vec()
}

/// Asks the server to say when it has taken all that came before.
pub(in crate::client) fn end_of_speech() -> Vec<u8> {
    line(|line| {
        line.command("PING");
        line.param(END_TOKEN);
    })
}

/// Asks the server whether it is still there.
pub(in crate::client) fn sign_of_life() -> Vec<u8> {
    b"PING parlor\r\n".to_vec()
}

/// True for the answer to [`end_of_speech`].
pub(super) fn confirms_end(params: &[&str]) -> bool {
    params.contains(&END_TOKEN)
}

/// The messages by which `text` is said to a room or a user, by somebody of this name.
pub(in crate::client) fn speech(name: &str, to: &str, text: &str, manner: Manner) -> Vec<u8> {
    let (command, before, behind) = match manner {
        Manner::Message => ("PRIVMSG", "", ""),
        Manner::Notice => ("NOTICE", "", ""),
        Manner::Action => ("PRIVMSG", "\x01ACTION ", "\x01"),
    };
    // A NUL ends a line, and the other is a mark in it (CTCP).
    let text = text.replace(['\0', '\x01'], "\u{fffd}");
    // There is no empty message.
    let text = if text.trim_matches(['\r', '\n']).is_empty() { " " } else { &text };
    let mut bytes = Vec::new();
    for piece in split_text(text, room_for_text(name, command, to) - before.len() - behind.len()) {
        bytes.extend(line(|line| {
            line.command(command);
            line.param(to);
            line.trailing(&[before, piece, behind].concat());
        }));
    }
    bytes
}

/// Bytes left for the text in `:name!user@host COMMAND to :text`, the line as the others get it.
fn room_for_text(name: &str, command: &str, to: &str) -> usize {
    let source = format!(":{name}!~{USERNAME}@").len() + HOST_BYTES;
    let taken = source + format!(" {command} {to} :\r\n").len();
    // Names so long that nothing is left are for the server to refuse.
    LINE_BYTES.saturating_sub(taken).max(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(to: &str, text: &str, manner: Manner) -> Vec<String> {
        let bytes = String::from_utf8(speech("alice", to, text, manner)).unwrap();
        assert!(bytes.ends_with("\r\n"));
        bytes.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn what_is_said_is_one_message_and_what_is_done_is_an_action() {
        assert_eq!(lines("#tea", "hi there", Manner::Message), ["PRIVMSG #tea :hi there"]);
        assert_eq!(lines("bob", "hi", Manner::Notice), ["NOTICE bob :hi"]);
        assert_eq!(lines("#tea", "waves", Manner::Action), ["PRIVMSG #tea :\x01ACTION waves\x01"]);
        assert_eq!(lines("#tea", "", Manner::Message), ["PRIVMSG #tea : "]);
    }

    #[test]
    fn nothing_in_a_text_is_a_command_or_a_request() {
        assert_eq!(lines("#t", "a\r\nQUIT :b", Manner::Message), ["PRIVMSG #t :a", "PRIVMSG #t :QUIT :b"]);
        assert_eq!(
            lines("#t", "\x01VERSION\x01a\0b", Manner::Message),
            ["PRIVMSG #t :\u{fffd}VERSION\u{fffd}a\u{fffd}b"]
        );
        assert_eq!(lines("#t\r\nQUIT", "x", Manner::Message), ["PRIVMSG #t :x"]);
    }

    #[test]
    fn a_long_text_fits_where_it_arrives_and_loses_nothing() {
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
}
