//! What all tests of the store need.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant, SystemTime};

use parlor::message::{
    AccountAnswer, AccountChange, AccountId, AccountInfo, AccountQuery, Answer, Event, EventId, EventKind,
    Identity, Interval, Now, Query, Rank, Readable, Record, Scope, Selected, Selection, Source, Speech,
};
use parlor::name::{RoomName, UserName};
use parlor::secret::{ScramKeys, StoredPassword};
use parlor::store::{Database, Figures, Opened, Reply, Store, StoreConfig, StoreError};

pub(crate) use crate::support::{DEADLINE, Scratch};

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The database file of a store in this directory.
pub(crate) fn database(scratch: &Scratch) -> PathBuf {
    scratch.path("parlor.db")
}

/// The config of a store in this directory.
pub(crate) fn config(scratch: &Scratch) -> StoreConfig {
    config_in(scratch.path(""))
}

/// The config of a store in this directory.
pub(crate) fn config_in(directory: impl Into<PathBuf>) -> StoreConfig {
    let bytes = 256 * 1024 * 1024;
    StoreConfig { directory: directory.into(), age: Some(7 * DAY), lines: 10_000, bytes }
}

/// A store, and its calls of `wake`.
pub(crate) struct Kept {
    pub(crate) store: Store,
    wakes: Receiver<()>,
    questions: u64,
}

impl Kept {
    pub(crate) fn open(config: &StoreConfig, now: SystemTime) -> Result<(Self, Opened), StoreError> {
        let (wake, wakes) = mpsc::channel();
        let (store, opened) = Store::open(config, move || wake.send(()).unwrap_or_default(), now)?;
        Ok((Self { store, wakes, questions: 0 }, opened))
    }

    #[cfg(feature = "cluster")]
    pub(crate) fn open_broker(
        config: &parlor::store::BrokerConfig,
        now: SystemTime,
    ) -> Result<(Self, Opened), StoreError> {
        let (wake, wakes) = mpsc::channel();
        let (store, opened) = Store::open_broker(config, move || wake.send(()).unwrap_or_default(), now)?;
        Ok((Self { store, wakes, questions: 0 }, opened))
    }

    pub(crate) fn start(database: impl Database) -> Self {
        let (wake, wakes) = mpsc::channel();
        let store = Store::start(database, move || wake.send(()).unwrap_or_default()).unwrap();
        Self { store, wakes, questions: 0 }
    }

    /// The next reply, when the store has woken the loop.
    pub(crate) fn next(&mut self) -> Reply {
        loop {
            if let Some(reply) = self.store.fetch() {
                return reply;
            }
            self.wakes.recv_timeout(DEADLINE).expect("the store replies");
        }
    }

    pub(crate) fn ask(&mut self, query: Query, now: SystemTime) -> Answer {
        self.questions += 1;
        let asked = Now { instant: Instant::now(), time: now };
        self.store.ask(self.questions, query, asked);
        self.store.flush(now);
        loop {
            if let Reply::Answer(number, answer) = self.next() {
                assert_eq!(number, self.questions);
                return answer;
            }
        }
    }

    /// Asks or changes something about accounts.
    pub(crate) fn account(&mut self, query: AccountQuery) -> AccountAnswer {
        self.questions += 1;
        self.store.ask_account(self.questions, query);
        self.store.flush(start());
        loop {
            if let Reply::Account(number, answer) = self.next() {
                assert_eq!(number, self.questions);
                return answer;
            }
        }
    }

    pub(crate) fn change(&mut self, change: AccountChange) -> AccountAnswer {
        self.account(AccountQuery::Change(change))
    }

    /// Creates an account with a password.
    pub(crate) fn create(&mut self, name: &str) -> AccountId {
        let name = UserName::new(name).unwrap();
        let password = Some(password(1));
        match self.change(AccountChange::Create { name, password, certificate: None, at: start() }) {
            AccountAnswer::Created(id) => id,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn info(&mut self, id: AccountId) -> AccountInfo {
        match self.account(AccountQuery::Info(id)) {
            AccountAnswer::Info(info) => *info,
            other => panic!("{other:?}"),
        }
    }

    /// The events of one room.
    pub(crate) fn select(&mut self, selection: Selection, now: SystemTime) -> Selected {
        match self.ask(Query::Events(vec![selection]), now) {
            Answer::Events(mut selected) => selected.pop().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    /// Stops the store and waits for its end.
    pub(crate) fn stop(mut self) {
        self.store.stop();
        while !matches!(self.next(), Reply::Stopped) {}
    }
}

/// Tells the store the time until its figures are as expected.
pub(crate) fn wait_for(kept: &mut Kept, now: SystemTime, expected: impl Fn(&Figures) -> bool) {
    let by = Instant::now() + DEADLINE;
    while !expected(&kept.store.status().figures) {
        assert!(Instant::now() < by, "{:?}", kept.store.status());
        kept.store.flush(now);
        std::thread::yield_now();
    }
}

/// A password that nobody can give: each number makes another.
pub(crate) fn password(n: u8) -> StoredPassword {
    let scram =
        ScramKeys { salt: [n; 16], iterations: 4096, stored_key: [n + 1; 32], server_key: [n + 2; 32] };
    StoredPassword { hash: format!("$argon2id$v=19$m=4096,t=3,p=1$c2FsdHNhbHQ${n}"), scram }
}

pub(crate) fn room(name: &str) -> RoomName {
    RoomName::new(name).unwrap()
}

pub(crate) fn user(name: &str) -> Source {
    Source::User(Arc::new(Identity::new(UserName::new(name).unwrap(), "u", "host.example", "Real Name")))
}

/// A day in 2026.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

/// Events with increasing ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events {
    pub(crate) last: EventId,
}

impl Events {
    pub(crate) fn next(&mut self, from: &Source, kind: EventKind, time: SystemTime) -> Event {
        self.last = self.last.next(time);
        Event { id: self.last, time, from: from.clone(), watched: false, kind }
    }

    pub(crate) fn say(&mut self, to: &str, from: &Source, text: &str, time: SystemTime) -> Record {
        let speech = Speech::message(text);
        let event = self.next(from, EventKind::Said { room: room(to), to_rank: Rank::NONE, speech }, time);
        Record::Event { room: room(to), is_closed: false, event }
    }
}

pub(crate) fn readable(name: &str) -> Scope {
    Readable { room: room(name), closed_since: EventId::MIN }.into()
}

/// The last messages of a room.
pub(crate) fn latest(name: &str, most: usize) -> Selection {
    Selection { of: readable(name), interval: Interval::LATEST, with_events: false, most }
}

pub(crate) fn texts(events: &[Event]) -> Vec<&str> {
    let said = events.iter().filter_map(|event| match &event.kind {
        EventKind::Said { speech, .. } | EventKind::Whispered { speech, .. } => Some(&*speech.text),
        _ => None,
    });
    said.collect()
}
