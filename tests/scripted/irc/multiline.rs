//! Messages of several lines: `draft/multiline`, and what other clients get.

use std::time::Duration;

use crate::irc::house::{Guest, IrcScene};
use crate::support::Scratch;

const LINES: &str = "batch draft/multiline message-tags";

/// `ana` and `bob` with `draft/multiline`, `eve` without capabilities, all in #tea.
fn scene() -> (IrcScene, Guest, Guest, Guest) {
    let mut house = IrcScene::new();
    let [eve] = house.channel("#tea", ["eve"]);
    let [ana, bob] = ["ana", "bob"].map(|name| house.irc_with(name, LINES));
    house.send(ana, "JOIN #tea");
    house.send(bob, "JOIN #tea");
    house.forget();
    (house, ana, bob, eve)
}

/// Sends a batch to #tea with these lines.
fn say(house: &mut IrcScene, who: Guest, lines: &[&str]) -> Vec<String> {
    begin(house, who, lines);
    house.ask(who, "BATCH -x")
}

/// Sends a batch to #tea without its end.
fn begin(house: &mut IrcScene, who: Guest, lines: &[&str]) {
    house.send(who, "BATCH +x draft/multiline #tea");
    for line in lines {
        house.send(who, &format!("@batch=x PRIVMSG #tea :{line}"));
    }
}

/// Takes what `who` heard, and the id of the first message in it, which is replaced.
fn heard(house: &mut IrcScene, who: Guest) -> Vec<String> {
    let lines = house.lines(who).into_iter();
    let without_id = |line: String| match line.split_once("msgid=") {
        Some((before, rest)) => format!("{before}msgid=ID{}", &rest[16..]),
        None => line,
    };
    lines.map(without_id).collect()
}

/// The code and parameters of the only line of `lines`, a `FAIL`.
fn fault(lines: &[String]) -> &str {
    let [only] = lines else { panic!("{lines:#?} is no FAIL") };
    let fail =
        only.strip_prefix(":parlor.local FAIL BATCH ").unwrap_or_else(|| panic!("{only:?} is no FAIL"));
    fail.split_once(" :").expect("a text for people").0
}

const NOTHING: [&str; 0] = [];

#[test]
fn the_lines_of_a_batch_are_one_message_to_clients_with_multiline_and_lines_to_others() {
    let (mut house, ana, bob, eve) = scene();
    let li = house.crazyit("li");
    house.send(ana, "JOIN #lobby");
    house.forget();
    assert_eq!(say(&mut house, ana, &["hello", "", "how are you?"]), NOTHING);
    assert_eq!(
        heard(&mut house, bob),
        [
            "@msgid=ID :ana!~ana@HOST BATCH +m draft/multiline #tea",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :hello",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :how are you?",
            ":parlor.local BATCH -m",
        ]
    );
    let lines = [":ana!~ana@HOST PRIVMSG #tea :hello", ":ana!~ana@HOST PRIVMSG #tea :how are you?"];
    assert_eq!(house.lines(eve), lines);
    for line in [
        "BATCH +y draft/multiline #LOBBY",
        "@batch=y PRIVMSG #lobby a",
        "@batch=y PRIVMSG #Lobby b",
        "BATCH -y",
    ] {
        house.send(ana, line);
    }
    assert_eq!(house.raw(li), "ana说：a b\n");
    assert!(house.is_silent());
}

#[test]
fn a_notice_may_have_lines_and_a_message_to_a_user_too() {
    let (mut house, ana, bob, eve) = scene();
    for (target, who) in [("bob", bob), ("eve", eve)] {
        for line in [
            format!("BATCH +x draft/multiline {target}"),
            format!("@batch=x notice {target} :a"),
            format!("@batch=x NOTICE {target} b"),
        ] {
            house.send(ana, &line);
        }
        assert_eq!(house.ask(ana, "batch -x"), NOTHING);
        assert_eq!(heard(&mut house, who).iter().filter(|line| line.contains(" NOTICE ")).count(), 2);
        assert!(house.is_silent());
    }
}

#[test]
fn a_continued_line_is_joined_and_long_lines_arrive_in_pieces() {
    let (mut house, ana, bob, eve) = scene();
    let (long, longer) = ("x".repeat(300) + " ", "y".repeat(300));
    begin(&mut house, ana, &["a", &long]);
    for text in [&longer, "z"] {
        house.send(ana, &format!("@draft/multiline-concat;batch=x PRIVMSG #tea :{text}"));
    }
    house.send(ana, "@batch=x PRIVMSG #tea b");
    assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    assert_eq!(
        heard(&mut house, bob)[1..],
        [
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :a".into(),
            format!("@batch=m :ana!~ana@HOST PRIVMSG #tea :{long}"),
            format!("@batch=m;draft/multiline-concat :ana!~ana@HOST PRIVMSG #tea :{longer}z"),
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :b".into(),
            ":parlor.local BATCH -m".into(),
        ]
    );
    assert_eq!(
        house.lines(eve),
        ["a", &long, &(longer + "z"), "b"].map(|text| format!(":ana!~ana@HOST PRIVMSG #tea :{text}"))
    );
}

#[test]
fn tags_are_on_the_beginning_of_a_batch_or_on_the_first_line() {
    let (mut house, ana, bob, eve) = scene();
    house.send(bob, "CAP REQ server-time");
    house.send(eve, "CAP REQ message-tags");
    house.send(ana, "MODE ana +B");
    house.forget();
    house.send(ana, "@+draft/reply=abc;unknown=1 BATCH +x draft/multiline #tea");
    house.send(ana, "@batch=x;+other=2 PRIVMSG #tea a");
    house.send(ana, "@batch=x PRIVMSG #tea b");
    house.send(ana, "BATCH -x");
    let lines = heard(&mut house, bob);
    assert!(
        lines[0].starts_with("@time=2001-09-09T01:46:40.000Z;bot;msgid=ID;+draft/reply=abc :ana!"),
        "{lines:#?}"
    );
    assert_eq!(lines[1], "@batch=m :ana!~ana@HOST PRIVMSG #tea :a");
    assert_eq!(
        heard(&mut house, eve),
        [
            "@bot;msgid=ID;+draft/reply=abc :ana!~ana@HOST PRIVMSG #tea :a",
            "@bot :ana!~ana@HOST PRIVMSG #tea :b"
        ]
    );
}

#[test]
fn a_text_of_several_lines_from_another_wire_is_a_batch_too() {
    let mut house = IrcScene::new();
    let bob = house.irc_with("bob", "batch draft/multiline");
    let li = house.crazyit("li");
    house.send(bob, "JOIN #lobby");
    house.forget();
    house.bytes(li, "§γone\r\n\r\ntwo\n§γ");
    assert_eq!(
        house.lines(bob),
        [
            ":li!crazyit@HOST BATCH +m draft/multiline #lobby",
            "@batch=m :li!crazyit@HOST PRIVMSG #lobby :one",
            "@batch=m :li!crazyit@HOST PRIVMSG #lobby :",
            "@batch=m :li!crazyit@HOST PRIVMSG #lobby :two",
            ":parlor.local BATCH -m",
        ]
    );
    for frame in ["§γone\n§γ", "§γ\n\n§γ"] {
        house.bytes(li, frame);
    }
    assert_eq!(house.lines(bob), [":li!crazyit@HOST PRIVMSG #lobby :one"]);
    // All bytes of text arrive if the outbox has room.
    house.bytes(li, format!("§γ{}§γ", "word ".repeat(1600)));
    let lines = house.lines(bob);
    let texts = lines[1..lines.len() - 1].iter().map(|line| line.split_once("lobby :").expect("a text").1);
    assert_eq!(texts.collect::<String>(), "word ".repeat(1600));
    assert!(
        lines[2..lines.len() - 1].iter().all(|line| line.starts_with("@batch=m;draft/multiline-concat :"))
    );
}

#[test]
fn a_batch_is_cut_at_a_quarter_of_the_outbox_and_still_ends() {
    let mut house = IrcScene::with(|config| config.limits.outbox_bytes = 4096);
    let [ana, bob] = ["ana", "bob"].map(|name| house.irc_with(name, "batch draft/multiline"));
    house.send(ana, "BATCH +x draft/multiline bob");
    for _ in 0..100 {
        house.send(ana, "@batch=x PRIVMSG bob x");
    }
    house.send(ana, "BATCH -x");
    let heard = house.raw(bob);
    assert!(
        (1024..1500).contains(&heard.len()) && heard.ends_with("x\r\n:parlor.local BATCH -m\r\n"),
        "{heard}"
    );
}

#[test]
fn a_batch_is_refused_like_a_message() {
    let (mut house, ana, bob, eve) = scene();
    house.send(eve, "MODE #tea +m");
    house.forget();
    let lines = say(&mut house, ana, &["a", "b"]);
    assert!(lines[0].starts_with(":parlor.local 404 ana #tea :") && lines.len() == 1, "{lines:#?}");
    house.send(bob, "AWAY :gone");
    for (target, code) in
        [("nobody", " 401 ana nobody :"), ("no.body", " 401 ana no.body :"), ("bob", " 301 ana bob :gone")]
    {
        house.send(ana, &format!("BATCH +x draft/multiline {target}"));
        house.send(ana, &format!("@batch=x PRIVMSG {target} :a"));
        let lines = house.ask(ana, "BATCH -x");
        assert!(lines.len() == 1 && lines[0].contains(code), "{lines:#?}");
    }
}

#[test]
fn a_ctcp_request_has_one_line_and_an_action_may_have_more() {
    let (mut house, ana, bob, eve) = scene();
    assert_eq!(fault(&say(&mut house, ana, &["\x01VERSION", "x\x01"])), "MULTILINE_INVALID");
    assert_eq!(say(&mut house, ana, &["\x01ACTION waves", "and goes\x01"]), NOTHING);
    let lines = [
        ":ana!~ana@HOST PRIVMSG #tea :\x01ACTION waves\x01",
        ":ana!~ana@HOST PRIVMSG #tea :\x01ACTION and goes\x01",
    ];
    assert_eq!(house.lines(eve), lines);
    assert_eq!(heard(&mut house, bob), [&format!("@msgid=ID {}", lines[0]), lines[1]]);
    house.send(eve, "MODE #tea +C");
    house.forget();
    let lines = say(&mut house, ana, &["x", "\x01VERSION\x01"]);
    assert!(lines[0].starts_with(":parlor.local 404 ana #tea :"), "{lines:#?}");
    assert!(house.is_silent());
}

// Faults.

#[test]
fn a_message_has_at_most_8192_bytes_with_its_newlines() {
    let (mut house, ana, bob, _) = scene();
    let mut lines = vec!["x".repeat(407); 20];
    lines.push("x".repeat(8192 - 20 * 408));
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    assert_eq!(say(&mut house, ana, &lines), NOTHING);
    assert_eq!(house.lines(bob).len(), 23);
    house.forget();
    begin(&mut house, ana, &lines);
    let rest = "@batch=x;draft/multiline-concat PRIVMSG #tea :y";
    assert_eq!(fault(&house.ask(ana, rest)), "MULTILINE_MAX_BYTES 8192");
    // The rest is ignored, and the name may be used again.
    assert_eq!(house.ask(ana, rest), NOTHING);
    assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    assert!(house.is_silent());
    assert_eq!(say(&mut house, ana, &["a", "b"]), NOTHING);
    assert_eq!(house.lines(bob).len(), 4);
}

#[test]
fn a_message_has_at_most_100_lines() {
    let (mut house, ana, bob, eve) = scene();
    assert_eq!(say(&mut house, ana, &["x"; 100]), NOTHING);
    assert_eq!((house.lines(bob).len(), house.lines(eve).len()), (102, 100));
    begin(&mut house, ana, &["x"; 100]);
    assert_eq!(fault(&house.ask(ana, "@batch=x PRIVMSG #tea y")), "MULTILINE_MAX_LINES 100");
    assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    assert!(house.is_silent());
}

#[test]
fn all_lines_have_the_target_of_the_batch() {
    let (mut house, ana, ..) = scene();
    begin(&mut house, ana, &["a"]);
    let lines = house.ask(ana, "@batch=x PRIVMSG bob :b");
    assert_eq!(fault(&lines), "MULTILINE_INVALID_TARGET #tea bob");
    assert_eq!(lines[0].split_once(" :").expect("a text").1, "Nothing was sent: all lines must go to #tea",);
    assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    begin(&mut house, ana, &[]);
    assert_eq!(fault(&house.ask(ana, "@batch=x PRIVMSG")), "MULTILINE_INVALID_TARGET #tea *");
    assert!(house.is_silent());
}

#[test]
fn an_invalid_batch_sends_nothing() {
    let (mut house, ana, ..) = scene();
    for faulty in [
        "BATCH x",
        "BATCH +",
        "BATCH :",
        "BATCH é",
        "BATCH -x",
        "BATCH +x",
        "BATCH +x netsplit #tea",
        "BATCH +x draft/multiline",
        "BATCH +x draft/multiline #tea,bob",
        "@batch=y PRIVMSG #tea :in no batch",
        "@batch=y JOIN #tea2",
        &format!("BATCH +{} draft/multiline #tea", "x".repeat(65)),
    ] {
        assert_eq!(fault(&house.ask(ana, faulty)), "MULTILINE_INVALID", "{faulty}");
    }
    assert_eq!(house.told(ana, "BATCH"), "461 ana BATCH");
    assert_eq!(fault(&say(&mut house, ana, &[])), "MULTILINE_INVALID");
    assert_eq!(fault(&say(&mut house, ana, &["", ""])), "MULTILINE_INVALID");
    for faulty in [
        "@batch=x;draft/multiline-concat PRIVMSG #tea :",
        "@batch=x NOTICE #tea :b",
        "@batch=x TAGMSG #tea",
        "@batch=x JOIN #other",
        "@batch=x BATCH +y draft/multiline #tea",
    ] {
        begin(&mut house, ana, &["a"]);
        assert_eq!(fault(&house.ask(ana, faulty)), "MULTILINE_INVALID", "{faulty}");
        assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    }
    for (faulty, answer) in [
        (b"@batch=x PRIVMSG #tea :\xff\r\n".to_vec(), " FAIL PRIVMSG INVALID_UTF8 "),
        (format!("@batch=x PRIVMSG #tea :{}\r\n", "x".repeat(510)).into_bytes(), " 417 ana "),
    ] {
        begin(&mut house, ana, &["a"]);
        house.bytes(ana, faulty);
        let lines = house.lines(ana);
        assert!(lines[0].contains(answer), "{lines:#?}");
        assert_eq!(fault(&lines[1..]), "MULTILINE_INVALID");
        assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    }
    assert!(house.is_silent());
}

#[test]
fn a_batch_that_begins_before_the_end_of_another_takes_its_place() {
    let (mut house, ana, bob, _) = scene();
    begin(&mut house, ana, &["a"]);
    assert_eq!(fault(&house.ask(ana, "BATCH +y draft/multiline #tea")), "MULTILINE_INVALID");
    assert_eq!(fault(&house.ask(ana, "BATCH -x")), "MULTILINE_INVALID");
    house.send(ana, "@batch=y PRIVMSG #tea b");
    assert_eq!(house.ask(ana, "BATCH -y"), NOTHING);
    assert_eq!(heard(&mut house, bob), ["@msgid=ID :ana!~ana@HOST PRIVMSG #tea :b"]);
}

#[test]
fn other_commands_work_while_a_batch_is_open() {
    let (mut house, ana, bob, _) = scene();
    begin(&mut house, ana, &["a"]);
    assert_eq!(house.ask(ana, "PING z"), [":parlor.local PONG parlor.local :z"]);
    house.send(ana, "PRIVMSG bob :aside");
    assert_eq!(heard(&mut house, bob), ["@msgid=ID :ana!~ana@HOST PRIVMSG bob :aside"]);
    house.send(ana, "@batch=x PRIVMSG #tea b");
    house.send(ana, "BATCH -x");
    assert_eq!(house.lines(bob).len(), 4);
}

#[test]
fn an_open_batch_ends_30_s_after_its_last_line() {
    let (mut house, ana, ..) = scene();
    begin(&mut house, ana, &["a"]);
    for _ in 0..3 {
        house.advance(Duration::from_millis(29_999));
        assert_eq!(house.ask(ana, "@batch=x PRIVMSG #tea :a"), NOTHING);
    }
    house.advance(Duration::from_millis(29_999));
    assert_eq!(house.lines(ana), NOTHING);
    house.advance(Duration::from_millis(1));
    let lines = house.lines(ana);
    assert_eq!(lines, [":parlor.local FAIL BATCH TIMEOUT x :Nothing was sent: no line of it came for 30 s"]);
    assert_eq!(house.ask(ana, "@batch=x PRIVMSG #tea :a"), NOTHING);
    assert_eq!(house.ask(ana, "BATCH -x"), NOTHING);
    assert_eq!(fault(&house.ask(ana, "BATCH -x")), "MULTILINE_INVALID");
}

#[test]
fn without_its_capabilities_there_are_no_batches() {
    for capabilities in ["", "batch", "draft/multiline", "message-tags standard-replies"] {
        let mut house = IrcScene::new();
        let [bob] = house.channel("#tea", ["bob"]);
        let ana = house.irc_with("ana", capabilities);
        house.send(ana, "JOIN #tea");
        house.forget();
        let lines = house.ask(ana, "BATCH +x draft/multiline #tea");
        assert!(lines.len() == 1 && lines[0].contains("MULTILINE_INVALID"), "{lines:#?}");
        house.send(ana, "@batch=x PRIVMSG #tea :a");
        assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG #tea :a"]);
        house.send(bob, "BATCH");
        house.forget();
        let li = house.crazyit("li");
        house.send(ana, "JOIN #lobby");
        house.forget();
        house.bytes(li, "§γa\nb§γ");
        let lines = house.lines(ana);
        assert!(lines.len() == 2 && lines.iter().all(|line| line.contains(" PRIVMSG ")), "{lines:#?}");
    }
}

// Labels.

/// `ana` with labels and her own messages, alone in #tea.
fn labelled(more: &str) -> (IrcScene, Guest) {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", &format!("batch labeled-response draft/multiline {more}"));
    house.send(ana, "JOIN #tea");
    house.forget();
    (house, ana)
}

#[test]
fn a_label_is_on_the_beginning_of_the_echo() {
    let (mut house, ana) = labelled("echo-message");
    assert_eq!(house.ask(ana, "@label=l BATCH +x draft/multiline #tea"), NOTHING);
    assert_eq!(house.ask(ana, "@batch=x PRIVMSG #tea :a"), NOTHING);
    assert_eq!(house.ask(ana, "@batch=x PRIVMSG #tea :b"), NOTHING);
    assert_eq!(
        house.ask(ana, "BATCH -x"),
        [
            "@label=l :ana!~ana@HOST BATCH +m draft/multiline #tea",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :a",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :b",
            ":parlor.local BATCH -m",
        ]
    );
}

#[test]
fn a_labelled_answer_of_more_than_the_echo_contains_its_batch() {
    let (mut house, ana) = labelled("echo-message");
    let bob = house.irc("bob");
    house.send(bob, "AWAY :gone");
    house.forget();
    for line in
        ["@label=l BATCH +x draft/multiline bob", "@batch=x PRIVMSG bob :a", "@batch=x PRIVMSG bob :b"]
    {
        house.send(ana, line);
    }
    assert_eq!(
        house.ask(ana, "BATCH -x"),
        [
            "@label=l :parlor.local BATCH +r labeled-response",
            "@batch=r :ana!~ana@HOST BATCH +m draft/multiline bob",
            "@batch=m :ana!~ana@HOST PRIVMSG bob :a",
            "@batch=m :ana!~ana@HOST PRIVMSG bob :b",
            "@batch=r :parlor.local BATCH -m",
            "@batch=r :parlor.local 301 ana bob :gone",
            ":parlor.local BATCH -r",
        ]
    );
}

#[test]
fn a_label_without_an_echo_is_acknowledged_at_the_end() {
    let (mut house, ana) = labelled("");
    assert_eq!(house.ask(ana, "@label=l BATCH +x draft/multiline #tea"), NOTHING);
    assert_eq!(house.ask(ana, "@batch=x PRIVMSG #tea :a"), NOTHING);
    assert_eq!(house.ask(ana, "BATCH -x"), ["@label=l :parlor.local ACK"]);
}

#[test]
fn a_label_is_on_the_error_that_ends_a_batch() {
    let (mut house, ana) = labelled("");
    for (line, code) in [
        ("@batch=x PRIVMSG bob :a", "MULTILINE_INVALID_TARGET"),
        ("BATCH -x", "MULTILINE_INVALID"),
        ("BATCH +y draft/multiline #tea", "MULTILINE_INVALID"),
    ] {
        house.send(ana, "@label=l BATCH +x draft/multiline #tea");
        let lines = house.ask(ana, line);
        let start = format!("@label=l :parlor.local FAIL BATCH {code} ");
        assert!(lines.len() == 1 && lines[0].starts_with(&start), "{lines:#?}");
    }
    house.send(ana, "@label=l BATCH +x draft/multiline #tea");
    house.forget();
    house.advance(Duration::from_secs(30));
    let lines = house.lines(ana);
    assert!(
        lines.len() == 1 && lines[0].starts_with("@label=l :parlor.local FAIL BATCH TIMEOUT x :"),
        "{lines:#?}"
    );
    // Refused from the start.
    let lines = house.ask(ana, "@label=l BATCH +x netsplit #tea");
    assert!(lines.len() == 1 && lines[0].starts_with("@label=l :parlor.local FAIL "), "{lines:#?}");
    assert_eq!(house.ask(ana, "@label=m BATCH -x"), ["@label=m :parlor.local ACK"]);
}

// Limits that batches share with messages.

#[test]
fn a_message_of_n_lines_costs_as_much_as_n_messages() {
    let mut house = IrcScene::with(|config| {
        config.limits.flood = Some(parlor::config::Flood { burst: 10, per_second: 2 });
    });
    let bob = house.irc("bob");
    let ana = house.irc_with("ana", LINES);
    house.advance(Duration::from_secs(60));
    house.forget();
    let lines: String = (0..8).map(|n| format!("@batch=x PRIVMSG bob :{n}\r\n")).collect();
    house.bytes(ana, format!("BATCH +x draft/multiline bob\r\n{lines}BATCH -x\r\nPRIVMSG bob :next\r\n"));
    assert_eq!(house.lines(bob).len(), 8);
    house.advance(Duration::from_millis(499));
    assert!(house.is_silent());
    house.advance(Duration::from_millis(1));
    assert_eq!(house.lines(bob), [":ana!~ana@HOST PRIVMSG bob :next"]);
}

#[test]
fn open_batches_count_as_memory_and_the_largest_ends_with_its_client() {
    let mut house = IrcScene::with(|config| config.limits.memory_bytes = 40_000);
    let guests = ["ana", "bob", "eve", "kim", "zoe"].map(|name| house.irc_with(name, LINES));
    let text = "x".repeat(400);
    for guest in guests {
        begin(&mut house, guest, &[text.as_str(); 20]);
    }
    let shut = guests.map(|guest| house.is_shut(guest));
    assert_eq!(shut.iter().filter(|&&is_shut| is_shut).count(), 2, "{shut:?}");
    for guest in guests.into_iter().filter(|guest| house.is_shut(*guest)).collect::<Vec<_>>() {
        let last = house.lines(guest).pop().expect("a reason");
        assert!(last.starts_with("ERROR :Closing link: server memory full: "), "{last}");
    }
}

// History.

#[test]
fn a_message_of_several_lines_is_one_in_the_history_too() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| config.limits.flood = None);
    let ana = house.irc_with("ana", LINES);
    house.send(ana, "JOIN #tea");
    say(&mut house, ana, &["one", "", "two"]);
    house.send(ana, "PRIVMSG #tea :later");
    house.forget();
    let bob = house.irc_with("bob", "batch draft/multiline draft/chathistory labeled-response");
    let eve = house.irc_with("eve", "batch draft/chathistory message-tags");
    let kim = house.irc("kim");
    for guest in [bob, eve] {
        house.send(guest, "JOIN #tea");
    }
    house.forget();
    assert_eq!(
        house.ask(bob, "@label=l CHATHISTORY LATEST #tea * 2"),
        [
            "@label=l :parlor.local BATCH +h chathistory #tea",
            "@batch=h :ana!~ana@HOST BATCH +m draft/multiline #tea",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :one",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :",
            "@batch=m :ana!~ana@HOST PRIVMSG #tea :two",
            "@batch=h :parlor.local BATCH -m",
            "@batch=h :ana!~ana@HOST PRIVMSG #tea :later",
            ":parlor.local BATCH -h",
        ]
    );
    house.send(eve, "CHATHISTORY LATEST #tea * 2");
    assert_eq!(
        heard(&mut house, eve)[1..4],
        [
            "@batch=h;msgid=ID :ana!~ana@HOST PRIVMSG #tea :one",
            "@batch=h :ana!~ana@HOST PRIVMSG #tea :two",
            "@batch=h;msgid=ID :ana!~ana@HOST PRIVMSG #tea :later",
        ]
    );
    let replayed = house.ask(kim, "JOIN #tea");
    assert_eq!(
        replayed[replayed.len() - 3..],
        ["[01:46] one", "two", "[01:46] later"].map(|text| format!(":ana!~ana@HOST PRIVMSG #tea :{text}"))
    );
}

#[test]
fn the_history_can_be_read_beyond_a_message_of_more_lines_than_fit() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |config| {
        (config.limits.flood, config.limits.outbox_bytes) = (None, 16 * 1024);
    });
    let ana = house.irc_with("ana", "batch draft/chathistory message-tags");
    let li = house.crazyit("li");
    house.send(ana, "JOIN #lobby");
    house.send(ana, "PRIVMSG #lobby :first");
    house.bytes(li, format!("§γ{}§γ", "x\n".repeat(4000)));
    house.send(ana, "PRIVMSG #lobby :last");
    house.forget();
    let latest = house.ask(ana, "CHATHISTORY LATEST #lobby * 10");
    let id = latest.iter().find_map(|line| line.split_once("msgid=")).expect("the id of the long one").1;
    let before = house.ask(ana, &format!("CHATHISTORY BEFORE #lobby msgid={} 10", &id[..16]));
    assert!(latest.iter().any(|line| line.ends_with(":x")), "the long one is in the page");
    assert!(before.iter().chain(&latest).any(|line| line.ends_with(":first")), "{before:#?}");
}
