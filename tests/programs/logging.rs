//! What the program logs, and that nobody waits for it.

use std::io::{BufRead, BufReader, PipeReader, PipeWriter, Write, pipe};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};
use std::time::Duration;

use parlor::address::Address;
use rustix::io::ioctl_fionbio;
use rustix::process::Signal;

use crate::support::options::PARLORD_ARGS;
use crate::support::{DEADLINE, Peer, Program, Scratch};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// The longest time in which a server ends after a signal: its last lines have a second.
const STOP_LIMIT: Duration = Duration::from_secs(6);

/// Connections that come and go while nobody reads the log.
const CONNECTIONS: usize = 1000;

/// Reports that are more than a pipe and the server's queue can hold: of about a kilobyte each.
const REPORTS: usize = 1000;

/// A server, where it listens, and its standard error.
fn server() -> (Program, Address, PipeReader) {
    let (log, stderr) = pipe().expect("a descriptor is left");
    let mut command = Command::new(PARLORD);
    command.args(PARLORD_ARGS).stdin(Stdio::null()).stderr(stderr);
    let server = Program::spawn(command);
    let at = server.listening();
    (server, at, log)
}

/// Has the server log more than anybody takes. It answers all the while.
fn fill_log(server: &Program, at: &Address) {
    let mut quiet = Peer::irc_user(at, "quiet");
    for n in 0..CONNECTIONS {
        let source = Ipv4Addr::new(127, 1, (n / 250) as u8, (n % 250 + 1) as u8);
        let mut guest = Peer::connect_from(at, source);
        guest.send("NICK guest\r\nUSER g 0 * :g\r\nQUIT\r\n");
        guest.wait_for_any_end();
    }
    for n in 0..REPORTS {
        server.signal(Signal::USR1);
        quiet.settle_on_irc(&n.to_string());
    }
}

#[test]
fn a_blocked_standard_error_keeps_nobody_waiting_and_the_server_can_be_told_to_end() {
    let (mut server, at, _log) = server();
    fill_log(&server, &at);
    server.signal(Signal::TERM);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
}

#[test]
fn lines_that_a_blocked_standard_error_lost_are_reported_when_it_is_read_again() {
    let (mut server, at, log) = server();
    fill_log(&server, &at);
    let mut lines = BufReader::new(log).lines().map(|line| line.expect("the log is text"));
    let gap = lines.find(|line| line.contains("lines are missing here")).expect("the gap is reported");
    let count: u64 = gap.split(' ').find_map(|word| word.parse().ok()).expect("with a number");
    assert!(count > 0, "{gap}");
    server.signal(Signal::USR1);
    let report = lines.find(|line| line.contains("log lines lost: ")).expect("the log goes on");
    assert!(report.ends_with(&format!("log lines lost: {count}")), "{report} {gap}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
    assert!(lines.last().expect("the last words are not lost").contains("stopping: "));
}

#[test]
fn an_address_that_connects_again_and_again_causes_few_lines_and_the_log_tells_how_many_more() {
    let (mut server, at, log) = server();
    let guest = |source: [u8; 4]| {
        let mut guest = Peer::connect_from(&at, source.into());
        guest.send("NICK guest\r\nUSER g 0 * :g\r\nQUIT\r\n");
        guest.wait_for_any_end();
    };
    (0..CONNECTIONS).for_each(|_| guest([127, 9, 9, 9]));
    guest([127, 9, 9, 10]);
    server.signal(Signal::TERM);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
    let lines: Vec<_> = BufReader::new(log).lines().map(|line| line.expect("the log is text")).collect();
    let of = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert_eq!(of(" 127.9.9.10:"), 2, "who comes once is logged: {lines:#?}");
    let (told, summaries) = (of(" 127.9.9.9:") - of("not logged"), of("not logged"));
    // One a second more, and a summary in ten seconds, on a machine that is busy.
    assert!((20..60).contains(&told) && (1..10).contains(&summaries), "{lines:#?}");
    let left_out = lines.iter().filter_map(|line| line.strip_suffix(" more lines not logged"));
    let left_out = left_out.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok());
    assert_eq!(left_out.sum::<usize>() + told, 2 * CONNECTIONS, "{lines:#?}");
}

/// A pipe that takes nothing more.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a descriptor is left");
    ioctl_fionbio(&writer, true).expect("a pipe may be non-blocking");
    while writer.write(b"x").is_ok() {}
    ioctl_fionbio(&writer, false).expect("a pipe may block");
    (reader, writer)
}

#[test]
fn a_blocked_standard_output_keeps_nobody_from_coming() {
    let scratch = Scratch::new();
    let manager = UnixDatagram::bind(scratch.path("manager")).expect("the directory is ours");
    manager.set_read_timeout(Some(DEADLINE)).expect("not zero");
    let (_printed, stdout) = full_pipe();
    let at = scratch.socket("s");
    let mut command = Command::new("sh");
    command.args(["-c", "exec \"$0\" \"$@\" >&0", PARLORD, "--listen", &at.to_string()]);
    command.env("NOTIFY_SOCKET", scratch.path("manager")).stdin(stdout).stderr(Stdio::piped());
    let mut server = Program::spawn(command);
    manager.recv(&mut [0; 1024]).expect("the server is ready");
    Peer::user(&at, "ana");
    server.signal(Signal::TERM);
    assert_eq!(server.ended_within(STOP_LIMIT).status, Some(0));
}
