//! What peers can ask for is the same after an upgrade, and what they have begun can be finished.

use std::process::Stdio;

use parlor::address::Address;

use crate::place::Place;
use crate::support::accounts::{PASSWORD, create, plain};
use crate::support::options::PARLORD_ARGS;
use crate::support::{Peer, Program};

/// A server with the account `ana`, and `root` as an operator.
fn place() -> Place {
    Place::started(|program, state| {
        create(state.as_ref(), &[("ana", None)]);
        let args = [&["--state", state, "--oper", "root:secret"], &PARLORD_ARGS[..]].concat();
        Program::start(program, &args, Stdio::null())
    })
}

/// The lines that a client gets for its commands, but for how long somebody was idle.
fn answers(client: &mut Peer, commands: &[&str]) -> Vec<String> {
    commands.iter().for_each(|command| client.send(format!("{command}\r\n")));
    let lines = client.settle_on_irc("answered");
    lines.into_iter().filter(|line| !line.contains(" 317 ")).collect()
}

fn client(at: &Address, name: &str, commands: &[&str]) -> Peer {
    let mut client = Peer::irc_user(at, name);
    answers(&mut client, commands);
    client
}

/// Waits for a line with this part.
#[track_caller]
fn hear(peer: &mut Peer, part: &str) {
    while !peer.line().contains(part) {}
}

#[test]
fn users_rooms_and_lists_are_the_same_for_whoever_asks() {
    let place = place();
    let mut past = client(&place.at, "gone", &["JOIN #tea"]);
    past.send("QUIT :bye\r\n");
    past.rest();
    let mut bob = client(&place.at, "bob", &["JOIN #tea", "AWAY :asleep", "MODE bob +i"]);
    let room = ["JOIN #tea", "TOPIC #tea :green 茶", "MODE #tea +intb x!*@*"];
    let mut ana = client(&place.at, "ana2", &room);
    answers(&mut bob, &["MODE #tea +v ana2", "MODE #tea +kl key 9", "MODE #tea +I friend!*@*"]);
    answers(&mut ana, &["OPER root secret", "JOIN #secret", "MODE #secret +s", "MONITOR + bob,carol,dave"]);
    let mut carol = client(&place.at, "carol", &[]);
    answers(&mut ana, &["INVITE carol #tea"]);
    let textbook = Peer::user(&place.at, "张三");
    let questions = [
        "WHOIS bob",
        "WHOIS 张三",
        "WHOWAS gone",
        "WHO #tea",
        "NAMES #tea",
        "TOPIC #tea",
        "MODE #tea",
        "MODE #tea b",
        "MODE #tea I",
        "MODE ana2",
        "MODE #secret",
        "LIST",
        "MONITOR L",
        "MONITOR S",
        "LUSERS",
        "ISON bob carol",
        "USERHOST ana2 bob",
        "INVITE",
    ];
    let before = answers(&mut ana, &questions);
    for _ in 0..2 {
        place.replace();
        assert_eq!(answers(&mut ana, &questions), before);
    }
    assert!(answers(&mut bob, &["PRIVMSG #tea :hi"]).is_empty());
    hear(&mut ana, "PRIVMSG #tea :hi");
    let _dave = Peer::irc_user(&place.at, "dave");
    hear(&mut ana, " 730 ana2 :dave!");
    carol.send("JOIN #tea key\r\n");
    hear(&mut ana, " JOIN #tea");
    drop(textbook);
}

#[test]
fn what_is_begun_before_an_upgrade_can_be_finished_after_it() {
    let place = place();
    let mut listener = client(&place.at, "listener", &["JOIN #lobby"]);
    let mut irc = client(&place.at, "irc", &["CAP REQ :batch message-tags draft/multiline", "JOIN #lobby"]);
    let mut textbook = Peer::user(&place.at, "textbook");
    let (mut late, mut newcomer) = (Peer::connect(&place.at), Peer::connect(&place.at));
    irc.send("BATCH +1 draft/multiline #lobby\r\n@batch=1 PRIVMSG #lobby :first\r\n@batch=1 PRIVMSG #lob");
    textbook.send("§γhalf a mess");
    late.send("CAP REQ :sasl\r\nNICK ana\r\nUSER a 0 * :a\r\nAUTHENTICATE PLAIN\r\n");
    hear(&mut late, "AUTHENTICATE +");
    newcomer.send("NI");
    for n in 0..3 {
        place.replace();
        textbook.send(format!(" {n}"));
    }
    irc.send("by :second\r\nBATCH -1\r\n");
    hear(&mut listener, "PRIVMSG #lobby :first");
    hear(&mut listener, "PRIVMSG #lobby :second");
    textbook.send("§γ");
    hear(&mut listener, "PRIVMSG #lobby :half a mess 0 1 2");
    late.send(format!("AUTHENTICATE {}\r\nCAP END\r\n", plain("ana", PASSWORD)));
    hear(&mut late, " 903 ");
    hear(&mut late, " 001 ana ");
    newcomer.send("CK newcomer\r\nUSER n 0 * :n\r\n");
    hear(&mut newcomer, " 001 newcomer ");
}
