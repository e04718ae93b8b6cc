//! Reports: their numbers, and who may see them.

use std::time::Duration;

use parlor::config::Limits;
use parlor::message::Tally;

use crate::irc::house::IrcScene;

fn counted(tally: &Tally) -> Vec<(&str, u64)> {
    tally.iter().filter(|&(_, count)| count > 0).collect()
}

#[test]
fn connections_are_counted_by_stage() {
    let mut house = IrcScene::with(|config| config.limits.login_timeout = Duration::from_secs(3600));
    let (_unknown, begun) = (house.connect(), house.connect());
    house.send(begun, "NICK begun");
    house.irc("ana");
    house.operator("root");
    house.crazyit("bob");
    let kicked = house.crazyit("kicked");
    let report = house.report();
    let expected = [("unknown", 1), ("logging-in", 1), ("crazyit", 2), ("irc", 2)];
    assert_eq!(counted(&report.connections), expected);
    assert_eq!((report.users, report.operators, report.rooms), (4, 1, 1));
    house.send(begun, "QUIT");
    house.bytes(kicked, "nonsense");
    let expected = [("unknown", 1), ("crazyit", 1), ("irc", 2), ("ending", 2)];
    assert_eq!(counted(&house.report().connections), expected);
    assert_eq!(counted(&house.report().endings), [("quit", 1), ("malformed", 1)]);
    house.half_close(begun);
    house.half_close(kicked);
    assert_eq!(house.report().connections.total(), house.connections() as u64);
}

#[test]
fn messages_endings_and_refusals_are_counted() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    for line in ["PRIVMSG #tea :one", "PRIVMSG bob :two", "PRIVMSG nobody :three", "NICK bob", "KILL bob x"] {
        house.send(ana, line);
    }
    let carol = house.crazyit("carol");
    house.bytes(carol, "§γhello§γ★【nobody※x★【");
    let report = house.report();
    assert_eq!(report.messages, 3);
    // KILL checks for operators before it looks up the user.
    assert_eq!(counted(&report.refusals), [("no-such-user", 2), ("name-taken", 1)]);
    house.half_close(carol);
    house.send(bob, "QUIT :a secret");
    let late = house.connect();
    house.advance(Limits::default().login_timeout);
    assert!(house.is_shut(late));
    assert_eq!(counted(&house.report().endings), [("end-of-input", 1), ("quit", 1), ("login-timeout", 1)]);
}

#[test]
fn reports_contain_unfinished_frames_and_uptime() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.bytes(ana, "PRIVMSG b");
    house.advance(Duration::from_secs(61));
    let report = house.report();
    assert_eq!((report.unparsed_bytes, report.unsent_bytes), (9, 0));
    assert_eq!(report.up, Duration::from_secs(61));
    assert!(report.largest.is_empty());
}

#[test]
fn stats_p_shows_the_report_only_to_operators() {
    let mut house = IrcScene::new();
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    house.send(ana, "PRIVMSG root :a secret");
    house.forget();
    assert_eq!(house.told(ana, "STATS p"), "481 ana");
    let page = house.ask(root, "STATS p");
    let (last, lines) = page.split_last().expect("there are lines");
    assert_eq!(last, ":parlor.local 219 root p :End of STATS report");
    let texts: Vec<_> = lines
        .iter()
        .map(|line| line.strip_prefix(":parlor.local 249 root :").expect("a line of the page"))
        .collect();
    // Skip the first line: the memory may have changed.
    assert_eq!(texts[1..], house.report().lines()[1..]);
    assert!(texts.contains(&"users: 2, operators: 1, rooms: 1, messages: 1"), "{texts:?}");
    assert!(!page.concat().contains("secret"));
}

#[test]
fn stats_with_an_unknown_letter_lists_the_known_ones() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let letters = [
        ":parlor.local 249 ana :u: how long the server has been up",
        ":parlor.local 249 ana :k: bans from the server, for operators",
        ":parlor.local 249 ana :p: report on the server, for operators",
        ":parlor.local 219 ana x :End of STATS report",
    ];
    assert_eq!(house.ask(ana, "STATS x"), letters);
}

#[test]
fn a_label_on_stats_is_on_its_answer() {
    let mut house = IrcScene::new();
    let root = house.irc_with("root", "labeled-response batch");
    house.send(root, "OPER root secret");
    house.forget();
    let page = house.ask(root, "@label=a STATS p");
    assert_eq!(page[0], "@label=a :parlor.local BATCH +r labeled-response");
    let (last, lines) = page[1..].split_last().expect("there are lines");
    assert_eq!(last, ":parlor.local BATCH -r");
    assert!(
        lines.len() > 5 && lines.iter().all(|line| line.starts_with("@batch=r :parlor.local 2")),
        "{page:#?}"
    );
    // Two requests at once get two answers.
    house.bytes(root, "@label=b STATS p\r\n@label=c PING x\r\nSTATS u\r\n");
    let answers = house.lines(root);
    let labelled: Vec<_> = answers.iter().filter(|line| line.starts_with("@label=")).collect();
    let expected =
        ["@label=b :parlor.local BATCH +r labeled-response", "@label=c :parlor.local PONG parlor.local :x"];
    assert_eq!(labelled, expected);
    assert!(answers[answers.len() - 2].contains(" 242 root "), "{answers:#?}");
}

#[test]
fn a_report_too_large_for_the_outbox_is_truncated_and_says_so() {
    let mut house = IrcScene::with(|config| {
        config.limits.outbox_bytes = 2048;
        config.limits.frame_bytes = 1024;
    });
    let root = house.operator("root");
    let page = house.ask(root, "STATS p");
    let cut = ":parlor.local 416 root p :Answer cut because it is too long; ask for less";
    assert_eq!(page[page.len() - 2..], [cut, ":parlor.local 219 root p :End of STATS report"]);
}
