//! Nodes that are killed, paused or cut off.

use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, Heard, agreed, bare, meet, texts};
use crate::nodes::{Nodes, Setup};
use crate::support::DEADLINE;

/// By when the users of a dead node have quit everywhere.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// How often people talk while something fails.
const TALK: Duration = Duration::from_millis(50);

/// Lets two people talk to each other for some time, and checks that each hears the other once and in order. Returns what
/// else the second one heard.
#[track_caller]
fn talk(one: &mut Client, other: &mut Client, room: &str, time: Duration) -> Vec<String> {
    let until = Instant::now() + time;
    let mut count = 0;
    while Instant::now() < until {
        one.send(&format!("PRIVMSG {room} :{} {count}", one.name.clone()));
        other.send(&format!("PRIVMSG {room} :{} {count}", other.name.clone()));
        count += 1;
        thread::sleep(TALK);
    }
    hears_all(one, room, &other.name, count);
    hears_all(other, room, &one.name, count)
}

/// Reads what `speaker` has said, all of it once and in order, and returns what else was heard.
#[track_caller]
fn hears_all(listener: &mut Client, room: &str, speaker: &str, count: usize) -> Vec<String> {
    let heard = listener.all_up_to(DEADLINE, &format!(" PRIVMSG {room} :{speaker} {}", count - 1));
    let own = format!("{speaker} ");
    let said: Vec<_> = texts(&heard, room).into_iter().filter(|text| text.starts_with(&own)).collect();
    let expected: Vec<_> = (0..count).map(|n| format!("{speaker} {n}")).collect();
    assert_eq!(said, expected, "what {} hears of {speaker}", listener.name);
    heard
}

/// True if one of these lines says that `name` quits.
fn tells_quit(lines: &[String], name: &str) -> bool {
    lines.iter().any(|line| bare(line).starts_with(&format!(":{name}!")) && line.contains(" QUIT "))
}

#[test]
fn users_of_a_killed_node_quit_everywhere_within_ten_seconds_and_others_lose_nothing() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob, &mut carol]);
    alice.send("PRIVMSG #tea :my last words");
    bob.hear(":my last words");
    carol.hear(":my last words");
    nodes.kill(0);
    let heard = talk(&mut bob, &mut carol, "#tea", GONE_WITHIN);
    assert!(tells_quit(&heard, "alice"), "{heard:#?}");
    let names = agreed(&mut [&mut bob, &mut carol], "NAMES #tea");
    assert!(names.iter().all(|line| !line.contains("alice")), "{names:#?}");
    // The name is free, and the node comes back.
    let mut heir = nodes.member(2, "alice", "#tea");
    nodes.revive(0);
    let mut dora = nodes.member(0, "dora", "#tea");
    meet("#tea", &mut [&mut heir, &mut bob, &mut dora]);
    dora.send("PRIVMSG #tea :good morning");
    bob.hear(" PRIVMSG #tea :good morning");
    agreed(&mut [&mut bob, &mut carol, &mut heir, &mut dora], "NAMES #tea");
}

#[test]
fn a_node_that_is_killed_and_started_at_once_is_back_at_once() {
    let Some(mut nodes) = Nodes::start(2) else { return };
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut alice = nodes.member(0, "alice", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob]);
    nodes.kill(0);
    nodes.revive(0);
    let mut alice = nodes.connect(0, "alice");
    let by = Instant::now() + DEADLINE;
    alice.send("NICK alice\r\nUSER a 0 * :A");
    // The name is free when the others know that the node died.
    loop {
        match alice.next(DEADLINE) {
            Heard::Line(line) if line.contains(" 001 ") => break,
            Heard::Line(line) if line.contains(" 433 ") || line.contains(" 437 ") => {
                assert!(Instant::now() < by, "{line}");
                alice.send("NICK alice");
            }
            Heard::Line(_) => {}
            other => panic!("{other:?}"),
        }
    }
    alice.told("JOIN #tea", " 366 ");
    bob.hear(" QUIT ");
    bob.hear(" JOIN #tea");
}

#[test]
fn a_node_that_is_paused_for_less_than_its_lease_is_missed_by_nobody() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob, &mut carol]);
    nodes.pause(0);
    alice.send("PRIVMSG #tea :said in my sleep");
    let heard = talk(&mut bob, &mut carol, "#tea", Duration::from_secs(3));
    assert!(!tells_quit(&heard, "alice"), "{heard:#?}");
    nodes.resume(0);
    carol.hear(" PRIVMSG #tea :said in my sleep");
    let last = texts(&heard, "#tea").last().map(|text| text.replace("bob", "carol")).expect("they talked");
    let heard = alice.all_up_to(DEADLINE, &format!(" PRIVMSG #tea :{last}"));
    let heard: Vec<_> = texts(&heard, "#tea").into_iter().filter(|text| text.starts_with("bob ")).collect();
    assert!(heard.windows(2).all(|pair| pair[0] != pair[1]), "{heard:?}");
}

/// Takes a node away from the others for longer than its lease. Its users go on talking, others see them quit and take a
/// name; then the node rejoins.
fn away_for_longer_than_the_lease(
    nodes: &Nodes,
    leave: impl FnOnce(),
    come_back: impl FnOnce(),
    talks: bool,
) {
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut amy = nodes.member(0, "amy", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    meet("#tea", &mut [&mut alice, &mut amy, &mut bob, &mut carol]);
    alice.ask("MODE #tea -t");
    bob.until("MODE #tea", |lines| lines.iter().any(|line| line.ends_with(" #tea +n")));
    leave();
    if talks {
        talk(&mut alice, &mut amy, "#tea", Duration::from_secs(2));
    }
    let heard = talk(&mut bob, &mut carol, "#tea", GONE_WITHIN);
    assert!(tells_quit(&heard, "alice") && tells_quit(&heard, "amy"), "{heard:#?}");
    bob.lines();
    let mut thief = nodes.member(2, "amy", "#tea");
    bob.hear(":amy!");
    bob.ask("TOPIC #tea :while you were away");
    come_back();
    // Bob hears alice return under her name, and amy under another.
    let heard = bob.all_up_to(DEADLINE, " JOIN #tea");
    let first = heard.last().expect("it ends so");
    assert!(!first.contains(":amy!"), "{first}");
    let renamed = amy.hear(" NICK ");
    assert!(renamed.contains(":amy!"), "{renamed}");
    amy.name = renamed.rsplit([' ', ':']).next().expect("a name").to_owned();
    assert_ne!(amy.name, "amy");
    meet("#tea", &mut [&mut alice, &mut amy, &mut bob, &mut carol, &mut thief]);
    alice.told("TOPIC #tea", " #tea :while you were away");
    agreed(&mut [&mut alice, &mut amy, &mut bob, &mut carol, &mut thief], "NAMES #tea");
    for question in ["WHO #tea", "MODE #tea", "TOPIC #tea", "LIST"] {
        agreed(&mut [&mut alice, &mut bob, &mut carol], question);
    }
    talk(&mut alice, &mut bob, "#tea", Duration::from_secs(1));
}

#[test]
fn a_node_that_was_paused_for_longer_than_its_lease_rejoins() {
    let Some(nodes) = Nodes::start(3) else { return };
    away_for_longer_than_the_lease(&nodes, || nodes.pause(0), || nodes.resume(0), false);
}

#[test]
fn a_node_that_was_cut_off_for_longer_than_its_lease_rejoins() {
    let Some(nodes) = Nodes::with(3, Setup { behind_proxies: true, ..Setup::default() }) else { return };
    away_for_longer_than_the_lease(&nodes, || nodes.network(0).cut(), || nodes.network(0).open(), true);
}

#[test]
fn a_node_whose_network_hung_for_longer_than_its_lease_rejoins() {
    let Some(nodes) = Nodes::with(3, Setup { behind_proxies: true, ..Setup::default() }) else { return };
    away_for_longer_than_the_lease(&nodes, || nodes.network(0).hang(), || nodes.network(0).open(), true);
}

#[test]
#[ignore = "takes more than a minute"]
fn a_node_that_was_paused_for_a_minute_rejoins() {
    let Some(nodes) = Nodes::start(3) else { return };
    let come_back = || {
        thread::sleep(Duration::from_secs(50));
        nodes.resume(0);
    };
    away_for_longer_than_the_lease(&nodes, || nodes.pause(0), come_back, false);
}

#[test]
fn a_slow_network_delays_what_people_hear_and_nothing_else() {
    let Some(nodes) = Nodes::with(2, Setup { behind_proxies: true, ..Setup::default() }) else { return };
    nodes.network(0).delay(Duration::from_millis(100));
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob]);
    talk(&mut alice, &mut bob, "#tea", Duration::from_secs(3));
}
