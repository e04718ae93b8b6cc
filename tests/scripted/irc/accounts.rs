//! What others see of accounts: `account-tag`, `account-notify`, `extended-join`, `WHOIS`, `WHOWAS`, WHOX, `MONITOR`, the
//! history, and metadata, which an account keeps.

use crate::irc::house::{Guest, IrcScene};
use crate::irc::sasl::Bank;
use crate::support::accounts::{PASSWORD, plain};

const ALL: &str = "account-tag account-notify extended-join extended-monitor";

fn bank() -> Bank {
    Bank::new(|_| ())
}

/// A client of the account with these capabilities.
fn logged_in(house: &mut IrcScene, account: &str, capabilities: &str) -> Guest {
    let guest = house.connect();
    house.send(guest, &format!("CAP REQ :sasl {capabilities}"));
    house.send(guest, &format!("NICK {account}\r\nUSER u 0 * :R\r\nAUTHENTICATE PLAIN"));
    house.send(guest, &format!("AUTHENTICATE {}", plain(account, PASSWORD)));
    let lines = house.ask(guest, "CAP END");
    assert!(lines.iter().any(|line| line.contains(&format!(" 001 {account} "))), "{lines:#?}");
    guest
}

/// A watching client with capabilities and one without, both in `#tea`.
fn watchers(house: &mut IrcScene) -> [Guest; 2] {
    let watchers = [house.irc_with("with", ALL), house.irc("without")];
    for watcher in watchers {
        house.send(watcher, "JOIN #tea");
    }
    house.forget();
    watchers
}

#[test]
fn every_message_of_a_logged_in_user_has_its_account_for_those_who_ask() {
    let mut bank = bank();
    let house = &mut bank.house;
    let [with, without] = watchers(house);
    let alice = logged_in(house, "alice", "");
    for (line, told, bare) in [
        ("JOIN #tea", "JOIN #tea alice :R", "JOIN #tea"),
        ("PRIVMSG #tea :hi", "PRIVMSG #tea :hi", "PRIVMSG #tea :hi"),
        ("NOTICE #tea :hi", "NOTICE #tea :hi", "NOTICE #tea :hi"),
        ("PART #tea :bye", "PART #tea :bye", "PART #tea :bye"),
    ] {
        house.send(alice, line);
        assert_eq!(house.lines(with), [format!("@account=alice :alice!~u@HOST {told}")]);
        assert_eq!(house.lines(without), [format!(":alice!~u@HOST {bare}")]);
    }
    let guest = house.irc("guest");
    house.send(guest, "JOIN #tea");
    assert_eq!(house.lines(with), [":guest!~guest@HOST JOIN #tea * :guest itself"]);
}

#[test]
fn a_login_and_a_logout_are_told_with_the_tag_of_before() {
    let mut bank = bank();
    let house = &mut bank.house;
    let [with, without] = watchers(house);
    let guest = house.irc_with("guest", "account-notify");
    house.send(guest, "JOIN #tea");
    house.forget();
    house.send(guest, &format!("NS IDENTIFY alice {PASSWORD}"));
    assert_eq!(house.lines(with)[0], ":guest!~guest@HOST ACCOUNT alice");
    assert_eq!(house.lines(without), [":guest!~guest@HOST NICK alice"]);
    assert!(house.lines(guest).iter().any(|line| line.contains(" 900 alice ")));
    house.forget();
    house.send(guest, "NS LOGOUT");
    assert_eq!(house.lines(with)[0], "@account=alice :alice!~guest@HOST ACCOUNT *");
    assert!(!house.lines(without).iter().any(|line| line.contains("ACCOUNT")));
}

#[test]
fn whois_and_whowas_name_the_account() {
    let mut bank = bank();
    let house = &mut bank.house;
    let asker = house.irc("asker");
    let alice = logged_in(house, "alice", "");
    let has_account =
        |lines: &[String]| lines.iter().filter(|line| line.contains(" 330 ")).cloned().collect::<Vec<_>>();
    assert_eq!(
        has_account(&house.ask(asker, "WHOIS alice")),
        [":parlor.local 330 asker alice alice :is logged in as"]
    );
    assert!(has_account(&house.ask(asker, "WHOIS asker")).is_empty());
    house.send(alice, "QUIT");
    house.half_close(alice);
    assert_eq!(
        has_account(&house.ask(asker, "WHOWAS alice")),
        [":parlor.local 330 asker alice alice :was logged in as"]
    );
}

#[test]
fn whox_has_the_account_or_zero() {
    let mut bank = bank();
    let house = &mut bank.house;
    let asker = house.irc("asker");
    logged_in(house, "alice", "");
    for (name, account) in [("alice", "alice"), ("asker", "0")] {
        let lines = house.ask(asker, &format!("WHO {name} %na"));
        assert_eq!(lines[0], format!(":parlor.local 354 asker {name} {account}"));
    }
}

#[test]
fn monitors_hear_of_logins_with_extended_monitor_only() {
    let mut bank = bank();
    let house = &mut bank.house;
    let both = house.irc_with("both", "account-notify extended-monitor");
    let one = house.irc_with("one", "account-notify");
    let guest = house.irc("guest");
    for watcher in [both, one] {
        house.send(watcher, "MONITOR + guest");
    }
    house.forget();
    house.send(guest, &format!("NS IDENTIFY alice {PASSWORD}"));
    let told = |lines: &[String]| lines.iter().any(|line| line == ":guest!~guest@HOST ACCOUNT alice");
    assert!(told(&house.lines(both)) && !told(&house.lines(one)));
}

#[test]
fn the_history_has_the_account_of_the_time() {
    let mut bank = bank();
    let house = &mut bank.house;
    let reader = house.irc_with("reader", "account-tag batch draft/chathistory message-tags");
    let alice = logged_in(house, "alice", "");
    let guest = house.irc("guest");
    for member in [reader, alice, guest] {
        house.send(member, "JOIN #tea");
    }
    house.send(alice, "PRIVMSG #tea :with");
    house.send(guest, "PRIVMSG #tea :without");
    house.forget();
    let lines = house.ask(reader, "CHATHISTORY LATEST #tea * 9");
    let tags = |text: &str| {
        let line =
            lines.iter().find(|line| line.ends_with(text)).unwrap_or_else(|| panic!("{text}: {lines:#?}"));
        line.split(' ').next().unwrap_or_default().contains("account=alice")
    };
    assert!(tags(" :with") && !tags(" :without"));
}

#[test]
fn an_account_has_its_metadata_again_after_it_has_left() {
    let mut bank = bank();
    let house = &mut bank.house;
    let alice = logged_in(house, "alice", "draft/metadata-3 batch");
    house.send(alice, "METADATA * SET url https://alice.example");
    house.send(alice, "METADATA * SET status here");
    house.send(alice, "METADATA * SET status");
    house.send(alice, "QUIT");
    house.half_close(alice);
    house.forget();
    assert!(house.hub().users().iter().next().is_none(), "alice is gone");
    let alice = logged_in(house, "alice", "draft/metadata-3 batch");
    let lines = house.ask(alice, "METADATA * LIST");
    assert_eq!(
        lines[1..lines.len() - 1],
        ["@batch=d :parlor.local 761 alice alice url * :https://alice.example"]
    );
}

#[test]
fn devices_of_one_user_have_subscriptions_of_their_own() {
    let mut bank = bank();
    let house = &mut bank.house;
    let [first, second] = [(); 2].map(|()| logged_in(house, "alice", "draft/metadata-3 batch"));
    house.send(first, "METADATA * SUB url");
    house.forget();
    house.send(second, "METADATA * SET url x");
    assert_eq!(house.lines(first), [":parlor.local 761 * alice url * :x"], "what the other device has set");
    house.forget();
    house.send(first, "METADATA * SET url y");
    assert!(house.lines(second).is_empty(), "it has not subscribed");
    house.forget();
    house.send(first, "QUIT");
    house.half_close(first);
    house.send(second, "METADATA * SUBS");
    let lines = house.lines(second);
    assert!(!lines.iter().any(|line| line.contains(" 772 ")), "{lines:#?}");
}
