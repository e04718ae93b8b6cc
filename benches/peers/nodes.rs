//! Several nodes over a broker, and a single server without one: what a message costs each of their threads and the
//! broker, and which of them is busy first.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::account;
use crate::client::Door;
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::hall::{Hall, Seats};
use crate::kind::Kind;
use crate::loader::{self, Work};
use crate::plan::{Plan, is_possible};
use crate::report::{Table, median};
use crate::{parlord, tell};

/// The columns: a single server, and so many nodes.
const NODES: [usize; 4] = [0, 1, 2, 3];
const NAMES: [&str; NODES.len()] = ["without --cluster", "1 node", "2 nodes", "3 nodes"];

const TEXT_BYTES: usize = 64;

/// Messages in flight.
const WINDOW: usize = 32;

/// The rows: large rooms, and small ones, where messages are dear and deliveries few.
fn crowds(is_quick: bool) -> Vec<Seats> {
    let small = Seats { rooms: 100, ..Seats::one_room(1_000) };
    let all = [Seats::one_room(100), Seats::one_room(1_000), small];
    all.into_iter().filter(|seats| !is_quick || seats.receivers < 1_000 || seats.rooms > 1).collect()
}

/// Measures all columns for each row. The tables are empty if no broker is installed.
pub(crate) fn compare(plan: &Plan) -> Result<Vec<String>, Failure> {
    let Some(broker) = Contender::plain(Kind::Redis) else {
        tell(&format!("missing: {}", Kind::Redis.name()));
        return Ok(Vec::new());
    };
    let mut rows = Vec::new();
    for seats in crowds(plan.is_quick) {
        if !is_possible(seats.clients() * NODES.len()) {
            tell(&format!("too few descriptors for {seats}"));
            continue;
        }
        let mut groups = Vec::new();
        for (count, name) in NODES.into_iter().zip(NAMES) {
            tell(&format!("{seats} come to {name}"));
            groups.push(Group::open(&broker, count, seats, plan.patience)?);
        }
        let mut loads = vec![Vec::new(); NODES.len()];
        for round in 0..plan.rounds {
            tell(&format!("{seats}, round {} of {}", round + 1, plan.rounds));
            for turn in 0..groups.len() {
                let index = (turn + round) % groups.len();
                loads[index].push(groups[index].load(plan)?);
            }
        }
        rows.push((seats, loads));
    }
    Ok(tables(&rows))
}

/// Nodes with their clients. Clients take nodes in turn, so every room has members on all.
struct Group {
    hall: Hall,
    nodes: Vec<Running>,
    broker: Option<Running>,
}

impl Group {
    fn open(broker: &Contender, count: usize, seats: Seats, patience: Duration) -> Result<Self, Failure> {
        let broker = (count > 0).then(|| broker.start()).transpose()?;
        let mut nodes = Vec::new();
        for node in 0..count.max(1) {
            let contender = match &broker {
                Some(broker) => parlord()?.with_broker(broker.address, node),
                None => parlord()?,
            };
            nodes.push(contender.start()?);
        }
        let addresses = nodes.iter().map(|node| node.address).collect();
        let door = Door { addresses, ..nodes[0].door.clone() };
        let hall = Hall::filled(&door, seats, Instant::now() + patience)?;
        Ok(Self { hall, nodes, broker })
    }

    /// Warms up, then runs the load and measures its cost.
    fn load(&mut self, plan: &Plan) -> Result<Load, Failure> {
        let work = Work { window: WINDOW, text_bytes: TEXT_BYTES, time: plan.time };
        loader::run(&mut self.hall, Work { time: plan.warm_up, ..work }, Instant::now() + plan.patience)?;
        let (before, published) = (self.times()?, self.published()?);
        let heard = loader::run(&mut self.hall, work, Instant::now() + plan.patience)?;
        let mut parts = self.times()?;
        for (part, time) in &mut parts {
            *time -= before.get(part).copied().unwrap_or_default();
        }
        let published = self.published()? - published;
        Ok(Load { deliveries: heard.deliveries, messages: heard.messages, published, parts })
    }

    /// CPU time of all threads so far.
    fn times(&self) -> Result<BTreeMap<Part, Duration>, Failure> {
        let mut times = BTreeMap::new();
        let nodes = self.nodes.iter().enumerate().map(|(node, running)| (Some(node), running));
        for (node, running) in nodes.chain(self.broker.iter().map(|broker| (None, broker))) {
            for (thread, time) in account::threads(running.pid())? {
                *times.entry(Part { node, thread }).or_default() += time;
            }
        }
        Ok(times)
    }

    /// How often anything has been put into a stream.
    fn published(&self) -> Result<u64, Failure> {
        let Some(broker) = &self.broker else { return Ok(0) };
        let mut line = TcpStream::connect(broker.address)?;
        line.write_all(b"INFO commandstats\r\n")?;
        let mut answer = BufReader::new(line);
        let mut length = String::new();
        answer.read_line(&mut length)?;
        let length = length.trim().trim_start_matches('$').parse();
        let mut text = vec![0; length.map_err(|_| Failure::Wrong("the broker tells nothing".into()))?];
        answer.read_exact(&mut text)?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let calls = text.split_once("cmdstat_xadd:calls=").and_then(|(_, rest)| rest.split(',').next());
        Ok(calls.and_then(|calls| calls.parse().ok()).unwrap_or(0))
    }
}

/// A thread of a node, or of the broker.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    node: Option<usize>,
    thread: String,
}

impl Part {
    /// Its name in tables. The thread of the event loop has that of the program.
    fn title(&self) -> &'static str {
        match (self.node, self.thread.as_str()) {
            (None, _) => "broker",
            (Some(_), "parlord") => "loop",
            (Some(_), "parlord-broker") => "writer",
            (Some(_), "parlord-reader") => "reader",
            (Some(_), "parlord-store") => "store",
            (Some(_), _) => "other",
        }
    }
}

/// The cost of a load: CPU time of each thread, and publications.
#[derive(Clone)]
struct Load {
    deliveries: u64,
    messages: u64,
    published: u64,
    parts: BTreeMap<Part, Duration>,
}

impl Load {
    /// CPU time of all that `is_meant`, in seconds.
    fn seconds(&self, is_meant: impl Fn(&Part) -> bool) -> f64 {
        let times = self.parts.iter().filter(|(part, _)| is_meant(part)).map(|(_, time)| *time);
        times.sum::<Duration>().as_secs_f64()
    }

    fn of_nodes(&self) -> f64 {
        self.seconds(|part| part.node.is_some())
    }

    fn of_broker(&self) -> f64 {
        self.seconds(|part| part.node.is_none())
    }

    /// CPU microseconds that all threads of this title spend on a message.
    fn each(&self, title: &str) -> f64 {
        self.seconds(|part| part.title() == title) * 1e6 / self.messages as f64
    }

    /// The thread that is busy first, and its CPU time.
    fn busiest(&self) -> (&'static str, f64) {
        let longest = self.parts.iter().max_by_key(|(_, time)| **time);
        longest.map_or(("", 0.0), |(part, time)| (part.title(), time.as_secs_f64()))
    }

    /// Deliveries a second if the busiest thread has a core of its own.
    fn limit(&self) -> f64 {
        self.deliveries as f64 / self.busiest().1
    }
}

type Rows = [(Seats, Vec<Vec<Load>>)];

fn tables(rows: &Rows) -> Vec<String> {
    let (mut costs, mut speeds, mut parts, mut limits) = (
        Table::new("CPU µs of the nodes for each delivery (× without --cluster)", &NAMES),
        Table::new("deliveries for each CPU second of the nodes, and with the broker's (its share)", &NAMES),
        Table::new("CPU µs for each message: loop, writer, reader, store, broker; publications", &NAMES),
        Table::new("deliveries/s, messages/s where the busiest thread has a core of its own", &NAMES),
    );
    for (seats, loads) in rows {
        let title = seats.to_string();
        let cost = |loads: &[Load]| median(loads, |load| load.of_nodes() / load.deliveries as f64 * 1e6);
        let first = cost(&loads[0]);
        let ratio = |loads: &Vec<Load>| {
            cost(loads).zip(first).map(|(cost, first)| format!("{cost:.3} (×{:.2})", cost / first))
        };
        costs.row(&title, loads.iter().map(ratio));
        speeds.row(&title, loads.iter().map(|loads| speed(loads)));
        parts.row(&title, loads.iter().map(|loads| shares(loads)));
        limits.row(&title, loads.iter().map(|loads| limit(loads)));
    }
    vec![costs.0, speeds.0, parts.0, limits.0]
}

fn speed(loads: &[Load]) -> Option<String> {
    let alone = median(loads, |load| load.deliveries as f64 / load.of_nodes())?;
    let all = median(loads, |load| load.deliveries as f64 / (load.of_nodes() + load.of_broker()))?;
    let share = median(loads, |load| load.of_broker() / (load.of_nodes() + load.of_broker()))?;
    Some(format!("{alone:.0}, {all:.0} ({:.0} %)", share * 100.0))
}

fn shares(loads: &[Load]) -> Option<String> {
    let each = |title| median(loads, |load| load.each(title));
    let [main, writer, reader, store, broker] = ["loop", "writer", "reader", "store", "broker"].map(each);
    let published = median(loads, |load| load.published as f64 / load.messages as f64)?;
    Some(format!(
        "{:.1}, {:.1}, {:.1}, {:.1}, {:.1}; {published:.2}",
        main?, writer?, reader?, store?, broker?
    ))
}

fn limit(loads: &[Load]) -> Option<String> {
    let limit = median(loads, Load::limit)?;
    let messages = median(loads, |load| load.limit() * load.messages as f64 / load.deliveries as f64)?;
    let first = loads.first()?.busiest().0;
    Some(format!("{limit:.0}, {messages:.0}: {first}"))
}
