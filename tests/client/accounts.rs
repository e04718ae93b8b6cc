//! Logging in to accounts, against stand-ins for servers.

use std::path::PathBuf;
use std::time::Duration;

use parlor::address::Address;
use parlor::client::{Account, AccountFault, Client, ClientEventKind, Error};
use parlor::name::UserName;
use parlor::wire::Wire;

use crate::support::program::Ended;
use crate::support::{DEADLINE, Program, Scratch, StandIn, text};

/// `\0alice\0sesame`.
const PLAIN: &str = "AUTHENTICATE AGFsaWNlAHNlc2FtZQ==";

fn alice() -> Account {
    Account::new("alice", "sesame")
}

fn log_in(at: &Address, name: &str) -> Result<Client, Error> {
    let mut client = Client::builder().account(alice()).connect(at)?;
    client.login(&UserName::new(name).expect("a good name"), None)?;
    Ok(client)
}

/// Plays a server up to the answer to the password.
fn ask_for_password(peer: &mut StandIn) {
    peer.await_line("USER");
    peer.send(&[":s CAP * LS * :server-time", ":s CAP * LS :sasl=EXTERNAL,PLAIN batch"]);
    peer.expect("CAP REQ :server-time batch sasl");
    peer.send(&[":s CAP * ACK :server-time batch sasl"]);
    peer.expect("AUTHENTICATE PLAIN");
    peer.send(&["AUTHENTICATE +"]);
    peer.expect(PLAIN);
}

fn welcome(peer: &mut StandIn) {
    peer.send(&[":s 900 * * alice :You are now logged in as alice", ":s 903 * :Done"]);
    peer.expect("CAP END");
    peer.send(&[":s 001 Alice :Welcome"]);
}

/// The file with the password of alice.
fn password_file(scratch: &Scratch) -> PathBuf {
    scratch.file("password", "sesame\n")
}

/// Runs parlor with the account alice and its password in a file.
fn run(at: &Address, scratch: &Scratch, args: &[&str]) -> Ended {
    let (file, at) = (password_file(scratch), at.to_string());
    let file = text(&file);
    let own = ["--account", "alice", "--account-password-file", file, &at];
    let mut program = Program::parlor(&[args, &own].concat());
    program.end_input();
    program.ended()
}

#[test]
fn the_server_gives_the_name_of_the_account() {
    let (at, server) = StandIn::play(|peer| {
        ask_for_password(peer);
        welcome(peer);
    });
    assert_eq!(log_in(&at, "visitor").expect("the password is right").name(), "Alice");
    server.join().expect("the script was followed");
}

#[test]
fn a_wrong_password_is_final() {
    let scratch = Scratch::new();
    let (at, server) = StandIn::play(|peer| {
        ask_for_password(peer);
        peer.send(&[":s 904 * :The password is wrong"]);
        assert_eq!(peer.line(), None, "the client leaves");
    });
    // Nobody would answer a second attempt.
    let ended = run(&at, &scratch, &["--retry", "60"]);
    server.join().expect("the script was followed");
    let told = "parlor: the account alice: The password is wrong\n";
    assert_eq!((ended.status, ended.stderr.as_str()), (Some(3), told));
}

#[test]
fn a_server_without_accounts_is_told_in_one_line() {
    for script in [
        &[":s CAP * LS :server-time"][..],
        &[":s 421 * CAP :Unknown command", ":s 001 alice :Welcome"],
        &[":s CAP * LS :sasl=PLAIN", ":s CAP * NAK :sasl"],
    ] {
        let scratch = Scratch::new();
        let (at, server) = StandIn::play(move |peer| {
            peer.await_line("USER");
            peer.send(script);
        });
        let ended = run(&at, &scratch, &[]);
        server.join().expect("the script was followed");
        let told =
            "parlor: the account alice: the server has no accounts, or offers no login to them (SASL)\n";
        assert_eq!((ended.status, ended.stderr.as_str()), (Some(3), told), "{script:?}");
    }
}

#[test]
fn a_pipe_without_the_password_connects_to_nobody() {
    let mut program = Program::parlor(&["--account", "alice", "127.0.0.1:9"]);
    program.end_input();
    let ended = program.ended();
    assert_eq!(ended.status, Some(2));
    assert!(
        ended.stderr.contains("--account-password-file") && ended.stderr.lines().count() == 1,
        "{ended:?}"
    );
}

#[test]
fn a_server_that_never_answers_the_password_is_given_up() {
    let (at, server) = StandIn::play(|peer| {
        ask_for_password(peer);
        assert_eq!(peer.line(), None, "the client leaves");
    });
    let within = Duration::from_millis(300);
    let mut client =
        Client::builder().account(alice()).answer_timeout(within).connect(&at).expect("it listens");
    let result = client.login(&UserName::new("alice").expect("a good name"), None);
    assert!(matches!(result, Err(Error::NoAnswer { .. })), "{result:?}");
    drop(client);
    server.join().expect("the script was followed");
}

#[test]
fn a_login_while_connected_is_an_event_and_a_name_that_the_server_gives_is_taken() {
    let (at, server) = StandIn::play(|peer| {
        peer.await_line("USER");
        peer.send(&[":s CAP * LS :sasl=PLAIN draft/account-registration"]);
        peer.expect("CAP REQ :draft/account-registration");
        peer.send(&[":s CAP * ACK :draft/account-registration"]);
        peer.expect("CAP END");
        peer.send(&[":s 001 visitor :Welcome"]);
        peer.expect("CAP REQ :sasl");
        peer.send(&[":s CAP visitor ACK :sasl"]);
        peer.expect("AUTHENTICATE PLAIN");
        peer.send(&["AUTHENTICATE +"]);
        peer.expect(PLAIN);
        peer.send(&[
            ":s 900 visitor visitor!v@h alice :You are now logged in as alice",
            ":s 903 visitor :Done",
            ":visitor!v@h NICK alice",
        ]);
        peer.expect("REGISTER * * :sesame");
        peer.send(&[":s FAIL REGISTER ACCOUNT_EXISTS alice :There is one"]);
    });
    let mut client = Client::connect(&at, Wire::Irc).expect("it listens");
    client.login(&UserName::new("visitor").expect("a good name"), None).expect("the name is free");
    let (mut speaker, mut events) = client.split().expect("a descriptor is left");
    speaker.log_in(&alice()).expect("sent");
    let mut next = || events.next_within(DEADLINE).expect("in time").expect("the connection is fine");
    assert_eq!(next().kind, ClientEventKind::LoggedIn { account: "alice".into() });
    let renamed = next();
    assert!(renamed.is_own && matches!(renamed.kind, ClientEventKind::Renamed { to, .. } if to == "alice"));
    speaker.register(&alice()).expect("sent");
    let refused = next().kind;
    assert!(
        matches!(&refused, ClientEventKind::Refused { code, .. } if code == "ACCOUNT_EXISTS"),
        "{refused:?}"
    );
    server.join().expect("the script was followed");
}

#[test]
fn a_server_without_accounts_gets_no_password_later_on() {
    let (at, server) = StandIn::play(|peer| {
        peer.await_line("USER");
        peer.send(&[":s 001 alice :Welcome"]);
        peer.expect("QUIT");
    });
    let mut client = Client::connect(&at, Wire::Irc).expect("it listens");
    client.login(&UserName::new("alice").expect("a good name"), None).expect("the name is free");
    let (mut speaker, _events) = client.split().expect("a descriptor is left");
    let refused = speaker.log_in(&alice());
    assert!(matches!(refused, Err(Error::Account { fault: AccountFault::NotOffered, .. })), "{refused:?}");
    speaker.quit().expect("sent");
    server.join().expect("the script was followed");
}

#[test]
fn a_connection_that_comes_back_is_logged_in_again_and_no_output_has_the_password() {
    let scratch = Scratch::new();
    let said = ["first", "second"];
    let (at, server) = StandIn::play_to_each(2, move |n, peer| {
        ask_for_password(peer);
        welcome(peer);
        peer.await_line("JOIN");
        peer.send(&[":Alice!a@h JOIN #lobby", &format!(":bob!b@h PRIVMSG #lobby :{}", said[n])]);
    });
    let (file, at) = (password_file(&scratch), at.to_string());
    let file = text(&file);
    let args =
        ["--account", "alice", "--account-password-file", file, "--watch", "--json", "--retry", "2", &at];
    let mut program = Program::parlor(&args);
    let mut lines = String::new();
    while !lines.contains(said[1]) {
        lines += &program.line();
    }
    server.join().expect("the script was followed");
    let ended = program.ended();
    let output = [lines, ended.stdout, ended.stderr].concat();
    assert!(output.contains(said[0]) && !output.contains("sesame"), "{output}");
}

#[test]
fn on_the_crazyit_wire_the_password_follows_the_name_and_the_device() {
    let (at, server) = StandIn::play(|peer| {
        peer.expect_bytes("∏∑alice/phone※sesame∏∑");
        peer.send_bytes(b"1\n");
    });
    let account = Account::new("alice/phone", "sesame");
    let mut client = Client::builder().wire(Wire::CrazyIt).account(account).connect(&at).expect("it listens");
    client.login(&UserName::new("visitor").expect("a good name"), None).expect("the password is right");
    assert_eq!(client.name(), "alice");
    server.join().expect("the script was followed");
}

#[test]
fn on_the_crazyit_wire_a_refused_account_is_final() {
    let scratch = Scratch::new();
    let (at, server) = StandIn::play(|peer| {
        peer.expect_bytes("∏∑alice※sesame∏∑");
        peer.send_bytes("-1".as_bytes());
    });
    let ended = run(&at, &scratch, &["--wire", "crazyit", "--retry", "60"]);
    assert_eq!(ended.status, Some(3), "{ended:?}");
    assert!(ended.stderr.contains("the password is wrong, or there is no such account"), "{ended:?}");
    server.join().expect("the script was followed");
}
