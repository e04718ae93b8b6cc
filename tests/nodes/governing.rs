//! Operators of rooms and of the server reach people on all nodes.

use std::net::Ipv4Addr;

use crate::client::{Client, agreed, introduce};
use crate::nodes::{NAMES, Nodes, Setup};

#[test]
fn modes_kicks_and_bans_of_a_room_hold_on_all_nodes() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    alice.hear(":carol!");
    alice.send("MODE #tea +m");
    carol.hear(" MODE #tea +m");
    carol.told("PRIVMSG #tea :hush", " 404 ");
    alice.send("MODE #tea +v carol");
    carol.hear(" MODE #tea +v carol");
    carol.send("PRIVMSG #tea :I may");
    alice.hear(" PRIVMSG #tea :I may");
    alice.send("MODE #tea +b bob!*@*\r\nKICK #tea bob :out");
    bob.hear(" KICK #tea bob :out");
    carol.hear(" KICK #tea bob :out");
    bob.told("JOIN #tea", " 474 ");
    let bans = agreed(&mut [&mut alice, &mut carol], "MODE #tea b");
    assert!(bans.iter().any(|line| line.contains(" 367 #tea bob!*@*")), "{bans:#?}");
}

#[test]
fn a_kill_ends_a_connection_to_another_node() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut root = nodes.operator(0, "root");
    let mut bob = nodes.client(1, "bob");
    introduce(&mut [&mut root, &mut bob]);
    root.send("KILL bob :spam");
    let lines = bob.end().join("\n");
    assert!(lines.contains("ERROR ") && lines.contains("spam"), "{lines}");
    root.until("ISON bob", |lines| lines.iter().any(|line| line.ends_with(" :")));
}

#[test]
fn a_kline_ends_connections_to_other_nodes_and_keeps_new_ones_out() {
    // Nobody on this machine can be banned, so these come through a proxy.
    let source = Ipv4Addr::new(127, 0, 0, 9);
    let setup = Setup { options: &["--proxy-from", "127.0.0.9"], ..Setup::default() };
    let Some(nodes) = Nodes::with(3, setup) else { return };
    let from_afar = |n: usize, name: &str| {
        let mut client = Client::connect_from(source, nodes.address(n), name);
        client.send("PROXY TCP4 192.0.2.9 127.0.0.1 1000 30000");
        client
    };
    let mut root = nodes.operator(0, "root");
    let mut bob = from_afar(1, "bob").register("");
    let mut carol = from_afar(2, "carol").register("");
    let mut watcher = nodes.operator(1, "watcher");
    introduce(&mut [&mut root, &mut bob, &mut carol, &mut watcher]);
    root.told("KLINE 192.0.2.0/24 :go away", "K-Line");
    for client in [&mut bob, &mut carol] {
        let lines = client.end().join("\n");
        assert!(lines.contains("ERROR ") && lines.contains("go away"), "{lines}");
    }
    let mut late = from_afar(2, "late");
    late.try_send("NICK late\r\nUSER l 0 * :L").ok();
    let lines = late.end().join("\n");
    assert!(lines.contains("go away"), "{lines}");
    watcher.told("STATS k", "192.0.2.0/24");
    watcher.told("UNKLINE 192.0.2.0/24", "K-Line");
    root.until("STATS k", |lines| !lines.iter().any(|line| line.contains("192.0.2.0")));
    from_afar(0, "late").register("");
}

#[test]
fn links_map_and_whois_show_nodes_to_operators_only() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut root = nodes.operator(0, "root");
    let mut bob = nodes.client(2, "bob");
    introduce(&mut [&mut root, &mut bob]);
    for question in ["LINKS", "MAP"] {
        let told = root.ask(question).join("\n");
        assert!(NAMES.iter().all(|name| told.contains(name)), "{told}");
        let told = bob.ask(question).join("\n");
        assert!(NAMES.iter().all(|name| !told.contains(name)), "{told}");
    }
    root.told("WHOIS bob", " 312 root bob cellar ");
    bob.told("WHOIS root", " 312 bob root parlor.local ");
}

#[test]
fn wallops_reach_operators_on_all_nodes() {
    let Some(nodes) = Nodes::start(2) else { return };
    let (mut root, mut other) = (nodes.operator(0, "root"), nodes.operator(1, "other"));
    introduce(&mut [&mut root, &mut other]);
    other.ask("MODE other +w");
    root.until_told("WHOIS other", " 313 ");
    root.send("WALLOPS :fire");
    other.hear(" WALLOPS :fire");
}
