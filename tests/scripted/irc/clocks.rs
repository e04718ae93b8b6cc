//! A server with a wrong clock, as on a board without a battery, still answers everything that contains a date.

use std::time::{Duration, SystemTime};

use crate::irc::house::IrcScene;

const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60;

/// 9999-12-31T23:59:59Z, in seconds since 1970.
const LAST: u64 = 253_402_300_799;

/// Checks all answers that contain a date, at this time; they show `shown`.
fn everything_is_answered(time: SystemTime, shown: &str) {
    let mut house = IrcScene::with_clock(time);
    let root = house.operator("root");
    let ana = house.connect_from("192.0.2.7:1");
    house.register(ana, "ana", "server-time message-tags");
    for line in ["JOIN #tea", "TOPIC #tea :green", "MODE #tea +b *!*@192.0.2.9"] {
        assert!(!house.ask(ana, line).is_empty(), "{line}");
    }
    house.send(root, "JOIN #tea");
    house.forget();
    house.send(root, "PRIVMSG #tea :hi");
    assert!(house.raw(ana).starts_with(&format!("@time={shown}")), "{shown}");
    for (line, numeric) in [
        ("TIME", "391"),
        ("INFO", "371"),
        ("STATS u", "242"),
        ("WHOIS ana", "317"),
        ("TOPIC #tea", "333"),
        ("MODE #tea", "329"),
        ("MODE #tea b", "367"),
        ("LIST C>1", "323"),
        ("LIST T<1", "323"),
    ] {
        let lines = house.ask(root, line);
        assert!(lines.iter().any(|answer| answer.contains(&format!(" {numeric} "))), "{line}: {lines:?}");
    }
    house.send(root, "KLINE 700w 192.0.2.7 :spam");
    assert!(house.raw(ana).contains("banned from this server"));
    for (line, numeric) in [("WHOWAS ana", "312"), ("STATS k", "216")] {
        let lines = house.ask(root, line);
        assert!(lines.iter().any(|answer| answer.contains(&format!(" {numeric} "))), "{line}: {lines:?}");
    }
    house.report();
}

#[test]
fn a_clock_before_1970_counts_as_1970() {
    for seconds in [1, TEN_YEARS, 1 << 40] {
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(seconds);
        everything_is_answered(time, "1970-01-01T00:00:00.000Z");
    }
}

#[test]
fn a_clock_after_2038_or_2106_is_believed() {
    for (seconds, shown) in
        [(1 << 31, "2038-01-19T03:14:08.000Z"), ((1 << 32) + 1, "2106-02-07T06:28:17.000Z")]
    {
        everything_is_answered(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds), shown);
    }
}

#[test]
fn a_clock_after_9999_counts_as_the_end_of_9999() {
    for seconds in [LAST + 1, LAST + TEN_YEARS, 1 << 50] {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        everything_is_answered(time, "9999-12-31T23:59:59.999Z");
    }
}
