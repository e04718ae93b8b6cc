//! A server with clients, and the cost of a load.

use std::time::{Duration, Instant};

use crate::account;
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::hall::{Hall, Seats};
use crate::loader::{self, Work};
use crate::plan::Plan;

/// The cost of a run.
#[derive(Clone)]
pub(crate) struct Cost {
    /// CPU time of the server per delivery, in nanoseconds.
    pub(crate) cpu_ns: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

pub(crate) struct Place {
    hall: Hall,
    server: Running,
}

impl Place {
    /// Starts a server and logs everybody in. `None` if that takes too long.
    pub(crate) fn open(
        contender: &Contender,
        seats: Seats,
        patience: Duration,
    ) -> Result<Option<Self>, Failure> {
        let server = contender.start()?;
        match Hall::filled(&server.door, seats, Instant::now() + patience) {
            Ok(hall) => Ok(Some(Self { hall, server })),
            Err(Failure::Late) => Ok(None),
            Err(wrong) => Err(wrong),
        }
    }

    /// Warms up, then runs the load and measures its cost.
    fn cost(&mut self, work: Work, plan: &Plan) -> Result<Cost, Failure> {
        loader::run(&mut self.hall, Work { time: plan.warm_up, ..work }, Instant::now() + plan.patience)?;
        let before = account::cpu(self.server.pid())?;
        let heard = loader::run(&mut self.hall, work, Instant::now() + plan.patience)?;
        let cpu = account::cpu(self.server.pid())?.saturating_sub(before);
        Ok(Cost {
            cpu_ns: cpu.as_secs_f64() * 1e9 / heard.deliveries as f64,
            p50: heard.latency.percentile(50),
            p99: heard.latency.percentile(99),
        })
    }
}

/// Runs the load once at each place, and records the cost. Each round starts with another place. A place that is late
/// has no figures, and is not measured again.
pub(crate) fn measure_round(
    places: &mut [Option<Place>],
    costs: &mut [Vec<Cost>],
    work: Work,
    round: usize,
    plan: &Plan,
) -> Result<(), Failure> {
    for turn in 0..places.len() {
        let index = (turn + round) % places.len();
        let Some(place) = &mut places[index] else { continue };
        match place.cost(work, plan) {
            Ok(cost) => costs[index].push(cost),
            Err(Failure::Late) => {
                costs[index].clear();
                places[index] = None;
            }
            Err(Failure::Wrong(what)) => {
                return Err(Failure::Wrong(format!("{}: {what}", place.server.name)));
            }
        }
    }
    Ok(())
}
