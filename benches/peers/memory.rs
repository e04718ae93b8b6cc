//! Memory per user: logged in, in a room, and after much traffic.

use std::thread;
use std::time::{Duration, Instant};

use crate::account;
use crate::contender::Contender;
use crate::failure::Failure;
use crate::hall::{Hall, Seats};
use crate::kind::Kind;
use crate::loader::{self, Work};
use crate::plan::{Plan, is_possible};
use crate::storms::Storm;
use crate::tell;

/// Members per room.
const MEMBERS: usize = 100;

/// How long to wait until a server is idle; it may free memory some time after the last event.
const SETTLED: Duration = Duration::from_millis(500);

/// The traffic before the last measurement.
const BURST: Work = Work { window: 256, text_bytes: 400, time: Duration::from_secs(1) };

#[derive(Clone, Copy)]
pub(crate) struct Footprint {
    /// Bytes of a server without users.
    pub(crate) fresh: u64,
    /// Bytes per user: after login, in a room, and after a burst to everybody.
    pub(crate) each: [f64; 3],
}

/// The footprint of each server. `None` for those that are late, here or in a storm, and for the relay, which has no
/// users.
pub(crate) fn measure(
    contenders: &[Contender],
    storms: &[Vec<Storm>],
    plan: &Plan,
) -> Result<Vec<Option<Footprint>>, Failure> {
    let mut footprints = Vec::new();
    for (contender, storms) in contenders.iter().zip(storms) {
        if contender.kind == Kind::Relay || storms.iter().any(|storm| !storm.is_over) {
            footprints.push(None);
            continue;
        }
        tell(&format!("memory: {}", contender.name));
        footprints.push(match footprint(contender, plan) {
            Ok(footprint) => footprint,
            Err(Failure::Late) => None,
            Err(wrong) => return Err(wrong),
        });
    }
    Ok(footprints)
}

fn footprint(contender: &Contender, plan: &Plan) -> Result<Option<Footprint>, Failure> {
    let seats = Seats { rooms: plan.users / MEMBERS, ..Seats::one_room(plan.users) };
    if !is_possible(seats.clients()) {
        return Ok(None);
    }
    let by = Instant::now() + plan.patience;
    let server = contender.start()?;
    let resident = || {
        thread::sleep(SETTLED);
        account::resident(server.pid())
    };
    let fresh = resident()?;
    let mut hall = Hall::logged_in(&server.door, seats, by)?;
    let idle = resident()?;
    hall.take_seats(by)?;
    let in_room = resident()?;
    loader::run(&mut hall, BURST, by)?;
    let after_burst = resident()?;
    let each =
        [idle, in_room, after_burst].map(|bytes| bytes.saturating_sub(fresh) as f64 / seats.clients() as f64);
    Ok(Some(Footprint { fresh, each }))
}
