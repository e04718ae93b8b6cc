//! What two people change at the same moment on two nodes ends the same on all.

use crate::client::{Client, Heard, agreed, introduce};
use crate::nodes::Nodes;
use crate::support::DEADLINE;

/// Times that each race is run.
const ROUNDS: usize = 20;

/// Reads up to the first line that contains one of `parts`, and returns which.
#[track_caller]
fn which(client: &mut Client, parts: &[&str]) -> usize {
    loop {
        let Heard::Line(line) = client.next(DEADLINE) else {
            panic!("{} hears none of {parts:?}", client.name)
        };
        if let Some(n) = parts.iter().position(|part| line.contains(part)) {
            return n;
        }
    }
}

#[test]
fn of_three_who_take_a_name_at_once_exactly_one_has_it() {
    let Some(nodes) = Nodes::start(3) else { return };
    for round in 0..ROUNDS {
        let name = format!("name{round}");
        let mut clients: Vec<_> = (0..3).map(|n| nodes.connect(n, &name)).collect();
        clients.iter_mut().for_each(|client| client.send(&format!("NICK {name}\r\nUSER u 0 * :U")));
        let welcome = format!(" 001 {name} ");
        let heard: Vec<_> = clients.iter_mut().map(|client| which(client, &[&welcome, " 433 "])).collect();
        assert_eq!(heard.iter().filter(|which| **which == 0).count(), 1, "{heard:?}");
    }
}

#[test]
fn of_two_who_change_to_a_name_at_once_exactly_one_has_it() {
    let Some(nodes) = Nodes::start(2) else { return };
    let (mut alice, mut bob) = (nodes.client(0, "alice"), nodes.client(1, "bob"));
    introduce(&mut [&mut alice, &mut bob]);
    for round in 0..ROUNDS {
        let name = format!("name{round}");
        let clients = [&mut alice, &mut bob];
        let heard = clients.map(|client| {
            client.send(&format!("NICK {name}"));
            client
        });
        let heard = heard.map(|client| which(client, &[&format!(" NICK {name}"), " 433 "]));
        assert!(heard == [0, 1] || heard == [1, 0], "{heard:?}");
        let winner = if heard[0] == 0 { &mut alice } else { &mut bob };
        winner.name = name;
    }
}

#[test]
fn of_three_who_open_a_room_at_once_exactly_one_is_its_operator() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut people = ["alice", "bob", "carol"];
    people.rotate_left(1);
    let mut clients: Vec<_> = people.iter().enumerate().map(|(n, name)| nodes.client(n, name)).collect();
    for round in 0..ROUNDS {
        let room = format!("#room{round}");
        clients.iter_mut().for_each(|client| client.send(&format!("JOIN {room}")));
        clients
            .iter_mut()
            .for_each(|client| drop(client.hear(&format!(" 366 {} {room} ", client.name.clone()))));
        let [a, b, c] = &mut clients[..] else { panic!("there are three") };
        a.until(&format!("NAMES {room}"), |lines| people.iter().all(|name| lines[0].contains(name)));
        let names = agreed(&mut [a, b, c], &format!("NAMES {room}"));
        assert_eq!(names.iter().map(|line| line.matches('@').count()).sum::<usize>(), 1, "{names:#?}");
    }
}

#[test]
fn conflicting_modes_ranks_and_topics_end_the_same_on_all_nodes() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    alice.hear(":carol!");
    alice.send("MODE #tea +oo bob carol");
    carol.hear(" MODE #tea +oo bob carol");
    bob.hear(" MODE #tea +oo bob carol");
    for round in 0..ROUNDS {
        alice.send(&format!(
            "MODE #tea +l {}\r\nTOPIC #tea :alice {round}\r\nMODE #tea +k a{round}\r\nMODE #tea +m",
            round + 10
        ));
        bob.send(&format!(
            "MODE #tea +l {}\r\nTOPIC #tea :bob {round}\r\nMODE #tea -k *\r\nMODE #tea -m",
            round + 50
        ));
        carol.send(&format!("MODE #tea -l\r\nTOPIC #tea :carol {round}\r\nMODE #tea +v bob\r\nMODE #tea +b *!*@{round}.example"));
    }
    // All are carried out before they read this; the others apply that in time.
    let clients = &mut [&mut alice, &mut bob, &mut carol];
    clients.iter_mut().for_each(|client| drop(client.lines()));
    for question in ["MODE #tea", "TOPIC #tea", "NAMES #tea", "MODE #tea b"] {
        agreed(clients, question);
    }
}

#[test]
fn of_two_operators_who_take_each_others_rank_at_once_one_keeps_it() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    alice.hear(":bob!");
    alice.send("MODE #tea +o bob");
    bob.hear(" MODE #tea +o bob");
    alice.send("MODE #tea -o bob");
    bob.send("MODE #tea -o alice");
    alice.lines();
    bob.lines();
    let names = agreed(&mut [&mut alice, &mut bob], "NAMES #tea");
    assert_eq!(names.iter().map(|line| line.matches('@').count()).sum::<usize>(), 1, "{names:#?}");
}
