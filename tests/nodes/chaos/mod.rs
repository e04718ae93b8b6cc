//! Everything that can fail does so at random while 200 users talk and change names, modes and rooms. In the end, all nodes
//! agree, and everybody has heard everything once and in order.

mod crowd;
mod user;

use std::time::{Duration, Instant, SystemTime};
use std::{env, thread};

use crate::client::{Client, agreed_within};
use crate::nodes::{NAMES, Nodes, Setup};
use crate::support::broker::Dice;
use crowd::{Crowd, HALL, Phase};

const USERS: usize = 200;

/// How long things fail.
const CHAOS: Duration = Duration::from_secs(120);

/// How long all may take to come in, to agree, or to read what is left.
const SETTLED_WITHIN: Duration = Duration::from_secs(90);

/// The longest failure, and the longest time until the next begins, in milliseconds.
const MOST_FAILURE: u64 = 12_000;
const MOST_PEACE: u64 = 8_000;

/// Failures at the same time.
const MOST_AT_ONCE: usize = 2;

/// How often to look whether a failure is over.
const LOOK: Duration = Duration::from_millis(20);

/// Nodes killed, so that there are users who stay.
const MOST_KILLS: u32 = 3;

/// What can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failure {
    NodeKilled(usize),
    NodePaused(usize),
    NodeCutOff(usize),
    NodeHangs(usize),
    NodeIsSlow(usize),
    BrokerKilled,
    BrokerPaused,
}

impl Failure {
    fn random(dice: &mut Dice, kills: u32) -> Self {
        let n = dice.below(NAMES.len() as u64) as usize;
        match dice.below(7) {
            0 if kills < MOST_KILLS => Self::NodeKilled(n),
            0 | 1 => Self::NodePaused(n),
            2 => Self::NodeCutOff(n),
            3 => Self::NodeHangs(n),
            4 => Self::NodeIsSlow(n),
            5 => Self::BrokerKilled,
            _ => Self::BrokerPaused,
        }
    }

    /// The node that fails. `None` for the broker.
    fn target(self) -> Option<usize> {
        match self {
            Self::NodeKilled(n) | Self::NodePaused(n) | Self::NodeCutOff(n) => Some(n),
            Self::NodeHangs(n) | Self::NodeIsSlow(n) => Some(n),
            Self::BrokerKilled | Self::BrokerPaused => None,
        }
    }

    fn begin(self, nodes: &mut Nodes, crowd: &Crowd) {
        match self {
            Self::NodeKilled(n) => {
                crowd.killed(n);
                nodes.kill(n);
            }
            Self::NodePaused(n) => nodes.pause(n),
            Self::NodeCutOff(n) => nodes.network(n).cut(),
            Self::NodeHangs(n) => nodes.network(n).hang(),
            Self::NodeIsSlow(n) => nodes.network(n).delay(Duration::from_millis(100)),
            Self::BrokerKilled => nodes.broker.kill(),
            Self::BrokerPaused => nodes.broker.pause(),
        }
    }

    fn end(self, nodes: &mut Nodes, crowd: &Crowd) {
        match self {
            Self::NodeKilled(n) => {
                nodes.revive(n);
                crowd.revived(n, nodes.address(n));
            }
            Self::NodePaused(n) => nodes.resume(n),
            Self::NodeCutOff(n) | Self::NodeHangs(n) | Self::NodeIsSlow(n) => nodes.network(n).open(),
            Self::BrokerKilled => nodes.broker.restart(),
            Self::BrokerPaused => nodes.broker.resume(),
        }
    }
}

/// The time since `began`, for people.
fn seconds(began: Instant) -> String {
    format!("{:6.2} s", began.elapsed().as_secs_f64())
}

/// Failures, up to two at a time.
fn cause_chaos(nodes: &mut Nodes, crowd: &Crowd, dice: &mut Dice) {
    let until = Instant::now() + CHAOS;
    let (mut kills, mut next) = (0, Instant::now());
    let mut present: Vec<(Instant, Failure)> = Vec::new();
    loop {
        let now = Instant::now();
        // A node does not start without the broker.
        let is_broker_away = present.iter().any(|(_, failure)| failure.target().is_none());
        let is_over = |(end, failure): &mut (Instant, Failure)| {
            *end <= now && !(is_broker_away && matches!(failure, Failure::NodeKilled(_)))
        };
        for (_, failure) in present.extract_if(.., is_over) {
            failure.end(nodes, crowd);
            crowd.shared.note(format!("{failure:?} is over"));
        }
        if now >= until && present.is_empty() {
            return;
        }
        if (next..until).contains(&now) && present.len() < MOST_AT_ONCE {
            let (failure, time) = (Failure::random(dice, kills), dice.below(MOST_FAILURE));
            next = now + Duration::from_millis(dice.below(MOST_PEACE));
            if present.iter().all(|(_, other)| other.target() != failure.target()) {
                crowd.shared.note(format!("{failure:?} for {time} ms"));
                kills += u32::from(matches!(failure, Failure::NodeKilled(_)));
                failure.begin(nodes, crowd);
                present.push((now + Duration::from_millis(time), failure));
            }
        }
        thread::sleep(LOOK);
    }
}

/// Asks each node about everything, until all say the same.
#[track_caller]
fn all_agree(nodes: &Nodes) {
    let mut witnesses: Vec<_> = (0..NAMES.len()).map(|n| nodes.client(n, &format!("witness{n}"))).collect();
    let witnesses: &mut Vec<&mut Client> = &mut witnesses.iter_mut().collect();
    let list = agreed_within(SETTLED_WITHIN, witnesses, "LIST");
    let rooms = list.iter().filter_map(|line| line.strip_prefix(":parlor.local 322 ")?.split(' ').next());
    let rooms: Vec<_> = rooms.map(str::to_owned).collect();
    assert!(rooms.iter().any(|room| room == HALL), "{list:#?}");
    for room in &rooms {
        for question in ["NAMES", "WHO", "MODE", "TOPIC"] {
            agreed_within(SETTLED_WITHIN, witnesses, &format!("{question} {room}"));
        }
        agreed_within(SETTLED_WITHIN, witnesses, &format!("MODE {room} b"));
    }
}

#[test]
#[ignore = "takes minutes"]
fn whatever_fails_all_nodes_agree_and_everybody_hears_everything_once() {
    let given = env::var("PARLOR_CHAOS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |time| time.as_secs())
    });
    let Some(mut nodes) = Nodes::with(NAMES.len(), Setup { behind_proxies: true, ..Setup::default() }) else {
        return;
    };
    let addresses = [0, 1, 2].map(|n| nodes.address(n).clone());
    let crowd = Crowd::enter(seed, addresses);
    crowd.shared.note(format!("PARLOR_CHAOS_SEED={seed}"));
    crowd.wait_for_all(SETTLED_WITHIN);
    crowd.set(Phase::Acting);
    cause_chaos(&mut nodes, &crowd, &mut Dice::new(seed));
    crowd.set(Phase::Resting);
    crowd.wait_for_all(SETTLED_WITHIN);
    crowd.shared.note("all are here".to_owned());
    all_agree(&nodes);
    crowd.shared.note("all agree".to_owned());
    crowd.set(Phase::Finishing);
    crowd.wait_for_the_last(SETTLED_WITHIN);
    crowd.set(Phase::Reading);
    crowd.wait_for_listeners(SETTLED_WITHIN);
    let complaints = crowd.complaints();
    assert!(complaints.is_empty(), "with PARLOR_CHAOS_SEED={seed}: {complaints:#?}");
}
