//! Attacks over HTTP and WebSocket. Besides the quiet user's pings, each row measures what the server keeps of attackers
//! who are gone: the first half of a row fills what is used again, and the second half may add next to nothing.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::browser::{endless, messages, open, request, unmasked, upgrade};
use crate::herd::{self, Herd};
use crate::options::Options;
use crate::quiet::Quiet;
use crate::server::Server;
use crate::support::frames::{CLOSE, CONTINUATION, FIN, PING, TEXT, masked};
use crate::support::{self, Scratch};
use crate::{ATTACKERS, BEAT, MOST, MOST_AT_P99, QUICK_ROW_TIME, ROW_TIME, rows};

/// How many connect where they do little.
const MANY: usize = 1_000;

/// Browsers in the room that attackers speak in.
const BYSTANDERS: usize = 100;

/// A file of the page that no socket takes at once, in bytes.
const LARGE_FILE: usize = 4 << 20;

/// Most bytes of memory that the second half of a row may add.
const MOST_GROWTH: u64 = 512 << 10;

/// Bytes of tags and text in the longest line.
const LONG_TAGS: usize = 4_000;
const LONG_TEXT: usize = 400;

/// Longer than the server takes to notice that somebody is gone.
const DEADLINE: Duration = Duration::from_secs(120);

/// Frames that are sent at once.
const FLOOD: usize = 2_000;

struct Row {
    name: &'static str,
    attackers: usize,
    /// The lines that open the conversation over WebSocket; `None` over HTTP.
    lines: Option<fn(usize) -> String>,
    reads: bool,
    /// Bytes to repeat, given the number of the repetition.
    attack: fn(usize) -> Vec<u8>,
}

const fn http(name: &'static str, attackers: usize, attack: fn(usize) -> Vec<u8>) -> Row {
    Row { name, attackers, lines: None, reads: true, attack }
}

const fn websocket(name: &'static str, attackers: usize, attack: fn(usize) -> Vec<u8>) -> Row {
    Row { name, attackers, lines: Some(|_| String::new()), reads: true, attack }
}

const fn by_member(name: &'static str, attack: fn(usize) -> Vec<u8>) -> Row {
    Row { name, attackers: ATTACKERS, lines: Some(member), reads: true, attack }
}

const fn unread(row: Row) -> Row {
    Row { reads: false, ..row }
}

const ROWS: &[Row] = &[
    http("web (nothing)", ATTACKERS, |_| Vec::new()),
    http("web 1,000 never speak", MANY, |_| Vec::new()),
    websocket("web 1,000 upgrade and never speak", MANY, |_| Vec::new()),
    http("web requests byte by byte", 200, |round| byte(&request("/", ""), round)),
    http("web slow headers", MANY, |round| match round {
        0 => b"GET / HTTP/1.1\r\nHost: chat\r\n".to_vec(),
        round if round % 20 == 0 => format!("X-Header-{round}: {}\r\n", "x".repeat(40)).into_bytes(),
        _ => Vec::new(),
    }),
    http("web heads without an end", ATTACKERS, |_| request("/", &format!("X: {}\r\n", "x".repeat(9_000)))),
    http("web heads of 8 KB that are refused", ATTACKERS, |_| {
        request("/", &format!("{}Bad Header: x\r\n", "A: b\r\n".repeat(1_300)))
    }),
    http("web pipelined requests", ATTACKERS, |_| request("/", "").repeat(80)),
    http("web smuggled requests", ATTACKERS, |_| {
        let body = "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n";
        [request("/", body), b"0\r\n\r\n".to_vec(), request("/ws", "X: y\r\n")].concat()
    }),
    http("web GET / again and again", 200, |_| request("/", "")),
    http("web GET / on ever new connections", ATTACKERS, |_| request("/", "Connection: close\r\n")),
    http("web unknown files", ATTACKERS, |round| request(&format!("/{round}{}", "%C3%A9".repeat(1_000)), "")),
    unread(http("web pages that nobody reads", MANY, |_| request("/large", ""))),
    http("web pages of others", ATTACKERS, |_| upgrade("http://evil.example")),
    http("web upgrades with frames behind", ATTACKERS, |_| {
        [upgrade("http://chat"), messages("NICK early")].concat()
    }),
    websocket("web pings", ATTACKERS, |_| masked(PING, b"").repeat(FLOOD)),
    websocket("web long pings", ATTACKERS, |_| masked(PING, &[b'x'; 125]).repeat(FLOOD / 10)),
    unread(websocket("web pings, answers unread", ATTACKERS, |_| {
        masked(PING, &[b'x'; 125]).repeat(FLOOD / 10)
    })),
    websocket("web empty messages", ATTACKERS, |_| masked(TEXT, b"").repeat(FLOOD)),
    websocket("web empty fragments", ATTACKERS, |round| fragments(round, b"")),
    websocket("web fragments of a byte", ATTACKERS, |round| fragments(round, b"x")),
    websocket("web frames byte by byte", 200, |round| byte(&masked(TEXT, b"PING :x"), round)),
    websocket("web frames of 1 TiB", ATTACKERS, |_| endless()),
    websocket("web frames without a mask", ATTACKERS, |_| unmasked()),
    websocket("web unknown frames", ATTACKERS, |_| masked(0x83, b"x")),
    websocket("web text that is not UTF-8", ATTACKERS, |_| masked(TEXT, b"PING :\xff")),
    websocket("web closes", ATTACKERS, |_| masked(CLOSE, b"\x03\xe8bye")),
    by_member("web longest lines", |_| longest().repeat(8)),
    by_member("web messages to a room", |_| {
        messages(&format!("PRIVMSG #web :{}\r\n", "x".repeat(LONG_TEXT)).repeat(8))
    }),
    unread(by_member("web messages, unread", |_| messages(&"PRIVMSG #web :x\r\n".repeat(8)))),
];

/// The next byte of what is sent over and over.
fn byte(bytes: &[u8], round: usize) -> Vec<u8> {
    vec![bytes[round % bytes.len()]]
}

/// Fragments of a message that does not end.
fn fragments(round: usize, payload: &[u8]) -> Vec<u8> {
    let first = if round == 0 { masked(TEXT - FIN, payload) } else { Vec::new() };
    [first, masked(CONTINUATION - FIN, payload).repeat(FLOOD)].concat()
}

fn longest() -> Vec<u8> {
    let (tags, text) = ("y".repeat(LONG_TAGS), "x".repeat(LONG_TEXT));
    masked(TEXT, format!("@+x={tags} PRIVMSG #web :{text}").as_bytes())
}

fn member(n: usize) -> String {
    let name = rows::name(n, rows::ROWS.len());
    format!("CAP REQ message-tags\r\nNICK {name}\r\nUSER u 0 * :u\r\nCAP END\r\nJOIN #web\r\n")
}

/// Runs these rows. Returns how many exceeded the target.
pub(crate) fn rows(options: &Options) -> usize {
    let chosen: Vec<_> = ROWS.iter().filter(|row| options.chooses(row.name)).collect();
    if chosen.is_empty() {
        return 0;
    }
    let root = Scratch::new();
    fs::write(root.path("index.html"), "x".repeat(20_000)).expect("the directory is ours");
    fs::write(root.path("large"), "x".repeat(LARGE_FILE)).expect("the directory is ours");
    let root = root.path("");
    let mut args = vec!["--web-root", support::text(&root)];
    if !options.has_flood {
        args.extend(["--flood", "off"]);
    }
    let server = Server::start(options, &args);
    let bystanders = Herd::new();
    for n in 0..BYSTANDERS {
        let index = bystanders.adopt(open(herd::connect(server.at, [127, 9, 0, 1])));
        bystanders.send(index, &messages(&format!("NICK by{n}\r\nUSER u 0 * :u\r\nJOIN #web\r\n")));
    }
    bystanders.settle();
    let quiet = Quiet::come(&server);
    quiet.wait_for_calm();
    let scene = Scene { at_rest: server.program.descriptors(), quiet, server };
    println!("{:<36} {:>10} {:>9} {:>9} {:>9} {:>9}", "hostile", "turn", "p50", "p99", "max", "growth");
    let over = chosen.iter().filter(|row| !scene.attack(row, options)).count();
    assert_eq!(bystanders.ended(), 0, "no bystander is gone");
    over
}

/// The server and its quiet user, who leaves first.
struct Scene {
    quiet: Quiet,
    server: Server,
    /// The descriptors of the server without attackers.
    at_rest: usize,
}

impl Scene {
    /// Runs one row. True when it met the targets.
    fn attack(&self, row: &Row, options: &Options) -> bool {
        let time = if options.is_quick { QUICK_ROW_TIME } else { ROW_TIME };
        self.repeat(row, time);
        let before = self.memory_at_rest();
        self.server.longest_turn();
        self.quiet.begin();
        self.repeat(row, time);
        let (pings, turn) = (self.quiet.end(), self.server.longest_turn());
        let growth = self.memory_at_rest().saturating_sub(before);
        let is_fine = pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST && growth <= MOST_GROWTH;
        println!(
            "{:<36} {turn:>10.1?} {:>9.1?} {:>9.1?} {:>9.1?} {:>6} KB{}",
            row.name,
            pings.at(500),
            pings.at(990),
            pings.at(1000),
            growth / 1000,
            if is_fine { "" } else { "  OVER" }
        );
        is_fine
    }

    /// Attackers come, repeat their attack and vanish. Those that the server has closed come again.
    fn repeat(&self, row: &Row, time: Duration) {
        let herd = if row.reads { Herd::new() } else { Herd::deaf() };
        let come = || {
            let stream = herd::connect(self.server.at, [127, 8, 0, 2]);
            if row.lines.is_some() { open(stream) } else { stream }
        };
        let first = |n| row.lines.map(|lines| messages(&lines(n))).unwrap_or_default();
        for n in 0..row.attackers {
            let index = herd.adopt(come());
            herd.send(index, &first(n));
        }
        let (start, mut round) = (Instant::now(), 0);
        while start.elapsed() < time {
            let bytes = (row.attack)(round);
            for n in 0..row.attackers {
                if !herd.is_open(n) {
                    herd.replace(n, come());
                    herd.send(n, &first(n));
                }
                herd.send(n, &bytes);
            }
            round += 1;
            thread::sleep(BEAT);
        }
    }

    /// The memory of the server once it has noticed that attackers are gone.
    fn memory_at_rest(&self) -> u64 {
        let start = Instant::now();
        while self.server.program.descriptors() > self.at_rest {
            assert!(start.elapsed() < DEADLINE, "attackers that are gone stay");
            thread::sleep(BEAT);
        }
        self.quiet.wait_for_calm();
        self.server.program.memory().now
    }
}
