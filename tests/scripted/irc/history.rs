//! What was said is read back: by `CHATHISTORY`, `znc.in/playback`, `SEARCH`, or a replay after `JOIN`. The store is a
//! real file, and its thread answers; the time is that of the tests.

use std::time::Duration;

use parlor::config::ServerConfig;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::irc::house::{Guest, IrcScene};
use crate::support::Scratch;
use crate::support::past::Past;

const MODERN: &str = "batch server-time message-tags draft/chathistory standard-replies echo-message";

/// A server with an empty store, and without flood control.
pub(super) fn house(scratch: &Scratch) -> IrcScene {
    IrcScene::with_history(&scratch.path("state"), |config| config.limits.flood = None)
}

/// The texts of messages in `lines`, with the prefix of a replay.
fn texts(lines: &[String]) -> Vec<String> {
    let spoken = lines.iter().filter_map(|line| Some(line.split_once(" PRIVMSG ")?.1.split_once(" :")?.1));
    spoken.map(str::to_owned).collect()
}

/// The value of a tag in a line.
fn tag<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let tags = line.strip_prefix('@')?.split_once(' ')?.0;
    tags.split(';').find_map(|tag| tag.strip_prefix(key)?.strip_prefix('='))
}

fn say(house: &mut IrcScene, who: Guest, text: &str) {
    house.send(who, &format!("PRIVMSG #tea :{text}"));
}

#[test]
fn a_client_that_cannot_ask_sees_the_last_messages_and_their_time_after_joining() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    for n in 0..25 {
        say(&mut house, ana, &format!("line {n}"));
    }
    say(&mut house, ana, "\x01ACTION waves\x01");
    let bob = house.irc("bob");
    let lines = house.ask(bob, "JOIN #tea");
    let seen = texts(&lines);
    assert_eq!(seen.len(), 20);
    assert_eq!(seen[0], "[01:46] line 6");
    assert_eq!(seen[19], "\x01ACTION [01:46] waves\x01");
    let end_of_names = lines.iter().position(|line| line.contains(" 366 "));
    let first = lines.iter().position(|line| line.contains("line 6"));
    assert!(end_of_names < first, "the past comes after the list of members");
}

#[test]
fn a_replay_that_is_too_large_shows_the_last_message_of_each_channel() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| {
        (config.limits.flood, config.limits.outbox_bytes) = (None, 16 * 1024);
    });
    let ana = house.irc("ana");
    let channels: Vec<_> = (0..8).map(|n| format!("#tea{n}")).collect();
    for channel in &channels {
        house.send(ana, &format!("JOIN {channel}"));
        for n in 0..20 {
            house.send(ana, &format!("PRIVMSG {channel} :{n} {}", "x".repeat(300)));
        }
        house.forget();
    }
    house.advance(Duration::from_secs(61));
    let bob = house.irc("bob");
    let lines = house.ask(bob, &format!("JOIN {}", channels.join(",")));
    for channel in &channels {
        let last = lines.iter().rfind(|line| line.contains(&format!(" PRIVMSG {channel} :")));
        assert!(last.is_some_and(|line| line.contains("] 19 ")), "{channel}: {last:?}");
    }
}

#[test]
fn a_client_with_server_time_gets_the_time_as_a_tag() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "hi");
    house.advance(Duration::from_secs(61));
    let bob = house.irc_with("bob", "server-time");
    let lines = house.ask(bob, "JOIN #tea");
    let line = lines.iter().find(|line| line.ends_with(":hi")).expect("it is replayed");
    assert_eq!(tag(line, "time"), Some("2001-09-09T01:46:40.000Z"));
}

#[test]
fn who_reconnects_within_a_minute_sees_only_what_was_missed() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    let address = "192.0.2.1:1000";
    let bob = house.connect_from(address);
    house.register(bob, "bob", "");
    house.send(bob, "JOIN #tea");
    say(&mut house, ana, "seen");
    house.advance(Duration::from_secs(1));
    house.send(bob, "QUIT");
    house.advance(Duration::from_secs(10));
    let again = house.connect_from(address);
    house.register(again, "bob", "");
    assert_eq!(texts(&house.ask(again, "JOIN #tea")), [""; 0]);
    house.send(again, "QUIT");
    house.advance(Duration::from_secs(10));
    say(&mut house, ana, "missed");
    let third = house.connect_from(address);
    house.register(third, "bob", "");
    assert_eq!(texts(&house.ask(third, "JOIN #tea")), ["[01:47] missed"]);
    house.send(third, "QUIT");
    house.advance(Duration::from_secs(61));
    let later = house.connect_from(address);
    house.register(later, "bob", "");
    assert_eq!(texts(&house.ask(later, "JOIN #tea")).len(), 2, "after a minute it is all shown again");
}

#[test]
fn bots_clients_that_can_ask_and_replay_0_get_no_replay() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "hi");
    let bot = house.irc("bot");
    house.send(bot, "MODE bot +B");
    for guest in [bot, house.irc_with("bob", MODERN)] {
        assert_eq!(texts(&house.ask(guest, "JOIN #tea")), [""; 0]);
        assert_eq!(texts(&house.ask(guest, "PONG :replay")), [""; 0]);
    }
    house.change(|config| config.history.replay = 0);
    let kim = house.irc("kim");
    assert_eq!(texts(&house.ask(kim, "JOIN #tea")), [""; 0]);
}

#[test]
fn chathistory_answers_with_original_ids_times_and_tags_in_a_batch() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.forget();
    let echo = house.ask(ana, "@+draft/react=x PRIVMSG #tea :hi").remove(0);
    house.advance(Duration::from_secs(5));
    let lines = house.ask(ana, "CHATHISTORY LATEST #tea * 10");
    assert_eq!(lines[0], "@draft/chathistory-end :parlor.local BATCH +h chathistory #tea");
    assert_eq!(lines[1], echo.replace('@', "@batch=h;").replacen("@batch=h;HOST", "@HOST", 1));
    assert_eq!(lines[2], ":parlor.local BATCH -h");
    assert_eq!(lines.len(), 3, "joins need draft/event-playback");
}

#[test]
fn each_subcommand_selects_what_the_specification_says() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.forget();
    let (mut ids, mut times) = (Vec::new(), Vec::new());
    for n in 0..9 {
        house.advance(Duration::from_secs(1));
        let echo = house.ask(ana, &format!("PRIVMSG #tea :{n}")).remove(0);
        ids.push(format!("msgid={}", tag(&echo, "msgid").expect("it has an id")));
        times.push(format!("timestamp={}", tag(&echo, "time").expect("it has a time")));
    }
    for places in [&ids, &times] {
        let (a, b) = (&places[2], &places[6]);
        for (command, expected) in [
            ("LATEST #tea * 3".to_owned(), "678"),
            (format!("LATEST #tea {b} 10"), "78"),
            (format!("LATEST #tea {a} 3"), "678"),
            (format!("BEFORE #tea {b} 3"), "345"),
            (format!("BEFORE #tea {a} 10"), "01"),
            (format!("AFTER #tea {a} 3"), "345"),
            (format!("AROUND #tea {b} 4"), "4567"),
            (format!("AROUND #tea {b} 1"), "6"),
            (format!("BETWEEN #tea {a} {b} 10"), "345"),
            (format!("BETWEEN #tea {a} {b} 2"), "34"),
            (format!("BETWEEN #tea {b} {a} 2"), "45"),
            (format!("between #tea {a} {a} 2"), ""),
        ] {
            let lines = house.ask(ana, &format!("CHATHISTORY {command}"));
            assert_eq!(texts(&lines).concat(), expected, "{command}");
        }
    }
}

/// The texts and ids of the messages in `lines`.
fn said(lines: &[String]) -> Vec<(String, String)> {
    let ids = lines.iter().filter_map(|line| tag(line, "msgid").map(|id| format!("msgid={id}")));
    texts(lines).into_iter().zip(ids).collect()
}

#[test]
fn pages_too_large_for_an_answer_have_no_gap_and_the_one_around_a_message_shows_it() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| {
        (config.limits.flood, config.limits.outbox_bytes) = (None, 16 * 1024);
    });
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    let echoes: Vec<_> = (0..100)
        .map(|n| {
            house.forget();
            house.ask(ana, &format!("PRIVMSG #tea :{n}{}", "x".repeat(300))).remove(0)
        })
        .collect();
    let all = said(&echoes);
    let (mut paged, mut from) = (vec![all[0].clone()], all[0].1.clone());
    loop {
        house.forget();
        let until = &all[99].1;
        let page = said(&house.ask(ana, &format!("CHATHISTORY BETWEEN #tea {from} {until} 200")));
        let Some((_, last)) = page.last() else { break };
        from = last.clone();
        paged.extend(page);
    }
    assert_eq!(paged, all[..99]);
    house.forget();
    let around = said(&house.ask(ana, &format!("CHATHISTORY AROUND #tea {} 100", all[50].1)));
    let start = all.iter().position(|one| *one == around[0]).expect("it was said");
    assert_eq!(around, all[start..start + around.len()], "there is no gap");
    assert!((40..50).contains(&start) && start + around.len() > 55, "{start} {}", around.len());
}

#[test]
fn wrong_commands_are_refused_with_the_codes_of_the_specification() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.forget();
    for (command, refusal) in [
        ("LATER #tea * 1", "INVALID_PARAMS LATER"),
        ("LATEST", "INVALID_PARAMS LATEST"),
        ("LATEST #tea *", "INVALID_PARAMS LATEST"),
        ("LATEST #tea * 1 2", "INVALID_PARAMS LATEST"),
        ("LATEST #tea * 0", "INVALID_PARAMS LATEST 0"),
        ("LATEST #tea * -1", "INVALID_PARAMS LATEST -1"),
        ("LATEST #tea * many", "INVALID_PARAMS LATEST many"),
        ("BEFORE #tea * 1", "INVALID_MSGREFTYPE BEFORE *"),
        ("BEFORE #tea seq=1 1", "INVALID_MSGREFTYPE BEFORE seq=1"),
        ("BEFORE #tea msgid=x 1", "INVALID_PARAMS BEFORE msgid=x"),
        ("BEFORE #tea timestamp=now 1", "INVALID_PARAMS BEFORE timestamp=now"),
        ("LATEST #milk * 1", "INVALID_TARGET LATEST #milk"),
        ("LATEST bob * 1", "INVALID_TARGET LATEST bob"),
        ("TARGETS * * 1", "INVALID_MSGREFTYPE TARGETS *"),
    ] {
        let told = house.told(ana, &format!("CHATHISTORY {command}"));
        assert_eq!(told, format!("FAIL CHATHISTORY {refusal}"));
    }
}

#[test]
fn only_members_read_the_past_and_a_secret_channel_is_like_one_that_does_not_exist() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    house.send(ana, "MODE #tea +s");
    say(&mut house, ana, "hidden");
    let eve =
        house.irc_with("eve", &format!("{MODERN} soju.im/search znc.in/playback draft/message-redaction"));
    for command in [
        "CHATHISTORY LATEST # * 9",
        "REDACT # 0000000000000001",
        "SEARCH in=#",
        "PRIVMSG *playback :PLAY # 0",
        "PRIVMSG *playback :LIST #",
    ] {
        let mut ask =
            |room: &str| house.ask(eve, &command.replacen('#', room, 1)).join("\n").replace(room, "#");
        assert_eq!(ask("#tea"), ask("#nowhere"), "{command}");
    }
    let told =
        house.ask(eve, "CHATHISTORY TARGETS timestamp=2001-01-01T00:00:00Z timestamp=2002-01-01T00:00:00Z 9");
    assert_eq!(told.len(), 2, "an empty batch: {told:?}");
}

#[test]
fn who_is_removed_while_the_question_waits_reads_nothing() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    // A server that comes to rest does not let a question wait.
    house.scene().handover_every = None;
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "for members");
    let eve =
        house.irc_with("eve", &format!("{MODERN} soju.im/search znc.in/playback draft/message-redaction"));
    for question in [
        "CHATHISTORY LATEST #tea * 9",
        "CHATHISTORY TARGETS timestamp=2001-01-01T00:00:00Z timestamp=2002-01-01T00:00:00Z 9",
        "SEARCH text=members",
        "ZNC *playback PLAY * 0",
        "ZNC *playback LIST",
    ] {
        house.send(eve, "JOIN #tea");
        house.forget();
        house.bytes_for_a_turn(eve, format!("{question}\r\n"));
        house.bytes_for_a_turn(ana, "KICK #tea eve\r\nPRIVMSG #tea :members\r\n");
        house.scene().settle();
        let mut lines = house.lines(eve);
        assert!(lines.remove(0).contains(" KICK #tea eve "), "{question}: {lines:?}");
        let is_refused =
            lines.iter().any(|line| line.contains("FAIL CHATHISTORY INVALID_TARGET LATEST #tea"));
        assert_eq!(is_refused, question.contains("LATEST"), "{lines:?}");
        assert!(is_refused || !lines.concat().contains("#tea"), "{question}: {lines:?}");
        assert_eq!(texts(&lines), [""; 0], "{question}");
    }
}

#[test]
fn a_client_that_waits_for_the_store_need_not_answer_a_ping() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "hi");
    house.forget();
    house.bytes_for_a_turn(ana, "CHATHISTORY LATEST #tea * 9\r\n");
    let minute = Duration::from_secs(60);
    for _ in 0..5 {
        let scene = house.scene();
        (scene.now.instant, scene.now.time) = (scene.now.instant + minute, scene.now.time + minute);
        scene.turn(|_, _| ());
    }
    assert!(house.is_silent() && !house.is_shut(ana));
    house.scene().settle();
    assert_eq!(texts(&house.lines(ana)), ["hi"]);
    house.advance(minute);
    assert!(house.is_silent());
    house.advance(minute);
    assert_eq!(house.lines(ana), ["PING :parlor.local"]);
}

#[test]
fn a_question_of_somebody_who_is_gone_takes_no_memory() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let root = house.operator("root");
    let eve = house.irc_with("eve", MODERN);
    house.send(eve, "JOIN #tea");
    house.forget();
    house.bytes_for_a_turn(eve, "CHATHISTORY LATEST #tea * 9\r\n");
    house.bytes_for_a_turn(root, "KILL eve :x\r\n");
    // Each turn checks what is counted.
    house.advance(Duration::from_secs(60));
    assert!(house.is_gone(eve));
}

#[test]
fn what_was_said_behind_closed_doors_stays_with_the_members_of_that_time() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "open");
    house.send(ana, "MODE #tea +i");
    say(&mut house, ana, "closed");
    house.send(ana, "MODE #tea -i");
    let bob = house.irc_with("bob", MODERN);
    house.send(bob, "JOIN #tea");
    house.forget();
    let ask = |house: &mut IrcScene, who| texts(&house.ask(who, "CHATHISTORY LATEST #tea * 9"));
    assert_eq!(ask(&mut house, bob), ["open", "closed"], "members of the same room may read it");
    for guest in [ana, bob] {
        house.send(guest, "PART #tea");
    }
    house.send(bob, "JOIN #tea");
    house.forget();
    assert_eq!(ask(&mut house, bob), ["open"], "a new room with this name is not the old one");
}

#[test]
fn a_limit_of_a_channel_applies_at_once_and_0_deletes() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    for n in 0..6 {
        say(&mut house, ana, &n.to_string());
        house.advance(Duration::from_secs(40));
    }
    let ask = |house: &mut IrcScene| {
        house.forget();
        texts(&house.ask(ana, "CHATHISTORY LATEST #tea * 9")).concat()
    };
    assert_eq!(ask(&mut house), "012345");
    house.send(ana, "MODE #tea +H 4:1h");
    assert_eq!(ask(&mut house), "2345");
    house.send(ana, "MODE #tea +H 4:2");
    assert_eq!(ask(&mut house), "345", "only what is at most two minutes old");
    let modes = house.ask(ana, "MODE #tea").remove(0);
    assert!(modes.ends_with("+ntH 4:2m"), "{modes}");
    house.send(ana, "MODE #tea +H 0");
    assert_eq!(ask(&mut house), "");
    say(&mut house, ana, "unrecorded");
    house.send(ana, "MODE #tea -H");
    say(&mut house, ana, "recorded");
    assert_eq!(ask(&mut house), "recorded");
    for wrong in ["x", "5", "5:", "5:x", "-1:1h", "1:1y"] {
        let told = house.told(ana, &format!("MODE #tea +H {wrong}"));
        assert_eq!(told, format!("696 ana #tea H {wrong}"));
    }
    assert_eq!(house.told(ana, "MODE #tea +H"), "461 ana MODE");
}

#[test]
fn what_is_too_old_for_a_channel_stays_hidden_when_it_is_opened_again_without_its_limit() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.send(ana, "MODE #tea +H 10:1");
    say(&mut house, ana, "old");
    house.send(ana, "PART #tea");
    house.advance(Duration::from_secs(61));
    house.send(ana, "JOIN #tea");
    house.forget();
    assert_eq!(texts(&house.ask(ana, "CHATHISTORY LATEST #tea * 9")), [""; 0]);
}

#[test]
fn with_event_playback_joins_and_the_like_are_told_with_ids() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", &format!("{MODERN} draft/event-playback"));
    let bob = house.irc("bob");
    for (who, line) in [
        (ana, "JOIN #tea"),
        (bob, "JOIN #tea"),
        (ana, "TOPIC #tea :green"),
        (ana, "MODE #tea +v bob"),
        (bob, "NICK rob"),
        (bob, "PRIVMSG #tea :hi"),
        (ana, "KICK #tea rob :enough"),
        (bob, "JOIN #tea"),
        (bob, "PART #tea :bye"),
        (bob, "JOIN #tea"),
        (bob, "QUIT :gone"),
    ] {
        house.send(who, line);
    }
    house.forget();
    let lines = house.ask(ana, "CHATHISTORY LATEST #tea * 50");
    let events = lines[1..lines.len() - 1].iter().map(|line| {
        assert!(tag(line, "msgid").is_some() && tag(line, "time").is_some(), "{line}");
        line.split(' ').skip(2).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(
        events.collect::<Vec<_>>(),
        [
            "JOIN #tea",
            "JOIN #tea",
            "TOPIC #tea :green",
            "MODE #tea +v bob",
            "NICK rob",
            "PRIVMSG #tea :hi",
            "KICK #tea rob :enough",
            "JOIN #tea",
            "PART #tea :bye",
            "JOIN #tea",
            "QUIT :Quit: gone",
        ]
    );
}

#[test]
fn reactions_are_kept_but_not_who_was_typing() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", &format!("{MODERN} draft/event-playback"));
    house.send(ana, "JOIN #tea");
    for tags in ["+typing=active", "+typing", "+draft/react=tea", "+typing=done;+x=y"] {
        house.send(ana, &format!("@{tags} TAGMSG #tea"));
    }
    house.forget();
    let lines = house.ask(ana, "CHATHISTORY LATEST #tea * 50");
    let kept: Vec<_> = lines.iter().filter(|line| line.contains(" TAGMSG ")).collect();
    assert_eq!(kept.len(), 2, "{kept:?}");
    assert_eq!(tag(kept[0], "+draft/react"), Some("tea"));
    assert_eq!((tag(kept[1], "+typing"), tag(kept[1], "+x")), (Some("done"), Some("y")));
}

#[test]
fn a_label_is_on_the_batch_and_on_refusals() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", &format!("{MODERN} labeled-response"));
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "hi");
    house.forget();
    let lines = house.ask(ana, "@label=x CHATHISTORY LATEST #tea * 9");
    assert_eq!(lines[0], "@label=x;draft/chathistory-end :parlor.local BATCH +h chathistory #tea");
    assert_eq!(tag(&lines[1], "label"), None);
    assert_eq!(tag(&house.ask(ana, "@label=y CHATHISTORY LATEST #milk * 9")[0], "label"), Some("y"));
    let empty = house.ask(ana, "@label=v CHATHISTORY AFTER #tea timestamp=2010-01-01T00:00:00.000Z 9");
    assert_eq!((tag(&empty[0], "label"), empty.len()), (Some("v"), 2), "{empty:?}");
    let [first, second] =
        [house.ask(ana, "@label=z REDACT #tea x"), house.ask(ana, "@label=w SEARCH text=hi")];
    assert_eq!(tag(&first[0], "label"), Some("z"));
    assert_eq!((tag(&second[0], "label"), second.len()), (Some("w"), 3));
}

#[test]
fn targets_are_the_channels_with_messages_in_the_interval() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    for room in ["#a", "#b", "#c"] {
        house.send(ana, &format!("JOIN {room}"));
        house.send(ana, &format!("PRIVMSG {room} :hi"));
        house.advance(Duration::from_secs(1));
    }
    house.forget();
    let lines = house.ask(
        ana,
        "CHATHISTORY TARGETS timestamp=2001-09-09T01:46:40.500Z timestamp=2002-01-01T00:00:00.000Z 9",
    );
    assert_eq!(
        lines,
        [
            ":parlor.local BATCH +h draft/chathistory-targets",
            "@batch=h :parlor.local CHATHISTORY TARGETS #b 2001-09-09T01:46:41.000Z",
            "@batch=h :parlor.local CHATHISTORY TARGETS #c 2001-09-09T01:46:42.000Z",
            ":parlor.local BATCH -h",
        ]
    );
}

#[test]
fn playback_plays_what_came_after_a_time_and_lists_channels() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", "znc.in/playback server-time batch message-tags");
    for room in ["#a", "#b"] {
        house.send(ana, &format!("JOIN {room}"));
    }
    house.send(ana, "PONG :replay");
    for n in 0..4 {
        house.send(ana, &format!("PRIVMSG #a,#b :{n}"));
        house.advance(Duration::from_secs(1));
    }
    house.forget();
    let mut play = |line: &str| texts(&house.ask(ana, line)).concat();
    assert_eq!(play("PRIVMSG *playback :PLAY * 0"), "01230123");
    assert_eq!(play("PRIVMSG *playback :play #a 1000000001.000"), "23");
    assert_eq!(play("PRIVMSG *playback :PLAY #A,#c 1000000000.5 1000000002"), "12");
    assert_eq!(play("ZNC *playback PLAY #b 1000000002.0"), "3");
    assert_eq!(play("PRIVMSG *playback :LIST #a"), "#a 1000000000.000 1000000003.000");
    assert!(play("PRIVMSG *playback :PLAY").starts_with("PLAY targets"));
    assert!(play("PRIVMSG *playback :PLAY * soon").starts_with("Times are seconds"));
}

const PLAYBACK: &str = "znc.in/playback server-time batch message-tags";

#[test]
fn a_client_with_playback_that_answers_a_ping_without_asking_sees_what_it_missed() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, "one");
    let address = "192.0.2.1:1000";
    let lounge = house.connect_from(address);
    house.send(lounge, &format!("CAP REQ :{PLAYBACK}"));
    house.register(lounge, "lounge", "");
    let joined = house.ask(lounge, "JOIN #tea");
    assert_eq!(texts(&joined), [""; 0]);
    assert_eq!(joined.last().map(String::as_str), Some("PING :replay"));
    assert_eq!(texts(&house.ask(lounge, "PONG :parlor.local")), [""; 0], "this answers another PING");
    assert_eq!(texts(&house.ask(lounge, "PONG replay")), ["one"]);
    assert_eq!(texts(&house.ask(lounge, "PONG replay")), [""; 0]);
    house.advance(Duration::from_secs(1));
    house.send(lounge, "QUIT");
    say(&mut house, ana, "two");
    house.advance(Duration::from_secs(60 * 60));
    (0..25).for_each(|_| say(&mut house, ana, "more"));
    let again = house.connect_from(address);
    house.send(again, &format!("CAP REQ :{PLAYBACK}"));
    house.register(again, "lounge", "");
    house.send(again, "JOIN #tea");
    house.forget();
    let seen = texts(&house.ask(again, "PONG :replay"));
    assert_eq!((seen.len(), seen[0].as_str()), (26, "two"), "it has the first, and all others are new");
}

#[test]
fn a_client_with_playback_that_asks_sees_nothing_twice() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    for room in ["#tea", "#jam"] {
        house.send(ana, &format!("JOIN {room}"));
        house.send(ana, &format!("PRIVMSG {room} :in {room}"));
    }
    let lounge = house.irc_with("lounge", PLAYBACK);
    house.send(lounge, "JOIN #tea,#jam");
    house.forget();
    house.send(ana, "PRIVMSG #tea,#jam :heard");
    house.forget();
    assert_eq!(texts(&house.ask(lounge, "ZNC *playback PLAY #tea 0")), ["in #tea"]);
    assert_eq!(texts(&house.ask(lounge, "PONG :replay")), ["in #jam"]);
    for _ in 0..3 {
        house.send(lounge, "PART #tea");
        house.send(lounge, "JOIN #tea");
    }
    house.forget();
    assert_eq!(texts(&house.ask(lounge, "PONG :replay")), ["in #tea", "heard"]);
}

#[test]
fn search_finds_messages_of_the_clients_channels_only() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    let bob = house.irc_with("bob", &format!("{MODERN} soju.im/search"));
    for (who, line) in [
        (ana, "JOIN #tea,#milk"),
        (bob, "JOIN #tea"),
        (ana, "PRIVMSG #tea :Green tea is green"),
        (ana, "PRIVMSG #milk :green milk"),
        (bob, "PRIVMSG #tea :no GREEN here"),
        (ana, "NOTICE #tea :ÉTÉ green"),
    ] {
        house.send(who, line);
    }
    house.forget();
    let mut found = |attributes: &str| {
        let lines = house.ask(bob, &format!("SEARCH {attributes}"));
        lines
            .iter()
            .filter_map(|line| Some(line.split_once(" :")?.1.rsplit_once(':')?.1.to_owned()))
            .collect::<Vec<_>>()
    };
    assert_eq!(found("text=green"), ["Green tea is green", "no GREEN here", "ÉTÉ green"]);
    assert_eq!(found("text=green;from=bob"), ["no GREEN here"]);
    assert_eq!(found("text=tea\\sgreen"), ["Green tea is green"]);
    assert_eq!(found("text=été;in=#tea"), ["ÉTÉ green"]);
    assert_eq!(found("text=green;limit=1"), ["ÉTÉ green"]);
    assert_eq!(found("text=green;limit=1;after=2001-09-09T01:46:40.000Z"), ["Green tea is green"]);
    assert_eq!(found("text=green;limit=1;before=2001-09-09T01:46:40.000Z"), ["ÉTÉ green"]);
    assert_eq!(house.told(bob, "SEARCH in=#milk"), "FAIL SEARCH INVALID_PARAMS in");
    assert_eq!(house.told(bob, "SEARCH colour=x"), "FAIL SEARCH INVALID_PARAMS colour");
}

#[test]
fn authors_remove_their_messages_for_a_day_and_channel_operators_any_of_their_own_channel() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let capabilities = format!("{MODERN} draft/message-redaction");
    let [ana, bob, eve] = ["ana", "bob", "eve"].map(|name| house.irc_with(name, &capabilities));
    let old = house.irc("old");
    for (who, line) in [(ana, "JOIN #tea"), (bob, "JOIN #tea"), (eve, "JOIN #milk,#tea"), (old, "JOIN #tea")]
    {
        house.send(who, line);
    }
    let said = |house: &mut IrcScene, text: &str| {
        house.forget();
        let echo = house.ask(bob, &format!("PRIVMSG #tea :{text}")).remove(0);
        house.forget();
        tag(&echo, "msgid").expect("it has an id").to_owned()
    };
    let first = said(&mut house, "one");
    assert_eq!(
        house.told(eve, &format!("REDACT #tea {first}")),
        format!("FAIL REDACT REDACT_FORBIDDEN #tea {first}")
    );
    let elsewhere = house.told(eve, &format!("REDACT #milk {first}"));
    assert_eq!(
        elsewhere,
        format!("FAIL REDACT UNKNOWN_MSGID #milk {first}"),
        "operators of other channels cannot"
    );
    house.send(bob, &format!("REDACT #tea {first} :typo"));
    for who in [ana, bob, eve] {
        let line = house.lines(who).remove(0);
        assert!(line.ends_with(&format!(":bob!~bob@HOST REDACT #tea {first} :typo")), "{line}");
    }
    assert!(house.lines(old).is_empty(), "who does not know redaction sees nothing");
    assert_eq!(
        house.told(bob, &format!("REDACT #tea {first}")),
        format!("FAIL REDACT UNKNOWN_MSGID #tea {first}")
    );
    let second = said(&mut house, "two");
    house.pass(Duration::from_secs(24 * 60 * 60 + 1));
    let expired = house.told(bob, &format!("REDACT #tea {second}"));
    assert_eq!(expired, format!("FAIL REDACT REDACT_WINDOW_EXPIRED #tea {second} 86400"));
    house.send(ana, &format!("REDACT #tea {second}"));
    house.forget();
    assert_eq!(texts(&house.ask(ana, "CHATHISTORY LATEST #tea * 9")), [""; 0]);
    let third = said(&mut house, "three");
    house.send(bob, "QUIT");
    house.advance(Duration::from_secs(2));
    let thief = house.irc_with("bob", &capabilities);
    house.send(thief, "JOIN #tea");
    house.forget();
    let told = house.told(thief, &format!("REDACT #tea {third}"));
    assert_eq!(told, format!("FAIL REDACT REDACT_FORBIDDEN #tea {third}"), "a name alone is no proof");
}

#[test]
fn without_a_store_nothing_of_it_is_offered() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "standard-replies");
    let offered = house.ask(ana, "CAP LS 302").concat();
    for capability in ["draft/chathistory", "soju.im/search", "znc.in/playback", "draft/message-redaction"] {
        assert!(!offered.contains(capability), "{offered}");
        assert!(house.ask(ana, &format!("CAP REQ {capability}"))[0].contains(" NAK "));
    }
    house.send(ana, "JOIN #tea");
    house.forget();
    assert_eq!(house.told(ana, "CHATHISTORY LATEST #tea * 9"), "FAIL CHATHISTORY MESSAGE_ERROR LATEST #tea");
}

#[test]
fn the_past_survives_a_restart() {
    let scratch = Scratch::new();
    let ask = "CHATHISTORY LATEST #tea * 9";
    let before = {
        let mut house = house(&scratch);
        let ana = house.irc_with("ana", MODERN);
        house.send(ana, "JOIN #tea");
        say(&mut house, ana, "remember");
        house.forget();
        let lines = house.ask(ana, ask);
        house.scene().end_store();
        lines
    };
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.forget();
    assert_eq!(house.ask(ana, ask), before);
}

#[test]
fn who_comes_back_soon_after_a_restart_sees_only_what_was_missed() {
    let scratch = Scratch::new();
    {
        let mut house = house(&scratch);
        let ana = house.irc("ana");
        house.send(ana, "JOIN #tea");
        (0..25).for_each(|n| say(&mut house, ana, &format!("old {n}")));
        house.advance(Duration::from_secs(1));
        house.send(ana, "QUIT");
        house.scene().end_store();
    }
    let mut house = house(&scratch);
    house.advance(Duration::from_secs(5));
    let eve = house.irc("eve");
    let seen = texts(&house.ask(eve, "JOIN #tea"));
    assert_eq!((seen.len(), seen[19].as_str()), (20, "[01:46] old 24"), "she was not here");
    say(&mut house, eve, "missed");
    let ana = house.irc("ana");
    assert_eq!(texts(&house.ask(ana, "JOIN #tea")), ["[01:46] missed"]);
    house.advance(Duration::from_secs(60));
    let other = house.connect();
    house.register(other, "ann", "");
    assert_eq!(texts(&house.ask(other, "JOIN #tea")).len(), 20);
}

#[test]
fn what_was_said_in_a_closed_channel_stays_hidden_when_a_later_run_makes_it_the_lobby() {
    let scratch = Scratch::new();
    {
        let mut house = house(&scratch);
        let ana = house.irc("ana");
        for line in ["JOIN #tea", "PRIVMSG #tea :open", "MODE #tea +s", "PRIVMSG #tea :closed"] {
            house.send(ana, line);
        }
        house.scene().end_store();
    }
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| {
        config.lobby = "#tea".parse().expect("the name of a room");
    });
    let eve = house.irc_with("eve", MODERN);
    house.send(eve, "JOIN #tea");
    house.forget();
    assert_eq!(texts(&house.ask(eve, "CHATHISTORY LATEST #tea * 9")), ["open"]);
}

/// What happens in the conversation that two stores record.
#[derive(Clone, Debug)]
enum Step {
    Line(usize, String),
    Advance(Duration),
    Ask(usize, String),
    Redact(usize, usize),
    AskAbout(usize, &'static str, usize, usize, usize),
}

const ROOMS: [&str; 2] = ["#tea", "#milk"];

fn step() -> impl Strategy<Value = Step> {
    let (who, room) = (0..3_usize, select(ROOMS.as_slice()));
    let line = |(who, line)| Step::Line(who, line);
    prop_oneof![
        8 => (who.clone(), room.clone(), "[ab]{1,3}").prop_map(|(who, room, text)| (who, format!("PRIVMSG {room} :{text}"))).prop_map(line),
        1 => (who.clone(), room.clone()).prop_map(|(who, room)| (who, format!("TAGMSG {room}"))).prop_map(line),
        2 => (who.clone(), room.clone()).prop_map(|(who, room)| (who, format!("JOIN {room}"))).prop_map(line),
        1 => (who.clone(), room.clone()).prop_map(|(who, room)| (who, format!("PART {room} :x"))).prop_map(line),
        1 => (who.clone(), room.clone(), select(vec!["+i", "-i", "+s", "-s", "+H 3:5", "+H 6:1", "+H 0", "-H"]))
            .prop_map(|(who, room, modes)| (who, format!("MODE {room} {modes}"))).prop_map(line),
        1 => (who.clone(), room.clone(), "[ab]{0,2}").prop_map(|(who, room, text)| (who, format!("TOPIC {room} :{text}"))).prop_map(line),
        2 => (0..200_u64).prop_map(|seconds| Step::Advance(Duration::from_secs(seconds))),
        3 => (who.clone(), 0..20_usize).prop_map(|(who, message)| Step::Redact(who, message)),
        2 => (who.clone(), room.clone(), 1..9_usize)
            .prop_map(|(who, room, most)| Step::Ask(who, format!("CHATHISTORY LATEST {room} * {most}"))),
        1 => (who.clone(), select(vec!["SEARCH text=a", "SEARCH text=b\\sa;limit=2", "ZNC *playback PLAY * 0"]))
            .prop_map(|(who, line)| Step::Ask(who, line.to_owned())),
        6 => (who, select(vec!["LATEST", "BEFORE", "AFTER", "AROUND", "BETWEEN", "TARGETS"]), 0..20_usize, 0..20_usize, 1..6_usize)
            .prop_map(|(who, command, from, to, most)| Step::AskAbout(who, command, from, to, most)),
    ]
}

/// A conversation with one of the stores: everything that its users were told.
struct Talk {
    house: IrcScene,
    users: Vec<Guest>,
    /// The id and time of each message, with its room.
    messages: Vec<(String, String, String)>,
}

impl Talk {
    fn begin(mut house: IrcScene) -> Self {
        let capabilities = format!("{MODERN} draft/message-redaction soju.im/search znc.in/playback");
        let users = [
            house.irc_with("ana", &format!("{capabilities} draft/event-playback")),
            house.irc_with("bob", &capabilities),
            house.irc_with("eve", &capabilities),
        ];
        Self { house, users: users.to_vec(), messages: Vec::new() }
    }

    /// Does a step. Returns what everybody hears.
    fn step(&mut self, step: &Step) -> Vec<String> {
        match step {
            Step::Line(who, line) | Step::Ask(who, line) => self.house.send(self.users[*who], line),
            Step::Advance(time) => {
                self.house.pass(*time);
            }
            Step::Redact(who, message) => {
                if let Some((id, _, room)) = self.message(*message) {
                    self.house.send(self.users[*who], &format!("REDACT {room} {id}"));
                }
            }
            Step::AskAbout(who, command, from, to, most) => {
                let ends = (self.message(*from), self.message(*to));
                if let (Some((id, time, room)), Some((_, until, _))) = ends {
                    let place =
                        if most % 2 == 0 { format!("msgid={id}") } else { format!("timestamp={time}") };
                    let places = match *command {
                        "TARGETS" => format!("timestamp={time} timestamp={until}"),
                        "BETWEEN" => format!("{room} {place} timestamp={until}"),
                        _ => format!("{room} {place}"),
                    };
                    self.house.send(self.users[*who], &format!("CHATHISTORY {command} {places} {most}"));
                }
            }
        }
        let heard: Vec<_> = self.users.iter().flat_map(|&user| self.house.lines(user)).collect();
        if let (Step::Line(..), Some(line)) = (step, heard.first())
            && line.contains(" PRIVMSG #")
        {
            let room = line.split(' ').nth(3).expect("it has a target").to_owned();
            let [id, time] = ["msgid", "time"].map(|key| tag(line, key).expect("it is tagged").to_owned());
            self.messages.push((id, time, room));
        }
        heard
    }

    /// One of the last messages.
    fn message(&self, back: usize) -> Option<(String, String, String)> {
        let at = self.messages.len().checked_sub(1 + back)?;
        self.messages.get(at).cloned()
    }
}

#[cfg(feature = "cluster")]
#[test]
fn history_in_a_broker_is_read_and_changed_like_that_in_a_file_but_not_searched() {
    let Some(mut server) = crate::support::redis_server::RedisServer::start() else { return };
    let broker: parlor::broker::Broker = server.url().parse().expect("it is a URL");
    let mut house = IrcScene::with(|config| {
        (config.limits.flood, config.cluster.broker) = (None, Some(broker.clone()));
    });
    house.scene().keep_history_in_broker(broker);
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    for text in ["one", "two", "three"] {
        say(&mut house, ana, text);
    }
    house.forget();
    let lines = house.ask(ana, "CHATHISTORY LATEST #tea * 2");
    assert_eq!(texts(&lines), ["two", "three"]);
    let id = tag(&lines[1], "msgid").expect("messages have ids").to_owned();
    house.ask(ana, &format!("REDACT #tea {id}"));
    assert_eq!(texts(&house.ask(ana, "CHATHISTORY LATEST #tea * 9")), ["one", "three"]);
    let refused = house.ask(ana, "SEARCH text=one");
    assert!(refused[0].contains("FAIL SEARCH UNSUPPORTED :") && refused.len() == 1, "{refused:?}");
    let offered = house.ask(ana, "CAP LS 302").join(" ");
    assert!(offered.contains("draft/chathistory") && !offered.contains("soju.im/search"), "{offered}");
    // Without the broker, there is no past.
    server.kill();
    let failed = house.ask(ana, "CHATHISTORY LATEST #tea * 2");
    assert!(failed[0].contains("FAIL CHATHISTORY MESSAGE_ERROR"), "{failed:?}");
}

#[cfg(feature = "upgrade")]
#[test]
fn a_limit_of_a_room_without_history_outlives_an_upgrade() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| {
        config.limits.flood = None;
        config.history.age = Some(Duration::from_secs(900));
    });
    let ana = house.irc_with("ana", MODERN);
    house.send(ana, "JOIN #tea");
    house.send(ana, "MODE #tea +H 6:1m");
    // What was recorded of the channel is too old by now.
    house.advance(Duration::from_secs(120));
    assert!(house.scene().hand_over());
    say(&mut house, ana, "soon too old");
    house.advance(Duration::from_secs(61));
    house.forget();
    let told = house.ask(ana, "CHATHISTORY LATEST #tea * 9");
    assert!(!told.iter().any(|line| line.contains("soon too old")), "{told:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Messages, joins, redactions, limits and expiry; each answer of the file is that of the naive list.
    #[test]
    fn every_answer_equals_that_of_a_naive_store(steps in vec(step(), 1..120)) {
        let scratch = Scratch::new();
        let configure = |config: &mut ServerConfig| {
            config.limits.flood = None;
            config.history.age = Some(Duration::from_secs(900));
            config.history.lines = 12;
        };
        let mut real = Talk::begin(IrcScene::with_history(&scratch.path("state"), configure));
        let mut house = IrcScene::with(configure);
        let (store, wake) = Past::new(Duration::from_secs(900), 12).store();
        house.scene().keep_in(store, wake);
        let mut naive = Talk::begin(house);
        for (n, step) in steps.iter().enumerate() {
            prop_assert_eq!(real.step(step), naive.step(step), "step {}: {:?}", n, step);
        }
    }
}
