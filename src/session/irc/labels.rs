//! Labelled responses (IRCv3 `labeled-response`): a client gives a command a label, and finds the label on all that
//! comes of it.

use super::client::Irc;
use crate::message::Capabilities;
use crate::message::{Dialect, Event, EventKind, Source};
use crate::session::Context;
use crate::wire::irc::{Line, Message};

/// Longest label, in bytes.
const LABEL_BYTES: usize = 64;

/// The name of the batch that holds a response of several lines. A client's batches never overlap, because one command
/// is answered before the next, so one name is enough.
const BATCH: &str = "r";

impl Irc {
    /// Lets `handle` answer `message`. If that has a label, so will the answer, including what the client is told
    /// because it was its own doing.
    pub(super) fn labelled(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
        handle: impl FnOnce(&mut Self, &mut Context<'_>),
    ) {
        let label = self.label(message);
        handle(self, context);
        if let (Some(label), Some(pending)) = (&label, &mut self.pending) {
            pending.is_labelled = true;
            self.put(Part::First(label), context);
        } else if let Some(label) = label
            // What is told later is labelled then.
            && !context.out.label_errand(&label)
        {
            self.put_label(&label, context);
        }
    }

    /// The label that the answer to `message` is to have.
    pub(super) fn label(&self, message: &Message<'_>) -> Option<Box<str>> {
        let needed = Capabilities::LABELED_RESPONSE.and(Capabilities::BATCH);
        let label = message.tags.get("label").filter(|_| self.capabilities.has(needed))?;
        (!label.is_empty() && label.len() <= LABEL_BYTES).then(|| label.into())
    }

    /// Puts `label` on everything that this client is about to be told.
    pub(super) fn put_label(&self, label: &str, context: &mut Context<'_>) {
        self.put(Part::Whole(label), context);
    }

    /// Puts what this client is about to be told into the batch that is open, and closes that if the command `is_done`.
    pub(super) fn continue_label(&self, is_done: bool, context: &mut Context<'_>) {
        self.put(if is_done { Part::Last } else { Part::Middle }, context);
    }

    fn put(&self, part: Part<'_>, context: &mut Context<'_>) {
        let capabilities = self.capabilities;
        let dialect = Dialect::Irc(capabilities);
        let answer = context.out.take_for(self.connection, dialect, is_for_oneself, |event, bytes| {
            super::encode(event, capabilities, context.house, bytes);
        });
        let lines: Vec<_> = answer.split_inclusive(|&byte| byte == b'\n').collect();
        let server = &context.house.name;
        // First, because what comes after the end of a connection is lost.
        context.out.write_first(self.connection, |out| match (part, lines.as_slice()) {
            (Part::Whole(label), []) => tagged(out, "label", label, server, |line| line.command("ACK")),
            (Part::Whole(label), [line]) => with_tag(line, "label", label, out),
            (part, lines) => {
                if let Part::Whole(label) | Part::First(label) = part {
                    tagged(out, "label", label, server, |line| {
                        line.command("BATCH");
                        line.param(&format!("+{BATCH}"));
                        line.param("labeled-response");
                    });
                }
                lines.iter().for_each(|line| with_tag(line, "batch", BATCH, out));
                if let Part::Whole(_) | Part::Last = part {
                    let mut line = Line::begin(out);
                    line.source(server);
                    line.command("BATCH");
                    line.param(&format!("-{BATCH}"));
                    line.end();
                }
            }
        });
    }
}

/// How much of a labelled answer is put into its batch at a time.
#[derive(Clone, Copy)]
enum Part<'a> {
    Whole(&'a str),
    /// The command goes on in the next turn.
    First(&'a str),
    Middle,
    Last,
}

/// True for what somebody tells itself. The label is for the echo alone (`labeled-response`, "Tags").
fn is_for_oneself(event: &Event) -> bool {
    let (EventKind::Whispered { to, .. }, Source::User(from)) = (&event.kind, &event.from) else {
        return false;
    };
    from.name == *to
}

/// Writes a line from the server that has one tag.
fn tagged(out: &mut Vec<u8>, key: &str, value: &str, server: &str, write: impl FnOnce(&mut Line<'_>)) {
    let mut line = Line::begin(out);
    line.tag(key, value);
    line.source(server);
    write(&mut line);
    line.end();
}

/// Writes `line`, which may have tags, with one more.
fn with_tag(line: &[u8], key: &str, value: &str, out: &mut Vec<u8>) {
    Line::begin(out).tag(key, value);
    match line.strip_prefix(b"@") {
        Some(rest) => {
            out.push(b';');
            out.extend_from_slice(rest);
        }
        None => {
            out.push(b' ');
            out.extend_from_slice(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_added_to_a_line_with_and_without_tags() {
        let add = |line: &[u8]| {
            let mut out = Vec::new();
            with_tag(line, "label", "a b", &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(add(b":s X\r\n"), "@label=a\\sb :s X\r\n");
        assert_eq!(add(b"@time=t :s X\r\n"), "@label=a\\sb;time=t :s X\r\n");
    }
}
