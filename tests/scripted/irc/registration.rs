//! From the first bytes to the welcome, and errors before it.

use std::time::Duration;

use crate::irc::house::IrcScene;

#[cfg(not(feature = "store"))]
const ALL_CAPABILITIES: &str = "account-notify account-tag away-notify batch cap-notify chghost \
    draft/no-implicit-names echo-message extended-join extended-monitor invite-notify labeled-response message-tags \
    multi-prefix server-time setname standard-replies userhost-in-names";

#[cfg(feature = "store")]
const ALL_CAPABILITIES: &str = "account-notify account-tag away-notify batch cap-notify chghost \
    draft/channel-rename draft/extended-isupport draft/metadata-2 draft/metadata-3 draft/multiline \
    draft/no-implicit-names draft/pre-away echo-message extended-join extended-monitor invite-notify labeled-response \
    message-tags multi-prefix server-time setname standard-replies userhost-in-names";

/// The list for clients of version 302, with values.
fn with_values() -> String {
    let limits = "max-subs=20,max-keys=16,max-key-bytes=40,max-value-bytes=256";
    ALL_CAPABILITIES
        .replace(
            "draft/metadata-2 draft/metadata-3",
            &format!("draft/metadata-2={limits} draft/metadata-3={limits}"),
        )
        .replace("draft/multiline", "draft/multiline=max-bytes=8192,max-lines=100")
}

/// The list in the answer to a `CAP LS` of `nick`, which may have several lines.
fn listed(lines: &[String], nick: &str) -> String {
    let (start, more) = (format!(":parlor.local CAP {nick} LS "), "* ");
    let parts = lines.iter().enumerate().map(|(n, line)| {
        let part = line.strip_prefix(&start).expect("a line of the list");
        let part = if n + 1 < lines.len() { part.strip_prefix(more) } else { Some(part) };
        part.and_then(|part| part.strip_prefix(':')).expect("all lines but the last have a star")
    });
    parts.collect::<Vec<_>>().join(" ")
}

fn codes(lines: &[String]) -> Vec<&str> {
    lines.iter().filter_map(|line| line.split(' ').nth(1)).collect()
}

#[test]
fn nick_and_user_are_welcomed_in_either_order() {
    for commands in [["NICK ana", "USER a 0 * :Ana"], ["USER a 0 * :Ana", "NICK ana"]] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        assert_eq!(house.ask(ana, commands[0]), [""; 0]);
        let lines = house.ask(ana, commands[1]);
        let welcome = ["001", "002", "003", "004", "005", "005"];
        let lusers = ["251", "252", "253", "254", "255", "265", "266", "422"];
        assert_eq!(codes(&lines), [welcome.as_slice(), &lusers].concat());
        assert_eq!(lines[0], ":parlor.local 001 ana :Welcome to parlor.local, ana!~a@HOST");
        assert!(
            lines[1].starts_with(":parlor.local 002 ana :Your host is parlor.local, running version parlor-")
        );
        assert_eq!(lines[2], ":parlor.local 003 ana :This server was started 2001-09-09T01:46:40Z");
        let version = env!("CARGO_PKG_VERSION");
        let modes = match cfg!(feature = "store") {
            true => "Biorw CHIMRbeiklmnostv HIbeklov",
            false => "Biow CIbeiklmnostv Ibeklov",
        };
        assert_eq!(lines[3], format!(":parlor.local 004 ana parlor.local parlor-{version} {modes}"));
        assert_eq!(
            lines.last().map(String::as_str),
            Some(":parlor.local 422 ana :There is no message of the day")
        );
    }
}

#[test]
fn every_command_including_the_first_may_be_in_any_letter_case() {
    for first in ["nick ana", "Nick ana", "cap end\r\nnick ana", "user a 0 * :x\r\nnick ana"] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.send(ana, first);
        house.send(ana, "uSeR a 0 * :x");
        assert!(codes(&house.lines(ana)).contains(&"001"), "{first}");
    }
}

#[test]
fn lines_may_end_in_a_bare_newline_and_empty_lines_are_ignored() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.bytes(ana, "\r\n\nNICK ana\n\n\r\nUSER a 0 * :x\n");
    let lines = house.lines(ana);
    assert_eq!(codes(&lines)[0], "001");
    house.bytes(ana, "\r\n\n   \r\n");
    assert!(house.is_silent());
}

#[test]
fn first_bytes_with_a_source_or_tags_are_irc() {
    for first in [":ana NICK ana", "@label=x NICK ana", "@a;b=c :ana nick ana"] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.send(ana, first);
        assert!(codes(&house.ask(ana, "USER a 0 * :x")).contains(&"001"), "{first}");
    }
}

#[test]
fn bytes_may_be_cut_anywhere() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    for byte in "NICK ána\r\nUSER a 0 * :x y\r\n".as_bytes() {
        house.bytes(ana, [*byte]);
    }
    assert_eq!(codes(&house.lines(ana))[0], "001");
}

#[test]
fn an_invalid_name_is_refused() {
    let mut house = IrcScene::new();
    house.irc("Bob");
    let ana = house.connect();
    assert_eq!(house.told(ana, "NICK"), "431 *");
    assert_eq!(house.told(ana, "NICK :"), "431 *");
    assert_eq!(house.told(ana, "NICK 1ana"), "432 * 1ana");
    assert_eq!(house.told(ana, "NICK -ana"), "432 * -ana");
    assert_eq!(house.told(ana, "NICK a.b"), "432 * a.b");
    assert_eq!(house.told(ana, "NICK #tea"), "432 * #tea");
    assert_eq!(house.told(ana, &format!("NICK {}", "x".repeat(33))), format!("432 * {}", "x".repeat(33)));
    assert_eq!(house.told(ana, "NICK bob"), "433 * bob");
    house.register(ana, "ana", "");
    assert_eq!(house.told(ana, "NICK"), "431 ana");
    assert_eq!(house.told(ana, "NICK a:b"), "432 ana a:b");
    assert_eq!(house.told(ana, "NICK BOB"), "433 ana BOB");
    assert_eq!(house.hub().users().len(), 2);
}

#[test]
fn names_use_letters_of_every_script() {
    let mut house = IrcScene::new();
    for name in ["张三", "Аня", "हिन्दी", "[]\\`^{}|-_9".trim_start_matches('-')] {
        house.irc(name);
    }
    let ana = house.connect();
    assert_eq!(house.told(ana, "NICK АНЯ"), "433 * АНЯ");
}

#[test]
fn names_with_invisible_characters_or_equal_by_case_folding_are_refused() {
    let mut house = IrcScene::new();
    house.irc("alice");
    house.irc("straße");
    let eve = house.connect();
    for hidden in
        "\u{34f}\u{fe00}\u{fe0f}\u{e0100}\u{115f}\u{1160}\u{3164}\u{ffa0}\u{17b4}\u{17b5}\u{180b}".chars()
    {
        assert_eq!(house.told(eve, &format!("NICK alice{hidden}")), format!("432 * alice{hidden}"));
        assert_eq!(house.told(eve, &format!("NICK {hidden}")), format!("432 * {hidden}"));
    }
    assert_eq!(house.told(eve, "NICK \u{301}a"), "432 * \u{301}a");
    for taken in ["straẞe", "STRASSE", "STRAẞE"] {
        assert_eq!(house.told(eve, &format!("NICK {taken}")), format!("433 * {taken}"));
    }
    house.register(eve, "eve", "");
    for room in ["#a\u{200b}", "#a\u{ad}", "#\u{202e}a", "#\u{301}"] {
        assert_eq!(house.told(eve, &format!("JOIN {room}")), format!("476 eve {room}"));
    }
    assert_eq!(
        house.ask(eve, "JOIN #a\u{200b}"),
        [":parlor.local 476 eve #a\u{200b} :a name cannot contain U+200B, which nobody can see"]
    );
}

#[cfg(feature = "store")]
#[test]
fn names_of_services_and_their_look_alikes_are_taken() {
    let mut house = IrcScene::new();
    let (ana, eve, li) = (house.irc("ana"), house.connect(), house.connect());
    house.speaks_crazyit(li);
    for taken in ["NickServ", "nickserv", "ChanServ", "NS", "cs", "Niсkserv", "ΝickServ", "ＣｈａｎＳｅｒｖ"]
    {
        assert_eq!(house.told(ana, &format!("NICK {taken}")), format!("433 ana {taken}"));
        assert_eq!(codes(&house.ask(eve, &format!("NICK {taken}\r\nUSER e 0 * :e"))), ["433"]);
        house.bytes(li, format!("∏∑{taken}∏∑"));
        assert_eq!(house.raw(li), "-1");
    }
    house.bytes(li, "∏∑Nick∏∑");
    assert_eq!(house.raw(li), "1");
    assert!(codes(&house.ask(eve, "NICK Chan")).contains(&"001"));
}

#[test]
fn a_name_taken_during_registration_is_refused_at_its_end_and_another_is_accepted() {
    let mut house = IrcScene::new();
    let (first, second) = (house.connect(), house.connect());
    house.send(first, "NICK ana");
    house.send(second, "NICK ana");
    house.send(first, "USER a 0 * :x");
    assert_eq!(house.told(second, "USER b 0 * :y"), "433 * ana");
    assert!(codes(&house.ask(second, "NICK bea")).contains(&"001"));
}

#[test]
fn a_name_is_changed_and_those_who_share_a_channel_hear_of_it_once() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc("eve");
    house.send(ana, "JOIN #milk");
    house.send(bob, "JOIN #milk");
    house.forget();
    assert_eq!(house.ask(ana, "NICK anna"), [":ana!~ana@HOST NICK anna"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST NICK anna"]);
    assert_eq!(house.lines(eve), [""; 0]);
    assert_eq!(house.ask(ana, "NICK ANNA"), [":anna!~ana@HOST NICK ANNA"]);
    house.forget();
    assert_eq!(house.ask(ana, "NICK ANNA"), [""; 0]);
    assert!(house.is_silent());
}

#[test]
fn before_registration_other_commands_get_451() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "CAP LS");
    house.lines(ana);
    for command in [
        "JOIN #tea",
        "PRIVMSG bob :hi",
        "WHOIS ana",
        "OPER root secret",
        "LIST",
        "MODE #tea",
        "MOTD",
        "NONSENSE x",
        "AWAY",
        "LUSERS",
        "WHO *",
    ] {
        assert_eq!(house.told(ana, command), "451 *", "{command}");
    }
}

#[test]
fn an_unusable_username_is_replaced_by_a_default() {
    for username in ["😀", "~", "!?"] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.send(ana, "NICK ana");
        let lines = house.ask(ana, &format!("USER {username} 0 * :x"));
        assert_eq!(lines[0], ":parlor.local 001 ana :Welcome to parlor.local, ana!~user@HOST", "{username}");
    }
}

#[test]
fn too_few_parameters_get_461_with_the_command() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    assert_eq!(house.told(ana, "USER a 0 *"), "461 * USER");
    assert_eq!(house.told(ana, "user"), "461 * USER");
    assert_eq!(house.told(ana, "PASS"), "461 * PASS");
    assert_eq!(house.told(ana, "CAP"), "461 * CAP");
    assert_eq!(house.told(ana, "PING"), "461 * PING");
    house.register(ana, "ana", "");
    for command in [
        "JOIN",
        "PART",
        "TOPIC",
        "KICK #tea",
        "MODE",
        "OPER root",
        "KILL bob",
        "WALLOPS",
        "ISON",
        "USERHOST",
        "SETNAME",
        "MONITOR",
        "INVITE bob",
        "CAP",
        "STATS",
        "CHGHOST bob x",
    ] {
        let name = command.split(' ').next().unwrap();
        assert_eq!(house.told(ana, command), format!("461 ana {name}"), "{command}");
    }
}

#[test]
fn registering_twice_gets_462() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.told(ana, "USER b 0 * :b"), "462 ana");
    assert_eq!(house.told(ana, "PASS x"), "462 ana");
}

#[test]
fn user_and_real_names_are_cut_to_their_lengths() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "NICK ana");
    house.send(ana, &format!("USER {} 0 * :{}", "ü".repeat(20), "好".repeat(140)));
    house.lines(ana);
    let user = house.hub().users().iter().next().unwrap().1;
    assert_eq!(user.identity.username(), format!("~{}", "ü".repeat(16)));
    assert_eq!(user.identity.realname().chars().count(), 128);
}

#[test]
fn a_username_contains_no_characters_special_in_masks() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "NICK ana\r\nUSER a!@*?n 0 * :x");
    assert!(house.lines(ana)[0].ends_with("ana!~an@HOST"));
}

// Passwords.

fn locked() -> IrcScene {
    IrcScene::with(|config| config.password = "open sesame".parse().ok())
}

#[test]
fn the_right_password_lets_a_client_register() {
    let mut house = locked();
    let ana = house.connect();
    house.send(ana, "PASS :wrong");
    house.send(ana, "PASS :open sesame");
    house.register(ana, "ana", "");
}

#[test]
fn a_wrong_or_missing_password_gets_464_and_a_close() {
    for pass in ["PASS sesame", "PASS :", "NICK ana", "PASS :OPEN SESAME"] {
        let mut house = locked();
        let ana = house.connect();
        house.send(ana, pass);
        house.send(ana, "NICK ana");
        house.send(ana, "USER a 0 * :x");
        let lines = house.lines(ana);
        assert_eq!(
            lines[lines.len() - 2..],
            [":parlor.local 464 ana :Password incorrect", "ERROR :Closing link: wrong server password"]
        );
        assert!(house.is_shut(ana));
        assert!(house.hub().users().is_empty());
        house.half_close(ana);
        assert!(house.is_gone(ana));
    }
}

#[test]
fn a_password_that_nobody_requires_is_ignored() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "PASS whatever");
    house.register(ana, "ana", "");
}

// Capabilities.

#[test]
fn cap_ls_lists_all_capabilities_and_holds_registration_until_cap_end() {
    for (ls, all) in [
        ("CAP LS", ALL_CAPABILITIES),
        ("CAP LS 302", &with_values()),
        ("cap ls 307", &with_values()),
        ("CAP LS nonsense", ALL_CAPABILITIES),
    ] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        assert_eq!(listed(&house.ask(ana, ls), "*"), all);
        house.send(ana, "NICK ana");
        assert_eq!(house.ask(ana, "USER a 0 * :x"), [""; 0]);
        assert!(codes(&house.ask(ana, "CAP END")).contains(&"001"));
    }
}

#[test]
fn cap_req_holds_registration_too() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "NICK ana");
    assert_eq!(house.ask(ana, "CAP REQ :batch"), [":parlor.local CAP ana ACK :batch"]);
    assert_eq!(house.ask(ana, "USER a 0 * :x"), [""; 0]);
    assert!(codes(&house.ask(ana, "CAP END")).contains(&"001"));
}

#[test]
fn cap_req_is_all_or_nothing() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    let answer = house.ask(ana, "CAP REQ :batch no-such-thing setname");
    assert_eq!(answer, [":parlor.local CAP * NAK :batch no-such-thing setname"]);
    assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :"]);
    assert_eq!(house.ask(ana, "CAP REQ :setname batch"), [":parlor.local CAP * ACK :setname batch"]);
    assert_eq!(house.ask(ana, "CAP REQ :-batch Setname"), [":parlor.local CAP * NAK :-batch Setname"]);
    assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :batch setname"]);
    assert_eq!(house.ask(ana, "CAP REQ :-batch chghost"), [":parlor.local CAP * ACK :-batch chghost"]);
    assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :chghost setname"]);
    // Repeated requests succeed.
    assert_eq!(house.ask(ana, "CAP REQ :chghost -batch"), [":parlor.local CAP * ACK :chghost -batch"]);
    assert_eq!(house.ask(ana, "CAP REQ :-nothing"), [":parlor.local CAP * NAK :-nothing"]);
}

#[test]
fn every_announced_capability_can_be_enabled_and_disabled() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    for name in ALL_CAPABILITIES.split_whitespace() {
        assert_eq!(house.ask(ana, &format!("CAP REQ {name}")), [format!(":parlor.local CAP * ACK :{name}")]);
        assert_eq!(house.ask(ana, "CAP LIST"), [format!(":parlor.local CAP * LIST :{name}")]);
        house.send(ana, &format!("CAP REQ -{name}"));
        house.lines(ana);
        assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :"]);
    }
}

#[test]
fn all_capabilities_are_acknowledged_in_one_request() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    // A client has one version of metadata.
    let all = ALL_CAPABILITIES.replace(" draft/metadata-2", "");
    assert_eq!(house.ask(ana, &format!("CAP REQ :{all}")), [format!(":parlor.local CAP * ACK :{all}")]);
}

#[test]
fn a_cap_req_answer_that_is_too_long_contains_no_truncated_name() {
    let mut house = IrcScene::new();
    let ana = house.irc(&"x".repeat(32));
    let wanted = vec!["userhost-in-names"; 27].join(" ");
    let lines = house.ask(ana, &format!("CAP REQ :{wanted}"));
    let acknowledged: Vec<_> =
        lines.iter().flat_map(|line| line.split_once(" ACK :").unwrap().1.split(' ')).collect();
    assert_eq!(acknowledged, ["userhost-in-names"; 27]);
}

#[cfg(feature = "store")]
#[test]
fn all_lines_of_a_list_but_the_last_have_a_star_for_clients_of_version_302() {
    let (server, name) = ("x".repeat(63), "𠀀".repeat(32));
    let mut house = IrcScene::with(|config| config.server_name.clone_from(&server));
    house.announce_tls(6697);
    let ana = house.irc(&name);
    house.secure(ana);
    let lines = house.ask(ana, "CAP LS 302");
    let lists: Vec<_> = lines.iter().map(|line| line.split_once(" :").expect("a list")).collect();
    let last = format!(":{server} CAP {name} LS");
    let expected = |n| if n + 1 < lists.len() { format!("{last} *") } else { last.clone() };
    assert!(lists.len() > 1 && (0..lists.len()).all(|n| lists[n].0 == expected(n)), "{lines:#?}");
    let names: Vec<_> = lists.iter().map(|list| list.1).collect();
    assert_eq!(names.join(" "), with_values() + " sts=duration=2592000");
}

#[test]
fn a_cap_302_client_cannot_disable_cap_notify() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "CAP LS 302");
    house.lines(ana);
    assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :cap-notify"]);
    house.send(ana, "CAP REQ :-cap-notify");
    house.send(ana, "CAP LS");
    house.lines(ana);
    assert_eq!(house.ask(ana, "CAP LIST"), [":parlor.local CAP * LIST :cap-notify"]);
}

#[test]
fn cap_works_after_registration_and_cap_end_then_does_nothing() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(listed(&house.ask(ana, "CAP LS 302"), "ana"), with_values());
    assert_eq!(house.ask(ana, "CAP REQ :setname"), [":parlor.local CAP ana ACK :setname"]);
    assert_eq!(house.ask(ana, "CAP END"), [""; 0]);
    assert_eq!(house.told(ana, "CAP FOO"), "410 ana FOO");
    assert_eq!(house.ask(ana, "PING x"), [":parlor.local PONG parlor.local :x"]);
}

#[test]
fn an_unknown_cap_subcommand_gets_410() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    assert_eq!(house.ask(ana, "CAP FOO"), [":parlor.local 410 * FOO :Invalid CAP command"]);
    assert_eq!(house.told(ana, "CAP CLEAR"), "410 * CLEAR");
}

// Ends.

#[test]
fn quit_is_answered_and_the_connection_closes_when_the_peer_closes() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(house.ask(ana, "QUIT :good bye"), ["ERROR :Closing link: Quit: good bye"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST QUIT :Quit: good bye"]);
    assert!(house.is_shut(ana));
    assert!(!house.is_gone(ana));
    house.bytes(ana, "PRIVMSG #tea :too late\r\n");
    assert!(house.is_silent());
    house.half_close(ana);
    assert!(house.is_gone(ana));
    house.irc("ana");
}

#[test]
fn quit_works_without_a_reason_and_before_registration() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(house.ask(ana, "QUIT"), ["ERROR :Closing link: Quit"]);
    let eve = house.connect();
    house.send(eve, "NICK eve");
    assert_eq!(house.ask(eve, "QUIT :x"), ["ERROR :Closing link: Quit: x"]);
    assert!(house.is_shut(eve));
}

#[test]
fn quit_as_the_first_bytes_is_irc_even_without_a_newline() {
    for first in ["QUIT\r\n", "quit :bye\r\n", "QUIT\n"] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.bytes(ana, first);
        assert!(house.lines(ana)[0].starts_with("ERROR :Closing link: Quit"), "{first:?}");
        assert!(house.is_shut(ana));
    }
    for first in ["QUIT", "quit :bye", "QUIT :b"] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.bytes(ana, first);
        assert!(house.is_silent());
        house.half_close(ana);
        assert!(house.lines(ana)[0].starts_with("ERROR :Closing link: Quit"), "{first:?}");
        assert!(house.is_gone(ana));
    }
}

#[test]
fn a_half_closed_peer_gets_all_its_answers() {
    let mut house = IrcScene::new();
    let [bob] = house.channel("#tea", ["bob"]);
    let ana = house.connect();
    house.bytes(ana, "NICK ana\r\nUSER a 0 * :x\r\nJOIN #tea\r\nPRIVMSG #tea :done");
    house.half_close(ana);
    assert!(house.lines(ana).iter().any(|line| line == ":parlor.local 366 ana #tea :End of NAMES list"));
    assert_eq!(
        house.lines(bob),
        [":ana!~a@HOST JOIN #tea", ":ana!~a@HOST PRIVMSG #tea :done", ":ana!~a@HOST QUIT :end of input"]
    );
    assert!(house.is_gone(ana));
}

#[test]
fn first_bytes_of_no_known_protocol_get_an_error_and_a_close() {
    for first in ["?", "x-y z\r\n", "Host: x\r\n", "PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n", "\u{ff}"] {
        let mut house = IrcScene::new();
        let eve = house.connect();
        house.bytes(eve, first);
        let lines = house.lines(eve);
        assert_eq!(lines.len(), 1, "{first:?}");
        assert!(lines[0].starts_with("ERROR :Closing link: bytes outside a frame"), "{lines:?}");
        assert!(house.is_shut(eve));
    }
}

#[test]
fn a_web_page_cannot_make_a_browser_speak_irc() {
    let methods =
        ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE", "CONNECT", "PROPFIND"];
    let requests = methods.map(|method| format!("{method} /x HTTP/1.1\r\n"));
    let others = ["PRI * HTTP/2.0\r\n", "NICK /ana HTTP/1.1\r\n", "get /\r\n", " \r\nPOST /x HTTP/1.1\r\n"];
    for request in requests.into_iter().chain(others.map(str::to_owned)) {
        let mut house = IrcScene::without_web();
        let eve = house.connect();
        house.bytes(eve, format!("{request}Host: localhost\r\n\r\nNICK eve\r\nUSER eve 0 * :x\r\n"));
        let lines = house.lines(eve);
        assert_eq!(lines.len(), 1, "{request:?}");
        assert!(lines[0].starts_with("ERROR :Closing link: bytes outside a frame"), "{lines:?}");
        assert!(house.is_shut(eve) && house.hub().users().is_empty());
    }
}

#[test]
fn an_unknown_first_command_gets_an_error_and_the_next_one_works() {
    for first in [
        "WEBIRC gate gateway host 192.0.2.7",
        "STARTTLS",
        "PROTOCTL NAMESX",
        "LOGIN ana",
        "hello",
        "NICKS x",
        "001 x",
    ] {
        let mut house = IrcScene::new();
        let ana = house.connect();
        assert_eq!(house.told(ana, first), "451 *", "{first}");
        house.register(ana, "ana", "");
    }
    // An incomplete command, then the end of input.
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.bytes(ana, "NIC");
    assert!(house.is_silent());
    house.half_close(ana);
    assert_eq!(codes(&house.lines(ana)), ["451"]);
    assert!(house.is_gone(ana));
}

#[test]
fn spaces_line_ends_and_a_byte_order_mark_may_stand_before_the_first_command() {
    for before in [" ", "   ", "\r\n  ", "\n\n \r\n ", "\u{feff}", "\r\n\u{feff} "] {
        let mut house = IrcScene::new();
        let (ana, bob) = (house.connect(), house.connect());
        house.bytes(ana, format!("{before}NICK ana\r\nUSER a 0 * :x\r\n"));
        assert_eq!(codes(&house.lines(ana))[0], "001", "{before:?}");
        // Byte by byte, and with nothing after it.
        for byte in format!("{before}QUIT").bytes() {
            house.bytes(bob, [byte]);
        }
        house.half_close(bob);
        assert_eq!(house.lines(bob), ["ERROR :Closing link: Quit"], "{before:?}");
        let eve = house.connect();
        house.bytes(eve, before);
        house.half_close(eve);
        assert_eq!(house.lines(eve), [""; 0], "{before:?}");
    }
}

#[test]
fn crs_and_nuls_before_the_line_feed_are_not_part_of_the_last_word() {
    for end in ["\r\r\n", "\r\r\r\n", "\0\r\n", "\0\n", "\r\0\r\n"] {
        let mut house = IrcScene::new();
        let u5 = house.connect();
        for line in ["CAP LS", "NICK u5", "USER u5 0 * x", "CAP END"] {
            house.bytes(u5, format!("{line}{end}"));
        }
        let lines = house.lines(u5);
        assert!(lines.iter().any(|line| line.starts_with(":parlor.local 001 u5 ")), "{end:?}: {lines:#?}");
        for (line, answer) in [
            ("JOIN #tea", ":u5!~u5@HOST JOIN #tea"),
            ("MODE #tea +k key", ":u5!~u5@HOST MODE #tea +k key"),
            ("WHOIS u5", ":parlor.local 311 u5 u5 ~u5 HOST * :x"),
            ("TOPIC #tea :a b", ":u5!~u5@HOST TOPIC #tea :a b"),
            ("PART #tea", ":u5!~u5@HOST PART #tea"),
            ("PING x", ":parlor.local PONG parlor.local :x"),
            ("QUIT", "ERROR :Closing link: Quit"),
        ] {
            house.bytes(u5, format!("{line}{end}"));
            assert_eq!(house.lines(u5)[0], answer, "{line}{end:?}");
        }
    }
}

#[test]
fn registration_times_out_with_an_error() {
    for said in
        ["", "NICK ana\r\n", "CAP LS 302\r\n", "NICK ana\r\nCAP REQ :batch\r\nUSER a 0 * :x\r\n", "NI"]
    {
        let mut house = IrcScene::new();
        let ana = house.connect();
        house.bytes(ana, said);
        house.lines(ana);
        assert_eq!(house.wait(), Some(Duration::from_secs(30)));
        house.advance(Duration::from_millis(29_999));
        // Input does not postpone it.
        house.bytes(ana, "");
        assert!(house.is_silent());
        house.advance(Duration::from_millis(1));
        assert_eq!(house.lines(ana), ["ERROR :Closing link: no login within 30 s"], "{said:?}");
        assert!(house.is_shut(ana));
        house.advance(Duration::from_secs(2));
        assert!(house.is_gone(ana));
    }
}

#[test]
fn error_and_pong_from_a_client_get_no_answer() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "ERROR :I made a mistake");
    house.send(ana, "PONG :x");
    assert!(house.is_silent());
    house.register(ana, "ana", "");
    house.send(ana, "ERROR :again");
    house.send(ana, "PONG x");
    assert!(house.is_silent());
}
