//! Queries about users: present, past, away, and their visibility.

use std::time::Duration;

use crate::irc::house::IrcScene;

// WHO.

#[test]
fn who_lists_a_channel_with_flags() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let root = house.operator("root");
    house.send(root, "JOIN #tea");
    house.send(bob, "AWAY :x");
    house.send(bob, "MODE bob +B");
    house.send(ana, "MODE #tea +v bob");
    house.forget();
    assert_eq!(
        house.ask(ana, "WHO #TEA"),
        [
            ":parlor.local 352 ana #tea ~root HOST parlor.local root H* :0 root itself",
            ":parlor.local 352 ana #tea ~bob HOST parlor.local bob G+B :0 bob itself",
            ":parlor.local 352 ana #tea ~ana HOST parlor.local ana H@ :0 ana itself",
            ":parlor.local 315 ana #TEA :End of WHO list"
        ]
    );
    assert_eq!(
        house.ask(ana, "WHO #tea o"),
        [
            ":parlor.local 352 ana #tea ~root HOST parlor.local root H* :0 root itself",
            ":parlor.local 315 ana #tea :End of WHO list"
        ]
    );
}

fn names(house: &mut IrcScene, who: crate::irc::house::Guest, line: &str) -> Vec<String> {
    let lines = house.ask(who, line);
    assert!(lines.last().expect("the server says so").ends_with(" :End of WHO list"), "{lines:#?}");
    let rows = lines[..lines.len() - 1].iter();
    let mut names: Vec<_> =
        rows.map(|row| row.split(' ').nth(7).expect("the server says so").to_owned()).collect();
    names.sort();
    names
}

#[test]
fn who_finds_users_by_name_mask_host_username_and_real_name() {
    let mut house = IrcScene::new();
    let [ana, _] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.connect();
    house.send(eve, "NICK eve");
    house.send(eve, "USER evil 0 * :Eva the great");
    house.forget();
    for (wanted, found) in [
        ("BOB", vec!["bob"]),
        ("?ob", vec!["bob"]),
        ("*e", vec!["eve"]),
        ("~evil", vec!["eve"]),
        ("*great", vec!["eve"]),
        ("*.ip", vec!["ana", "bob", "eve"]),
        ("*", vec!["ana", "bob", "eve"]),
        ("0", vec!["ana", "bob", "eve"]),
        ("nobody", vec![]),
        ("#nowhere", vec![]),
        ("#no,where", vec![]),
    ] {
        assert_eq!(names(&mut house, ana, &format!("WHO {wanted}")), found, "{wanted}");
    }
    assert_eq!(names(&mut house, ana, "WHO"), ["ana", "bob", "eve"]);
}

#[test]
fn who_names_only_channels_that_both_are_in() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    house.send(bob, "JOIN #secret");
    house.forget();
    assert_eq!(
        house.ask(ana, "WHO bob")[0],
        ":parlor.local 352 ana #tea ~bob HOST parlor.local bob H :0 bob itself"
    );
    assert_eq!(
        house.ask(eve, "WHO bob")[0],
        ":parlor.local 352 eve * ~bob HOST parlor.local bob H :0 bob itself"
    );
}

#[test]
fn whox_returns_every_field_in_order() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "PRIVMSG #tea :x");
    house.pass(Duration::from_secs(7));
    let all = house.ask(bob, "WHO #tea %tcuihsnfdlaor,42");
    assert_eq!(
        all[1],
        ":parlor.local 354 bob 42 #tea ~ana 255.255.255.255 HOST parlor.local ana H@ 0 7 0 n/a :ana itself"
    );
    assert_eq!(all[2], ":parlor.local 315 bob #tea :End of WHO list");
    // The order of the request does not matter.
    assert_eq!(house.ask(bob, "WHO ana %roaldfnshiuct,42")[0], all[1]);
    for (field, value) in [
        ("t", "0"),
        ("c", "#tea"),
        ("u", "~ana"),
        ("i", "255.255.255.255"),
        ("h", "HOST"),
        ("s", "parlor.local"),
        ("n", "ana"),
        ("f", "H@"),
        ("d", "0"),
        ("l", "7"),
        ("a", "0"),
        ("o", "n/a"),
        ("r", ":ana itself"),
    ] {
        assert_eq!(house.ask(bob, &format!("WHO ana %{field}"))[0], format!(":parlor.local 354 bob {value}"));
    }
    assert_eq!(house.ask(bob, "WHO ana %tn,123")[0], ":parlor.local 354 bob 123 ana");
    // A token has up to three digits.
    assert_eq!(house.ask(bob, "WHO ana %tn,1234")[0], ":parlor.local 354 bob 0 ana");
    assert_eq!(house.ask(bob, "WHO ana %tn,x")[0], ":parlor.local 354 bob 0 ana");
    assert_eq!(house.ask(bob, "WHO ana o%tn,1"), [":parlor.local 315 bob ana :End of WHO list"]);
}

#[test]
fn whox_shows_addresses_only_to_their_owners_and_operators() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let (ana, bob) = (house.connect_from("192.0.2.7:1"), house.connect_from("[::1]:1"));
    house.register(ana, "ana", "");
    house.register(bob, "bob", "");
    assert_eq!(house.ask(ana, "WHO ana %i")[0], ":parlor.local 354 ana 192.0.2.7");
    assert_eq!(house.ask(ana, "WHO bob %i")[0], ":parlor.local 354 ana 255.255.255.255");
    assert_eq!(house.ask(root, "WHO bob %in")[0], ":parlor.local 354 root 0::1 bob");
}

// Visibility.

#[test]
fn invisible_users_are_seen_from_shared_channels_by_exact_name_and_by_operators() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let (eve, root) = (house.irc("eve"), house.operator("root"));
    house.send(bob, "MODE bob +i");
    house.forget();
    assert_eq!(names(&mut house, ana, "WHO *"), ["ana", "bob", "eve", "root"]);
    assert_eq!(names(&mut house, eve, "WHO *"), ["ana", "eve", "root"]);
    assert_eq!(names(&mut house, eve, "WHO ?bob"), [""; 0]);
    assert_eq!(names(&mut house, eve, "WHO #tea"), ["ana"]);
    assert_eq!(names(&mut house, eve, "WHO bob"), ["bob"]);
    assert_eq!(names(&mut house, root, "WHO *"), ["ana", "bob", "eve", "root"]);
    assert_eq!(names(&mut house, bob, "WHO *"), ["ana", "bob", "eve", "root"]);
    // Hidden channels stay hidden.
    assert!(house.ask(eve, "WHOIS bob").iter().all(|line| !line.contains(" 319 ")));
    assert!(house.ask(ana, "WHOIS bob").contains(&":parlor.local 319 ana bob :#tea".to_owned()));
}

#[test]
fn secret_channels_are_shown_only_to_members_and_operators() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let (eve, root) = (house.irc("eve"), house.operator("root"));
    house.send(ana, "MODE #tea +s");
    house.send(ana, "JOIN #open");
    house.forget();
    assert_eq!(names(&mut house, eve, "WHO #tea"), [""; 0]);
    assert_eq!(names(&mut house, root, "WHO #tea"), ["ana", "bob"]);
    let channels = |lines: Vec<String>| {
        let channels = lines.into_iter().find(|line| line.contains(" 319 "));
        channels.map(|line| line.rsplit_once(':').unwrap().1.to_owned())
    };
    assert_eq!(channels(house.ask(eve, "WHOIS ana")).as_deref(), Some("@#open"));
    assert_eq!(channels(house.ask(bob, "WHOIS ana")).as_deref(), Some("@#tea @#open"));
    assert_eq!(channels(house.ask(root, "WHOIS ana")).as_deref(), Some("@#tea @#open"));
    assert_eq!(channels(house.ask(eve, "WHOIS bob")), None);
}

#[test]
fn the_same_address_has_the_same_cloak_and_nobody_sees_the_address() {
    let mut house = IrcScene::new();
    let (ana, bob, eve) = (
        house.connect_from("192.0.2.7:1"),
        house.connect_from("192.0.2.7:2"),
        house.connect_from("203.0.113.9:1"),
    );
    for (guest, name) in [(ana, "ana"), (bob, "bob"), (eve, "eve")] {
        house.register(guest, name, "");
        house.send(guest, "JOIN #tea");
    }
    let mut hosts = Vec::new();
    for name in ["ana", "bob", "eve"] {
        house.raw(eve);
        house.send(eve, &format!("USERHOST {name}"));
        hosts.push(house.raw(eve).trim_end().rsplit_once('@').unwrap().1.to_owned());
    }
    assert_eq!(hosts[0], hosts[1]);
    assert_ne!(hosts[0], hosts[2]);
    // Not even the user's own address, in lines that others receive.
    house.send(ana, "PRIVMSG #tea :x");
    house.send(ana, "NICK anna");
    for line in
        ["WHO *", "WHO * %tcuihsnfdlaor", "WHOIS anna", "WHOWAS ana", "NAMES #tea", "USERHOST anna", "LIST"]
    {
        house.send(eve, line);
    }
    house.send(ana, "QUIT");
    house.send(eve, "WHOWAS anna");
    let heard = house.raw(eve);
    assert!(heard.contains("anna") && !heard.contains("192.0.2"), "{heard}");
}

// WHOIS.

#[test]
fn whois_shows_only_what_others_may_know() {
    let mut house = IrcScene::new();
    let [_ana, bob] = house.channel("#tea", ["Ana", "bob"]);
    house.pass(Duration::from_secs(42));
    assert_eq!(
        house.ask(bob, "WHOIS ana"),
        [
            ":parlor.local 311 bob Ana ~Ana HOST * :Ana itself",
            ":parlor.local 319 bob Ana :@#tea",
            ":parlor.local 312 bob Ana parlor.local :parlor",
            ":parlor.local 317 bob Ana 42 1000000000 :seconds idle, signon time",
            ":parlor.local 318 bob ana :End of WHOIS list"
        ]
    );
    assert_eq!(house.ask(bob, "WHOIS ana Ana").len(), 5);
    assert_eq!(house.ask(bob, "WHOIS parlor.local ana").len(), 5);
}

#[test]
fn whois_shows_operators_bots_and_away_texts() {
    let mut house = IrcScene::new();
    let (root, bob) = (house.operator("root"), house.irc("bob"));
    house.send(root, "AWAY :asleep");
    house.send(root, "MODE root +B");
    house.forget();
    assert_eq!(
        house.ask(bob, "WHOIS root"),
        [
            ":parlor.local 311 bob root ~root HOST * :root itself",
            ":parlor.local 312 bob root parlor.local :parlor",
            ":parlor.local 313 bob root :is an operator of this server",
            ":parlor.local 335 bob root :is a bot",
            ":parlor.local 301 bob root :asleep",
            ":parlor.local 317 bob root 0 1000000000 :seconds idle, signon time",
            ":parlor.local 318 bob root :End of WHOIS list"
        ]
    );
}

#[test]
fn whois_shows_addresses_and_modes_only_to_their_owner_and_operators() {
    let mut house = IrcScene::new();
    let (root, eve) = (house.operator("root"), house.irc("eve"));
    let ana = house.connect_from("192.0.2.7:1");
    house.register(ana, "ana", "");
    house.send(ana, "MODE ana +i");
    house.forget();
    for (guest, name) in [(ana, "ana"), (root, "root")] {
        let lines = house.ask(guest, "WHOIS ana");
        assert!(
            lines.contains(&format!(
                ":parlor.local 338 {name} ana 192.0.2.7 :is connecting from this address"
            ))
        );
        assert!(lines.contains(&format!(":parlor.local 379 {name} ana :is using modes +i")));
    }
    let lines = house.ask(eve, "WHOIS ana");
    assert!(lines.iter().all(|line| !line.contains(" 338 ") && !line.contains(" 379 ")));
}

#[test]
fn whois_of_unknown_users_and_servers_is_refused() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.told(ana, "WHOIS"), "431 ana");
    assert_eq!(
        house.ask(ana, "WHOIS nobody"),
        [":parlor.local 401 ana nobody :No such nick", ":parlor.local 318 ana nobody :End of WHOIS list"]
    );
    assert_eq!(house.told(ana, "WHOIS other.server ana"), "402 ana other.server");
}

#[test]
fn a_whois_of_somebody_in_many_channels_takes_several_lines() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for n in 0..50 {
        house.send(ana, &format!("JOIN #{n}{}", "x".repeat(40)));
    }
    house.forget();
    let lines = house.ask(ana, "WHOIS ana");
    let channels = lines.iter().filter(|line| line.contains(" 319 "));
    assert_eq!(channels.flat_map(|line| line.rsplit_once(':').unwrap().1.split(' ')).count(), 50);
}

// WHOWAS.

#[test]
fn whowas_lists_the_newest_first_up_to_the_requested_number() {
    let mut house = IrcScene::new();
    let eve = house.irc("eve");
    for user in ["one", "two", "three"] {
        house.pass(Duration::from_secs(1));
        let ana = house.connect();
        house.send(ana, "NICK Ana");
        house.send(ana, &format!("USER {user} 0 * :{user}"));
        house.send(ana, "QUIT");
    }
    house.forget();
    let entry = |user: &str, second: u8| {
        [
            format!(":parlor.local 314 eve Ana ~{user} HOST * :{user}"),
            format!(":parlor.local 312 eve Ana parlor.local :2001-09-09T01:46:4{second}Z"),
        ]
    };
    let end = [":parlor.local 369 eve ANA :End of WHOWAS".to_owned()];
    let all = [&entry("three", 3)[..], &entry("two", 2), &entry("one", 1), &end].concat();
    assert_eq!(house.ask(eve, "WHOWAS ANA"), all);
    assert_eq!(house.ask(eve, "WHOWAS ANA 0"), all);
    assert_eq!(house.ask(eve, "WHOWAS ANA -1"), all);
    assert_eq!(house.ask(eve, "WHOWAS ANA 9"), all);
    assert_eq!(house.ask(eve, "WHOWAS ANA 1"), [&entry("three", 3)[..], &end].concat());
    assert_eq!(house.ask(eve, "WHOWAS ANA 2"), [&entry("three", 3)[..], &entry("two", 2), &end].concat());
}

#[test]
fn whowas_remembers_names_before_a_rename() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.send(ana, "NICK anna");
    house.forget();
    assert_eq!(house.ask(ana, "WHOWAS ana")[0], ":parlor.local 314 anna ana ~ana HOST * :ana itself");
    assert_eq!(
        house.ask(ana, "WHOWAS nobody"),
        [
            ":parlor.local 406 anna nobody :There was no such nickname",
            ":parlor.local 369 anna nobody :End of WHOWAS"
        ]
    );
    assert_eq!(house.told(ana, "WHOWAS"), "431 anna");
}

// ISON, USERHOST, AWAY.

#[test]
fn ison_lists_users_who_are_here() {
    let mut house = IrcScene::new();
    let (ana, _bob) = (house.irc("ana"), house.irc("Bob"));
    assert_eq!(house.ask(ana, "ISON bob nobody ANA a.b"), [":parlor.local 303 ana :Bob ana"]);
    assert_eq!(house.ask(ana, "ISON :nobody bob"), [":parlor.local 303 ana :Bob"]);
    assert_eq!(house.ask(ana, "ISON nobody"), [":parlor.local 303 ana :"]);
}

#[test]
fn ison_and_userhost_truncate_no_name() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let names: Vec<_> = ('a'..='o').map(|c| c.to_string().repeat(32)).collect();
    names.iter().for_each(|name| {
        house.irc(name);
    });
    let lines = house.ask(ana, &format!("ISON {}", names.join(" ")));
    let here: Vec<_> = lines.iter().flat_map(|line| line.rsplit_once(':').unwrap().1.split(' ')).collect();
    assert_eq!(here, names);
    let wide: Vec<_> = ["好", "的", "我", "你", "他"].map(|c| c.repeat(32)).into();
    wide.iter().for_each(|name| {
        house.irc(name);
    });
    for names in wide.chunks(3) {
        let lines = house.ask(ana, &format!("USERHOST {}", names.join(" ")));
        let found = lines.iter().flat_map(|line| line.splitn(4, ' ').nth(3).unwrap()[1..].split(' '));
        assert!(found.clone().all(|entry| entry.ends_with("@HOST")), "{lines:?}");
        assert_eq!(found.count(), names.len());
    }
}

#[test]
fn userhost_answers_for_up_to_five() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    let _root = house.operator("root");
    house.send(bob, "AWAY :x");
    house.forget();
    assert_eq!(
        house.ask(ana, "USERHOST ANA bob nobody root"),
        [":parlor.local 302 ana :ana=+~ana@HOST bob=-~bob@HOST root*=+~root@HOST"]
    );
    let six = house.ask(ana, "USERHOST ana ana ana ana ana bob");
    assert_eq!(six[0].matches("ana=").count(), 5);
    assert!(!six[0].contains("bob"));
    assert_eq!(house.ask(ana, "USERHOST nobody"), [":parlor.local 302 ana :"]);
}

#[test]
fn away_can_be_set_and_removed() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    assert_eq!(house.told(ana, "AWAY :at the pub"), "306 ana");
    assert_eq!(house.ask(bob, "PRIVMSG ana :x"), [":parlor.local 301 bob ana :at the pub"]);
    house.forget();
    assert_eq!(house.told(ana, "AWAY :"), "305 ana");
    assert_eq!(house.ask(bob, "PRIVMSG ana :x"), [""; 0]);
    house.forget();
    assert_eq!(house.told(ana, "AWAY x"), "306 ana");
    assert_eq!(house.told(ana, "AWAY"), "305 ana");
}

// MONITOR.

#[test]
fn monitor_reports_who_is_here_who_comes_and_who_leaves() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("Bob"));
    assert_eq!(
        house.ask(ana, "MONITOR + bob,eve,no.body,bob"),
        [":parlor.local 730 ana :Bob!~Bob@HOST", ":parlor.local 731 ana :eve"]
    );
    let eve = house.irc("EVE");
    assert_eq!(house.lines(ana), [":parlor.local 730 ana :EVE!~EVE@HOST"]);
    house.send(eve, "NICK kim");
    assert_eq!(house.lines(ana), [":parlor.local 731 ana :EVE"]);
    house.send(eve, "NICK eve");
    assert_eq!(house.lines(ana), [":parlor.local 730 ana :eve!~EVE@HOST"]);
    house.send(bob, "QUIT");
    assert_eq!(house.lines(ana), [":parlor.local 731 ana :Bob"]);
    let crazy = house.crazyit("bob");
    assert_eq!(house.lines(ana), [":parlor.local 730 ana :bob!crazyit@HOST"]);
    house.half_close(crazy);
    assert_eq!(house.lines(ana), [":parlor.local 731 ana :bob"]);
}

#[test]
fn monitor_lists_statuses_and_clears() {
    let mut house = IrcScene::new();
    let (ana, _bob) = (house.irc("ana"), house.irc("bob"));
    let end = ":parlor.local 733 ana :End of MONITOR list";
    assert_eq!(house.ask(ana, "MONITOR L"), [end]);
    house.send(ana, "MONITOR + Bob,eve,kim");
    house.forget();
    assert_eq!(house.ask(ana, "MONITOR l"), [":parlor.local 732 ana :Bob,eve,kim", end]);
    assert_eq!(
        house.ask(ana, "MONITOR S"),
        [":parlor.local 730 ana :bob!~bob@HOST", ":parlor.local 731 ana :eve,kim"]
    );
    assert_eq!(house.ask(ana, "MONITOR - EVE,nobody"), [""; 0]);
    assert_eq!(house.ask(ana, "MONITOR L"), [":parlor.local 732 ana :Bob,kim", end]);
    house.irc("eve");
    assert_eq!(house.lines(ana), [""; 0]);
    assert_eq!(house.ask(ana, "MONITOR C"), [""; 0]);
    assert_eq!(house.ask(ana, "MONITOR S"), [""; 0]);
    house.irc("kim");
    assert_eq!(house.lines(ana), [""; 0]);
    assert_eq!(house.told(ana, "MONITOR X"), "461 ana MONITOR");
}

#[test]
fn a_full_monitor_list_names_the_rejected_targets() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for n in 0..99 {
        house.send(ana, &format!("MONITOR + n{n}"));
    }
    house.forget();
    assert_eq!(
        house.ask(ana, "MONITOR + last,Over,more"),
        [
            ":parlor.local 731 ana :last",
            ":parlor.local 734 ana 100 Over,more :Monitor list is full, remove somebody first"
        ]
    );
    assert_eq!(house.ask(ana, "MONITOR + n5"), [":parlor.local 731 ana :n5"]);
}

// SETNAME.

#[test]
fn setname_changes_the_real_name() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    // Neither has the capability, so nobody is told.
    assert_eq!(house.ask(ana, "SETNAME :Ana the great"), [""; 0]);
    assert!(house.ask(bob, "WHO ana")[0].ends_with(":0 Ana the great"));
    assert_eq!(house.told(ana, "SETNAME"), "461 ana SETNAME");
    let longest = "好".repeat(128);
    assert_eq!(house.ask(ana, &format!("SETNAME :{longest}")), [""; 0]);
    for wrong in [format!("{longest}x"), String::new()] {
        assert_eq!(
            house.ask(ana, &format!("SETNAME :{wrong}")),
            [":parlor.local NOTICE ana :FAIL SETNAME INVALID_REALNAME: Real name is empty or too long"]
        );
    }
}

// Work.

#[test]
fn expensive_commands_are_done_over_several_turns_and_completely() {
    let mut house = IrcScene::new();
    for n in 0..200 {
        house.irc(&format!("somebody{n}"));
    }
    let (greedy, patient) = (house.irc("greedy"), house.irc("patient"));
    house.forget();
    let questions: String = (0..1000).map(|n| format!("WHO *!{n}\r\n")).collect();
    house.bytes_for_a_turn(greedy, questions);
    let mut answers = house.lines(greedy);
    assert!((1..1000).contains(&answers.len()), "{} answers in one turn", answers.len());
    // It has its turn, however much work of the others is left.
    house.bytes_for_a_turn(patient, "PING x\r\n");
    assert_eq!(house.lines(patient), [":parlor.local PONG parlor.local :x"]);
    for _ in 0..2000 {
        house.advance(Duration::ZERO);
        answers.extend(house.lines(greedy));
        if answers.len() == 1000 {
            break;
        }
    }
    let expected = (0..1000).map(|n| format!(":parlor.local 315 greedy *!{n} :End of WHO list"));
    assert!(answers.iter().cloned().eq(expected), "{} answers", answers.len());
    house.half_close(greedy);
    assert!(house.is_gone(greedy));
}

#[test]
fn a_labelled_command_counts_its_work() {
    let mut house = IrcScene::new();
    for n in 0..200 {
        house.irc(&format!("somebody{n}"));
    }
    let greedy = house.irc_with("greedy", "batch labeled-response");
    house.forget();
    let questions: String = (0..1000).map(|n| format!("@label={n} WHO *!{n}\r\n")).collect();
    house.bytes_for_a_turn(greedy, questions);
    let answers = house.lines(greedy).len();
    assert!((1..1000).contains(&answers), "{answers} answers in one turn");
}
