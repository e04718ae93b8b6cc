//! Events as members of the sorted set of their place: the id, whether the place was closed, and the event as CBOR.

use std::borrow::Cow;

use crate::cbor;
use crate::message::{Event, EventId, EventKind, RoomChange};
use crate::store::class::Class;
use crate::store::place::Place;

/// Digits of an id.
const ID_BYTES: usize = 16;

const OPEN: u8 = b'o';
const CLOSED: u8 = b'c';

/// What stands for the key of a room, which is never written.
const HIDDEN: &str = "*";

/// A member as it is read.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: EventId,
    pub(super) is_closed: bool,
    /// `None` if it makes no sense.
    pub(super) event: Option<Event>,
}

/// The member for an event.
pub(super) fn member(event: &Event, is_closed: bool) -> Vec<u8> {
    let mut member = event.id.to_string().into_bytes();
    member.push(if is_closed { CLOSED } else { OPEN });
    member.extend(cbor::encode(&*kept(event)));
    member
}

/// The event without what is not kept.
fn kept(event: &Event) -> Cow<'_, Event> {
    let kind = match &event.kind {
        EventKind::Joined { room, .. } => EventKind::Joined { room: room.clone(), away: None },
        EventKind::Changed { room, changes } => {
            let changes = changes.iter().map(without_key).collect();
            EventKind::Changed { room: room.clone(), changes }
        }
        _ if !event.watched => return Cow::Borrowed(event),
        kind => kind.clone(),
    };
    Cow::Owned(Event { id: event.id, time: event.time, from: event.from.clone(), watched: false, kind })
}

fn without_key(change: &RoomChange) -> RoomChange {
    match change {
        RoomChange::Key(Some(_)) => RoomChange::Key(Some(HIDDEN.to_owned())),
        change => change.clone(),
    }
}

/// Reads a member of this class at `place`; `None` if it has not even an id.
pub(super) fn read(member: &[u8], place: &Place, class: Class) -> Option<Member> {
    let (id, rest) = member.split_at_checked(ID_BYTES)?;
    let id: EventId = str::from_utf8(id).ok()?.parse().ok()?;
    let (manner, payload) = rest.split_first()?;
    let event = cbor::decode::<Event>(payload).ok();
    let event = event.filter(|event| event.id == id && Class::of(&event.kind) == Some(class));
    let event = event.and_then(|event| {
        let kind = moved(event.kind, place)?;
        Some(Event { watched: false, kind, ..event })
    });
    // What is neither belongs to a later version: nobody knows who may read it.
    let event = event.filter(|_| matches!(*manner, OPEN | CLOSED));
    Some(Member { id, is_closed: *manner != OPEN, event })
}

/// What happened, told of the room that has this name now. `None` if it cannot happen there.
fn moved(kind: EventKind, place: &Place) -> Option<EventKind> {
    let room = match (&kind, place) {
        (EventKind::Whispered { .. }, Place::Talk(_)) => return Some(kind),
        (EventKind::Whispered { .. }, Place::Room(_)) | (_, Place::Talk(_)) => return None,
        (_, Place::Room(room)) => room.clone(),
    };
    Some(match kind {
        EventKind::Said { to_rank, speech, .. } => EventKind::Said { room, to_rank, speech },
        EventKind::Joined { away, .. } => EventKind::Joined { room, away },
        EventKind::Parted { reason, .. } => EventKind::Parted { room, reason },
        EventKind::Kicked { who, reason, .. } => EventKind::Kicked { room, who, reason },
        EventKind::TopicSet { topic, .. } => EventKind::TopicSet { room, topic },
        EventKind::Changed { changes, .. } => EventKind::Changed { room, changes },
        kind => kind,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::message::{Rank, Source, Speech};

    fn event(kind: EventKind) -> Event {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000);
        Event { id: EventId::MIN.next(time), time, from: Source::Server, watched: true, kind }
    }

    fn room(name: &str) -> crate::name::RoomName {
        name.parse().unwrap()
    }

    #[test]
    fn members_have_the_order_of_their_ids() {
        let (mut one, mut other) =
            (event(EventKind::Left { reason: "z".into() }), event(EventKind::Left { reason: "a".into() }));
        one.id = EventId::from_number(0xff);
        other.id = EventId::from_number(0x100);
        assert!(member(&one, true) < member(&other, false));
    }

    #[test]
    fn the_key_of_a_room_is_not_written() {
        let changes = vec![RoomChange::Key(Some("sesame".into())), RoomChange::Limit(Some(5))];
        let member = member(&event(EventKind::Changed { room: room("#tea"), changes }), true);
        assert!(!member.windows(6).any(|part| part == b"sesame"));
        let read = read(&member, &Place::Room(room("#Coffee")), Class::Event).unwrap();
        let changes = vec![RoomChange::Key(Some("*".into())), RoomChange::Limit(Some(5))];
        let expected = EventKind::Changed { room: room("#Coffee"), changes };
        assert_eq!(read.event.map(|event| (event.kind, event.watched)), Some((expected, false)));
        assert!(read.is_closed);
    }

    #[test]
    fn what_makes_no_sense_is_no_event() {
        let speech = Speech::message("hello");
        let said = event(EventKind::Said { room: room("#tea"), to_rank: Rank::NONE, speech: speech.clone() });
        let place = Place::Room(room("#tea"));
        let good = member(&said, false);
        let event_of = |bytes: &[u8], class| read(bytes, &place, class).and_then(|member| member.event);
        assert!(event_of(&good, Class::Message).is_some());
        assert!(event_of(&good, Class::Event).is_none(), "another class");
        let mut other = good.clone();
        other[15] = b'7';
        assert!(event_of(&other, Class::Message).is_none(), "another id");
        other = good.clone();
        other[16] = b'x';
        assert!(event_of(&other, Class::Message).is_none(), "another manner");
        for end in 0..good.len() {
            assert!(event_of(&good[..end], Class::Message).is_none(), "{end}");
        }
        let whispered = member(&event(EventKind::Whispered { to: "bob".parse().unwrap(), speech }), false);
        assert!(event_of(&whispered, Class::Message).is_none(), "private messages are in no room");
    }
}
