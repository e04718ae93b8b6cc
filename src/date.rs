//! Dates in UTC as in RFC 3339: `2026-11-24T08:00:00Z`.
//!
//! Clocks may be wrong, so every time has a date: times before 1970 become the first second of 1970, times after 9999
//! the last second of 9999. No machine has problems after 2038.

use std::fmt;
use std::time::{Duration, SystemTime};

/// The last second of the year 9999, the latest in RFC 3339, in seconds since 1970.
const LATEST_S: u64 = 253_402_300_799;

const DAY_S: u64 = 24 * 60 * 60;

/// The length of a date with milliseconds.
const BYTES: usize = "2026-11-24T08:00:00.000Z".len();

/// The length of a date up to the second.
const WHOLE_BYTES: usize = "2026-11-24T08:00:00".len();

/// A time that displays as a date.
#[derive(Clone, Copy, Debug)]
pub struct Date {
    since_1970: Duration,
    has_millis: bool,
}

/// `time` as a date in whole seconds.
pub fn seconds(time: SystemTime) -> Date {
    Date { since_1970: since_1970(time), has_millis: false }
}

/// `time` as a date with milliseconds.
pub fn millis(time: SystemTime) -> Date {
    Date { since_1970: since_1970(time), has_millis: true }
}

/// `time` rounded down to the second, within the range of dates.
pub fn whole_seconds(time: SystemTime) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(since_1970(time).as_secs())
}

/// Parses a date in UTC from 1970 to 9999, with up to nine fractional digits. `None` for other text.
pub fn parse(text: &str) -> Option<SystemTime> {
    let (whole, rest) = text.as_bytes().split_at_checked(WHOLE_BYTES)?;
    let number = |at: usize, digits: usize| decimal(whole.get(at..at + digits)?);
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, separator)| whole[at] != separator) {
        return None;
    }
    let date = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    // Leap seconds have the number 60; the system clock has none.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(date)? * DAY_S + hour * 3600 + minute * 60 + second.min(59);
    Some(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds(rest)?))
}

/// The time since 1970, at most to the end of 9999.
fn since_1970(time: SystemTime) -> Duration {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    since.min(Duration::new(LATEST_S, 999_999_999))
}

/// Parses a number of decimal digits only.
fn decimal(digits: &[u8]) -> Option<u64> {
    let value = |digit: &u8| digit.is_ascii_digit().then(|| u64::from(digit - b'0'));
    digits.iter().try_fold(0, |number, digit| Some(10 * number + value(digit)?))
}

/// Parses the text after the seconds, as nanoseconds: an optional fraction, then the zone, which must be UTC.
fn nanoseconds(text: &[u8]) -> Option<u32> {
    let fraction = text.strip_suffix(b"Z").or_else(|| text.strip_suffix(b"+00:00"))?;
    if fraction.is_empty() {
        return Some(0);
    }
    let digits = fraction.strip_prefix(b".").filter(|digits| (1..=9).contains(&digits.len()))?;
    let number = digits.iter().chain([b'0'; 8].iter()).take(9).copied().collect::<Vec<_>>();
    u32::try_from(decimal(&number)?).ok()
}

/// Year, month and day of a day counted from 1970 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
/// `civil_from_days`). Its years begin in March, so that a leap day is the last day of a year.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

/// The inverse of `date`. `None` before 1970 and for days that do not exist.
fn days((year, month, day): (u64, u64, u64)) -> Option<u64> {
    let in_range = year >= 1970 && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !in_range {
        return None;
    }
    let march_year = year - u64::from(month <= 2);
    let (era, of_era) = (march_year / 400, march_year % 400);
    let of_year = (153 * if month > 2 { month - 3 } else { month + 9 } + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    (date(days) == (year, month, day)).then_some(days)
}

/// `time` as HTTP writes it (RFC 9110 §5.6.7): `Thu, 26 Nov 2026 08:00:00 GMT`.
#[cfg(feature = "web")]
pub(crate) fn http(time: SystemTime) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = since_1970(time).as_secs();
    let (year, month, day) = date(seconds / DAY_S);
    // 1970 began with a Thursday.
    let weekday = DAYS[(seconds / DAY_S % 7) as usize];
    let month = MONTHS[(month - 1) as usize];
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{weekday}, {day:02} {month} {year} {hour:02}:{minute:02}:{second:02} GMT")
}

/// Fills `bytes` with the decimal digits of `number`.
fn put(bytes: &mut [u8], mut number: u64) {
    for byte in bytes.iter_mut().rev() {
        *byte = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.since_1970.as_secs();
        let (year, month, day) = date(seconds / DAY_S);
        let mut bytes: [u8; BYTES] = *b"0000-00-00T00:00:00.000Z";
        for (at, digits, number) in [
            (0, 4, year),
            (5, 2, month),
            (8, 2, day),
            (11, 2, seconds / 3600 % 24),
            (14, 2, seconds / 60 % 60),
            (17, 2, seconds % 60),
            (20, 3, self.since_1970.subsec_millis().into()),
        ] {
            put(&mut bytes[at..at + digits], number);
        }
        let end = if self.has_millis {
            BYTES
        } else {
            bytes[WHOLE_BYTES] = b'Z';
            WHOLE_BYTES + 1
        };
        // The buffer contains only ASCII.
        f.write_str(str::from_utf8(&bytes[..end]).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tz::UtcDateTime;

    use super::*;

    #[test]
    #[cfg(feature = "web")]
    fn http_has_the_day_of_the_week() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
            ("2024-02-29T23:59:59Z", "Thu, 29 Feb 2024 23:59:59 GMT"),
            ("9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(http(parse(text).unwrap()), expected);
        }
    }

    fn at(seconds: u64, nanos: u32) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
    }

    fn shown(time: SystemTime) -> [String; 2] {
        [seconds(time).to_string(), millis(time).to_string()]
    }

    #[test]
    fn a_date_is_in_utc_with_or_without_milliseconds() {
        let time = at(1_795_503_845, 678_999_999);
        assert_eq!(shown(time), ["2026-11-24T07:04:05Z", "2026-11-24T07:04:05.678Z"]);
        assert_eq!(shown(at(0, 0)), ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"]);
    }

    #[test]
    fn a_time_before_1970_is_shown_as_the_first_second_of_1970() {
        let first = ["1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"];
        for before in [1, 1_000_000_000, 10 * 365 * DAY_S, i64::MAX as u64] {
            let time = SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(before)).unwrap();
            assert_eq!(shown(time), first, "{before} s before 1970");
            assert_eq!(whole_seconds(time), SystemTime::UNIX_EPOCH);
        }
        assert_eq!(shown(SystemTime::UNIX_EPOCH - Duration::from_nanos(1)), first);
    }

    #[test]
    fn a_time_after_9999_is_shown_as_the_last_second_of_9999() {
        let last = ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999Z"];
        for seconds in [LATEST_S + 1, LATEST_S + DAY_S, 1 << 40, i64::MAX as u64] {
            assert_eq!(shown(at(seconds, 0)), last, "{seconds} s since 1970");
            assert_eq!(whole_seconds(at(seconds, 0)), at(LATEST_S, 0));
        }
        assert_eq!(shown(at(LATEST_S, 999_999_999)), last);
    }

    #[test]
    fn dates_after_2038_read_back_on_every_machine() {
        for text in
            ["2038-01-19T03:14:07Z", "2038-01-19T03:14:08Z", "2106-02-07T06:28:16Z", "9999-12-31T23:59:59Z"]
        {
            assert_eq!(parse(text).map(|time| seconds(time).to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_fraction_has_one_to_nine_digits() {
        for (text, nanos) in [
            ("2026-11-24T07:04:05.6Z", 600_000_000),
            ("2026-11-24T07:04:05.678Z", 678_000_000),
            ("2026-11-24T07:04:05.000000001Z", 1),
            ("2026-11-24T07:04:05.678+00:00", 678_000_000),
            ("2026-11-24T07:04:05+00:00", 0),
        ] {
            assert_eq!(parse(text), Some(at(1_795_503_845, nanos)), "{text}");
        }
        assert_eq!(parse("2016-12-31T23:59:60Z"), parse("2016-12-31T23:59:59Z"), "a leap second");
    }

    #[test]
    fn text_that_is_no_date_is_refused() {
        for text in [
            "",
            "soon",
            "2026-11-24",
            "2026-11-24T07:04:05",
            "2026-11-24T07:04:05.Z",
            "2026-11-24T07:04:05.0123456789Z",
            "2026-11-24T07:04:05+01:00",
            "2026-11-24 07:04:05Z",
            "2026-11-24T07:04:05Zé",
            "2026-11-24T07:04:0éZ",
            "+026-11-24T07:04:05Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T07:60:00Z",
            "2026-11-24T07:04:61Z",
            "1969-12-31T23:59:59Z",
            "0000-00-00T00:00:00Z",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_has_the_same_date_as_in_another_implementation() {
        for day in 0..=LATEST_S / DAY_S {
            let expected = UtcDateTime::from_timespec((day * DAY_S) as i64, 0).unwrap();
            let expected = (expected.year() as u64, expected.month().into(), expected.month_day().into());
            assert_eq!((date(day), days(expected)), (expected, Some(day)));
        }
    }

    proptest! {
        #[test]
        fn parsing_a_displayed_date_gives_the_same_time(seconds in 0..=LATEST_S, millis in 0..1000u32) {
            let time = at(seconds, millis * 1_000_000);
            prop_assert_eq!(parse(&super::millis(time).to_string()), Some(time));
            prop_assert_eq!(parse(&super::seconds(time).to_string()), Some(whole_seconds(time)));
        }

        #[test]
        fn no_text_makes_the_parser_panic(any in "\\PC{0,30}", near in "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[.0-9Zé]{0,12}") {
            parse(&any);
            parse(&near);
        }
    }
}
