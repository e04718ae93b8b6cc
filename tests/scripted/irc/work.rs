//! Commands with too much work for one turn: they continue in later turns, others have theirs in between, and the
//! client gets the same output as from a single turn.

use std::time::Duration;

use parlor::config::{Flood, Limits};

use crate::irc::house::{Guest, IrcScene};

/// Channels with as many bans as possible: matching these is the most expensive work.
const GUARDED: usize = 20;

/// A server without a rate limit, and channels `#0`, `#1` … with many bans.
fn guarded() -> IrcScene {
    let mut house = IrcScene::with(|config| config.limits = Limits { flood: None, ..Limits::default() });
    let owner = house.irc("owner");
    for n in 0..GUARDED {
        house.send(owner, &format!("JOIN #{n}"));
        for from in (0..100).step_by(10) {
            let masks: Vec<_> = (from..from + 10).map(|mask| format!("*{}{mask}", "é".repeat(15))).collect();
            house.send(owner, &format!("MODE #{n} +{} {}", "b".repeat(10), masks.join(" ")));
        }
    }
    house.forget();
    house
}

/// The same; no other server takes over, before which commands are finished at once.
fn guarded_in_turns() -> IrcScene {
    let mut house = guarded();
    house.scene().handover_every = None;
    house
}

/// A normal user, and one whose name is expensive to match against those bans.
fn patient_and_eager(house: &mut IrcScene) -> (Guest, Guest) {
    let (patient, eager) = (house.irc("patient"), house.irc(&"é".repeat(30)));
    house.forget();
    (patient, eager)
}

fn all_channels() -> String {
    (0..GUARDED).map(|n| format!("#{n}")).collect::<Vec<_>>().join(",")
}

/// The output of a command, turn by turn.
fn parts(house: &mut IrcScene, guest: Guest, line: &str) -> Vec<Vec<String>> {
    house.bytes_for_a_turn(guest, format!("{line}\r\n"));
    let mut parts = vec![house.lines(guest)];
    for _ in 0..1000 {
        house.bytes_for_a_turn(guest, "");
        let part = house.lines(guest);
        if part.is_empty() {
            return parts;
        }
        parts.push(part);
    }
    panic!("{line} does not end");
}

#[test]
fn joining_many_channels_leaves_turns_to_others_and_joins_all() {
    let mut house = guarded_in_turns();
    let (patient, eager) = patient_and_eager(&mut house);
    house.bytes_for_a_turn(eager, format!("JOIN {}\r\nPING last\r\n", all_channels()));
    let mut heard = house.lines(eager);
    let joined = |heard: &[String]| heard.iter().filter(|line| line.contains(" JOIN ")).count();
    assert!((1..GUARDED).contains(&joined(&heard)), "{} in one turn", joined(&heard));
    house.bytes_for_a_turn(patient, "PING x\r\n");
    assert_eq!(house.lines(patient), [":parlor.local PONG parlor.local :x"]);
    heard.extend(house.lines(eager));
    assert!(joined(&heard) < GUARDED, "{} in two turns", joined(&heard));
    house.advance(Duration::ZERO);
    heard.extend(house.lines(eager));
    assert_eq!(joined(&heard), GUARDED);
    assert!(heard.last().unwrap().contains(" PONG "), "commands are answered in order");
}

#[test]
fn an_answer_over_several_turns_is_one_labelled_batch() {
    let mut house = guarded_in_turns();
    let eager = house.irc_with(&"é".repeat(30), "batch labeled-response");
    let parts = parts(&mut house, eager, &format!("@label=x JOIN {}", all_channels()));
    assert!(parts.len() > 2, "{} turns", parts.len());
    let lines: Vec<_> = parts.concat();
    let (first, rest) = lines.split_first().unwrap();
    let (last, inner) = rest.split_last().unwrap();
    assert_eq!(first, "@label=x :parlor.local BATCH +r labeled-response");
    assert_eq!(last, ":parlor.local BATCH -r");
    assert!(inner.iter().all(|line| line.starts_with("@batch=r ")), "{inner:#?}");
    assert_eq!(inner.iter().filter(|line| line.contains(" JOIN ")).count(), GUARDED);
}

#[test]
fn a_half_closed_client_gets_the_whole_answer_to_its_last_command() {
    for end in ["\r\n", ""] {
        let mut house = guarded();
        let (_, eager) = patient_and_eager(&mut house);
        house.bytes_for_a_turn(eager, format!("JOIN {}{end}", all_channels()));
        house.half_close(eager);
        let heard = house.lines(eager);
        let joined = heard.iter().filter(|line| line.contains(" 366 ")).count();
        assert_eq!(joined, GUARDED, "{end:?}");
        assert!(house.is_gone(eager));
    }
}

#[test]
fn a_repeated_target_adds_no_work() {
    let mut house = guarded();
    let (_, eager) = patient_and_eager(&mut house);
    let again = vec!["#0"; 100].join(",");
    assert_eq!(house.ask(eager, &format!("JOIN {again}")).len(), 3);
    assert_eq!(house.ask(eager, &format!("NAMES {again}")).len(), 2);
    assert_eq!(house.ask(eager, &format!("PRIVMSG {again} :x")).len(), 0);
    assert_eq!(house.ask(eager, &format!("PART {again}")).len(), 1);
}

#[test]
fn each_target_counts_as_a_message() {
    let flood = Some(Flood { burst: 10, per_second: 2 });
    let mut house = IrcScene::with(|config| config.limits = Limits { flood, ..Limits::default() });
    let ana = house.irc("ana");
    house.advance(Duration::from_secs(10));
    // Ten at once, then two per second.
    let rooms = (0..14).map(|n| format!("#{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(house.ask(ana, &format!("JOIN {rooms}")).len(), 3 * 14);
    house.send(ana, "PING x");
    assert!(house.lines(ana).is_empty(), "four more than there may be at once");
    house.advance(Duration::from_secs(2));
    assert!(house.lines(ana).is_empty());
    house.advance(Duration::from_secs(1));
    assert_eq!(house.lines(ana).len(), 1);
}

#[test]
fn names_over_several_turns_miss_no_member_who_stays() {
    let mut house = guarded().unchecked();
    // Most of the work is checking visibility.
    let names: Vec<_> = (0..700).map(|n| format!("u{n}")).collect();
    let guests: Vec<_> = names.iter().map(|name| house.irc(name)).collect();
    for (&guest, name) in guests.iter().zip(&names) {
        house.bytes(guest, format!("JOIN #big\r\nMODE {name} +i\r\n"));
        house.forget();
    }
    let ana = house.operator("ana");
    house.forget();
    let gone = [0, 1, 2, 300, 697, 698, 699];
    house.bytes_for_a_turn(ana, "NAMES #big\r\n");
    let mut heard = house.lines(ana);
    assert!(!heard.iter().any(|line| line.contains(" 366 ")), "one turn is enough for {} lines", heard.len());
    // Some at the start of the list and some at its end.
    for n in gone {
        house.send(guests[n], "PART #big");
    }
    house.advance(Duration::ZERO);
    heard.extend(house.lines(ana));
    let listed: Vec<_> = heard
        .iter()
        .filter_map(|line| line.split_once(" #big :"))
        .flat_map(|(_, names)| names.split(' '))
        .collect();
    for (n, name) in names.iter().enumerate().filter(|(n, _)| !gone.contains(n)) {
        let known = listed.iter().filter(|listed| listed.trim_start_matches('@') == name).count();
        assert!(known > 0, "{n} is missing");
    }
}

#[test]
fn a_client_closed_during_a_command_gets_the_reason_and_no_more_of_the_answer() {
    let mut house = guarded_in_turns();
    let (root, eager) = (house.operator("root"), house.irc(&"é".repeat(30)));
    house.forget();
    house.bytes_for_a_turn(eager, format!("JOIN {}\r\n", all_channels()));
    house.bytes_for_a_turn(root, format!("KILL {} :enough\r\n", "é".repeat(30)));
    house.advance(Duration::ZERO);
    let heard = house.lines(eager);
    let joined = heard.iter().filter(|line| line.contains(" JOIN ")).count();
    assert!((1..GUARDED).contains(&joined), "{joined} joined");
    assert!(heard.last().unwrap().starts_with("ERROR "), "{:?}", heard.last());
    assert!(house.is_shut(eager));
    house.check();
}

#[test]
fn removing_several_from_a_large_channel_leaves_turns_to_others_and_removes_all() {
    let mut house =
        IrcScene::with(|config| config.limits = Limits { flood: None, ..Limits::default() }).unchecked();
    let owner = house.irc("owner");
    house.send(owner, "JOIN #big");
    for n in 0..900 {
        let guest = house.irc(&format!("u{n}"));
        house.send(guest, "JOIN #big");
        house.forget();
    }
    let parts = parts(&mut house, owner, "KICK #big u0,u1,u2,u3,u4 :enough");
    assert!(parts.len() > 1, "one turn is enough");
    let kicked: Vec<_> = (0..4).map(|n| format!(":owner!~owner@HOST KICK #big u{n} :enough")).collect();
    let (heard, last) =
        (parts.concat(), ":parlor.local 407 owner u4 :At most 4 at once, nobody was removed from here on");
    assert_eq!(heard, [&kicked[..], &[last.to_owned()]].concat());
}
