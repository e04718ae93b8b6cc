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
            connection,
            user,
            splitter: _,
            skips_line,
            capabilities,
            keeps_cap_notify,
            phase,
            heard,
            asked,
            unfinished,
        } = self;
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
            unfinished,
        })
    }
}

/// Without a command that is not finished: the program that hands over finishes it first.
impl ToCbor for Unfinished {
    fn write(&self, out: &mut Writer) {
        let Self { pending: _, batch, sasl, replay, names_due, returning, asked } = self;
        write_fields!(out; 0: asked, 1: batch, 2: sasl, 3: replay, 4: names_due, 5: returning);
    }
}

impl FromCbor for Unfinished {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: asked, 1: batch, 2: sasl, 3: replay, 4: names_due, 5: returning);
        Ok(Self { pending: None, batch, sasl, replay, names_due, returning, asked })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::tests::{choices, keeps_promises};
    use crate::session::irc::draft::Batch;
    use crate::session::irc::exchange::Sasl;
    use crate::session::irc::returning::Return;

    proptest! {
        #[test]
        fn parts_of_sessions_keep_promises(input in choices()) {
            keeps_promises::<Phase>(&input);
            keeps_promises::<Batch>(&input);
            keeps_promises::<Sasl>(&input);
            keeps_promises::<Return>(&input);
        }
    }
}
