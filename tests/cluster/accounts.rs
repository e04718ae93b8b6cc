//! Accounts on several servers: their users may be connected to more than one.

use parlor::config::{AccountsConfig, ServerConfig};

use crate::support::accounts::{PASSWORD, plain};
use crate::town::{Client, Town, in_order};

pub(crate) fn always_on(config: &mut ServerConfig) {
    config.accounts = AccountsConfig { always_on: true, always_on_days: 2, ..config.accounts };
}

/// A device of an account, in `#tea`.
fn device(town: &mut Town, node: usize, name: &str, device: &str) -> Client {
    let client = town.connect(node);
    let heard = town
        .told(&client, &format!("PASS {name}/{device}:{PASSWORD}\r\nNICK x\r\nUSER u 0 * :R\r\nJOIN #tea"));
    assert!(heard.contains(&format!(" 001 {name} ")), "{heard}");
    client
}

#[test]
fn devices_on_two_servers_are_one_user() {
    let mut town = Town::with_accounts(2, &["ana"], |_| ());
    let bob = town.irc(1, "bob");
    town.told(&bob, "JOIN #tea");
    let desk = device(&mut town, 0, "ana", "desk");
    let phone = device(&mut town, 1, "ana", "phone");
    town.run(100);
    in_order(&bob.guest.heard(), &[" JOIN #tea"]);
    desk.guest.heard();
    phone.guest.heard();
    town.send(&bob, "PRIVMSG #tea :hello all\r\nPRIVMSG ana :hello you");
    town.send(&desk, "PRIVMSG #tea :from the desk\r\nPRIVMSG bob :between us");
    town.run(200);
    for (device, texts) in [
        (&desk, &["PRIVMSG #tea :hello all", "PRIVMSG ana :hello you"][..]),
        (&phone, &["PRIVMSG #tea :hello all", "PRIVMSG ana :hello you", "PRIVMSG #tea :from the desk"]),
        (&bob, &["PRIVMSG #tea :from the desk", "PRIVMSG bob :between us"]),
    ] {
        let heard = device.guest.heard();
        texts.iter().for_each(|text| in_order(&heard, &[text]));
    }
    town.send(&desk, "QUIT :away");
    town.run(200);
    assert!(!bob.guest.heard().contains("QUIT"), "the phone is still here");
    town.send(&phone, "QUIT :gone");
    town.run(200);
    in_order(&bob.guest.heard(), &[" QUIT :Quit: gone"]);
}

#[test]
fn a_name_that_is_registered_on_one_server_belongs_to_its_account_on_all() {
    let mut town = Town::with_accounts(2, &[], |_| ());
    let carol = town.irc(0, "carol");
    let heard = town.told(&carol, &format!("NS REGISTER {PASSWORD}"));
    assert!(heard.contains("registered"), "{heard}");
    town.send(&carol, "QUIT");
    town.run(200);
    let other = town.connect(1);
    let heard = town.told(&other, "NICK carol\r\nUSER c 0 * :C");
    assert!(heard.contains(" 433 ") && !heard.contains(" 001 "), "{heard}");
    device(&mut town, 1, "carol", "phone");
}

#[test]
fn an_account_that_the_store_creates_while_the_broker_is_away_is_known_when_it_is_back() {
    let mut town = Town::with_accounts(2, &[], |_| ());
    let carol = town.irc(0, "carol");
    town.world.stop_broker(false);
    town.send(&carol, &format!("NS REGISTER {PASSWORD}"));
    town.run(5_200);
    let heard = carol.guest.heard();
    assert!(heard.contains("registered") && heard.contains("not logged in"), "{heard}");
    town.world.start_broker();
    town.run(1_000);
    town.told(&carol, "QUIT");
    let other = town.connect(1);
    assert!(town.told(&other, "NICK carol\r\nUSER c 0 * :C").contains(" 433 "));
    device(&mut town, 1, "carol", "phone");
}

#[test]
fn names_of_accounts_that_the_broker_has_lost_can_be_registered_again() {
    let mut town = Town::with_accounts(2, &["ana", "bob"], |_| ());
    let desk = device(&mut town, 0, "bob", "desk");
    town.world.stop_broker(true);
    town.lose_accounts();
    town.run(1_000);
    town.world.start_broker();
    town.run(50_000);
    assert!(desk.guest.heard().contains("the account is deleted"));
    for (node, name) in [(1, "ana"), (0, "bob")] {
        let client = town.irc(node, name);
        let heard = town.told(&client, &format!("NS REGISTER {PASSWORD}"));
        assert!(heard.contains("registered") && !heard.contains("taken"), "{heard}");
    }
    device(&mut town, 0, "ana", "phone");
}

#[test]
fn of_an_account_on_two_servers_the_user_stays_when_one_is_killed() {
    let mut town = Town::with_accounts(2, &["ana"], |_| ());
    let (_desk, phone) = (device(&mut town, 0, "ana", "desk"), device(&mut town, 1, "ana", "phone"));
    town.world.kill(0);
    town.run(12_000);
    assert!(town.told(&phone, "NAMES #tea").contains("ana"));
    town.start(0);
    town.run(1_000);
    let desk = device(&mut town, 0, "ana", "desk");
    phone.guest.heard();
    town.send(&desk, "PRIVMSG #tea :back");
    town.run(200);
    in_order(&phone.guest.heard(), &["PRIVMSG #tea :back"]);
}

#[test]
fn a_user_who_stays_is_away_on_all_servers_until_it_has_been_away_for_too_long() {
    let mut town = Town::with_accounts(2, &["ana"], always_on);
    let bob = town.irc(1, "bob");
    town.told(&bob, "JOIN #tea");
    let ana = device(&mut town, 0, "ana", "desk");
    town.told(&ana, "QUIT");
    assert!(town.told(&bob, "WHOIS ana").contains(" 301 bob ana "));
    let days = |town: &mut Town, days: u64| {
        for _ in 0..days * 24 * 6 {
            town.world.now += 599_000;
            town.run(1_000);
        }
    };
    // Nobody is asked for a sign of life.
    town.told(&bob, "QUIT");
    days(&mut town, 1);
    // The other looks after her, too.
    town.world.kill(0);
    let bob = town.irc(1, "bob");
    town.told(&bob, "JOIN #tea");
    assert!(town.told(&bob, "NAMES #tea").contains("ana"));
    town.told(&bob, "QUIT");
    days(&mut town, 2);
    let bob = town.irc(1, "bob");
    town.told(&bob, "JOIN #tea");
    assert!(!town.told(&bob, "NAMES #tea").contains("ana"));
}

#[test]
fn whoever_logs_in_to_an_account_before_its_server_has_joined_waits_until_it_has() {
    let mut town = Town::with_accounts(2, &["ana"], |_| ());
    town.world.kill(1);
    town.run(10_000);
    town.start(1);
    let ana = town.connect(1);
    town.send(
        &ana,
        &format!("CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain("ana", PASSWORD)),
    );
    town.run(3_000);
    let heard = ana.guest.heard();
    assert!(heard.contains(" 903 "), "{heard}");
}

#[test]
fn whoever_logs_in_to_an_account_while_there_is_no_broker_is_told_to_try_again() {
    let mut town = Town::with_accounts(2, &["ana"], |_| ());
    town.world.kill(1);
    town.world.stop_broker(false);
    town.start(1);
    let ana = town.connect(1);
    town.send(
        &ana,
        &format!("CAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain("ana", PASSWORD)),
    );
    town.run(4_000);
    assert!(!ana.guest.heard().contains(" 904 "), "the broker may come back");
    town.run(2_000);
    let heard = ana.guest.heard();
    assert!(heard.contains(" 904 ") && heard.contains("again"), "{heard}");
}
