//! A thousand users in one room. Nothing is measured here; the benches do that.

use std::thread;

use crate::support::{Peer, TestServer, login, say};

fn enter(server: &TestServer, count: usize) -> Vec<Peer> {
    parlor::net::raise_descriptor_limit();
    let mut users: Vec<_> = (0..count)
        .map(|n| {
            let mut peer = server.connect();
            peer.send(login(&format!("user{n}")));
            peer
        })
        .collect();
    users.iter_mut().for_each(|peer| peer.expect("1"));
    users
}

/// Every user sends `lines` lines, from four threads at once.
fn everybody_speaks(users: &mut [Peer], lines: usize) {
    let quarter = users.len().div_ceil(4);
    thread::scope(|scope| {
        for (chunk, users) in users.chunks_mut(quarter).enumerate() {
            scope.spawn(move || {
                for line in 0..lines {
                    for (n, peer) in users.iter_mut().enumerate() {
                        peer.send(say(&format!("{line} of user{}", chunk * quarter + n)));
                    }
                }
            });
        }
    });
}

/// Checks that `user` receives `lines` lines from each of `count` users, in order per sender, and returns them all.
fn hear(user: &mut Peer, count: usize, lines: usize) -> Vec<String> {
    let mut next_of = vec![0; count];
    let heard: Vec<_> = (0..count * lines).map(|_| user.line()).collect();
    for line in &heard {
        let (name, text) = line.split_once("说：").expect("a line of a user");
        let sender: usize = name.strip_prefix("user").and_then(|n| n.parse().ok()).expect("one of us");
        assert_eq!(text, format!("{} of {name}", next_of[sender]));
        next_of[sender] += 1;
    }
    assert!(next_of.iter().all(|&next| next == lines));
    heard
}

fn all_deliveries_arrive(count: usize, lines: usize) {
    let server = TestServer::start();
    let mut users = enter(&server, count);
    everybody_speaks(&mut users, lines);
    let (first, others) = users.split_first_mut().expect("there are users");
    let heard = hear(first, count, lines);
    let mut deliveries = heard.len();
    for user in others {
        let same = hear(user, count, lines);
        assert!(same == heard, "one room, one order");
        deliveries += same.len();
    }
    assert_eq!(deliveries, 1_000_000);
    for user in &mut users {
        user.finish();
        user.expect_end();
    }
}

#[test]
fn a_thousand_users_say_a_line_each_and_all_million_deliveries_arrive_in_order() {
    all_deliveries_arrive(1000, 1);
}

#[test]
fn a_hundred_users_say_a_hundred_lines_each_and_all_million_deliveries_arrive_in_order() {
    all_deliveries_arrive(100, 100);
}
