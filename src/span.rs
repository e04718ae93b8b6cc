//! Durations as people write them: `30m`, `12h`, `7d`, `1w`, or minutes without a letter.

use std::time::Duration;

/// Longest duration that ends, in minutes: 100 years. Longer ones never do.
const MOST_MINUTES: u64 = 100 * 365 * 24 * 60;

/// Parses a number, in minutes or in the unit of the letter after it. `Some(None)` never ends; `None` is not a
/// duration.
pub(crate) fn parse(text: &str) -> Option<Option<Duration>> {
    let (number, minutes) = match text.as_bytes().last()?.to_ascii_lowercase() {
        b'0'..=b'9' => (text, 1),
        b'm' => (&text[..text.len() - 1], 1),
        b'h' => (&text[..text.len() - 1], 60),
        b'd' => (&text[..text.len() - 1], 24 * 60),
        b'w' => (&text[..text.len() - 1], 7 * 24 * 60),
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let minutes = number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(minutes);
    Some((1..=MOST_MINUTES).contains(&minutes).then(|| Duration::from_secs(60 * minutes)))
}

/// Writes a duration of whole minutes in its largest unit, as `parse` reads it.
#[cfg(feature = "store")]
pub(crate) fn shown(span: Duration) -> String {
    let minutes = span.as_secs() / 60;
    let units = [(7 * 24 * 60, 'w'), (24 * 60, 'd'), (60, 'h')];
    let unit = units
        .into_iter()
        .find(|&(unit, letter)| minutes.is_multiple_of(unit) && (letter != 'w' || minutes > unit));
    let (unit, letter) = unit.filter(|_| minutes > 0).unwrap_or((1, 'm'));
    format!("{}{letter}", minutes / unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_minutes_or_in_the_unit_of_its_letter() {
        let minutes = |text: &str| parse(text).map(|time| time.map(|time| time.as_secs() / 60));
        for (text, expected) in [
            ("30", Some(Some(30))),
            ("30m", Some(Some(30))),
            ("12h", Some(Some(720))),
            ("7D", Some(Some(10_080))),
            ("1w", Some(Some(10_080))),
            ("0", Some(None)),
            ("0d", Some(None)),
            ("99999999999999999999999w", Some(None)),
            ("", None),
            ("m", None),
            ("1y", None),
            ("-1", None),
            ("1m2", None),
            ("1.5h", None),
            ("1é", None),
            ("bob", None),
        ] {
            assert_eq!(minutes(text), expected, "{text:?}");
        }
    }

    #[cfg(feature = "store")]
    #[test]
    fn a_duration_is_shown_in_its_largest_unit_and_reads_back() {
        for text in ["1m", "90m", "2h", "1d", "7d", "2w", "30d"] {
            let span = parse(text).unwrap().unwrap();
            assert_eq!(parse(&shown(span)), Some(Some(span)), "{text}");
            assert_eq!(shown(span), text);
        }
    }
}
