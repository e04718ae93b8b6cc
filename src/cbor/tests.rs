use std::fmt::Debug;
use std::net::Ipv4Addr;
#[cfg(feature = "upgrade")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use proptest::prelude::*;

#[cfg(feature = "upgrade")]
use super::any::NOW;
use super::any::{Any, Choices};
use super::{FromCbor, Lines, ToCbor, map};
#[cfg(not(feature = "upgrade"))]
use super::{decode, encode};
use crate::message::{
    Account, Ban, ConnectionId, Event, EventKind, HistoryLimit, Identity, Peer, Rank, RoomChange, RoomFlag,
    SavedRoom, SavedUser, Source, Speech, SpeechKind,
};
#[cfg(feature = "upgrade")]
use crate::message::{CloseReason, Dialect, Selection, Tally};
use crate::name::{RoomName, UserName};
use crate::network::Network;

/// As in programs that hand over instants.
#[cfg(feature = "upgrade")]
fn encode(value: &(impl ToCbor + ?Sized)) -> Vec<u8> {
    super::encode_at(value, *NOW)
}

#[cfg(feature = "upgrade")]
fn decode<T: FromCbor>(bytes: &[u8]) -> Result<T, String> {
    super::decode_at(bytes, *NOW)
}

/// Bytes from which values are drawn.
pub(crate) fn choices() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..400)
}

/// Panics unless `T` keeps its promises for the value drawn from `input`: it reads back; no part of its encoding is
/// another value; damage is no panic; newer nodes may add keys.
pub(crate) fn keeps_promises<T: Any + ToCbor + FromCbor + Debug>(input: &[u8]) {
    let value = T::any(&mut Choices(input));
    value_keeps_promises(&value, input);
}

/// The same for this value.
pub(crate) fn value_keeps_promises<T: ToCbor + FromCbor + Debug>(value: &T, input: &[u8]) {
    let bytes = encode(value);
    let again: T = decode(&bytes).unwrap();
    assert_eq!(format!("{value:?}"), format!("{again:?}"));
    assert_eq!(encode(&again), bytes, "the same value has the same bytes");

    let some = 1 + bytes.len() / 40;
    for end in (0..bytes.len()).step_by(some).chain(bytes.len().checked_sub(1)) {
        assert!(decode::<T>(&bytes[..end]).is_err(), "the first {end} of {} bytes are a value", bytes.len());
    }
    for (place, flip) in (0..bytes.len()).step_by(some).zip(input.iter().chain([&1])) {
        let mut damaged = bytes.clone();
        damaged[place] ^= flip;
        if let Ok(other) = decode::<T>(&damaged) {
            assert!(decode::<T>(&encode(&other)).is_ok(), "what is read can be written");
        }
    }

    let newer: T = decode(&with_more_keys(&bytes)).unwrap();
    assert_eq!(format!("{value:?}"), format!("{newer:?}"));
}

/// The same with unknown keys in all maps.
fn with_more_keys(bytes: &[u8]) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    copy(&mut Decoder::new(bytes), &mut out);
    out.into_writer()
}

fn copy(input: &mut Decoder<'_>, out: &mut Encoder<Vec<u8>>) {
    match input.datatype().unwrap() {
        Type::Array => {
            let length = input.array().unwrap().unwrap();
            out.array(length).unwrap();
            (0..length).for_each(|_| copy(input, out));
        }
        Type::Map => {
            let length = input.map().unwrap().unwrap();
            out.map(length + 2).unwrap();
            (0..2 * length).for_each(|_| copy(input, out));
            out.u32(1_000).unwrap().begin_map().unwrap().u8(1).unwrap().str("new").unwrap().end().unwrap();
            out.u64(u64::MAX).unwrap().array(2).unwrap().bytes(b"\xff").unwrap().f64(0.5).unwrap();
        }
        _ => {
            let start = input.position();
            input.skip().unwrap();
            out.writer_mut().extend_from_slice(&input.input()[start..input.position()]);
        }
    }
}

proptest! {
    #[test]
    fn events_keep_promises(input in choices()) {
        keeps_promises::<Event>(&input);
    }

    #[test]
    fn what_the_store_keeps_keeps_promises(input in choices()) {
        keeps_promises::<Account>(&input);
        keeps_promises::<SavedUser>(&input);
        keeps_promises::<SavedRoom>(&input);
        keeps_promises::<Ban>(&input);
    }

    #[cfg(feature = "upgrade")]
    #[test]
    fn what_is_handed_over_keeps_promises(input in choices()) {
        keeps_promises::<Dialect>(&input);
        keeps_promises::<CloseReason>(&input);
        keeps_promises::<Tally>(&input);
        keeps_promises::<Vec<Selection>>(&input);
        keeps_promises::<Vec<(usize, Instant)>>(&input);
    }

    #[test]
    fn random_bytes_are_no_panic(input in choices()) {
        let _ = decode::<Event>(&input);
        let _ = decode::<SavedUser>(&input);
        let _ = decode::<SavedRoom>(&input);
    }
}

#[test]
fn times_are_exact() {
    let epoch = SystemTime::UNIX_EPOCH;
    for nanoseconds in [0, 1, 999_999_999, 1_000_000_000, 1_800_000_000_123_456_789] {
        let since = Duration::from_nanos(nanoseconds);
        for time in [epoch + since, epoch - since, epoch + Duration::from_secs(1 << 40) + since] {
            assert_eq!(decode(&encode(&time)), Ok(time));
        }
        assert_eq!(decode(&encode(&since)), Ok(since));
    }
}

#[test]
fn a_time_that_no_clock_tells_is_refused() {
    for (seconds, nanoseconds) in [(u64::MAX, 0), (1 << 60, 0), (0, 1_000_000_000), (1, u64::MAX)] {
        let bytes = encode(&(seconds, nanoseconds));
        assert!(decode::<Duration>(&bytes).is_err(), "{seconds} {nanoseconds}");
        assert!(decode::<SystemTime>(&bytes).is_err(), "{seconds} {nanoseconds}");
    }
    let mut out = super::Writer::default();
    out.array(2);
    out.signed(i64::MIN);
    out.number(0);
    assert!(decode::<SystemTime>(&out.into_bytes()).is_err());
}

#[test]
fn an_announced_length_allocates_nothing() {
    for bytes in ["9b0fffffffffffffff", "9a0fffffff01", "7b0fffffffffffffff61", "bb0fffffffffffffff"] {
        let bytes: Vec<u8> = (0..bytes.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&bytes[at..at + 2], 16).unwrap())
            .collect();
        assert!(decode::<Vec<u64>>(&bytes).is_err());
        assert!(decode::<Vec<RoomChange>>(&bytes).is_err());
        assert!(decode::<String>(&bytes).is_err());
        assert!(decode::<Speech>(&bytes).is_err());
    }
    assert!(decode::<Vec<bool>>(&encode(&vec![false; (1 << 20) + 1])).is_err(), "too many");
    assert!(decode::<String>(&encode("x".repeat(3 << 20).as_str())).is_err(), "too long");
}

#[test]
fn a_line_has_no_newline_and_no_nul_but_a_message_may() {
    for text in ["a\nb", "\0", "\n"] {
        let error = "a text of one line has several, or a NUL";
        let bytes = encode(&Lines(text));
        assert_eq!(decode::<String>(&bytes), Err(error.to_owned()));
        assert_eq!(decode::<Box<str>>(&bytes), Err(error.to_owned()));
        let speech = Speech::message(text);
        assert_eq!(decode(&encode(&speech)), Ok(speech));
        let tags = [&[0xa2, 0, 0, 2][..], &bytes].concat();
        assert_eq!(decode::<Speech>(&tags), Err(format!("tags: {error}")));
    }
}

#[test]
fn every_text_is_written_so_that_it_can_be_read() {
    for (text, line) in [("a\nb", "a b"), ("\0", " "), ("a\r\n", "a\r ")] {
        assert_eq!(decode(&encode(text)), Ok(line.to_owned()));
        assert_eq!(decode(&encode(&text.to_owned())), Ok(line.to_owned()));
    }
    let long = "é".repeat(20_000);
    let identity = Identity::new(UserName::new("alice").unwrap(), &long, &long, &long);
    assert_eq!(decode(&encode(&identity)), Ok(identity));
}

#[test]
fn values_that_no_peer_could_have_caused_are_refused() {
    assert!(decode::<UserName>(&encode("a b")).is_err());
    assert!(decode::<RoomName>(&encode("tea")).is_err());
    assert!(decode::<Network>(&encode("192.0.2.0/33")).is_err());
    assert!(decode::<Rank>(&encode(&4_u8)).is_err());
    assert!(decode::<RoomFlag>(&encode(&0_u8)).is_err());
    assert!(decode::<ConnectionId>(&encode(&(1_u32 << 24))).is_err());
    assert!(decode::<u16>(&encode(&65_536_u32)).is_err());
    let peer = encode(&Peer::Tcp(Ipv4Addr::LOCALHOST.into(), 1));
    assert!(decode::<Peer>(&peer).is_ok());
    let longer = [&[0x82, 0x45][..], &[0; 5], &[1]].concat();
    assert_eq!(decode::<Peer>(&longer), Err("an address has 5 bytes".to_owned()));
}

#[test]
fn an_error_tells_what_is_wrong_and_where() {
    let room = RoomName::new("#tea").unwrap();
    let changes = vec![RoomChange::Limit(Some(1)), RoomChange::Flag(RoomFlag::Secret, true)];
    let mut bytes = encode(&EventKind::Changed { room, changes });
    let flag = bytes.len() - 3;
    assert_eq!(std::mem::replace(&mut bytes[flag], 23), 4);
    let error = decode::<EventKind>(&bytes).unwrap_err();
    assert_eq!(error, "changes: flag: the flag of a room 23 is unknown");

    assert_eq!(decode::<HistoryLimit>(&[0xa1, 0, 1]).unwrap_err(), "age: it is missing");
    assert_eq!(decode::<HistoryLimit>(&[0xa2, 0, 1, 0, 1]).unwrap_err(), "the key 0 follows 0");
    assert_eq!(decode::<EventKind>(&[0x82, 0x18, 99, 0xa0]).unwrap_err(), "the event 99 is unknown");
    assert_eq!(decode::<u8>(&[1, 1]).unwrap_err(), "1 bytes are left behind the value");
}

/// As a struct that has lost its fields 0, 2 and 3.
#[derive(Debug, PartialEq)]
struct Gaps {
    one: u8,
    four: Option<u8>,
}

map!(Gaps { 1: one, 4: four });

#[test]
fn keys_ascend_and_unknown_ones_are_skipped_wherever_they_are() {
    let read = |bytes: &[u8]| decode::<Gaps>(&[&[0xa0 + bytes.len() as u8 / 2], bytes].concat());
    let both = Gaps { one: 11, four: Some(14) };
    assert_eq!(encode(&both), [0xa2, 1, 11, 4, 14]);
    assert_eq!(read(&[0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15]), Ok(both));
    for bytes in [&[1, 11, 3, 13, 6, 16][..], &[1, 11, 5, 15], &[0, 10, 1, 11], &[1, 11]] {
        assert_eq!(read(bytes), Ok(Gaps { one: 11, four: None }), "{bytes:?}");
    }
    for (bytes, key, last) in [
        (&[4, 14, 1, 11][..], 1, 4),
        (&[1, 11, 1, 11], 1, 1),
        (&[1, 11, 0, 10], 0, 1),
        (&[1, 11, 7, 17, 6, 16], 6, 7),
        (&[0, 10, 0, 10, 1, 11], 0, 0),
    ] {
        let error = read(bytes).unwrap_err();
        let missing = "one: it is missing";
        assert!(error == format!("the key {key} follows {last}") || error == missing && last == 4, "{error}");
    }
}

#[test]
fn what_readers_assume_is_not_written() {
    let speech = Speech { kind: SpeechKind::Message, text: String::new(), tags: "".into() };
    assert_eq!(encode(&speech), [0xa1, 0, 0]);
    let said = EventKind::Parted { room: RoomName::new("#tea").unwrap(), reason: String::new() };
    assert_eq!(encode(&said), [&[0x82, 4, 0xa1, 0, 0x64][..], b"#tea"].concat());
    assert_eq!(decode::<Source>(&encode(&Source::Server)), Ok(Source::Server));
}

#[test]
fn later_nodes_may_add_values_to_pairs() {
    assert_eq!(decode(&encode(&(1_u8, 2_u8, "new".to_owned()))), Ok((1_u8, 2_u8)));
    assert!(decode::<(u8, u8, u8)>(&encode(&(1_u8, 2_u8))).is_err());
}

#[cfg(feature = "upgrade")]
#[test]
fn a_capability_that_is_not_known_is_left_out() {
    use crate::message::Capabilities;
    let known = Capabilities::BATCH.and(Capabilities::SERVER_TIME);
    assert_eq!(decode(&encode(&known)), Ok(known));
    let all = Capabilities::ALL.iter().fold(Capabilities::NONE, |all, &(_, one)| all.and(one));
    assert_eq!(decode(&encode(&u32::MAX)), Ok(all));
}

#[cfg(feature = "upgrade")]
#[test]
fn a_connection_that_broke_in_an_odd_way_stays_broken() {
    use std::io::ErrorKind;
    let reason = |kind| CloseReason::Lost(kind);
    assert_eq!(decode(&encode(&reason(ErrorKind::TimedOut))), Ok(reason(ErrorKind::TimedOut)));
    assert_eq!(decode(&encode(&reason(ErrorKind::AddrInUse))), Ok(reason(ErrorKind::Other)));
}
