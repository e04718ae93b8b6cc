//! A session as the next program takes it over. Its incomplete frame is with the connection, and is searched again for
//! its end.

use super::{CrazyIt, Phase};
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, cases, read_fields, write_fields};
use crate::wire::crazyit::Decoder;

cases!(Phase, "phase of a peer" { 1 => Greeting(0: deadline), 2 => Online });

impl ToCbor for CrazyIt {
    fn write(&self, out: &mut Writer) {
        let Self { connection, user, decoder, phase, was_answered, writes_lines, later } = self;
        let frame_bytes = &decoder.cap();
        write_fields!(
            out;
            0: connection,
            1: user,
            2: frame_bytes,
            3: phase,
            4: was_answered,
            5: writes_lines,
            6: later,
        );
    }
}

impl FromCbor for CrazyIt {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(
            input;
            0: connection,
            1: user,
            2: frame_bytes,
            3: phase,
            4: was_answered,
            5: writes_lines,
            6: later,
        );
        let decoder = Decoder::new(frame_bytes);
        Ok(Self { connection, user, decoder, phase, was_answered, writes_lines, later })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cbor::tests::{choices, keeps_promises};
    use crate::session::crazyit::later::Later;

    proptest! {
        #[test]
        fn parts_of_sessions_keep_promises(input in choices()) {
            keeps_promises::<Phase>(&input);
            keeps_promises::<Later>(&input);
        }
    }
}
