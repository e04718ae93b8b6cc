//! The client on IRC: against our own server, and against a stand-in for others, which knows less and behaves worse.

use std::path::Path;
use std::process::Stdio;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parlor::address::Address;
use parlor::client::{Client, ClientEvent, ClientEventKind, Error, Events, Manner, Request, Speaker};
use parlor::config::ServerConfig;
use parlor::name::{RoomName, UserName};
use parlor::wire::Wire;

use crate::support::{Peer, Program, Scratch, StandIn, TestServer, address, say, text};

fn name(text: &str) -> UserName {
    UserName::new(text).expect("a good name")
}

fn room(text: &str) -> RoomName {
    RoomName::new(text).expect("a good name")
}

/// Logs in and divides the connection.
fn log_in(at: &Address, who: &str) -> (Speaker, Events) {
    let mut client = Client::connect(at, Wire::Irc).expect("it listens");
    client.login(&name(who), None).expect("the name is free");
    client.split().expect("a descriptor is left")
}

/// Somebody in a room, who has heard who is there.
fn member(at: &Address, who: &str, where_to: &str) -> (Speaker, Events) {
    let (mut speaker, mut events) = log_in(at, who);
    speaker.join(&room(where_to)).expect("sent");
    until(&mut events, |kind| matches!(kind, ClientEventKind::Present { .. }));
    (speaker, events)
}

#[track_caller]
fn next(events: &mut Events) -> ClientEvent {
    events.next().expect("the server is there").expect("the connection is fine")
}

/// The next event that is like this.
#[track_caller]
fn until(events: &mut Events, wanted: impl Fn(&ClientEventKind) -> bool) -> ClientEventKind {
    loop {
        let event = next(events);
        if wanted(&event.kind) {
            return event.kind;
        }
    }
}

fn said(from: &str, text: &str, manner: Manner) -> ClientEventKind {
    ClientEventKind::Said { room: Some("#lobby".into()), from: from.into(), text: text.into(), manner }
}

/// What a pipe prints and how it ends, given this input.
#[track_caller]
fn pipe(args: &[&str], input: &str) -> crate::support::program::Ended {
    let mut program = Program::parlor(args);
    program.write(input);
    program.end_input();
    program.ended()
}

// With our own server.

#[test]
fn everything_that_happens_in_a_room_is_an_event() {
    let server = TestServer::start();
    let at = &server.addresses()[0];
    let (mut alice, mut alice_hears) = member(at, "alice", "#tea");
    let mut bob = server.connect();
    bob.send("NICK bob\r\nUSER b 0 * :b\r\nJOIN #tea\r\n");
    let tea = || "#tea".to_owned();
    let who = || "bob".to_owned();
    assert_eq!(next(&mut alice_hears).kind, ClientEventKind::Joined { room: tea(), who: who() });
    bob.send("PRIVMSG #tea :\x01ACTION waves\x01\r\nNOTICE #tea :look\r\nPRIVMSG alice :psst\r\n");
    let in_tea = |text: &str, manner| {
        let (room, text) = (Some(tea()), text.to_owned());
        ClientEventKind::Said { room, from: who(), text, manner }
    };
    let action = next(&mut alice_hears);
    assert_eq!(action.kind, in_tea("waves", Manner::Action));
    assert!(action.time.is_some() && !action.is_own);
    assert_eq!(next(&mut alice_hears).kind, in_tea("look", Manner::Notice));
    let psst = ClientEventKind::Whispered {
        from: who(),
        to: Some("alice".into()),
        text: "psst".into(),
        manner: Manner::Message,
    };
    assert_eq!(next(&mut alice_hears).kind, psst);

    alice.act("nods").expect("sent");
    let own = next(&mut alice_hears);
    assert!(own.is_own);
    assert!(matches!(own.kind, ClientEventKind::Said { manner: Manner::Action, .. }), "{own:?}");

    bob.send("NICK rob\r\nPART #tea :so long\r\nJOIN #tea\r\nQUIT :bye\r\n");
    assert_eq!(next(&mut alice_hears).kind, ClientEventKind::Renamed { from: who(), to: "rob".into() });
    let rob = || "rob".to_owned();
    let parted = ClientEventKind::Parted { room: tea(), who: rob(), reason: "so long".into() };
    assert_eq!(next(&mut alice_hears).kind, parted);
    assert_eq!(next(&mut alice_hears).kind, ClientEventKind::Joined { room: tea(), who: rob() });
    let left = next(&mut alice_hears).kind;
    assert!(matches!(&left, ClientEventKind::Quit { who, reason } if who == "rob" && reason.contains("bye")));
}

#[test]
fn who_is_there_and_what_it_is_about_is_told_on_joining() {
    let server = TestServer::start();
    let at = &server.addresses()[0];
    let mut bob = server.connect();
    bob.send("NICK bob\r\nUSER b 0 * :b\r\nJOIN #tea\r\nTOPIC #tea :at five\r\nPING done\r\n");
    while !bob.line().contains("PONG") {}
    let (mut alice, mut events) = log_in(at, "alice");
    alice.join(&room("#tea")).expect("sent");
    let topic = until(&mut events, |kind| matches!(kind, ClientEventKind::Topic { .. }));
    assert_eq!(topic, ClientEventKind::Topic { room: "#tea".into(), topic: "at five".into(), by: None });
    let present = until(&mut events, |kind| matches!(kind, ClientEventKind::Present { .. }));
    let ClientEventKind::Present { members, .. } = present else {
        unreachable!("that is what was waited for")
    };
    let mut members: Vec<_> = members.iter().map(|m| format!("{}{}", m.rank, m.name)).collect();
    members.sort();
    assert_eq!(members, ["@bob", "alice"]);
    bob.send("TOPIC #tea :at six\r\nKICK #tea alice :too early\r\n");
    let set = ClientEventKind::Topic { room: "#tea".into(), topic: "at six".into(), by: Some("bob".into()) };
    assert_eq!(next(&mut events).kind, set);
    let kicked = next(&mut events).kind;
    assert!(matches!(&kicked, ClientEventKind::Kicked { who, by, .. } if who == "alice" && by == "bob"));
}

#[test]
fn a_room_that_does_not_open_is_told() {
    let server = TestServer::start();
    let mut bob = server.connect();
    bob.send("NICK bob\r\nUSER b 0 * :b\r\nJOIN #tea\r\nMODE #tea +i\r\nPING done\r\n");
    while !bob.line().contains("PONG") {}
    let at = server.addresses()[0].to_string();
    let (mut alice, mut events) = log_in(&server.addresses()[0], "alice");
    alice.join(&room("#tea")).expect("sent");
    let refused = until(&mut events, |kind| matches!(kind, ClientEventKind::Refused { .. }));
    assert!(
        matches!(&refused, ClientEventKind::Refused { code, about: Some(room), .. } if code == "473" && room == "#tea")
    );

    let ended = pipe(&["-r", "#tea", &format!("carol@{at}")], "nobody hears this\n");
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert_eq!(ended.stdout, "");
    let (told, last) = ended.stderr.trim_end().rsplit_once('\n').expect("several lines");
    assert!(told.lines().all(|line| line.contains("#tea")), "{ended:?}");
    assert_eq!(last, "parlor: the server refused 1 of 1 lines");
}

#[test]
fn a_long_text_arrives_whole_in_pieces_that_no_server_cuts() {
    let server = TestServer::start();
    let (mut alice, events) = log_in(&server.addresses()[0], "alice");
    alice.join(&room("#lobby")).expect("sent");
    let text = "好a".repeat(2000);
    alice.say(&text).expect("sent");
    alice.finish().expect("sent");
    let mut heard = String::new();
    for event in events {
        if let ClientEventKind::Said { text, .. } = event.expect("the connection is fine").kind {
            heard += &text;
        }
    }
    assert!(heard == text, "{} bytes of {}", heard.len(), text.len());
}

#[test]
fn the_first_room_is_where_lines_go_and_lines_name_their_room_when_there_are_several() {
    let server = TestServer::start();
    let at = server.addresses()[0].to_string();
    let mut program = Program::parlor(&["-r", "#tea", "--room", "#lobby", &format!("alice@{at}")]);
    program.write("here\n");
    assert_eq!(program.line(), "[#tea] alice: here");
    let mut bob = server.user("bob");
    bob.send(say("hi"));
    assert_eq!(program.line(), "[#lobby] bob: hi");
}

#[test]
fn both_wires_meet_in_the_lobby() {
    let server = TestServer::start();
    let (mut alice, mut alice_hears) = member(&server.addresses()[0], "alice", "#lobby");
    let mut bob = server.user("bob");
    let joined = next(&mut alice_hears).kind;
    assert_eq!(joined, ClientEventKind::Joined { room: "#lobby".into(), who: "bob".into() });
    bob.send(say("hi"));
    bob.expect("bob说：hi\n");
    assert_eq!(next(&mut alice_hears).kind, said("bob", "hi", Manner::Message));
    alice.act("waves").expect("sent");
    bob.expect("alice说：*waves*\n");
    alice.whisper("bob", "psst").expect("sent");
    bob.expect("alice悄悄地对你说：psst\n");
}

#[test]
fn a_password_lets_in_who_knows_it_on_both_wires() {
    let config = ServerConfig {
        listen: vec![address("127.0.0.1:0")],
        password: "open sesame".parse().ok(),
        ..crate::support::options::config()
    };
    let server = TestServer::run(config).expect("a free port");
    let target = format!("alice@{}", server.addresses()[0]);
    let scratch = Scratch::new();
    let right = scratch.file("right", "open sesame\nand a note\n");
    let wrong = scratch.file("wrong", "open barley\n");
    for wire in ["irc", "crazyit"] {
        let ended = pipe(&["-w", wire, "-p", text(&right), &target], "hi\n");
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "alice: hi\n"), "{ended:?}");
        for args in [&["-w", wire, "-p", text(&wrong), &target][..], &["-w", wire, &target]] {
            let ended = Program::parlor(args).ended();
            assert_eq!(ended.status, Some(3), "{ended:?}");
            assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        }
    }
}

#[test]
fn a_full_server_is_exit_status_1_on_both_wires() {
    let (_server, at) = Program::server(&["--max-connections", "1"]);
    let _first = Peer::user(&at, "first");
    for wire in ["irc", "crazyit"] {
        let ended = Program::parlor(&["-w", wire, &format!("alice@{at}")]).ended();
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stderr.contains("the server is full"), "{ended:?}");
    }
}

// With a stand-in for other servers.

/// Welcomes a client, under this name, and reads up to its `JOIN`.
fn welcome(server: &mut StandIn, name: &str) {
    server.await_line("USER");
    server.send(&[&format!(":irc.example 001 {name} :Welcome")]);
    server.await_line("JOIN");
}

#[test]
fn a_server_that_knows_no_capabilities_and_asks_for_a_sign_of_life_welcomes_us() {
    let (at, server) = StandIn::play(|server| {
        server.expect("CAP LS 302");
        server.expect("NICK alice");
        server.expect("USER parlor 0 * :alice");
        server.send(&[":irc.example 421 * CAP :Unknown command", "PING :12345"]);
        server.expect("PONG :12345");
        server.send(&[":irc.example NOTICE AUTH :*** hi", ":irc.example 001 ali :Welcome"]);
        server.send(&["PING irc.example"]);
        server.expect("PONG :irc.example");
    });
    let mut client = Client::connect(&at, Wire::Irc).expect("it listens");
    client.login(&name("alice"), None).expect("welcome");
    assert_eq!(client.name(), "ali", "the server cut it");
    let (_speaker, mut events) = client.split().expect("a descriptor is left");
    let end = events.next().expect("an end is an item");
    assert!(matches!(end, Err(Error::Lost { .. })), "{end:?}");
    server.join().expect("the client did as it should");
}

#[test]
fn lines_are_understood_however_they_are_cut() {
    let (at, server) = StandIn::play(|server| {
        server.await_line("USER");
        server.trickle(&[
            ":irc.example CAP * LS * :multi-prefix",
            ":irc.example CAP * LS :echo-message sasl=PLAIN server-time",
        ]);
        server.expect("CAP REQ :echo-message server-time");
        server.trickle(&[":irc.example CAP * ACK :echo-message server-time"]);
        server.expect("CAP END");
        server.trickle(&[
            ":irc.example 001 alice :Welcome",
            "@time=2026-01-02T03:04:05.678Z :bob!b@h PRIVMSG #lobby :大家好",
            "",
            ":ALICE!a@h NICK :alicia",
            ":Alicia!a@h PRIVMSG #lobby :that was me",
        ]);
        server.finish();
        // The client ends its side when it is done.
        while server.line().is_some() {}
    });
    let (speaker, mut events) = log_in(&at, "alice");
    let first = next(&mut events);
    assert_eq!(first.kind, said("bob", "大家好", Manner::Message));
    let since_1970 = first.time.expect("it has a time").duration_since(std::time::UNIX_EPOCH);
    assert_eq!(since_1970.expect("later than that"), Duration::from_millis(1_767_323_045_678));
    assert!(next(&mut events).is_own);
    let own = next(&mut events);
    assert_eq!((own.is_own, own.kind), (true, said("Alicia", "that was me", Manner::Message)));
    drop((speaker, events));
    server.join().expect("the client did as it should");
}

#[test]
fn a_name_that_is_taken_may_be_followed_by_another_on_the_same_connection() {
    let (at, server) = StandIn::play(|server| {
        server.await_line("USER");
        server.send(&[":irc.example CAP * LS :", ":irc.example 433 * alice :In use"]);
        server.expect("CAP END");
        server.expect("NICK bob");
        server.send(&[":irc.example 432 * bob :Forbidden"]);
        server.expect("NICK carol");
        server.send(&[":irc.example 001 carol :Welcome"]);
    });
    let mut client = Client::connect(&at, Wire::Irc).expect("it listens");
    for (taken, said) in [("alice", "In use"), ("bob", "Forbidden")] {
        match client.login(&name(taken), None) {
            Err(Error::NameRefused { name: refused, why: Some(why) }) => {
                assert_eq!((refused, why.as_str()), (name(taken), said));
            }
            other => panic!("{other:?}"),
        }
    }
    client.login(&name("carol"), None).expect("welcome");
    server.join().expect("the client did as it should");
}

#[test]
fn closing_waits_until_the_server_has_taken_everything_and_has_closed() {
    let (at, server) = StandIn::play(|server| {
        welcome(server, "alice");
        server.expect("PRIVMSG #lobby :last words");
        let ping = server.await_line("PING ");
        server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
        server.expect("QUIT");
        assert_eq!(server.line(), None, "the client ends its side");
    });
    let (mut speaker, events) = log_in(&at, "alice");
    speaker.join(&room("#lobby")).expect("sent");
    speaker.say("last words").expect("sent");
    events.close(speaker).expect("the server has taken it");
    server.join().expect("the client did as it should");
}

#[test]
fn who_does_not_listen_any_more_is_gone_although_more_comes_than_is_kept() {
    let (at, server) = StandIn::play(|server| {
        welcome(server, "alice");
        // In one write, so that none fails because the client is gone.
        server.send(&[&[":bob!b@h PRIVMSG #lobby :hi"; 1000].join("\r\n")]);
        while server.line().is_some() {}
    });
    let (mut speaker, mut events) = log_in(&at, "alice");
    speaker.join(&room("#lobby")).expect("sent");
    next(&mut events);
    drop(events);
    assert!(speaker.say("hello?").is_err());
    server.join().expect("the client did as it should");
}

#[test]
fn what_was_sent_is_answered_by_its_mark_on_both_wires() {
    let server = TestServer::start();
    let at = &server.addresses()[0];
    for wire in [Wire::Irc, Wire::CrazyIt] {
        let mut client = Client::connect(at, wire).expect("it listens");
        client.login(&name("alice"), None).expect("the name is free");
        let (mut speaker, mut events) = client.split().expect("a descriptor is left");
        speaker.join(&room("#lobby")).expect("sent");
        for text in ["one", "two"] {
            let room = (wire == Wire::Irc).then(|| "#lobby".to_owned());
            let request = Request::Say { room, text: text.into(), manner: Manner::Message };
            let mark = speaker.send(&request).expect("sent");
            assert!(mark.is_some());
            while next(&mut events).answers != mark {}
        }
        events.close(speaker).expect("the server has taken it");
    }
}

#[test]
fn a_name_may_change_on_both_wires() {
    let server = TestServer::start();
    let at = &server.addresses()[0];
    let _carol = server.user("carol");
    for wire in [Wire::Irc, Wire::CrazyIt] {
        let mut client = Client::connect(at, wire).expect("it listens");
        client.login(&name("alice"), None).expect("the name is free");
        let (mut speaker, mut events) = client.split().expect("a descriptor is left");
        speaker.nick(&name("carol")).expect("sent");
        let refused = until(&mut events, |kind| matches!(kind, ClientEventKind::Refused { .. }));
        assert!(matches!(&refused, ClientEventKind::Refused { about: Some(name), .. } if name == "carol"));
        speaker.nick(&name("bob")).expect("sent");
        let renamed = until(&mut events, |kind| matches!(kind, ClientEventKind::Renamed { .. }));
        assert_eq!(renamed, ClientEventKind::Renamed { from: "alice".into(), to: "bob".into() });
        events.close(speaker).expect("nothing is left to take");
    }
}

/// How the program ends when the server says this to its login.
fn ended_by(line: &'static str) -> (Option<i32>, String) {
    let (at, server) = StandIn::play(move |server| {
        server.await_line("USER");
        server.send(&[line]);
        server.finish();
        while server.line().is_some() {}
    });
    let ended = Program::parlor(&[&format!("alice@{at}")]).ended();
    server.join().expect("the client did as it should");
    assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    (ended.status, ended.stderr)
}

#[test]
fn the_exit_status_tells_a_refusal_from_a_server_without_a_place() {
    for (line, status, shown) in [
        (":irc.example 433 * alice :In use", 3, "alice: In use"),
        (":irc.example 464 * :Password incorrect", 3, "Password incorrect"),
        (":irc.example 465 alice :K-lined, try again never", 3, "said: K-lined, try again never"),
        (":irc.example FAIL * ACCOUNT_REQUIRED :Log in with SASL", 3, "Log in with SASL"),
        ("ERROR :Closing Link: alice (K-lined)", 1, "said: alice (K-lined)"),
        ("ERROR :Closing Link: \x1b[2J(K-lined)", 1, "\u{fffd}[2J(K-lined)"),
        ("ERROR :Too many connections, server is full", 1, "server is full"),
        ("ERROR :Closing link: no login within 30 s", 1, "said: no login within"),
        (":irc.example NOTICE * :*** bye", 1, "closed the connection"),
    ] {
        let (found, stderr) = ended_by(line);
        assert_eq!(found, Some(status), "{line}: {stderr}");
        assert!(stderr.contains(shown), "{line}: {stderr}");
    }
}

/// A server to which a pipe says one line, and what it does then.
fn after_a_line(then: impl FnOnce(&mut StandIn) + Send + 'static) -> (Program, JoinHandle<()>) {
    let (at, server) = StandIn::play(move |server| {
        welcome(server, "alice");
        server.expect("PRIVMSG #lobby :hi");
        then(server);
    });
    let mut alice = Program::parlor(&[&format!("alice@{at}")]);
    alice.write("hi\n");
    (alice, server)
}

#[test]
fn a_pipe_ends_when_the_server_has_confirmed_the_last_line() {
    let (mut alice, server) = after_a_line(|server| {
        server.send(&[":alice!a@h PRIVMSG #lobby :hi"]);
        let ping = server.await_line("PING ");
        server.send(&[":bob!b@h JOIN #lobby", ":bob!b@h PRIVMSG #lobby :still talking"]);
        server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
        server.expect("QUIT");
        assert_eq!(server.line(), None, "the client ends its side");
        server.send(&["ERROR :Closing Link: you ended it"]);
    });
    assert_eq!(alice.line(), "alice: hi");
    alice.end_input();
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "bob: still talking\n"), "{ended:?}");
    assert_eq!(ended.stderr, "");
    server.join().expect("the client did as it should");
}

#[test]
fn a_server_that_ends_before_it_has_confirmed_the_last_line_is_exit_status_1() {
    let (mut alice, server) = after_a_line(|server| {
        server.await_line("PING ");
        server.send(&["ERROR :Closing Link: alice (Excess Flood)"]);
    });
    alice.end_input();
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), "* alice (Excess Flood)\n"), "{ended:?}");
    server.join().expect("the client did as it should");
}

#[test]
fn lines_that_go_nowhere_are_exit_status_3() {
    let (mut alice, server) = after_a_line(|server| {
        server.send(&[":bob!b@h KICK #lobby alice :quiet", ":irc.example 404 alice #lobby :Cannot send"]);
        let ping = server.await_line("PING ");
        server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
        server.expect("QUIT");
        assert_eq!(server.line(), None, "the client ends its side");
    });
    alice.end_input();
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    let told = "parlor: #lobby: Cannot send\nparlor: the server refused 1 of 1 lines\n";
    assert_eq!(ended.stderr, told);
    server.join().expect("the client did as it should");
}

#[test]
fn a_refusal_that_names_no_room_is_exit_status_3_and_counts_the_line() {
    for refusal in [
        "401 alice nosuch :No such nick",
        "404 alice #lobby :Cannot send",
        "407 alice a,b :Too many targets",
        "412 alice :No text",
        "417 alice :Line too long",
        "439 alice bob :Too fast",
        "486 alice :You must be logged in",
        "531 alice bob :You cannot send to them",
        "716 alice bob :has +g",
        "FAIL PRIVMSG INVALID_UTF8 :Not UTF-8",
    ] {
        let (mut alice, server) = after_a_line(move |server| {
            server.send(&[&format!(":irc.example {refusal}")]);
            let ping = server.await_line("PING ");
            server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
            server.expect("QUIT");
        });
        alice.end_input();
        let ended = alice.ended();
        assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""), "{refusal}: {ended:?}");
        assert!(ended.stderr.ends_with("parlor: the server refused 1 of 1 lines\n"), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 2, "the complaint and the count: {ended:?}");
        server.join().expect("the client did as it should");
    }
}

#[test]
fn of_several_lines_those_that_were_refused_are_counted() {
    let (_server, at) = Program::server(&[]);
    let _bob = Peer::irc_user(&at, "bob");
    let ended =
        pipe(&[&format!("alice@{at}")], &format!("//bob:x\n//nosuch:{}\n//nosuch:x\n", "y".repeat(900)));
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert!(ended.stderr.ends_with("the server refused 2 of 3 lines\n"), "{ended:?}");
    let ended = Program::parlor(&["--once", "//nosuch:x", &format!("alice@{at}")]).ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
    assert!(ended.stderr.ends_with("the server refused 1 of 1 lines\n"), "{ended:?}");
}

/// A server that does not see that the client's side has ended, and closes on this or never.
fn that_misses_an_end(closes_on: &'static str) -> (Option<i32>, Duration) {
    let (mut alice, server) = after_a_line(move |server| {
        let ping = server.await_line("PING ");
        server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
        server.expect("QUIT");
        if closes_on != "QUIT" {
            server.await_failure_or_end();
        }
    });
    alice.end_input();
    let since = Instant::now();
    let status = alice.ended().status;
    server.join().expect("the client did as it should");
    (status, since.elapsed())
}

#[test]
fn a_pipe_says_quit_to_servers_other_than_ours_and_does_not_wait_long_for_the_end() {
    assert_eq!(that_misses_an_end("QUIT").0, Some(0));
    let (status, took) = that_misses_an_end("nothing");
    assert_eq!(status, Some(0), "everything was taken");
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_connection_lost_after_a_refusal_still_says_how_many_lines_were_taken() {
    let (mut alice, server) = after_a_line(|server| {
        server.send(&[":irc.example 404 alice #lobby :Cannot send"]);
    });
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    let told: Vec<_> = ended.stderr.lines().collect();
    assert!(told[0].contains("#lobby: Cannot send") && told[1].contains("refused 1 of 1"), "{ended:?}");
    assert!(told[2].ends_with("; 0 of 1 lines were taken, and perhaps 1 more"), "{ended:?}");
    server.join().expect("the client did as it should");
}

#[test]
fn who_comes_and_goes_and_what_servers_tell_is_no_output_of_a_pipe() {
    let (mut alice, server) = after_a_line(|server| {
        server.send(&[
            ":irc.example 372 alice :- today: nothing",
            ":irc.example 353 alice = #lobby :alice bob",
            ":irc.example 366 alice #lobby :End",
            ":bob!b@h JOIN #lobby",
            ":bob!b@h TOPIC #lobby :new",
            ":bob!b@h MODE #lobby +o alice",
            ":bob!b@h PRIVMSG alice :\x01VERSION\x01",
            ":bob!b@h QUIT :bye",
            ":bob!b@h NOTICE #lobby :\x1b[2Jdone",
        ]);
        let ping = server.await_line("PING ");
        server.send(&[&format!(":irc.example PONG irc.example :{}", &ping["PING ".len()..])]);
    });
    assert_eq!(alice.line(), "-bob- \u{fffd}[2Jdone");
    alice.end_input();
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), ""), "{ended:?}");
    server.join().expect("the client did as it should");
}

/// The example, which cargo builds beside the programs.
fn bot(server: &Address) -> Program {
    let programs = Path::new(env!("CARGO_BIN_EXE_parlor")).parent().expect("it is in a directory");
    let bot = programs.join("examples").join("bot");
    assert!(bot.exists(), "cargo build --example bot builds {}", bot.display());
    Program::start(text(&bot), &[&server.to_string()], Stdio::null())
}

#[test]
fn the_example_bot_answers_people_and_neither_itself_nor_other_programs() {
    let (at, server) = StandIn::play(|server| {
        welcome(server, "clock");
        for (line, answer) in [
            (":alice!a@h PRIVMSG clock :hello", Some("PRIVMSG alice :say !uptime in #lobby")),
            (":clock!c@h PRIVMSG alice :say !uptime in #lobby", None),
            (":clock!c@h PRIVMSG #lobby :!uptime", None),
            (":eve!e@h NOTICE clock :I am a program", None),
            (":eve!e@h NOTICE #lobby :!uptime", None),
            (":alice!a@h PRIVMSG #lobby :!uptime", Some("PRIVMSG #lobby :alice: I have been here for ")),
        ] {
            server.send(&[line]);
            if let Some(answer) = answer {
                assert!(server.line().is_some_and(|said| said.starts_with(answer)), "{line}");
            }
        }
    });
    let mut clock = bot(&at);
    server.join().expect("the bot said that and no more");
    clock.ended();
}
