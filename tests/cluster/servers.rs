//! Several servers are one to their users.

use parlor::message::Peer;

use crate::town::{Client, Town, in_order};

/// Alice on one server and bob on another, both operators of `#tea`.
fn with_two() -> (Town, Client, Client) {
    let mut town = Town::new(2);
    let (alice, bob) = (town.irc(0, "alice"), town.irc(1, "bob"));
    town.told(&alice, "JOIN #tea");
    town.told(&bob, "JOIN #tea");
    town.told(&alice, "MODE #tea +o bob");
    alice.guest.heard();
    bob.guest.heard();
    (town, alice, bob)
}

#[test]
fn a_name_belongs_to_whoever_took_it_first_on_any_server() {
    let mut town = Town::new(2);
    let (alice, other) = (town.connect(0), town.connect(1));
    town.send(&alice, "NICK alice\r\nUSER a 0 * :A");
    town.send(&other, "NICK alice\r\nUSER b 0 * :B");
    town.run(100);
    let heard = [alice.guest.heard(), other.guest.heard()];
    assert_eq!(heard.iter().filter(|heard| heard.contains(" 001 alice ")).count(), 1, "{heard:?}");
    assert_eq!(heard.iter().filter(|heard| heard.contains(" 433 ")).count(), 1, "{heard:?}");
}

#[test]
fn of_two_who_open_a_room_at_the_same_moment_one_becomes_its_operator() {
    for seed in 1..20 {
        let mut town = Town::with(2, seed);
        let (alice, bob) = (town.irc(0, "alice"), town.irc(1, "bob"));
        town.send(&alice, "JOIN #tea");
        town.send(&bob, "JOIN #tea");
        town.run(100);
        alice.guest.heard();
        let lists = [&alice, &bob].map(|client| {
            let names = town.told(client, "NAMES #tea");
            names
                .lines()
                .find(|line| line.contains(" 353 "))
                .map(|line| line.rsplit(':').next().unwrap().to_owned())
        });
        let list = lists[0].clone().unwrap_or_default();
        assert_eq!(list.matches('@').count(), 1, "seed {seed}: {list}");
        assert!(list.contains("alice") && list.contains("bob") && lists[0] == lists[1], "{lists:?}");
    }
}

#[test]
fn messages_arrive_once_and_in_order_between_those_who_come_and_go() {
    let (mut town, alice, bob) = with_two();
    town.send(&alice, "PRIVMSG #tea :one\r\nPRIVMSG #tea :two\r\nTOPIC #tea :green\r\nPRIVMSG #tea :three\r\nPRIVMSG bob :four");
    town.run(200);
    let heard = bob.guest.heard();
    in_order(&heard, &["PRIVMSG #tea :one", ":two", " TOPIC #tea :green", ":three"]);
    assert!(heard.contains("PRIVMSG bob :four"), "{heard}");
    town.send(&alice, "PRIVMSG #tea :last\r\nQUIT :tired");
    town.run(200);
    in_order(&bob.guest.heard(), &["PRIVMSG #tea :last", " QUIT :Quit: tired"]);
}

#[test]
fn while_the_broker_is_away_people_talk_and_shared_changes_are_refused_with_the_reason() {
    let (mut town, alice, bob) = with_two();
    let carol = town.irc(0, "carol");
    town.told(&carol, "JOIN #tea");
    alice.guest.heard();
    bob.guest.heard();
    town.world.stop_broker(false);
    town.send(&alice, "PRIVMSG #tea :hello\r\nJOIN #mate\r\nPRIVMSG #tea :behind it");
    town.run(4_900);
    in_order(&carol.guest.heard(), &["PRIVMSG #tea :hello"]);
    assert!(!alice.guest.heard().contains("#mate"));
    town.run(200);
    let heard = alice.guest.heard();
    assert!(heard.contains(" 437 alice #mate :the other servers cannot be reached"), "{heard}");
    in_order(&carol.guest.heard(), &["PRIVMSG #tea :behind it"]);
    assert_eq!(bob.guest.heard(), "");
    town.world.start_broker();
    town.run(1_000);
    in_order(&bob.guest.heard(), &["PRIVMSG #tea :hello", "PRIVMSG #tea :behind it"]);
    assert!(town.told(&alice, "JOIN #mate").contains(" JOIN #mate"));
}

#[test]
fn commands_behind_each_other_wait_five_seconds_for_the_broker_together() {
    let (mut town, alice, _) = with_two();
    let carol = town.irc(0, "carol");
    town.told(&carol, "JOIN #tea");
    town.world.stop_broker(false);
    town.send(&alice, "JOIN #one\r\nJOIN #two\r\nNICK alicia\r\nPRIVMSG #tea :behind them");
    town.run(5_200);
    let heard = alice.guest.heard();
    in_order(&heard, &[" 437 alice #one :", " 437 alice #two :", " 437 alice alicia :"]);
    in_order(&carol.guest.heard(), &["PRIVMSG #tea :behind them"]);
}

#[test]
fn a_change_that_waits_for_the_broker_is_carried_out_when_it_is_back_in_time() {
    let (mut town, alice, bob) = with_two();
    town.world.stop_broker(false);
    town.send(&alice, "NICK alicia\r\nPRIVMSG #tea :under another name");
    town.run(3_000);
    town.world.start_broker();
    town.run(1_000);
    in_order(&bob.guest.heard(), &[" NICK alicia", ":alicia!~alice@", "PRIVMSG #tea :under another name"]);
}

#[test]
fn whoever_leaves_while_the_broker_is_away_has_left_when_it_is_back() {
    let (mut town, alice, bob) = with_two();
    town.world.stop_broker(false);
    town.send(&alice, "QUIT :tired");
    town.run(3_000);
    assert!(alice.guest.is_closed());
    assert!(town.told(&bob, "NAMES #tea").contains("alice"), "others still see her");
    town.world.start_broker();
    town.run(1_000);
    in_order(&bob.guest.heard(), &[" QUIT :Quit: tired"]);
    assert!(town.irc(0, "alice").node == 0, "her name is free");
}

#[test]
fn the_users_of_a_server_that_is_killed_quit_within_ten_seconds() {
    let (mut town, _, bob) = with_two();
    town.world.kill(0);
    town.run(10_000);
    let heard = bob.guest.heard();
    assert!(heard.contains(":alice!") && heard.contains(" QUIT "), "{heard}");
    town.start(0);
    town.run(2_000);
    let alice = town.irc(0, "alice");
    assert!(town.told(&alice, "JOIN #tea").contains("bob"));
}

#[test]
fn a_server_that_was_cut_off_brings_its_users_back() {
    let (mut town, alice, bob) = with_two();
    town.world.cut(0);
    town.send(&alice, "PRIVMSG #tea :anybody here?");
    town.run(12_000);
    let heard = bob.guest.heard();
    assert!(heard.contains(":alice!") && heard.contains(" QUIT "), "{heard}");
    town.send(&bob, "TOPIC #tea :alone");
    town.world.mend(0);
    town.run(5_000);
    let heard = bob.guest.heard();
    in_order(&heard, &[" JOIN #tea"]);
    in_order(&heard, &["PRIVMSG #tea :anybody here?"]);
    assert!(town.told(&alice, "TOPIC #tea").contains(" 332 alice #tea :alone"));
    town.send(&bob, "PRIVMSG #tea :welcome back");
    town.run(200);
    in_order(&alice.guest.heard(), &["PRIVMSG #tea :welcome back"]);
}

#[test]
fn a_broker_that_has_lost_everything_costs_nobody_the_connection() {
    let (mut town, alice, bob) = with_two();
    town.world.stop_broker(true);
    town.run(1_000);
    town.world.start_broker();
    town.run(15_000);
    alice.guest.heard();
    bob.guest.heard();
    for (from, to, name) in [(&alice, &bob, "alice"), (&bob, &alice, "bob")] {
        town.send(from, &format!("PRIVMSG #tea :from {name}"));
        town.run(200);
        in_order(&to.guest.heard(), &[&format!("PRIVMSG #tea :from {name}")]);
    }
    assert!(town.told(&alice, "NAMES #tea").contains("bob"));
    assert!(town.told(&bob, "NAMES #tea").contains("alice"));
}

#[test]
fn a_server_that_shuts_down_lets_its_users_leave_and_leaves_the_others() {
    let (mut town, alice, bob) = with_two();
    town.scene(0).turn(|server, now| server.shut_down(now));
    assert!(!town.scene(0).server.has_left_cluster());
    alice.guest.push_end();
    town.run(1_000);
    assert!(town.scene(0).server.has_left_cluster());
    let heard = bob.guest.heard();
    assert!(heard.contains(":alice!") && heard.contains(" QUIT :the server is shutting down"), "{heard}");
}

#[test]
fn a_server_shuts_down_in_time_although_the_broker_is_away() {
    let (mut town, _, _) = with_two();
    town.world.stop_broker(false);
    town.scene(0).turn(|server, now| server.shut_down(now));
    town.run(2_900);
    assert!(!town.scene(0).server.has_left_cluster());
    town.run(200);
    assert!(town.scene(0).server.has_left_cluster());
}

#[test]
fn an_operator_of_one_server_ends_connections_to_others() {
    let (mut town, alice, bob) = with_two();
    let carol = town.connect(1);
    town.told(&carol, "NICK carol\r\nUSER c 0 * :C\r\nJOIN #tea");
    town.told(&alice, "OPER root secret");
    town.send(&alice, "KILL carol :enough");
    town.run(200);
    assert!(carol.guest.heard().contains("killed by alice: enough") && carol.guest.is_shut());
    assert!(bob.guest.heard().contains(" QUIT :killed by alice: enough"));
    let from = |last: u8| Peer::Tcp([198, 51, 100, last].into(), 1);
    let dave = Client { node: 1, guest: town.scene(1).connect_from(from(7)) };
    assert!(town.told(&dave, "NICK dave\r\nUSER d 0 * :D").contains(" 001 dave "));
    town.send(&alice, "KLINE 10m 198.51.100.0/24 :no more");
    town.run(200);
    assert!(dave.guest.heard().contains("banned from this server"), "he is closed at once");
    let erin = town.scene(1).connect_from(from(8));
    assert!(erin.heard().contains("banned from this server"), "she is refused");
}

#[test]
fn textbook_clients_on_different_servers_talk_and_their_names_differ() {
    let mut town = Town::new(2);
    let [alice, twin, bob] = [0, 1, 1].map(|node| town.connect(node));
    town.scene(0).send(&alice.guest, "∏∑alice∏∑");
    town.run(100);
    assert_eq!(alice.guest.heard(), "1");
    town.scene(1).send(&twin.guest, "∏∑alice∏∑");
    town.scene(1).send(&bob.guest, "∏∑bob∏∑");
    town.run(1_000);
    assert_eq!((twin.guest.heard(), bob.guest.heard()), ("-1".into(), "1".into()));
    town.scene(1).send(&bob.guest, "§γhello§γ★【alice※psst★【");
    town.run(200);
    assert_eq!(alice.guest.heard(), "bob说：hello\nbob悄悄地对你说：psst\n");
}

#[test]
fn a_textbook_client_that_cannot_log_in_now_is_told_after_five_seconds() {
    let mut town = Town::new(2);
    town.world.stop_broker(false);
    let alice = town.connect(0);
    town.scene(0).send(&alice.guest, "∏∑alice∏∑");
    town.run(4_900);
    assert_eq!(alice.guest.heard(), "");
    town.run(200);
    assert_eq!(alice.guest.heard(), "-1");
}

#[test]
fn the_last_command_of_a_client_that_sends_no_more_waits_too() {
    let (mut town, alice, bob) = with_two();
    for (seconds, is_done) in [(3, true), (6, false)] {
        let carol = town.irc(0, "carol");
        town.world.stop_broker(false);
        carol.guest.push("JOIN #tea");
        carol.guest.push_end();
        town.scene(0).settle();
        town.run(seconds * 1_000);
        town.world.start_broker();
        town.run(2_000);
        let heard = bob.guest.heard();
        assert_eq!(heard.contains(":carol!~carol@local JOIN #tea"), is_done, "{heard}");
        assert!(carol.guest.is_closed());
        assert!(town.told(&alice, "ISON carol").contains(" 303 alice :\r\n"), "she has left");
    }
}

#[test]
fn a_crowd_that_waits_shares_the_lock_with_others() {
    let (mut town, _, bob) = with_two();
    let crowd: Vec<_> = (0..1_200).map(|n| (n, town.connect(0))).collect();
    let before = town.world.broker.entries();
    for (n, guest) in &crowd {
        guest.guest.push(format!("NICK crowd{n}\r\nUSER c 0 * :C\r\nJOIN #crowd\r\nPRIVMSG #crowd :hi\r\n"));
    }
    town.send(&bob, "NICK robert");
    town.scene(0).settle();
    town.run(1_000);
    assert!(bob.guest.heard().contains(" NICK robert"));
    let entries = town.world.broker.entries() - before;
    assert!((3..50).contains(&entries), "{entries} entries");
    let heard = town.told(&bob, "LIST #crowd");
    assert!(heard.contains(" 322 robert #crowd 1200 "), "{heard}");
}

#[test]
fn a_long_command_goes_on_under_the_next_lock_or_is_declined_in_the_middle() {
    let mut town = Town::new(2);
    let rooms: Vec<_> = (0..10).map(|n| format!("#room{n}")).collect();
    let join = format!("JOIN {}", rooms.join(","));
    for n in 0..300 {
        let guest = town.connect(0);
        town.send(&guest, &format!("NICK crowd{n}\r\nUSER c 0 * :C\r\n{join}"));
    }
    town.run(2_000);
    let (alice, carol) = (town.irc(0, "alice"), town.irc(0, "carol"));
    let before = town.world.broker.entries();
    let heard = town.told(&alice, &join);
    assert_eq!(heard.matches(" 366 alice #room").count(), 10, "{heard}");
    assert!(town.world.broker.entries() - before > 1, "it was too much for one turn");
    town.send(&carol, &join);
    let mut heard = String::new();
    while !heard.contains(" 366 carol #room0 ") {
        town.run(1);
        heard += &carol.guest.heard();
    }
    town.world.stop_broker(false);
    town.run(6_000);
    heard += &carol.guest.heard();
    assert!(heard.contains(" 437 carol #room9 :the other servers cannot be reached"), "{heard}");
}
