//! A message of several lines (IRCv3 `draft/multiline`) that a client has not completed.

use std::time::{Duration, Instant};

#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Lines, Reader, ToCbor, Writer, map, read_fields, write_fields};
use crate::message::{Capabilities, Speech, SpeechKind};
use crate::session::ctcp::action;
use crate::wire::irc::Message;

/// The capabilities of clients that send and receive such messages.
pub(super) const NEEDED: Capabilities = Capabilities::MULTILINE.and(Capabilities::BATCH);

/// The type of their batches.
pub(super) const BATCH_TYPE: &str = "draft/multiline";

/// The tag of a line that continues the line before.
pub(super) const CONTINUES: &str = "draft/multiline-concat";

/// Most bytes of a message, including the newlines between its lines: as many as a CrazyIt message has by default. In a
/// hundred lines with long names they take some 60 KiB, a quarter of an outbox.
pub(super) const MESSAGE_BYTES: usize = 8 * 1024;

/// Most lines of a message.
pub(super) const MESSAGE_LINES: usize = 100;

/// How long the next line of an open batch may take. No rate limit makes it wait longer than a second.
pub(super) const LINE_WITHIN: Duration = Duration::from_secs(30);

/// The client's batch.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) name: Box<str>,
    /// `None` after an error: further lines are ignored.
    pub(super) draft: Option<Draft>,
}

/// A message that is not complete yet.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) target: Box<str>,
    /// The sender's client tags.
    tags: Box<str>,
    pub(super) label: Option<Box<str>>,
    /// Unknown before the first line.
    kind: Option<SpeechKind>,
    text: String,
    pub(super) lines: usize,
    until: Instant,
}

#[cfg(feature = "upgrade")]
map!(Batch { 0: name, 1: draft });

/// The text may have several lines, and the value of a tag as well.
#[cfg(feature = "upgrade")]
impl ToCbor for Draft {
    fn write(&self, out: &mut Writer) {
        let Self { target, tags, label, kind, text, lines, until } = self;
        let (label, text) = (&label.as_deref().map(Lines), &Lines(text.as_str()));
        write_fields!(out; 0: target, 1: tags, 2: label, 3: kind, 4: text, 5: lines, 6: until);
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Draft {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: target, 1: tags, 2: label, 3: kind, 4: text, 5: lines, 6: until);
        let (label, Lines(text)): (Option<Lines<String>>, _) = (label, text);
        let label = label.map(|Lines(label)| label.into());
        Ok(Self { target, tags, label, kind, text, lines, until })
    }
}

#[cfg(all(test, feature = "upgrade"))]
impl crate::cbor::any::Any for Draft {
    fn any(choices: &mut crate::cbor::any::Choices<'_>) -> Self {
        use crate::cbor::any::Any;
        let mut draft = Self::new("#tea", Any::any(choices), Any::any(choices));
        (draft.label, draft.kind, draft.lines) = (Any::any(choices), Any::any(choices), Any::any(choices));
        draft.text = choices.pick(&["", "two\nlines"]).to_owned();
        draft
    }
}

/// Why a batch is rejected.
pub(super) enum Fault {
    TooManyBytes,
    TooManyLines,
    WrongTarget { batch: Box<str>, line: Box<str> },
    TooLate,
    Other(&'static str),
}

/// The value of the capability.
pub(super) fn value() -> String {
    format!("max-bytes={MESSAGE_BYTES},max-lines={MESSAGE_LINES}")
}

impl Batch {
    /// Memory of the batch, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        let draft = self.draft.as_ref().map_or(0, |draft| {
            let label = draft.label.as_ref().map_or(0, |label| label.len());
            draft.target.len() + draft.tags.len() + label + draft.text.capacity()
        });
        size_of::<Self>() + self.name.len() + draft
    }

    /// When the next line must have come.
    pub(super) fn until(&self) -> Option<Instant> {
        self.draft.as_ref().map(|draft| draft.until)
    }
}

impl Draft {
    pub(super) fn new(target: &str, tags: Box<str>, now: Instant) -> Self {
        let (target, until) = (target.into(), now + LINE_WITHIN);
        Self { target, tags, label: None, kind: None, text: String::new(), lines: 0, until }
    }

    pub(super) fn add(&mut self, line: &Message<'_>, now: Instant) -> Result<(), Fault> {
        let kind = match &*line.command.to_ascii_uppercase() {
            "PRIVMSG" => SpeechKind::Message,
            "NOTICE" => SpeechKind::Notice,
            _ => return Err(Fault::Other("only PRIVMSG or NOTICE may be in a batch")),
        };
        if self.kind.is_some_and(|known| known != kind) {
            return Err(Fault::Other("PRIVMSG and NOTICE must not be mixed in a batch"));
        }
        let target = line.params.first().copied().unwrap_or_default();
        if target.to_lowercase() != self.target.to_lowercase() {
            return Err(Fault::WrongTarget { batch: self.target.clone(), line: target.into() });
        }
        let text = line.params.get(1).copied().unwrap_or_default();
        let continues = line.tags.get(CONTINUES).is_some();
        if continues && text.is_empty() {
            return Err(Fault::Other("a blank line cannot continue another"));
        }
        let newline = if self.lines > 0 && !continues { "\n" } else { "" };
        if self.text.len() + newline.len() + text.len() > MESSAGE_BYTES {
            return Err(Fault::TooManyBytes);
        }
        if self.lines >= MESSAGE_LINES {
            return Err(Fault::TooManyLines);
        }
        self.text.push_str(newline);
        self.text.push_str(text);
        (self.kind, self.lines, self.until) = (Some(kind), self.lines + 1, now + LINE_WITHIN);
        Ok(())
    }

    #[cfg(feature = "cluster")]
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn speech(self) -> Result<Speech, Fault> {
        let Some(kind) = self.kind else { return Err(Fault::Other("the batch is empty")) };
        if self.text.bytes().all(|byte| byte == b'\n') {
            return Err(Fault::Other("all lines are blank"));
        }
        if self.text.starts_with('\x01') && action(&self.text).is_none() {
            return Err(Fault::Other("a CTCP request has only one line"));
        }
        Ok(Speech { kind, text: self.text, tags: self.tags })
    }
}
