//! A `parlord` of its own for each test, and peers who do it harm: they do not read, do not log in, do not end their
//! lines, vanish, flood, and are more than there is room for. It goes on, for all others as if nothing was.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Signal, getrlimit};

use crate::support::options::PARLORD_ARGS;
use crate::support::{DEADLINE, Peer, Program, login, say};

/// Memory that may come and go, in bytes: the allocator's, and what the first of anything takes.
const SLACK: u64 = 2 << 20;

/// Longer than the server waits for the end of a peer who has had its last words, and less than for one who does not
/// take them.
const SOON: Duration = Duration::from_secs(15);

/// `wanted`, or as many descriptors as this process may still open.
fn descriptors(wanted: usize) -> usize {
    parlor::net::raise_descriptor_limit();
    let most = getrlimit(Resource::Nofile).current.map_or(wanted, |most| most.saturating_sub(100) as usize);
    if most < wanted {
        // Told with the name of the test, where its output is shown.
        use std::io::Write as _;
        writeln!(std::io::stderr(), "only {most} peers instead of {wanted}: descriptors are short").ok();
    }
    wanted.min(most)
}

#[test]
fn forty_members_who_never_read_take_nothing_from_one_who_reads_40_000_messages() {
    const BATCH: usize = 500;
    let (_server, at) = Program::server(&[]);
    let mut reader = Peer::user(&at, "reader");
    let _deaf: Vec<_> = (0..40)
        .map(|n| match n % 2 {
            0 => Peer::user(&at, &format!("deaf{n}")),
            _ => Peer::irc_member(&at, &format!("deaf{n}")),
        })
        .collect();
    let mut speaker = Peer::irc_member(&at, "speaker");
    for batch in 0..80 {
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        let line = |n| format!("message {n} {}", "x".repeat(100));
        let lines: String = numbers.clone().map(|n| format!("PRIVMSG #lobby :{}\r\n", line(n))).collect();
        speaker.send(lines);
        for n in numbers {
            reader.expect(&format!("speaker说：{}\n", line(n)));
        }
    }
    reader.settle("reader");
}

#[test]
fn two_hundred_connections_against_64_descriptors_do_not_spin_and_end_in_service() {
    let program = env!("CARGO_BIN_EXE_parlord");
    let limited = ["-c", "ulimit -n 64; exec \"$0\" \"$@\"", program];
    let server = Program::start("/bin/sh", &[&limited[..], &PARLORD_ARGS].concat(), Stdio::null());
    let at = server.listening();
    let mut member = Peer::user(&at, "member");
    // The system completes these connections; the server cannot keep them all.
    let crowd: Vec<_> = (0..200).map(|_| Peer::connect(&at)).collect();
    member.settle("member");
    server.assert_loop_sleeps();
    member.settle("member");
    drop(crowd);
    // The server may need a moment to notice that they have left, and tells newcomers until then that it is full.
    let by = Instant::now() + DEADLINE;
    loop {
        let mut next = Peer::connect(&at);
        if next.try_send(login("next")).is_ok() && next.receive_once() == b"1" {
            break;
        }
        assert!(Instant::now() < by, "nobody comes in");
        next.wait_for_any_end();
    }
    member.settle("member");
}

#[test]
fn five_hundred_half_open_logins_are_told_and_closed_and_keep_nobody_out() {
    let (_server, at) = Program::server(&["--login-timeout", "3"]);
    let mut member = Peer::user(&at, "member");
    let beginnings = ["", "∏", "∏∑half", "NICK half\r\nUSE", "CAP LS 302\r\nNICK half\r\nUSER u 0 * :u\r\n"];
    let mut crowd: Vec<_> = (0..descriptors(500))
        .map(|n| {
            let mut peer = Peer::connect(&at);
            peer.send(beginnings[n % beginnings.len()]);
            peer
        })
        .collect();
    member.settle("member");
    for peer in &mut crowd {
        let told = peer.rest();
        assert!(told.contains("no login within 3 s"), "{told:?}");
    }
    let mut half = Peer::user(&at, "half");
    half.settle("half");
    drop((member, half));
    Peer::irc_user(&at, "observer").wait_for_solitude();
}

#[test]
fn a_line_of_50_mb_takes_no_memory_on_either_wire() {
    const MB: usize = 1_000_000;
    let (server, at) = Program::server(&[]);
    let mut alice = Peer::irc_user(&at, "alice");
    let mut bob = Peer::user(&at, "bob");
    let before = server.memory();
    alice.send("PRIVMSG bob :");
    let megabyte = "x".repeat(MB);
    (0..50).for_each(|_| alice.send(&megabyte));
    alice.send("\r\nPRIVMSG bob :short\r\n");
    bob.expect("alice悄悄地对你说：short\n");
    assert!(alice.line().contains(" 417 alice "));
    bob.send("§γ");
    // The server ends it early, so sending may fail.
    let sent = (0..50).take_while(|_| bob.try_send(&megabyte).is_ok()).count();
    bob.wait_for_any_end();
    alice.settle_on_irc("still-here");
    let after = server.memory();
    assert!(after.peak < before.peak + SLACK, "{sent} MB of the second: {before:?}, then {after:?}");
}

#[test]
fn two_hundred_resets_leave_nobody_and_no_descriptor_behind() {
    let (server, at) = Program::server(&[]);
    let mut observer = Peer::irc_user(&at, "observer");
    let before = server.descriptors();
    let mut bystander = Peer::user(&at, "bystander");
    for round in 0..4 {
        let crowd: Vec<_> = (0..50)
            .map(|n| match n % 5 {
                0 => Peer::connect(&at),
                1 | 2 => Peer::user(&at, &format!("user{n}")),
                _ => Peer::irc_member(&at, &format!("user{n}")),
            })
            .collect();
        // Something is under way to each when it goes, last words or others', and something is half sent.
        for mut peer in crowd {
            peer.send(["§γhalf", "nonsense", "QUIT\r\n"][round % 3]);
            bystander.send(say("unread"));
            peer.reset();
        }
        bystander.settle_amid_chat("bystander");
    }
    drop(bystander);
    observer.wait_for_solitude();
    let begin = Instant::now();
    while server.descriptors() > before {
        assert!(begin.elapsed() < SOON, "{} descriptors, {before} before", server.descriptors());
        observer.settle_on_irc("another-turn");
    }
}

#[test]
fn ten_flooders_leave_no_question_of_another_unanswered() {
    let (_server, at) = Program::server(&[]);
    let mut victim = Peer::irc_user(&at, "victim");
    let flooders: Vec<_> = (0..10).map(|n| Peer::irc_user(&at, &format!("flooder{n}"))).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        for flooder in &flooders {
            let (mut writer, mut reader) = (flooder.share(), flooder.share());
            let is_over = &is_over;
            scope.spawn(move || {
                let lines = "PING flood\r\n".repeat(1000);
                while writer.try_send(&lines).is_ok() {}
                assert!(is_over.load(Ordering::Relaxed), "a flooder was closed");
            });
            scope.spawn(move || reader.wait_for_any_end());
        }
        for n in 0..100 {
            victim.send(format!("PING {n}\r\n"));
            assert_eq!(victim.line(), format!(":parlor.local PONG parlor.local :{n}\r"));
        }
        is_over.store(true, Ordering::Relaxed);
        flooders.iter().for_each(Peer::hang_up);
    });
    victim.wait_for_solitude();
}

#[test]
fn a_signal_ends_a_server_with_5000_users_who_are_all_told_and_read_a_clean_end() {
    let (mut server, at) = Program::server(&[]);
    let mut users: Vec<_> = (0..descriptors(5000))
        .map(|n| {
            let mut peer = Peer::connect(&at);
            match n % 2 {
                0 => peer.send(login(&format!("user{n}"))),
                _ => peer.send(format!("NICK user{n}\r\nUSER u 0 * :u\r\nPING welcome\r\n")),
            }
            peer
        })
        .collect();
    for (n, peer) in users.iter_mut().enumerate() {
        match n % 2 {
            0 => peer.expect("1"),
            _ => while !peer.line().ends_with(" :welcome\r") {},
        }
    }
    server.signal(Signal::TERM);
    let begin = Instant::now();
    for (n, mut peer) in users.into_iter().enumerate() {
        match n % 2 {
            0 => assert_eq!(peer.rest(), "* the server is shutting down\n"),
            _ => assert_eq!(peer.rest(), "ERROR :Closing link: the server is shutting down\r\n"),
        }
    }
    let limit = Duration::from_secs(5).saturating_sub(begin.elapsed());
    assert_eq!(server.ended_within(limit).status, Some(0));
}
