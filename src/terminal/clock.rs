//! The local time of day and date.

use std::env;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tz::TimeZone;

use crate::date;

/// The local time by `TZ` or the system's setting, or else UTC.
#[derive(Debug)]
pub(super) struct Clock(TimeZone);

impl Clock {
    pub(super) fn local() -> Self {
        let zone = match env::var("TZ") {
            Ok(zone) => TimeZone::from_posix_tz(&zone),
            Err(_) => TimeZone::local(),
        };
        Self(zone.unwrap_or_else(|_| TimeZone::utc()))
    }

    /// The time in UTC, wherever we are.
    #[cfg(test)]
    pub(super) fn utc() -> Self {
        Self(TimeZone::utc())
    }

    /// Hours and minutes.
    pub(super) fn time_of_day(&self, time: SystemTime) -> String {
        let minutes = self.local_seconds(time).div_euclid(60);
        format!("{:02}:{:02}", minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60))
    }

    /// The date, as `2026-01-31`.
    pub(super) fn date(&self, time: SystemTime) -> String {
        // A date of UTC that looks like the local one.
        let local = u64::try_from(self.local_seconds(time)).unwrap_or_default();
        let shown = UNIX_EPOCH.checked_add(Duration::from_secs(local)).unwrap_or(UNIX_EPOCH);
        let mut text = date::seconds(shown).to_string();
        text.truncate("2026-01-31".len());
        text
    }

    /// Seconds from the begin of 1970 to `time`, both as the local clocks showed them.
    fn local_seconds(&self, time: SystemTime) -> i64 {
        let since_1970 = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let seconds = i64::try_from(since_1970).unwrap_or(i64::MAX);
        let offset = self.0.find_local_time_type(seconds).map_or(0, |local| local.ut_offset());
        seconds.saturating_add(offset.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_changes_at_local_midnight() {
        // 2026-01-02, 22:59:59 and 23:00:00 UTC.
        let times = [1_767_394_799, 1_767_394_800].map(|s| UNIX_EPOCH + Duration::from_secs(s));
        let berlin = Clock(TimeZone::from_posix_tz("CET-1CEST,M3.5.0,M10.5.0/3").unwrap());
        assert_eq!(times.map(|time| berlin.date(time)), ["2026-01-02", "2026-01-03"]);
        let hawaii = Clock(TimeZone::from_posix_tz("HST10").unwrap());
        assert_eq!(hawaii.date(UNIX_EPOCH), "1970-01-01");
    }

    #[test]
    fn the_time_of_day_follows_the_zone_in_summer_and_winter() {
        // 2026-01-02 and 2026-07-02, 23:04:05 UTC.
        let [winter, summer] = [1_767_395_045, 1_783_033_445].map(|s| UNIX_EPOCH + Duration::from_secs(s));
        let berlin = Clock(TimeZone::from_posix_tz("CET-1CEST,M3.5.0,M10.5.0/3").unwrap());
        assert_eq!(
            (berlin.time_of_day(winter), berlin.time_of_day(summer)),
            ("00:04".into(), "01:04".into())
        );
        assert_eq!(Clock::utc().time_of_day(winter), "23:04");
    }
}
