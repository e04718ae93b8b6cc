//! Times, exact: nodes must not see different ones. A list of seconds and nanoseconds.

use std::time::{Duration, SystemTime};

use super::{FromCbor, Reader, ToCbor, Writer};

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
    fn read(input: &mut Reader<'_>) -> Result<Self, String> {
        input.tuple(2, |input| part(input.number()?, input.number()?))
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
    fn read(input: &mut Reader<'_>) -> Result<Self, String> {
        input.tuple(2, |input| {
            let (seconds, nanoseconds) = (input.signed()?, input.number()?);
            let whole = part(seconds.unsigned_abs(), 0)?;
            let start = if seconds < 0 {
                Self::UNIX_EPOCH.checked_sub(whole)
            } else {
                Self::UNIX_EPOCH.checked_add(whole)
            };
            let time = start.and_then(|start| start.checked_add(part(0, nanoseconds).ok()?));
            time.ok_or_else(|| format!("{seconds} s and {nanoseconds} ns are no time"))
        })
    }
}

/// A duration within limits.
fn part(seconds: u64, nanoseconds: u64) -> Result<Duration, String> {
    let rest = u32::try_from(nanoseconds).ok().filter(|_| nanoseconds < NANOSECONDS && seconds <= MOST_S);
    let rest = rest.ok_or_else(|| format!("{seconds} s and {nanoseconds} ns are no time"))?;
    Ok(Duration::new(seconds, rest))
}

fn signed(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}
