//! Real programs over a real broker.

use std::time::{Duration, Instant};

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::redis_server::RedisServer;
use crate::support::{DEADLINE, Peer, Program};

/// A node takes less time to end.
const STOP_LIMIT: Duration = Duration::from_secs(3);

fn node(broker: &RedisServer, name: &str) -> (Program, Address) {
    Program::server(&["--cluster", &broker.url(), "--node", name])
}

/// Reads lines until one contains `part`.
#[track_caller]
fn hear(peer: &mut Peer, part: &str) -> String {
    let by = Instant::now() + DEADLINE;
    loop {
        let line = peer.line();
        if line.contains(part) {
            return line;
        }
        assert!(Instant::now() < by, "{part:?} does not come");
    }
}

#[test]
fn people_on_two_nodes_are_in_one_room() {
    let Some(broker) = RedisServer::start() else { return };
    let (mut cellar, at_cellar) = node(&broker, "cellar");
    let (_attic, at_attic) = node(&broker, "attic");
    let mut alice = Peer::irc_member(&at_cellar, "alice");
    let mut bob = Peer::irc_member(&at_attic, "bob");
    hear(&mut alice, ":bob!");
    // In the lobby, nobody may set a topic.
    alice.send("JOIN #tea\r\nINVITE bob #tea\r\n");
    hear(&mut bob, "INVITE bob");
    bob.send("JOIN #tea\r\n");
    hear(&mut alice, " JOIN #tea");
    hear(&mut bob, " JOIN #tea");
    alice.send("PRIVMSG #tea :one\r\nTOPIC #tea :green\r\nPRIVMSG #tea :two\r\nPRIVMSG bob :three\r\n");
    for said in ["PRIVMSG #tea :one", "TOPIC #tea :green", "PRIVMSG #tea :two", "PRIVMSG bob :three"] {
        hear(&mut bob, said);
    }
    bob.send("PRIVMSG alice :four\r\n");
    hear(&mut alice, "PRIVMSG alice :four");
    cellar.assert_loop_sleeps();
    cellar.signal(Signal::TERM);
    assert_eq!(cellar.ended_within(STOP_LIMIT).status, Some(0));
    hear(&mut bob, " QUIT ");
}

#[test]
fn a_node_that_was_killed_comes_back_under_its_name() {
    let Some(broker) = RedisServer::start() else { return };
    let (cellar, at_cellar) = node(&broker, "cellar");
    let (_attic, at_attic) = node(&broker, "attic");
    let mut bob = Peer::irc_member(&at_attic, "bob");
    let _alice = Peer::irc_member(&at_cellar, "alice");
    hear(&mut bob, ":alice!");
    cellar.signal(Signal::KILL);
    let (_cellar, at_cellar) = node(&broker, "cellar");
    hear(&mut bob, " QUIT ");
    let mut alice = Peer::irc_member(&at_cellar, "alice");
    hear(&mut bob, ":alice!");
    alice.send("PRIVMSG #lobby :back\r\n");
    hear(&mut bob, "PRIVMSG #lobby :back");
}

#[test]
fn people_go_on_talking_while_the_broker_is_away() {
    let Some(mut broker) = RedisServer::start() else { return };
    let (_cellar, at_cellar) = node(&broker, "cellar");
    let (_attic, at_attic) = node(&broker, "attic");
    let mut alice = Peer::irc_member(&at_cellar, "alice");
    let mut carol = Peer::irc_member(&at_cellar, "carol");
    let mut bob = Peer::irc_member(&at_attic, "bob");
    hear(&mut alice, ":bob!");
    broker.kill();
    alice.send("PRIVMSG #lobby :one\r\nPRIVMSG #lobby :two\r\n");
    hear(&mut carol, ":one");
    hear(&mut carol, ":two");
    broker.restart();
    hear(&mut bob, ":one");
    hear(&mut bob, ":two");
}

#[test]
fn a_node_without_a_broker_does_not_start_and_says_why_in_one_line() {
    let Some(mut broker) = RedisServer::start() else { return };
    let url = format!("redis://:secret@127.0.0.1:{}", broker.port());
    broker.ask("CONFIG SET requirepass hush");
    for why in ["WRONGPASS", "cannot connect"] {
        let args = ["--listen", "127.0.0.1:0", "--node", "cellar", "--cluster", &url];
        let ended = Program::parlord(&args).ended();
        assert_eq!(ended.status, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(why) && !ended.stderr.contains("secret"), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
        broker.kill();
    }
}
