//! A node whose broker is slow or away: what waits for it is bounded, and nobody waits for those who wait.

use std::thread;
use std::time::{Duration, Instant};

use crate::herd::Herd;
use crate::options::Options;
use crate::quiet::Quiet;
use crate::server::Server;
use crate::support::redis_server::RedisServer;
use crate::{BEAT, MOST};

/// Peers that want to change something at the same moment.
const AT_ONCE: usize = 1_000;

/// Peers that change as much as they can.
const RESTLESS: usize = 256;

/// Peers that talk as much as they can.
const TALKERS: usize = 16;

/// How long the broker is away: changes that wait are refused meanwhile, after 5 s.
const PAUSE: Duration = Duration::from_secs(7);

/// A slow broker works and rests for so long.
const REST: Duration = Duration::from_millis(100);

/// Longest answer for 99 of 100 pings: no command of these rows is dear.
const MOST_AT_P99: Duration = Duration::from_millis(20);

/// Most memory that a peer may take while it waits, in bytes: its input, and answers that it has not read.
const WAITING_BYTES: u64 = 64 * 1024;

/// `--memory` of the node that is flooded, in bytes. Messages for other nodes may take a part of it.
const MEMORY_BYTES: u64 = 64 * 1024 * 1024;

const ARGS: [&str; 6] = ["--max-per-ip", "20000", "--max-connections", "20000", "--flood", "off"];

const SOURCE: [u8; 4] = [127, 6, 0, 1];

/// Runs these rows. Returns how many exceeded the target.
pub(crate) fn rows(options: &Options) -> usize {
    type Row = fn(&Options, &RedisServer) -> bool;
    let rows: [(&str, Row); 4] = [
        ("nodes at-once", at_once),
        ("nodes slow", |options, broker| restless(options, broker, true)),
        ("nodes away", |options, broker| restless(options, broker, false)),
        ("nodes flood", flood),
    ];
    let run = |row: Row| RedisServer::start().is_none_or(|broker| row(options, &broker));
    rows.into_iter().filter(|(name, row)| options.chooses(name) && !run(*row)).count()
}

/// A node, peers of it, and the quiet user, who must go before the node does.
struct Scene {
    quiet: Quiet,
    herd: Herd,
    node: Server,
    memory: u64,
}

impl Scene {
    fn new(options: &Options, broker: &RedisServer, peers: usize, args: &[&str]) -> Self {
        let node = node(options, broker, "cellar", args);
        let herd = Herd::new();
        herd.count(" 422 ");
        for n in 0..peers {
            let index = herd.connect(node.at, SOURCE);
            herd.send(index, &format!("NICK u{n}\r\nUSER u 0 * :u\r\n"));
        }
        herd.wait_for(peers);
        let quiet = Quiet::come(&node);
        quiet.wait_for_calm();
        let memory = node.program.memory().now;
        node.longest_turn();
        quiet.begin();
        Self { quiet, herd, node, memory }
    }

    /// The memory that the node has taken since it began.
    fn growth(&self) -> u64 {
        self.node.program.memory().peak.saturating_sub(self.memory)
    }

    /// Waits until a newcomer gets into a room, and reports. True when the row met the target.
    fn end(self, name: &str, most_growth: u64) -> bool {
        let (pings, growth) = (self.quiet.end(), self.growth());
        let start = Instant::now();
        self.herd.count(" 366 late #late ");
        let late = self.herd.connect(self.node.at, SOURCE);
        self.herd.send(late, "NICK late\r\nUSER l 0 * :l\r\nJOIN #late\r\n");
        self.herd.wait_for(1);
        let (took, turn) = (start.elapsed(), self.node.longest_turn());
        let is_fine = pings.at(990) <= MOST_AT_P99 && pings.at(1000) <= MOST && growth <= most_growth;
        println!(
            "hostile/{name}: longest turn {turn:.1?}, pings p50 {:.1?}, p99 {:.1?}, max {:.1?}, {:.1} MB more memory (at \
             most {:.1}), next newcomer after {took:.1?}{}",
            pings.at(500),
            pings.at(990),
            pings.at(1000),
            growth as f64 / 1e6,
            most_growth as f64 / 1e6,
            if is_fine { "" } else { "  OVER" }
        );
        is_fine
    }
}

fn node(options: &Options, broker: &RedisServer, name: &str, args: &[&str]) -> Server {
    let url = broker.url();
    Server::start(options, &[&ARGS[..], args, &["--cluster", &url, "--node", name]].concat())
}

/// Everybody opens a room at the same moment, and takes another name in the next.
fn at_once(options: &Options, broker: &RedisServer) -> bool {
    let scene = Scene::new(options, broker, AT_ONCE, &[]);
    let Scene { herd, .. } = &scene;
    let start = Instant::now();
    herd.count(" 366 ");
    (0..AT_ONCE).for_each(|n| herd.send(n, &format!("JOIN #{n}\r\n")));
    herd.wait_for(AT_ONCE);
    let joined = start.elapsed();
    herd.count(" NICK ");
    (0..AT_ONCE).for_each(|n| herd.send(n, &format!("NICK v{n}\r\n")));
    herd.wait_for(AT_ONCE);
    println!(
        "hostile/nodes at-once: {AT_ONCE} joined in {joined:.1?}, and renamed by {:.1?}",
        start.elapsed()
    );
    scene.end("nodes at-once", AT_ONCE as u64 * WAITING_BYTES)
}

/// Everybody joins, leaves and renames as fast as the node reads, while the broker rests.
fn restless(options: &Options, broker: &RedisServer, is_slow: bool) -> bool {
    let scene = Scene::new(options, broker, RESTLESS, &[]);
    let (start, mut round) = (Instant::now(), 0);
    while start.elapsed() < PAUSE {
        let rests = !is_slow || (start.elapsed().as_millis() / REST.as_millis()).is_multiple_of(2);
        if rests {
            broker.pause()
        } else {
            broker.resume()
        }
        for n in 0..RESTLESS {
            let lines = format!("JOIN #{n}\r\nNICK w{n}x{round}\r\nPART #{n} :{}\r\n", "x".repeat(300));
            scene.herd.send(n, &lines.repeat(20));
        }
        round += 1;
        thread::sleep(BEAT);
    }
    broker.resume();
    let name = if is_slow { "nodes slow" } else { "nodes away" };
    scene.end(name, RESTLESS as u64 * WAITING_BYTES)
}

/// Some flood a room of both nodes while the broker is away. Afterwards the other node hears the next message.
fn flood(options: &Options, broker: &RedisServer) -> bool {
    // With a history, talkers wait for the store, whose queue is shorter.
    let no_history = ["--history", "off"];
    let other = node(options, broker, "attic", &no_history);
    let memory = MEMORY_BYTES.to_string();
    let args = [&no_history[..], &["--memory", &memory]].concat();
    let scene = Scene::new(options, broker, TALKERS, &args);
    let Scene { herd, .. } = &scene;
    let listeners = Herd::new();
    let listener = listeners.connect(other.at, SOURCE);
    listeners.count(" 366 ");
    listeners.send(listener, "NICK ear\r\nUSER e 0 * :e\r\nJOIN #room\r\n");
    listeners.wait_for(1);
    herd.count(" 366 ");
    (0..TALKERS).for_each(|n| herd.send(n, "JOIN #room\r\n"));
    herd.wait_for(TALKERS);
    broker.pause();
    let (start, mut sent) = (Instant::now(), 0);
    while start.elapsed() < PAUSE {
        let lines = format!("PRIVMSG #room :{}\r\n", "x".repeat(400)).repeat(20);
        (0..TALKERS).for_each(|n| herd.send(n, &lines));
        sent += TALKERS * lines.len();
        thread::sleep(BEAT);
    }
    listeners.count(" PRIVMSG #room :after all");
    let before = listeners.bytes();
    broker.resume();
    let back = Instant::now();
    while listeners.bytes() == before || back.elapsed() < Duration::from_secs(1) {
        assert!(back.elapsed() < Duration::from_secs(60), "nothing is heard on the other node");
        thread::sleep(BEAT);
    }
    listeners.settle();
    herd.settle();
    herd.send(0, "PRIVMSG #room :after all\r\n");
    listeners.wait_for(1);
    println!(
        "hostile/nodes flood: up to {:.0} MB were said while the broker was away, the other node heard {:.1} MB afterwards",
        sent as f64 / 1e6,
        (listeners.bytes() - before) as f64 / 1e6
    );
    scene.end("nodes flood", MEMORY_BYTES)
}
