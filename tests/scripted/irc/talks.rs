//! Private messages between users with accounts are read back by both of them and nobody else.

use std::time::Duration;

use crate::irc::house::{Guest, IrcScene};
use crate::support::Scratch;

const MODERN: &str =
    "batch server-time message-tags draft/chathistory standard-replies znc.in/playback soju.im/search";

/// A server, and ana, bob and eve with accounts.
fn house(scratch: &Scratch) -> (IrcScene, [Guest; 3]) {
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| config.limits.flood = None);
    let users = ["ana", "bob", "eve"].map(|name| registered(&mut house, name));
    (house, users)
}

/// Somebody who has just registered an account.
fn registered(house: &mut IrcScene, name: &str) -> Guest {
    let guest = house.irc_with(name, MODERN);
    house.ask(guest, "NS REGISTER correct-horse");
    guest
}

fn whisper(house: &mut IrcScene, from: Guest, to: &str, text: &str) {
    house.send(from, &format!("PRIVMSG {to} :{text}"));
    house.advance(Duration::from_secs(1));
}

/// ana and bob have talked, and so have bob and eve.
fn talked(scratch: &Scratch) -> (IrcScene, [Guest; 3]) {
    let (mut house, [ana, bob, eve]) = house(scratch);
    whisper(&mut house, ana, "bob", "one");
    whisper(&mut house, bob, "ANA", "two");
    whisper(&mut house, eve, "bob", "psst");
    whisper(&mut house, ana, "bob", "three");
    house.forget();
    (house, [ana, bob, eve])
}

/// Senders, targets and texts of the messages in `lines`.
fn spoken(lines: &[String]) -> Vec<String> {
    let spoken = lines.iter().filter_map(|line| {
        let (before, text) = line.split_once(" PRIVMSG ")?;
        let from = before.rsplit_once(':')?.1.split('!').next()?;
        Some(format!("{from}>{}", text.replacen(" :", ":", 1)))
    });
    spoken.collect()
}

#[test]
fn chathistory_with_a_nick_has_what_both_have_said_for_each_of_them() {
    let scratch = Scratch::new();
    let (mut house, [ana, bob, eve]) = talked(&scratch);
    let lines = house.ask(ana, "CHATHISTORY LATEST Bob * 10");
    assert!(lines[0].contains(" BATCH +h chathistory Bob"), "{}", lines[0]);
    let all = ["ana>bob:one", "bob>ana:two", "ana>bob:three"];
    assert_eq!(spoken(&lines), all);
    assert_eq!(spoken(&house.ask(bob, "CHATHISTORY LATEST ana * 10")), all);
    assert_eq!(spoken(&house.ask(eve, "CHATHISTORY LATEST ana * 10")), [""; 0]);
    assert_eq!(spoken(&house.ask(eve, "CHATHISTORY LATEST bob * 10")), ["eve>bob:psst"]);
    let two = "timestamp=2001-09-09T01:46:41.000Z";
    for (command, expected) in [
        (format!("BEFORE bob {two} 10"), &all[..1]),
        (format!("AFTER bob {two} 10"), &all[2..]),
        (format!("AROUND bob {two} 1"), &all[1..2]),
        (format!("BETWEEN bob timestamp=2001-01-01T00:00:00.000Z {two} 10"), &all[..1]),
        ("LATEST bob * 2".to_owned(), &all[1..]),
    ] {
        assert_eq!(spoken(&house.ask(ana, &format!("CHATHISTORY {command}"))), expected, "{command}");
    }
}

#[test]
fn chathistory_with_a_nick_is_refused_unless_both_have_accounts() {
    let scratch = Scratch::new();
    let (mut house, [ana, ..]) = talked(&scratch);
    let guest = house.irc_with("guest", MODERN);
    whisper(&mut house, ana, "guest", "psst");
    whisper(&mut house, guest, "ana", "psst");
    house.forget();
    for (who, target) in [(ana, "guest"), (ana, "nobody"), (guest, "ana"), (guest, "guest"), (ana, "x y")] {
        let lines = house.ask(who, &format!("CHATHISTORY LATEST {target} * 10"));
        assert_eq!(spoken(&lines), [""; 0], "{target}");
        assert!(lines[0].contains("FAIL CHATHISTORY INVALID_"), "{lines:?}");
    }
    let lines = house.ask(guest, "CHATHISTORY LATEST ana * 10");
    let why = "INVALID_TARGET LATEST ana :Private messages are only kept between users with accounts";
    assert!(lines[0].ends_with(why), "{}", lines[0]);
}

#[test]
fn targets_names_users_and_channels_in_the_order_of_their_last_messages() {
    let scratch = Scratch::new();
    let (mut house, [ana, bob, eve]) = talked(&scratch);
    house.send(bob, "JOIN #tea");
    whisper(&mut house, bob, "#tea", "in public");
    house.forget();
    let mut targets = |who| {
        let command =
            "CHATHISTORY TARGETS timestamp=2001-01-01T00:00:00.000Z timestamp=2002-01-01T00:00:00.000Z 9";
        let lines = house.ask(who, command);
        let targets =
            lines.iter().filter_map(|line| line.split_once(" CHATHISTORY TARGETS ")?.1.split_once(' '));
        targets.map(|(target, _)| target.to_owned()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(targets(bob), "eve ana #tea");
    assert_eq!(targets(ana), "bob");
    assert_eq!(targets(eve), "bob");
}

#[test]
fn playback_plays_private_messages_in_a_batch_for_each_user() {
    let scratch = Scratch::new();
    let (mut house, [_, bob, eve]) = talked(&scratch);
    let lines = house.ask(bob, "PRIVMSG *playback :PLAY * 0");
    let batches = lines.iter().filter(|line| line.contains(" BATCH +h chathistory "));
    let batches: Vec<_> = batches.filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(batches, ["ana", "eve"]);
    assert_eq!(spoken(&lines), ["ana>bob:one", "bob>ana:two", "ana>bob:three", "eve>bob:psst"]);
    assert_eq!(spoken(&house.ask(bob, "PRIVMSG *playback :PLAY eve 0")), ["eve>bob:psst"]);
    assert_eq!(spoken(&house.ask(eve, "PRIVMSG *playback :PLAY ana 0")), [""; 0]);
    let listed = spoken(&house.ask(bob, "PRIVMSG *playback :LIST ana"));
    assert_eq!(listed, ["*playback>bob:ana 1000000000.000 1000000003.000"]);
}

#[test]
fn a_search_finds_own_private_messages_and_those_with_one_user() {
    let scratch = Scratch::new();
    let (mut house, [ana, bob, eve]) = talked(&scratch);
    let guest = house.irc_with("guest", MODERN);
    assert_eq!(spoken(&house.ask(bob, "SEARCH text=s")), ["eve>bob:psst"]);
    assert_eq!(spoken(&house.ask(bob, "SEARCH text=o")), ["ana>bob:one", "bob>ana:two"]);
    assert_eq!(spoken(&house.ask(bob, "SEARCH in=eve")), ["eve>bob:psst"]);
    assert_eq!(spoken(&house.ask(bob, "SEARCH in=ana;from=bob")), ["bob>ana:two"]);
    for (who, search) in [(ana, "text=psst"), (eve, "text=one"), (eve, "in=ana"), (guest, "text=one")] {
        assert_eq!(spoken(&house.ask(who, &format!("SEARCH {search}"))), [""; 0], "{search}");
    }
    let lines = house.ask(guest, "SEARCH in=ana");
    let why = "FAIL SEARCH INVALID_PARAMS in :Private messages are only kept between users with accounts";
    assert!(lines[0].ends_with(why), "{}", lines[0]);
}

#[test]
fn a_later_account_of_the_same_name_reads_nothing_of_the_earlier_one() {
    let scratch = Scratch::new();
    let (mut house, [ana, bob, _]) = talked(&scratch);
    house.ask(ana, "NS DROP correct-horse ana");
    let ana = registered(&mut house, "ana");
    let lines = house.ask(ana, "CHATHISTORY LATEST bob * 10");
    assert!(lines[0].contains(" BATCH +h chathistory bob"), "{}", lines[0]);
    assert_eq!(spoken(&lines), [""; 0]);
    assert_eq!(spoken(&house.ask(bob, "CHATHISTORY LATEST ana * 10")), [""; 0]);
}
