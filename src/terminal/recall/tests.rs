//! What is fetched, shown and dropped, by what the server answers.

mod talks;

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::client::Manner;

const OFFER: HistoryOffer =
    HistoryOffer { has_history: true, has_search: true, has_markers: true, most: Some(100), knows_ids: true };

fn at(second: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(second)
}

/// The line of this second, whose id and text are its number.
fn line(second: u64) -> ClientEvent {
    let (room, from, text) = (Some("#tea".to_owned()), "bob".to_owned(), second.to_string());
    let kind = ClientEventKind::Said { room, from, text, manner: Manner::Message };
    ClientEvent {
        time: Some(at(second)),
        id: Some(second.to_string()),
        is_own: false,
        answers: None,
        is_other_device: false,
        kind,
    }
}

fn moment(second: u64) -> Moment {
    Moment { id: Some(second.to_string()), time: Some(at(second)) }
}

fn event(kind: ClientEventKind) -> ClientEvent {
    ClientEvent { time: None, id: None, is_own: false, answers: None, is_other_device: false, kind }
}

fn refused(command: &str, about: &str) -> ClientEvent {
    let (command, about) = (Some(command.into()), Some(about.into()));
    event(ClientEventKind::Refused { command, code: "MESSAGE_ERROR".into(), about, text: "No".into() })
}

/// Recalls under test, in the room #tea.
struct Scene {
    recalls: Recalls,
    now: Instant,
}

impl Scene {
    fn new(earlier: usize) -> Self {
        Self { recalls: Recalls::new(earlier, true), now: Instant::now() }
    }

    /// In the room, where nothing was said before, but then the line of this second.
    fn having_heard(second: u64) -> Self {
        let mut scene = Self::new(0);
        assert_eq!(scene.join(0), None);
        assert_eq!(scene.hear(line(second)), [second.to_string()]);
        scene
    }

    fn join(&mut self, second: u64) -> Option<Request> {
        let joined = ClientEventKind::Joined { room: "#tea".into(), who: "alice".into() };
        let joined = ClientEvent { time: Some(at(second)), is_own: true, ..event(joined) };
        let told = self.recalls.hear(joined.clone(), OFFER, self.now);
        assert_eq!(told, [Recalled::Live(joined)]);
        self.request()
    }

    fn request(&mut self) -> Option<Request> {
        let mut requests = self.recalls.take_requests();
        // Those have tests of their own.
        requests.retain(|request| !matches!(request, Request::Talks { .. }));
        assert!(requests.len() <= 1, "{requests:?}");
        requests.pop()
    }

    /// What is shown after this event.
    fn hear(&mut self, event: ClientEvent) -> Vec<String> {
        let told = self.recalls.hear(event, OFFER, self.now);
        told.iter().flat_map(words).collect()
    }

    /// What is shown after a page of lines.
    fn page(&mut self, seconds: impl IntoIterator<Item = u64>, is_all: bool) -> Vec<String> {
        self.history(seconds.into_iter().map(line).collect(), is_all)
    }

    fn history(&mut self, events: Vec<ClientEvent>, is_all: bool) -> Vec<String> {
        self.hear(event(ClientEventKind::History { room: "#TEA".into(), events, is_all }))
    }

    fn expire(&mut self) -> Vec<String> {
        let Some(due) = self.recalls.due() else { return Vec::new() };
        assert_eq!(self.recalls.expire(due - Duration::from_millis(1)), []);
        self.recalls.expire(due).iter().flat_map(words).collect()
    }
}

/// The past as its reason, its lines, and `...` before them if earlier ones may be missing; live lines by themselves.
fn words(told: &Recalled) -> Vec<String> {
    let text = |event: &ClientEvent| match &event.kind {
        ClientEventKind::Said { text, .. } | ClientEventKind::Whispered { text, .. } => text.clone(),
        ClientEventKind::Refused { text, .. } => text.clone(),
        other => panic!("{other:?}"),
    };
    match told {
        Recalled::Live(event) => vec![text(event)],
        Recalled::NoAnswer(what) => vec![format!("no answer: {what:?}")],
        Recalled::Past(past) => {
            let lines: Vec<_> = past.lines.iter().map(text).collect();
            let cut = if past.is_cut { "... " } else { "" };
            vec![format!("{:?}: {cut}{}", past.why, lines.join(" "))]
        }
    }
}

fn asked(after: Option<Moment>, before: Option<Moment>, most: usize) -> Option<Request> {
    Some(Request::History { room: "#tea".into(), after, before, most })
}

#[test]
fn the_first_join_shows_earlier_lines_and_later_joins_what_was_missed() {
    let mut scene = Scene::new(20);
    assert_eq!(scene.join(9), asked(None, None, 20));
    assert_eq!(scene.page([1, 2], true), ["Earlier: 1 2"]);
    scene.recalls.lost();
    assert_eq!(scene.join(20), asked(Some(moment(2)), None, 100), "nothing was said since");
    assert_eq!(scene.page([10, 11], true), ["Missed: 10 11"]);
    assert_eq!(scene.hear(line(21)), ["21"]);
    scene.recalls.lost();
    assert_eq!(scene.join(30), asked(Some(moment(21)), None, 100));
    assert_eq!(scene.page([], true), ["Missed: "]);
}

#[test]
fn after_a_join_into_silence_the_time_of_the_join_counts() {
    let mut scene = Scene::new(0);
    assert_eq!(scene.join(9), None);
    scene.recalls.lost();
    let joined = Moment { id: None, time: Some(at(9)) };
    assert_eq!(scene.join(20), asked(Some(joined), None, 100));
}

#[test]
fn live_lines_come_after_the_past_and_once() {
    let mut scene = Scene::having_heard(1);
    scene.recalls.lost();
    scene.join(9);
    assert_eq!(scene.hear(line(10)), [""; 0]);
    assert_eq!(scene.hear(line(11)), [""; 0]);
    assert_eq!(scene.page([1, 2, 3, 10], true), ["Missed: 2 3", "10", "11"]);
    assert!(!scene.recalls.is_waiting());
    scene.recalls.lost();
    assert_eq!(scene.join(20), asked(Some(moment(11)), None, 100));
}

#[test]
fn other_rooms_and_other_events_do_not_wait() {
    let mut scene = Scene::new(20);
    scene.join(9);
    let elsewhere = ClientEventKind::Said {
        room: Some("#ops".into()),
        from: "bob".into(),
        text: "hi".into(),
        manner: Manner::Message,
    };
    assert_eq!(scene.hear(event(elsewhere)), ["hi"]);
    assert_eq!(scene.hear(refused("JOIN", "#ops")), ["No"]);
    assert!(scene.recalls.is_waiting());
}

#[test]
fn pages_are_fetched_until_the_end_and_put_in_order() {
    let mut scene = Scene::having_heard(1);
    scene.recalls.lost();
    scene.join(99);
    assert_eq!(scene.page(200..300, false), [""; 0]);
    assert_eq!(scene.request(), asked(Some(moment(1)), Some(moment(200)), 100));
    assert_eq!(scene.page(195..200, false), [""; 0], "fewer lines than asked for are no end");
    assert_eq!(scene.request(), asked(Some(moment(1)), Some(moment(195)), 100));
    let shown = scene.page([194], true);
    let all: Vec<_> = (194..300).map(|n: u64| n.to_string()).collect();
    assert_eq!(shown, [format!("Missed: {}", all.join(" "))]);
}

#[test]
fn an_empty_page_or_one_without_news_is_the_end() {
    for last in [vec![], vec![5, 6]] {
        let mut scene = Scene::having_heard(1);
        scene.recalls.lost();
        scene.join(9);
        assert_eq!(scene.page([5, 6], false), [""; 0]);
        assert_eq!(scene.page(last, false), ["Missed: 5 6"]);
    }
}

#[test]
fn after_some_hundreds_of_lines_the_rest_is_left_out() {
    let mut scene = Scene::having_heard(1);
    scene.recalls.lost();
    scene.join(9);
    assert_eq!(scene.page(901..1001, false), [""; 0]);
    assert_eq!(scene.page(801..901, false), [""; 0]);
    let shown = scene.page(601..801, false);
    assert!(shown[0].starts_with("Missed: ... 701 702") && shown[0].ends_with(" 1000"), "{shown:?}");
    assert_eq!(shown[0].split(' ').count(), 2 + MISSED_MOST);
    assert!(!scene.recalls.is_waiting());
}

#[test]
fn a_page_in_reverse_is_turned_around_and_any_other_order_is_the_server_s() {
    let mut scene = Scene::new(20);
    scene.join(9);
    assert_eq!(scene.page([3, 2, 1], true), ["Earlier: 1 2 3"]);
    assert_eq!(scene.recalls.ask("#tea", 9, scene.now), Ok(()));
    assert_eq!(scene.page([5, 6, 3, 4], true), ["Asked: 5 6 3 4"], "its clock was set back");
}

#[test]
fn a_line_that_comes_twice_is_shown_once() {
    let mut scene = Scene::new(20);
    scene.join(9);
    assert_eq!(scene.page([1, 2, 2, 1, 3], true), ["Earlier: 1 2 3"]);
}

#[test]
fn lines_without_ids_are_the_same_if_everything_is() {
    let nameless = |second| ClientEvent { id: None, ..line(second) };
    let mut scene = Scene::new(20);
    scene.join(9);
    scene.hear(nameless(3));
    assert_eq!(scene.history([1, 2].map(nameless).into(), false), [""; 0]);
    assert_eq!(scene.history([0, 1].map(nameless).into(), false), [""; 0]);
    assert_eq!(scene.history([nameless(0), nameless(3)].into(), true), ["Earlier: 0 1 2", "3"]);
}

#[test]
fn only_what_people_said_is_shown_of_the_past() {
    let mut scene = Scene::new(20);
    scene.join(9);
    let joined = event(ClientEventKind::Joined { room: "#tea".into(), who: "bob".into() });
    assert_eq!(scene.history(vec![joined, line(1)], true), ["Earlier: 1"]);
}

#[test]
fn a_server_that_never_answers_holds_lines_back_only_for_a_while() {
    let mut scene = Scene::new(20);
    scene.join(9);
    scene.hear(line(10));
    assert_eq!(scene.expire(), ["no answer: Some(\"#tea\")", "10"]);
    assert_eq!(scene.hear(line(11)), ["11"]);
    assert_eq!(scene.page([8], true), ["Earlier: 8"], "too late, but not lost");
}

#[test]
fn a_server_that_stops_between_pages_has_its_lines_shown() {
    let mut scene = Scene::having_heard(1);
    scene.recalls.lost();
    scene.join(9);
    scene.hear(line(10));
    assert_eq!(scene.page([5, 6], false), [""; 0]);
    assert_eq!(scene.expire(), ["Missed: ... 5 6", "10"]);
}

#[test]
fn a_refusal_is_told_and_frees_the_live_lines() {
    for about in ["#tea", "CHATHISTORY"] {
        let mut scene = Scene::new(20);
        scene.join(9);
        scene.hear(line(10));
        assert_eq!(scene.hear(refused("CHATHISTORY", about)), ["No", "10"]);
        assert!(!scene.recalls.is_waiting());
    }
}

#[test]
fn after_we_left_a_room_nothing_of_it_waits() {
    let (room, who, by) = ("#tea".to_owned(), "alice".to_owned(), "bob".to_owned());
    let parted = ClientEventKind::Parted { room: room.clone(), who: who.clone(), reason: String::new() };
    let kicked = ClientEventKind::Kicked { room, who, by, reason: String::new() };
    for end in [ClientEvent { is_own: true, ..event(parted) }, event(kicked)] {
        let mut scene = Scene::new(20);
        scene.join(9);
        scene.hear(line(10));
        let told = scene.recalls.hear(end.clone(), OFFER, scene.now);
        assert_eq!(told, [Recalled::Live(line(10)), Recalled::Live(end)]);
        assert!(!scene.recalls.is_waiting());
    }
}

#[test]
fn lines_that_were_held_back_when_the_connection_broke_are_fetched_again() {
    let mut scene = Scene::having_heard(1);
    scene.recalls.lost();
    scene.join(9);
    scene.hear(line(10));
    scene.recalls.lost();
    assert_eq!(scene.join(20), asked(Some(moment(1)), None, 100));
}

#[test]
fn somebody_who_asks_gets_the_last_lines_and_live_ones_do_not_wait() {
    let mut scene = Scene::having_heard(1);
    assert_eq!(scene.recalls.ask("#tea", 150, scene.now), Ok(()));
    assert_eq!(scene.request(), asked(None, None, 100));
    assert!(scene.recalls.ask("#tea", 20, scene.now).is_err(), "once at a time");
    assert_eq!(scene.hear(line(300)), ["300"]);
    assert_eq!(scene.page(200..300, false), [""; 0]);
    assert_eq!(scene.request(), asked(None, Some(moment(200)), 50));
    let shown = scene.page(150..200, false);
    assert!(shown[0].starts_with("Asked: ... 150 ") && shown[0].ends_with(" 299"), "{shown:?}");
    scene.recalls.lost();
    assert_eq!(scene.join(400), asked(Some(moment(300)), None, 100), "that was not news");
}

#[test]
fn a_search_is_answered_refused_or_given_up() {
    let mut scene = Scene::having_heard(1);
    let found = |lines: Vec<ClientEvent>| event(ClientEventKind::Found(lines));
    assert_eq!(scene.recalls.search("#tea", "x", scene.now), Ok(()));
    let search = Request::Search { room: "#tea".into(), text: "x".into(), most: FOUND_MOST };
    assert_eq!(scene.request(), Some(search));
    assert!(scene.recalls.search("#tea", "y", scene.now).is_err(), "one at a time");
    assert_eq!(scene.hear(found(vec![line(1)])), ["Found(\"x\"): 1"]);
    assert_eq!(scene.hear(found(vec![line(1)])), [""; 0], "nobody asked");
    assert_eq!(scene.recalls.search("#tea", "y", scene.now), Ok(()));
    assert_eq!(scene.hear(refused("SEARCH", "SEARCH")), ["No"]);
    assert_eq!(scene.recalls.search("#tea", "z", scene.now), Ok(()));
    assert_eq!(scene.expire(), ["no answer: None"]);
    assert!(!scene.recalls.is_waiting());
}

#[test]
fn nothing_is_fetched_from_a_server_without_history_or_if_it_is_not_wanted() {
    let joined = ClientEventKind::Joined { room: "#tea".into(), who: "alice".into() };
    let joined = ClientEvent { is_own: true, ..event(joined) };
    for (is_wanted, offer) in [(true, HistoryOffer::default()), (false, OFFER)] {
        let mut recalls = Recalls::new(20, is_wanted);
        let now = Instant::now();
        recalls.hear(joined.clone(), offer, now);
        assert_eq!((recalls.take_requests(), recalls.is_waiting()), (vec![], false));
        assert_eq!(recalls.hear(line(1), offer, now), [Recalled::Live(line(1))]);
    }
}

#[test]
fn what_a_server_sends_unasked_is_shown_only_if_it_is_wanted() {
    let mut scene = Scene::new(0);
    scene.join(9);
    assert_eq!(scene.page([1, 2], false), ["Earlier: 1 2"]);
    scene.recalls = Recalls::new(0, false);
    assert_eq!(scene.page([1, 2], false), [""; 0]);
}

#[test]
fn endless_live_lines_during_a_fetch_take_limited_memory_and_none_is_lost() {
    let mut scene = Scene::new(20);
    scene.join(9);
    let long = |n: usize| {
        let (room, from, text) = (Some("#tea".to_owned()), n.to_string(), "x".repeat(60_000));
        let kind = ClientEventKind::Said { room, from, text, manner: Manner::Message };
        ClientEvent { id: None, ..event(kind) }
    };
    let told: Vec<_> = (0..100).flat_map(|n| scene.recalls.hear(long(n), OFFER, scene.now)).collect();
    let all: Vec<_> = (0..100).map(|n| Recalled::Live(long(n))).collect();
    assert!(told == all && !scene.recalls.is_waiting());
}

#[test]
fn endless_rooms_take_limited_memory() {
    let mut recalls = Recalls::new(20, true);
    let now = Instant::now();
    for n in 0..2 * FETCHES {
        let joined = ClientEventKind::Joined { room: format!("#room{n}"), who: "alice".into() };
        recalls.hear(ClientEvent { is_own: true, ..event(joined) }, OFFER, now);
    }
    assert_eq!((recalls.fetches.len(), recalls.take_requests().len()), (FETCHES, FETCHES));
}

#[test]
fn endless_pages_take_limited_memory() {
    let mut scene = Scene::new(1000);
    scene.join(9);
    for n in (0..1000).rev() {
        let lines = (0..20).map(|second| {
            let mut line = line(1000 * n + second);
            if let ClientEventKind::Said { text, .. } = &mut line.kind {
                *text = "x".repeat(60_000);
            }
            line
        });
        if !scene.history(lines.collect(), false).is_empty() {
            assert!(n > 990, "{n}");
            return;
        }
    }
    panic!("it never ends");
}
