//! `parlord --check`, `--check-config`, `--print-config`, and the advice at the start.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Instant;

use rustix::process::Signal;

use crate::support::program::Ended;
use crate::support::{Program, Scratch, text};

fn run(args: &[&str]) -> Ended {
    Program::parlord(args).ended()
}

#[track_caller]
fn assert_fails(args: &[&str], status: i32, why: &str) {
    let ended = run(args);
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(status), ""));
    assert_eq!(ended.stderr, format!("parlord: {why}\n"));
}

fn assert_answers(option: &str, address: &str) {
    let told = format!("{address} answers\n");
    assert_eq!(run(&[option, address]), Ended { status: Some(0), stdout: told, stderr: String::new() });
}

#[test]
fn a_server_answers_a_check_at_each_address_and_nobody_has_been_there() {
    let scratch = Scratch::new();
    let (state, socket) = (scratch.path("state"), scratch.socket("s").to_string());
    let args = ["--listen", &socket, "--state", text(&state), "--password", "secret"];
    #[cfg(feature = "tls")]
    let args = [&args[..], &["--self-signed", "--tls-listen", "127.0.0.1:0"]].concat();
    let (server, address) = Program::server(&args);
    assert_answers("--check", &address.to_string());
    assert_answers("--check", &socket);
    assert!(server.line().starts_with(&format!("listening on {socket}")));
    #[cfg(feature = "tls")]
    {
        let line = server.line();
        let tls = line.split(' ').nth(2).expect("listening on ADDRESS");
        assert_answers("--check-tls", tls);
        let plain = run(&["--check", tls]);
        assert_eq!((plain.status, plain.stdout.as_str()), (Some(1), ""));
        let why = format!(
            "parlord: {tls}: it does not answer as parlord: \"ERROR :Closing link: this port requires TLS"
        );
        assert!(plain.stderr.starts_with(&why), "{}", plain.stderr);
        let ended = run(&["--check-tls", &address.to_string()]);
        assert_eq!(ended.status, Some(1));
        assert!(ended.stderr.starts_with(&format!("parlord: {address}: ")), "{}", ended.stderr);
    }
    server.signal(Signal::USR1);
    let mut report = Vec::new();
    while !report.iter().any(|line: &String| line.contains("refused:")) {
        report.push(server.error_line());
    }
    let has = |words: &str| assert!(report.iter().any(|line| line.contains(words)), "{words} {report:?}");
    has("users: 0, ");
    has("refused: 0 in all");
}

#[test]
fn a_check_fails_within_seconds_if_there_is_no_server_or_another_one() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound").to_string();
    // Accepted by the system, and never answered.
    let begin = Instant::now();
    assert_fails(&["--check", &address], 1, &format!("{address}: no answer within 5 s"));
    assert!(begin.elapsed().as_secs() < 20);
    let answers = thread::spawn(move || {
        // The first has left.
        drop(listener.accept());
        for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
            let (mut peer, _) = listener.accept().expect("the check comes");
            let mut question = [0; 64];
            let count = peer.read(&mut question).expect("it asks");
            assert_eq!(&question[..count], b"PING :parlord --check\r\nQUIT\r\n");
            peer.write_all(answer.as_bytes()).expect("it reads");
        }
    });
    let http = "it does not answer as parlord: \"HTTP/1.1 400 Bad Request\\r\\n\\r\\n\"";
    assert_fails(&["--check", &address], 1, &format!("{address}: {http}"));
    let nothing = "it closes the connection without an answer; for TLS, write --check-tls";
    assert_fails(&["--check", &address], 1, &format!("{address}: {nothing}"));
    answers.join().expect("it was asked twice");
    let refused = "cannot connect: Connection refused (os error 111)";
    assert_fails(&["--check", &address], 1, &format!("{address}: {refused}"));
    let none = "cannot connect: No such file or directory (os error 2)";
    assert_fails(&["--check", "unix:/nowhere/s"], 1, &format!("unix:/nowhere/s: {none}"));
    assert_fails(&["--check", "here"], 2, "--check: \"here\": there is no port; write HOST:PORT");
}

#[test]
fn checking_the_config_creates_and_binds_nothing() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let (_server, address) = Program::server(&[]);
    let taken = address.to_string();
    let conf = scratch.file("conf", &format!("listen = {taken}\nstate = {}\n", text(&state)));
    let mut args = vec!["--check-config", "-c", text(&conf)];
    if cfg!(feature = "tls") {
        args.extend(["--self-signed", "--tls-listen", "127.0.0.1:1"]);
    }
    let right = Ended { status: Some(0), stdout: "the config is right\n".into(), stderr: String::new() };
    assert_eq!(run(&args), right);
    assert!(!state.exists());
}

#[test]
fn what_would_keep_a_server_from_starting_is_told_in_one_line() {
    let scratch = Scratch::new();
    let conf = scratch.file("conf", "listen = 127.0.0.1:0\n\nping = often\n");
    let why =
        format!("{}: line 3: ping: \"often\" is not a whole number of seconds from 1 to 86400", text(&conf));
    assert_fails(&["--check-config", "-c", text(&conf)], 2, &why);
    let missing = "--motd: /nowhere: No such file or directory (os error 2)";
    assert_fails(&["--check-config", "--motd", "/nowhere"], 2, missing);
    let state = scratch.path("");
    let bans = scratch.file("bans", "nonsense");
    let why = format!("{}, line 1: this line has no newline, and more may be missing", text(&bans));
    assert_fails(&["--check-config", "--state", text(&state)], 2, &why);
    if rustix::process::geteuid().is_root() {
        let public = "root must not listen on 0.0.0.0:0: run parlord as another user, or with --allow-root";
        assert_fails(&["--check-config", "--state=off", "--listen=0.0.0.0:0"], 2, public);
    }
}

#[test]
fn the_printed_config_starts_the_same_server() {
    let scratch = Scratch::new();
    let conf = scratch.file("conf", "listen = 127.0.0.1:0\nserver-name = tea.example\n");
    let printed = run(&["--print-config", "-c", text(&conf), "--state=off"]);
    assert_eq!((printed.status, printed.stderr.as_str()), (Some(0), ""));
    let origin = format!("# {}, line 2\nserver-name = tea.example\n", text(&conf));
    assert!(printed.stdout.contains(&origin), "{}", printed.stdout);
    let again = scratch.file("again", &printed.stdout);
    Program::parlord(&["-c", text(&again)]).listening();
}

#[test]
fn an_open_server_for_other_machines_gets_advice_once() {
    let scratch = Scratch::new();
    let conf = scratch.file("conf", "listen = 0.0.0.0:0\nallow-root = yes\nstate = off\n");
    let server = Program::parlord(&["-c", text(&conf)]);
    let address = server.listening();
    let advice = server.error_line();
    assert!(advice.starts_with(&format!("parlord: advice: everybody who reaches {address} ")), "{advice}");
    for _ in 0..2 {
        server.signal(Signal::HUP);
        let line = server.error_line();
        assert!(line.contains("reload"), "{line}");
    }
    let server = Program::parlord(&["-c", text(&conf), "--password", "x"]);
    server.listening();
    server.signal(Signal::HUP);
    let line = server.error_line();
    assert!(line.contains("reload"), "{line}");
}
