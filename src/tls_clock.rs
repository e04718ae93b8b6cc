//! A clock for rustls, which panics when its own clock is before 1970. This one returns 1970 then.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The system clock.
#[derive(Debug)]
pub(crate) struct TlsClock;

impl TimeProvider for TlsClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix_time(SystemTime::now()))
    }
}

fn unix_time(time: SystemTime) -> UnixTime {
    UnixTime::since_unix_epoch(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_becomes_1970() {
        for (time, seconds) in [
            (SystemTime::UNIX_EPOCH - Duration::from_secs(1), 0),
            (SystemTime::UNIX_EPOCH, 0),
            (SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33), 1 << 33),
        ] {
            assert_eq!(unix_time(time).as_secs(), seconds);
        }
    }
}
