//! Fan-out: all servers run at once, and each round gives each the same load in turn, so that disturbances by other
//! programs affect all. Waiting servers take next to no CPU time.

use crate::contender::Contender;
use crate::failure::Failure;
use crate::hall::Seats;
use crate::loader::Work;
use crate::place::{Cost, Place, measure_round};
use crate::plan::{Plan, is_possible};
use crate::tell;

pub(crate) type Shape = (usize, usize, usize);

pub(crate) const SHAPES: [Shape; 8] = [
    (100, 1, 64),
    (100, 32, 64),
    (100, 256, 64),
    (100, 32, 400),
    (1_000, 1, 64),
    (1_000, 32, 64),
    (1_000, 256, 64),
    (1_000, 32, 400),
];

/// Shapes for modern clients.
pub(crate) const MODERN_SHAPES: [Shape; 4] =
    [(100, 32, 64), (100, 256, 64), (1_000, 32, 64), (1_000, 256, 64)];

/// Shapes that `--quick` leaves out.
const SLOW_SHAPES: [Shape; 3] = [(1_000, 1, 64), (1_000, 256, 64), (1_000, 32, 400)];

pub(crate) struct Row {
    pub(crate) shape: Shape,
    /// Costs of each server, in the order given.
    pub(crate) costs: Vec<Vec<Cost>>,
}

pub(crate) fn measure(contenders: &[Contender], shapes: &[Shape], plan: &Plan) -> Result<Vec<Row>, Failure> {
    let shapes = shapes.iter().copied().filter(|shape| !(plan.is_quick && SLOW_SHAPES.contains(shape)));
    let mut rows: Vec<_> =
        shapes.map(|shape| Row { shape, costs: vec![Vec::new(); contenders.len()] }).collect();
    for rows in rows.chunk_by_mut(|a, b| a.shape.0 == b.shape.0) {
        let seats = Seats::one_room(rows[0].shape.0);
        if !is_possible(seats.clients() * contenders.len()) {
            tell(&format!("too few descriptors for {} receivers", seats.receivers));
            continue;
        }
        let mut places = Vec::new();
        for contender in contenders {
            tell(&format!("{} receivers come to {}", seats.receivers, contender.name));
            places.push(Place::open(contender, seats, plan.patience)?);
        }
        for round in 0..plan.rounds {
            tell(&format!("{} receivers, round {} of {}", seats.receivers, round + 1, plan.rounds));
            for Row { shape: (_, window, text_bytes), costs } in rows.iter_mut() {
                let work = Work { window: *window, text_bytes: *text_bytes, time: plan.time };
                measure_round(&mut places, costs, work, round, plan)?;
            }
        }
    }
    Ok(rows)
}
