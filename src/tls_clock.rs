//! The clock that TLS asks. rustls panics when its own is set before 1970; this one says 1970 then.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::time_provider::TimeProvider;

/// The clock of this machine.
#[derive(Debug)]
pub(crate) struct TlsClock;

/// True while the clock says 1970 or later, as the parts of rustls that cannot be given another clock need it.
pub(crate) fn is_after_1970() -> bool {
    SystemTime::now() >= SystemTime::UNIX_EPOCH
}

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
    fn a_time_before_1970_is_taken_for_1970() {
        for (time, seconds) in [
            (SystemTime::UNIX_EPOCH - Duration::from_secs(1), 0),
            (SystemTime::UNIX_EPOCH, 0),
            (SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 33), 1 << 33),
        ] {
            assert_eq!(unix_time(time).as_secs(), seconds);
        }
    }
}
