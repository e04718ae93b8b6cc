//! The store's thread, with a stand-in for the database.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use parlor::message::{AccountAnswer, AccountQuery, Answer, Ban, EventId, Now, Query, Record};
use parlor::store::{Database, Figures, Question, Reply};

use crate::helpers::*;

/// What a stand-in was asked to do.
#[derive(Debug, PartialEq)]
enum Call {
    Write(usize),
    Commit,
    Answer,
    SaveBans(usize),
    /// Told if asked for.
    Expire(SystemTime),
}

/// Tells each call, and waits in a commit until it may go on.
struct StandIn {
    calls: Sender<Call>,
    /// Each commit takes one of these.
    permits: Option<Receiver<()>>,
    failure: Arc<Mutex<Option<String>>>,
    settle: Duration,
    tells_expiry: bool,
}

impl StandIn {
    fn new() -> (Self, Receiver<Call>) {
        let (calls, heard) = mpsc::channel();
        let (permits, failure, settle) = (None, Arc::default(), Duration::ZERO);
        (Self { calls, permits, failure, settle, tells_expiry: false }, heard)
    }

    fn call(&self, call: Call) -> Result<(), String> {
        self.calls.send(call).unwrap_or_default();
        self.failure.lock().unwrap().clone().map_or(Ok(()), Err)
    }
}

impl Database for StandIn {
    fn settle(&self) -> Duration {
        self.settle
    }

    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        self.call(Call::Write(records.len()))
    }

    fn commit(&mut self) -> Result<(), String> {
        if let Some(permits) = &self.permits {
            permits.recv_timeout(DEADLINE).unwrap();
        }
        self.call(Call::Commit)
    }

    fn roll_back(&mut self) {}

    fn answer(&mut self, _: &mut Question, _: SystemTime) -> Result<Option<Answer>, String> {
        self.call(Call::Answer).map(|()| Some(Answer::Message(None)))
    }

    fn expire(&mut self, now: SystemTime) -> Result<bool, String> {
        if self.tells_expiry {
            self.call(Call::Expire(now))?;
        }
        Ok(false)
    }

    fn account(&mut self, _: &AccountQuery) -> Result<AccountAnswer, String> {
        Ok(AccountAnswer::Unknown)
    }

    fn save_bans(&mut self, bans: &[Ban]) -> Result<(), String> {
        self.call(Call::SaveBans(bans.len()))
    }

    fn figures(&mut self) -> Figures {
        Figures::default()
    }
}

fn question() -> Query {
    Query::Message { of: readable("#tea"), id: EventId::MIN }
}

#[test]
fn a_question_knows_what_was_recorded_before_it_and_stopping_commits() {
    let (database, calls) = StandIn::new();
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    let mut say = |kept: &mut Kept| kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    say(&mut kept);
    say(&mut kept);
    kept.store.ask(7, question(), Now::read());
    say(&mut kept);
    kept.store.ask(8, question(), Now::read());
    say(&mut kept);
    kept.store.flush(start());
    assert!(matches!(kept.next(), Reply::Answer(7, _)));
    assert!(matches!(kept.next(), Reply::Answer(8, _)));
    kept.stop();
    let calls: Vec<_> = calls.try_iter().collect();
    assert_eq!(
        calls,
        [Call::Write(2), Call::Answer, Call::Write(1), Call::Answer, Call::Write(1), Call::Commit]
    );
}

#[test]
fn a_question_that_has_waited_for_its_turn_does_not_wait_for_others_again() {
    let (mut database, _calls) = StandIn::new();
    database.settle = 2 * DEADLINE;
    let mut kept = Kept::start(database);
    let asked = Now::read();
    // As if it had waited since.
    let instant = asked.instant.checked_sub(2 * DEADLINE).expect("the machine has run for two minutes");
    kept.store.ask(7, question(), Now { instant, ..asked });
    kept.store.flush(start());
    assert!(matches!(kept.next(), Reply::Answer(7, _)));
}

#[test]
fn where_others_record_too_a_question_waits_for_them_and_records_do_not_wait_for_it() {
    let (mut database, calls) = StandIn::new();
    database.settle = Duration::from_millis(1_500);
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    let asked = Instant::now();
    kept.store.ask(7, question(), Now::read());
    kept.store.ask(8, question(), Now::read());
    kept.store.flush(start());
    kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    kept.store.flush(start());
    assert!(matches!(kept.next(), Reply::Answer(7, _)));
    assert!(asked.elapsed() >= Duration::from_millis(1_500));
    assert!(matches!(kept.next(), Reply::Answer(8, _)));
    let calls: Vec<_> = calls.try_iter().collect();
    assert_eq!(calls, [Call::Write(1), Call::Commit, Call::Answer, Call::Answer]);
}

#[test]
fn nothing_is_deleted_for_a_limit_that_no_longer_holds() {
    let (mut database, calls) = StandIn::new();
    database.tells_expiry = true;
    let mut kept = Kept::start(database);
    let room = "#tea".parse().unwrap();
    kept.store.record(Record::Limit { room, limit: None, at: start() });
    kept.store.flush(start());
    // While the record waits for others, the thread hears the time again and again, and looks for what is too old.
    let (by, mut now) = (Instant::now() + DEADLINE, start());
    let call = loop {
        assert!(Instant::now() < by, "the record is written in the end");
        now += Duration::from_secs(60);
        kept.store.flush(now);
        match calls.recv_timeout(Duration::from_millis(1)) {
            Ok(Call::Expire(at)) if at <= start() => {}
            Ok(call) => break call,
            Err(_) => {}
        }
    };
    assert_eq!(call, Call::Write(1));
    kept.stop();
}

#[test]
fn records_of_many_turns_are_committed_together() {
    let (database, calls) = StandIn::new();
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    for _ in 0..50 {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
        kept.store.flush(start());
    }
    assert_eq!(calls.recv_timeout(DEADLINE), Ok(Call::Write(50)));
    assert_eq!(calls.recv_timeout(DEADLINE), Ok(Call::Commit));
}

#[test]
fn a_full_queue_is_told_and_has_room_when_it_is_half_empty() {
    let (mut database, _calls) = StandIn::new();
    let (permit, permits) = mpsc::channel();
    database.permits = Some(permits);
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    kept.store.limit_queue(64 * 1024);
    let mut recorded = 0;
    while !kept.store.is_full() {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
        recorded += 1;
    }
    assert!(kept.store.queued_bytes() >= 64 * 1024 && recorded < 1_000, "{recorded}");
    kept.store.flush(start());
    while !kept.store.is_overfull() {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    }
    assert_eq!(kept.store.status().lost_records, 0);
    kept.store.record(events.say("#tea", &user("bob"), "lost", start()));
    assert_eq!(kept.store.status().lost_records, 1);
    assert!(kept.store.fetch().is_none());
    kept.store.flush(start());
    (0..10).for_each(|_| permit.send(()).unwrap());
    assert!(matches!(kept.next(), Reply::HasRoom));
    kept.stop();
}

#[test]
fn a_limit_of_the_queue_is_lowered_and_never_raised() {
    let (database, _calls) = StandIn::new();
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    kept.store.limit_queue(64 * 1024);
    kept.store.limit_queue(1024 * 1024);
    while !kept.store.is_full() {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    }
    assert!(kept.store.queued_bytes() < 65 * 1024, "{}", kept.store.queued_bytes());
}

#[test]
fn a_failure_and_its_end_are_told_once_and_nobody_waits_meanwhile() {
    let (database, calls) = StandIn::new();
    let failure = Arc::clone(&database.failure);
    *failure.lock().unwrap() = Some("the disk is full".into());
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    kept.store.limit_queue(64 * 1024);
    let mut say = |kept: &mut Kept| {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
        kept.store.flush(start());
    };
    say(&mut kept);
    assert!(matches!(kept.next(), Reply::Failing(why) if why == "the disk is full"));
    // Each record lets it try again, about a second later.
    assert_eq!(calls.recv_timeout(DEADLINE), Ok(Call::Write(1)));
    for n in 2..=4 {
        say(&mut kept);
        let tries = calls.iter().filter(|call| matches!(call, Call::Write(_)));
        assert_eq!(tries.take(1).last(), Some(Call::Write(n)));
    }
    while kept.store.status().lost_records == 0 {
        assert!(!kept.store.is_full(), "nobody waits");
        say(&mut kept);
    }
    kept.store.record(Record::Limit { room: room("#tea"), limit: None, at: start() });
    kept.store.record(Record::Redaction { room: room("#tea"), id: EventId::MIN });
    assert_eq!(kept.store.status().lost_records, 1, "what deletes is kept");
    assert!(kept.store.fetch().is_none(), "it is told once");
    assert!(kept.store.status().failure.is_some());
    *failure.lock().unwrap() = None;
    assert!(matches!(kept.next(), Reply::Recovered { lost: 1 }));
    assert_eq!(kept.store.status().failure, None);
    kept.stop();
}

#[test]
fn whoever_waits_for_a_full_queue_goes_on_when_writing_fails() {
    let (mut database, _calls) = StandIn::new();
    let (permit, permits) = mpsc::channel();
    database.permits = Some(permits);
    let failure = Arc::clone(&database.failure);
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    kept.store.limit_queue(64 * 1024);
    while !kept.store.is_full() {
        kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    }
    kept.store.flush(start());
    *failure.lock().unwrap() = Some("the disk is full".into());
    permit.send(()).unwrap();
    assert!(matches!(kept.next(), Reply::Failing(_)));
    assert!(matches!(kept.next(), Reply::HasRoom));
    *failure.lock().unwrap() = None;
    (0..10).for_each(|_| permit.send(()).unwrap());
    kept.stop();
}

#[test]
fn bans_are_saved_at_once_after_what_was_recorded() {
    let (database, calls) = StandIn::new();
    let (mut kept, mut events) = (Kept::start(database), Events::default());
    kept.store.record(events.say("#tea", &user("bob"), "hello", start()));
    kept.store.save_bans(Vec::new());
    kept.store.flush(start());
    assert!(matches!(kept.next(), Reply::BansSaved(Ok(()))));
    let calls: Vec<_> = calls.try_iter().collect();
    assert_eq!(calls, [Call::Write(1), Call::Commit, Call::SaveBans(0)]);
}
