//! Accounts of our own server: the client registers one, and logs in to it from several devices.

use parlor::address::Address;
use parlor::client::{
    Account, Client, ClientEvent, ClientEventKind, Error, Events, Moment, Request, Speaker,
};
#[cfg(feature = "tls")]
use parlor::client::{AccountFault, Tls};
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

use crate::support::program::Ended;
use crate::support::{DEADLINE, Program, Scratch, text};
#[cfg(feature = "tls")]
use crate::support::{address, tls::Certificate};

const PASSWORD: &str = "open sesame";

/// A user in the lobby who has heard who is there: `name`, or a device of an account.
fn enter(at: &Address, name: &str, account: Option<&str>) -> (Speaker, Events) {
    let builder = Client::builder();
    let builder = match account {
        Some(account) => builder.account(Account::new(account, PASSWORD)),
        None => builder,
    };
    let mut client = builder.connect(at).expect("it listens");
    client.login(&UserName::new(name).expect("a good name"), None).expect("the name and password are right");
    let (mut speaker, mut events) = client.split().expect("a descriptor is left");
    speaker.join(&RoomName::new("#lobby").expect("a good name")).expect("sent");
    until(&mut events, |event| matches!(event.kind, ClientEventKind::Present { .. }));
    (speaker, events)
}

/// The next event that is like this.
#[track_caller]
fn until(events: &mut Events, wanted: impl Fn(&ClientEvent) -> bool) -> ClientEvent {
    loop {
        let event = events.next_within(DEADLINE).expect("in time").expect("the connection is fine");
        if wanted(&event) {
            return event;
        }
    }
}

/// Registers alice.
fn register(at: &Address) -> (Speaker, Events) {
    register_as(at, "alice")
}

fn register_as(at: &Address, name: &str) -> (Speaker, Events) {
    let (mut speaker, mut events) = enter(at, name, None);
    speaker.register(&Account::new(name, PASSWORD)).expect("sent");
    until(&mut events, |event| event.kind == ClientEventKind::LoggedIn { account: name.into() });
    (speaker, events)
}

#[test]
fn what_one_device_says_another_shows_as_its_own() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (mut phone, _phone_hears) = register(at);
    let (mut laptop, mut laptop_hears) = enter(at, "visitor", Some("alice/laptop"));
    let (_bob, mut bob_hears) = enter(at, "bob", None);
    phone.say("from the phone").expect("sent");
    phone.whisper("bob", "psst").expect("sent");
    laptop.say("from the laptop").expect("sent");
    let mut heard = Vec::new();
    while heard.len() < 3 {
        let event = until(&mut laptop_hears, |event| {
            matches!(event.kind, ClientEventKind::Said { .. } | ClientEventKind::Whispered { .. })
        });
        assert!(event.is_own && event.id.is_some(), "{event:?}");
        heard.push(match event.kind {
            ClientEventKind::Said { from, text, .. } => (from, text, event.is_other_device),
            ClientEventKind::Whispered { to, text, .. } => {
                (to.expect("IRC names it"), text, event.is_other_device)
            }
            _ => unreachable!("only these were waited for"),
        });
    }
    heard.sort();
    let expected =
        [("alice", "from the laptop", false), ("alice", "from the phone", true), ("bob", "psst", true)];
    let expected = expected.map(|(who, text, elsewhere)| (who.to_owned(), text.to_owned(), elsewhere));
    assert_eq!(heard, expected);
    let whispered = until(&mut bob_hears, |event| matches!(event.kind, ClientEventKind::Whispered { .. }));
    assert!(!whispered.is_own && !whispered.is_other_device);
}

#[test]
fn a_guest_becomes_the_user_of_an_account_while_connected() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (_phone, _phone_hears) = register(at);
    let (mut guest, mut events) = enter(at, "guest", None);
    guest.log_in(&Account::new("alice/tablet", "wrong")).expect("sent");
    let refused = until(&mut events, |event| matches!(event.kind, ClientEventKind::Refused { .. }));
    assert!(matches!(refused.kind, ClientEventKind::Refused { code, about: Some(about), .. }
        if code == "904" && about == "alice/tablet"));
    guest.log_in(&Account::new("alice/tablet", PASSWORD)).expect("sent");
    until(&mut events, |event| matches!(&event.kind, ClientEventKind::Renamed { to, .. } if to == "alice"));
    guest.say("hi").expect("sent");
    let said = until(&mut events, |event| matches!(event.kind, ClientEventKind::Said { .. }));
    assert!(said.is_own && !said.is_other_device);
}

#[test]
fn a_wrong_password_of_an_account_is_an_error_of_its_own() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (_phone, _phone_hears) = register(at);
    let mut client =
        Client::builder().account(Account::new("alice", "wrong")).connect(at).expect("it listens");
    let result = client.login(&UserName::new("alice").expect("a good name"), None);
    assert!(matches!(result, Err(Error::Account { .. })), "{result:?}");
}

/// Runs parlor with a text to say and the account alice, whose password is in a file.
fn say_as_alice(at: &Address, password: &str, args: &[&str]) -> Ended {
    let scratch = Scratch::new();
    let (file, at) = (scratch.file("password", password), at.to_string());
    let file = text(&file);
    let own = ["--account-password-file", file, "--once", "hello", &at];
    Program::parlor(&[args, &own].concat()).ended()
}

#[test]
fn a_pipe_speaks_as_a_device_of_an_account_on_both_wires() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (_phone, mut phone_hears) = register(at);
    for (n, args) in [&["--account", "alice/cron"][..], &["--account", "alice/cron", "--wire", "crazyit"]]
        .iter()
        .enumerate()
    {
        let ended = say_as_alice(at, PASSWORD, args);
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "alice: hello\n"), "{n}: {ended:?}");
        let said = until(&mut phone_hears, |event| matches!(event.kind, ClientEventKind::Said { .. }));
        assert!(said.is_own && said.is_other_device);
        assert_eq!(say_as_alice(at, "wrong", args).status, Some(3));
    }
}

#[test]
fn on_the_crazyit_wire_lines_of_other_devices_do_not_confirm_ours() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (mut phone, _phone_hears) = register(at);
    let builder = Client::builder().wire(Wire::CrazyIt).account(Account::new("alice/old", PASSWORD));
    let mut client = builder.connect(at).expect("it listens");
    client.login(&UserName::new("alice").expect("a good name"), None).expect("the password is right");
    let (mut old, mut events) = client.split().expect("a descriptor is left");
    phone.say("from the phone").expect("sent");
    let is_said = |event: &ClientEvent| matches!(event.kind, ClientEventKind::Said { .. });
    let said = until(&mut events, is_said);
    assert!(said.is_own && said.is_other_device && said.answers.is_none(), "{said:?}");
    for text in ["one", " two ", "/three"] {
        old.say(text).expect("sent");
        let said = until(&mut events, is_said);
        assert!(said.is_own && !said.is_other_device && said.answers.is_some(), "{said:?}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn a_certificate_logs_in_to_the_account_that_knows_it() {
    let scratch = Scratch::new();
    let (of_server, own) = (Certificate::new(&scratch, "server"), Certificate::new(&scratch, "own"));
    let pair = [&of_server.cert, &of_server.key].map(|path| text(path));
    let tls = ["--tls-listen", "127.0.0.1:0", "--tls-cert", pair[0], "--tls-key", pair[1]];
    let (server, at) = Program::server(&tls);
    let line = server.line();
    let (tls_at, _) = line.split_once(" with TLS, ").expect("it tells where");
    let tls_at = address(tls_at.strip_prefix("listening on ").expect("it begins like this"));
    let (mut phone, mut events) = register(&at);
    let fingerprint = own.fingerprint().to_string();
    let add = format!("NS CERT ADD {}", fingerprint.trim_start_matches("sha256:"));
    phone.send(&Request::Raw(add)).expect("sent");
    until(
        &mut events,
        |event| matches!(&event.kind, ClientEventKind::Whispered { from, .. } if from == "NickServ"),
    );

    let pin = Tls::pinned(of_server.fingerprint());
    let with_own = pin.clone().with_certificate(&own.cert, &own.key).expect("they belong together");
    let log_in = |tls: Tls, account: &str| {
        let builder = Client::builder().tls(tls).account(Account::by_certificate(account));
        let mut client = builder.connect(&tls_at)?;
        client.login(&UserName::new("visitor").expect("a good name"), None)?;
        Ok(client.name())
    };
    assert_eq!(log_in(with_own.clone(), "alice/laptop").expect("the account has it"), "alice");
    let refused = log_in(with_own, "bob");
    let why: fn(&AccountFault) -> bool = |fault| matches!(fault, AccountFault::Refused { .. });
    assert!(matches!(&refused, Err(Error::Account { fault, .. }) if why(fault)), "{refused:?}");
    let without = log_in(pin, "alice");
    let why: fn(&AccountFault) -> bool = |fault| matches!(fault, AccountFault::NoMechanism { .. });
    assert!(matches!(&without, Err(Error::Account { fault, .. }) if why(fault)), "{without:?}");

    // The program, with both in one file.
    let read = |path| std::fs::read_to_string(path).expect("it was written");
    let both = scratch.file("both.pem", &(read(&own.cert) + &read(&own.key)));
    let (both, pin) = (text(&both), of_server.fingerprint().to_string());
    let at = tls_at.to_string();
    let args =
        ["--fingerprint", &pin, "--certificate", both, "--account", "alice/cron", "--once", "hello", &at];
    let ended = Program::parlor(&args).ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "alice: hello\n"), "{ended:?}");
}

#[test]
fn what_was_written_to_somebody_who_was_away_is_after_the_marker_until_it_was_read() {
    let (_server, at) = Program::server(&[]);
    let at = &at;
    let (mut alice, mut alice_hears) = register(at);
    let (bob, mut bob_hears) = register_as(at, "bob");
    bob.quit().expect("sent");
    while bob_hears.next().is_some_and(|event| event.is_ok()) {}
    until(&mut alice_hears, |event| matches!(&event.kind, ClientEventKind::Quit { who, .. } if who == "bob"));
    alice.whisper("bob", "while you were away").expect("sent");
    until(&mut alice_hears, |event| matches!(event.kind, ClientEventKind::Whispered { .. }));

    let marker = |at| Request::ReadMarker { of: "alice".into(), at };
    let is_marker =
        |event: &ClientEvent| matches!(&event.kind, ClientEventKind::ReadMarker { of, .. } if of == "alice");
    let (mut bob, mut hears) = enter(at, "visitor", Some("bob/laptop"));
    assert!(bob.history_offer().has_markers);
    bob.send(&Request::Talks { after: std::time::UNIX_EPOCH, most: 50 }).expect("sent");
    let talked = until(&mut hears, |event| matches!(event.kind, ClientEventKind::TalkedWith { .. }));
    let ClientEventKind::TalkedWith { who, last: Some(last) } = talked.kind else { panic!("{talked:?}") };
    assert_eq!(who, "alice");
    bob.send(&marker(None)).expect("sent");
    let unknown = ClientEventKind::ReadMarker { of: "alice".into(), at: None };
    assert_eq!(until(&mut hears, is_marker).kind, unknown);
    bob.send(&marker(Some(last))).expect("sent");
    until(&mut hears, is_marker);

    let (mut bob, mut hears) = enter(at, "visitor", Some("bob/laptop"));
    bob.send(&marker(None)).expect("sent");
    let known = ClientEventKind::ReadMarker { of: "alice".into(), at: Some(last) };
    assert_eq!(until(&mut hears, is_marker).kind, known);
    let after = Some(Moment { id: None, time: Some(last) });
    bob.send(&Request::History { room: "alice".into(), after, before: None, most: 50 }).expect("sent");
    let page = until(&mut hears, |event| matches!(event.kind, ClientEventKind::History { .. }));
    assert!(
        matches!(&page.kind, ClientEventKind::History { events, .. } if events.is_empty()),
        "it was read: {page:?}"
    );
}
