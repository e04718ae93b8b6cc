//! What `parlord` prints and logs: where it listens and how to join, and who comes and goes.

mod support;

use support::{Peer, Program, Scratch, address};

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
