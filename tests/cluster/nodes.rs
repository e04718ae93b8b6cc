//! Real programs over a real broker: what a simulated one cannot tell. Everything else is in `tests/nodes`.

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
fn hear(peer: &mut Peer, part: &str) {
    let by = Instant::now() + DEADLINE;
    while !peer.line().contains(part) {
        assert!(Instant::now() < by, "{part:?} does not come");
    }
}

#[test]
fn whoever_speaks_right_after_a_join_is_heard_in_order() {
    let Some(broker) = RedisServer::start() else { return };
    let (_cellar, at_cellar) = node(&broker, "cellar");
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
}

#[test]
fn a_node_sleeps_while_nothing_happens_and_ends_in_time() {
    let Some(broker) = RedisServer::start() else { return };
    let (mut cellar, _) = node(&broker, "cellar");
    let (_attic, at_attic) = node(&broker, "attic");
    let _bob = Peer::irc_member(&at_attic, "bob");
    cellar.assert_loop_sleeps();
    cellar.signal(Signal::TERM);
    assert_eq!(cellar.ended_within(STOP_LIMIT).status, Some(0));
}
