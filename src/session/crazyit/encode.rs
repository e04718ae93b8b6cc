//! Encodes events as lines of the CrazyIt protocol.

use std::borrow::Cow;

use crate::message::{Event, EventKind, Source, Speech, SpeechKind};
use crate::session::House;
use crate::wire::crazyit::{notice_line, said_line, whispered_line};
use crate::wire::irc::without_formatting;

/// Appends the line that tells a CrazyIt client of `event`. Most events have none: these clients only know messages in
/// the lobby and whispers. Other devices of their users may be in other rooms.
#[cfg_attr(not(feature = "store"), expect(unused_variables, reason = "nobody has other devices"))]
pub(in crate::session) fn encode(event: &Event, house: &House, out: &mut Vec<u8>) {
    let Source::User(from) = &event.from else {
        if let EventKind::Notice(text) = &event.kind {
            out.extend_from_slice(notice_line(text).as_bytes());
        }
        return;
    };
    let line = match &event.kind {
        #[cfg(feature = "store")]
        EventKind::Said { room, .. } | EventKind::Kicked { room, .. } if *room != house.config.lobby => None,
        EventKind::Said { speech, .. } => plain(speech).map(|text| said_line(&from.name, &text)),
        #[cfg(feature = "store")]
        // One that the user has sent from another device.
        EventKind::Whispered { to, speech } if event.watched => {
            plain(speech).map(|text| notice_line(&format!("to {to}: {text}")))
        }
        EventKind::Whispered { speech, .. } => plain(speech).map(|text| whispered_line(&from.name, &text)),
        // Users would otherwise wonder why they hear nothing more.
        EventKind::Kicked { who, reason, .. } => {
            Some(notice_line(&format!("{who} was removed by {}: {reason}", from.name)))
        }
        EventKind::Joined { .. }
        | EventKind::Parted { .. }
        | EventKind::Left { .. }
        | EventKind::Renamed { .. }
        | EventKind::TopicSet { .. }
        | EventKind::Changed { .. }
        | EventKind::Invited { .. }
        | EventKind::Away(_)
        | EventKind::RealnameSet(_)
        | EventKind::Appeared { .. }
        | EventKind::Vanished { .. }
        | EventKind::HostSet { .. }
        | EventKind::Wallops(_)
        | EventKind::Notice(_) => None,
        #[cfg(feature = "store")]
        EventKind::AccountSet(_)
        | EventKind::RoomRenamed { .. }
        | EventKind::MarkedRead { .. }
        | EventKind::MetadataSet { .. }
        | EventKind::Redacted { .. } => None,
    };
    out.extend_from_slice(line.unwrap_or_default().as_bytes());
}

/// The text without IRC markup: actions between asterisks, no other CTCP requests, no bold, no colours. `None` when
/// nothing is left to show.
fn plain(speech: &Speech) -> Option<Cow<'_, str>> {
    let text = match (speech.kind, speech.text.strip_prefix('\x01')) {
        (SpeechKind::TagsOnly, _) => return None,
        (SpeechKind::Message | SpeechKind::Notice, None) => without_formatting(&speech.text),
        (SpeechKind::Message | SpeechKind::Notice, Some(request)) => {
            let action = request.strip_prefix("ACTION ")?;
            format!("*{}*", without_formatting(action.trim_end_matches('\x01'))).into()
        }
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn irc_markup_is_left_out() {
        let cases = [
            ("\x02bold\x02 and \x1ditalic\x0f", Some("bold and italic")),
            ("\x034,12red\x03, plain", Some("red, plain")),
            ("\x03123 apples", Some("3 apples")),
            ("\x04ff0000,00ff00x", Some("x")),
            ("\x01ACTION waves\x01", Some("*waves*")),
            ("\x01VERSION\x01", None),
            ("好\x03", Some("好")),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(&Speech::message(text)).as_deref(), expected, "{text:?}");
        }
    }
}
