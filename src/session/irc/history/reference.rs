//! References to a place in the past: `msgid=…`, `timestamp=…`, as `CHATHISTORY` has them.

use crate::date;
use crate::message::EventId;

/// The kinds of references, for `MSGREFTYPES`, the preferred one first.
pub(in crate::session::irc) const KINDS: &str = "msgid,timestamp";

/// A place in the past: a message, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// The last id before the place.
    pub(super) before: EventId,
    /// The first id after it.
    pub(super) after: EventId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadReference {
    /// Of no kind that the server knows.
    Kind,
    /// The value is wrong.
    Value,
}

impl Reference {
    pub(super) fn parse(text: &str) -> Result<Self, BadReference> {
        let (kind, value) = text.split_once('=').ok_or(BadReference::Kind)?;
        match kind {
            "msgid" => {
                let id: EventId = value.parse().map_err(|_| BadReference::Value)?;
                Ok(Self { before: id.previous(), after: id.following() })
            }
            "timestamp" => {
                let time = date::parse(value).ok_or(BadReference::Value)?;
                Ok(Self { before: EventId::before(time), after: EventId::after(time) })
            }
            _ => Err(BadReference::Kind),
        }
    }

    /// The exclusive lower end of what comes after the place.
    pub(super) fn later_than(self) -> EventId {
        self.after.previous()
    }

    /// The exclusive upper end of what comes before the place.
    pub(super) fn earlier_than(self) -> EventId {
        self.before.following()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_between_what_is_before_and_after_it() {
        let reference = Reference::parse("msgid=0000000000000007").unwrap();
        assert_eq!(reference.later_than(), EventId::from_number(7));
        assert_eq!(reference.earlier_than(), EventId::from_number(7));
    }

    #[test]
    fn a_timestamp_stands_for_its_whole_millisecond() {
        let reference = Reference::parse("timestamp=1970-01-01T00:00:00.002Z").unwrap();
        assert_eq!(reference.earlier_than(), EventId::from_number(2 << 20));
        assert_eq!(reference.later_than(), EventId::from_number((3 << 20) - 1));
    }

    #[test]
    fn wrong_references_say_whether_the_kind_or_the_value_is_wrong() {
        for (text, why) in [
            ("", BadReference::Kind),
            ("*", BadReference::Kind),
            ("0000000000000007", BadReference::Kind),
            ("id=7", BadReference::Kind),
            ("msgid=", BadReference::Value),
            ("msgid=7", BadReference::Value),
            ("timestamp=yesterday", BadReference::Value),
            ("timestamp=", BadReference::Value),
        ] {
            assert_eq!(Reference::parse(text), Err(why), "{text:?}");
        }
    }
}
