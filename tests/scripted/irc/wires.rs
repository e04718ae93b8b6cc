//! Both wires together: one lobby, one index of names, whispers between them.

use std::time::Duration;

use crate::irc::house::IrcScene;

#[test]
fn the_lobby_is_heard_on_both_wires() {
    let mut house = IrcScene::new();
    let li = house.crazyit("李");
    let ana = house.irc("ana");
    house.send(ana, "JOIN #lobby");
    assert_eq!(house.lines(ana)[1], ":parlor.local 353 ana = #lobby :ana 李");
    house.bytes(li, "§γ大家好§γ");
    assert_eq!(house.lines(ana), [":李!crazyit@HOST PRIVMSG #lobby :大家好"]);
    assert_eq!(house.lines(li), ["李说：大家好"]);
    house.send(ana, "PRIVMSG #lobby :hello");
    assert_eq!(house.lines(li), ["ana说：hello"]);
    house.send(ana, "NOTICE #LOBBY :note");
    assert_eq!(house.lines(li), ["ana说：note"]);
}

#[test]
fn whispers_cross_and_reach_nobody_else() {
    let mut house = IrcScene::new();
    let (li, ana, eve) = (house.crazyit("李"), house.irc("ana"), house.irc("eve"));
    house.send(ana, "PRIVMSG 李 :psst");
    assert_eq!(house.lines(li), ["ana悄悄地对你说：psst"]);
    house.bytes(li, "★【ANA※yes?★【");
    assert_eq!(house.lines(ana), [":李!crazyit@HOST PRIVMSG ana :yes?"]);
    house.send(ana, "NOTICE 李 :note");
    assert_eq!(house.lines(li), ["ana悄悄地对你说：note"]);
    assert_eq!(house.lines(eve), [""; 0]);
}

#[test]
fn one_index_of_names_serves_both_wires() {
    let mut house = IrcScene::new();
    let (_li, ana) = (house.crazyit("Li"), house.irc("Ana"));
    assert_eq!(house.told(ana, "NICK LI"), "433 Ana LI");
    let other = house.connect();
    house.speaks_crazyit(other);
    house.bytes(other, "∏∑ana∏∑");
    assert_eq!(house.raw(other), "-1");
    house.bytes(other, "∏∑anna∏∑");
    assert_eq!(house.raw(other), "1");
    assert_eq!(house.told(ana, "NICK anna"), "433 Ana anna");
    house.half_close(other);
    assert_eq!(house.ask(ana, "NICK anna"), [":Ana!~Ana@HOST NICK anna"]);
}

#[test]
fn comings_goings_and_renames_of_crazyit_users_are_seen_on_irc() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.send(ana, "JOIN #lobby");
    house.forget();
    let li = house.crazyit("li");
    assert_eq!(house.lines(ana), [":li!crazyit@HOST JOIN #lobby"]);
    house.bytes(li, "∏∑lee∏∑");
    assert_eq!(house.lines(ana), [":li!crazyit@HOST NICK lee"]);
    assert_eq!(
        house.ask(ana, "WHOIS lee"),
        [
            ":parlor.local 311 ana lee crazyit HOST * :li",
            ":parlor.local 319 ana lee :#lobby",
            ":parlor.local 312 ana lee parlor.local :parlor",
            ":parlor.local 317 ana lee 0 1000000000 :seconds idle, signon time",
            ":parlor.local 318 ana lee :End of WHOIS list"
        ]
    );
    house.half_close(li);
    assert_eq!(house.lines(ana), [":lee!crazyit@HOST QUIT :end of input"]);
}

#[test]
fn crazyit_users_hear_only_people_who_speak() {
    let mut house = IrcScene::new();
    let (li, root) = (house.crazyit("li"), house.operator("root"));
    for line in [
        "JOIN #lobby",
        "TOPIC #lobby :x",
        "MODE #lobby +m",
        "MODE #lobby -m",
        "AWAY :x",
        "NICK root2",
        "SETNAME :y",
        "INVITE li #lobby",
        "WALLOPS :z",
        "CHGHOST li u h",
        "CAP REQ :message-tags",
        "@+x TAGMSG #lobby",
        "@+x TAGMSG li",
        "PART #lobby",
        "QUIT",
    ] {
        house.send(root, line);
    }
    assert_eq!(house.lines(li), [""; 0]);
}

#[test]
fn a_long_crazyit_message_is_split_at_character_boundaries_and_loses_nothing() {
    for filler in ["x", "é", "好", "🦀"] {
        let mut house = IrcScene::new();
        let (li, ana) = (house.crazyit("李"), house.irc("ana"));
        house.send(ana, "JOIN #lobby");
        house.forget();
        let text = filler.repeat(7000 / filler.len());
        house.bytes(li, format!("§γ{text}§γ"));
        // `IrcScene` checks that each line has at most 512 bytes.
        let lines = house.lines(ana);
        assert!(lines.len() > 10);
        let head = ":李!crazyit@HOST PRIVMSG #lobby :";
        assert_eq!(lines.iter().map(|line| line.strip_prefix(head).unwrap()).collect::<String>(), text);
        house.bytes(li, format!("★【ana※{text}★【"));
        assert_eq!(house.lines(ana).len(), lines.len());
    }
}

#[test]
fn a_newline_in_a_crazyit_message_is_a_second_message_and_never_a_command() {
    let mut house = IrcScene::new();
    let (li, ana) = (house.crazyit("li"), house.irc("ana"));
    house.send(ana, "JOIN #lobby");
    house.forget();
    house.bytes(li, "§γ\r\none\r\n:root!r@h QUIT :x\n\nERROR :x\rPING y\n§γ");
    assert_eq!(
        house.lines(ana),
        [
            ":li!crazyit@HOST PRIVMSG #lobby :one",
            ":li!crazyit@HOST PRIVMSG #lobby ::root!r@h QUIT :x",
            ":li!crazyit@HOST PRIVMSG #lobby :ERROR :x",
            ":li!crazyit@HOST PRIVMSG #lobby :PING y"
        ]
    );
    for nothing in ["§γ\n\n§γ", "★【ana※\r\n★【"] {
        house.bytes(li, nothing);
        assert_eq!(house.lines(ana), [""; 0]);
    }
    house.bytes(li, "§γ\x01ACTION a\nb\x01§γ");
    assert_eq!(
        house.lines(ana),
        [
            ":li!crazyit@HOST PRIVMSG #lobby :\x01ACTION a\x01",
            ":li!crazyit@HOST PRIVMSG #lobby :\x01ACTION b\x01"
        ]
    );
    // IRC cannot carry NUL.
    house.bytes(li, "§γ\0a\0b§γ");
    assert_eq!(
        house.lines(ana),
        [":li!crazyit@HOST PRIVMSG #lobby :a", ":li!crazyit@HOST PRIVMSG #lobby :b"]
    );
}

#[test]
fn a_crazyit_message_of_many_newlines_overflows_no_outbox() {
    let mut house = IrcScene::new();
    let (li, ana) = (house.crazyit("li"), house.irc_with("ana", "message-tags server-time"));
    house.send(ana, "JOIN #lobby");
    house.forget();
    house.bytes(li, format!("§γ{}§γ", "x\n".repeat(4000)));
    let lines = house.lines(ana);
    let bytes: usize = lines.iter().map(String::len).sum();
    assert!(lines.len() > 500 && bytes < 160 * 1024, "{} lines, {bytes} bytes", lines.len());
}

#[test]
fn on_crazyit_formatting_actions_and_ctcp_become_plain_text_or_nothing() {
    let mut house = IrcScene::new();
    let (li, ana) = (house.crazyit("li"), house.irc("ana"));
    house.send(ana, "JOIN #lobby");
    for (said, heard) in [
        ("\x02bold\x02 \x1ditalic\x1d \x0304,01red\x03 \x0f.", vec!["ana说：bold italic red ."]),
        ("\x01ACTION waves\x01", vec!["ana说：*waves*"]),
        ("\x01ACTION \x02waves\x02\x01", vec!["ana说：*waves*"]),
        ("\x01VERSION\x01", vec![]),
        ("\x1b[2Jcleared\u{2028}x", vec!["ana说： [2Jcleared x"]),
    ] {
        house.send(ana, &format!("PRIVMSG #lobby :{said}"));
        assert_eq!(house.lines(li), heard, "{said:?}");
        let heard: Vec<_> = heard.iter().map(|line| line.replace("说", "悄悄地对你说")).collect();
        house.send(ana, &format!("PRIVMSG li :{said}"));
        assert_eq!(house.lines(li), heard, "{said:?}");
    }
}

#[test]
fn the_password_is_required_and_accepted_on_both_wires() {
    let locked = || IrcScene::with(|config| config.password = "芝麻".parse().ok());
    for (frame, answer) in [
        ("∏∑li※芝麻∏∑", "1"),
        ("∏∑li∏∑", "-1"),
        ("∏∑li※∏∑", "-1"),
        ("∏∑li※wrong∏∑", "-1"),
        ("∏∑芝麻∏∑", "-1"),
    ] {
        let mut house = locked();
        let li = house.connect();
        house.speaks_crazyit(li);
        house.bytes(li, frame);
        assert_eq!(house.raw(li), answer, "{frame}");
        assert_eq!(house.hub().users().len(), usize::from(answer == "1"));
    }
    let mut house = locked();
    let ana = house.connect();
    house.send(ana, "PASS 芝麻");
    house.register(ana, "ana", "");
    // Users who are logged in need no password.
    let li = house.connect();
    house.speaks_crazyit(li);
    house.bytes(li, "∏∑li※芝麻∏∑");
    house.bytes(li, "∏∑lee∏∑");
    assert_eq!(house.raw(li), "11");
}

#[test]
fn a_user_kept_out_of_the_lobby_cannot_log_in_over_crazyit() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    house.send(root, "MODE #lobby +b le*");
    house.crazyit("li");
    let other = house.connect();
    house.speaks_crazyit(other);
    house.bytes(other, "∏∑lee∏∑");
    assert_eq!(house.raw(other), "-1");
    assert_eq!(house.hub().users().len(), 2, "the name is free");
    house.send(root, "MODE #lobby -b le*");
    house.bytes(other, "∏∑lee∏∑");
    assert_eq!(house.raw(other), "1");
    house.advance(Duration::from_secs(1));
    house.bytes(other, "§γhi§γ");
    assert_eq!(house.lines(other), ["lee说：hi"]);
}

#[test]
fn a_user_kicked_from_the_lobby_can_return_by_logging_in_again() {
    let mut house = IrcScene::new();
    let (root, li) = (house.operator("root"), house.crazyit("li"));
    house.send(root, "KICK #lobby li :too loud");
    assert_eq!(house.lines(li), ["* li was removed by root: too loud"]);
    house.bytes(li, "§γhi§γ");
    assert!(house.lines(li)[0].starts_with("* "), "li learns that nobody hears it");
    house.bytes(li, "∏∑li∏∑");
    house.forget();
    house.bytes(li, "§γhi§γ");
    assert_eq!(house.lines(li), ["li说：hi"]);
}

#[test]
fn nobody_can_close_the_lobby() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    house.send(root, "JOIN #lobby");
    house.forget();
    for change in ["+i", "+s", "+k key", "+l 1", "+o root"] {
        assert_eq!(house.told(root, &format!("MODE #lobby {change}")), "482 root #lobby", "{change}");
    }
}

#[test]
fn lists_count_both_wires() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.crazyit("li");
    house.crazyit("王");
    house.send(ana, "JOIN #lobby");
    house.forget();
    assert!(house.ask(ana, "LIST #lobby").contains(&":parlor.local 322 ana #lobby 3 :".to_owned()));
    assert_eq!(house.ask(ana, "WHO #lobby").len(), 4);
    assert_eq!(house.ask(ana, "ISON li 王 x"), [":parlor.local 303 ana :li 王"]);
    assert_eq!(
        house.ask(ana, "LUSERS")[0],
        ":parlor.local 251 ana :There are 3 users and 0 invisible on 1 servers"
    );
}
