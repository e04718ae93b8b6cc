//! Another config while the server runs: nobody is dropped, what is wrong changes nothing, and every limit is in force
//! for those who are there already.

use std::fs;
use std::path::Path;
use std::time::Duration;

use parlor::config::{ConfigError, Flood, ServerConfig};
use parlor::message::{CloseReason, Peer as From};
use rustix::process::Signal;

use crate::support::irc::IrcScene;
use crate::support::scene::Scene;
use crate::support::{Peer, Program, Scratch, limits, login, say, text};

const SECOND: Duration = Duration::from_secs(1);

/// Somebody at this address of the network.
fn at(ip: &str) -> From {
    From::Tcp(ip.parse().expect("the test names good addresses"), 1)
}

// Limits, at pretended times.

#[test]
fn a_shorter_time_to_log_in_counts_for_those_who_have_come_already() {
    let mut scene = Scene::new(limits());
    let guests = [scene.connect(), scene.connect(), scene.connect()];
    scene.send(&guests[1], "∏∑al");
    scene.send(&guests[2], "NICK al\r\n");
    guests.iter().for_each(|guest| drop(guest.heard()));
    scene.advance(10 * SECOND);
    scene.change(|config| config.limits.login_timeout = 15 * SECOND);
    assert_eq!(scene.wait(), Some(5 * SECOND));
    scene.advance(5 * SECOND);
    for guest in guests {
        assert!(guest.heard().contains("no login within 15 s"));
    }
}

#[test]
fn a_time_to_log_in_that_is_over_by_now_ends_at_once_and_a_longer_one_is_waited_for() {
    let mut scene = Scene::new(limits());
    let guest = scene.connect();
    scene.advance(29 * SECOND);
    scene.change(|config| config.limits.login_timeout = 60 * SECOND);
    assert_eq!(scene.wait(), Some(31 * SECOND));
    scene.change(|config| config.limits.login_timeout = 10 * SECOND);
    assert!(guest.heard().contains("no login within 10 s"));
}

#[test]
fn a_silent_irc_client_is_asked_after_the_new_time() {
    for seconds in [5, 200] {
        let mut house = IrcScene::new();
        let ana = house.irc("ana");
        house.advance(4 * SECOND);
        house.change(|config| config.limits.ping_after = seconds * SECOND);
        house.advance((seconds - 5) * SECOND);
        assert!(house.is_silent());
        house.advance(SECOND);
        assert_eq!(house.lines(ana), ["PING :parlor.local"]);
        // Who is asked already has its time to answer.
        house.change(|config| config.limits.ping_after = SECOND);
        house.advance(59 * SECOND);
        assert!(!house.is_shut(ana));
    }
}

#[test]
fn a_peer_that_waits_because_it_sent_too_much_goes_on_at_the_new_rate() {
    for flood in [None, Some(Flood { burst: 3, per_second: 1 })] {
        let mut scene =
            Scene::new(parlor::config::Limits { flood: Some(Flood { burst: 1, per_second: 1 }), ..limits() });
        let guest = scene.connect();
        scene.send(&guest, login("ann") + &say("1") + &say("2") + &say("3") + &say("4"));
        guest.push(say("5"));
        assert_eq!(guest.heard(), "1");
        scene.change(|config| config.limits.flood = flood);
        scene.advance(SECOND / 2);
        let heard = guest.heard();
        let most = if flood.is_some() { 3 } else { 5 };
        let lines: String = (1..=most).map(|n| format!("ann说：{n}\n")).collect();
        assert_eq!(heard, lines, "{flood:?}");
    }
}

#[test]
fn what_was_counted_at_a_slow_rate_does_not_hold_up_a_fast_one_nor_the_other_way_round() {
    let mut scene =
        Scene::new(parlor::config::Limits { flood: Some(Flood { burst: 500, per_second: 1 }), ..limits() });
    let guest = scene.user("ann");
    scene.send(&guest, say("x").repeat(400));
    drop(guest.heard());
    scene.change(|config| config.limits.flood = Some(Flood { burst: 2, per_second: 1 }));
    scene.send(&guest, say("1") + &say("2") + &say("3"));
    assert_eq!(guest.heard(), "ann说：1\nann说：2\n");
    scene.advance(SECOND);
    assert_eq!(guest.heard(), "ann说：3\n");
}

#[test]
fn a_frame_may_be_as_long_as_the_new_limit_has_it_also_one_that_has_begun() {
    let mut scene = Scene::new(limits());
    let (ann, bob) = (scene.user("ann"), scene.user("bob"));
    scene.send(&ann, format!("§γ{}", "x".repeat(1000)));
    scene.send(&bob, format!("§γ{}", "y".repeat(1000)));
    scene.change(|config| config.limits.frame_bytes = 2000);
    scene.send(&ann, format!("{}§γ", "x".repeat(900)));
    assert_eq!(bob.heard(), format!("ann说：{}\n", "x".repeat(1900)));
    scene.change(|config| config.limits.frame_bytes = 512);
    scene.send(&bob, "y");
    assert!(bob.heard().contains("a frame has at most 512 bytes"));
}

#[test]
fn a_smaller_outbox_ends_who_has_more_waiting_as_it_always_does_and_nobody_else() {
    let mut scene = Scene::new(limits());
    let (ann, slow, bob) = (scene.user("ann"), scene.user("slow"), scene.user("bob"));
    slow.wire.borrow_mut().room = 0;
    scene.send(&ann, say(&"x".repeat(5000)));
    let told = scene.change(|config| (config.limits.outbox_bytes, config.limits.frame_bytes) = (4096, 1024));
    assert_eq!(told, "reload: frame, outbox");
    assert!(bob.heard().contains("xxx") && ann.heard().contains("xxx"));
    scene.give_room(&slow, 1 << 20);
    assert!(slow.heard().contains(&CloseReason::OutboxFull(4096).to_string()));
    assert!(!ann.is_shut() && !bob.is_shut());
}

#[test]
fn less_memory_ends_those_for_whom_most_waits() {
    let mut scene = Scene::new(limits());
    let (ann, slow) = (scene.user("ann"), scene.user("slow"));
    slow.wire.borrow_mut().room = 0;
    for _ in 0..30 {
        scene.send(&ann, say(&"x".repeat(5000)));
    }
    scene.change(|config| {
        config.limits.memory_bytes = 64 * 1024;
        config.limits.outbox_bytes = 32 * 1024;
    });
    scene.give_room(&slow, 1 << 20);
    assert!(slow.is_shut() && !ann.is_shut());
}

#[test]
fn fewer_connections_end_nobody_and_let_nobody_in_until_enough_have_left() {
    let mut scene = Scene::new(limits());
    let [first, second, third] = ["ann", "bob", "eve"].map(|name| scene.user(name));
    scene.change(|config| config.limits.connections = 2);
    for guest in [&first, &second, &third] {
        assert!(!guest.is_shut());
    }
    let refused = |scene: &mut Scene| scene.connect().heard().contains("the server is full (2 connections)");
    assert!(refused(&mut scene));
    scene.end(&first);
    assert!(refused(&mut scene));
    scene.end(&second);
    assert!(!refused(&mut scene));
}

#[test]
fn fewer_or_more_from_one_address_count_for_those_who_come_next() {
    let mut scene = Scene::new(limits());
    let peer = at("192.0.2.1");
    let guests: Vec<_> = (0..16).map(|_| scene.connect_from(peer)).collect();
    assert!(scene.connect_from(peer).heard().contains("your address has 16 connections"));
    scene.change(|config| config.limits.connections_per_ip = 17);
    assert!(scene.connect_from(peer).heard().is_empty());
    scene.change(|config| config.limits.connections_per_ip = 2);
    assert!(guests.iter().all(|guest| !guest.is_shut()));
    assert!(scene.connect_from(peer).heard().contains("your address has 2 connections"));
    guests.iter().for_each(|guest| scene.end(guest));
    assert!(scene.connect_from(peer).heard().is_empty());
}

#[test]
fn another_password_and_other_operators_are_asked_of_those_who_come_next() {
    let mut house = IrcScene::new();
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    house.change(|config| {
        config.password = Some("tea".parse().expect("it is a password"));
        config.operators.clear();
    });
    assert_eq!(house.ask(root, "REHASH").len(), 2, "who is an operator stays one");
    assert!(house.ask(ana, "OPER root secret")[0].contains(" 491 "));
    let bob = house.connect();
    house.send(bob, "NICK bob");
    assert!(house.ask(bob, "USER b 0 * :x")[0].contains(" 464 "));
}

#[test]
fn what_only_a_restart_changes_stays_and_is_named() {
    let mut scene = Scene::new(limits());
    let guest = scene.user("ann");
    let told = scene.change(|config| {
        config.lobby = "#tea".parse().expect("a room name");
        config.server_name = "new.example".into();
        config.motd = vec!["tea".into()];
    });
    assert_eq!(told, "reload: motd; only a restart changes: server-name, lobby");
    scene.send(&guest, say("still here"));
    assert_eq!(guest.heard(), "ann说：still here\n");
    assert_eq!(scene.server.hub().lobby().as_str(), "#lobby");
}

#[test]
fn a_config_that_cannot_be_read_changes_nothing() {
    let mut scene = Scene::new(limits());
    let guest = scene.user("ann");
    let wrong = ConfigError::new("--frame: too long");
    let told = scene.turn(|server, now| server.reload(Err(wrong), now));
    assert_eq!(told, "reload: --frame: too long; everything stays as it was");
    assert!(guest.heard().is_empty());
}

// The program, and its signal.

/// A server whose config is in a file, in which it listens at a port of its own.
struct Configured {
    scratch: Scratch,
    program: Program,
    at: parlor::address::Address,
}

impl Configured {
    fn new(config: &str) -> Self {
        let scratch = Scratch::new();
        let path = scratch.file("conf", &Self::config(config));
        let program = Program::parlord(&["--config", text(&path)]);
        let at = program.listening();
        Self { scratch, program, at }
    }

    fn config(rest: &str) -> String {
        format!("listen = 127.0.0.1:0\n{rest}")
    }

    /// Another config, which is not read yet.
    fn write(&self, config: &str) {
        self.scratch.file("conf", &Self::config(config));
    }

    /// SIGHUP; what the log says of it, in one line.
    fn hang_up(&self) -> String {
        self.program.signal(Signal::HUP);
        loop {
            let line = self.program.error_line();
            if let Some((level, told)) = line.split_once(" reload: ") {
                assert_eq!(level.contains("WARN"), told.ends_with("everything stays as it was"), "{line}");
                return told.to_owned();
            }
        }
    }

    /// The message of the day, for somebody who comes now.
    fn motd(&self, name: &str) -> String {
        let mut peer = Peer::connect(&self.at);
        peer.send(format!("NICK {name}\r\nUSER a 0 * :a\r\n"));
        loop {
            let line = peer.line();
            if let Some((_, text)) = line.trim_end().split_once(&format!(" 372 {name} :- ")) {
                return text.to_owned();
            }
            assert!(!line.contains(" 422 "), "there is a message of the day");
        }
    }
}

#[test]
fn sighup_puts_what_is_right_in_force_and_nothing_of_what_is_wrong() {
    let server = Configured::new("");
    let motd = server.scratch.file("motd", "old\n");
    let with_motd = format!("motd = {}\n", motd.display());
    server.write(&with_motd);
    assert_eq!(server.hang_up(), "motd");
    assert_eq!(server.motd("a1"), "old");
    fs::write(&motd, "new\n").expect("it is ours");
    // Whatever is wrong, what is right beside it is not in force either.
    for (wrong, named) in [
        ("flood = fast\n", "flood: \"fast\""),
        ("nonsense = 1\n", "unknown option \"nonsense\""),
        ("nonsense\n", "write name = value"),
        ("password-file = /nowhere\n", "password-file: \"/nowhere\""),
        ("frame = 1000000\n", "--frame: 1000000 bytes are more than half an outbox"),
    ] {
        server.write(&format!("{with_motd}{wrong}"));
        let told = server.hang_up();
        assert!(told.contains(named), "{told}");
        assert_eq!(server.motd("a2"), "old");
    }
    server.write(&with_motd);
    assert_eq!(server.hang_up(), "motd");
    assert_eq!(server.hang_up(), "nothing has changed");
    assert_eq!(server.motd("a3"), "new");
}

#[test]
fn a_config_or_a_file_of_it_that_is_gone_or_no_file_changes_nothing_and_holds_nobody_up() {
    let mut server = Configured::new("password = tea\n");
    let path = server.scratch.path("conf");
    fs::remove_file(&path).expect("it is there");
    assert!(server.hang_up().contains("No such file"));
    fs::create_dir(&path).expect("the place is free");
    assert!(server.hang_up().contains("not a regular file"));
    fs::remove_dir(&path).expect("it is empty");
    let fifo = server.scratch.path("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("every Unix has mkfifo");
    assert!(made.success());
    for option in ["motd", "password-file"] {
        for place in [fifo.as_path(), Path::new("/dev/zero"), Path::new("/")] {
            server.write(&format!("{option} = {}\n", place.display()));
            let told = server.hang_up();
            assert!(told.contains(option) && told.contains("not a regular file"), "{told}");
        }
    }
    fs::rename(&fifo, &path).expect("both are ours");
    assert!(server.hang_up().contains("not a regular file"));
    fs::remove_file(&path).expect("it is there");
    server.scratch.file("conf", &"# \n".repeat(1 << 19));
    assert!(server.hang_up().contains("larger than 1048576 bytes"));
    let mut peer = Peer::connect(&server.at);
    peer.send("∏∑ann※tea∏∑");
    peer.expect("1");
    server.program.signal(Signal::TERM);
    assert_eq!(server.program.ended().status, Some(0));
}

#[test]
fn a_hundred_users_notice_nothing_of_reloads() {
    let server = Configured::new("flood = off\n");
    let mut users: Vec<_> = (0..100).map(|n| Peer::user(&server.at, &format!("user{n}"))).collect();
    server.write("flood = 100/50\nping = 80\nmax-connections = 50\n");
    assert_eq!(server.hang_up(), "max-connections, flood, ping");
    assert_eq!(server.hang_up(), "nothing has changed");
    server.write("max-connections = x\n");
    server.hang_up();
    // The next that everybody hears is what one of them says.
    users[0].send(say("everybody here?"));
    for user in &mut users {
        user.expect("user0说：everybody here?\n");
    }
}

#[test]
fn signals_in_a_row_and_an_operators_rehash_all_come_to_the_same() {
    let server = Configured::new("oper = root:secret\n");
    let mut root = Peer::connect(&server.at);
    root.send("NICK root\r\nUSER a 0 * :a\r\nOPER root secret\r\n");
    while !root.line().contains(" 381 ") {}
    server.write("oper = root:secret\nping = 80\n");
    root.send("REHASH\r\n");
    while !root.line().contains(" 382 ") {}
    assert_eq!(root.line().trim_end(), ":parlor.local NOTICE root :reload: ping");
    for _ in 0..20 {
        server.program.signal(Signal::HUP);
    }
    assert_eq!(server.hang_up(), "ping");
    assert_eq!(server.hang_up(), "nothing has changed");
}

#[cfg(feature = "web")]
#[test]
fn newcomers_get_the_files_that_a_page_has_now_and_a_missing_one_changes_nothing() {
    let page = Scratch::new();
    let index = page.file("index.html", "first");
    let config = format!("web-root = {}\n", text(&index).trim_end_matches("/index.html"));
    let server = Configured::new(&config);
    let get = || {
        let mut peer = Peer::connect(&server.at);
        peer.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let response = peer.rest();
        response.split_once("\r\n\r\n").expect("a response has a head").1.to_owned()
    };
    assert_eq!(get(), "first");
    page.file("index.html", "second");
    assert_eq!(get(), "first", "requests do not reach the disk");
    assert_eq!(server.hang_up(), "web-root");
    assert_eq!(get(), "second");
    fs::remove_file(&index).expect("the file is ours");
    assert!(server.hang_up().contains("there is no index.html in it"));
    assert_eq!(get(), "second");
    server.write("web = off\n");
    assert_eq!(server.hang_up(), "web, web-root");
    let mut peer = Peer::connect(&server.at);
    peer.send("GET / HTTP/1.1\r\n\r\n");
    peer.expect_closing_link(crate::support::NEITHER);
}

#[test]
fn a_server_of_the_library_has_nothing_to_read_again_unless_it_is_told_how() {
    let operators = vec![parlor::config::Operator {
        name: "root".into(),
        password: "secret".parse().expect("it is a password"),
    }];
    let listen = vec![crate::support::address("127.0.0.1:0")];
    let server = crate::support::TestServer::run(ServerConfig {
        operators,
        listen,
        ..crate::support::options::config()
    })
    .expect("the loopback interface has a free port");
    let mut root = server.connect();
    root.send("NICK root\r\nUSER a 0 * :a\r\nOPER root secret\r\nREHASH\r\n");
    while !root.line().contains(" 382 ") {}
    assert!(root.line().contains("there is no config to reload"));
    server.stop();
}
