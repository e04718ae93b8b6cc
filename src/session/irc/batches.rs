//! Batches around answers of several lines, for clients that know batches.

use super::client::Irc;
use super::writer;
use crate::message::Capabilities;
use crate::session::Context;
use crate::wire::irc::Line;

/// The name of the batch. One name is enough: answers never overlap.
const REFERENCE: &str = "d";

/// An answer that has begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    /// The client knows batches.
    is_told: bool,
}

impl Irc {
    /// Begins a batch of this type, with its parameter.
    pub(super) fn begin_answer(&self, kind: &str, param: Option<&str>, context: &mut Context<'_>) -> Batch {
        let is_told = self.capabilities.has(Capabilities::BATCH);
        if is_told {
            self.send("BATCH", context, |line| {
                line.param(&format!("+{REFERENCE}"));
                line.param(kind);
                param.into_iter().for_each(|param| line.param(param));
            });
        }
        Batch { is_told }
    }

    /// Sends a line in the batch.
    pub(super) fn send_in(
        &self,
        batch: Batch,
        command: &str,
        context: &mut Context<'_>,
        write: impl FnOnce(&mut Line<'_>),
    ) {
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            if batch.is_told {
                line.tag("batch", REFERENCE);
            }
            line.source(&context.house.name);
            line.command(command);
            write(&mut line);
            line.end();
        });
    }

    /// Sends a numeric in the batch.
    pub(super) fn numeric_in(
        &self,
        batch: Batch,
        code: &str,
        context: &mut Context<'_>,
        write: impl FnOnce(&mut Line<'_>),
    ) {
        let name = self.client_name(context.hub).to_owned();
        self.send_in(batch, code, context, |line| {
            line.param(&name);
            write(line);
        });
    }

    pub(super) fn end_answer(&self, batch: Batch, context: &mut Context<'_>) {
        if batch.is_told {
            context.out.write(self.connection, |out| writer::end_batch(REFERENCE, &context.house.name, out));
        }
    }
}
