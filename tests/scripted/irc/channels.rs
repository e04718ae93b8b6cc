//! Channels: joining and parting, topics, lists, invitations, kicks.

use std::time::Duration;

use crate::irc::house::IrcScene;

const MINUTE: Duration = Duration::from_secs(60);

// JOIN.

#[test]
fn the_first_to_join_is_operator_and_is_told_the_names() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    assert_eq!(
        house.ask(ana, "JOIN #Tea"),
        [
            ":ana!~ana@HOST JOIN #Tea",
            ":parlor.local 353 ana = #Tea :@ana",
            ":parlor.local 366 ana #Tea :End of NAMES list"
        ]
    );
    // Later members get the name as the first wrote it.
    assert_eq!(
        house.ask(bob, "JOIN #tEA"),
        [
            ":bob!~bob@HOST JOIN #Tea",
            ":parlor.local 353 bob = #Tea :bob @ana",
            ":parlor.local 366 bob #Tea :End of NAMES list"
        ]
    );
    assert_eq!(house.lines(ana), [":bob!~bob@HOST JOIN #Tea"]);
}

#[test]
fn joining_tells_the_topic() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    house.send(ana, "TOPIC #tea :green & black");
    let bob = house.irc("bob");
    assert_eq!(
        house.ask(bob, "JOIN #tea")[1..3],
        [":parlor.local 332 bob #tea :green & black", ":parlor.local 333 bob #tea ana!~ana@HOST 1000000000"]
    );
}

#[test]
fn a_list_of_channels_is_joined_with_a_list_of_keys() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#a", ["ana"]);
    for setup in ["JOIN #b,#c,,#d", "MODE #a +k one", "MODE #c +k three"] {
        house.send(ana, setup);
    }
    let bob = house.irc("bob");
    let joined = house.ask(bob, "JOIN #a,#b,#c,#d one,,three");
    let joined: Vec<_> = joined.iter().filter_map(|line| line.strip_prefix(":bob!~bob@HOST JOIN ")).collect();
    assert_eq!(joined, ["#a", "#b", "#c", "#d"]);
}

#[test]
fn joining_a_channel_twice_does_nothing() {
    let mut house = IrcScene::new();
    let [ana, _] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(ana, "JOIN #TEA"), [""; 0]);
    assert!(house.is_silent());
}

#[test]
fn join_0_leaves_every_channel() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#a", ["ana", "bob"]);
    house.send(ana, "JOIN #b,#c");
    house.forget();
    let mut lines = house.ask(ana, "JOIN 0");
    lines.sort();
    let parts = ["#a", "#b", "#c"].map(|name| format!(":ana!~ana@HOST PART {name}"));
    assert_eq!(lines, parts);
    assert_eq!(house.lines(bob), parts[..1]);
    assert_eq!(house.ask(ana, "JOIN 0"), [""; 0]);
}

#[test]
fn joining_an_invalid_channel_name_is_refused() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.told(ana, "JOIN tea"), "403 ana tea");
    assert_eq!(house.told(ana, "JOIN &tea"), "403 ana &tea");
    assert_eq!(house.told(ana, "JOIN #te\u{7}a"), "476 ana #te\u{7}a");
    let long = format!("#{}", "x".repeat(64));
    assert_eq!(house.told(ana, &format!("JOIN {long}")), format!("476 ana {long}"));
    assert_eq!(house.hub().rooms().len(), 1);
}

#[test]
fn a_refused_join_is_answered_with_the_reason() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(bob, "PART #tea");
    house.forget();
    for (on, off, code) in [
        ("+i", "-i", "473"),
        ("+k key", "-k *", "475"),
        ("+l 1", "-l", "471"),
        ("+b bob", "-b bob", "474"),
        ("+b *!*@*.ip", "-b *!*@*.ip", "474"),
    ] {
        house.send(ana, &format!("MODE #tea {on}"));
        assert_eq!(house.told(bob, "JOIN #Tea wrong"), format!("{code} bob #tea"), "{on}");
        house.send(ana, &format!("MODE #tea {off}"));
    }
    house.send(ana, "MODE #tea +k key");
    assert_eq!(house.told(bob, "JOIN #tea"), "475 bob #tea");
    assert_eq!(house.told(bob, "JOIN #tea KEY"), "475 bob #tea");
    assert_eq!(house.ask(bob, "JOIN #tea key")[0], ":bob!~bob@HOST JOIN #tea");
}

#[test]
fn nobody_can_join_more_channels_than_chanlimit() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for n in 0..50 {
        house.send(ana, &format!("JOIN #{n}"));
    }
    house.forget();
    assert_eq!(house.told(ana, "JOIN #one-more"), "405 ana #one-more");
    house.send(ana, "PART #0");
    house.forget();
    assert_eq!(house.ask(ana, "JOIN #one-more")[0], ":ana!~ana@HOST JOIN #one-more");
}

#[test]
fn an_empty_channel_is_gone_with_its_settings() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    for setup in ["MODE #tea +ksm key", "TOPIC #tea :t", "PART #tea"] {
        house.send(ana, setup);
    }
    house.send(bob, "PART #tea");
    house.forget();
    assert_eq!(house.told(ana, "MODE #tea"), "403 ana #tea");
    let lines = house.ask(bob, "JOIN #tea");
    assert_eq!(lines[1], ":parlor.local 353 bob = #tea :@bob");
    assert_eq!(house.ask(bob, "MODE #tea")[0], ":parlor.local 324 bob #tea +nt");
}

// PART.

#[test]
fn parting_is_heard_with_its_reason() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(ana, "PART #TEA :so long"), [":ana!~ana@HOST PART #tea :so long"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PART #tea :so long"]);
    assert_eq!(house.ask(bob, "PART #tea"), [":bob!~bob@HOST PART #tea"]);
}

#[test]
fn several_channels_are_parted_one_by_one() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#a", ["ana"]);
    house.send(ana, "JOIN #b");
    house.forget();
    assert_eq!(
        house.ask(ana, "PART #a,#nowhere,#b :x"),
        [
            ":ana!~ana@HOST PART #a :x",
            ":parlor.local 403 ana #nowhere :No such channel",
            ":ana!~ana@HOST PART #b :x"
        ]
    );
}

#[test]
fn parting_a_channel_without_being_in_it_is_refused() {
    let mut house = IrcScene::new();
    house.channel("#tea", ["ana"]);
    let bob = house.irc("bob");
    assert_eq!(house.told(bob, "PART #tea"), "442 bob #tea");
    assert_eq!(house.told(bob, "PART #nowhere"), "403 bob #nowhere");
    assert_eq!(house.told(bob, "PART nowhere"), "403 bob nowhere");
}

// TOPIC.

#[test]
fn a_topic_is_set_shown_and_removed() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(bob, "TOPIC #tea"), [":parlor.local 331 bob #tea :No topic is set"]);
    assert_eq!(house.ask(ana, "TOPIC #tea :all of it"), [":ana!~ana@HOST TOPIC #tea :all of it"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST TOPIC #tea :all of it"]);
    house.pass(MINUTE);
    assert_eq!(
        house.ask(bob, "TOPIC #TEA"),
        [":parlor.local 332 bob #tea :all of it", ":parlor.local 333 bob #tea ana!~ana@HOST 1000000000"]
    );
    assert_eq!(house.ask(ana, "TOPIC #tea :"), [":ana!~ana@HOST TOPIC #tea :"]);
    house.forget();
    assert_eq!(house.told(ana, "TOPIC #tea"), "331 ana #tea");
}

#[test]
fn topics_are_refused() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    assert_eq!(house.told(bob, "TOPIC #tea :x"), "482 bob #tea");
    assert_eq!(house.told(eve, "TOPIC #tea :x"), "442 eve #tea");
    assert_eq!(house.told(eve, "TOPIC #nowhere :x"), "403 eve #nowhere");
    assert_eq!(house.told(eve, "TOPIC #nowhere"), "403 eve #nowhere");
    assert_eq!(house.told(eve, "TOPIC #tea"), "331 eve #tea");
    house.send(ana, "MODE #tea -t");
    house.forget();
    assert_eq!(house.ask(bob, "TOPIC #tea :x"), [":bob!~bob@HOST TOPIC #tea :x"]);
    assert_eq!(house.told(eve, "TOPIC #tea :x"), "442 eve #tea");
    house.send(ana, "MODE #tea +s");
    assert_eq!(house.told(eve, "TOPIC #tea"), "403 eve #tea");
}

// NAMES.

#[test]
fn names_shows_ranks_and_several_channels() {
    let mut house = IrcScene::new();
    let [ana, bob, _] = house.channel("#tea", ["ana", "bob", "eve"]);
    house.send(ana, "MODE #tea +v bob");
    house.send(ana, "MODE #tea +v ana");
    house.send(bob, "JOIN #milk");
    house.forget();
    assert_eq!(
        house.ask(ana, "NAMES #tea,#MILK,#nowhere,nowhere"),
        [
            ":parlor.local 353 ana = #tea :eve +bob @ana",
            ":parlor.local 366 ana #tea :End of NAMES list",
            ":parlor.local 353 ana = #milk :@bob",
            ":parlor.local 366 ana #milk :End of NAMES list",
            ":parlor.local 366 ana #nowhere :End of NAMES list",
            ":parlor.local 366 ana nowhere :End of NAMES list"
        ]
    );
    assert_eq!(house.ask(ana, "NAMES"), [":parlor.local 366 ana * :End of NAMES list"]);
}

#[test]
fn secret_channels_and_invisible_members_are_not_shown_outside() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    house.send(bob, "MODE bob +i");
    house.forget();
    assert_eq!(house.ask(eve, "NAMES #tea")[0], ":parlor.local 353 eve = #tea :@ana");
    assert_eq!(house.ask(ana, "NAMES #tea")[0], ":parlor.local 353 ana = #tea :bob @ana");
    house.send(ana, "MODE #tea +s");
    house.forget();
    assert_eq!(house.ask(eve, "NAMES #tea"), [":parlor.local 366 eve #tea :End of NAMES list"]);
    assert_eq!(house.ask(ana, "NAMES #tea")[0], ":parlor.local 353 ana @ #tea :bob @ana");
}

#[test]
fn many_names_take_several_lines_and_none_is_lost_or_truncated() {
    let mut house = IrcScene::new().unchecked();
    let mut wanted = Vec::new();
    for n in 0..200 {
        let name = format!("{}{n}", "好".repeat(n % 29));
        let name = if n % 29 == 0 { format!("n{n}") } else { name };
        let guest = house.irc(&name);
        house.send(guest, "JOIN #tea");
        house.forget();
        wanted.push(name);
    }
    let ana = house.irc("ana");
    let lines = house.ask(ana, "NAMES #tea");
    assert_eq!(lines.last().unwrap(), ":parlor.local 366 ana #tea :End of NAMES list");
    let mut names: Vec<String> = Vec::new();
    for line in &lines[..lines.len() - 1] {
        let (_, listed) = line.split_once(":parlor.local 353 ana = #tea :").unwrap();
        names.extend(listed.split(' ').map(|name| name.trim_start_matches('@').to_owned()));
    }
    names.sort();
    wanted.sort();
    assert_eq!(names, wanted);
}

// LIST.

/// The channels that `LIST` with these conditions returns, sorted.
fn listed(house: &mut IrcScene, who: crate::irc::house::Guest, conditions: &str) -> Vec<String> {
    let lines = house.ask(who, &format!("LIST {conditions}"));
    let (first, last) =
        (lines.first().expect("the server says so"), lines.last().expect("the server says so"));
    assert!(
        first.contains(" 321 ") && last.ends_with(" :End of LIST") && last.contains(" 323 "),
        "{lines:#?}"
    );
    let mut names: Vec<_> = lines[1..lines.len() - 1]
        .iter()
        .map(|line| line.split(' ').nth(3).expect("the server says so").to_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn list_shows_name_members_and_topic() {
    let mut house = IrcScene::new();
    let [ana, _] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "TOPIC #tea :green");
    house.forget();
    let mut lines = house.ask(ana, "LIST");
    lines[1..3].sort();
    assert_eq!(
        lines,
        [
            ":parlor.local 321 ana Channel :Users  Name",
            ":parlor.local 322 ana #lobby 0 :",
            ":parlor.local 322 ana #tea 2 :green",
            ":parlor.local 323 ana :End of LIST"
        ]
    );
}

#[test]
fn list_takes_names_and_every_condition_of_elist() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "TOPIC #tea :t");
    house.pass(10 * MINUTE);
    house.send(bob, "JOIN #milk");
    house.send(bob, "TOPIC #milk :m");
    house.pass(10 * MINUTE);
    house.forget();
    let cases: &[(&str, &[&str])] = &[
        ("", &["#lobby", "#milk", "#tea"]),
        ("#TEA", &["#tea"]),
        ("#tea,#nowhere,#milk", &["#milk", "#tea"]),
        ("#nowhere", &[]),
        // M and N
        ("#t*", &["#tea"]),
        ("*i*,*e*", &["#milk", "#tea"]),
        ("!*i*", &["#lobby", "#tea"]),
        ("#?e?,!#t*", &[]),
        // U
        (">0", &["#milk", "#tea"]),
        (">1", &["#tea"]),
        ("<1", &["#lobby"]),
        (">0,<2", &["#milk"]),
        // C
        ("C<15", &["#milk"]),
        ("C>15", &["#lobby", "#tea"]),
        ("C>9,C<11", &["#milk"]),
        // T
        ("T<15", &["#milk"]),
        ("T>15", &["#tea"]),
        ("t>0", &["#milk", "#tea"]),
        ("C>100", &[]),
        // All combined, and after names.
        ("*,>0,C>5,!#tea", &["#milk"]),
        ("#tea,#milk >1", &["#tea"]),
    ];
    for (conditions, names) in cases {
        assert_eq!(listed(&mut house, ana, conditions), *names, "LIST {conditions}");
    }
}

#[test]
fn a_secret_channel_is_listed_to_its_members_and_to_operators() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let (eve, root) = (house.irc("eve"), house.operator("root"));
    house.send(ana, "MODE #tea +s");
    house.forget();
    assert_eq!(listed(&mut house, ana, "#tea"), ["#tea"]);
    assert_eq!(listed(&mut house, root, "#tea"), ["#tea"]);
    assert_eq!(listed(&mut house, eve, "#tea"), [""; 0]);
    assert_eq!(listed(&mut house, eve, ""), ["#lobby"]);
}

// INVITE.

#[test]
fn an_invitation_is_announced_to_both_and_lets_the_user_in() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.irc("Bob");
    house.send(ana, "MODE #tea +ilk 1 key");
    house.forget();
    assert_eq!(house.ask(ana, "INVITE bob #TEA"), [":parlor.local 341 ana Bob #tea"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST INVITE Bob #tea"]);
    assert_eq!(house.ask(bob, "JOIN #tea")[0], ":Bob!~Bob@HOST JOIN #tea");
    // An invitation works once.
    house.send(bob, "PART #tea");
    house.forget();
    assert_eq!(house.told(bob, "JOIN #tea"), "473 Bob #tea");
}

#[test]
fn an_invitation_does_not_undo_a_ban() {
    let mut house = IrcScene::new();
    let [ana, eve] = house.channel("#tea", ["ana", "eve"]);
    let bob = house.irc("bob");
    house.send(ana, "MODE #tea +b bob!*@*");
    house.send(eve, "INVITE bob #tea");
    house.forget();
    assert_eq!(house.told(bob, "JOIN #tea"), "474 bob #tea");
}

#[test]
fn an_answer_too_large_for_the_outbox_is_truncated_and_says_so() {
    let mut house = IrcScene::with(|config| config.limits.outbox_bytes = 8 * 1024);
    let ana = house.irc("ana");
    for n in 0..160 {
        let bob = house.irc(&format!("somebody-whose-name-is-long-{n}"));
        house.send(bob, "JOIN #tea");
        house.send(bob, &format!("JOIN #{n}"));
        house.send(bob, &format!("TOPIC #{n} :what we talk about"));
        house.forget();
    }
    for (question, about, line, end) in
        [("WHO *", "*", "352", "315"), ("LIST", "*", "322", "323"), ("JOIN #tea", "#tea", "353", "366")]
    {
        let answer = house.ask(ana, question);
        let bytes: usize = answer.iter().map(String::len).sum();
        assert!((2048..5120).contains(&bytes), "{question}: {bytes} bytes");
        let codes: Vec<_> = answer.iter().filter_map(|line| line.split(' ').nth(1)).collect();
        assert!(codes.contains(&line), "{question}");
        assert_eq!(codes[codes.len() - 2..], ["416", end], "{question}");
        assert!(answer[codes.len() - 2].starts_with(&format!(":parlor.local 416 ana {about} :")));
    }
    // Repeated targets in a line are answered once.
    let answer = house.ask(ana, &format!("NAMES {}", ["#tea"; 20].join(",")));
    assert_eq!(answer.iter().filter(|line| line.contains(" 366 ")).count(), 1);
    // A smaller answer is complete.
    let answer = house.ask(ana, "WHO *-99");
    assert_eq!(answer.len(), 2, "{answer:?}");
}

#[test]
fn inviting_an_away_user_is_answered_with_the_away_text() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.irc("bob");
    house.send(bob, "AWAY :at lunch");
    house.forget();
    assert_eq!(
        house.ask(ana, "INVITE bob #tea"),
        [":parlor.local 341 ana bob #tea", ":parlor.local 301 ana bob :at lunch"]
    );
}

#[test]
fn invite_without_parameters_lists_pending_invitations() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.irc("bob");
    house.send(ana, "JOIN #milk");
    let end = ":parlor.local 337 bob :End of INVITE list";
    assert_eq!(house.ask(bob, "INVITE"), [end]);
    house.send(ana, "INVITE bob #tea");
    house.send(ana, "INVITE bob #milk");
    house.forget();
    assert_eq!(house.ask(bob, "INVITE"), [":parlor.local 336 bob #tea", ":parlor.local 336 bob #milk", end]);
    // Invitations to channels that no longer exist are removed.
    house.send(ana, "PART #tea");
    assert_eq!(house.ask(bob, "INVITE"), [":parlor.local 336 bob #milk", end]);
    house.send(bob, "JOIN #milk");
    house.forget();
    assert_eq!(house.ask(bob, "INVITE"), [end]);
}

#[test]
fn an_invitation_does_not_apply_to_a_later_channel_of_the_same_name() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.irc("bob");
    house.send(ana, "INVITE bob #tea");
    house.send(ana, "PART #tea");
    house.pass(MINUTE);
    house.send(ana, "JOIN #tea");
    house.send(ana, "MODE #tea +i");
    house.forget();
    assert_eq!(house.told(bob, "JOIN #tea"), "473 bob #tea");
}

#[test]
fn invitations_are_refused() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    assert_eq!(house.told(ana, "INVITE eve #nowhere"), "403 ana #nowhere");
    assert_eq!(house.told(ana, "INVITE eve nowhere"), "403 ana nowhere");
    assert_eq!(house.told(ana, "INVITE nobody #tea"), "401 ana nobody");
    assert_eq!(house.told(ana, "INVITE no.body #tea"), "401 ana no.body");
    assert_eq!(house.told(ana, "INVITE bob #tea"), "443 ana bob #tea");
    assert_eq!(house.told(eve, "INVITE eve #tea"), "442 eve #tea");
    house.send(ana, "MODE #tea +i");
    house.forget();
    assert_eq!(house.told(bob, "INVITE eve #tea"), "482 bob #tea");
    assert_eq!(house.lines(eve), [""; 0]);
}

// KICK.

#[test]
fn a_kick_is_heard_by_all_and_takes_several() {
    let mut house = IrcScene::new();
    let [ana, bob, eve, kim] = house.channel("#tea", ["ana", "bob", "eve", "kim"]);
    let kicks = [":ana!~ana@HOST KICK #tea bob :out", ":ana!~ana@HOST KICK #tea eve :out"];
    assert_eq!(house.ask(ana, "KICK #TEA BOB,eve :out"), kicks);
    assert_eq!(house.lines(bob), kicks[..1]);
    assert_eq!(house.lines(eve), kicks);
    assert_eq!(house.lines(kim), kicks);
    // Without a reason, the kicker's name is the reason.
    assert_eq!(house.ask(ana, "KICK #tea kim"), [":ana!~ana@HOST KICK #tea kim :ana"]);
    assert_eq!(house.ask(ana, "NAMES #tea")[0], ":parlor.local 353 ana = #tea :@ana");
    assert_eq!(house.told(bob, "PART #tea"), "442 bob #tea");
}

#[test]
fn kicks_are_refused() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    assert_eq!(house.told(bob, "KICK #tea ana"), "482 bob #tea");
    assert_eq!(house.told(eve, "KICK #tea ana"), "442 eve #tea");
    assert_eq!(house.told(ana, "KICK #nowhere bob"), "403 ana #nowhere");
    assert_eq!(house.told(ana, "KICK nowhere bob"), "403 ana nowhere");
    assert_eq!(house.told(ana, "KICK #tea eve"), "441 ana eve #tea");
    assert_eq!(house.told(ana, "KICK #tea nobody"), "441 ana nobody #tea");
    house.send(ana, "MODE #tea +v bob");
    house.forget();
    assert_eq!(house.told(bob, "KICK #tea ana"), "482 bob #tea");
    assert_eq!(house.hub().users().iter().filter(|(_, user)| user.seats.len() == 1).count(), 2);
}

#[test]
fn a_kick_of_several_that_is_refused_as_a_whole_gets_one_error() {
    let mut house = IrcScene::new();
    let [_, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.told(bob, "KICK #tea ana,eve,kim"), "482 bob #tea");
    assert_eq!(house.told(bob, "KICK #nowhere ana,eve,kim"), "403 bob #nowhere");
}

#[test]
fn a_kick_from_several_channels_removes_each_from_the_one_at_the_same_place() {
    let mut house = IrcScene::new();
    let [ana, bob, eve] = house.channel("#tea", ["ana", "bob", "eve"]);
    for guest in [ana, bob, eve] {
        house.send(guest, "JOIN #milk");
    }
    house.forget();
    let kicks = [":ana!~ana@HOST KICK #tea bob :out", ":ana!~ana@HOST KICK #milk eve :out"];
    assert_eq!(house.ask(ana, "KICK #tea,#milk bob,eve :out"), kicks);
    assert_eq!(house.lines(bob), kicks);
    assert_eq!(house.lines(eve), kicks);
    // A refused target does not prevent the other kicks.
    assert_eq!(
        house.ask(ana, "KICK #nowhere,#milk,tea,#tea bob,bob,bob,eve :out"),
        [
            ":parlor.local 403 ana #nowhere :No such channel",
            ":ana!~ana@HOST KICK #milk bob :out",
            ":parlor.local 403 ana tea :No such channel",
            ":ana!~ana@HOST KICK #tea eve :out",
        ]
    );
}

#[test]
fn a_kick_with_channels_and_nicks_that_do_not_pair_removes_nobody() {
    let mut house = IrcScene::new();
    let [ana, _] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "JOIN #milk");
    house.forget();
    for line in ["KICK #tea,#milk bob", "KICK #tea,#milk bob,ana,bob", "KICK , bob"] {
        assert_eq!(house.told(ana, line), "461 ana KICK", "{line}");
    }
    let lines = house.ask(ana, "KICK #tea,#tea,#tea,#tea,#tea a,b,c,d,e");
    assert!(lines.last().is_some_and(|line| line.contains(" 407 ana e ")), "{lines:#?}");
    assert_eq!(lines.len(), 5);
}

#[test]
fn an_operator_can_kick_itself() {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    assert_eq!(
        house.ask(ana, "KICK #tea ana,ana :x"),
        [":ana!~ana@HOST KICK #tea ana :x", ":parlor.local 403 ana #tea :No such channel"]
    );
    assert_eq!(house.hub().rooms().len(), 1);
}

// The lobby.

#[test]
fn the_lobby_always_exists_and_its_first_user_is_not_its_operator() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.ask(ana, "JOIN #lobby")[1], ":parlor.local 353 ana = #lobby :ana");
    for change in ["MODE #lobby +m", "TOPIC #lobby :mine", "KICK #lobby ana"] {
        assert_eq!(house.told(ana, change), "482 ana #lobby", "{change}");
    }
    house.send(ana, "PART #lobby");
    house.forget();
    assert_eq!(house.ask(ana, "MODE #lobby")[0], ":parlor.local 324 ana #lobby +nt");
}
