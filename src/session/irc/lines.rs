//! From a line to a command: limits its length and requires UTF-8.

use super::client::Irc;
use super::commands;
use crate::session::Context;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES, Message, Tags, numeric, without_line_end};

impl Irc {
    pub(super) fn line(&mut self, line: &[u8], context: &mut Context<'_>) {
        let line = &*without_line_end(line);
        match tags_length(line) {
            Some(tags) if tags > CLIENT_TAGS_BYTES || line.len() - tags > LINE_BYTES - 2 => {
                return self.too_long(context);
            }
            Some(_) => {}
            None if line.len() >= CLIENT_TAGS_BYTES => return self.too_long(context),
            None => return,
        }
        match std::str::from_utf8(line) {
            // An empty line is not an error (RFC 2812 §2.3.1).
            Ok(text) => {
                if let Ok(message) = Message::decode(text) {
                    self.command(&message, context);
                }
            }
            Err(_) => self.not_utf8(line, context),
        }
    }

    pub(super) fn too_long(&mut self, context: &mut Context<'_>) {
        let text = format!(
            "Input line was too long: at most {LINE_BYTES} bytes, and {CLIENT_TAGS_BYTES} of tags before them"
        );
        self.say(numeric::ERR_INPUTTOOLONG, &text, context);
        #[cfg(feature = "store")]
        self.spoil_batch(context);
    }

    /// Handles a line that is not UTF-8, the only encoding the server accepts (IRCv3 `utf8-only`). Commands that work
    /// without their text are executed with the readable part of it.
    fn not_utf8(&mut self, line: &[u8], context: &mut Context<'_>) {
        let text = String::from_utf8_lossy(line);
        let Ok(message) = Message::decode(&text) else { return };
        if commands::is_readable(&message) {
            return self.labelled(&message, context, |irc, context| {
                irc.fail_utf8(
                    message.command,
                    "Done with some bytes replaced: this server takes UTF-8 only",
                    context,
                );
                irc.unlabelled(&message, context);
            });
        }
        let label = Message { tags: Tags(message.tags.0), source: None, command: "", params: Vec::new() };
        // Do not echo an unreadable command.
        let is_readable = !message.command.contains(char::REPLACEMENT_CHARACTER);
        let command = if is_readable { message.command } else { "*" };
        self.labelled(&label, context, |irc, context| {
            irc.fail_utf8(command, "Message rejected: this server takes UTF-8 only", context);
            #[cfg(feature = "store")]
            irc.spoil_batch(context);
        });
    }

    /// Sent even without `standard-replies`, as `utf8-only` requires.
    fn fail_utf8(&self, command: &str, text: &str, context: &mut Context<'_>) {
        self.fail_always(command, "INVALID_UTF8", &[], text, context);
    }
}

/// The length of a line's tags, including `@` and the space after them. `None` when the line has only tags.
fn tags_length(line: &[u8]) -> Option<usize> {
    if line.first() != Some(&b'@') {
        return Some(0);
    }
    line.iter().position(|&byte| byte == b' ').map(|space| space + 1)
}
