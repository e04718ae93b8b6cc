//! `parlord --hash-password`, and a `parlord` that compares with what it printed.

use std::process::{Command, Stdio};

use parlor::address::Address;
use rustix::process::Signal;

use crate::support::options::PARLORD_ARGS;
use crate::support::program::listening;
use crate::support::{Peer, Program, Scratch, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// What the program makes of this input: its exit status, its output, and its complaint.
fn hashed(input: &str) -> (Option<i32>, String, String) {
    let mut program = Program::start(PARLORD, &["--hash-password"], Stdio::piped());
    program.write(input);
    program.end_input();
    let ended = program.ended();
    (ended.status, ended.stdout, ended.stderr)
}

#[test]
fn what_is_no_password_has_no_hash_and_is_exit_status_2_in_one_line() {
    for input in ["", "\n", "open※sesame\n", "\0\n"] {
        let (status, output, complaint) = hashed(input);
        assert_eq!((status, output.as_str()), (Some(2), ""), "{input:?}");
        assert!(complaint.starts_with("parlord: a password has 1 to 256 bytes"), "{complaint}");
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
    }
}

#[test]
fn a_hash_that_was_printed_lets_in_who_knows_its_password_and_others_do_not_wait() {
    let (status, hash, complaint) = hashed("open sesame\nand a note\n");
    assert_eq!((status, complaint.as_str()), (Some(0), ""));
    assert_ne!(hashed("open sesame\n").1, hash, "every hash has its own salt");
    let scratch = Scratch::new();
    let file = scratch.file("password", &hash);
    let operator = format!("root:{}", hash.trim());
    let (server, at) = Program::server(&["--password-file", text(&file), "--oper", &operator]);
    let mut ana = Peer::connect(&at);
    ana.send("∏∑ana※open sesame∏∑§γfirst§γ");
    ana.expect("1ana说：first\n");
    // Five of these are wrong at once, and the others wait.
    let mut guessers: Vec<_> = (0..20).map(|_| Peer::connect(&at)).collect();
    guessers.iter_mut().for_each(|guesser| guesser.send("∏∑eve※open barley∏∑"));
    ana.send("§γsecond§γ");
    ana.expect("ana说：second\n");
    ana.settle("ana");
    for _ in 0..5 {
        while !server.error_line().ends_with("wrong password (CrazyIt login)") {}
    }
    server.signal(Signal::TERM);
    ana.expect("* the server is shutting down\n");
}

/// A server that may have this much address space, in KiB.
fn server_within(kb: u64, args: &[&str]) -> Program {
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -v {kb}; exec \"$0\" \"$@\""), PARLORD])
        .args(PARLORD_ARGS)
        .args(args);
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    Program::spawn(command)
}

/// Says where it listens, or ends with one line that says why not. Returns the first, or else the second.
fn start(mut server: Program) -> Result<(Program, Address), String> {
    match server.try_line() {
        Some(line) => Ok((server, listening(&line))),
        None => {
            let ended = server.ended();
            assert_eq!((ended.status, ended.stderr.lines().count()), (Some(1), 1), "{ended:?}");
            Err(ended.stderr)
        }
    }
}

/// What a server within this many KiB answers to the right password.
fn heard_within(kb: u64, hash: &str) -> Result<String, String> {
    let (_server, at) = start(server_within(kb, &["--password", hash]))?;
    let mut ana = Peer::connect(&at);
    ana.send("∏∑ana※open sesame∏∑");
    Ok(String::from_utf8_lossy(&ana.receive_once()).into_owned())
}

/// The first limit from `low`, which is not enough, to `high`, which is, in KiB and up to a page.
fn least_between(mut low: u64, mut high: u64, is_enough: impl Fn(u64) -> bool) -> u64 {
    while high - low > PAGE_KB {
        let middle = low.midpoint(high);
        if is_enough(middle) { high = middle } else { low = middle }
    }
    high
}

/// The step in which limits on address space have an effect.
const PAGE_KB: u64 = 4;

#[test]
fn with_little_memory_a_right_password_is_right_or_the_server_says_at_start_what_is_missing() {
    const STEP_KB: u64 = 1024;
    let (_, hash, _) = hashed("open sesame\n");
    let hash = hash.trim();
    let starts = |kb: &u64| {
        let mut server = server_within(*kb, &[]);
        let line = server.try_line();
        server.signal(Signal::TERM);
        line.is_some() && server.ended().status == Some(0)
    };
    // Without a hash this is enough, for a start that takes some pages more than this one as well. The programs of tests
    // are larger than others.
    let least = (1..200).map(|n| n * STEP_KB).find(starts).expect("200 MB are enough") + STEP_KB;
    let missing = heard_within(least, hash).expect_err("a hash takes more");
    let spare = format!("7168 KiB of memory (its m=), and the server {} KiB more", parlor::secret::SPARE_KB);
    assert!(missing.contains(&spare), "{missing}");
    // Where a server with a hash just starts, a peer must not take the last of its memory. How much that is differs by some
    // pages from one start to the next.
    let starts = |kb| start(server_within(kb, &["--password", hash])).is_ok();
    let enough = least_between(least, least + 16 * STEP_KB, starts);
    for kb in (0..16).map(|n| enough + n * PAGE_KB) {
        let heard = heard_within(kb, hash);
        assert!(heard.as_ref().map_or(true, |heard| heard == "1"), "{kb}: {heard:?}");
    }
    for kb in (1..16).map(|n| enough + n * STEP_KB) {
        assert_eq!(heard_within(kb, hash).as_deref(), Ok("1"), "{kb}");
    }
    let scratch = Scratch::new();
    let config = scratch.file("config", "");
    let server = server_within(least, &["--config", text(&config)]);
    server.listening();
    scratch.file("config", &format!("password = {hash}\n"));
    server.signal(Signal::HUP);
    let told = server.error_line();
    assert!(told.contains("reload: a hash of a password takes 7168 KiB of memory"), "{told}");
    assert!(told.ends_with("; everything stays as it was"), "{told}");
}

#[test]
fn a_broken_hash_is_exit_status_2_and_is_not_repeated() {
    let scratch = Scratch::new();
    let config = scratch.file("config", "lobby = #tea\noper = root:$argon2id$v=19$xyzzy\n");
    let file = scratch.file("password", "$argon2id$v=19$xyzzy\n");
    for (args, named) in [
        (["--config", text(&config)], "line 2: oper: this begins like a hash"),
        (["--password-file", text(&file)], "--password-file: this begins like a hash"),
        (["--password", "$argon2i$xyzzy"], "--password: this begins like a hash"),
    ] {
        let ended = Program::parlord(&args).ended();
        assert_eq!(ended.status, Some(2));
        assert!(ended.stderr.contains(named) && !ended.stderr.contains("xyzzy"), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    }
}
