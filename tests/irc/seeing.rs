//! Looking inside: the numbers of a report, and who is shown them.

use std::time::Duration;

use parlor::config::Limits;
use parlor::message::Tally;

use crate::house::House;

/// What was counted at all.
fn counted(tally: &Tally) -> Vec<(&'static str, u64)> {
    tally.iter().filter(|&(_, count)| count > 0).collect()
}

#[test]
fn connections_are_counted_by_stage() {
    let mut house = House::with(|config| config.limits.login_timeout = Duration::from_secs(3600));
    let (_unknown, begun) = (house.connect(), house.connect());
    house.send(begun, "NICK begun");
    house.irc("ana");
    house.operator("root");
    house.crazyit("bob");
    let kicked = house.crazyit("kicked");
    let report = house.report();
    let expected = [("unknown", 1), ("logging-in", 1), ("crazyit", 2), ("irc", 2)];
    assert_eq!(counted(&report.connections), expected);
    assert_eq!((report.users, report.operators, report.rooms), (4, 1, 1));
    house.send(begun, "QUIT");
    house.bytes(kicked, "nonsense");
    let expected = [("unknown", 1), ("crazyit", 1), ("irc", 2), ("ending", 2)];
    assert_eq!(counted(&house.report().connections), expected);
    assert_eq!(counted(&house.report().endings), [("quit", 1), ("malformed", 1)]);
    house.half_close(begun);
    house.half_close(kicked);
    assert_eq!(house.report().connections.total(), house.connections() as u64);
}

#[test]
fn messages_endings_and_refusals_are_counted() {
    let mut house = House::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    for line in ["PRIVMSG #tea :one", "PRIVMSG bob :two", "PRIVMSG nobody :three", "NICK bob", "KILL bob x"] {
        house.send(ana, line);
    }
    let carol = house.crazyit("carol");
    house.bytes(carol, "§γhello§γ★【nobody※x★【");
    let report = house.report();
    assert_eq!(report.messages, 3);
    // The operator check of KILL comes before the hub is asked.
    assert_eq!(counted(&report.refusals), [("no-such-user", 2), ("name-taken", 1)]);
    house.half_close(carol);
    house.send(bob, "QUIT :a secret");
    let late = house.connect();
    house.advance(Limits::default().login_timeout);
    assert!(house.is_shut(late));
    assert_eq!(counted(&house.report().endings), [("end-of-input", 1), ("quit", 1), ("login-timeout", 1)]);
}

#[test]
fn unfinished_frames_and_uptime_are_told() {
    let mut house = House::new();
    let ana = house.irc("ana");
    house.bytes(ana, "PRIVMSG b");
    house.advance(Duration::from_secs(61));
    let report = house.report();
    assert_eq!((report.unparsed_bytes, report.unsent_bytes), (9, 0));
    assert_eq!(report.up, Duration::from_secs(61));
    assert!(report.largest.is_empty());
}
