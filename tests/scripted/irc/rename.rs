//! `RENAME` (IRCv3 `draft/channel-rename`): for clients that know it, for others, and for the history.

use std::time::Duration;

use parlor::hub::{MEMBERS_PER_PAUSE, PAUSE};

use crate::irc::history::house;
use crate::irc::house::{Guest, HOST, IrcScene};
use crate::support::Scratch;

const RENAME: &str = "draft/channel-rename standard-replies";

/// A member of `#tea` with these capabilities; the first is its operator.
fn member(house: &mut IrcScene, name: &str, capabilities: &str) -> Guest {
    let guest = house.irc_with(name, capabilities);
    house.send(guest, "JOIN #tea");
    guest
}

fn pause(house: &mut IrcScene) {
    house.advance(PAUSE);
    house.forget();
}

#[test]
fn clients_with_the_capability_are_told_in_one_line() {
    let mut house = IrcScene::new();
    let [ana, bob] = ["ana", "bob"].map(|name| member(&mut house, name, RENAME));
    house.forget();
    let line = ":ana!~ana@HOST RENAME #tea #Coffee :Tea is out";
    assert_eq!(house.ask(ana, "RENAME #TEA #Coffee :Tea is out"), [line]);
    assert_eq!(house.lines(bob), [line]);
    house.send(bob, "PRIVMSG #coffee :hi");
    assert_eq!(house.lines(ana), [":bob!~bob@HOST PRIVMSG #Coffee :hi"]);
    assert_eq!(house.told(bob, "PRIVMSG #tea :hi"), "401 bob #tea");
}

#[test]
fn the_reason_may_be_missing_and_is_cut() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    house.forget();
    assert_eq!(house.ask(ana, "RENAME #tea #a"), [":ana!~ana@HOST RENAME #tea #a :"]);
    pause(&mut house);
    let long = house.ask(ana, &format!("RENAME #a #b :{}", "é".repeat(205)));
    assert_eq!(long, [format!(":ana!~ana@HOST RENAME #a #b :{}", "é".repeat(200))]);
}

#[test]
fn other_clients_leave_and_join_and_get_topic_and_members() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    let bob = member(&mut house, "bob", "");
    let eve = member(&mut house, "eve", "extended-join away-notify multi-prefix userhost-in-names");
    let kim = member(&mut house, "kim", "draft/no-implicit-names");
    house.send(ana, "TOPIC #tea :black and green");
    house.send(ana, "MODE #tea +v eve");
    house.send(eve, "AWAY :lunch");
    house.forget();
    house.send(ana, "RENAME #tea #coffee :typo");
    let topic = |nick: &str| {
        [
            format!(":parlor.local 332 {nick} #coffee :black and green"),
            format!(":parlor.local 333 {nick} #coffee ana!~ana@{HOST} 1000000000"),
        ]
    };
    let [text, setter] = topic("bob");
    assert_eq!(
        house.lines(bob),
        [
            ":bob!~bob@HOST PART #tea :typo",
            ":bob!~bob@HOST JOIN #coffee",
            &text,
            &setter,
            ":parlor.local 353 bob = #coffee :kim +eve bob @ana",
            ":parlor.local 366 bob #coffee :End of NAMES list",
        ]
    );
    let [text, setter] = topic("eve");
    assert_eq!(
        house.lines(eve),
        [
            ":eve!~eve@HOST PART #tea :typo",
            ":eve!~eve@HOST JOIN #coffee * :eve itself",
            &text,
            &setter,
            ":parlor.local 353 eve = #coffee :kim!~kim@HOST +eve!~eve@HOST bob!~bob@HOST @ana!~ana@HOST",
            ":parlor.local 366 eve #coffee :End of NAMES list",
        ]
    );
    let [text, setter] = topic("kim");
    let lines = [":kim!~kim@HOST PART #tea :typo", ":kim!~kim@HOST JOIN #coffee", &text, &setter];
    assert_eq!(house.lines(kim), lines);
}

#[test]
fn who_renames_without_the_capability_is_moved_too() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", "");
    let bob = member(&mut house, "bob", RENAME);
    house.forget();
    assert_eq!(
        house.ask(ana, "RENAME #tea #coffee"),
        [
            ":ana!~ana@HOST PART #tea",
            ":ana!~ana@HOST JOIN #coffee",
            ":parlor.local 353 ana = #coffee :bob @ana",
            ":parlor.local 366 ana #coffee :End of NAMES list",
        ]
    );
    assert_eq!(house.lines(bob), [":ana!~ana@HOST RENAME #tea #coffee :"]);
}

#[test]
fn a_change_of_letter_case_moves_nobody() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    let bob = member(&mut house, "bob", "");
    house.forget();
    assert_eq!(house.ask(ana, "RENAME #tea #tea"), [""; 0], "nothing changes");
    assert_eq!(house.ask(ana, "RENAME #tea #Tea"), [":ana!~ana@HOST RENAME #tea #Tea :"]);
    assert_eq!(house.lines(bob), [""; 0]);
    house.send(bob, "PRIVMSG #TEA :hi");
    assert_eq!(house.lines(ana), [":bob!~bob@HOST PRIVMSG #Tea :hi"]);
}

#[test]
fn the_answer_is_labelled_for_both_kinds_of_clients() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", "labeled-response batch");
    let bob = member(&mut house, "bob", &format!("{RENAME} labeled-response batch"));
    house.send(ana, "MODE #tea +o bob");
    house.forget();
    assert_eq!(house.ask(bob, "@label=x RENAME #tea #b"), ["@label=x :bob!~bob@HOST RENAME #tea #b :"]);
    pause(&mut house);
    assert_eq!(
        house.ask(ana, "@label=y RENAME #b #c"),
        [
            "@label=y :parlor.local BATCH +r labeled-response",
            "@batch=r :ana!~ana@HOST PART #b",
            "@batch=r :ana!~ana@HOST JOIN #c",
            "@batch=r :parlor.local 353 ana = #c :@bob @ana",
            "@batch=r :parlor.local 366 ana #c :End of NAMES list",
            ":parlor.local BATCH -r",
        ]
    );
    house.forget();
    let fails = house.ask(bob, "@label=z RENAME #c #d");
    assert!(fails[0].starts_with("@label=z :parlor.local FAIL RENAME CANNOT_RENAME #c #d :"), "{fails:?}");
    assert_eq!(fails.len(), 1);
}

#[test]
fn whoever_may_not_rename_is_told_why() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    let bob = member(&mut house, "bob", RENAME);
    let eve = house.irc_with("eve", RENAME);
    house.send(eve, "JOIN #secret");
    house.send(eve, "MODE #secret +s");
    house.send(ana, "JOIN #lobby");
    house.forget();
    for (who, line, told) in [
        (bob, "RENAME #tea #x", "482 bob #tea"),
        (eve, "RENAME #tea #x", "442 eve #tea"),
        (ana, "RENAME #none #x", "403 ana #none"),
        (ana, "RENAME #secret #x", "403 ana #secret"),
        (ana, "RENAME #tea", "461 ana RENAME"),
        (ana, "RENAME #tea #SECRET", "FAIL RENAME CHANNEL_NAME_IN_USE #tea #SECRET"),
        (ana, "RENAME #tea #lobby", "FAIL RENAME CHANNEL_NAME_IN_USE #tea #lobby"),
        (ana, "RENAME #tea tea", "FAIL RENAME CANNOT_RENAME #tea tea"),
        (ana, "RENAME #tea #a,b", "FAIL RENAME CANNOT_RENAME #tea #a,b"),
        (ana, "RENAME #lobby #x", "FAIL RENAME CANNOT_RENAME #lobby #x"),
    ] {
        assert_eq!(house.told(who, line), told, "{line}");
    }
    let root = house.operator("root");
    let told = house.ask(root, "RENAME #lobby #x");
    assert_eq!(
        told,
        [
            ":parlor.local NOTICE root :FAIL RENAME CANNOT_RENAME #lobby #x: The lobby has the name that is in the server's config"
        ]
    );
    assert!(house.is_silent(), "nobody else hears of it");
}

#[test]
fn a_channel_keeps_its_name_for_a_while() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    house.send(ana, "RENAME #tea #a");
    house.advance(PAUSE - Duration::from_millis(1_500));
    house.forget();
    assert_eq!(
        house.ask(ana, "RENAME #a #b"),
        [":parlor.local FAIL RENAME CANNOT_RENAME #a #b :The channel was renamed recently, try again in 2 s"]
    );
    house.advance(Duration::from_millis(1_500));
    assert_eq!(house.ask(ana, "RENAME #a #b"), [":ana!~ana@HOST RENAME #a #b :"]);
}

#[test]
fn members_modes_lists_and_invitations_go_along() {
    let mut house = IrcScene::new();
    let ana = member(&mut house, "ana", RENAME);
    let bob = house.irc("bob");
    let eve = house.irc("eve");
    house.send(ana, "MODE #tea +iklb secret 9 eve!*@*");
    house.send(ana, "INVITE bob #tea");
    house.send(ana, "RENAME #tea #coffee");
    house.forget();
    let modes = house.ask(ana, "MODE #coffee");
    assert_eq!(modes[0], ":parlor.local 324 ana #coffee +intkl secret 9");
    assert!(house.ask(ana, "MODE #coffee b")[0].contains(" 367 ana #coffee eve!*@* ana "));
    assert!(house.ask(bob, "INVITE").iter().any(|line| line.ends_with(" 336 bob #coffee")));
    assert_eq!(house.told(eve, "JOIN #coffee"), "474 eve #coffee");
    // The old name is free: an invitation to the channel is none to another of its old name.
    house.send(eve, "JOIN #tea");
    house.send(eve, "MODE #tea +i");
    house.forget();
    assert_eq!(house.told(bob, "JOIN #tea"), "473 bob #tea");
    assert_eq!(house.ask(bob, "JOIN #coffee")[0], ":bob!~bob@HOST JOIN #coffee");
    house.forget();
    assert!(house.ask(bob, "WHOIS ana").iter().any(|line| line.ends_with(" 319 bob ana :@#coffee")));
}

/// `count` more members of `#tea` without capabilities.
fn crowd(house: &mut IrcScene, count: usize) -> Vec<Guest> {
    (0..count).map(|n| member(house, &format!("user{n}"), "")).collect()
}

#[test]
fn a_large_channel_is_moved_at_once_and_listed_in_later_turns() {
    let mut house = IrcScene::with(|config| config.limits.flood = None).unchecked();
    let ana = member(&mut house, "ana", RENAME);
    let members = crowd(&mut house, 200);
    house.forget();
    house.bytes_for_a_turn(ana, "RENAME #tea #coffee\r\nPRIVMSG #coffee :hi\r\n");
    for (n, &guest) in members.iter().enumerate() {
        let lines = house.lines(guest);
        let own = |line: &str| format!(":user{n}!~user{n}@HOST {line} ");
        assert!(
            lines[0].starts_with(own("PART").trim_end()) && lines[1].starts_with(&own("JOIN")),
            "{lines:?}"
        );
        assert!(lines[2].ends_with(" PRIVMSG #coffee :hi"), "{lines:?}");
        assert_eq!(lines.len(), 3, "the members follow");
    }
    let mut turns = 0;
    while house.scene().poll() {
        turns += 1;
    }
    // Each list costs a step for each member, and one for each 64 bytes.
    assert!((200 * 200 / 2_560..2 * 200 * 200 / 2_560).contains(&turns), "{turns}");
    for &guest in &members {
        let lines = house.lines(guest);
        let names = lines.iter().filter_map(|line| line.split_once(" 353 ")?.1.split_once(" :"));
        assert_eq!(names.map(|(_, names)| names.split(' ').count()).sum::<usize>(), 201);
        assert!(lines.last().is_some_and(|line| line.contains(" 366 ")));
    }
    house.check();
}

#[test]
fn a_member_that_does_not_read_gets_its_list_when_it_does() {
    let mut house = IrcScene::with(|config| config.limits.flood = None).unchecked();
    let ana = member(&mut house, "ana", RENAME);
    let members = crowd(&mut house, 300);
    house.forget();
    let slow = house.wire(members[0]);
    slow.borrow_mut().room = 0;
    house.send(ana, "RENAME #tea #coffee");
    assert!(house.lines(members[1]).iter().any(|line| line.contains(" 366 ")), "others do not wait");
    let kept = house.report();
    slow.borrow_mut().room = usize::MAX;
    slow.borrow_mut().writable = true;
    house.scene().settle();
    let lines = house.lines(members[0]);
    assert!(lines.last().is_some_and(|line| line.contains(" 366 ")), "{lines:?} {kept:?}");
    house.check();
}

#[test]
fn a_list_of_members_ends_when_the_client_leaves_or_the_channel_is_renamed_again() {
    let mut house = IrcScene::with(|config| config.limits.flood = None).unchecked();
    let ana = member(&mut house, "ana", RENAME);
    let members = crowd(&mut house, 300);
    house.forget();
    house.bytes_for_a_turn(ana, "RENAME #tea #a\r\n");
    house.bytes_for_a_turn(members[0], "PART #a\r\n");
    {
        let leaving = house.wire(members[1]);
        let mut leaving = leaving.borrow_mut();
        (leaving.ended, leaving.readable) = (true, true);
    }
    house.scene().now.instant += PAUSE;
    house.send(ana, "RENAME #a #b");
    house.check();
    assert!(house.lines(members[0]).last().is_some_and(|line| line.contains(" PART #a")));
    let last = house.lines(members[299]);
    let ends: Vec<_> = last.iter().filter(|line| line.contains(" 366 ")).collect();
    assert_eq!(ends, [":parlor.local 366 user299 #b :End of NAMES list"]);
}

#[test]
fn a_larger_channel_keeps_its_name_longer() {
    let mut house = IrcScene::with(|config| config.limits.flood = None).unchecked();
    let ana = member(&mut house, "ana", RENAME);
    for n in 0..MEMBERS_PER_PAUSE {
        member(&mut house, &format!("user{n}"), "draft/channel-rename draft/no-implicit-names");
    }
    house.send(ana, "RENAME #tea #a");
    house.forget();
    house.scene().now.instant += PAUSE;
    assert_eq!(house.told(ana, "RENAME #a #b"), "FAIL RENAME CANNOT_RENAME #a #b");
    house.scene().now.instant += PAUSE;
    assert_eq!(house.ask(ana, "RENAME #a #b"), [":ana!~ana@HOST RENAME #a #b :"]);
}

/// What was said in `channel`.
fn said(house: &mut IrcScene, who: Guest, channel: &str) -> Vec<String> {
    let lines = house.ask(who, &format!("CHATHISTORY LATEST {channel} * 50"));
    let said = lines.iter().filter_map(|line| line.split_once(" PRIVMSG "));
    said.map(|(_, said)| said.to_owned()).collect()
}

const READER: &str = "draft/chathistory batch draft/channel-rename";

#[test]
fn the_history_goes_along_over_a_restart_and_earlier_members_keep_theirs() {
    let scratch = Scratch::new();
    let directory = scratch.path("state");
    let mut house = IrcScene::with_history(&directory, |config| config.limits.flood = None);
    // An earlier channel of the name.
    let eve = house.irc_with("eve", READER);
    house.send(eve, "JOIN #coffee");
    house.send(eve, "PRIVMSG #coffee :black");
    house.send(eve, "PART #coffee");
    let ana = member(&mut house, "ana", READER);
    house.send(ana, "PRIVMSG #tea :green");
    house.send(ana, "RENAME #tea #coffee");
    house.send(ana, "PRIVMSG #coffee :strong");
    house.send(eve, "JOIN #tea");
    house.forget();
    let expected = ["#coffee :green", "#coffee :strong"];
    assert_eq!(said(&mut house, ana, "#coffee"), expected);
    assert_eq!(said(&mut house, eve, "#tea"), [""; 0], "the history has gone with the channel");
    house.scene().end_store();
    drop(house);
    let mut house = IrcScene::with_history(&directory, |config| config.limits.flood = None);
    let kim = house.irc_with("kim", READER);
    house.send(kim, "JOIN #coffee,#tea");
    house.forget();
    assert_eq!(said(&mut house, kim, "#coffee"), expected);
    assert_eq!(said(&mut house, kim, "#tea"), [""; 0]);
}

#[test]
fn what_was_said_behind_closed_doors_stays_there_after_a_rename() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = member(&mut house, "ana", READER);
    house.send(ana, "MODE #tea +s");
    house.send(ana, "PRIVMSG #tea :secret");
    house.send(ana, "RENAME #tea #coffee");
    house.forget();
    assert_eq!(said(&mut house, ana, "#coffee"), ["#coffee :secret"]);
    house.send(ana, "PART #coffee");
    let eve = house.irc_with("eve", READER);
    house.send(eve, "JOIN #coffee,#tea");
    house.forget();
    for channel in ["#coffee", "#tea"] {
        assert_eq!(said(&mut house, eve, channel), [""; 0], "{channel}");
    }
}
