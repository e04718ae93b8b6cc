//! The two real programs, as processes.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use parlor::address::Address;
use rustix::net::{AddressFamily, SocketType};
use rustix::process::Signal;

use crate::support::program::Ended;
use crate::support::{DEADLINE, Peer, Program, Scratch, login, say, text};

/// The longest time in which a server ends after a signal.
const STOP_LIMIT: Duration = Duration::from_secs(5);

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");
const PARLOR: &str = env!("CARGO_BIN_EXE_parlor");

/// What a client may speak. Most here holds on both.
const WIRES: [&str; 2] = ["irc", "crazyit"];

/// A client in a pipe that is logged in: it has heard what it said itself.
fn client(name: &str, server: &Address) -> Program {
    client_on("irc", name, server)
}

fn client_on(wire: &str, name: &str, server: &Address) -> Program {
    client_with(&["--wire", wire], name, server)
}

fn client_with(options: &[&str], name: &str, server: &Address) -> Program {
    let mut client = Program::parlor(&[options, &[&format!("{name}@{server}")]].concat());
    client.write("here\n");
    while client.line() != format!("{name}: here") {}
    client
}

#[track_caller]
fn assert_ended(ended: &Ended, status: i32, error: &str) {
    assert_eq!(ended.status, Some(status), "{ended:?}");
    assert_eq!(ended.stderr.lines().count(), usize::from(!error.is_empty()), "{ended:?}");
    assert!(ended.stderr.contains(error), "{ended:?}");
}

// Talking.

#[test]
fn public_and_private_messages_pass_between_real_processes() {
    for (alice_on, bob_on) in [("irc", "irc"), ("irc", "crazyit"), ("crazyit", "irc"), ("crazyit", "crazyit")]
    {
        let (_server, at) = Program::server(&[]);
        let mut alice = client_on(alice_on, "alice", &at);
        let mut bob = client_on(bob_on, "bob", &at);
        assert_eq!(alice.line(), "bob: here");
        alice.write("hello, everybody\n");
        for program in [&alice, &bob] {
            assert_eq!(program.line(), "alice: hello, everybody");
        }
        bob.write("//alice:psst: alice\n/msg alice once more\nto all\n");
        assert_eq!(alice.line(), "bob whispers: psst: alice");
        assert_eq!(alice.line(), "bob whispers: once more");
        assert_eq!(alice.line(), "bob: to all");
        assert_eq!(bob.line(), "bob: to all", "its whispers were not for bob");
        alice.write("//nobody:psst\n");
        // On the CrazyIt wire that is text as any other.
        let (status, counted) = match alice_on {
            "irc" => (3, "the server refused 1 of 3 lines"),
            _ => (0, ""),
        };
        match status {
            0 => assert_eq!(alice.line(), "* nobody here is called nobody"),
            _ => assert_eq!(alice.error_line(), "parlor: nobody here is called nobody"),
        }
        for (mut program, status, error) in [(alice, status, counted), (bob, 0, "")] {
            program.end_input();
            assert_ended(&program.ended(), status, error);
        }
    }
}

#[test]
fn a_client_in_a_pipe_meets_a_textbook_client() {
    let (_server, at) = Program::server(&[]);
    let mut alice = client("alice", &at);
    let mut bob = Peer::user(&at, "bob");
    bob.send(say("hi"));
    bob.expect("bob说：hi\n");
    assert_eq!(alice.line(), "bob: hi");
    alice.write("//bob:psst\n");
    bob.expect("alice悄悄地对你说：psst\n");
}

#[test]
fn a_pipe_that_ends_ends_the_client_after_the_server_has_taken_the_last_line() {
    // On IRC no message is empty.
    for (wire, empty) in [("irc", " "), ("crazyit", "")] {
        let (_server, at) = Program::server(&[]);
        let mut bob = Peer::user(&at, "bob");
        let mut alice = Program::parlor(&["-w", wire, &format!("alice@{at}")]);
        // The last line has no newline.
        alice.write("first\n\ndone");
        alice.end_input();
        let ended = alice.ended();
        assert_ended(&ended, 0, "");
        assert_eq!(ended.stdout, format!("alice: first\nalice: {empty}\nalice: done\n"));
        bob.expect(&format!("alice说：first\nalice说：{empty}\nalice说：done\n"));
    }
}

#[test]
fn an_empty_pipe_logs_in_and_leaves() {
    let (_server, at) = Program::server(&[]);
    for wire in WIRES {
        let mut alice = Program::parlor(&["-w", wire, &format!("alice@{at}")]);
        alice.end_input();
        assert_eq!(alice.ended(), Ended { status: Some(0), stdout: String::new(), stderr: String::new() });
    }
}

#[test]
fn ten_thousand_lines_through_a_pipe_all_arrive() {
    let scratch = Scratch::new();
    let lines: String = (0..10_000).map(|n| format!("line {n}\n")).collect();
    let path = scratch.file("input", &lines);
    let expected: String = (0..10_000).map(|n| format!("alice: line {n}\n")).collect();
    for wire in WIRES {
        let (_server, at) = Program::server(&[]);
        let input = File::open(&path).expect("just written");
        let mut alice = Program::start(PARLOR, &["-w", wire, &format!("alice@{at}")], input.into());
        let ended = alice.ended();
        assert_ended(&ended, 0, "");
        assert!(ended.stdout == expected, "{wire}: {} lines", ended.stdout.lines().count());
    }
}

#[test]
fn a_hundred_thousand_lines_arrive_once_and_in_order_although_the_server_restarts_in_between() {
    const LINES: usize = 100_000;
    let scratch = Scratch::new();
    let lines: String = (0..LINES).map(|n| format!("line {n}\n")).collect();
    let path = scratch.file("input", &lines);
    let (mut server, at) = Program::server(&[]);
    let input = File::open(&path).expect("just written");
    let mut alice = Program::start(PARLOR, &["--retry", "ever", &format!("alice@{at}")], input.into());
    // What the server has taken comes back to her.
    let mut heard: Vec<_> = (0..LINES / 10).map(|_| alice.line()).collect();
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    let server = Program::parlord(&["--listen", &at.to_string(), "--flood", "off"]);
    server.listening();
    let ended = alice.ended_within(10 * crate::support::DEADLINE);
    assert_ended(&ended, 0, "trying again");
    heard.extend(ended.stdout.lines().map(str::to_owned));
    heard.retain(|line| line != "* the server is shutting down");
    assert_eq!(heard.len(), LINES);
    for (n, line) in heard.iter().enumerate() {
        assert_eq!(*line, format!("alice: line {n}"));
    }
}

#[test]
fn a_server_that_dies_ends_a_pipe_that_says_how_many_lines_were_taken() {
    let (mut server, at) = Program::server(&[]);
    let mut alice = Program::parlor(&["--retry", "0", &format!("alice@{at}")]);
    alice.write("one\ntwo\n");
    while alice.line() != "alice: two" {}
    server.signal(Signal::KILL);
    server.ended();
    assert_ended(&alice.ended(), 1, "; 2 of 2 lines were taken");
}

#[test]
fn once_says_one_thing_and_does_not_read_the_input() {
    let (_server, at) = Program::server(&[]);
    let mut bob = client("bob", &at);
    for wire in WIRES {
        let mut alice =
            Program::parlor(&["-w", wire, "--once", "the backup is done", &format!("alice@{at}")]);
        // Its input goes on.
        assert_ended(&alice.ended(), 0, "");
        assert_eq!(bob.line(), "alice: the backup is done");
    }
    let mut alice = Program::parlor(&["--once", "//bob:psst", &format!("alice@{at}")]);
    assert_ended(&alice.ended(), 0, "");
    assert_eq!(bob.line(), "alice whispers: psst");
    bob.end_input();
    assert_ended(&bob.ended(), 0, "");
}

#[test]
fn json_is_one_object_a_line_for_every_event() {
    let (_server, at) = Program::server(&[]);
    let mut alice = Program::parlor(&["--json", &format!("alice@{at}")]);
    alice.write("say \"hi\"\n");
    let mut seen = Vec::new();
    loop {
        let line = alice.line();
        assert!(line.starts_with("{\"event\":\"") && line.ends_with('}'), "{line}");
        seen.push(line);
        if seen.last().is_some_and(|line| line.contains("\"event\":\"said\"")) {
            break;
        }
    }
    for event in ["server", "joined", "present", "said"] {
        assert!(
            seen.iter().any(|line| line.contains(&format!("\"event\":\"{event}\""))),
            "{event}: {seen:?}"
        );
    }
    let said = seen.last().expect("it was waited for");
    assert!(said.contains(r##""own":true,"room":"#lobby","from":"alice","text":"say \"hi\"""##), "{said}");
    alice.end_input();
    assert_ended(&alice.ended(), 0, "");
}

/// The lines of a document that show how to run `parlor --watch`, without what stands before them.
fn watching_examples(document: &'static str, prompt: &str) -> Vec<&'static str> {
    let examples = document.lines().filter_map(|line| line.strip_prefix(prompt));
    let examples: Vec<_> = examples.filter(|line| line.starts_with("parlor --watch")).collect();
    assert!(!examples.is_empty(), "there is an example");
    examples
}

#[test]
fn the_examples_with_json_print_what_they_select() {
    if Command::new("jq").arg("--version").output().is_err() {
        // Another machine checks this.
        return;
    }
    let page = watching_examples(include_str!("../../doc/CLIENT.md"), "    ");
    let manual = watching_examples(include_str!("../../doc/parlor.1"), ".Dl $ ");
    let programs = Path::new(PARLOR).parent().expect("it is in a directory");
    let path = format!("{}:{}", text(programs), std::env::var("PATH").unwrap_or_default());
    for (examples, printed) in [(page, "bob: hi"), (manual, "said")] {
        for example in examples {
            let (mut server, at) = Program::server(&[]);
            let mut command = Command::new("sh");
            let script = example.replace("bot@localhost", &format!("--retry 0 bot@{at}"));
            command.args(["-c", &script]).env("PATH", &path).stdin(Stdio::null()).stderr(Stdio::piped());
            let mut bob = Peer::irc_member(&at, "bob");
            let mut watcher = Program::spawn(command);
            while !bob.line().contains("JOIN #lobby") {}
            bob.send("PRIVMSG #lobby :hi\r\n");
            while watcher.line() != printed {}
            server.signal(Signal::KILL);
            server.ended();
            watcher.ended();
        }
    }
}

#[test]
fn a_watcher_listens_on_although_its_input_has_ended() {
    for wire in WIRES {
        let (_server, at) = Program::server(&[]);
        let mut bob = Peer::irc_member(&at, "bob");
        let mut watcher = Program::parlor(&["-w", wire, "--watch", &format!("alice@{at}")]);
        watcher.end_input();
        while !bob.line().contains("JOIN #lobby") {}
        bob.send("PRIVMSG #lobby :hi\r\n");
        while watcher.line() != "bob: hi" {}
        watcher.signal(Signal::TERM);
        assert_eq!(watcher.ended().stdout, "");
    }
    assert_ended(&Program::parlor(&["--watch", "--once", "x", "a@b"]).ended(), 2, "--watch");
}

#[test]
fn a_retry_that_is_given_counts_for_the_first_connection_too() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let target = format!("alice@{at}");
    let given_up = Program::parlor(&["--retry", "0", &target]).ended();
    assert_ended(&given_up, 1, &format!("cannot connect to {at}"));
    let mut alice = Program::parlor(&["--retry", "60", "--once", "hi", &target]);
    assert!(alice.error_line().ends_with("; trying again"));
    let _server = Program::parlord(&["--listen", &at]);
    let ended = alice.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(0), "alice: hi\n"), "{ended:?}");
}

#[test]
fn the_clients_config_file_says_where_to_and_who() {
    let scratch = Scratch::new();
    let (_server, at) = Program::server(&[]);
    let config = scratch.file("config", &format!("# mine\nserver = {at}\nname = alice\nroom = #tea\n"));
    let mut alice = Program::parlor(&["-c", text(&config), "--json", "--once", "hi"]);
    let ended = alice.ended();
    assert_ended(&ended, 0, "");
    assert!(ended.stdout.contains("\"room\":\"#tea\",\"from\":\"alice\",\"text\":\"hi\""), "{ended:?}");
    let wrong = scratch.file("wrong", "server = x:1\ncolour = red\n");
    let ended = Program::parlor(&["-c", text(&wrong)]).ended();
    assert_ended(&ended, 2, "line 2: unknown option \"colour\"");
}

#[test]
fn a_line_too_long_for_one_becomes_several_messages() {
    let (_server, at) = Program::server(&[]);
    for wire in WIRES {
        let mut alice = Program::parlor(&["-w", wire, &format!("alice@{at}")]);
        alice.write(&"好".repeat(5000));
        alice.end_input();
        let ended = alice.ended();
        assert_ended(&ended, 0, "");
        let said: String = ended.stdout.lines().map(|line| line.trim_start_matches("alice: ")).collect();
        assert!(said == "好".repeat(5000), "{wire}: {} characters", said.chars().count());
    }
}

#[test]
fn a_line_with_a_mark_in_it_is_refused_where_it_is_one_and_the_others_are_said() {
    let (_server, at) = Program::server(&[]);
    for mark in ["∏∑", "§γ", "★【", "※"] {
        let lines = format!("one\nwith a {mark} in it\nthree\n");
        let mut alice = Program::parlor(&["--wire", "crazyit", &format!("alice@{at}")]);
        alice.write(&lines);
        assert!(alice.error_line().contains(mark));
        alice.end_input();
        let ended = alice.ended();
        assert_ended(&ended, 2, "some lines were not sent");
        assert_eq!(ended.stdout, "alice: one\nalice: three\n");

        let mut alice = Program::parlor(&[&format!("alice@{at}")]);
        alice.write(&lines);
        alice.end_input();
        let ended = alice.ended();
        assert_ended(&ended, 0, "");
        assert_eq!(ended.stdout, format!("alice: one\nalice: with a {mark} in it\nalice: three\n"));
    }
}

#[test]
fn a_client_over_a_unix_socket_talks_too() {
    let scratch = Scratch::new();
    let at = scratch.socket("s");
    let server = Program::parlord(&["--listen", &at.to_string(), "--flood", "off"]);
    assert_eq!(server.listening(), at);
    let mut alice = client("alice", &at);
    alice.end_input();
    assert_ended(&alice.ended(), 0, "");
}

#[test]
fn a_client_that_is_killed_frees_its_name_at_once() {
    let (_server, at) = Program::server(&[]);
    let mut bob = Peer::user(&at, "bob");
    let mut alice = client("alice", &at);
    bob.expect("alice说：here\n");
    alice.signal(Signal::KILL);
    alice.ended();
    client("alice", &at);
}

// How the client ends.

#[test]
fn a_refused_connection_is_exit_status_1() {
    // Bound and not listening: nobody else gets this port meanwhile, and it refuses.
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let at = rustix::net::getsockname(&socket).expect("it is bound");
    let at = SocketAddr::try_from(at).expect("an internet address");
    let mut alice = Program::parlor(&[&format!("alice@{at}")]);
    assert_ended(&alice.ended(), 1, &format!("cannot connect to {at}"));
    let mut alice = Program::parlor(&["alice@unix:/nowhere/s"]);
    assert_ended(&alice.ended(), 1, "cannot connect to unix:/nowhere/s");
}

#[test]
fn a_lost_connection_is_exit_status_1_although_the_input_goes_on() {
    for wire in WIRES {
        let (mut server, at) = Program::server(&[]);
        let mut alice = client_with(&["-w", wire, "--retry", "0"], "alice", &at);
        server.signal(Signal::KILL);
        server.ended();
        let ended = alice.ended();
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(&at.to_string()), "{ended:?}");
    }
}

#[test]
fn a_server_that_ends_is_exit_status_1_and_its_goodbye_is_shown() {
    for wire in WIRES {
        let (server, at) = Program::server(&[]);
        let mut alice = client_with(&["-w", wire, "--retry", "0"], "alice", &at);
        server.signal(Signal::TERM);
        assert_eq!(alice.line(), "* the server is shutting down");
        assert_ended(&alice.ended(), 1, "closed the connection");
    }
}

#[test]
fn a_taken_name_is_exit_status_3() {
    let (_server, at) = Program::server(&[]);
    let _alice = client("alice", &at);
    for wire in WIRES {
        let mut second = Program::parlor(&["-w", wire, &format!("ALICE@{at}")]);
        assert_ended(&second.ended(), 3, "the name ALICE is taken");
    }
}

#[test]
fn wrong_usage_of_the_client_is_exit_status_2_and_names_what_is_wrong() {
    let cases: [(&[&str], &str); 11] = [
        (&[], "where to?"),
        (&["--wire", "smoke", "a@b"], "--wire"),
        (&["--room", "a tea", "a@b"], "--room"),
        (&["-w", "crazyit", "-r", "#tea", "a@b"], "--room"),
        (&["--password-file", "/nowhere/file", "a@b"], "/nowhere/file"),
        (&["--colour", "a"], "--colour"),
        (&["a@b", "stray"], "stray"),
        (&["1a@localhost"], "1a"),
        (&["a@localhost:x"], "localhost:x"),
        (&["a@"], "host"),
        (&["localhost"], "NAME@HOST"),
    ];
    for (args, named) in cases {
        assert_ended(&Program::parlor(args).ended(), 2, named);
    }
}

#[test]
fn an_input_that_cannot_be_read_is_exit_status_2() {
    let (_server, at) = Program::server(&[]);
    // A directory can be opened, but reading it fails.
    let input = File::open("/").expect("there is a root");
    let mut alice = Program::start(PARLOR, &[&format!("alice@{at}")], input.into());
    assert_ended(&alice.ended(), 2, "standard input");
}

#[test]
fn an_output_that_nobody_reads_any_more_is_a_quiet_end() {
    let (_server, at) = Program::server(&[]);
    let mut bob = Peer::user(&at, "bob");
    let (reader, writer) = std::io::pipe().expect("the system has pipes");
    let mut command = std::process::Command::new(PARLOR);
    command.arg(format!("alice@{at}")).stdin(Stdio::piped()).stdout(writer).stderr(Stdio::piped());
    let mut alice = command.spawn().expect("the program can be started");
    // The command holds our copy of the end that is written to.
    drop(command);
    drop(reader);
    // Alice hears what is said as soon as she is there to hear it.
    while alice.try_wait().expect("our own child").is_none() {
        bob.send(say("anybody?"));
        bob.expect("bob说：anybody?\n");
    }
    let output = alice.wait_with_output().expect("it has ended");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

// Elsewhere no device is always full.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_cannot_be_written_is_exit_status_1() {
    let (_server, at) = Program::server(&[]);
    let full = File::options().write(true).open("/dev/full").expect("Linux has it");
    let mut command = std::process::Command::new(PARLOR);
    command.args(["--once", "hi", &format!("alice@{at}")]).stdin(Stdio::null()).stdout(full);
    let output = command.stderr(Stdio::piped()).output().expect("the program can be started");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("parlor: standard output: "), "{output:?}");
}

#[test]
fn what_the_client_complains_of_is_text_and_nothing_else() {
    for args in [&["--a\x1b[2J"][..], &["a@b", "\x1b[2J"], &["a@\x1b[2J\u{202e}:x"]] {
        assert_ended(&Program::parlor(args).ended(), 2, "[2J");
        assert!(!Program::parlor(args).ended().stderr.contains(['\x1b', '\u{202e}']));
    }
}

#[test]
fn both_programs_print_help_and_version() {
    for start in [Program::parlord, Program::parlor] {
        for option in ["--help", "-h", "--version", "-V"] {
            let ended = start(&[option]).ended();
            assert_ended(&ended, 0, "");
            assert!(ended.stdout.contains("parlor"), "{ended:?}");
        }
    }
}

// How the server ends.

#[test]
fn a_signal_ends_the_server_in_an_orderly_way() {
    for signal in [Signal::TERM, Signal::INT] {
        let scratch = Scratch::new();
        let unix = scratch.socket("s");
        let (mut server, at) = Program::server(&["--listen", &unix.to_string()]);
        let mut peers = [Peer::user(&at, "alice"), Peer::user(&unix, "bob"), Peer::connect(&at)];
        // The third is nobody to the server before it is accepted.
        peers[2].send(login("alice"));
        peers[2].expect("-1");
        server.signal(signal);
        for peer in &mut peers {
            peer.expect_notice("the server is shutting down");
            peer.expect_end();
        }
        // They keep their sides open: the server waits for them, but not for long.
        let ended = server.ended_within(STOP_LIMIT);
        assert_eq!(ended.status, Some(0), "{ended:?}");
        assert!(!scratch.path("s").exists());
    }
}

#[test]
fn a_second_signal_changes_nothing() {
    let (mut server, at) = Program::server(&[]);
    let mut alice = Peer::user(&at, "alice");
    server.signal(Signal::TERM);
    alice.expect_notice("the server is shutting down");
    server.signal(Signal::INT);
    alice.expect_end();
    drop(alice);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
}

#[test]
fn an_address_that_is_taken_is_exit_status_1_and_is_named() {
    let (_server, at) = Program::server(&[]);
    let mut second = Program::parlord(&["--listen", &at.to_string(), "--flood", "off"]);
    let ended = second.ended();
    assert_ended(&ended, 1, &format!("cannot listen on {at}"));
    assert!(ended.stderr.ends_with("or choose another address (see --listen)\n"), "{}", ended.stderr);
    let scratch = Scratch::new();
    let file = format!("unix:{}", text(&scratch.file("notes", "mine")));
    let mut third = Program::parlord(&["--listen", &file]);
    assert_ended(&third.ended(), 1, &file);
    assert_eq!(fs::read_to_string(scratch.path("notes")).expect("it is still there"), "mine");
}

#[test]
fn a_server_without_a_descriptor_left_serves_those_it_has_and_then_newcomers_again() {
    let limited = ["-c", "ulimit -n 24; exec \"$0\" \"$@\"", PARLORD, "--listen", "127.0.0.1:0"];
    let server = Program::start("/bin/sh", &limited, Stdio::null());
    let at = server.listening();
    let mut alice = Peer::user(&at, "alice");
    // The system completes these connections; the server cannot accept them all.
    let crowd: Vec<_> = (0..30).map(|_| Peer::connect(&at)).collect();
    while !server.error_line().contains("accepting pauses") {}
    alice.settle("alice");
    drop(crowd);
    // As long as not all of them are noticed to have left, newcomers may still be told that there is no place.
    let begin = Instant::now();
    loop {
        let mut late = Peer::connect(&at);
        late.try_send(login("late")).ok();
        if late.receive_once() == b"1" {
            break;
        }
        assert!(begin.elapsed() < DEADLINE, "nobody is let in any more");
    }
    alice.settle("alice");
}

// The server's options.

#[test]
fn a_wrong_option_value_or_file_is_exit_status_2_and_is_named_in_one_line() {
    let scratch = Scratch::new();
    let unknown = scratch.file("unknown", "# fine\nlobby = #tea\ncolour = red\n");
    let value = scratch.file("value", "frame = many\n");
    let twice = scratch.file("twice", "frame = 1024\nframe = 2048\n");
    let cases: [(&[&str], &str); 8] = [
        (&["--colour"], "--colour"),
        (&["stray"], "stray"),
        (&["--listen", "nowhere"], "nowhere"),
        (&["--frame", "1"], "--frame"),
        (&["--config", "/nowhere/file"], "/nowhere/file"),
        (&["--config", text(&unknown)], "line 3: unknown option \"colour\""),
        (&["--config", text(&value)], "line 1: frame: \"many\""),
        (&["--config", text(&twice)], "line 2: frame is given more than once"),
    ];
    for (args, named) in cases {
        assert_ended(&Program::parlord(args).ended(), 2, named);
    }
}

#[test]
fn a_config_file_counts_and_the_command_line_wins() {
    let scratch = Scratch::new();
    let (in_file, on_line) = (scratch.socket("file"), scratch.socket("line"));
    let content = format!("# ours\nlisten = {in_file}\nmax-connections = 1\nframe = 512\n");
    let config = scratch.file("config", &content);
    let server = Program::parlord(&["-c", text(&config)]);
    assert_eq!(server.listening(), in_file);
    let mut alice = Peer::user(&in_file, "alice");
    // Before it knows the wire of a peer, the server speaks as on IRC.
    assert!(Peer::connect(&in_file).line().contains("the server is full (1 connections)"));
    alice.send("§γ".to_owned() + &"x".repeat(512));
    alice.expect_notice("at most 512 bytes");

    let args = ["-c", text(&config), "--listen", &on_line.to_string(), "--max-connections", "2"];
    let server = Program::parlord(&args);
    assert_eq!(server.listening(), on_line);
    let mut alice = Peer::user(&on_line, "alice");
    let _bob = Peer::user(&on_line, "bob");
    assert!(Peer::connect(&on_line).line().contains("the server is full (2 connections)"));
    alice.send("§γ".to_owned() + &"x".repeat(512));
    alice.expect_notice("at most 512 bytes");
}

#[test]
fn every_address_has_its_line() {
    let scratch = Scratch::new();
    let unix = scratch.socket("s");
    let server = Program::parlord(&["-l", "127.0.0.1:0", "-l", "[::1]:0", "-l", &unix.to_string()]);
    for start in ["127.0.0.1:", "[::1]:", "unix:"] {
        let at = server.listening();
        assert!(at.to_string().starts_with(start), "{at}");
        client("alice", &at);
    }
    assert!(fs::metadata(scratch.path("s")).expect("it is there").file_type().is_socket());
}

#[test]
fn the_log_tells_why_a_name_was_refused_and_never_what_was_said() {
    let (mut server, at) = Program::server(&[]);
    let mut alice = Peer::user(&at, "alice");
    alice.send(say("a secret"));
    alice.expect("alice说：a secret\n");
    for name in ["ALICE", "not a name"] {
        let mut other = Peer::connect(&at);
        other.send(login(name));
        other.expect("-1");
    }
    alice.send("nonsense with a secret");
    alice.expect_notice("bytes outside a frame");
    server.signal(Signal::TERM);
    drop(alice);
    let log = server.ended().stderr;
    assert!(log.contains("the name ALICE is taken"), "{log}");
    assert!(log.contains("a name cannot contain ' '"), "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[test]
fn sigusr1_logs_what_there_is_to_see_and_the_server_goes_on() {
    let (mut server, at) = Program::server(&[]);
    let mut alice = Peer::user(&at, "alice");
    alice.send(say("a secret"));
    alice.expect("alice说：a secret\n");
    let (first, last) = (
        "report: up 0 days 0:00:",
        "report: paused for sending too much: 0, dropped newcomers: 0, log lines lost: 0",
    );
    for _ in 0..2 {
        server.signal(Signal::USR1);
        while !server.error_line().contains(first) {}
        let mut page = Vec::new();
        while page.last().is_none_or(|line: &String| !line.contains(last)) {
            page.push(server.error_line());
        }
        let told = |part: &str| assert!(page.iter().any(|line| line.contains(part)), "{part}: {page:#?}");
        // She has whispered twice to herself, too.
        told("report: users: 1, operators: 0, rooms: 1, messages: 3");
        told("report: connections: 1 in all, unknown 0, logging-in 0, crazyit 1, irc 0, ending 0");
        assert!(!page.concat().contains("secret"));
    }
    server.signal(Signal::TERM);
    drop(alice);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
}
