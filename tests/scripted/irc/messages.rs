//! Messages and their length limits.

use crate::irc::house::{Guest, IrcScene};

const TOO_LONG: &str =
    ":parlor.local 417 ana :Input line was too long: at most 512 bytes, and 4096 of tags before them";

#[test]
fn a_message_to_a_channel_is_heard_by_all_others() {
    let mut house = IrcScene::new();
    let [ana, bob, eve] = house.channel("#Tea", ["ana", "bob", "eve"]);
    for command in ["PRIVMSG", "NOTICE"] {
        assert_eq!(house.ask(ana, &format!("{} #tea :hi  all :)", command.to_lowercase())), [""; 0]);
        let heard = [format!(":ana!~ana@HOST {command} #Tea :hi  all :)")];
        assert_eq!(house.lines(bob), heard);
        assert_eq!(house.lines(eve), heard);
    }
}

#[test]
fn a_message_to_a_user_is_heard_only_by_that_user() {
    let mut house = IrcScene::new();
    let [ana, bob, _] = house.channel("#tea", ["ana", "Bob", "eve"]);
    for command in ["PRIVMSG", "NOTICE"] {
        house.send(ana, &format!("{command} bOB psst"));
        assert_eq!(house.lines(bob), [format!(":ana!~ana@HOST {command} Bob :psst")]);
    }
    assert!(house.is_silent());
    assert_eq!(house.ask(ana, "PRIVMSG ana :note to self"), [":ana!~ana@HOST PRIVMSG ana :note to self"]);
}

#[test]
fn a_message_to_several_targets_reaches_each() {
    let mut house = IrcScene::new();
    let [ana, bob, eve] = house.channel("#tea", ["ana", "bob", "eve"]);
    assert_eq!(
        house.ask(ana, "PRIVMSG bob,#tea,nobody,,eve :x"),
        [":parlor.local 401 ana nobody :nobody here is called nobody"]
    );
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG bob :x", ":ana!~ana@HOST PRIVMSG #tea :x"]);
    assert_eq!(house.lines(eve), [":ana!~ana@HOST PRIVMSG #tea :x", ":ana!~ana@HOST PRIVMSG eve :x"]);
}

#[test]
fn a_statusmsg_reaches_members_of_that_rank_or_above() {
    let mut house = IrcScene::new();
    let [ana, bob, eve, kim] = house.channel("#tea", ["ana", "bob", "eve", "kim"]);
    house.send(ana, "MODE #tea +v bob");
    house.forget();
    house.send(eve, "PRIVMSG @#tea :ops");
    assert_eq!(house.lines(ana), [":eve!~eve@HOST PRIVMSG @#tea :ops"]);
    assert!(house.is_silent());
    house.send(eve, "NOTICE +#TEA :voices");
    assert_eq!(house.lines(ana), [":eve!~eve@HOST NOTICE +#tea :voices"]);
    assert_eq!(house.lines(bob), [":eve!~eve@HOST NOTICE +#tea :voices"]);
    assert_eq!(house.lines(kim), [""; 0]);
    for target in ["@+#tea", "+@#tea"] {
        house.send(eve, &format!("PRIVMSG {target} :both"));
        assert_eq!(house.lines(ana), [":eve!~eve@HOST PRIVMSG +#tea :both"]);
        assert_eq!(house.lines(bob), [":eve!~eve@HOST PRIVMSG +#tea :both"]);
        assert!(house.is_silent());
    }
    house.send(ana, "MODE #tea +m");
    house.forget();
    assert_eq!(house.told(eve, "PRIVMSG @#tea :x"), "404 eve #tea");
    assert_eq!(house.told(eve, "PRIVMSG @+#nowhere :x"), "401 eve @+#nowhere");
    assert_eq!(house.told(eve, "PRIVMSG @#nowhere :x"), "401 eve @#nowhere");
    assert_eq!(house.told(eve, "PRIVMSG @tea :x"), "401 eve @tea");
    assert_eq!(house.told(eve, "PRIVMSG %#tea :x"), "401 eve %#tea");
}

#[test]
fn messages_are_refused() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    assert_eq!(house.told(eve, "PRIVMSG"), "411 eve");
    assert_eq!(house.ask(eve, "privmsg"), [":parlor.local 411 eve :No recipient given (PRIVMSG)"]);
    assert_eq!(house.told(eve, "PRIVMSG :"), "411 eve");
    assert_eq!(house.told(eve, "PRIVMSG ,, :x"), "411 eve");
    assert_eq!(house.told(eve, "TAGMSG"), "411 eve");
    assert_eq!(house.told(eve, "PRIVMSG bob"), "412 eve");
    assert_eq!(house.told(eve, "PRIVMSG bob :"), "412 eve");
    assert_eq!(house.told(eve, "PRIVMSG nobody :x"), "401 eve nobody");
    assert_eq!(house.told(eve, "PRIVMSG #nowhere :x"), "401 eve #nowhere");
    assert_eq!(house.told(eve, "PRIVMSG no.body :x"), "401 eve no.body");
    assert_eq!(house.told(eve, "PRIVMSG #tea :x"), "404 eve #tea");
    assert_eq!(house.told(eve, "PRIVMSG a,b,c,d,e,f :x"), "407 eve e");
    house.send(ana, "MODE #tea +m");
    house.forget();
    assert_eq!(house.told(bob, "PRIVMSG #tea :x"), "404 bob #tea");
    house.send(ana, "MODE #tea -m+b bob");
    house.forget();
    assert_eq!(house.told(bob, "PRIVMSG #tea :x"), "404 bob #tea");
    house.send(ana, "MODE #tea +s-n");
    house.forget();
    assert_eq!(house.told(eve, "PRIVMSG #tea :x"), "401 eve #tea");
    assert!(house.is_silent());
}

#[test]
fn a_user_who_may_not_speak_is_told_why_and_what_to_do() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    let mut told = |change: &str, guest, who: &str, text: &str| {
        house.send(ana, &format!("MODE #tea {change}"));
        house.forget();
        let lines = house.ask(guest, &format!("PRIVMSG #tea :{text}"));
        let why = lines[0].strip_prefix(&format!(":parlor.local 404 {who} #tea :")).map(str::to_owned);
        why.unwrap_or_else(|| panic!("{lines:#?}"))
    };
    let outside = "only members may speak in #tea, join it first";
    assert_eq!(told("+n", eve, "eve", "x"), outside);
    assert_eq!(told("-n+m", eve, "eve", "x"), outside);
    assert_eq!(told("+nm", bob, "bob", "x"), "#tea is moderated, ask one of its operators for a voice");
    let banned = "you are banned from speaking in #tea, ask one of its operators to lift the ban";
    assert_eq!(told("-m+b bob", bob, "bob", "x"), banned);
    assert_eq!(told("-n+b eve", eve, "eve", "x"), banned);
    let ctcp = "#tea allows no CTCP requests but /me, send it to one person or ask for mode -C";
    assert_eq!(told("-b+C bob", bob, "bob", "\x01VERSION\x01"), ctcp);
    assert_eq!(told("+C", ana, "ana", "\x01PING 1\x01"), ctcp);
    // A receiver would get the second piece as a message of its own.
    let request = format!("{}\x01VERSION\x01", "x".repeat(450));
    assert_eq!(told("+C", ana, "ana", &request), ctcp);
}

#[test]
fn a_notice_is_never_answered() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    house.send(bob, "AWAY :gone");
    house.send(ana, "MODE #tea +m");
    house.forget();
    for notice in [
        "NOTICE",
        "NOTICE bob",
        "NOTICE bob :",
        "NOTICE nobody :x",
        "NOTICE #nowhere :x",
        "NOTICE #tea :x",
        "NOTICE a,b,c,d,e,f :x",
        "NOTICE no.body :x",
        "NOTICE ,, :x",
    ] {
        assert_eq!(house.ask(eve, notice), [""; 0], "{notice}");
    }
    house.send(eve, "NOTICE bob :x");
    assert_eq!(house.lines(bob), [":eve!~eve@HOST NOTICE bob :x"]);
    assert!(house.is_silent());
}

#[test]
fn a_message_to_an_away_user_is_answered_with_the_away_text() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("Bob"));
    house.send(bob, "AWAY :out for lunch");
    house.forget();
    assert_eq!(house.ask(ana, "PRIVMSG bob :hi"), [":parlor.local 301 ana Bob :out for lunch"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG Bob :hi"]);
    house.send(bob, "AWAY");
    house.forget();
    assert_eq!(house.ask(ana, "PRIVMSG bob :hi"), [""; 0]);
}

#[test]
fn ctcp_requests_are_relayed_unchanged() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    for text in ["\x01VERSION\x01", "\x01ACTION waves\x01", "\x01PING 12 34\x01", "\x01ACTION unended"] {
        house.send(ana, &format!("PRIVMSG bob :{text}"));
        assert_eq!(house.lines(bob), [format!(":ana!~ana@HOST PRIVMSG bob :{text}")]);
    }
}

// Lengths.

/// The texts of the messages that `who` received.
fn texts(house: &mut IrcScene, who: Guest) -> Vec<String> {
    let lines = house.lines(who).into_iter();
    lines
        .map(|line| {
            line.splitn(4, ' ')
                .nth(3)
                .expect("the server says so")
                .strip_prefix(':')
                .expect("the server says so")
                .to_owned()
        })
        .collect()
}

#[test]
fn a_text_too_long_with_its_source_is_split_and_loses_nothing() {
    for filler in ["x", "é", "好", "🦀"] {
        let mut house = IrcScene::new();
        let [ana, bob] = house.channel("#tea", [&"好".repeat(32), "bob"]);
        let head = "PRIVMSG #tea :";
        for shift in 0..4 {
            let room = 510 - head.len() - shift;
            let text = "-".repeat(shift) + &filler.repeat(room / filler.len());
            house.send(ana, &format!("{head}{text}"));
            let heard = texts(&mut house, bob);
            assert_eq!(heard.len(), 2, "{filler}");
            assert_eq!(heard.concat(), text);
        }
    }
}

#[test]
fn each_part_of_a_split_action_ends_with_its_mark() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", [&"好".repeat(32), "bob"]);
    let words = "好".repeat(150);
    house.send(ana, &format!("PRIVMSG #tea :\x01ACTION {words}\x01"));
    let heard = texts(&mut house, bob);
    assert!(heard.iter().all(|text| text.starts_with("\x01ACTION ") && text.ends_with('\x01')), "{heard:?}");
    let said: String =
        heard.iter().map(|text| text.trim_start_matches("\x01ACTION ").trim_end_matches('\x01')).collect();
    assert_eq!(said, words);
}

#[test]
fn lines_of_up_to_512_bytes_are_accepted_and_longer_ones_get_417() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    let head = "PRIVMSG bob :";
    house.send(ana, &format!("{head}{}", "x".repeat(510 - head.len())));
    assert_eq!(texts(&mut house, bob).concat().len(), 510 - head.len());
    assert_eq!(house.lines(ana), [""; 0]);
    let too_long = format!("{head}{}", "x".repeat(511 - head.len()));
    assert_eq!(house.ask(ana, &too_long), [TOO_LONG]);
    // A bare newline leaves no room for another byte.
    house.bytes(ana, format!("{too_long}\n"));
    assert_eq!(house.lines(ana), [TOO_LONG]);
    // The next line is handled on its own.
    house.bytes(ana, format!("{}\r\nPING x\r\n", "y".repeat(5000)));
    assert_eq!(house.lines(ana), [TOO_LONG, ":parlor.local PONG parlor.local :x"]);
    assert_eq!(house.lines(bob), [""; 0]);
}

#[test]
fn tags_of_up_to_4096_bytes_are_accepted_and_longer_ones_get_417() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "message-tags");
    let bob = house.irc_with("bob", "message-tags");
    // `@` and the space count, too.
    let most = format!("+a={}", "x".repeat(4094 - 3));
    let head = "PRIVMSG bob :";
    let text = "y".repeat(510 - head.len());
    house.send(ana, &format!("@{most} {head}{text}"));
    assert_eq!(house.lines(ana), [""; 0]);
    let heard = house.lines(bob);
    let with_tags = heard.iter().map(|line| line.contains(&most));
    assert_eq!(with_tags.collect::<Vec<_>>(), [true, false], "the first line has the tags of the message");
    let too_long = format!("@{most}x PRIVMSG bob :hi");
    assert_eq!(house.told(ana, &too_long), "417 ana");
    assert_eq!(house.told(ana, &format!("@{most}x")), "417 ana", "also with no command behind them");
    assert_eq!(house.told(ana, &format!("@a=b {head}{text}y")), "417 ana");
    assert_eq!(house.told(ana, &format!("@{}", "z".repeat(9000))), "417 ana");
    assert!(house.is_silent());
}

#[test]
fn the_line_limit_holds_before_registration() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    assert_eq!(house.told(ana, &format!("NICK {}", "x".repeat(600))), "417 *");
    house.register(ana, "ana", "");
}

#[test]
fn a_line_of_megabytes_gets_one_error_and_is_ignored_to_its_end() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    house.bytes(ana, "PRIVMSG bob :");
    for _ in 0..1000 {
        house.bytes(ana, "x".repeat(5_003));
    }
    assert_eq!(house.lines(ana), [TOO_LONG]);
    house.bytes(ana, "\r\nPRIVMSG bob :short\r\n");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG bob :short"]);
    assert!(house.is_silent());
    // A single write makes no difference.
    house.bytes(ana, "x".repeat(3_000_000) + "\nPING y\n");
    assert_eq!(house.lines(ana).len(), 2);
    house.bytes(ana, "x".repeat(10_000));
    house.half_close(ana);
    assert_eq!(house.lines(ana), [TOO_LONG]);
    assert!(house.is_gone(ana));
}

// One line stays one line.

#[test]
fn cr_and_nul_inside_a_line_never_split_it() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "CAP REQ :message-tags");
    house.send(bob, "CAP REQ :message-tags");
    house.send(ana, "MODE #tea -t");
    house.forget();
    for line in [
        "PRIVMSG #tea :a\rQUIT",
        "PRIVMSG #tea :a\0QUIT",
        "PRIVMSG #tea :\r\rx",
        "PRIVMSG #tea :\x01ACTION a\rb\x01",
        "NOTICE bob :a\r\rb",
        "TOPIC #tea :a\rb",
        "TOPIC #tea",
        "PRIVMSG no\rbody :x",
        "JOIN #a\rb",
        "JOIN #a\0b",
        "MODE #tea +k a\rb",
        "MODE #tea +b a\0b",
        "MODE #tea +\r",
        "NICK a\rb",
        "AWAY :a\rb",
        "PRIVMSG ana :x",
        "SETNAME :a\rb",
        "WHOIS ana",
        "KICK #tea b\rob :x",
        "PING :a\rb",
        "x\ry",
        "@+a=b\rQUIT TAGMSG #tea",
        "@+a=b\0QUIT PRIVMSG #tea :x",
        "@+a\rb PRIVMSG #tea :x",
        "@label=a\rb PING x",
        "PART #tea :a\rb",
    ] {
        // `IrcScene` checks every line of output.
        house.send(ana, line);
        house.forget();
    }
    house.send(ana, "QUIT :a\rb");
    house.forget();
    assert_eq!(house.hub().users().len(), 1);
}
