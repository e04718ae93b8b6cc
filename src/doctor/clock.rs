//! The clock of the machine: routers without a battery begin in 1970.

use std::time::SystemTime;

use crate::date;

/// This version was written later.
const EARLIEST: &str = "2026-11-01T00:00:00Z";

pub(super) fn check(now: SystemTime) -> Result<String, String> {
    if now < SystemTime::UNIX_EPOCH {
        return Err("it is before 1970: set it, for example with NTP".into());
    }
    let time = date::seconds(now);
    if date::parse(EARLIEST).is_some_and(|earliest| now < earliest) {
        return Err(format!(
            "it says {time}, before this program was written: set it, for example with NTP, or certificates are invalid and \
             the history has wrong times"
        ));
    }
    Ok(format!("it says {time}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_before_this_version_is_wrong() {
        let at = |text| date::parse(text).unwrap();
        assert!(check(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_err());
        assert!(check(SystemTime::UNIX_EPOCH).unwrap_err().starts_with("it says 1970-01-01T00:00:00Z, "));
        assert!(check(at("2026-10-31T23:59:59Z")).is_err());
        assert_eq!(check(at("2026-11-01T00:00:00Z")), Ok("it says 2026-11-01T00:00:00Z".into()));
    }
}
