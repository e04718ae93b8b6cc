//! Times, exact: nodes must not see different ones. A list of seconds and nanoseconds.

use std::time::{Duration, SystemTime};

use super::{FromCbor, Invalid, Reader, ToCbor, Writer};

/// The longest duration, and the most before and after 1970, in seconds: far more than a clock tells, and little enough
/// that sums do not overflow.
const MOST_S: u64 = 1 << 50;

const NANOSECONDS: u64 = 1_000_000_000;

impl ToCbor for Duration {
    fn write(&self, out: &mut Writer) {
        out.array(2);
        out.number(self.as_secs());
        out.number(self.subsec_nanos().into());
    }
}

impl FromCbor for Duration {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let more = input.tuple(2)?;
        let (seconds, nanoseconds) = (input.number()?, input.number()?);
        input.skip_values(more)?;
        part(seconds, nanoseconds).ok_or_else(|| no_time(input, seconds.into(), nanoseconds))
    }
}

/// The seconds are negative before 1970, the nanoseconds never.
impl ToCbor for SystemTime {
    fn write(&self, out: &mut Writer) {
        let (seconds, nanoseconds) = match self.duration_since(Self::UNIX_EPOCH) {
            Ok(since) => (signed(since.as_secs()), since.subsec_nanos().into()),
            Err(before) => {
                let (until, nanoseconds) = (before.duration(), before.duration().subsec_nanos().into());
                match nanoseconds {
                    0 => (-signed(until.as_secs()), 0),
                    _ => (-signed(until.as_secs()) - 1, NANOSECONDS - nanoseconds),
                }
            }
        };
        out.array(2);
        out.signed(seconds);
        out.number(nanoseconds);
    }
}

impl FromCbor for SystemTime {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let more = input.tuple(2)?;
        let (seconds, nanoseconds) = (input.signed()?, input.number()?);
        input.skip_values(more)?;
        time(seconds, nanoseconds).ok_or_else(|| no_time(input, seconds.into(), nanoseconds))
    }
}

fn time(seconds: i64, nanoseconds: u64) -> Option<SystemTime> {
    let whole = part(seconds.unsigned_abs(), 0)?;
    let epoch = SystemTime::UNIX_EPOCH;
    let start = if seconds < 0 { epoch.checked_sub(whole) } else { epoch.checked_add(whole) };
    start?.checked_add(part(0, nanoseconds)?)
}

/// A duration within limits.
fn part(seconds: u64, nanoseconds: u64) -> Option<Duration> {
    let rest = u32::try_from(nanoseconds).ok().filter(|_| nanoseconds < NANOSECONDS && seconds <= MOST_S)?;
    Some(Duration::new(seconds, rest))
}

fn no_time(input: &mut Reader<'_>, seconds: i128, nanoseconds: u64) -> Invalid {
    input.invalid(format_args!("{seconds} s and {nanoseconds} ns are no time"))
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
