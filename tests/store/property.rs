//! Random conversations: every answer of the store equals that of a list which is searched from end to end.

use std::mem;
use std::time::{Duration, SystemTime};

use parlor::message::{
    AccountId, Answer, Event, EventId, EventKind, First, HistoryLimit, Interval, Query, Rank, Readable,
    Record, RoomChange, RoomFlag, Scope, Selection, Source, Speech, SpeechKind,
};
use proptest::prelude::*;
#[cfg(feature = "cluster")]
use proptest::test_runner::TestRunner;

use crate::helpers::*;
use crate::sites::{Keeps, Site};
use crate::support::past::move_to;

const ROOMS: [&str; 3] = ["#tea", "#Kaffee", "#茶"];
const USERS: [&str; 3] = ["bob", "Ana", "张三"];

/// Users who talk in private, by their places in [`USERS`]. All have accounts.
const TALKS: [[usize; 2]; 3] = [[0, 1], [1, 2], [2, 2]];

/// Rooms, then talks.
const PLACES: usize = ROOMS.len() + TALKS.len();

/// Places, then all talks of each user.
const SCOPES: usize = PLACES + USERS.len();

/// Few, so that rooms reach them.
const LINES: u32 = 12;

const AGE: Duration = Duration::from_secs(20 * 3600);

#[derive(Clone, Debug)]
enum Step {
    Happen { place: usize, user: usize, what: usize, is_closed: bool },
    Redact { room: usize, nth: usize },
    Limit { room: usize, limit: Option<HistoryLimit> },
    Rename { from: usize, to: usize },
    Wait(u64),
    Select { scopes: Vec<(usize, bool)>, range: Range },
    Targets(Range),
    Search { word: &'static str, from: Option<usize>, range: Range },
    Find { scope: usize, nth: usize, since: usize },
    Restart,
}

/// An interval between events that are counted from the last one.
#[derive(Clone, Copy, Debug)]
struct Range {
    after: usize,
    before: usize,
    since: usize,
    first: First,
    most: usize,
}

fn any_range() -> impl Strategy<Value = Range> {
    let first = prop_oneof![Just(First::Oldest), Just(First::Newest)];
    (0..60_usize, 0..20_usize, 0..60_usize, first, 0..15_usize)
        .prop_map(|(after, before, since, first, most)| Range { after, before, since, first, most })
}

fn any_step() -> impl Strategy<Value = Step> {
    let room = 0..ROOMS.len();
    let limit = (0..8_u32, 0..90_000_u64)
        .prop_map(|(lines, age)| HistoryLimit { lines, age: Duration::from_secs(age) });
    let word = prop_oneof![Just("TEE"), Just("grün"), Just("tee 1"), Just("x")];
    prop_oneof![
        30 => (0..PLACES, 0..USERS.len(), 0..14_usize, prop::bool::weighted(0.2))
            .prop_map(|(place, user, what, is_closed)| Step::Happen { place, user, what, is_closed }),
        2 => (room.clone(), 0..20_usize).prop_map(|(room, nth)| Step::Redact { room, nth }),
        1 => (room.clone(), prop::option::of(limit)).prop_map(|(room, limit)| Step::Limit { room, limit }),
        1 => (room.clone(), room).prop_map(|(from, to)| Step::Rename { from, to }),
        2 => (0..1500_u64).prop_map(Step::Wait),
        1 => (0..200_000_u64).prop_map(Step::Wait),
        5 => (prop::collection::vec((0..SCOPES, any::<bool>()), 1..4), any_range())
            .prop_map(|(scopes, range)| Step::Select { scopes, range }),
        2 => any_range().prop_map(Step::Targets),
        2 => (word, prop::option::of(0..USERS.len()), any_range())
            .prop_map(|(word, from, range)| Step::Search { word, from, range }),
        2 => (0..SCOPES, 0..20_usize, 0..60_usize)
            .prop_map(|(scope, nth, since)| Step::Find { scope, nth, since }),
        1 => Just(Step::Restart),
    ]
}

/// What is kept of one place: events with their class and whether the room was closed, and its limit.
#[derive(Debug, Default)]
struct Room {
    events: Vec<(bool, bool, Event)>,
    limit: Option<HistoryLimit>,
}

impl Room {
    fn lines(&self) -> usize {
        self.limit.map_or(LINES, |limit| limit.lines.min(LINES)) as usize
    }

    /// Forgets what is too much at this time.
    fn trim(&mut self, now: SystemTime) {
        let age = self.limit.map_or(AGE, |limit| limit.age.min(AGE));
        let oldest = EventId::before(now - age);
        self.events.retain(|(_, _, event)| event.id > oldest);
        for is_message in [false, true] {
            let count = self.events.iter().filter(|(class, ..)| *class == is_message).count();
            let mut excess = count.saturating_sub(self.lines());
            self.events.retain(|(class, ..)| {
                let is_excess = *class == is_message && excess > 0;
                excess -= usize::from(is_excess);
                !is_excess
            });
        }
    }

    fn readable(&self, closed_since: EventId, with_events: bool, interval: Interval) -> Vec<&Event> {
        let is_wanted = |(is_message, is_closed, event): &&(bool, bool, Event)| {
            (*is_message || with_events)
                && (!is_closed || event.id >= closed_since)
                && interval.after < event.id
                && event.id < interval.before
        };
        self.events.iter().filter(is_wanted).map(|(_, _, event)| event).collect()
    }
}

fn keep<T>(mut list: Vec<T>, most: usize, first: First) -> Vec<T> {
    match first {
        First::Oldest => list.truncate(most),
        First::Newest => drop(list.drain(..list.len().saturating_sub(most))),
    }
    list
}

struct Twins<S> {
    site: S,
    kept: Option<Kept>,
    places: [Room; PLACES],
    accounts: Vec<AccountId>,
    events: Events,
    ids: Vec<EventId>,
    now: SystemTime,
    said: usize,
}

impl<S: Site> Twins<S> {
    fn new(site: S) -> Self {
        let mut twins = Self {
            site,
            kept: None,
            places: Default::default(),
            accounts: Vec::new(),
            events: Events::default(),
            ids: Vec::new(),
            now: start(),
            said: 0,
        };
        twins.restart();
        twins.accounts = USERS.map(|name| twins.kept().create(name)).to_vec();
        twins
    }

    fn restart(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.stop();
            self.site.check();
        }
        let keeps = Keeps { age: Some(AGE), lines: LINES, ..Keeps::default() };
        let (kept, opened) = self.site.open_with(keeps, self.now);
        assert!(opened.last_event <= self.events.last);
        self.kept = Some(kept);
        let now = self.now;
        // The store may have forgotten limits of rooms without a history.
        let limits = self.places.each_ref().map(|place| place.limit);
        for (n, limit) in limits.into_iter().enumerate().take(ROOMS.len()) {
            self.kept().store.record(Record::Limit { room: room_of(n), limit, at: now });
        }
    }

    fn kept(&mut self) -> &mut Kept {
        self.kept.as_mut().unwrap()
    }

    fn kind(&mut self, room: usize, what: usize) -> (bool, EventKind) {
        self.said += 1;
        let (room, n) = (self::room(ROOMS[room]), self.said);
        let said = |kind, text: String, tags: &str| {
            let speech = Speech { kind, text, tags: tags.into() };
            EventKind::Said { room: room.clone(), to_rank: Rank::NONE, speech }
        };
        match what {
            0 => (false, EventKind::Joined { room, away: None }),
            1 => (false, EventKind::Parted { room, reason: "bye".into() }),
            2 => (false, EventKind::Kicked { room, who: "Zoe".parse().unwrap(), reason: String::new() }),
            3 => (false, EventKind::Left { reason: "a\tb".into() }),
            4 => (false, EventKind::Renamed { to: "zoe".parse().unwrap() }),
            5 => (false, EventKind::TopicSet { room, topic: "Über Tee".into() }),
            6 => {
                let changes = vec![
                    RoomChange::Flag(RoomFlag::Moderated, n.is_multiple_of(2)),
                    RoomChange::Rank { who: "bob".parse().unwrap(), rank: Rank::VOICE, given: true },
                    RoomChange::Key(None),
                ];
                (false, EventKind::Changed { room, changes })
            }
            7 => (false, said(SpeechKind::TagsOnly, String::new(), "+typing=active")),
            8 => (true, said(SpeechKind::Notice, format!("Notiz {n}"), "")),
            _ => (true, said(SpeechKind::Message, format!("Grüner Tee {n}"), "+a=b")),
        }
    }

    /// A private message.
    fn whisper(&mut self, [one, other]: [usize; 2], what: usize) -> (bool, EventKind) {
        self.said += 1;
        let n = self.said;
        let (kind, text) = match what {
            0..=3 => (SpeechKind::TagsOnly, String::new()),
            4..=6 => (SpeechKind::Notice, format!("Notiz {n}")),
            _ => (SpeechKind::Message, format!("Grüner Tee {n}")),
        };
        let to = if n.is_multiple_of(2) { one } else { other };
        let speech = Speech { kind, text, tags: "+a=b".into() };
        (what > 3, EventKind::Whispered { to: USERS[to].parse().unwrap(), speech })
    }

    fn happen(&mut self, place: usize, user: usize, what: usize, is_closed: bool) {
        let talk = place.checked_sub(ROOMS.len()).map(|talk| TALKS[talk]);
        let is_closed = is_closed && talk.is_none();
        let ((is_message, kind), user) = match talk {
            Some(talk) => (self.whisper(talk, what), talk[user % 2]),
            None => (self.kind(place, what), user),
        };
        let is_server = what == 5 && talk.is_none();
        let from = if is_server { Source::Server } else { self::user(USERS[user]) };
        let event = self.events.next(&from, kind, self.now);
        self.ids.push(event.id);
        let record = match talk {
            Some(talk) => {
                Record::Whispered { between: talk.map(|user| self.accounts[user]), event: event.clone() }
            }
            None => Record::Event { room: room_of(place), is_closed, event: event.clone() },
        };
        self.kept().store.record(record);
        let now = self.now;
        let place = &mut self.places[place];
        if place.lines() > 0 {
            place.events.push((is_message, is_closed, event));
            place.trim(now);
        }
    }

    /// The id of the nth event from the end.
    fn id(&self, nth: usize) -> EventId {
        self.ids.len().checked_sub(nth + 1).map_or(EventId::MIN, |n| self.ids[n])
    }

    fn scope(&self, scope: usize, since: usize) -> Scope {
        if scope < ROOMS.len() {
            return Readable { room: room_of(scope), closed_since: self.id(since) }.into();
        }
        match TALKS.get(scope - ROOMS.len()) {
            Some(&[one, other]) => Scope::talk(self.accounts[other], self.accounts[one]),
            None => Scope::Talks(self.accounts[scope - PLACES]),
        }
    }

    /// The places of a scope.
    fn places(scope: usize) -> Vec<usize> {
        match scope.checked_sub(PLACES) {
            None => vec![scope],
            Some(user) => {
                let has = |talk: &usize| TALKS[*talk].contains(&user);
                (0..TALKS.len()).filter(has).map(|talk| ROOMS.len() + talk).collect()
            }
        }
    }

    /// The events of a scope, in order.
    fn readable(&self, scope: usize, since: usize, with_events: bool, interval: Interval) -> Vec<&Event> {
        let closed_since = self.id(since);
        let places = Self::places(scope).into_iter().map(|place| &self.places[place]);
        let mut events: Vec<_> =
            places.flat_map(|place| place.readable(closed_since, with_events, interval)).collect();
        events.sort_by_key(|event| event.id);
        events
    }

    fn interval(&self, range: Range) -> Interval {
        let before = if range.before == 0 { EventId::MAX } else { self.id(range.before) };
        Interval { after: self.id(range.after), before, first: range.first }
    }

    fn step(&mut self, step: Step) {
        let now = self.now;
        self.places.iter_mut().for_each(|place| place.trim(now));
        match step {
            Step::Happen { place, user, what, is_closed } => self.happen(place, user, what, is_closed),
            Step::Redact { room, nth } => {
                let id = self.id(nth);
                self.kept().store.record(Record::Redaction { room: room_of(room), id });
                self.places[room].events.retain(|(_, _, event)| event.id != id);
            }
            Step::Limit { room, limit } => {
                // A change of modes, so that the store knows the time.
                self.happen(room, 0, 6, false);
                self.kept().store.record(Record::Limit { room: room_of(room), limit, at: now });
                self.places[room].limit = limit;
                self.places[room].trim(now);
            }
            Step::Rename { from, to } => {
                // A change of modes, so that the store knows the time.
                self.happen(from, 0, 6, false);
                self.kept().store.record(Record::RoomRenamed { from: room_of(from), to: room_of(to) });
                let mut moved = mem::take(&mut self.places[from]);
                moved.events.iter_mut().for_each(|(_, _, event)| move_to(&mut event.kind, &room_of(to)));
                self.places[to] = moved;
            }
            Step::Wait(seconds) => self.now += Duration::from_secs(seconds),
            Step::Select { scopes, range } => self.select(&scopes, range),
            Step::Targets(range) => self.targets(range),
            Step::Search { word, from, range } => self.search(word, from, range),
            Step::Find { scope, nth, since } => {
                let (of, id) = (self.scope(scope, since), self.id(nth));
                let all = Interval { after: EventId::MIN, before: EventId::MAX, first: First::Oldest };
                let found = self.readable(scope, since, true, all);
                let is_it = |event: &&&Event| event.id == id && event.kind.is_speech();
                let expected = format!("{:?}", Answer::Message(found.iter().find(is_it).map(|&e| e.clone())));
                assert_eq!(format!("{:?}", self.kept().ask(Query::Message { of, id }, now)), expected);
            }
            Step::Restart => self.restart(),
        }
    }

    fn select(&mut self, scopes: &[(usize, bool)], range: Range) {
        let (interval, now) = (self.interval(range), self.now);
        let selection = |&(scope, with_events): &(usize, bool)| {
            let of = self.scope(scope, range.since);
            Selection { of, interval, with_events, most: range.most }
        };
        let selections: Vec<_> = scopes.iter().map(selection).collect();
        let expected = scopes.iter().map(|&(scope, with_events)| {
            let all = self.readable(scope, range.since, with_events, interval);
            let is_all = all.len() <= range.most;
            (self.scope(scope, range.since), keep(all, range.most, range.first), is_all)
        });
        let expected: Vec<_> = expected.map(|answer| format!("{answer:?}")).collect();
        let Answer::Events(selected) = self.kept().ask(Query::Events(selections), now) else { panic!() };
        let answers: Vec<_> =
            selected.iter().map(|s| format!("{:?}", (&s.of, &s.events, s.is_all))).collect();
        assert_eq!(answers, expected);
    }

    /// All rooms, and all talks of the first user: what a user may read.
    fn own_scopes(&self, since: usize) -> (Vec<Scope>, Vec<usize>) {
        let scopes: Vec<_> = (0..ROOMS.len()).chain([PLACES]).collect();
        let places = scopes.iter().flat_map(|&scope| Self::places(scope)).collect();
        (scopes.iter().map(|&scope| self.scope(scope, since)).collect(), places)
    }

    fn targets(&mut self, range: Range) {
        let (interval, now) = (self.interval(range), self.now);
        let (scopes, places) = self.own_scopes(range.since);
        let last = |&place: &usize| self.readable(place, range.since, false, interval).pop();
        let mut last: Vec<_> = places.iter().filter_map(last).collect();
        last.sort_by_key(|event| event.id);
        let expected = format!("Targets({:?})", keep(last, range.most, range.first));
        let query = Query::Targets { scopes, interval, most: range.most };
        assert_eq!(format!("{:?}", self.kept().ask(query, now)), expected);
    }

    fn search(&mut self, word: &str, from: Option<usize>, range: Range) {
        let (interval, now) = (self.interval(range), self.now);
        let (scopes, places) = self.own_scopes(range.since);
        let all = places.iter().flat_map(|&place| self.readable(place, range.since, false, interval));
        let found = all.filter(|event| {
            let (EventKind::Said { speech, .. } | EventKind::Whispered { speech, .. }) = &event.kind else {
                return false;
            };
            let is_from =
                |user: usize| matches!(&event.from, Source::User(u) if u.name.as_str() == USERS[user]);
            speech.text.to_lowercase().contains(&word.to_lowercase()) && from.is_none_or(is_from)
        });
        let mut found: Vec<_> = found.collect();
        found.sort_by_key(|event| event.id);
        let expected = format!("Found({:?})", keep(found, range.most, range.first));
        let from = from.map(|user| USERS[user].parse().unwrap());
        let (words, most) = (vec![word.to_owned()], range.most);
        let query = Query::Search { scopes, words, from, interval, most };
        let expected = if S::CAN_SEARCH { expected } else { "Unsearchable".into() };
        assert_eq!(format!("{:?}", self.kept().ask(query, now)), expected);
    }
}

fn room_of(room: usize) -> parlor::name::RoomName {
    self::room(ROOMS[room])
}

/// Each case writes to a disk. `PROPTEST_CASES` asks for another number.
fn cases() -> u32 {
    if std::env::var_os("PROPTEST_CASES").is_some() { ProptestConfig::default().cases } else { 40 }
}

fn compare(site: impl Site, steps: Vec<Step>) {
    let mut twins = Twins::new(site);
    for step in steps {
        twins.step(step);
    }
    twins.restart();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_answer_equals_that_of_a_naive_list(steps in prop::collection::vec(any_step(), 0..150)) {
        compare(<Scratch as Site>::new().unwrap(), steps);
    }

    #[cfg(feature = "cluster")]
    #[test]
    fn every_answer_of_a_broker_equals_that_of_a_naive_list(steps in prop::collection::vec(any_step(), 0..150)) {
        let server = <crate::support::redis_server::RedisServer as Site>::new();
        server.into_iter().for_each(|server| compare(server, steps.clone()));
    }
}

#[cfg(feature = "cluster")]
#[test]
fn every_answer_of_a_redis_cluster_equals_that_of_a_naive_list() {
    let Some(cluster) = crate::support::redis_cluster::RedisCluster::start() else { return };
    let config =
        ProptestConfig { cases: cases() / 4, failure_persistence: None, ..ProptestConfig::default() };
    let run = |steps| {
        cluster.flush();
        compare(&cluster, steps);
        Ok(())
    };
    TestRunner::new(config).run(&prop::collection::vec(any_step(), 0..150), run).unwrap();
}
