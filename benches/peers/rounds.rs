//! Fan-out: all servers are there at the same time, and each round gives every one the same work in turn, so that
//! what else the machine does hits them all. Who is not at work waits, and takes next to no processor time.

use std::time::{Duration, Instant};

use crate::contender::{Kind, Running};
use crate::failure::Failure;
use crate::hall::Hall;
use crate::loader::{self, Work};
use crate::options::Options;
use crate::{account, tell};

/// Receivers, messages in flight, bytes of a text.
type Shape = (usize, usize, usize);

const SHAPES: [Shape; 8] = [
    (100, 1, 64),
    (100, 32, 64),
    (100, 256, 64),
    (100, 32, 400),
    (1_000, 1, 64),
    (1_000, 32, 64),
    (1_000, 256, 64),
    (1_000, 32, 400),
];

/// Those that `--quick` leaves out.
const SLOW_SHAPES: [Shape; 3] = [(1_000, 1, 64), (1_000, 256, 64), (1_000, 32, 400)];

/// What one run of one server costs.
#[derive(Clone)]
pub(crate) struct Cost {
    /// Processor time of the server for each delivery, in nanoseconds.
    pub(crate) cpu_ns: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// All runs of one shape: of each server, in the order in which they were given.
pub(crate) struct Row {
    pub(crate) shape: Shape,
    pub(crate) costs: Vec<Vec<Cost>>,
}

/// How much of it.
struct Plan {
    rounds: usize,
    warm_up: Duration,
    time: Duration,
    /// How long a server may take to let everybody in, and how long for a run.
    patience: Duration,
}

impl Plan {
    fn of(options: Options) -> Self {
        let millis = Duration::from_millis;
        if options.is_quick {
            Self { rounds: 2, warm_up: millis(50), time: millis(400), patience: millis(12_000) }
        } else {
            Self { rounds: 5, warm_up: millis(200), time: millis(1_000), patience: millis(20_000) }
        }
    }
}

pub(crate) fn measure(kinds: &[Kind], options: Options) -> Result<Vec<Row>, Failure> {
    let plan = Plan::of(options);
    let shapes = SHAPES.into_iter().filter(|shape| !(options.is_quick && SLOW_SHAPES.contains(shape)));
    let mut rows: Vec<_> = shapes.map(|shape| Row { shape, costs: vec![Vec::new(); kinds.len()] }).collect();
    for rows in rows.chunk_by_mut(|a, b| a.shape.0 == b.shape.0) {
        let receivers = rows[0].shape.0;
        let places = kinds.iter().map(|&kind| Place::open(kind, receivers, &plan));
        let mut places = places.collect::<Result<Vec<_>, _>>()?;
        for round in 0..plan.rounds {
            tell(&format!("{receivers} receivers: round {} of {}", round + 1, plan.rounds));
            for row in rows.iter_mut() {
                measure_round(row, &mut places, round, &plan)?;
            }
        }
    }
    Ok(rows)
}

/// A server with everybody in it.
struct Place {
    hall: Hall,
    server: Running,
}

impl Place {
    /// `None` when the server is late.
    fn open(kind: Kind, receivers: usize, plan: &Plan) -> Result<Option<Self>, Failure> {
        tell(&format!("{receivers} receivers: {} lets them in", kind.name()));
        let server = kind.start()?;
        match Hall::one_room(&server, receivers, Instant::now() + plan.patience) {
            Ok(hall) => Ok(Some(Self { hall, server })),
            Err(Failure::Late) => Ok(None),
            Err(wrong) => Err(wrong),
        }
    }
}

/// Gives each server the work once. Who is late has no figures, and is not asked again.
fn measure_round(
    row: &mut Row,
    places: &mut [Option<Place>],
    round: usize,
    plan: &Plan,
) -> Result<(), Failure> {
    let (_, window, text_bytes) = row.shape;
    let work = Work { window, text_bytes, time: plan.time };
    for turn in 0..places.len() {
        let index = (turn + round) % places.len();
        let Some(place) = &mut places[index] else { continue };
        match cost(&mut place.hall, place.server.pid(), work, plan.warm_up, plan.patience) {
            Ok(cost) => row.costs[index].push(cost),
            Err(Failure::Late) => {
                row.costs[index].clear();
                places[index] = None;
            }
            Err(wrong) => return Err(wrong),
        }
    }
    Ok(())
}

/// Warms up, then does the work and asks what it has cost.
pub(crate) fn cost(
    hall: &mut Hall,
    pid: u32,
    work: Work,
    warm_up: Duration,
    patience: Duration,
) -> Result<Cost, Failure> {
    loader::run(hall, Work { time: warm_up, ..work }, Instant::now() + patience)?;
    let before = account::cpu(pid)?;
    let heard = loader::run(hall, work, Instant::now() + patience)?;
    let cpu = account::cpu(pid)?.saturating_sub(before);
    Ok(Cost {
        cpu_ns: cpu.as_secs_f64() * 1e9 / heard.deliveries as f64,
        p50: heard.latency.percentile(50),
        p99: heard.latency.percentile(99),
    })
}
