//! What keeps a node from starting is told in one line.

use crate::client::{Client, meet};
use crate::nodes::Nodes;
use crate::support::Program;
use crate::support::options::PARLORD_ARGS;
use crate::support::redis_server::RedisServer;

/// Starts a node that must not start, and returns what it says.
#[track_caller]
fn refused(url: &str, name: &str) -> String {
    let mut program = Program::parlord(&[&PARLORD_ARGS[..], &["--cluster", url, "--node", name]].concat());
    let ended = program.ended();
    assert_eq!((ended.status, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    ended.stderr
}

#[test]
fn a_wrong_password_of_the_broker_is_told_without_the_password() {
    let Some(broker) = RedisServer::start() else { return };
    assert_eq!(broker.ask("CONFIG SET requirepass secret"), "+OK");
    let at = format!("127.0.0.1:{}", broker.port());
    for user in ["", ":wrong-one@"] {
        let told = refused(&format!("redis://{user}{at}/0"), "attic");
        assert!(told.contains(&at) && !told.contains("wrong-one"), "{told}");
    }
}

#[test]
fn a_broker_that_is_not_there_is_told_with_its_address() {
    let Some(mut broker) = RedisServer::start() else { return };
    broker.kill();
    let at = format!("127.0.0.1:{}", broker.port());
    let told = refused(&broker.url(), "attic");
    assert!(told.contains(&at), "{told}");
}

#[test]
fn a_second_node_of_the_same_name_is_told_so_and_serves_nobody() {
    let Some(nodes) = Nodes::start(1) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let url = nodes.broker.url();
    let (second, at) = Program::server(&["--cluster", &url, "--node", "attic"]);
    let mut bob = Client::connect(&at, "bob");
    bob.send("NICK bob\r\nUSER b 0 * :B");
    bob.hear(" 437 ");
    // It may be a later life of the same node, so it waits until the lease of the earlier one is over.
    let told = loop {
        let line = second.error_line();
        if line.contains("ERROR") {
            break line;
        }
    };
    assert!(told.contains("another node is called attic: give each node a --node NAME of its own"), "{told}");
    alice.told("NAMES #tea", "alice");
    let mut carol = nodes.member(0, "carol", "#tea");
    meet("#tea", &mut [&mut alice, &mut carol]);
}
