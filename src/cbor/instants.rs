//! Instants, as nanoseconds after the present one or before it: no other process can know an [`Instant`]. So what was due
//! is as far away for the reader as it was for the writer.

use std::time::{Duration, Instant};

use super::{FromCbor, Invalid, Reader, ToCbor, Writer};

impl ToCbor for Instant {
    fn write(&self, out: &mut Writer) {
        let now = out.now().unwrap_or(*self);
        let nanoseconds = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        let before = nanoseconds(now.saturating_duration_since(*self));
        out.signed(nanoseconds(self.saturating_duration_since(now)) - before);
    }
}

impl FromCbor for Instant {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let nanoseconds = input.signed()?;
        let span = Duration::from_nanos(nanoseconds.unsigned_abs());
        let now = input.now();
        // A clock that began with the machine may not know an instant before that, and nothing asks for it exactly.
        let instant = now.and_then(|now| match nanoseconds {
            ..0 => Some(now.checked_sub(span).unwrap_or(now)),
            0.. => now.checked_add(span),
        });
        instant.ok_or_else(|| input.invalid(format_args!("{nanoseconds} ns from now are no instant")))
    }
}
