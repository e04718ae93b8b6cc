//! How much to measure.

use std::time::Duration;

use rustix::process::{Resource, getrlimit};

/// Descriptors of the loader that are not clients.
const SPARE_DESCRIPTORS: u64 = 100;

#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Measure less, in two minutes.
    pub(crate) is_quick: bool,
    /// Rounds of fan-out.
    pub(crate) rounds: usize,
    /// Rounds of storms.
    pub(crate) storms: usize,
    pub(crate) warm_up: Duration,
    /// Duration of each run.
    pub(crate) time: Duration,
    /// How long a server may take to log everybody in, and a run to finish.
    pub(crate) patience: Duration,
    /// How many connect at once in a storm, and how many of them join one room.
    pub(crate) newcomers: usize,
    pub(crate) joiners: usize,
    /// Users for measuring memory.
    pub(crate) users: usize,
}

impl Plan {
    pub(crate) fn quick() -> Self {
        Self {
            is_quick: true,
            rounds: 2,
            storms: 1,
            warm_up: Duration::from_millis(50),
            time: Duration::from_millis(300),
            patience: Duration::from_secs(12),
            newcomers: 2_000,
            joiners: 500,
            users: 2_000,
        }
    }

    pub(crate) fn full() -> Self {
        Self {
            is_quick: false,
            rounds: 5,
            storms: 3,
            warm_up: Duration::from_millis(200),
            time: Duration::from_secs(1),
            patience: Duration::from_secs(30),
            newcomers: 5_000,
            joiners: 1_000,
            users: 10_000,
        }
    }
}

/// True when the descriptor limit allows this many clients, and so the server as many connections.
pub(crate) fn is_possible(clients: usize) -> bool {
    getrlimit(Resource::Nofile).current.is_none_or(|most| clients as u64 + SPARE_DESCRIPTORS <= most)
}
