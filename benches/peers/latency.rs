//! A histogram of delivery times in steps of 3 %, so that a hundred million need no more memory than one.

use std::time::Duration;

/// Steps per power of two.
const STEPS: u64 = 32;

#[derive(Clone, Default)]
pub(crate) struct Latency {
    counts: Vec<u64>,
    total: u64,
}

impl Latency {
    pub(crate) fn add(&mut self, delay: Duration) {
        let step = step_of(u64::try_from(delay.as_nanos()).unwrap_or(u64::MAX));
        if step >= self.counts.len() {
            self.counts.resize(step + 1, 0);
        }
        self.counts[step] += 1;
        self.total += 1;
    }

    /// The delay that this percentage of deliveries does not exceed.
    pub(crate) fn percentile(&self, percent: u64) -> Duration {
        let wanted = (self.total * percent).div_ceil(100);
        let mut seen = 0;
        let step = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        });
        Duration::from_nanos(end_of(step.unwrap_or(0)))
    }
}

/// Small delays have a step each; from `STEPS` on, each power of two has `STEPS` of them.
fn step_of(nanoseconds: u64) -> usize {
    let power = nanoseconds.max(STEPS).ilog2() - STEPS.ilog2();
    let step = u64::from(power) * STEPS + (nanoseconds >> power);
    usize::try_from(step).unwrap_or(usize::MAX)
}

fn end_of(step: usize) -> u64 {
    let step = step as u64;
    if step < 2 * STEPS {
        return step;
    }
    let power = step / STEPS - 1;
    let base = step - power * STEPS;
    ((base + 1) << power) - 1
}
