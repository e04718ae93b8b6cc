//! Every capability, on and off, as another client sees it.

use std::collections::HashSet;
use std::time::Duration;

use crate::irc::house::{Guest, IrcScene};

/// Replaces the message id in `line`, which is unique.
fn without_ids(line: &str) -> String {
    let Some((before, id)) = line.split_once("msgid=") else { return line.to_owned() };
    let end = id.find([';', ' ']).expect("the server says so");
    format!("{before}msgid=ID{}", &id[end..])
}

fn heard(house: &mut IrcScene, who: Guest) -> Vec<String> {
    house.lines(who).iter().map(|line| without_ids(line)).collect()
}

/// `ana` without capabilities and `bob` with `capabilities`, both in #tea.
fn pair(capabilities: &str) -> (IrcScene, Guest, Guest) {
    let mut house = IrcScene::new();
    let [ana] = house.channel("#tea", ["ana"]);
    let bob = house.irc_with("bob", capabilities);
    house.send(bob, "JOIN #tea");
    house.forget();
    (house, ana, bob)
}

// message-tags.

#[test]
fn a_client_without_tags_gets_none() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "CAP REQ :message-tags server-time");
    house.send(ana, "MODE ana +B");
    house.forget();
    for line in ["@+x=y PRIVMSG #tea :hi", "@+x=y TAGMSG #tea", "TOPIC #tea :x", "NICK anna", "PART #tea"] {
        house.send(ana, line);
    }
    let lines = house.lines(bob);
    assert_eq!(lines.len(), 4, "everything except the TAGMSG: {lines:#?}");
    assert!(lines.iter().all(|line| line.starts_with(':')));
}

#[test]
fn only_client_only_tags_are_relayed_unchanged() {
    let mut house = IrcScene::new();
    let [ana, bob, eve] = house.channel("#tea", ["ana", "bob", "eve"]);
    house.send(ana, "CAP REQ :message-tags");
    house.send(bob, "CAP REQ :message-tags");
    house.forget();
    for command in ["PRIVMSG", "NOTICE"] {
        house.send(
            ana,
            &format!(
                r"@+a=x\:\s\\\r\ny;+example.com/b;c=d;time=now;msgid=forged;+e={{=}} {command} #tea :hi"
            ),
        );
        assert_eq!(
            heard(&mut house, bob),
            [format!(r"@msgid=ID;+a=x\:\s\\\r\ny;+example.com/b;+e={{=}} :ana!~ana@HOST {command} #tea :hi")]
        );
        assert_eq!(house.lines(eve), [format!(":ana!~ana@HOST {command} #tea :hi")]);
    }
    house.send(ana, "@+react=👍 TAGMSG bob");
    assert_eq!(heard(&mut house, bob), ["@msgid=ID;+react=👍 :ana!~ana@HOST TAGMSG bob"]);
    // Tags that are not client-only are removed, and the message is still sent.
    house.send(ana, "@unknown-tag TAGMSG #tea");
    assert_eq!(heard(&mut house, bob), ["@msgid=ID :ana!~ana@HOST TAGMSG #tea"]);
    assert!(house.is_silent());
}

#[test]
fn tags_from_a_client_without_the_capability_are_not_relayed() {
    let (mut house, ana, bob) = pair("message-tags");
    house.send(ana, "@+a=b PRIVMSG #tea :hi");
    assert_eq!(heard(&mut house, bob), ["@msgid=ID :ana!~ana@HOST PRIVMSG #tea :hi"]);
    house.send(ana, "@+a=b TAGMSG #tea");
    assert!(house.is_silent());
}

#[test]
fn a_tagmsg_is_refused_like_a_message() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(bob, "CAP REQ :message-tags");
    house.send(ana, "MODE #tea +m");
    house.send(ana, "AWAY :x");
    house.forget();
    assert_eq!(house.told(bob, "@+a TAGMSG"), "411 bob");
    assert_eq!(house.told(bob, "@+a TAGMSG nobody"), "401 bob nobody");
    assert_eq!(house.told(bob, "@+a TAGMSG #nowhere"), "401 bob #nowhere");
    assert_eq!(house.told(bob, "@+a TAGMSG #tea"), "404 bob #tea");
    assert_eq!(house.told(bob, "@+a TAGMSG a,b,c,d,e"), "407 bob e");
    // A TAGMSG has no text, so no away reply is needed.
    assert_eq!(house.ask(bob, "@+a TAGMSG ana"), [""; 0]);
}

fn ids(lines: &[String]) -> Vec<String> {
    let ids = lines.iter().filter_map(|line| Some(line.split_once("msgid=")?.1));
    ids.map(|rest| rest[..rest.find([';', ' ']).expect("the server says so")].to_owned()).collect()
}

#[test]
fn every_message_has_a_unique_id_that_is_the_same_for_all() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    for guest in [ana, bob] {
        house.send(guest, "CAP REQ :message-tags echo-message");
    }
    let li = house.crazyit("li");
    house.send(ana, "JOIN #lobby");
    house.send(bob, "JOIN #lobby");
    house.forget();
    let mut seen = HashSet::new();
    let mut said = 0;
    for (line, messages) in [
        ("PRIVMSG #tea :one".to_owned(), 1),
        ("PRIVMSG #tea :one".to_owned(), 1),
        ("NOTICE bob :two".to_owned(), 1),
        ("@+x TAGMSG #tea".to_owned(), 1),
        ("PRIVMSG #tea,bob :three".to_owned(), 2),
        (format!("PRIVMSG #tea :{}", "x".repeat(490)), 1),
        (format!("PRIVMSG #tea :\x01ACTION {}\x01", "x".repeat(480)), 1),
    ] {
        house.send(ana, &line);
        let (own, other) = (house.lines(ana), house.lines(bob));
        assert_eq!(ids(&own).len(), messages, "{line}: {own:#?}");
        assert_eq!(ids(&own), ids(&other), "the echo has the same ids");
        said += messages;
        seen.extend(ids(&own));
    }
    // A message of several lines has one id, on its first line.
    house.bytes(li, "§γa\nb\nc§γ");
    let lines = house.lines(ana);
    assert_eq!(lines.len(), 3);
    assert_eq!(ids(&lines), ids(&lines[..1]));
    said += 1;
    seen.extend(ids(&lines));
    assert_eq!(seen.len(), said);
    assert!(seen.iter().all(|id| id.bytes().all(|byte| byte.is_ascii_alphanumeric())));
}

// server-time.

#[test]
fn server_time_is_in_milliseconds() {
    let (mut house, ana, bob) = pair("server-time");
    house.pass(Duration::from_millis(61_234));
    for (line, event) in [
        ("PRIVMSG #tea :x", "PRIVMSG #tea :x"),
        ("TOPIC #tea :t", "TOPIC #tea :t"),
        ("MODE #tea +m", "MODE #tea +m"),
        ("NICK ana2", "NICK ana2"),
        ("NICK ana", "NICK ana"),
        ("INVITE bob #nowhere", ""),
        ("PART #tea :p", "PART #tea :p"),
    ] {
        house.send(ana, line);
        let lines = house.lines(bob);
        if !event.is_empty() {
            assert_eq!(lines.len(), 1, "{line}");
            assert!(lines[0].starts_with("@time=2001-09-09T01:47:41.234Z :ana"), "{lines:?}");
            assert!(lines[0].ends_with(event), "{lines:?}");
        }
    }
}

// batch, labeled-response.

#[test]
fn a_label_without_its_capability_or_without_batch_is_ignored() {
    for capabilities in ["", "labeled-response", "batch message-tags"] {
        let mut house = IrcScene::new();
        let ana = house.irc_with("ana", capabilities);
        assert_eq!(house.ask(ana, "@label=x PING y"), [":parlor.local PONG parlor.local :y"]);
        assert_eq!(house.ask(ana, "@label=x PONG y"), [""; 0]);
    }
}

#[test]
fn a_labelled_command_gets_an_ack_one_line_or_a_batch() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "labeled-response batch");
    assert_eq!(house.ask(ana, "@label=a PONG x"), ["@label=a :parlor.local ACK"]);
    assert_eq!(house.ask(ana, "@label=b PING x"), ["@label=b :parlor.local PONG parlor.local :x"]);
    assert_eq!(
        house.ask(ana, "@label=c NONSENSE"),
        ["@label=c :parlor.local 421 ana NONSENSE :Unknown command, HELP lists all commands"]
    );
    assert_eq!(
        house.ask(ana, "@label=d JOIN #tea"),
        [
            "@label=d :parlor.local BATCH +r labeled-response",
            "@batch=r :ana!~ana@HOST JOIN #tea",
            "@batch=r :parlor.local 353 ana = #tea :@ana",
            "@batch=r :parlor.local 366 ana #tea :End of NAMES list",
            ":parlor.local BATCH -r"
        ]
    );
    assert_eq!(house.ask(ana, "@label=e MODE #tea +m"), ["@label=e :ana!~ana@HOST MODE #tea +m"]);
    assert_eq!(house.ask(ana, "@label=f NOTICE nobody :x"), ["@label=f :parlor.local ACK"]);
    assert_eq!(house.ask(ana, "@label=g PRIVMSG #tea :x"), ["@label=g :parlor.local ACK"]);
    assert_eq!(
        house.ask(ana, "@label=h CAP LIST"),
        ["@label=h :parlor.local CAP ana LIST :batch labeled-response"]
    );
    // A label may contain anything, and has at most 64 bytes.
    assert_eq!(house.ask(ana, r"@label=\s\:\\é PONG x"), [r"@label=\s\:\\é :parlor.local ACK"]);
    let longest = "x".repeat(64);
    assert_eq!(
        house.ask(ana, &format!("@label={longest} PONG x")),
        [format!("@label={longest} :parlor.local ACK")]
    );
    assert_eq!(house.ask(ana, &format!("@label={longest}x PONG x")), [""; 0]);
    assert_eq!(house.ask(ana, "@label= PONG x"), [""; 0]);
}

#[test]
fn a_label_is_never_shown_to_others() {
    let mut house = IrcScene::new();
    let [bob] = house.channel("#tea", ["bob"]);
    let ana = house.irc_with("ana", "labeled-response batch message-tags echo-message");
    house.send(bob, "CAP REQ :labeled-response batch message-tags");
    house.send(ana, "JOIN #tea");
    house.forget();
    house.send(ana, "@label=x;+a=b PRIVMSG #tea :hi");
    assert_eq!(heard(&mut house, ana), ["@label=x;msgid=ID;+a=b :ana!~ana@HOST PRIVMSG #tea :hi"]);
    assert_eq!(heard(&mut house, bob), ["@msgid=ID;+a=b :ana!~ana@HOST PRIVMSG #tea :hi"]);
}

#[test]
fn a_message_to_oneself_has_the_label_only_on_its_echo() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "labeled-response batch");
    assert_eq!(
        house.ask(ana, "@label=x PRIVMSG ana :hi"),
        ["@label=x :parlor.local ACK", ":ana!~ana@HOST PRIVMSG ana :hi"]
    );
    house.send(ana, "CAP REQ echo-message");
    house.forget();
    assert_eq!(
        house.ask(ana, "@label=y PRIVMSG ana :hi"),
        ["@label=y :ana!~ana@HOST PRIVMSG ana :hi", ":ana!~ana@HOST PRIVMSG ana :hi"]
    );
}

#[test]
fn a_labelled_quit_is_answered_before_the_close() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "labeled-response batch");
    assert_eq!(
        house.ask(ana, "@label=x QUIT :bye"),
        ["@label=x :parlor.local ACK", "ERROR :Closing link: Quit: bye"]
    );
    let mut house = IrcScene::with(|config| config.password = "p".parse().ok());
    let bob = house.connect();
    house.send(bob, "CAP REQ :labeled-response batch");
    house.send(bob, "NICK bob");
    house.send(bob, "USER b 0 * :x");
    house.lines(bob);
    assert_eq!(
        house.ask(bob, "@label=x CAP END"),
        ["@label=x :parlor.local 464 bob :Password incorrect", "ERROR :Closing link: wrong server password"]
    );
}

#[test]
fn a_labelled_welcome_is_one_complete_batch() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, "CAP REQ :labeled-response batch");
    house.send(ana, "NICK ana");
    house.send(ana, "USER b 0 * :x");
    house.lines(ana);
    let lines = house.ask(ana, "@label=x CAP END");
    assert_eq!(lines[0], "@label=x :parlor.local BATCH +r labeled-response");
    assert_eq!(lines.last().unwrap(), ":parlor.local BATCH -r");
    assert!(lines[1..lines.len() - 1].iter().all(|line| line.starts_with("@batch=r :parlor.local ")));
}

// echo-message.

#[test]
fn echo_message_returns_messages_as_others_hear_them() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#Tea", ["ana", "Bob"]);
    house.send(ana, "CAP REQ :echo-message");
    house.forget();
    for command in ["PRIVMSG", "NOTICE"] {
        for (target, name) in [("#tea", "#Tea"), ("bob", "Bob"), ("@#tea", "@#Tea"), ("+#tea", "+#Tea")] {
            let echo = [format!(":ana!~ana@HOST {command} {name} :hi")];
            assert_eq!(house.ask(ana, &format!("{command} {target} :hi")), echo);
        }
    }
    house.forget();
    assert_eq!(house.ask(bob, "PRIVMSG #tea :no echo without the capability"), [""; 0]);
    house.forget();
    assert_eq!(house.told(ana, "PRIVMSG nobody :x"), "401 ana nobody");
    // A message to oneself comes once as the echo and once as the message.
    assert_eq!(house.ask(ana, "PRIVMSG ana :x"), [":ana!~ana@HOST PRIVMSG ana :x"; 2]);
}

#[test]
fn names_come_once_when_a_user_messages_itself_in_the_turn_of_its_join() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "echo-message");
    house.send(ana, "JOIN #tea\r\nPRIVMSG ana :hi\r\nPING done");
    let heard = house.lines(ana);
    let count = |part: &str| heard.iter().filter(|line| line.contains(part)).count();
    let counts = [" JOIN ", " 353 ", " 366 ", " PRIVMSG ", " PONG "].map(count);
    assert_eq!(counts, [1, 1, 1, 2, 1], "{heard:#?}");
}

#[test]
fn the_echo_reaches_senders_outside_the_audience() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    let eve = house.irc_with("eve", "echo-message message-tags");
    house.send(ana, "MODE #tea -n");
    house.send(bob, "CAP REQ :echo-message");
    house.forget();
    assert_eq!(house.ask(bob, "PRIVMSG @#tea :to operators"), [":bob!~bob@HOST PRIVMSG @#tea :to operators"]);
    house.send(eve, "PRIVMSG #tea :from outside");
    assert_eq!(heard(&mut house, eve), ["@msgid=ID :eve!~eve@HOST PRIVMSG #tea :from outside"]);
    house.send(eve, "@+x TAGMSG #tea");
    assert_eq!(heard(&mut house, eve), ["@msgid=ID;+x :eve!~eve@HOST TAGMSG #tea"]);
}

// Names.

#[test]
fn multi_prefix_shows_every_rank() {
    for (capabilities, prefix) in [("", "@"), ("multi-prefix", "@+")] {
        let (mut house, ana, bob) = pair(capabilities);
        house.send(ana, "MODE #tea +v ana");
        house.forget();
        assert_eq!(house.ask(bob, "NAMES #tea")[0], format!(":parlor.local 353 bob = #tea :bob {prefix}ana"));
        assert_eq!(
            house.ask(bob, "WHO ana")[0],
            format!(":parlor.local 352 bob #tea ~ana HOST parlor.local ana H{prefix} :0 ana itself")
        );
        assert_eq!(house.ask(bob, "WHO ana %f")[0], format!(":parlor.local 354 bob H{prefix}"));
    }
}

#[test]
fn userhost_in_names_shows_users_and_hosts() {
    let (mut house, ana, bob) = pair("userhost-in-names");
    assert_eq!(house.ask(bob, "NAMES #tea")[0], ":parlor.local 353 bob = #tea :bob!~bob@HOST @ana!~ana@HOST");
    assert_eq!(house.ask(ana, "NAMES #tea")[0], ":parlor.local 353 ana = #tea :bob @ana");
}

#[test]
fn no_implicit_names_omits_names_until_requested() {
    let (mut house, _, _) = pair("");
    let eve = house.irc_with("eve", "draft/no-implicit-names");
    assert_eq!(house.ask(eve, "JOIN #tea"), [":eve!~eve@HOST JOIN #tea"]);
    assert_eq!(house.ask(eve, "NAMES #tea").len(), 2);
}

// Being told of changes.

#[test]
fn away_notify_reports_away_back_and_joining_while_away() {
    let (mut house, ana, bob) = pair("away-notify");
    let eve = house.irc("eve");
    house.send(eve, "AWAY :elsewhere");
    house.forget();
    house.send(ana, "AWAY :at lunch");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST AWAY :at lunch"]);
    house.send(ana, "AWAY :at lunch");
    assert_eq!(house.lines(bob), [""; 0], "nothing has changed");
    house.send(ana, "AWAY");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST AWAY"]);
    house.lines(ana);
    house.send(eve, "JOIN #tea");
    assert_eq!(house.lines(bob), [":eve!~eve@HOST JOIN #tea", ":eve!~eve@HOST AWAY :elsewhere"]);
    assert_eq!(house.lines(ana), [":eve!~eve@HOST JOIN #tea"]);
    // Users are not told about themselves, nor about users without a shared channel.
    house.send(eve, "PART #tea");
    house.forget();
    house.send(eve, "AWAY");
    assert_eq!(house.ask(bob, "AWAY :x").len(), 1);
}

#[test]
fn extended_join_shows_account_and_real_name() {
    let (mut house, ana, bob) = pair("extended-join");
    let eve = house.irc("eve");
    house.send(eve, "JOIN #tea");
    assert_eq!(house.lines(bob), [":eve!~eve@HOST JOIN #tea * :eve itself"]);
    assert_eq!(house.lines(ana), [":eve!~eve@HOST JOIN #tea"]);
}

#[test]
fn nobody_has_an_account_yet() {
    let mut house = IrcScene::new();
    let capabilities = "account-notify account-tag message-tags extended-join";
    let (ana, bob) = (house.irc_with("ana", capabilities), house.irc_with("bob", capabilities));
    for line in
        ["JOIN #tea", "PRIVMSG #tea :x", "NICK anna", "AWAY :x", "TOPIC #tea :x", "WHOIS bob", "WHO bob %na"]
    {
        house.send(bob, "JOIN #tea");
        house.send(ana, line);
    }
    let said = house.raw(ana) + &house.raw(bob);
    assert!(!said.contains("account") && !said.contains("ACCOUNT") && !said.contains(" 330 "), "{said}");
    assert!(said.contains("JOIN #tea * :"));
}

#[test]
fn chghost_reports_a_changed_username_and_host() {
    let (mut house, ana, bob) = pair("chghost");
    let root = house.operator("root");
    house.send(root, "CHGHOST ana u h.example");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST CHGHOST u h.example"]);
    assert!(house.is_silent(), "clients without chghost get nothing");
    house.send(root, "CHGHOST bob v w.example");
    assert_eq!(house.lines(bob), [":bob!~bob@HOST CHGHOST v w.example"]);
    house.send(ana, "PRIVMSG #tea :x");
    assert_eq!(house.lines(bob), [":ana!u@h.example PRIVMSG #tea :x"]);
}

#[test]
fn setname_reports_a_changed_real_name() {
    let (mut house, ana, bob) = pair("setname");
    house.send(ana, "SETNAME :Ana II.");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST SETNAME :Ana II."]);
    assert_eq!(house.lines(ana), [""; 0]);
    assert_eq!(house.ask(bob, "SETNAME :Bob"), [":bob!~bob@HOST SETNAME :Bob"]);
}

#[test]
fn invite_notify_reaches_the_other_channel_operators() {
    let (mut house, ana, bob) = pair("invite-notify");
    let kim = house.irc_with("kim", "invite-notify");
    let eve = house.irc("eve");
    house.send(kim, "JOIN #tea");
    house.send(ana, "MODE #tea +o bob");
    house.forget();
    house.send(ana, "INVITE eve #tea");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST INVITE eve #tea"]);
    assert_eq!(house.lines(eve), [":ana!~ana@HOST INVITE eve #tea"]);
    assert_eq!(house.lines(kim), [""; 0], "only operators are told");
    assert_eq!(house.ask(bob, "INVITE eve #tea").len(), 1, "not of one's own");
    assert_eq!(house.lines(ana).len(), 1, "not without the capability");
}

#[test]
fn extended_monitor_reports_users_without_a_shared_channel() {
    let all = "away-notify setname chghost";
    for (capabilities, told) in [(all.to_owned(), 0), (format!("{all} extended-monitor"), 4)] {
        let mut house = IrcScene::new();
        let (root, ana) = (house.operator("root"), house.irc("ana"));
        let bob = house.irc_with("bob", &capabilities);
        house.send(bob, "MONITOR + ANA");
        house.forget();
        for line in ["AWAY :x", "AWAY", "SETNAME :y"] {
            house.send(ana, line);
        }
        house.send(root, "CHGHOST ana u h");
        let lines = house.lines(bob);
        assert_eq!(lines.len(), told, "{lines:#?}");
        if told > 0 {
            assert_eq!(
                lines,
                [
                    ":ana!~ana@HOST AWAY :x",
                    ":ana!~ana@HOST AWAY",
                    ":ana!~ana@HOST SETNAME :y",
                    ":ana!~ana@HOST CHGHOST u h"
                ]
            );
        }
        // With a shared channel, only one notice comes.
        house.send(ana, "JOIN #tea");
        house.send(bob, "JOIN #tea");
        house.forget();
        house.send(ana, "AWAY :z");
        assert_eq!(house.lines(bob), [":ana!u@h AWAY :z"]);
    }
    // It extends other capabilities and does nothing without them.
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc_with("bob", "extended-monitor"));
    house.send(bob, "MONITOR + ana");
    house.send(ana, "AWAY :x");
    house.send(ana, "SETNAME :x");
    assert_eq!(house.lines(bob), [":parlor.local 730 bob :ana!~ana@HOST"]);
}

#[test]
fn a_capability_can_be_disabled_again() {
    let (mut house, ana, bob) = pair("away-notify server-time");
    house.send(bob, "CAP REQ :-away-notify -server-time");
    house.forget();
    house.send(ana, "AWAY :x");
    house.send(ana, "PRIVMSG #tea :x");
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG #tea :x"]);
}

// standard-replies, UTF8ONLY.

#[test]
fn a_message_that_is_not_utf_8_is_refused_and_reaches_nobody() {
    let (mut house, ana, bob) = pair("standard-replies");
    house.bytes(bob, b"PRIVMSG #tea :caf\xe9\r\n");
    assert_eq!(
        house.lines(bob),
        [":parlor.local FAIL PRIVMSG INVALID_UTF8 :Message rejected: this server takes UTF-8 only"]
    );
    house.bytes(ana, b"TOPIC #tea :\xff\r\n");
    assert_eq!(
        house.lines(ana),
        [":parlor.local FAIL TOPIC INVALID_UTF8 :Message rejected: this server takes UTF-8 only"]
    );
    // Without a readable command, there is no name to show.
    house.bytes(bob, b"\xff\xfe x\r\n");
    assert_eq!(
        house.lines(bob),
        [":parlor.local FAIL * INVALID_UTF8 :Message rejected: this server takes UTF-8 only"]
    );
    assert!(house.is_silent());
}

#[test]
fn a_command_with_a_text_that_is_not_utf_8_is_executed_with_a_warning() {
    let (mut house, ana, bob) = pair("");
    let told = |command| {
        format!(
            ":parlor.local FAIL {command} INVALID_UTF8 :Done with some bytes replaced: this server takes UTF-8 only"
        )
    };
    let eve = house.connect();
    house.bytes(eve, b"NICK eve\r\nUSER \xe9 0 * :caf\xe9\r\n");
    let lines = house.lines(eve);
    assert_eq!(
        lines[0],
        ":parlor.local FAIL USER INVALID_UTF8 :Done with some bytes replaced: this server takes UTF-8 only"
    );
    assert!(lines[1].starts_with(":parlor.local 001 eve "), "{lines:#?}");
    house.send(eve, "JOIN #tea");
    house.forget();
    house.bytes(ana, b"AWAY :caf\xe9\r\n");
    assert_eq!(
        house.lines(ana),
        [&told("AWAY"), ":parlor.local 306 ana :You have been marked as being away"]
    );
    house.bytes(ana, b"KICK #tea eve :caf\xe9\r\n");
    assert_eq!(house.lines(ana), [&told("KICK"), ":ana!~ana@HOST KICK #tea eve :caf\u{fffd}"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST KICK #tea eve :caf\u{fffd}"]);
    house.bytes(bob, b"part #tea :\xe9 bye\r\n");
    assert_eq!(house.lines(bob), [&told("part"), ":bob!~bob@HOST PART #tea :\u{fffd} bye"]);
    house.forget();
    house.bytes(ana, b"QUIT \xff\r\n");
    assert_eq!(house.lines(ana), [&told("QUIT"), "ERROR :Closing link: Quit: \u{fffd}"]);
    assert!(house.is_shut(ana));
    // Names are never guessed.
    house.bytes(bob, b"KICK #t\xe9a eve :x\r\n");
    assert_eq!(
        house.lines(bob),
        [":parlor.local FAIL KICK INVALID_UTF8 :Message rejected: this server takes UTF-8 only"]
    );
}

#[test]
fn a_fail_reply_has_the_label() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "standard-replies labeled-response batch");
    house.bytes(ana, b"@label=x PRIVMSG ana :\xe9\r\n");
    assert_eq!(
        house.lines(ana),
        ["@label=x :parlor.local FAIL PRIVMSG INVALID_UTF8 :Message rejected: this server takes UTF-8 only"]
    );
    assert_eq!(
        house.ask(ana, "SETNAME :"),
        [":parlor.local FAIL SETNAME INVALID_REALNAME :Real name is empty or too long"]
    );
}

// Bot mode.

#[test]
fn a_bot_is_shown_by_tag_flag_and_whois() {
    let (mut house, ana, bob) = pair("message-tags");
    house.send(ana, "MODE ana +B");
    house.forget();
    for line in [
        "PRIVMSG #tea :x",
        "NOTICE bob :x",
        "TOPIC #tea :x",
        "MODE #tea +m",
        "NICK ana2",
        "NICK ana",
        "PART #tea",
    ] {
        house.send(ana, line);
        let lines = heard(&mut house, bob);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("@bot :") || lines[0].starts_with("@bot;msgid=ID :"), "{lines:?}");
    }
    assert!(house.ask(bob, "WHOIS ana").contains(&":parlor.local 335 bob ana :is a bot".to_owned()));
    assert!(house.ask(bob, "WHO ana")[0].contains(" HB :"));
    house.send(ana, "JOIN #tea");
    assert!(house.lines(bob)[0].starts_with("@bot :"));
    house.send(ana, "MODE ana -B");
    house.send(ana, "PRIVMSG bob :x");
    assert_eq!(heard(&mut house, bob), ["@msgid=ID :ana!~ana@HOST PRIVMSG bob :x"]);
}

// sts.

#[test]
fn sts_announces_the_port_without_tls_and_the_duration_with_it() {
    let mut house = IrcScene::new();
    let before = house.connect();
    house.send(before, "CAP LS 302");
    assert!(!house.lines(before).concat().contains("sts"), "there is no TLS");
    house.announce_tls(6697);
    let (plain, secure, old) = (house.connect(), house.connect(), house.connect());
    house.secure(secure);
    for (guest, version, told) in [
        (plain, " 302", Some("sts=port=6697")),
        (secure, " 302", Some("sts=duration=2592000")),
        // CAP versions without values cannot express it.
        (old, "", None),
    ] {
        house.send(guest, &format!("CAP LS{version}"));
        let lines = house.lines(guest).concat();
        assert_eq!(lines.split([' ', ':']).find(|word| word.starts_with("sts")), told);
    }
    // It informs clients, and cannot be requested (IRCv3 `sts`).
    house.send(plain, "CAP REQ :sts");
    assert_eq!(house.lines(plain), [":parlor.local CAP * NAK :sts"]);
}
