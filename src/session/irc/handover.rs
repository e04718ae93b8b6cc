//! A session as the next program takes it over. Its incomplete line is with the connection, and is searched again for
//! its end.

use super::client::{Irc, Phase, Unfinished};
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, cases, read_fields, write_fields};
use crate::wire::Splitter;
use crate::wire::irc::{CLIENT_TAGS_BYTES, LINE_BYTES};

cases!(Phase, "phase of a client" { 1 => Registering(0: registration), 2 => Online { 0: check } });

impl ToCbor for Irc {
    fn write(&self, out: &mut Writer) {
        let Self {
            connection, user, skips_line, capabilities, keeps_cap_notify, phase, heard, asked, ..
        } = self;
        let unfinished = &self.unfinished;
        write_fields!(
            out;
            0: connection,
            1: user,
            2: skips_line,
            3: capabilities,
            4: keeps_cap_notify,
            5: phase,
            6: heard,
            7: asked,
            8: unfinished,
        );
    }
}

impl FromCbor for Irc {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(
            input;
            0: connection,
            1: user,
            2: skips_line,
            3: capabilities,
            4: keeps_cap_notify,
            5: phase,
            6: heard,
            7: asked,
            8: unfinished,
        );
        let unfinished: Option<Box<Unfinished>> = unfinished;
        Ok(Self {
            connection,
            user,
            splitter: Splitter::new(CLIENT_TAGS_BYTES + LINE_BYTES),
            skips_line,
            capabilities,
            keeps_cap_notify,
            phase,
            heard,
            asked,
            unfinished: unfinished.filter(|unfinished| !unfinished.is_empty()),
        })
    }
}

/// Without a command under way, and without a question to the store: the session is not at rest then.
impl ToCbor for Unfinished {
    fn write(&self, out: &mut Writer) {
        let Self { pending: _, batch, sasl, replay, names_due, returning, asked: _ } = self;
        write_fields!(out; 1: batch, 2: sasl, 3: replay, 4: names_due, 5: returning);
    }
}

impl FromCbor for Unfinished {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 1: batch, 2: sasl, 3: replay, 4: names_due, 5: returning);
        Ok(Self { pending: None, batch, sasl, replay, names_due, returning, asked: 0 })
    }
}

impl Irc {
    /// See [`Session::is_at_rest`](crate::session::Session::is_at_rest).
    pub(in crate::session) fn is_at_rest(&self) -> bool {
        let is_waiting = match &self.phase {
            Phase::Registering(registration) => registration.deadline.is_waiting(),
            Phase::Online { .. } => false,
        };
        !is_waiting && self.unfinished.as_ref().is_none_or(|unfinished| unfinished.is_at_rest())
    }
}

impl Unfinished {
    fn is_at_rest(&self) -> bool {
        let is_checked = self.sasl.as_ref().is_some_and(|sasl| !sasl.is_at_rest());
        self.pending.is_none() && self.asked == 0 && !is_checked
    }
}
