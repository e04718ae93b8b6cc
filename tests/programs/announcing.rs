//! What `parlord` prints and logs: where it listens and how to join, and who comes and goes.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use crate::support::program::NOWHERE;
use crate::support::{DEADLINE, Peer, Program, Scratch, address, text};

#[test]
fn the_line_on_standard_output_tells_where_it_listens_and_how_to_join() {
    let scratch = Scratch::new();
    let socket = scratch.socket("s").to_string();
    let server = Program::parlord(&["--listen", "127.0.0.1:0", "--listen", &socket]);
    let line = server.line();
    let (at, join) = line.split_once(", ").expect("two halves");
    let at = at.strip_prefix("listening on ").expect("it begins like this");
    assert_eq!(join, format!("join with: parlor NAME@{at}"));
    assert_eq!(server.line(), format!("listening on {socket}, join with: parlor NAME@{socket}"));
    Peer::user(&address(at), "alice");
}

#[test]
#[cfg(feature = "web")]
fn the_last_lines_have_the_addresses_of_the_chat_page() {
    let scratch = Scratch::new();
    let socket = scratch.socket("s").to_string();
    let options = ["--listen", "127.0.0.1:0", "--listen", &socket];
    let server = Program::parlord(&options);
    let (line, _) = (server.line(), server.line());
    let (at, _) =
        line.strip_prefix("listening on ").and_then(|rest| rest.split_once(", ")).expect("an address");
    assert_eq!(server.line(), format!("chat page at http://{at}/"));
    let server = Program::parlord(&[&options[..2], &["--lobby", "#cafe"]].concat());
    server.line();
    assert!(server.line().ends_with("/#cafe"));
}

/// The line of a server whose program is here, and whose environment has this PATH.
fn told(program: &Path, path: &str, directory: &Path) -> String {
    let mut command = Command::new(program);
    command.args(["--listen", "127.0.0.1:0"]).env("PATH", path).env("CARGO", "cargo");
    command.env("XDG_STATE_HOME", NOWHERE).current_dir(directory);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let by = Instant::now() + DEADLINE;
    let mut server = loop {
        match command.spawn() {
            // A program that another test starts at this moment may have inherited the file, which is just being written.
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && Instant::now() < by => {
                thread::yield_now();
            }
            other => break other.expect("it starts"),
        }
    };
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("it is text");
    server.kill().expect("it runs");
    server.wait().expect("it is ours");
    line.split_once(", join with: ").expect("two halves").1.to_owned()
}

#[test]
fn the_command_to_join_starts_the_client_that_is_beside_the_server() {
    let scratch = Scratch::new();
    let directory = scratch.file("parlord", "").parent().expect("it is in a directory").canonicalize();
    let directory = directory.expect("it is there");
    let server = directory.join("parlord");
    fs::copy(env!("CARGO_BIN_EXE_parlord"), &server).expect("there is room");
    // As `cargo run` leaves it, which builds the server only.
    assert!(told(&server, "/nowhere", &directory).starts_with("cargo run --bin parlor -- NAME@"));
    fs::copy(env!("CARGO_BIN_EXE_parlor"), directory.join("parlor")).expect("there is room");
    assert!(told(&server, "/nowhere", &directory).starts_with("./parlor NAME@"));
    assert!(told(&server, text(&directory), &directory).starts_with("parlor NAME@"));
    let beside = text(&directory).to_owned() + "/parlor NAME@";
    assert!(told(&server, "/nowhere", Path::new("/")).starts_with(&beside));
}

#[test]
fn who_follows_that_line_meets_the_others_also_in_a_lobby_of_another_name() {
    let server = Program::parlord(&["--listen", "127.0.0.1:0", "--lobby", "#it's-tea"]);
    let line = server.line();
    let (at, join) = line.split_once(", join with: parlor ").expect("two halves");
    let at = at.strip_prefix("listening on ").expect("it begins like this");
    assert_eq!(join, format!(r"-r '#it'\''s-tea' NAME@{at}"));
    let mut bob = Peer::user(&address(at), "bob");
    let mut alice = Program::parlor(&["-r", "#it's-tea", &format!("alice@{at}")]);
    alice.write("hi\n");
    bob.expect("alice说：hi\n");
}

#[test]
fn the_log_tells_who_comes_and_who_goes_on_both_wires() {
    let (server, at) = Program::server(&[]);
    let mut alice = Peer::user(&at, "alice");
    let mut bob = Peer::connect(&at);
    bob.send("NICK bob\r\nUSER bob 0 * :Bob\r\n");
    let expect_log = |port: u16, what: &str| {
        let line = server.error_line();
        assert!(line.ends_with(&format!(" 127.0.0.1:{port} {what}")), "{line}");
    };
    expect_log(alice.local_port(), "alice: logged in");
    expect_log(bob.local_port(), "bob: logged in");
    bob.send("QUIT :tea\r\n");
    // What people say, also when they leave, is not for the log; how much went over the connection is.
    let expect_end = |port: u16, what: &str, received: usize| {
        let line = server.error_line();
        let (begin, end) = line.split_once(" (").expect("counts stand behind the reason");
        assert!(begin.ends_with(&format!(" 127.0.0.1:{port} {what}")), "{line}");
        assert!(end.starts_with(&format!("{received} bytes in, ")) && end.ends_with(" s)"), "{line}");
        assert!(!end.contains(" 0 out"), "{line}");
    };
    expect_end(bob.local_port(), "bob: Quit", "NICK bob\r\nUSER bob 0 * :Bob\r\nQUIT :tea\r\n".len());
    alice.finish();
    // Its login, and a few whispers to itself by which it found out that it is here.
    expect_end(alice.local_port(), "alice: end of input", 75);
}
