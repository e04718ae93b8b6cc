//! Mass events: all users lose their server, thousands are banned at once, thousands join one room at once.

use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::herd::Herd;
use crate::options::Options;
use crate::quiet::Quiet;
use crate::server::Server;
use crate::{MOST, MOST_AT_P99};

/// Number of users: by default, and in a short run.
const USERS: usize = 9_500;
const QUICK_USERS: usize = 2_000;

/// How long the server may take to shut down.
const MOST_TO_END: Duration = Duration::from_secs(3);

/// Members of the room that is renamed.
#[cfg(feature = "store")]
const RENAMED_MEMBERS: usize = 1_000;

/// Lines that the speaker sends at once: about as many joins fit in a turn.
const CHAT_BATCH: usize = 50;

/// The longest allowed turn while many are banned.
const MOST_TURN: Duration = Duration::from_millis(100);

/// No limits except bans.
const ARGS: [&str; 10] = [
    "--max-connections",
    "20000",
    "--max-per-ip",
    "20000",
    "--flood",
    "off",
    "--memory",
    "1000000000",
    "--proxy-from",
    "127.6.0.0/16",
];

/// Runs a row with this number of users. True when it met the target.
type Row = fn(&Options, usize) -> bool;

/// Runs these rows. Returns how many exceeded the target.
pub(crate) fn rows(options: &Options) -> usize {
    let users = if options.is_quick { QUICK_USERS } else { USERS };
    let rows: &[(&str, Row)] = &[
        ("joins", joins),
        ("kline", kline),
        #[cfg(feature = "store")]
        ("rename", rename),
        ("sigterm", sigterm),
        #[cfg(feature = "store")]
        ("clear", clear),
    ];
    rows.iter().filter(|(name, row)| options.chooses(name) && !row(options, users)).count()
}

/// Connects users, half of them from a network that can be banned.
fn crowd(server: &Server, users: usize) -> Herd {
    let herd = Herd::new();
    herd.count(" 422 ");
    for n in 0..users {
        let network = if n < users / 2 { 51 } else { 52 };
        let index = herd.connect(server.at, [127, 6, 0, 1]);
        let address = format!("198.{network}.{}.{}", n / 250 % 250, n % 250 + 1);
        herd.send(
            index,
            &format!("PROXY TCP4 {address} 127.0.0.1 1000 6667\r\nNICK u{n}\r\nUSER u 0 * :u\r\n"),
        );
        if n % 200 == 199 {
            herd.wait_for(n + 1);
        }
    }
    herd.wait_for(users);
    herd
}

/// All of them join a room. Returns the number of bytes they received.
fn join(herd: &Herd, users: usize) -> u64 {
    herd.settle();
    let before = herd.bytes();
    herd.count(" 366 ");
    (0..users).for_each(|n| herd.send(n, "JOIN #room\r\n"));
    herd.settle();
    herd.bytes() - before
}

/// The cost of telling all users in a room of each join, compared with the same number of messages.
fn joins(options: &Options, users: usize) -> bool {
    let server = Server::start(options, &ARGS);
    let herd = crowd(&server, users);
    let before = server.program.cpu_time();
    let bytes = join(&herd, users);
    let cost = server.program.cpu_time() - before;
    let lines = users * (users + 1) / 2;
    let (chat, chat_lines) = chat(&server, &herd, users, lines);
    let per_million = |cost: Duration, lines: usize| cost.as_secs_f64() / (lines as f64 / 1e6);
    let (cost_each, chat_each) = (per_million(cost, lines), per_million(chat, chat_lines));
    println!(
        "hostile/joins    {users} users: {lines} lines, {:.2} GB for {cost:.2?} of CPU, {cost_each:.3} s a million; as chat {chat_each:.3} s",
        bytes as f64 / 1e9,
    );
    assert_eq!(herd.ended(), 0, "no connection is closed because of the joins");
    true
}

/// One user sends messages as short as joins until all together have received `lines` of them. Returns the CPU time and
/// the number of lines.
fn chat(server: &Server, herd: &Herd, users: usize, lines: usize) -> (Duration, usize) {
    let text = "PRIVMSG #room :x\r\n".repeat(CHAT_BATCH);
    let (begin, mut told, mut bytes_each) = (server.program.cpu_time(), 0, None);
    while told < lines {
        let before = herd.bytes();
        herd.send(0, &text);
        match bytes_each {
            // They all have the same length.
            None => {
                herd.settle();
                bytes_each = Some(herd.bytes() - before);
            }
            Some(bytes) => {
                while herd.bytes() < before + bytes {
                    thread::sleep(Duration::from_millis(1));
                }
            }
        }
        told += CHAT_BATCH * (users - 1);
    }
    (server.program.cpu_time() - begin, told)
}

/// Bans half of the users of a room.
fn kline(options: &Options, users: usize) -> bool {
    let server = Server::start(options, &ARGS);
    let herd = crowd(&server, users);
    join(&herd, users);
    let quiet = Quiet::come(&server);
    let root = herd.connect(server.at, [127, 0, 0, 1]);
    herd.send(root, "NICK root\r\nUSER r 0 * :r\r\nOPER root secret\r\n");
    herd.settle();
    server.longest_turn();
    quiet.begin();
    let start = Instant::now();
    herd.send(root, "KLINE 198.51.0.0/16 :enough\r\n");
    while herd.ended() < users / 2 {
        assert!(start.elapsed() < Duration::from_secs(60), "{} of {} are gone", herd.ended(), users / 2);
        thread::sleep(Duration::from_millis(1));
    }
    let took = start.elapsed();
    herd.settle();
    let (pings, turn) = (quiet.end(), server.longest_turn());
    let is_fine = turn <= MOST_TURN && pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST;
    println!(
        "hostile/kline    {} of {users} users gone in {took:.2?}, longest turn {turn:.1?}, pings p99 {:.1?}, max {:.1?}{}",
        users / 2,
        pings.at(990),
        pings.at(1000),
        if is_fine { "" } else { "  OVER" }
    );
    assert_eq!(herd.ended(), users / 2, "no other user is gone");
    is_fine
}

/// Removes as many users from a registered room at once as `kline` from the server.
#[cfg(feature = "store")]
fn clear(options: &Options, users: usize) -> bool {
    let users = users / 2;
    let server = Server::start(options, &ARGS);
    let herd = crowd(&server, users);
    let quiet = Quiet::come(&server);
    let root = herd.connect(server.at, [127, 0, 0, 1]);
    let register = "NS REGISTER correct-horse\r\nJOIN #room\r\nCS REGISTER #room\r\n";
    herd.count("you are its founder");
    herd.send(root, &format!("NICK root\r\nUSER r 0 * :r\r\n{register}"));
    herd.wait_for(1);
    join(&herd, users);
    herd.count(" KICK #room ");
    server.longest_turn();
    quiet.begin();
    let start = Instant::now();
    herd.send(root, "CS CLEAR #room USERS\r\n");
    // The founder hears of each.
    herd.wait_for(2 * users);
    let took = start.elapsed();
    let (pings, turn) = (quiet.end(), server.longest_turn());
    let is_fine = turn <= MOST_TURN && pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST;
    println!(
        "hostile/clear    {users} users removed in {took:.2?}, longest turn {turn:.1?}, pings p99 {:.1?}, max {:.1?}{}",
        pings.at(990),
        pings.at(1000),
        if is_fine { "" } else { "  OVER" }
    );
    assert_eq!(herd.ended(), 0, "nobody is gone");
    is_fine
}

/// Gives a room another name, whose members do not know that a room can have one: each of them gets a list of all.
#[cfg(feature = "store")]
fn rename(options: &Options, users: usize) -> bool {
    let members = users.min(RENAMED_MEMBERS);
    let server = Server::start(options, &ARGS);
    let herd = crowd(&server, members);
    join(&herd, members);
    let (quiet, before) = (Quiet::come(&server), (herd.bytes(), server.program.cpu_time()));
    herd.settle();
    server.longest_turn();
    herd.count(" 366 ");
    quiet.begin();
    let start = Instant::now();
    herd.send(0, "RENAME #room #hall\r\n");
    herd.wait_for(members);
    let took = start.elapsed();
    let (pings, turn, cost) = (quiet.end(), server.longest_turn(), server.program.cpu_time() - before.1);
    let is_fine = turn <= MOST_TURN && pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST;
    println!(
        "hostile/rename   {members} members: {:.1} MB in {took:.2?} for {cost:.2?} of CPU, longest turn {turn:.1?}, pings p99 {:.1?}, max {:.1?}{}",
        (herd.bytes() - before.0) as f64 / 1e6,
        pings.at(990),
        pings.at(1000),
        if is_fine { "" } else { "  OVER" }
    );
    assert_eq!(herd.ended(), 0, "no connection is closed because of the lists");
    is_fine
}

fn sigterm(options: &Options, users: usize) -> bool {
    let mut server = Server::start(options, &ARGS);
    let herd = crowd(&server, users);
    join(&herd, users);
    let start = Instant::now();
    server.program.signal(Signal::TERM);
    let ended = server.program.ended_within(Duration::from_secs(60));
    let took = start.elapsed();
    let is_fine = took <= MOST_TO_END;
    println!("hostile/sigterm  {users} users: {took:.2?}{}", if is_fine { "" } else { "  OVER" });
    assert_eq!(ended.status, Some(0));
    is_fine
}
