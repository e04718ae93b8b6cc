//! Private messages: after a lost connection, and at the start.

use super::*;
use crate::terminal::recall::talks::WHISPERS;

/// A message that bob whispered in this second.
fn whisper(second: u64) -> ClientEvent {
    let (from, to, text) = ("bob".into(), Some("alice".into()), second.to_string());
    let kind = ClientEventKind::Whispered { from, to, text, manner: Manner::Message };
    ClientEvent { kind, ..line(second) }
}

fn talked_with(who: &str) -> ClientEvent {
    event(ClientEventKind::TalkedWith { who: who.into(), last: Some(at(16)) })
}

#[test]
fn private_messages_that_were_missed_are_shown_once() {
    let mut scene = Scene::having_heard(10);
    assert_eq!(scene.hear(whisper(11)), ["11"]);
    assert_eq!(scene.hear(talked_with("bob")), [""; 0], "nobody has asked");
    scene.recalls.lost();
    scene.recalls.lost();
    let joined = ClientEventKind::Joined { room: "#tea".into(), who: "alice".into() };
    let joined = ClientEvent { time: Some(at(20)), is_own: true, ..event(joined) };
    scene.recalls.hear(joined.clone(), OFFER, scene.now);
    let talks = Request::Talks { after: at(11), most: TALKS_MOST };
    assert_eq!(scene.recalls.take_requests().pop(), Some(talks));
    assert_eq!(scene.hear(whisper(21)), ["21"], "it came before the answer");
    assert_eq!(scene.hear(talked_with("bob")), [""; 0]);
    assert_eq!(scene.hear(talked_with("BOB")), [""; 0]);
    let after = Some(Moment { id: None, time: Some(at(11)) });
    let asked = Request::History { room: "bob".into(), after, before: None, most: 100 };
    assert_eq!(scene.recalls.take_requests(), [asked]);
    let events = [15, 16, 21].map(whisper).to_vec();
    let page = event(ClientEventKind::History { room: "bob".into(), events, is_all: true });
    assert_eq!(scene.hear(page), ["Missed: 15 16"]);
    scene.recalls.hear(joined, OFFER, scene.now);
    let again = scene.recalls.take_requests();
    assert!(again.iter().all(|request| !matches!(request, Request::Talks { .. })), "only once: {again:?}");
}

#[test]
fn endless_private_messages_take_limited_memory() {
    let mut scene = Scene::having_heard(1);
    (0..2 * WHISPERS as u64).for_each(|second| drop(scene.hear(whisper(second))));
    assert_eq!(scene.recalls.talks.heard.len(), WHISPERS);
}

/// A start at the keyboard at this time, by the server's clock, and what is asked.
fn start(second: u64) -> (Scene, Vec<Request>) {
    let mut scene = Scene { recalls: Recalls::new(0, true).for_reader(), now: Instant::now() };
    let joined = ClientEventKind::Joined { room: "#tea".into(), who: "alice".into() };
    let joined = ClientEvent { time: Some(at(second)), is_own: true, ..event(joined) };
    scene.recalls.hear(joined, OFFER, scene.now);
    let requests = scene.recalls.take_requests();
    (scene, requests)
}

fn marker(of: &str, second: Option<u64>) -> ClientEvent {
    event(ClientEventKind::ReadMarker { of: of.into(), at: second.map(at) })
}

fn read(second: Option<u64>) -> Request {
    Request::ReadMarker { of: "bob".into(), at: second.map(at) }
}

const WEEK: u64 = 7 * 24 * 60 * 60;

#[test]
fn a_start_shows_private_messages_after_the_marker_or_of_the_last_days() {
    for (started, marked, since) in [(20, Some(14), 14), (WEEK + 9, None, 9)] {
        let (mut scene, requests) = start(started);
        assert_eq!(requests, [Request::Talks { after: UNIX_EPOCH, most: TALKS_MOST }]);
        assert_eq!(scene.hear(marker("bob", Some(1))), [""; 0], "nobody has asked");
        assert_eq!(scene.hear(talked_with("bob")), [""; 0]);
        assert_eq!(scene.recalls.take_requests(), [read(None)]);
        assert_eq!(scene.hear(marker("BOB", marked)), [""; 0]);
        let after = Some(Moment { id: None, time: Some(at(since)) });
        let asked = Request::History { room: "BOB".into(), after, before: None, most: UNREAD_MOST };
        assert_eq!(scene.recalls.take_requests(), [asked]);
        let events = [15, 16].map(whisper).to_vec();
        let page = event(ClientEventKind::History { room: "bob".into(), events, is_all: true });
        assert_eq!(scene.hear(page), ["Missed: 15 16"]);
        assert_eq!(scene.expire(), [""; 0]);
        assert_eq!(scene.recalls.take_requests(), [read(Some(16))]);
        assert_eq!(scene.recalls.due(), None);
    }
}

#[test]
fn nothing_is_fetched_from_people_whose_last_message_was_read_or_is_old() {
    for (started, marked) in [(20, Some(16)), (WEEK + 16, None)] {
        let (mut scene, _) = start(started);
        scene.hear(talked_with("bob"));
        scene.recalls.take_requests();
        scene.hear(marker("bob", marked));
        assert_eq!((scene.recalls.take_requests(), scene.recalls.is_waiting()), (vec![], false));
    }
}

#[test]
fn a_burst_of_private_messages_is_one_marker_and_leaving_does_not_wait_for_it() {
    let (mut scene, _) = start(20);
    let own = ClientEventKind::Whispered {
        from: "alice".into(),
        to: Some("bob".into()),
        text: "23".into(),
        manner: Manner::Message,
    };
    scene.hear(whisper(21));
    scene.hear(whisper(22));
    scene.hear(ClientEvent { is_own: true, kind: own, ..line(23) });
    assert_eq!(scene.recalls.take_requests(), []);
    assert_eq!(scene.expire(), [""; 0]);
    assert_eq!(scene.recalls.take_requests(), [read(Some(23))]);
    scene.hear(whisper(24));
    scene.recalls.tell_markers();
    assert_eq!(scene.recalls.take_requests(), [read(Some(24))]);
    assert_eq!(scene.hear(refused("MARKREAD", "MARKREAD")), [""; 0], "nobody typed it");
}

#[test]
fn markers_are_neither_asked_for_nor_set_without_a_reader_or_by_a_server_that_has_none() {
    let joined = ClientEventKind::Joined { room: "#tea".into(), who: "alice".into() };
    let joined = ClientEvent { time: Some(at(20)), is_own: true, ..event(joined) };
    let without = HistoryOffer { has_markers: false, ..OFFER };
    for (mut recalls, offer) in
        [(Recalls::new(0, true), OFFER), (Recalls::new(0, true).for_reader(), without)]
    {
        let now = Instant::now();
        for event in [joined.clone(), talked_with("bob"), whisper(21)] {
            recalls.hear(event, offer, now);
        }
        recalls.tell_markers();
        assert_eq!((recalls.due(), recalls.take_requests()), (None, vec![]));
    }
}

#[test]
fn of_many_people_those_who_wrote_last_are_asked_for_what_was_missed() {
    let (mut scene, _) = start(WEEK);
    for n in 0..TALKS_MOST as u64 {
        let (who, last) = (format!("user{n}"), Some(at(n + 1)));
        scene.hear(event(ClientEventKind::TalkedWith { who, last }));
    }
    scene.recalls.take_requests();
    (0..TALKS_MOST).for_each(|n| drop(scene.hear(marker(&format!("user{n}"), Some(0)))));
    let rooms: Vec<_> = scene.recalls.fetches.iter().map(Fetch::room).collect();
    assert_eq!((rooms.len(), rooms.first(), rooms.last()), (20, Some(&"user30"), Some(&"user49")));
}
