//! The cost of a delivery in parlord as rooms grow, with idle users, and with many rooms.

use std::time::Duration;

use crate::contender::Contender;
use crate::failure::Failure;
use crate::hall::Seats;
use crate::loader::Work;
use crate::place::{Cost, Place, measure_round};
use crate::plan::{Plan, is_possible};
use crate::tell;

pub(crate) const WINDOWS: [usize; 2] = [1, 32];

const TEXT_BYTES: usize = 64;

/// How long ten thousand clients may take to log in and join one room.
const PATIENCE: Duration = Duration::from_secs(180);

/// All runs of a crowd, for each window.
pub(crate) struct Crowded {
    pub(crate) seats: Seats,
    pub(crate) costs: [Vec<Cost>; WINDOWS.len()],
}

/// The crowds, in two parts that each fit the descriptor limit.
fn crowds(is_quick: bool) -> [Vec<Seats>; 2] {
    let (largest, idle, rooms) = if is_quick { (1_000, 1_000, 100) } else { (10_000, 5_000, 1_000) };
    let sizes = [10, 100, 1_000, 10_000].into_iter().filter(|&receivers| receivers <= largest);
    let beside = [
        Seats::one_room(100),
        Seats { idle, ..Seats::one_room(100) },
        // Each receiver is in ten rooms, and each room has a hundred members.
        Seats { rooms, rooms_each: 10, ..Seats::one_room(rooms * 10) },
    ];
    [sizes.map(Seats::one_room).collect(), beside.into()]
}

pub(crate) fn measure(parlord: &Contender, plan: &Plan) -> Result<Vec<Crowded>, Failure> {
    let mut all = Vec::new();
    for part in crowds(plan.is_quick) {
        if !is_possible(part.iter().map(Seats::clients).sum()) {
            tell("too few descriptors for large crowds");
            continue;
        }
        let mut places = Vec::new();
        for seats in &part {
            tell(&format!("parlord, {seats}"));
            places.push(Place::open(parlord, *seats, PATIENCE)?);
        }
        let mut costs = WINDOWS.map(|_| vec![Vec::new(); part.len()]);
        for round in 0..plan.rounds {
            tell(&format!("parlord, round {} of {}", round + 1, plan.rounds));
            for (window, costs) in WINDOWS.into_iter().zip(&mut costs) {
                let work = Work { window, text_bytes: TEXT_BYTES, time: plan.time };
                measure_round(&mut places, costs, work, round, plan)?;
            }
        }
        all.extend(part.into_iter().enumerate().map(|(index, seats)| {
            let costs = std::array::from_fn(|window| costs[window][index].clone());
            Crowded { seats, costs }
        }));
    }
    Ok(all)
}
