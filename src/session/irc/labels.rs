//! Labelled responses (IRCv3 `labeled-response`): a client labels a command, and the server puts the label on the
//! whole response.

use super::client::Irc;
use super::writer::end_batch;
use crate::message::{Capabilities, Dialect, Event, EventKind, Source};
use crate::session::Context;
use crate::wire::irc::{Line, Message};

/// Longest label, in bytes.
const LABEL_BYTES: usize = 64;

/// The name of the batch around a response of several lines. One name is enough: a client's batches never overlap,
/// because each command is answered before the next.
const BATCH: &str = "r";

impl Irc {
    /// Lets `handle` answer `message`, and labels the answer if the message has a label. This includes events that
    /// the client causes and hears itself.
    pub(super) fn labelled(
        &mut self,
        message: &Message<'_>,
        context: &mut Context<'_>,
        handle: impl FnOnce(&mut Self, &mut Context<'_>),
    ) {
        let label = self.label(message);
        handle(self, context);
        #[cfg(feature = "store")]
        let label = label.filter(|label| !self.keeps_label(label, message));
        let pending = self.unfinished.as_mut().and_then(|unfinished| unfinished.pending.as_mut());
        if let (Some(label), Some(pending)) = (&label, pending) {
            pending.is_labelled = true;
            self.put(Part::First(label), context);
        } else if let Some(label) = label
            // Its result is labelled later.
            && !context.out.label_errand(&label)
        {
            self.put_label(&label, context);
        }
    }

    /// The label for the answer to `message`.
    pub(super) fn label(&self, message: &Message<'_>) -> Option<Box<str>> {
        let needed = Capabilities::LABELED_RESPONSE.and(Capabilities::BATCH);
        let label = message.tags.get("label").filter(|_| self.capabilities.has(needed))?;
        (!label.is_empty() && label.len() <= LABEL_BYTES).then(|| label.into())
    }

    /// Labels everything that this command tells the client.
    pub(super) fn put_label(&self, label: &str, context: &mut Context<'_>) {
        self.put(Part::Whole(label), context);
    }

    /// Adds what the command tells the client to the open batch, and closes the batch if the command `is_done`.
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
        // Must precede all effects, because nothing is sent after a close.
        context.out.write_first(self.connection, |out| match (part, lines.as_slice()) {
            (Part::Whole(label), []) => tagged(out, "label", label, server, |line| line.command("ACK")),
            (Part::Whole(label), [line]) => with_tag(line, "label", label, out),
            // A batch is one response.
            (Part::Whole(label), [first, inner @ .., last])
                if opens_batch(first) && inner.iter().all(|line| is_in_batch(line)) && !is_in_batch(last) =>
            {
                with_tag(first, "label", label, out);
                inner.iter().chain([last]).for_each(|line| out.extend_from_slice(line));
            }
            (part, lines) => {
                if let Part::Whole(label) | Part::First(label) = part {
                    tagged(out, "label", label, server, |line| {
                        line.command("BATCH");
                        line.param(&format!("+{BATCH}"));
                        line.param("labeled-response");
                    });
                }
                lines.iter().for_each(|line| in_batch(line, BATCH, out));
                if let Part::Whole(_) | Part::Last = part {
                    end_batch(BATCH, server, out);
                }
            }
        });
    }
}

/// The part of a labelled answer that goes into its batch now.
#[derive(Clone, Copy)]
enum Part<'a> {
    Whole(&'a str),
    /// The command continues in the next turn.
    First(&'a str),
    Middle,
    Last,
}

/// True for a message to oneself: only the echo is labelled (`labeled-response`, "Tags").
fn is_for_oneself(event: &Event) -> bool {
    let (EventKind::Whispered { to, .. }, Source::User(from)) = (&event.kind, &event.from) else {
        return false;
    };
    from.name == *to && !event.watched
}

/// Writes a line from the server with one tag.
fn tagged(out: &mut Vec<u8>, key: &str, value: &str, server: &str, write: impl FnOnce(&mut Line<'_>)) {
    let mut line = Line::begin(out);
    line.tag(key, value);
    line.source(server);
    write(&mut line);
    line.end();
}

/// Copies `line` into the batch of this name, unless it is in an inner one.
pub(super) fn in_batch(line: &[u8], batch: &str, out: &mut Vec<u8>) {
    if is_in_batch(line) {
        out.extend_from_slice(line);
    } else {
        with_tag(line, "batch", batch, out);
    }
}

fn is_in_batch(line: &[u8]) -> bool {
    // Messages of several lines and the history have batches of their own.
    if cfg!(not(feature = "store")) {
        return false;
    }
    let tags = line.strip_prefix(b"@").and_then(|tagged| tagged.split(|&byte| byte == b' ').next());
    tags.is_some_and(|tags| tags.split(|&byte| byte == b';').any(|tag| tag.starts_with(b"batch=")))
}

/// True for a line from the server that begins a batch.
fn opens_batch(line: &[u8]) -> bool {
    if cfg!(not(feature = "store")) {
        return false;
    }
    let is_space = |byte: &u8| *byte == b' ';
    let words = if line.starts_with(b"@") { 2 } else { 1 };
    let mut words = line.split(is_space).skip(words);
    words.next() == Some(b"BATCH") && words.next().is_some_and(|name| name.starts_with(b"+"))
}

/// Copies `line`, which may have tags, and adds one.
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

    #[cfg(feature = "store")]
    #[test]
    fn a_line_is_put_into_one_batch_and_keeps_that_of_an_inner_one() {
        let put = |line: &[u8]| {
            let mut out = Vec::new();
            in_batch(line, "r", &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(put(b":s X\r\n"), "@batch=r :s X\r\n");
        assert_eq!(put(b"@time=t BATCH +m x\r\n"), "@batch=r;time=t BATCH +m x\r\n");
        for line in ["@batch=m :s X\r\n", "@time=t;batch=m :s X\r\n"] {
            assert_eq!(put(line.as_bytes()), line);
        }
        assert_eq!(
            put(b"@+batch=m :s X @batch=m;batch=m\r\n"),
            "@batch=r;+batch=m :s X @batch=m;batch=m\r\n"
        );
    }
}
