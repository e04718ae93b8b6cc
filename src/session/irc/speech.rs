//! Encodes messages of users.

#[cfg(feature = "store")]
use super::draft;
use super::writer::Writer;
#[cfg(feature = "store")]
use super::writer::end_batch;
#[cfg(feature = "store")]
use crate::message::Source;
use crate::message::{Capabilities, Speech, SpeechKind};
use crate::session::ctcp::action;
#[cfg(feature = "store")]
use crate::wire::irc::{LINE_BYTES, Piece, split_lines};
use crate::wire::irc::{Line, Tags, split_text};

/// The name of the batch around a message of several lines. One name is enough: the batch ends before any other line
/// to its client begins.
#[cfg(feature = "store")]
const BATCH: &str = "m";

impl Writer<'_> {
    pub(super) fn speech(&self, target: &str, speech: &Speech, out: &mut Vec<u8>) {
        let command = match speech.kind {
            SpeechKind::Message => "PRIVMSG",
            SpeechKind::Notice => "NOTICE",
            SpeechKind::TagsOnly => {
                if self.capabilities.has(Capabilities::MESSAGE_TAGS) {
                    self.spoken("TAGMSG", target, speech, out).end();
                }
                return;
            }
        };
        let (before, text, after) = action(&speech.text).unwrap_or(("", &speech.text, ""));
        // Any other CTCP request ends with a mark, so it must not be split.
        if text.starts_with('\x01') {
            let mut line = self.spoken(command, target, speech, out);
            line.trailing(text);
            return line.end();
        }
        let finish = |mut line: Line<'_>, piece: &str| {
            if before.is_empty() {
                line.trailing(piece);
            } else {
                line.trailing(&[before, piece, after].concat());
            }
            line.end();
        };
        let start = out.len();
        let line = self.spoken(command, target, speech, out);
        // Every piece has the same room, because tags do not count.
        let room = line.room().saturating_sub(before.len() + after.len());
        let mut pieces = split_text(text, room);
        let Some(first) = pieces.next() else { return out.truncate(start) };
        #[cfg(feature = "store")]
        if before.is_empty() && self.takes_lines(room) && split_lines(text, room).nth(1).is_some() {
            out.truncate(start);
            return self.lines(command, target, speech, split_lines(text, room), out);
        }
        finish(line, first);
        let most = start + self.house.message_bytes();
        for piece in pieces {
            // Text made of newlines grows a hundredfold here, and must not fill an outbox.
            if out.len() > most {
                return;
            }
            let mut line = self.begin(command, out);
            line.param(target);
            finish(line, piece);
        }
    }

    /// Begins the first line of a message, the only one with its id and the sender's client tags.
    fn spoken<'b>(&self, command: &str, target: &str, speech: &Speech, out: &'b mut Vec<u8>) -> Line<'b> {
        let mut line = self.begin_spoken(command, speech, out);
        line.param(target);
        line
    }

    fn begin_spoken<'b>(&self, command: &str, speech: &Speech, out: &'b mut Vec<u8>) -> Line<'b> {
        let mut line = Line::begin(out);
        self.tags(&mut line);
        if self.capabilities.has(Capabilities::MESSAGE_TAGS) {
            line.plain_tag("msgid", self.event.id);
            for (key, value) in Tags(&speech.tags).raw() {
                line.raw_tag(key, value);
            }
        }
        self.source(&mut line);
        line.command(command);
        line
    }
}

/// Messages of several lines (IRCv3 `draft/multiline`).
#[cfg(feature = "store")]
impl Writer<'_> {
    /// True when the client takes a message of several lines as one. `room` is the room for text in a line: without
    /// some, the parameters of a batch do not fit either.
    fn takes_lines(&self, room: usize) -> bool {
        self.capabilities.has(draft::NEEDED) && room > draft::BATCH_TYPE.len() + BATCH.len()
    }

    /// Writes a message as a batch. Its beginning has the tags of the message.
    fn lines<'a>(
        &self,
        command: &str,
        target: &str,
        speech: &Speech,
        pieces: impl Iterator<Item = Piece<'a>>,
        out: &mut Vec<u8>,
    ) {
        let mut line = self.begin_spoken("BATCH", speech, out);
        line.param(&format!("+{BATCH}"));
        line.param(draft::BATCH_TYPE);
        line.param(target);
        line.end();
        let most = out.len() + self.house.message_bytes();
        for piece in pieces {
            if out.len() > most {
                break;
            }
            let mut line = Line::begin(out);
            line.tag("batch", BATCH);
            if piece.continues {
                line.tag(draft::CONTINUES, "");
            }
            self.source(&mut line);
            line.command(command);
            line.param(target);
            line.trailing(piece.text);
            line.end();
        }
        end_batch(BATCH, &self.house.name, out);
    }
}

/// True when the message may need several lines in IRC: then it looks different to clients with `draft/multiline`.
#[cfg(feature = "store")]
pub(super) fn may_need_lines(from: &Source, target: &str, speech: &Speech) -> bool {
    let source_bytes = match from {
        Source::User(identity) => identity.name.as_str().len() + identity.place().len(),
        Source::Server => LINE_BYTES,
    };
    // With the longest command, the prefix of a rank, and all separators.
    let head_bytes = source_bytes + target.len() + ":! PRIVMSG @ :\r\n".len();
    head_bytes + speech.text.len() > LINE_BYTES
        || speech.text.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
}
