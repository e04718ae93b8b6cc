//! Each script is played once without a handover, once with one at each place, and once with one at every place: all
//! must have the same effects.

use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use ring::{digest, hmac, pbkdf2};

use super::{House, HouseHandover, Session};
use crate::cbor::tests::value_keeps_promises;
use crate::cbor::{decode_at, encode_at};
use crate::config::ServerConfig;
use crate::hub::Arrival;
use crate::message::{
    Account, AccountAnswer, AccountErrand, AccountFound, AccountId, Answer, Command, ConnectionId, Effect,
    Effects, Errand, ErrandKind, Event, EventId, EventKind, Found, Identity, Now, Peer, Profile, Query, Rank,
    Scope, Selected, Selection, Source, Speech,
};
use crate::name::{RoomName, UserName};
use crate::secret::{Prover, ScramKeys};
use crate::session::scene::Scene;

/// What happens to a session.
#[derive(Clone, Copy)]
enum Step {
    /// The peer sends this, byte by byte.
    Sends(&'static str),
    /// The peer sends this at once.
    Says(&'static str),
    /// The peer sends this byte so many times at once.
    Fills(u8, usize),
    /// The peer begins SCRAM, and proves later that it knows the password.
    Begins,
    Proves,
    /// Time passes.
    Waits(Duration),
    /// The peer reads everything that was written for it.
    Reads,
    /// The user joins a room on another device.
    Shows,
    /// The server reads from the peer again.
    GoesOn,
    Ends,
}

use Step::{Begins, Ends, Fills, GoesOn, Proves, Reads, Says, Sends, Shows, Waits};

/// Where the session is handed over.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Nowhere,
    At(usize),
    Everywhere,
}

struct Play {
    scene: Scene,
    cut: Cut,
    /// The number of places so far.
    places: usize,
    /// What the peer has sent and the session has not taken.
    inbox: Vec<u8>,
    errands: Vec<Errand>,
    wants_to_know_of_reading: bool,
    prover: Option<Prover>,
    log: Vec<String>,
}

impl Play {
    fn of(steps: &[Step], now: Now, prepare: fn(&mut Scene), cut: Cut) -> Self {
        let mut scene = Scene::at(now);
        scene.out.allow(usize::MAX);
        prepare(&mut scene);
        let mut play = Self {
            scene,
            cut,
            places: 0,
            inbox: Vec::new(),
            errands: Vec::new(),
            wants_to_know_of_reading: false,
            prover: None,
            log: Vec::new(),
        };
        for step in steps {
            play.place();
            play.step(*step);
        }
        play.place();
        play
    }

    fn step(&mut self, step: Step) {
        match step {
            Sends(text) => text.bytes().for_each(|byte| self.sends(&[byte])),
            Says(text) => self.sends(text.as_bytes()),
            Fills(byte, count) => self.sends(&vec![byte; count]),
            Begins => {
                let (prover, first) = Prover::new("alice", "open sesame").unwrap();
                self.prover = Some(prover);
                self.authenticates(&first);
            }
            Proves => {
                let told = self.log.concat();
                let challenge = told.rsplit_once("AUTHENTICATE ").unwrap().1.split("\r\n").next().unwrap();
                let challenge = Base64::decode_vec(challenge).unwrap();
                let (_, proof) = self.prover.take().unwrap().prove(&challenge).unwrap();
                self.authenticates(&proof);
            }
            Waits(span) => {
                self.scene.now.instant += span;
                self.scene.now.time += span;
                if self.scene.session.deadline().is_some_and(|at| at <= self.scene.now.instant) {
                    self.scene.act(|session, context| session.wake(context));
                }
            }
            Reads => {
                assert!(self.wants_to_know_of_reading, "it waits for the peer to read");
                self.wants_to_know_of_reading = false;
                self.scene.act(|session, context| session.drained(context));
            }
            Shows => self.scene.act(|session, context| session.show(&tea(), context)),
            GoesOn => self.scene.session.is_read_again(self.scene.now.instant),
            Ends => {
                let rest = std::mem::take(&mut self.inbox);
                self.scene.act(|session, context| session.finish(&rest, context));
            }
        }
        self.finish();
    }

    fn authenticates(&mut self, message: &str) {
        let line = format!("AUTHENTICATE {}\r\n", Base64::encode_string(message.as_bytes()));
        line.bytes().for_each(|byte| self.sends(&[byte]));
    }

    fn sends(&mut self, bytes: &[u8]) {
        self.inbox.extend_from_slice(bytes);
        while !self.inbox.is_empty() {
            let Self { scene, inbox, .. } = self;
            let Some(used) = scene.act(|session, context| session.receive(inbox, context)) else { break };
            self.inbox.drain(..used);
            self.finish();
        }
        self.place();
    }

    /// Does what the session has caused.
    fn finish(&mut self) {
        self.note_effects();
        while let Some(errand) = self.errands.pop() {
            self.place();
            let label = errand.label.clone();
            let found = answer(errand.kind, self.scene.now.time);
            self.scene.act(|session, context| session.found(found, label.as_deref(), context));
            self.note_effects();
        }
        assert!(!self.scene.session.is_working(), "the budget suffices");
    }

    fn note_effects(&mut self) {
        while let Some(effect) = self.scene.out.pop() {
            let line = match effect {
                Effect::Bytes(_, range) => str::from_utf8(self.scene.out.bytes_at(range)).unwrap().to_owned(),
                Effect::Errand(_, errand) => {
                    let line = format!("{errand:?}\n");
                    self.errands.push(errand);
                    line
                }
                Effect::WhenDrained(_) => {
                    self.wants_to_know_of_reading = true;
                    "when it is read\n".to_owned()
                }
                other => format!("{other:?}\n"),
            };
            self.log.push(line);
        }
    }

    /// Hands the session over, if that happens here.
    fn place(&mut self) {
        if self.cut == Cut::Everywhere || self.cut == Cut::At(self.places) {
            let now = self.scene.now.instant;
            let before = &self.scene.session;
            let bytes = encode_at(before, now);
            let after: Session = decode_at(&bytes, now).unwrap();
            assert_eq!(seen(&after), seen(before));
            assert_eq!((after.user(), after.deadline()), (before.user(), before.deadline()));
            self.scene.session = after;
        }
        self.places += 1;
    }

    /// What has happened, without what is random.
    fn told(&self) -> String {
        let lines = self.log.iter().flat_map(|part| part.split_inclusive('\n'));
        let mask = |line: &str| match line.split_once("AUTHENTICATE ") {
            Some((before, rest)) if rest.len() > 40 => format!("{before}AUTHENTICATE ...\r\n"),
            _ => line.to_owned(),
        };
        lines.map(mask).collect()
    }
}

/// A session without how far its splitter has searched, which makes no difference.
fn seen(session: &Session) -> String {
    let shown = format!("{session:?}");
    let mut parts = shown.split("searched: ");
    let first = parts.next().unwrap_or_default().to_owned();
    first + &parts.map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit())).collect::<String>()
}

/// Plays a script with handovers at all places. Returns what happened, which is always the same.
#[track_caller]
fn play(prepare: fn(&mut Scene), steps: &[Step]) -> String {
    let now = Now::read();
    let whole = Play::of(steps, now, prepare, Cut::Nowhere);
    let told = whole.told();
    let cuts = (0..whole.places).map(Cut::At).chain([Cut::Everywhere]);
    for cut in cuts {
        let other = Play::of(steps, now, prepare, cut);
        let place = if let Cut::At(place) = cut { place.to_string() } else { "every place".to_owned() };
        assert_eq!(other.told(), told, "handed over at {place} of {}", whole.places);
    }
    let again = decode_at(&encode_at(&whole.scene.session, now.instant), now.instant).unwrap();
    value_keeps_promises::<Session>(&again, &[1, 2, 4, 8, 16, 32, 64, 128, 255]);
    told
}

fn answer(kind: ErrandKind, now: SystemTime) -> Found {
    match kind {
        ErrandKind::Check(check) => Found::Checked(check.purpose.clone(), check.outcome()),
        ErrandKind::Report => Found::Report(vec!["fine".into()]),
        ErrandKind::Reload => Found::Reloaded("done".into()),
        ErrandKind::Recall(recall) => Found::Recalled(recall.purpose.into(), past(recall.query, now)),
        ErrandKind::Account(errand, purpose) => Found::Account(purpose, account_found(*errand, now)),
    }
}

fn account_found(errand: AccountErrand, now: SystemTime) -> AccountFound {
    match errand {
        AccountErrand::Keys { .. } => AccountFound::Keys(keys().into()),
        AccountErrand::Prove { is_right: false, .. } => AccountFound::Wrong,
        AccountErrand::Ask(_) => AccountFound::Answer(AccountAnswer::Changed),
        AccountErrand::SetPassword { .. } | AccountErrand::Drop { .. } => AccountFound::NotChecked,
        AccountErrand::LogIn { .. }
        | AccountErrand::LogInByCertificate { .. }
        | AccountErrand::Prove { .. }
        | AccountErrand::Enter { .. }
        | AccountErrand::Register { .. } => AccountFound::LoggedIn(alice(now).into()),
    }
}

/// The keys of "open sesame".
fn keys() -> ScramKeys {
    let (salt, iterations) = ([7; 16], 4096);
    let mut salted = [0; 32];
    let count = iterations.try_into().unwrap();
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, count, &salt, b"open sesame", &mut salted);
    let sign = |text: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &salted), text);
    let stored_key = digest::digest(&digest::SHA256, sign(b"Client Key").as_ref());
    let [stored_key, server_key] =
        [stored_key.as_ref(), sign(b"Server Key").as_ref()].map(|key| key.try_into().unwrap());
    ScramKeys { salt, iterations, stored_key, server_key }
}

fn tea() -> RoomName {
    RoomName::new("#tea").unwrap()
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

/// An account of which one device was here an hour ago.
fn alice(now: SystemTime) -> Account {
    let mut account = Account::new(AccountId(1), name("alice"), now);
    account.devices.push(("phone".into(), EventId::before(now - Duration::from_secs(3600))));
    account
}

/// Messages of bob of the last minutes, two in a page.
fn past(query: Query, now: SystemTime) -> Answer {
    let Query::Events(selections) = query else { return Answer::Failed };
    let selected = |Selection { of, interval, .. }: Selection| {
        let room = if let Scope::Room(readable) = &of { &readable.room } else { &tea() };
        let events = (1..=5).map(|n| said(n, room, now));
        let events = events.filter(|event| interval.after < event.id && event.id < interval.before);
        let mut events: Vec<_> = events.collect();
        let is_all = events.len() <= 2;
        events.truncate(2);
        Selected { of, events, first: interval.first, is_all }
    };
    Answer::Events(selections.into_iter().map(selected).collect())
}

fn said(minute: u64, room: &RoomName, now: SystemTime) -> Event {
    let time = now - Duration::from_secs(60 * (10 - minute));
    let from = Identity::new(name("bob"), "~b", "h", "B");
    let speech = Speech::message(format!("message {minute}"));
    Event {
        id: EventId::before(time),
        time,
        from: Source::User(from.into()),
        watched: false,
        kind: EventKind::Said { room: room.clone(), to_rank: Rank::NONE, speech },
    }
}

fn nothing(_: &mut Scene) {}

fn with_password(scene: &mut Scene) {
    scene.house.config.password = Some("secret".parse().unwrap());
}

fn with_accounts(scene: &mut Scene) {
    (scene.house.has_accounts, scene.house.keeps_history) = (true, true);
    scene.hub.keep_history();
    scene.hub.add_account(AccountId(1), &name("alice"));
    scene.certificate = Some([3; 32]);
}

/// Alice is in rooms, on a connection of another device.
fn with_another_device(scene: &mut Scene) {
    with_accounts(scene);
    let profile = Profile {
        is_secure: false,
        username: "~a".into(),
        host: "local".into(),
        realname: "A".into(),
        peer: Peer::Unix,
        away: None,
    };
    let (now, mut out) = (scene.now, Effects::default());
    let arrival = Arrival { connection: ConnectionId(9), device: "desk", profile };
    let entered = scene.hub.enter_account(&arrival, alice(now.time), now, &mut out).unwrap();
    for room in ["#tea", "#go", "#lobby"] {
        let join = Command::Join { room: RoomName::new(room).unwrap(), key: None };
        scene.hub.handle(entered.user, join, now, &mut out).unwrap();
    }
}

const ANA: Step = Says("NICK ana\r\nUSER a 0 * :Ana B\r\n");

const CAPABILITIES: Step = Says(
    "CAP LS 302\r\nCAP REQ :batch sasl labeled-response message-tags echo-message server-time draft/multiline\r\n",
);

#[test]
fn a_peer_whose_protocol_is_not_known_is_handed_over() {
    assert!(play(nothing, &[Sends("\r\n  \n"), Sends("NICK ana\r\nUSER a 0 * a\r\n")]).contains(" 001 ana "));
    assert!(play(nothing, &[Sends("\u{feff}NICK ana\nUSER a 0 * a\n")]).contains(" 001 ana "));
    assert!(play(nothing, &[Sends("GET / HTTP/1.1\r\n")]).contains("Malformed"));
    assert!(play(nothing, &[Sends("NI"), Waits(Duration::from_secs(600))]).contains("LoginTimeout"));
    assert!(play(nothing, &[Sends("12"), Ends]).contains("bytes outside a frame"));
}

#[cfg(feature = "web")]
#[test]
fn a_peer_that_asks_over_http_is_closed_when_the_program_before_would_have_closed_it() {
    let asks = |scene: &mut Scene| {
        let until = scene.now.instant + Duration::from_secs(5);
        scene.session.asks_until(Some(until));
    };
    assert!(play(asks, &[Waits(Duration::from_secs(4)), Waits(Duration::from_secs(1))]).contains("Answered"));
}

#[test]
fn a_client_that_registers_is_handed_over() {
    let begins = "CAP LS 302\r\nCAP REQ :batch echo-message\r\nNICK ana\r\nUSER a 0 * :Ana B\r\n";
    let told = play(nothing, &[Sends(begins), Sends("CAP LIST\r\nCAP END\r\nAWAY :tea\r\n")]);
    assert!(told.contains(" 001 ana ") && told.contains(" 306 ana "), "{told}");
    let told = play(with_password, &[Sends("PASS secret\r\n"), ANA]);
    assert!(told.contains("kind: Check") && told.contains(" 001 ana "), "{told}");
    let told = play(with_password, &[Sends("PASS wrong\r\n"), ANA]);
    assert!(told.contains("WrongPassword"), "{told}");
    let told = play(nothing, &[Sends("NICK ana\r\nUS"), Waits(Duration::from_secs(600))]);
    assert!(told.contains("LoginTimeout"), "{told}");
    let told = play(with_accounts, &[Sends("PASS alice/phone:sesame\r\n"), ANA]);
    assert!(told.contains("LogIn") && told.contains(" 001 alice "), "{told}");
}

#[test]
fn every_mechanism_goes_on_after_a_handover() {
    let plain = "AUTHENTICATE plain\r\nAUTHENTICATE AGFsaWNlL3Bob25lAHNlc2FtZQ==\r\n";
    let told = play(with_accounts, &[CAPABILITIES, Sends(plain), ANA, Sends("CAP END\r\n")]);
    assert!(told.contains(" 903 ") && told.contains(" 001 alice "), "{told}");

    let external = "AUTHENTICATE EXTERNAL\r\nAUTHENTICATE +\r\n";
    let told = play(with_accounts, &[CAPABILITIES, Sends(external), ANA, Sends("CAP END\r\n")]);
    assert!(told.contains(" 903 ") && told.contains(" 001 alice "), "{told}");

    let scram = [CAPABILITIES, Sends("AUTHENTICATE SCRAM-SHA-256\r\n"), Begins, Proves];
    let told = play(with_accounts, &[&scram[..], &[Sends("AUTHENTICATE +\r\n"), ANA]].concat());
    assert!(told.contains(" 903 ") && told.contains("is_right: true"), "{told}");

    let pieces =
        [Sends("AUTHENTICATE PLAIN\r\nAUTHENTICATE "), Fills(b'A', 400), Sends("\r\nAUTHENTICATE AGFs\r\n")];
    let told = play(with_accounts, &[&[CAPABILITIES][..], &pieces, &[Sends("AUTHENTICATE *\r\n")]].concat());
    assert!(told.contains(" 904 ") && told.contains(" 906 "), "{told}");
}

#[test]
fn a_client_that_fails_too_often_is_closed_by_the_next_program_too() {
    let wrong = [Sends("AUTHENTICATE PLAIN\r\nAUTHENTICATE AAAA\r\n"); 5];
    let told = play(with_accounts, &[&[CAPABILITIES][..], &wrong].concat());
    assert!(told.contains("LoginFailed"), "{told}");
}

#[test]
fn a_message_of_several_lines_goes_on_after_a_handover() {
    let begins = "CAP END\r\nJOIN #tea\r\n@label=x\\ny;+typing=done BATCH +b draft/multiline #tea\r\n";
    let lines = "@batch=b PRIVMSG #tea :one\r\n@batch=b PRIVMSG #tea :two\r\n\
        @batch=b;draft/multiline-concat PRIVMSG #tea :more\r\n";
    let told = play(with_accounts, &[CAPABILITIES, ANA, Sends(begins), Sends(lines), Sends("BATCH -b\r\n")]);
    assert!(told.contains("label=x\\ny") && told.contains("twomore"), "{told}");
    let told = play(
        with_accounts,
        &[CAPABILITIES, ANA, Sends(begins), Sends(lines), Waits(Duration::from_secs(31))],
    );
    assert!(told.contains("FAIL BATCH TIMEOUT b"), "{told}");
    let spoiled = Sends("@batch=b NOTICE #tea :two\r\n@batch=b PRIVMSG #tea :three\r\nBATCH -b\r\n");
    let told = play(with_accounts, &[CAPABILITIES, ANA, Sends(begins), Sends(lines), spoiled]);
    assert!(told.contains("MULTILINE_INVALID"), "{told}");
}

#[test]
fn a_line_that_is_too_long_is_skipped_to_its_end() {
    let told = play(nothing, &[ANA, Sends("PING a"), Fills(b'x', 20_000), Sends("x\r\nPING b\r\n")]);
    assert!(told.contains(" 417 ") && told.ends_with("PONG parlor.local :b\r\n"), "{told}");
    let told = play(nothing, &[ANA, Sends("PING a"), Fills(b'x', 20_000), Sends("NICK eve"), Ends]);
    assert!(told.contains(" 417 ") && !told.contains("NICK eve"), "{told}");
    let told = play(nothing, &[ANA, Sends("NICK eve"), Ends]);
    assert!(told.contains("eve"), "{told}");
}

#[test]
fn a_client_that_is_silent_is_asked_once_and_then_closed() {
    let (ping, pong) = (Duration::from_secs(120), Duration::from_secs(60));
    let told =
        play(nothing, &[ANA, Waits(ping), Waits(pong / 2), GoesOn, Waits(pong), Waits(ping), Waits(pong)]);
    assert!(told.contains("PING :parlor.local") && told.contains("PingTimeout"), "{told}");
    let told = play(nothing, &[ANA, Waits(ping), Sends("PONG x\r\n"), Waits(pong)]);
    assert!(told.contains("PING :parlor.local") && !told.contains("PingTimeout"), "{told}");
}

#[test]
fn questions_about_the_past_go_on_after_a_handover() {
    let labelled = "CAP REQ :batch labeled-response draft/chathistory message-tags\r\n";
    let asks = "CAP END\r\nJOIN #tea\r\n@label=h CHATHISTORY LATEST #tea * 10\r\nCHATHISTORY AROUND #tea timestamp=2020-01-01T00:00:00.000Z 4\r\n";
    let told = play(with_accounts, &[Sends(labelled), ANA, Sends(asks)]);
    assert!(told.contains("label=h") && told.contains(":message 2"), "{told}");
    // Clients that ask for nothing, and those that may ask.
    let told = play(with_accounts, &[ANA, Sends("JOIN #tea,#go\r\nPING x\r\n")]);
    assert!(told.contains("Replay") && told.contains("message 2"), "{told}");
    let playback = "CAP REQ :znc.in/playback\r\nCAP END\r\n";
    let joins = "JOIN #tea,#go\r\nPRIVMSG *playback :PLAY #go 0\r\nPONG replay\r\n";
    let told = play(with_accounts, &[Sends(playback), ANA, Sends(joins)]);
    assert!(told.contains("PING :replay") && told.contains("message 2"), "{told}");
}

#[test]
fn a_device_that_comes_back_hears_what_it_missed_in_spite_of_handovers() {
    let comes = [Sends("PASS alice/phone:sesame\r\n"), ANA];
    let told = play(with_another_device, &[&comes[..], &[Reads; 5], &[Shows], &[Reads; 3]].concat());
    assert!(told.contains("Missed") && told.contains("message 4"), "{told}");
    assert!(told.contains("EndQuiet"), "{told}");
    let playback = [Sends("CAP REQ :znc.in/playback\r\nCAP END\r\n")];
    let asks = [Sends("PRIVMSG *playback :PLAY #tea 0\r\nPONG replay\r\n"), Reads, Reads, Reads, Reads];
    let told = play(with_another_device, &[&playback[..], &comes, &asks].concat());
    assert!(told.contains("Missed"), "{told}");
}

#[test]
fn a_peer_on_crazyit_is_handed_over_within_frames_and_between_answer_and_newline() {
    let told = play(
        nothing,
        &[Sends("∏∑ana∏∑"), Sends("\n"), Sends("§γhello\nyou§γ\n★【bob※hi★【"), Sends("∏∑eve∏∑\n")],
    );
    assert!(told.contains("EndLine") && told.contains("EndQuiet"), "{told}");
    let told = play(nothing, &[Sends("∏∑ana∏∑\n∏∑a b∏∑\n§γhel"), Ends]);
    assert!(told.contains("BeginQuiet"), "{told}");
    let told = play(with_password, &[Sends("∏∑ana∏∑∏∑ana※wrong∏∑"), Sends("∏∑ana※secret∏∑"), Ends]);
    assert!(told.contains("kind: Check"), "{told}");
    let told = play(nothing, &[Sends("∏∑"), Waits(Duration::from_secs(600))]);
    assert!(told.contains("LoginTimeout"), "{told}");
    let told = play(nothing, &[Sends("§γ"), Fills(b'x', 2_000_000)]);
    assert!(told.contains("Malformed"), "{told}");
}

#[test]
fn a_peer_on_crazyit_hears_what_it_missed_and_its_hint_in_spite_of_handovers() {
    let told = play(with_accounts, &[Sends("∏∑alice∏∑"), Sends("∏∑bob∏∑")]);
    assert!(told.contains("the name alice is registered"), "{told}");
    let told = play(with_accounts, &[Sends("∏∑alice∏∑"), Ends]);
    assert!(told.contains("the name alice is registered"), "{told}");
    let comes = Sends("∏∑alice/phone※sesame∏∑");
    let quiet = Waits(Duration::from_millis(500));
    let told = play(with_another_device, &[comes, quiet, Reads, Reads, Reads]);
    assert!(told.contains("message 5") && told.contains("EndQuiet"), "{told}");
    let told = play(with_another_device, &[comes, Sends("\n§γhi§γ"), Reads, Reads]);
    assert!(told.contains("message 4"), "{told}");
}

#[test]
fn the_house_keeps_its_cloaks_and_its_age() {
    let now = Now::read();
    let mut config = ServerConfig::default();
    let old = House::new(&config, now.time - Duration::from_secs(90_000));
    let handed = encode_at(&old.hand_over(), now.instant);
    config.limits.login_timeout = Duration::from_secs(7);
    let mut new = House::new(&config, now.time);
    let peer = Peer::Tcp([192, 0, 2, 1].into(), 6667);
    assert_ne!(new.cloak.host(&peer), old.cloak.host(&peer));
    let handed: HouseHandover = decode_at(&handed, now.instant).unwrap();
    new.take_over(&handed);
    assert_eq!(new.cloak.host(&peer), old.cloak.host(&peer));
    assert_eq!(new.up(now.time), Duration::from_secs(90_000));
    assert_eq!(handed.withheld, old.withheld());
    value_keeps_promises(&handed, &[1, 2, 3, 5, 8]);
}

#[test]
fn another_timeout_of_the_next_program_counts_from_the_accept() {
    let mut scene = Scene::at(Now::read());
    let (handed, old) = (scene.house.hand_over(), scene.house.config.limits);
    let mut new = old;
    new.login_timeout = old.login_timeout + Duration::from_secs(7);
    let due = scene.session.deadline().unwrap();
    scene.session.change_limits(&handed.limits(&new), &new);
    assert_eq!(scene.session.deadline(), Some(due + Duration::from_secs(7)));
}
