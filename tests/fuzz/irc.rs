//! IRC messages: whatever they are made of, what is written is one line, and reads as it was meant.

use parlor::wire::irc::{
    LINE_BYTES, Line, Message, NoCommand, Tags, split_lines, split_text, without_line_end,
};

use crate::choices::Choices;
use crate::tokens;

/// Longest line, in bytes and without its end, that cannot have been cut between characters.
const MOST_UNCUT: usize = LINE_BYTES - "\r\n".len() - '🦀'.len_utf8();

pub(crate) fn run(choices: &mut Choices<'_>) {
    written_line_is_one(choices);
    split_text_is_whole(choices);
    while !choices.is_empty() {
        let bytes = tokens::any_bytes(choices);
        // As the server gives it: without its end, and UTF-8.
        let end = bytes.iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len());
        let line = without_line_end(&bytes[..end]);
        assert!(!line.contains(&0) && !line.ends_with(b"\r"), "{line:?}");
        let text = String::from_utf8_lossy(&bytes[..end]);
        decoded_and_encoded_again(text.strip_suffix('\r').unwrap_or(&text));
    }
}

fn decoded_and_encoded_again(text: &str) {
    let message = match Message::decode(text) {
        Ok(message) => message,
        Err(NoCommand) => return,
    };
    assert!(!message.command.is_empty() && !message.command.contains(' '));
    for param in message.params.split_last().map_or(&[][..], |(_, middle)| middle) {
        assert!(
            !param.is_empty() && !param.starts_with(':') && !param.contains(' '),
            "{text:?} has {param:?}"
        );
    }
    let written = encoded(&message);
    let written_proper = proper(one_line(&written)).len();
    // What does not fit is cut, or shown as `*`.
    if written_proper.max(proper(text.trim_start_matches(' ')).len()) > MOST_UNCUT {
        return;
    }
    let again = Message::decode(one_line(&written)).expect("it has a command");
    if !text.contains(['\r', '\0']) {
        assert_eq!(encoded(&again), written, "writing settles it: {text:?}");
        assert_eq!((again.command, &again.params), (message.command, &message.params), "{text:?}");
        let pairs = |tags: Tags<'_>| tags.iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>();
        assert_eq!(pairs(again.tags), pairs(message.tags), "{text:?}");
    }
}

fn encoded(message: &Message<'_>) -> String {
    let mut out = b"before\r\n".to_vec();
    message.encode(&mut out);
    let out = String::from_utf8(out).expect("text stays text");
    out.strip_prefix("before\r\n").expect("what was there stays").to_owned()
}

/// A line of whatever parts has them all in their places.
fn written_line_is_one(choices: &mut Choices<'_>) {
    // Peers have a say in all but the command.
    let (tag, source, command) = (tokens::word(choices), tokens::word(choices), choices.pick(&["001", "X"]));
    let params: Vec<_> = (0..choices.below(4)).map(|_| tokens::word(choices)).collect();
    let text = tokens::word(choices);
    let mut out = Vec::new();
    let mut line = Line::begin(&mut out);
    line.tag("label", &tag);
    line.source(&source);
    line.command(command);
    params.iter().for_each(|param| line.param(param));
    let room = line.room();
    line.trailing(&text);
    line.end();
    let out = String::from_utf8(out).expect("it is cut between characters");
    if is_cut(one_line(&out)) {
        return;
    }
    let message = Message::decode(one_line(&out)).expect("it has a command");
    assert_eq!(message.command, command);
    assert!(message.source.is_some() && message.params.len() == params.len() + 1, "{out:?}");
    let whole_or_none = |(shown, param): (&&str, &String)| shown == param || *shown == "*";
    assert!(message.params.iter().zip(&params).all(whole_or_none), "{out:?}");
    assert_eq!(message.tags.get("label").as_deref(), Some(tag.replace('\0', "").as_str()));
    let first = text.split(['\r', '\n', '\0']).next().expect("split gives one part");
    assert_eq!(message.params.last(), Some(&first), "{out:?}");
    assert!(first.len() <= room, "there was room for it");
}

fn split_text_is_whole(choices: &mut Choices<'_>) {
    let text: String = (0..choices.below(6)).map(|_| tokens::word(choices)).collect();
    let room = choices.below(400);
    let pieces: Vec<_> = split_text(&text, room).collect();
    assert_eq!(pieces.concat(), text.replace(['\r', '\n', '\0'], ""));
    let lines: Vec<_> = split_lines(&text, room).collect();
    assert!(
        lines.iter().filter(|line| !line.text.is_empty()).map(|line| line.text).eq(pieces.iter().copied())
    );
    let continued = lines.iter().filter(|line| line.continues);
    assert!(!lines[0].continues && continued.clone().all(|line| !line.text.is_empty()));
    let breaks = text.trim_end_matches(['\r', '\n', '\0']).replace("\r\n", "\n");
    let breaks = breaks.matches(['\r', '\n', '\0']).count();
    assert_eq!(lines.len(), breaks + 1 + continued.count(), "{text:?} in {room}");
    for piece in pieces {
        let is_one_character = piece.chars().count() == 1;
        assert!(!piece.is_empty() && (piece.len() <= room || is_one_character), "{piece:?} in {room}");
    }
}

/// `line` without its end, which is its only one.
#[track_caller]
fn one_line(line: &str) -> &str {
    let inner = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?} has an end"));
    assert!(!inner.contains(['\r', '\n', '\0']), "{line:?}");
    assert!(proper(line).len() <= LINE_BYTES, "{line:?}");
    inner
}

/// A line of this length may have been longer.
fn is_cut(inner: &str) -> bool {
    proper(inner).len() > MOST_UNCUT
}

/// `line` without its tags.
fn proper(line: &str) -> &str {
    match line.starts_with('@') {
        true => line.split_once(' ').map_or("", |(_, proper)| proper),
        false => line,
    }
}
