//! What was said before: asked for by the library and by a pipe, of our own server and of a stand-in for others.

use std::thread::JoinHandle;

use parlor::address::Address;
use parlor::client::{Client, ClientEvent, ClientEventKind, Error, Events, Moment, Request, Speaker};
#[cfg(feature = "store")]
use parlor::name::RoomName;
use parlor::name::UserName;
use parlor::wire::Wire;
#[cfg(feature = "store")]
use rustix::process::Signal;

use crate::support::program::Ended;
use crate::support::{Program, StandIn};
#[cfg(feature = "store")]
use crate::support::{Scratch, text};

const CAPABILITIES: &str = "batch draft/chathistory echo-message labeled-response message-tags server-time";

/// Answers the login of alice, and agrees to these capabilities.
fn greet(server: &mut StandIn, capabilities: &str) {
    server.await_line("USER");
    server.send(&[&format!(":irc.example CAP * LS :{capabilities}")]);
    server.await_line("CAP REQ");
    server.send(&[&format!(":irc.example CAP * ACK :{capabilities}")]);
    server.await_line("CAP END");
    server.send(&[
        ":irc.example 001 alice :Welcome",
        ":irc.example 005 alice CHATHISTORY=50 MSGREFTYPES=msgid,timestamp :are supported",
    ]);
}

/// A server that keeps a history, and lets alice into the lobby.
fn with_history(then: impl FnOnce(&mut StandIn) + Send + 'static) -> (Address, JoinHandle<()>) {
    StandIn::play(move |server| {
        greet(server, CAPABILITIES);
        server.expect("JOIN #lobby");
        server.send(&["@time=2026-01-02T03:00:00.000Z :alice!a@h JOIN #lobby"]);
        then(server);
    })
}

fn log_in(at: &Address) -> (Speaker, Events) {
    let mut client = Client::connect(at, Wire::Irc).expect("it listens");
    client.login(&UserName::new("alice").expect("a good name"), None).expect("welcome");
    client.split().expect("a descriptor is left")
}

fn history(after: Option<Moment>) -> Request {
    Request::History { room: "#tea".into(), after, before: None, most: 100 }
}

/// The next answer to a request for history, as ids and texts.
fn answer(events: &mut Events) -> Vec<(Option<String>, String)> {
    let said = |event: ClientEvent| match event.kind {
        ClientEventKind::Said { text, .. } => (event.id, text),
        other => panic!("{other:?}"),
    };
    loop {
        let event = events.next().expect("the server is there").expect("the connection is fine");
        if let ClientEventKind::History { events, .. } = event.kind {
            return events.into_iter().map(said).collect();
        }
    }
}

#[test]
fn an_answer_is_one_event_whole_or_byte_by_byte() {
    for trickles in [false, true] {
        let (at, server) = StandIn::play(move |server| {
            greet(server, CAPABILITIES);
            server.expect("@label=1 CHATHISTORY LATEST #tea msgid=a 50");
            let answer = [
                "@label=1 :irc.example BATCH +1 chathistory #tea",
                "@batch=1;msgid=b;time=2026-01-02T03:04:05.000Z :bob!b@h PRIVMSG #tea :大家好",
                "@batch=1;msgid=c;time=2026-01-02T03:04:06.000Z :bob!b@h PRIVMSG #tea :bye",
                ":irc.example BATCH -1",
            ];
            if trickles {
                server.trickle(&answer)
            } else {
                server.send(&answer)
            }
            server.await_line("PING ");
        });
        let (mut speaker, mut events) = log_in(&at);
        // Complete once the server has told its limits, which it does before it handles anything else.
        while speaker.history_offer().most.is_none() {
            std::thread::yield_now();
        }
        let after = Moment { id: Some("a".into()), time: None };
        assert_eq!(speaker.send(&history(Some(after))).expect("sent"), Some(1));
        let expected = [("b", "大家好"), ("c", "bye")];
        let expected = expected.map(|(id, text)| (Some(id.to_owned()), text.to_owned()));
        assert_eq!(answer(&mut events), expected);
        speaker.finish().expect("sent");
        server.join().expect("the client did as it should");
    }
}

#[test]
fn a_request_that_the_server_does_not_offer_is_refused_here() {
    let (at, server) = StandIn::play(|server| {
        greet(server, "batch message-tags");
        server.await_line("PING ");
    });
    let (mut speaker, _events) = log_in(&at);
    let refused = speaker.send(&history(None));
    assert!(matches!(refused, Err(Error::NotOffered { what: "history" })), "{refused:?}");
    let search = Request::Search { room: "#tea".into(), text: "x".into(), most: 9 };
    let refused = speaker.send(&search).expect_err("it cannot search");
    assert_eq!(refused.to_string(), "not sent: this server offers no search");
    speaker.finish().expect("sent");
    server.join().expect("the client did as it should");
}

/// What a pipe without input prints, and how it ends.
fn pipe(options: &[&str], at: &Address) -> Ended {
    let mut alice = Program::parlor(&[options, &[&format!("alice@{at}")]].concat());
    alice.end_input();
    alice.ended()
}

/// Confirms everything up to a line with this in it, or to the end. Returns the line's label.
fn confirm(server: &mut StandIn, awaited: &str) -> String {
    while let Some(line) = server.line() {
        if let Some(token) = line.strip_prefix("PING ") {
            server.send(&[&format!(":irc.example PONG irc.example :{token}")]);
        }
        if line.contains(awaited) {
            return line.split(' ').next().unwrap_or_default().to_owned();
        }
    }
    String::new()
}

const ONE: &str = "@batch=1;msgid=a;time=2026-01-02T03:04:05.000Z :bob!b@h PRIVMSG #lobby :one";

#[test]
fn a_pipe_asks_for_nothing_and_prints_nothing_of_the_past_without_a_request() {
    let (at, server) = with_history(|server| {
        server.send(&[":irc.example BATCH +1 chathistory #lobby", ONE, ":irc.example BATCH -1"]);
        assert_eq!(confirm(server, "CHATHISTORY"), "", "the end comes first");
    });
    assert_eq!(pipe(&[], &at), Ended { status: Some(0), stdout: String::new(), stderr: String::new() });
    server.join().expect("the client did as it should");
}

#[test]
fn a_pipe_prints_earlier_lines_on_request_and_live_ones_after_them_and_once() {
    for (options, expected) in [
        (&["--history", "2"][..], "bob: one\nbob: live\n"),
        (
            &["--history=2", "--json"],
            r##"{"event":"said","time":"2026-01-02T03:04:05.000Z","id":"a","own":false,"history":true,"room":"#lobby","from":"bob","text":"one","manner":"message"}
{"event":"said","id":"b","own":false,"room":"#lobby","from":"bob","text":"live","manner":"message"}
"##,
        ),
    ] {
        let (at, server) = with_history(|server| {
            let label = confirm(server, " CHATHISTORY LATEST #lobby * 2");
            server.send(&[
                "@msgid=b :bob!b@h PRIVMSG #lobby :live",
                &format!("{label};draft/chathistory-end :irc.example BATCH +1 chathistory #lobby"),
                ONE,
                "@batch=1;msgid=b :bob!b@h PRIVMSG #lobby :live",
                ":irc.example BATCH -1",
            ]);
            confirm(server, "nothing");
        });
        let ended = pipe(options, &at);
        let said: String = ended
            .stdout
            .lines()
            .filter(|line| line.contains("bob"))
            .map(|line| format!("{line}\n"))
            .collect();
        assert_eq!((ended.status, said.as_str(), ended.stderr.as_str()), (Some(0), expected, ""));
        server.join().expect("the client did as it should");
    }
}

#[test]
fn a_pipe_tells_that_the_server_refuses_and_goes_on() {
    let (at, server) = with_history(|server| {
        let label = confirm(server, " CHATHISTORY ");
        let fail = "FAIL CHATHISTORY MESSAGE_ERROR LATEST #lobby :Out of order";
        server.send(&[&format!("{label} :irc.example {fail}")]);
        confirm(server, "nothing");
    });
    let stderr = "parlor: #lobby: Out of order\n".to_owned();
    assert_eq!(pipe(&["--history", "9"], &at), Ended { status: Some(0), stdout: String::new(), stderr });
    server.join().expect("the client did as it should");
}

#[test]
fn a_pipe_with_a_request_gets_no_history_where_there_is_none() {
    let (at, server) = StandIn::play(|server| {
        greet(server, "batch message-tags");
        server.expect("JOIN #lobby");
        server.send(&[":alice!a@h JOIN #lobby"]);
        confirm(server, "nothing");
    });
    let nothing = Ended { status: Some(0), stdout: String::new(), stderr: String::new() };
    assert_eq!(pipe(&["--history", "9"], &at), nothing);
    server.join().expect("the client did as it should");
}

// With our own server.

/// The answer to a request for history, and whether it is all.
#[cfg(feature = "store")]
fn page(speaker: &mut Speaker, events: &mut Events, request: &Request) -> (Vec<ClientEvent>, bool) {
    speaker.send(request).expect("sent");
    loop {
        let event = events.next().expect("the server is there").expect("the connection is fine");
        match event.kind {
            ClientEventKind::History { events, is_all, .. } => return (events, is_all),
            ClientEventKind::Found(events) => return (events, true),
            _ => {}
        }
    }
}

#[cfg(feature = "store")]
fn texts(events: &[ClientEvent]) -> Vec<&str> {
    let text = |event| match event {
        &ClientEvent { kind: ClientEventKind::Said { ref text, .. }, .. } => text.as_str(),
        other => panic!("{other:?}"),
    };
    events.iter().map(text).collect()
}

#[cfg(feature = "store")]
#[test]
fn all_of_the_past_of_a_room_is_read_page_by_page_and_searched() {
    let (_server, at) = Program::server(&[]);
    let lines: Vec<_> = (0..250).map(|n| format!("line {n}")).collect();
    let mut bob = Program::parlor(&["-r", "tea", &format!("bob@{at}")]);
    bob.write(&(lines.join("\n") + "\n"));
    bob.end_input();
    assert_eq!(bob.ended().status, Some(0));
    let (mut speaker, mut events) = log_in(&at);
    speaker.join(&RoomName::new("#tea").expect("a good name")).expect("sent");
    let mut read: Vec<ClientEvent> = Vec::new();
    loop {
        let before = read.first().and_then(Moment::of);
        let request = Request::History { room: "#tea".into(), after: None, before, most: 100 };
        let (mut earlier, is_all) = page(&mut speaker, &mut events, &request);
        earlier.append(&mut read);
        read = earlier;
        if is_all {
            break;
        }
    }
    assert_eq!(texts(&read), lines);
    let (after, before) = (Moment::of(&read[9]), Moment::of(&read[12]));
    assert!(after.as_ref().is_some_and(|after| after.id.is_some() && after.time.is_some()));
    let between = Request::History { room: "#tea".into(), after, before, most: 100 };
    assert_eq!(texts(&page(&mut speaker, &mut events, &between).0), lines[10..12]);
    let search = Request::Search { room: "#tea".into(), text: "line 24".into(), most: 100 };
    let (found, _) = page(&mut speaker, &mut events, &search);
    assert!(texts(&found).contains(&"line 24"), "{found:?}");
    events.close(speaker).expect("nothing is left to take");
}

#[cfg(feature = "store")]
#[test]
fn a_watcher_that_asks_for_history_misses_nothing_when_the_server_restarts() {
    let scratch = Scratch::new();
    let directory = scratch.path("state");
    let state = text(&directory);
    let (mut server, at) = Program::server(&["--state", state]);
    let say = |texts: &str| {
        let mut bob = Program::parlor(&[&format!("bob@{at}")]);
        bob.write(texts);
        bob.end_input();
        assert_eq!(bob.ended().status, Some(0));
    };
    say("before\n");
    let eve = Program::parlor(&["--watch", "--history", "9", "--retry", "ever", &format!("eve@{at}")]);
    assert_eq!(eve.line(), "bob: before");
    say("live\n");
    assert_eq!(eve.line(), "bob: live");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    let listen = at.to_string();
    let server = Program::parlord(&["--listen", &listen, "--flood", "off", "--state", state]);
    server.listening();
    // She is back before this or after it.
    say("one\ntwo\n");
    let lines = [(); 3].map(|()| eve.line());
    assert_eq!(lines, ["* the server is shutting down", "bob: one", "bob: two"]);
}
