//! The time of messages of the past, in their text: for clients that cannot be told it otherwise.

use std::time::SystemTime;

use super::ctcp::CTCP_ACTION;
use crate::date;
use crate::message::{Event, EventKind};

/// Puts the time in front of the text of a message. Within an action, it is in front of what is done.
pub(super) fn write_time(event: &mut Event) {
    if let EventKind::Said { speech, .. } | EventKind::Whispered { speech, .. } = &mut event.kind {
        put_time(event.time, &mut speech.text);
    }
}

fn put_time(at: SystemTime, text: &mut String) {
    let date = date::seconds(at).to_string();
    // Hours and minutes, in UTC.
    let time = date.get("2026-11-24T".len()..).and_then(|time| time.get(.."08:00".len())).unwrap_or_default();
    let start = if text.starts_with(CTCP_ACTION) { CTCP_ACTION.len() } else { 0 };
    text.insert_str(start, &format!("[{time}] "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_in_front_of_the_text_and_within_an_action() {
        let at = date::parse("2026-11-24T20:15:59Z").unwrap();
        for (text, shown) in
            [("hi", "[20:15] hi"), ("\x01ACTION waves\x01", "\x01ACTION [20:15] waves\x01"), ("", "[20:15] ")]
        {
            let mut text = text.to_owned();
            put_time(at, &mut text);
            assert_eq!(text, shown);
        }
    }
}
