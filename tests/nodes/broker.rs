//! A broker that is killed, paused or cut off, and one that has lost everything.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::client::{Client, agreed, introduce, meet, texts};
use crate::nodes::{Nodes, Setup};
use crate::support::DEADLINE;

/// How long a change waits for the broker, and how much more a busy machine may need.
const REFUSED_WITHIN: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(9)];

/// Messages that somebody says while the broker is away.
const COUNT: usize = 100;

/// What happens to a broker.
trait Failure {
    fn begin(&self, nodes: &mut Nodes);
    fn end(&self, nodes: &mut Nodes);
}

struct Killed;
struct Paused;
struct CutOff;

impl Failure for Killed {
    fn begin(&self, nodes: &mut Nodes) {
        nodes.broker.kill();
    }

    fn end(&self, nodes: &mut Nodes) {
        nodes.broker.restart();
    }
}

impl Failure for Paused {
    fn begin(&self, nodes: &mut Nodes) {
        nodes.broker.pause();
    }

    fn end(&self, nodes: &mut Nodes) {
        nodes.broker.resume();
    }
}

impl Failure for CutOff {
    fn begin(&self, nodes: &mut Nodes) {
        (0..3).for_each(|n| nodes.network(n).cut());
    }

    fn end(&self, nodes: &mut Nodes) {
        (0..3).for_each(|n| nodes.network(n).open());
    }
}

fn say_all(client: &mut Client, room: &str, part: &str) {
    for n in 0..COUNT {
        client.send(&format!("PRIVMSG {room} :{part} {n}"));
    }
}

#[track_caller]
fn hears_all(client: &mut Client, room: &str, part: &str) {
    let heard = client.all_up_to(DEADLINE, &format!(" PRIVMSG {room} :{part} {}", COUNT - 1));
    let said: Vec<_> =
        texts(&heard, room).into_iter().filter(|text| text.starts_with(&format!("{part} "))).collect();
    let expected: Vec<_> = (0..COUNT).map(|n| format!("{part} {n}")).collect();
    assert_eq!(said, expected, "what {} hears", client.name);
    assert!(!heard.iter().any(|line| line.contains(" QUIT ")), "nobody has left: {heard:#?}");
}

/// People talk while the broker is away for `time` and longer; what needs it waits, is refused, and works afterwards.
fn outage(nodes: &mut Nodes, failure: &impl Failure, time: Duration) {
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut amy = nodes.member(0, "amy", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut root = nodes.operator(0, "root");
    let mut joiner = nodes.client(1, "joiner");
    introduce(&mut [&mut alice, &mut amy, &mut bob, &mut root, &mut joiner]);
    meet("#tea", &mut [&mut alice, &mut amy, &mut bob]);
    root.lines();
    let began = Instant::now();
    failure.begin(nodes);
    // Users on the same node go on talking, to the room and to each other.
    say_all(&mut alice, "#tea", "alice");
    hears_all(&mut amy, "#tea", "alice");
    say_all(&mut bob, "#tea", "bob");
    say_all(&mut alice, "bob", "to bob");
    alice.send("PRIVMSG amy :can you hear me?");
    amy.hear(" PRIVMSG amy :can you hear me?");
    alice.told("NAMES #tea", "bob");
    // Shared changes wait, and are refused with the reason.
    let asked = Instant::now();
    joiner.send("JOIN #mate");
    let mut newcomer = nodes.connect(0, "newcomer");
    newcomer.send("NICK newcomer\r\nUSER n 0 * :N");
    let refused = joiner.hear(" 437 joiner #mate ");
    let waited = asked.elapsed();
    assert!(refused.contains("cannot be reached"), "{refused}");
    assert!((REFUSED_WITHIN[0]..REFUSED_WITHIN[1]).contains(&waited), "it has waited {waited:?}");
    newcomer.hear("cannot be reached");
    // Operators are told.
    root.hear("The broker cannot be reached");
    thread::sleep(time.saturating_sub(began.elapsed()));
    failure.end(nodes);
    root.hear("The broker can be reached again");
    hears_all(&mut bob, "#tea", "alice");
    hears_all(&mut amy, "#tea", "bob");
    hears_all(&mut alice, "#tea", "bob");
    joiner.until_told("JOIN #mate", " 366 ");
    introduce(&mut [&mut alice, &mut amy, &mut bob, &mut root, &mut joiner]);
    alice.until("NAMES #mate", |lines| lines[0].contains("joiner"));
    // Nothing comes twice, nor later.
    alice.send("PRIVMSG #tea :the end");
    bob.send("PRIVMSG #tea :the end");
    for listener in [&mut bob, &mut alice] {
        let heard = listener.all_up_to(DEADLINE, " PRIVMSG #tea :the end");
        assert_eq!(texts(&heard, "#tea"), ["the end"], "what {} hears", listener.name);
    }
    for question in ["NAMES #tea", "LIST", "WHO #tea", "MODE #tea"] {
        agreed(&mut [&mut alice, &mut bob], question);
    }
}

#[test]
fn a_broker_that_is_killed_and_restarted_costs_nothing() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    outage(&mut nodes, &Killed, Duration::ZERO);
}

#[test]
fn a_broker_that_is_paused_costs_nothing() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    outage(&mut nodes, &Paused, Duration::ZERO);
}

#[test]
#[ignore = "takes half a minute"]
fn a_broker_that_is_cut_off_for_thirty_seconds_costs_nothing() {
    let Some(mut nodes) = Nodes::with(3, Setup { behind_proxies: true, ..Setup::default() }) else { return };
    outage(&mut nodes, &CutOff, Duration::from_secs(30));
}

#[test]
fn a_change_waits_for_a_broker_that_is_back_in_time() {
    let Some(mut nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob]);
    nodes.broker.kill();
    alice.send("NICK alicia\r\nPRIVMSG #tea :under another name");
    thread::sleep(Duration::from_secs(1));
    nodes.broker.restart();
    bob.hear(" NICK alicia");
    let said = bob.hear(" PRIVMSG #tea :under another name");
    assert!(said.contains(":alicia!"), "{said}");
}

#[test]
fn a_quit_while_the_broker_is_away_is_heard_afterwards() {
    let Some(mut nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob]);
    nodes.broker.kill();
    alice.send("PRIVMSG #tea :bye\r\nQUIT :tired");
    alice.end();
    nodes.broker.restart();
    let heard = bob.all_up_to(DEADLINE, ":Quit: tired");
    assert_eq!(texts(&heard, "#tea"), ["bye"]);
}

#[test]
fn operators_are_told_how_many_messages_did_not_fit_while_the_broker_was_away() {
    const SAID: usize = 4_000;
    let setup = Setup { options: &["--memory", "4194304"], ..Setup::default() };
    let Some(mut nodes) = Nodes::with(2, setup) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut root = nodes.operator(0, "root");
    let mut bob = nodes.member(1, "bob", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob]);
    nodes.broker.kill();
    root.hear("The broker cannot be reached");
    let filler = "x".repeat(300);
    for n in 0..SAID {
        alice.send(&format!("PRIVMSG #tea :{n} {filler}"));
    }
    // All are said before the broker is back.
    alice.lines();
    nodes.broker.restart();
    let told = root.hear("The broker can be reached again; ");
    let lost = told.split("again; ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    let lost = lost.unwrap_or_else(|| panic!("{told}"));
    // There is room again when what waited is sent.
    let (by, mut heard) = (Instant::now() + DEADLINE, Vec::new());
    while !heard.iter().any(|line: &String| line.ends_with(" :the end")) {
        assert!(Instant::now() < by, "bob does not hear the end");
        alice.ask("PRIVMSG #tea :the end");
        heard.extend(bob.lines());
    }
    let mut numbers = Vec::new();
    for text in texts(&heard, "#tea") {
        numbers.extend(text.split(' ').next().and_then(|number| number.parse::<usize>().ok()));
    }
    assert_eq!(numbers.len() + lost, SAID, "{told}");
    assert!(lost > 0 && numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

/// People keep their connections, and meet in the same rooms, when the broker has lost everything.
fn lost(nodes: &mut Nodes, lose: impl FnOnce(&mut Nodes)) {
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob, &mut carol]);
    alice.ask("TOPIC #tea :green");
    carol.until_told("TOPIC #tea", ":green");
    lose(nodes);
    let people = &mut [&mut alice, &mut bob, &mut carol];
    // Rejoining takes a moment, and messages of that time may be lost.
    let by = Instant::now() + DEADLINE;
    let all_meet = |people: &mut [&mut Client; 3]| {
        let names = people.iter_mut().map(|client| client.sees("NAMES #tea").join("\n"));
        names
            .collect::<Vec<_>>()
            .iter()
            .all(|seen| ["alice", "bob", "carol"].iter().all(|name| seen.contains(name)))
    };
    while !all_meet(people) {
        assert!(Instant::now() < by, "they do not meet again");
        thread::sleep(Duration::from_millis(100));
    }
    // One joins under the lock of what is shared now.
    let mut dora = nodes.member(0, "dora", "#tea");
    meet("#tea", &mut [&mut alice, &mut bob, &mut carol, &mut dora]);
    let people = &mut [&mut alice, &mut bob, &mut carol, &mut dora];
    for question in ["NAMES #tea", "TOPIC #tea", "LIST", "MODE #tea"] {
        agreed(people, question);
    }
    alice.told("TOPIC #tea", " #tea :green");
    say_all(&mut alice, "#tea", "alice");
    hears_all_after(&mut bob);
    hears_all_after(&mut carol);
}

#[track_caller]
fn hears_all_after(client: &mut Client) {
    let heard = client.all_up_to(DEADLINE, &format!(" PRIVMSG #tea :alice {}", COUNT - 1));
    let expected: Vec<_> = (0..COUNT).map(|n| format!("alice {n}")).collect();
    assert_eq!(texts(&heard, "#tea"), expected);
}

#[test]
fn a_broker_that_restarts_with_nothing_costs_nobody_the_connection() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    lost(&mut nodes, |nodes| {
        nodes.broker.kill();
        fs::remove_dir_all(nodes.broker.path("appendonlydir")).expect("it has written there");
        nodes.broker.restart();
    });
}

#[test]
fn a_broker_that_is_emptied_costs_nobody_the_connection() {
    let Some(mut nodes) = Nodes::start(3) else { return };
    lost(&mut nodes, |nodes| assert_eq!(nodes.broker.ask("FLUSHALL"), "+OK"));
}
