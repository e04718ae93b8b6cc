//! Events of the past as lines, in a batch for clients that know batches.

use crate::message::{Capabilities, Event, First};
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::session::irc::encode::encode_past;
use crate::session::irc::labels::in_batch;
use crate::session::irc::writer::end_batch;
use crate::wire::irc::Line;

/// The name of the batch. One name is enough: answers never overlap.
const REFERENCE: &str = "h";

/// The type of a batch, and its parameter.
#[derive(Clone, Copy, Debug)]
pub(super) enum Batch<'a> {
    Chathistory(&'a str),
    Targets,
    Search,
}

impl<'a> Batch<'a> {
    fn params(self) -> (&'static str, Option<&'a str>) {
        match self {
            Self::Chathistory(target) => ("chathistory", Some(target)),
            Self::Targets => ("draft/chathistory-targets", None),
            Self::Search => ("soju.im/search", None),
        }
    }
}

impl Irc {
    /// The lines of each event, as many as fit into `most` bytes. Returns their total size, too.
    pub(super) fn encoded(
        &self,
        events: &[Event],
        first: First,
        most: usize,
        context: &mut Context<'_>,
    ) -> (Vec<Vec<u8>>, usize) {
        let mut bytes = 0;
        let mut encode = |event: &Event| {
            let mut lines = Vec::new();
            encode_past(event, self.capabilities, context.house, &mut lines);
            bytes += lines.len();
            (bytes <= most).then_some(lines)
        };
        let mut lines: Vec<_> = match first {
            First::Oldest => events.iter().map_while(&mut encode).collect(),
            First::Newest => events.iter().rev().map_while(&mut encode).collect(),
        };
        if first == First::Newest {
            lines.reverse();
        }
        context.out.worked(events.len());
        (lines, bytes.min(most))
    }

    /// Sends lines in a batch, or without to a client that does not know batches.
    pub(super) fn tell_batch(
        &self,
        batch: Batch<'_>,
        lines: Vec<Vec<u8>>,
        is_whole: bool,
        context: &mut Context<'_>,
    ) {
        if !self.capabilities.has(Capabilities::BATCH) {
            return context.out.bytes(self.connection, &lines.concat());
        }
        let (kind, param) = batch.params();
        let has_end = is_whole
            && matches!(batch, Batch::Chathistory(_))
            && self.capabilities.has(Capabilities::MESSAGE_TAGS);
        let house = context.house;
        context.out.write(self.connection, |out| {
            let mut line = Line::begin(out);
            if has_end {
                line.tag("draft/chathistory-end", "");
            }
            line.source(&house.name);
            line.command("BATCH");
            line.param(&format!("+{REFERENCE}"));
            line.param(kind);
            param.into_iter().for_each(|param| line.param(param));
            line.end();
            let lines = lines.iter().flat_map(|lines| lines.split_inclusive(|&byte| byte == b'\n'));
            lines.for_each(|line| in_batch(line, REFERENCE, out));
            end_batch(REFERENCE, &house.name, out);
        });
    }
}
