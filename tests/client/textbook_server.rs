//! The client against a server as the textbook has it, with all its weaknesses: a thread per socket, one
//! `recv(2048)` per frame, no newlines, and no idea of a peer that ends its own side.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use parlor::address::Address;
use parlor::client::{Client, ClientEventKind, Error, Events, Manner};
use parlor::name::UserName;
use parlor::wire::Wire;

use crate::support::Program;

const USER_MARK: &str = "∏∑";
const WHISPER_MARK: &str = "★【";

type Clients = Arc<Mutex<Vec<(String, TcpStream)>>>;

/// Starts the server; its threads end with the test's process, as the textbook's do.
fn textbook_server() -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    let clients = Clients::default();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let clients = Arc::clone(&clients);
            thread::spawn(move || serve(stream, &clients));
        }
    });
    Address::Tcp { host: at.ip().to_string(), port: at.port() }
}

/// One client, until sending to it or reading from it fails.
fn serve(mut stream: TcpStream, clients: &Clients) {
    let mut name = String::new();
    let mut bytes = [0; 2048];
    // At the end of the input this reads an empty text, again and again, and that is no error.
    while let Ok(count) = stream.read(&mut bytes) {
        let Ok(text) = std::str::from_utf8(&bytes[..count]) else { break };
        let mut clients = clients.lock().expect("no other thread panics");
        let sent = if let Some(wanted) = between(text, USER_MARK) {
            if clients.iter().any(|(taken, _)| taken == wanted) {
                stream.write_all(b"-1")
            } else {
                wanted.clone_into(&mut name);
                clients.push((name.clone(), stream.try_clone().expect("a descriptor is left")));
                stream.write_all(b"1")
            }
        } else if let Some((to, said)) = between(text, WHISPER_MARK).and_then(|text| text.split_once('※')) {
            let line = format!("{name}悄悄地对你说：{said}");
            match clients.iter_mut().find(|(other, _)| other == to) {
                Some((_, addressee)) => addressee.write_all(line.as_bytes()),
                // As in Python: nobody has this name, an exception, and that was the thread.
                None => break,
            }
        } else {
            // The marks are taken off without a look at them.
            let said: String = text.chars().skip(2).collect();
            let said: String = said.chars().take(said.chars().count().saturating_sub(2)).collect();
            let line = format!("{name}说：{said}");
            clients.iter_mut().try_for_each(|(_, other)| other.write_all(line.as_bytes()))
        };
        if sent.is_err() {
            break;
        }
    }
    clients.lock().expect("no other thread panics").retain(|(other, _)| *other != name);
}

fn between<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.strip_prefix(mark)?.strip_suffix(mark)
}

fn name(text: &str) -> UserName {
    UserName::new(text).expect("a good name")
}

fn said(from: &str, text: &str) -> ClientEventKind {
    ClientEventKind::Said { room: None, from: from.into(), text: text.into(), manner: Manner::Message }
}

fn connect(at: &Address) -> Client {
    Client::connect(at, Wire::CrazyIt).expect("it listens")
}

/// The program in a pipe.
fn parlor(target: &str) -> Program {
    Program::parlor(&["--wire", "crazyit", target])
}

#[track_caller]
fn next(events: &mut Events) -> ClientEventKind {
    events.next().expect("the server is there").expect("the connection is fine").kind
}

#[test]
fn the_library_logs_in_speaks_and_hears_without_newlines() {
    let at = textbook_server();
    let mut alice = connect(&at);
    alice.login(&name("alice"), None).expect("the name is free");
    let (mut alice, mut alice_hears) = alice.split().expect("a descriptor is left");
    let mut bob = connect(&at);
    bob.login(&name("bob"), None).expect("the name is free");
    let (mut bob, mut bob_hears) = bob.split().expect("a descriptor is left");

    alice.say("hi, 你好").expect("sent");
    for events in [&mut alice_hears, &mut bob_hears] {
        assert_eq!(next(events), said("alice", "hi, 你好"));
    }
    bob.whisper("alice", "psst").expect("sent");
    let (from, text) = ("bob".to_owned(), "psst".to_owned());
    let whispered = ClientEventKind::Whispered { from, to: None, text, manner: Manner::Message };
    assert_eq!(next(&mut alice_hears), whispered);
    bob.say("bye").expect("sent");
    for events in [&mut alice_hears, &mut bob_hears] {
        assert_eq!(next(events), said("bob", "bye"));
    }
}

#[test]
fn a_taken_name_may_be_followed_by_a_free_one_on_the_same_connection() {
    let at = textbook_server();
    let mut first = connect(&at);
    first.login(&name("alice"), None).expect("the name is free");
    let mut second = connect(&at);
    let refused = second.login(&name("alice"), None);
    assert!(matches!(refused, Err(Error::NameRefused { .. })), "{refused:?}");
    second.login(&name("anna"), None).expect("the name is free");
}

#[test]
fn a_notice_of_any_kind_is_shown_as_it_is() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client comes");
        let mut bytes = [0; 2048];
        assert_ne!(stream.read(&mut bytes).expect("a login"), 0);
        // In pieces, also inside a character: the pause that ends a line must not cut one.
        stream.write_all("1服务器".as_bytes()).expect("taken");
        stream.write_all(&"将".as_bytes()[..2]).expect("taken");
        stream.write_all(&"将".as_bytes()[2..]).expect("taken");
        stream.read(&mut bytes).expect("the client's end")
    });
    let mut client = connect(&Address::Tcp { host: at.ip().to_string(), port: at.port() });
    client.login(&name("alice"), None).expect("welcome");
    let (speaker, mut events) = client.split().expect("a descriptor is left");
    let mut text = String::new();
    while text != "服务器将" {
        match next(&mut events) {
            ClientEventKind::Notice(piece) => text += &piece,
            other => panic!("{other:?}"),
        }
    }
    speaker.finish().expect("the connection is open");
    assert_eq!(server.join().expect("no panic"), 0);
}

#[test]
fn a_pipe_that_ends_ends_the_program_although_the_server_never_closes() {
    let at = textbook_server();
    let mut bob = connect(&at);
    bob.login(&name("bob"), None).expect("the name is free");
    let (_bob, mut bob_hears) = bob.split().expect("a descriptor is left");
    let mut alice = parlor(&format!("alice@{at}"));
    alice.write("done\n");
    // The server takes what one read returns for one frame, so the end must not come with it.
    assert_eq!(alice.line(), "alice: done");
    assert_eq!(next(&mut bob_hears), said("alice", "done"));
    alice.end_input();
    let ended = alice.ended();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_line_right_before_the_end_of_the_pipe_is_said_as_well() {
    let at = textbook_server();
    let mut alice = parlor(&format!("alice@{at}"));
    alice.write("done\n");
    alice.end_input();
    let ended = alice.ended();
    assert_eq!(ended.status, Some(0), "{ended:?}");
    // The server's empty echo may be glued to the line.
    assert!(ended.stdout.starts_with("alice: done"), "{ended:?}");
}
