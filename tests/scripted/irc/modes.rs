//! `MODE` for channels and users.

use crate::irc::house::{Guest, IrcScene};

/// The modes of `channel`, as this member sees them.
fn modes(house: &mut IrcScene, who: Guest, channel: &str) -> String {
    house.forget();
    let lines = house.ask(who, &format!("MODE {channel}"));
    let said = lines[0].split_once(" 324 ").expect("a channel's modes").1;
    said.splitn(3, ' ').nth(2).expect("modes").to_owned()
}

#[test]
fn a_new_channel_has_modes_n_and_t_and_a_creation_time() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#Tea", ["ana"]);
    assert_eq!(
        house.ask(ana, "MODE #tea"),
        [":parlor.local 324 ana #Tea +nt", ":parlor.local 329 ana #Tea 1000000000"]
    );
}

#[test]
fn every_flag_can_be_set_announced_and_removed() {
    let flags = if cfg!(feature = "store") { "imnstCMR" } else { "imnstC" };
    for flag in flags.chars() {
        let mut house = IrcScene::new();
        let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
        house.send(ana, "MODE #tea -nt");
        house.forget();
        assert_eq!(
            house.ask(ana, &format!("MODE #tea +{flag}")),
            [format!(":ana!~ana@HOST MODE #tea +{flag}")]
        );
        assert_eq!(house.lines(bob), [format!(":ana!~ana@HOST MODE #tea +{flag}")]);
        assert_eq!(modes(&mut house, bob, "#tea"), format!("+{flag}"));
        // Repeating it changes nothing, so nobody is told.
        assert_eq!(house.ask(ana, &format!("MODE #tea {flag}")), [""; 0]);
        assert_eq!(
            house.ask(ana, &format!("MODE #tea -{flag}")),
            [format!(":ana!~ana@HOST MODE #tea -{flag}")]
        );
        assert_eq!(modes(&mut house, bob, "#tea"), "+");
    }
}

#[test]
fn several_changes_are_one_message() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(
        house.ask(ana, "MODE #tea +mk-n+vl-t+i key BOB 7"),
        [":ana!~ana@HOST MODE #tea +mk-n+vl-t+i key bob 7"]
    );
    assert_eq!(house.lines(bob).len(), 1);
    assert_eq!(modes(&mut house, ana, "#tea"), "+imkl key 7");
}

#[test]
fn a_key_is_shown_only_to_members() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let eve = house.irc("eve");
    assert_eq!(house.ask(ana, "MODE #tea +k sesame"), [":ana!~ana@HOST MODE #tea +k sesame"]);
    assert_eq!(modes(&mut house, ana, "#tea"), "+ntk sesame");
    assert_eq!(modes(&mut house, eve, "#tea"), "+ntk *");
    // Removing the key does not require knowing it.
    assert_eq!(house.ask(ana, "MODE #tea -k wrong"), [":ana!~ana@HOST MODE #tea -k *"]);
    let key = "x".repeat(440);
    let why = "is not a key: 1 to 32 characters, no comma, colon or space";
    assert_eq!(
        house.ask(ana, &format!("MODE #tea +k {key}")),
        [format!(":parlor.local 696 ana #tea k * :{why}")]
    );
    assert_eq!(modes(&mut house, ana, "#tea"), "+nt");
}

#[test]
fn a_limit_is_enforced_and_removed_without_a_parameter() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(ana, "MODE #tea +l 2"), [":ana!~ana@HOST MODE #tea +l 2"]);
    let eve = house.irc("eve");
    assert_eq!(house.told(eve, "JOIN #tea"), "471 eve #tea");
    assert_eq!(modes(&mut house, bob, "#tea"), "+ntl 2");
    assert_eq!(house.ask(ana, "MODE #tea -l+m"), [":ana!~ana@HOST MODE #tea -l+m"]);
}

#[test]
fn ranks_can_be_given_and_removed() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(ana, "MODE #tea +o BOB"), [":ana!~ana@HOST MODE #tea +o bob"]);
    assert_eq!(house.ask(bob, "MODE #tea -o+v ana ana")[1..], [":bob!~bob@HOST MODE #tea -o+v ana ana"]);
    house.forget();
    assert_eq!(house.ask(bob, "NAMES #tea")[0], ":parlor.local 353 bob = #tea :@bob +ana");
    assert_eq!(house.told(ana, "MODE #tea +o ana"), "482 ana #tea");
}

#[test]
fn every_flag_has_its_effect() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    let heard = |house: &mut IrcScene, who: Guest| {
        house.send(who, "PRIVMSG #tea :hi");
        let heard = house.lines(ana);
        house.forget();
        !heard.is_empty()
    };
    // n: no messages from outside
    assert!(!heard(&mut house, eve));
    house.send(ana, "MODE #tea -n");
    house.forget();
    assert!(heard(&mut house, eve));
    // m: moderated
    house.send(ana, "MODE #tea +m");
    house.forget();
    assert!(!heard(&mut house, eve) && !heard(&mut house, bob));
    house.send(ana, "MODE #tea +v bob");
    house.forget();
    assert!(heard(&mut house, bob));
    house.send(ana, "MODE #tea -v+o bob bob");
    house.forget();
    assert!(heard(&mut house, bob));
    // b and e: bans and exceptions; members with a rank can still speak
    house.send(ana, "MODE #tea -m+b *!*@*");
    house.forget();
    assert!(!heard(&mut house, eve) && heard(&mut house, bob));
    house.send(ana, "MODE #tea +e EVE");
    house.forget();
    assert!(heard(&mut house, eve));
    // i and I: invite-only and exceptions
    house.send(ana, "MODE #tea +i");
    house.forget();
    assert_eq!(house.told(eve, "JOIN #tea"), "473 eve #tea");
    house.send(ana, "MODE #tea +I e?e!*@*");
    house.forget();
    assert_eq!(house.ask(eve, "JOIN #tea")[0], ":eve!~eve@HOST JOIN #tea");
}

#[test]
fn no_ctcp_lets_only_actions_through() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "MODE #tea +C");
    house.forget();
    assert_eq!(house.told(bob, "PRIVMSG #tea :\x01VERSION\x01"), "404 bob #tea");
    assert_eq!(house.told(ana, "PRIVMSG #tea :\x01PING 1\x01"), "404 ana #tea");
    assert_eq!(house.told(ana, "PRIVMSG #tea :\x01ACTIONS\x01"), "404 ana #tea");
    assert_eq!(house.ask(bob, "NOTICE #tea :\x01VERSION x\x01"), [""; 0]);
    assert_eq!(house.lines(ana), [""; 0]);
    house.send(bob, "PRIVMSG #tea :\x01ACTION waves\x01");
    assert_eq!(house.lines(ana), [":bob!~bob@HOST PRIVMSG #tea :\x01ACTION waves\x01"]);
}

#[test]
fn list_modes_can_be_filled_shown_and_emptied() {
    for (letter, entry, end, what) in
        [('b', 367, 368, "ban"), ('e', 348, 349, "exception"), ('I', 346, 347, "invite")]
    {
        let mut house = IrcScene::new();
        let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
        let closing = format!(":parlor.local {end} ana #tea :End of channel {what} list");
        assert_eq!(house.ask(ana, &format!("MODE #tea {letter}")), [closing.as_str()]);
        assert_eq!(
            house.ask(ana, &format!("MODE #tea +{letter} eve")),
            [format!(":ana!~ana@HOST MODE #tea +{letter} eve!*@*")]
        );
        assert_eq!(house.lines(bob).len(), 1);
        house.pass(std::time::Duration::from_secs(5));
        house.send(ana, &format!("MODE #tea +{letter}{letter}{letter} u@h a!b@c x.ip"));
        // A mask in another letter case counts as the same.
        house.forget();
        assert_eq!(house.ask(ana, &format!("MODE #tea +{letter} EVE")), [""; 0]);
        let listed = |mask: &str, at: u64| format!(":parlor.local {entry} ana #tea {mask} ana {at}");
        assert_eq!(
            house.ask(ana, &format!("MODE #tea +{letter}")),
            [
                listed("eve!*@*", 1_000_000_000),
                listed("*!u@h", 1_000_000_005),
                listed("a!b@c", 1_000_000_005),
                listed("*!*@x.ip", 1_000_000_005),
                closing
            ]
        );
        house.forget();
        assert_eq!(
            house.ask(ana, &format!("MODE #tea -{letter} Eve!*@*")),
            [format!(":ana!~ana@HOST MODE #tea -{letter} Eve!*@*")]
        );
        assert_eq!(house.ask(ana, &format!("MODE #tea -{letter} nobody")), [""; 0]);
        assert_eq!(house.ask(ana, &format!("MODE #tea {letter}")).len(), 4);
    }
}

#[test]
fn members_who_may_not_change_lists_may_see_them() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "MODE #tea +b x!*@*");
    house.forget();
    assert_eq!(house.ask(bob, "MODE #tea b").len(), 2);
    assert_eq!(house.told(bob, "MODE #tea +b y"), "482 bob #tea");
}

#[test]
fn a_list_is_shown_once_however_often_it_is_asked_for() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    for n in 0..100 {
        house.send(ana, &format!("MODE #tea +b {n}{}", "x".repeat(150)));
    }
    house.forget();
    // 400 times 100 lines would overflow any outbox.
    assert_eq!(house.ask(ana, &format!("MODE #tea {}", "b".repeat(400))).len(), 101);
    assert!(!house.is_shut(ana));
}

#[test]
fn a_full_list_accepts_no_entry() {
    for letter in ['b', 'e', 'I'] {
        let mut house = IrcScene::new();
        let [ana] = house.channel("#tea", ["ana"]);
        for n in 0..100 {
            house.send(ana, &format!("MODE #tea +{letter} {n}"));
        }
        house.forget();
        assert_eq!(house.told(ana, &format!("MODE #tea +{letter} more")), format!("478 ana #tea {letter}"));
        house.send(ana, &format!("MODE #tea -{letter} 5"));
        house.forget();
        assert_eq!(house.ask(ana, &format!("MODE #tea +{letter} more")).len(), 1);
    }
}

#[test]
fn changes_are_refused_one_by_one() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let _eve = house.irc("eve");
    assert_eq!(house.told(ana, "MODE #tea +Z"), "472 ana Z");
    assert_eq!(house.told(ana, "MODE #tea +é"), "472 ana é");
    assert_eq!(house.told(ana, "MODE #tea +o nobody"), "401 ana nobody");
    assert_eq!(house.told(ana, "MODE #tea +v eve"), "441 ana eve #tea");
    assert_eq!(house.told(ana, "MODE #tea +o"), "461 ana MODE");
    assert_eq!(house.told(ana, "MODE #tea +k"), "461 ana MODE");
    assert_eq!(house.told(ana, "MODE #tea +l"), "461 ana MODE");
    assert_eq!(house.told(ana, "MODE #nowhere +m"), "403 ana #nowhere");
    assert_eq!(house.told(ana, "MODE #nowhere"), "403 ana #nowhere");
    assert_eq!(house.told(bob, "MODE #tea +m"), "482 bob #tea");
    let eve = house.irc("ede");
    assert_eq!(house.told(eve, "MODE #tea +m"), "442 ede #tea");
    assert_eq!(
        house.ask(ana, "MODE #tea +moZi eve"),
        [
            ":parlor.local 472 ana Z :is not a channel mode here",
            ":ana!~ana@HOST MODE #tea +mi",
            ":parlor.local 441 ana eve #tea :eve is not in #tea"
        ]
    );
}

#[test]
fn invalid_parameters_get_696() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    for (change, said) in [
        ("+k a,b", "k a,b"),
        ("+k a:b", "k a:b"),
        ("+k :two words", "k *"),
        ("+k a\u{7}b", "k a\u{7}b"),
        ("+l many", "l many"),
        ("+l 0", "l 0"),
        ("+l -1", "l -1"),
        ("+o 1st", "o 1st"),
        ("+b :two words", "b *"),
        ("+b :", "b *"),
        ("+b a\u{7}b", "b a\u{7}b"),
        ("+l :", "l *"),
        ("+k :", "k *"),
    ] {
        assert_eq!(
            house.told(ana, &format!("MODE #tea {change}")),
            format!("696 ana #tea {said}"),
            "{change}"
        );
    }
    let key = "x".repeat(33);
    assert_eq!(house.told(ana, &format!("MODE #tea +k {key}")), format!("696 ana #tea k {key}"));
    let mask = "x".repeat(201);
    assert_eq!(house.told(ana, &format!("MODE #tea +b {mask}")), format!("696 ana #tea b {mask}"));
    let key = "x".repeat(440);
    let why = "is not a key: 1 to 32 characters, no comma, colon or space";
    assert_eq!(
        house.ask(ana, &format!("MODE #tea +k {key}")),
        [format!(":parlor.local 696 ana #tea k * :{why}")]
    );
    assert_eq!(modes(&mut house, ana, "#tea"), "+nt");
}

#[test]
fn mode_parameters_beyond_the_announced_number_are_ignored() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let masks: Vec<_> = (0..22).map(|n| n.to_string()).collect();
    house.send(ana, &format!("MODE #tea +{} {}", "b".repeat(22), masks.join(" ")));
    let lines = house.lines(ana);
    assert!(lines.iter().all(|line| line.starts_with(":ana!~ana@HOST MODE #tea +b")), "{lines:#?}");
    assert_eq!(house.ask(ana, "MODE #tea b").len(), 20 + 1);
}

#[test]
fn many_long_masks_are_split_into_several_messages() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let masks: Vec<_> = (0..4).map(|n| format!("{n}{}", "x".repeat(110))).collect();
    let lines = house.ask(ana, &format!("MODE #tea +bbbb {}", masks.join(" ")));
    assert_eq!(house.lines(bob), lines);
    let heard: Vec<_> = lines
        .iter()
        .flat_map(|line| line.split(' ').skip(4))
        .map(|mask| mask.trim_end_matches("!*@*"))
        .collect();
    assert_eq!(heard, masks);
}

#[test]
fn bans_match_the_cloak_and_never_the_address() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.connect_from("192.0.2.7:1");
    house.register(bob, "bob", "");
    house.send(ana, "MODE #tea +b *!*@192.0.2.7");
    house.send(bob, "JOIN #tea");
    assert!(house.lines(bob)[0].contains("JOIN"));
    house.send(bob, "PART #tea");
    house.forget();
    // The cloak as sent.
    house.send(ana, "USERHOST bob");
    let reply = house.raw(ana);
    let cloak = reply.trim_end().rsplit_once('@').unwrap().1.to_owned();
    house.send(ana, &format!("MODE #tea +b *!*@{cloak}"));
    house.forget();
    assert_eq!(house.told(bob, "JOIN #tea"), "474 bob #tea");
    // Neither another name nor another port helps.
    house.send(bob, "QUIT");
    let bob = house.connect_from("192.0.2.7:2");
    house.register(bob, "bobby", "");
    assert_eq!(house.told(bob, "JOIN #tea"), "474 bobby #tea");
    // The last part of a cloak stands for the network.
    house.send(ana, &format!("MODE #tea -b *!*@{cloak}"));
    house.send(ana, &format!("MODE #tea +b *!*@*.{}", cloak.split_once('.').unwrap().1));
    let neighbour = house.connect_from("192.0.2.8:1");
    house.register(neighbour, "eve", "");
    assert_eq!(house.told(neighbour, "JOIN #tea"), "474 eve #tea");
}

// Users.

#[test]
fn a_user_can_see_set_and_remove_its_own_modes() {
    let mut house = IrcScene::new();
    let ana = house.irc("Ana");
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 Ana +"]);
    for letter in ["i", "w", "B"] {
        assert_eq!(
            house.ask(ana, &format!("MODE ana +{letter}")),
            [format!(":Ana!~Ana@HOST MODE Ana +{letter}")]
        );
        assert_eq!(house.ask(ana, "MODE ANA"), [format!(":parlor.local 221 Ana +{letter}")]);
        assert_eq!(house.ask(ana, &format!("MODE ana +{letter}")), [""; 0]);
        assert_eq!(
            house.ask(ana, &format!("MODE ana -{letter}")),
            [format!(":Ana!~Ana@HOST MODE Ana -{letter}")]
        );
    }
    assert_eq!(house.ask(ana, "MODE ana iw"), [":Ana!~Ana@HOST MODE Ana +iw"]);
    assert_eq!(house.ask(ana, "MODE ana -i+B"), [":Ana!~Ana@HOST MODE Ana +B-i"]);
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 Ana +Bw"]);
}

#[test]
fn user_modes_are_refused() {
    let mut house = IrcScene::new();
    let (ana, _bob) = (house.irc("ana"), house.irc("bob"));
    assert_eq!(house.told(ana, "MODE ana +Z"), "501 ana");
    assert_eq!(house.told(ana, "MODE bob"), "502 ana");
    assert_eq!(house.told(ana, "MODE bob +i"), "502 ana");
    assert_eq!(house.told(ana, "MODE nobody"), "401 ana nobody");
    // Known letters still take effect.
    let mut lines = house.ask(ana, "MODE ana +iZ");
    lines.sort();
    assert_eq!(lines, [":ana!~ana@HOST MODE ana +i", ":parlor.local 501 ana :Unknown mode"]);
}

#[test]
fn nobody_makes_itself_an_operator_of_the_server() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.ask(ana, "MODE ana +o"), [""; 0]);
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 ana +"]);
    let root = house.operator("root");
    assert_eq!(house.ask(root, "MODE root"), [":parlor.local 221 root +o"]);
    assert_eq!(house.ask(root, "MODE root -o"), [":root!~root@HOST MODE root -o"]);
    assert_eq!(house.told(root, "KILL ana :x"), "481 root");
}
