//! The CrazyIt protocol over loopback, as its two families of clients use it: bytes, with pauses between them.

use std::time::{Duration, Instant};

use parlor::config::{Operator, ServerConfig};

use crate::support::{DEADLINE, NEITHER, Peer, TLS_HERE, TestServer, address, login, say, whisper};

/// The quiet time after a login.
const QUIET: Duration = Duration::from_millis(500);

// The Python family: a frame per send, no newline. After a login it takes what one read returns for the answer.

/// Logs in as the Python client does, runs `before_the_look` meanwhile, and returns the result of its single read.
/// `None` if this machine was too slow to read within the quiet time.
fn one_look(server: &TestServer, name: &str, before_the_look: impl FnOnce()) -> Option<Vec<u8>> {
    let mut peer = server.connect();
    let asked = Instant::now();
    peer.send(login(name));
    before_the_look();
    let got = peer.receive_once();
    (asked.elapsed() < QUIET).then_some(got)
}

#[track_caller]
fn look_in_time(mut look: impl FnMut() -> Option<Vec<u8>>) -> Vec<u8> {
    let begin = Instant::now();
    while begin.elapsed() < DEADLINE {
        if let Some(got) = look() {
            return got;
        }
    }
    panic!("this machine never looks within half a second");
}

#[test]
fn a_login_answer_is_bare_and_alone_while_others_chat() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let got = look_in_time(|| {
        one_look(&server, "alice", || {
            for n in 0..20 {
                bob.send(say(&format!("{n}")));
                bob.expect(&format!("bob说：{n}\n"));
            }
        })
    });
    assert_eq!(got, b"1");
}

#[test]
fn the_answer_to_a_taken_name_is_bare_and_alone() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let got = look_in_time(|| one_look(&server, "bob", || bob.settle("bob")));
    assert_eq!(got, b"-1");
}

#[test]
fn messages_during_the_quiet_time_arrive_after_it_in_order() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut alice = server.connect();
    let asked = Instant::now();
    alice.send(login("alice"));
    alice.expect("1");
    bob.send(say("first"));
    bob.send(whisper("alice", "second"));
    bob.send(say("third"));
    alice.expect("bob说：first\nbob悄悄地对你说：second\nbob说：third\n");
    assert!(asked.elapsed() >= QUIET, "{:?}", asked.elapsed());
}

#[test]
fn the_next_frame_releases_held_back_messages_before_its_own_effect() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut alice = server.connect();
    alice.send(login("alice"));
    alice.expect("1");
    bob.send(say("hi"));
    bob.expect("bob说：hi\n");
    alice.send(say("hello"));
    alice.expect("bob说：hi\nalice说：hello\n");
}

#[test]
fn without_newlines_every_answer_stays_bare() {
    let server = TestServer::start();
    let _bob = server.user("bob");
    let mut peer = server.connect();
    peer.send(login("bob"));
    peer.expect("-1");
    peer.send(login("alice"));
    peer.expect("1");
    peer.send(login("anna"));
    peer.expect("1");
    peer.settle("anna");
}

// The Java family: a newline after each frame, perhaps in a packet of its own; it reads lines.

#[test]
fn a_newline_in_the_same_packet_completes_the_answer() {
    let server = TestServer::start();
    for (name, end) in [("a", "\n"), ("b", "\r\n")] {
        let mut peer = server.connect();
        peer.send(login(name) + end);
        peer.expect("1\n");
        peer.send(say("hi") + end);
        peer.expect(&format!("{name}说：hi\n"));
        peer.settle(name);
    }
}

#[test]
fn a_newline_in_a_separate_packet_completes_the_answer() {
    let server = TestServer::start();
    let mut peer = server.connect();
    peer.send(login("alice"));
    peer.expect("1");
    peer.send("\n");
    peer.expect("\n");
    peer.send(say("hi"));
    peer.expect("alice说：hi\n");
    peer.send("\n");
    peer.settle("alice");
}

#[test]
fn a_late_newline_still_completes_the_answer() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut peer = server.connect();
    let asked = Instant::now();
    peer.send(login("alice"));
    peer.expect("1");
    while asked.elapsed() <= 2 * QUIET {
        bob.settle("bob");
    }
    peer.send("\n");
    peer.expect("\n");
    bob.send(say("hi"));
    peer.expect("bob说：hi\n");
}

#[test]
fn a_client_that_sent_a_newline_gets_every_later_answer_as_a_line() {
    let server = TestServer::start();
    let _bob = server.user("bob");
    for newline_alone in [false, true] {
        let mut peer = server.connect();
        if newline_alone {
            peer.send(login("bob"));
            peer.expect("-1");
            peer.send("\n");
            peer.expect("\n");
        } else {
            peer.send(login("bob") + "\n");
            peer.expect("-1\n");
        }
        peer.send(login("BOB"));
        peer.expect("-1\n");
        peer.send("\n");
        peer.send(login("alice"));
        peer.expect("1\n");
        peer.send("\n");
        peer.send(login("anna") + "\n");
        peer.expect("1\n");
        peer.settle("anna");
    }
}

#[test]
fn the_quiet_time_applies_to_line_readers_too() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut alice = server.connect();
    let asked = Instant::now();
    alice.send(login("alice") + "\n");
    alice.expect("1\n");
    bob.send(say("hi"));
    alice.expect("bob说：hi\n");
    assert!(asked.elapsed() >= QUIET, "{:?}", asked.elapsed());
}

// Frames, however they are cut.

/// A conversation, and the expected output.
const CONVERSATION: &str = "∏∑alice∏∑\n§γ好§γ★【alice※psst★【\r\n∏∑anna∏∑§γbye§γ";
const EXPECTED: &str = "1\nalice说：好\nalice悄悄地对你说：psst\n1\nanna说：bye\n";

#[test]
fn frames_split_at_every_byte_mean_the_same() {
    let server = TestServer::start();
    let mut witness = server.user("witness");
    for cut in 1..CONVERSATION.len() {
        let (head, tail) = CONVERSATION.as_bytes().split_at(cut);
        let mut peer = server.connect();
        peer.send(head);
        witness.settle_amid_chat("witness");
        peer.send(tail);
        peer.expect(EXPECTED);
        peer.finish();
        peer.expect_end();
    }
}

#[test]
fn frames_arriving_byte_by_byte_mean_the_same() {
    let server = TestServer::start();
    let mut witness = server.user("witness");
    let mut peer = server.connect();
    for byte in CONVERSATION.bytes() {
        peer.send([byte]);
        witness.settle_amid_chat("witness");
    }
    peer.expect(EXPECTED);
}

#[test]
fn many_frames_in_one_packet_are_handled_in_order() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut alice = server.user("alice");
    let glued: String = (0..500).map(|n| say(&format!("line {n}"))).collect();
    alice.send(glued);
    for peer in [&mut alice, &mut bob] {
        for n in 0..500 {
            peer.expect(&format!("alice说：line {n}\n"));
        }
    }
}

#[test]
fn a_frame_of_exactly_the_limit_is_accepted() {
    let server = TestServer::start();
    let mut alice = server.user("alice");
    let text = "x".repeat(8192 - 2 * "§γ".len());
    alice.send(say(&text));
    alice.expect(&format!("alice说：{text}\n"));
}

// Who hears what.

#[test]
fn a_message_reaches_everybody_including_the_sender() {
    let server = TestServer::start();
    let (mut alice, mut bob, mut carol) = (server.user("alice"), server.user("bob"), server.user("carol"));
    alice.send(say("hi"));
    for peer in [&mut alice, &mut bob, &mut carol] {
        peer.expect("alice说：hi\n");
    }
}

#[test]
fn a_whisper_reaches_only_its_addressee() {
    let server = TestServer::start();
    let (mut alice, mut bob, mut carol) = (server.user("alice"), server.user("bob"), server.user("carol"));
    alice.send(whisper("BOB", "a※b"));
    bob.expect("alice悄悄地对你说：a※b\n");
    alice.settle("alice");
    carol.settle("carol");
}

#[test]
fn an_undeliverable_whisper_is_reported_only_to_its_sender() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    alice.send(whisper("nobody", "psst"));
    alice.expect_notice("nobody here is called nobody");
    alice.send(whisper("no name", "psst"));
    alice.expect_notice("a name cannot contain ' '");
    alice.settle("alice");
    bob.settle("bob");
}

#[test]
fn a_message_before_login_gets_instructions_and_login_still_works() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let mut peer = server.connect();
    for frame in [say("hi"), whisper("bob", "hi"), whisper("no name", "hi")] {
        peer.send(frame);
        peer.expect("* log in before you speak: send ∏∑name∏∑\n");
    }
    bob.settle("bob");
    peer.send(login("alice"));
    peer.expect("1");
    peer.settle("alice");
}

#[test]
fn a_newcomer_gets_no_earlier_messages() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    bob.send(say("early"));
    bob.expect("bob说：early\n");
    let mut alice = server.user("alice");
    alice.settle("alice");
}

// Names.

#[test]
fn a_second_login_renames_and_frees_the_old_name() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    alice.send(login("anna"));
    alice.expect("1");
    alice.send(say("hi"));
    bob.expect("anna说：hi\n");
    let mut other = server.user("alice");
    other.send(whisper("anna", "psst"));
    alice.expect("anna说：hi\nalice悄悄地对你说：psst\n");
}

#[test]
fn a_rename_to_a_taken_name_changes_nothing() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    alice.send(login("Bob"));
    alice.expect("-1");
    alice.send(login("not a name"));
    alice.expect("-1");
    alice.send(say("still me"));
    bob.expect("alice说：still me\n");
}

#[test]
fn a_user_may_change_the_letter_case_of_its_own_name() {
    let server = TestServer::start();
    let mut alice = server.user("alice");
    alice.send(login("Alice"));
    alice.expect("1");
    alice.settle("Alice");
}

#[test]
fn a_name_is_taken_in_every_letter_case_and_script() {
    let server = TestServer::start();
    let pairs =
        [("alice", "ALICE"), ("Аня", "АНЯ"), ("ΣΟΦΟΣ", "σοφος"), ("张三", "张三"), ("straße", "STRASSE")];
    for (taken, wanted) in pairs {
        let _owner = server.user(taken);
        let mut peer = server.connect();
        peer.send(login(wanted));
        peer.expect("-1");
    }
}

#[test]
fn a_name_is_free_at_once_after_every_kind_of_leaving() {
    let server = TestServer::start();
    let ways: [fn(Peer); 4] = [drop, Peer::reset, |mut peer| peer.finish(), |mut peer| peer.send("garbage")];
    for leave in ways {
        leave(server.user("alice"));
        let mut next = server.connect();
        next.send(login("Alice"));
        next.expect("1");
        next.finish();
        next.expect_end();
    }
}

#[test]
fn an_invalid_name_is_answered_like_a_taken_one() {
    let server = TestServer::start();
    let mut peer = server.connect();
    let long = "x".repeat(33);
    for name in ["", "-a", "1", "1a", "a b", "a\nb", "a\tb", "a说：", "☃", "a\u{202e}", "*", "a,b", &long]
    {
        peer.send(login(name));
        peer.expect("-1");
    }
    peer.send([&login("a").as_bytes()[..7], b"\xff", "∏∑".as_bytes()].concat());
    peer.expect("-1");
    for name in ["名".repeat(32), "_-[]\\`^{}|9".into(), "हिन्दी".into(), "e\u{301}".into()] {
        peer.send(login(&name));
        peer.expect("1");
    }
}

/// A server operator, on IRC.
fn operator(server: &TestServer, name: &str) -> Peer {
    let mut root = server.connect();
    root.send(format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nOPER root secret\r\n"));
    while !root.line().contains(" 381 ") {}
    root
}

#[test]
fn a_user_kept_out_of_the_lobby_is_refused_and_keeps_no_name() {
    let operators = vec![Operator { name: "root".into(), password: "secret".parse().expect("a password") }];
    let listen = vec![address("127.0.0.1:0")];
    let config = ServerConfig { listen, operators, ..crate::support::options::config() };
    let server = TestServer::run(config).expect("the loopback interface has a free port");
    let mut root = operator(&server, "root");
    root.send("MODE #lobby +b alice\r\nPING 1\r\n");
    while !root.line().contains("PONG") {}
    let mut alice = server.connect();
    alice.send(login("alice"));
    alice.expect("-1");
    root.send("ISON alice\r\nMODE #lobby -b alice\r\nPING 2\r\n");
    assert_eq!(root.line(), ":parlor.local 303 root :\r");
    while !root.line().contains("PONG") {}
    alice.send(login("alice"));
    alice.expect("1");
    alice.settle("alice");
}

// Bad input.

#[test]
fn a_line_end_in_a_message_cannot_forge_a_second_line() {
    let server = TestServer::start();
    let (mut eve, mut bob) = (server.user("eve"), server.user("bob"));
    for end in ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}", "\u{b}", "\u{c}"] {
        eve.send(say(&format!("x{end}alice说：forged")));
        let line = bob.line();
        assert!(line.starts_with("eve说：x") && !line.contains(end), "{line:?}");
        eve.send(whisper("bob", &format!("x{end}alice说：forged")));
        let line = bob.line();
        assert!(line.starts_with("eve悄悄地对你说：x") && !line.contains(end), "{line:?}");
    }
    bob.settle("bob");
}

#[test]
fn an_unrecoverable_error_gets_one_line_and_a_close() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    let long = format!("§γ{}", "x".repeat(8192));
    let cases: [(&[u8], &str); 6] = [
        (b"?hello", "bytes outside a frame"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "bytes outside a frame"),
        (b"\0", "bytes outside a frame"),
        (b"\xc2\xa8", "bytes outside a frame"),
        ("§γhi§γ§hi".as_bytes(), "bytes outside a frame"),
        (long.as_bytes(), "a frame has at most 8192 bytes"),
    ];
    for (bytes, why) in cases {
        for name in [None, Some("alice")] {
            let mut peer = name.map_or_else(|| server.connect(), |name| server.user(name));
            peer.send(bytes);
            // A first byte of a mark selects this protocol; before that, the error is for both.
            if name.is_none() && !matches!(bytes[0], 0xc2 | 0xe2) {
                peer.expect_closing_link(if bytes[0] == 0x16 { TLS_HERE } else { NEITHER });
                peer.expect_end();
                continue;
            }
            let mut line = peer.line();
            if bytes.starts_with("§γhi".as_bytes()) {
                // The frame before the bad one is handled.
                let expected = name.map_or("* log in before you speak: send ∏∑name∏∑", |_| "alice说：hi");
                assert_eq!(line, expected);
                line = peer.line();
            }
            assert!(line.starts_with("* ") && line.contains(why), "{line}");
            peer.expect_end();
        }
    }
    bob.expect("alice说：hi\n");
    bob.settle("bob");
}

#[test]
fn a_bad_frame_with_an_end_gets_one_line_and_the_next_works() {
    let server = TestServer::start();
    let (mut alice, mut bob) = (server.user("alice"), server.user("bob"));
    let cases: [(&[u8], &str); 3] = [
        (b"\xc2\xa7\xce\xb3\xff\xc2\xa7\xce\xb3", "the message is not UTF-8"),
        ("★【bob hi★【".as_bytes(), "a private message needs ※"),
        (b"\xe2\x98\x85\xe3\x80\x90bob\xe2\x80\xbb\xff\xe2\x98\x85\xe3\x80\x90", "the message is not UTF-8"),
    ];
    for (bytes, why) in cases {
        alice.send(bytes);
        alice.expect_notice(why);
        alice.settle("alice");
        bob.settle("bob");
    }
}

#[test]
fn noise_of_every_kind_affects_no_other_peer() {
    let server = TestServer::start();
    let mut bob = server.user("bob");
    // The same noise in every run (xorshift, Marsaglia 2003).
    let mut state = 0x2545_f491_u32;
    for length in (1..6000).step_by(101) {
        let mut noise = vec![0; length];
        for byte in &mut noise {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            *byte = state as u8;
        }
        let first = noise.iter().copied().find(|byte| !matches!(byte, b' ' | b'\r' | b'\n'));
        let mut peer = server.connect();
        peer.send(noise);
        peer.finish();
        match first {
            Some(0xc2 | 0xe2) => peer.expect_notice(""),
            // Tags, a source or a word: an IRC client, whose noise gets an answer per line, or none.
            Some(b'@' | b':' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z') => {
                peer.rest();
            }
            Some(_) => peer.expect_closing_link(NEITHER),
            None => {}
        }
        peer.expect_end();
        bob.settle("bob");
    }
}
