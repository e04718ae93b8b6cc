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

/// The longest failure, and the longest time between two, in milliseconds.
const MOST_FAILURE: u64 = 12_000;
const MOST_PEACE: u64 = 4_000;

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

/// One failure after the other.
fn cause_chaos(nodes: &mut Nodes, crowd: &Crowd, dice: &mut Dice) {
    let until = Instant::now() + CHAOS;
    let mut kills = 0;
    while Instant::now() < until {
        let failure = Failure::random(dice, kills);
        kills += u32::from(matches!(failure, Failure::NodeKilled(_)));
        let time = Duration::from_millis(dice.below(MOST_FAILURE));
        crowd.shared.note(format!("{failure:?} for {time:?}"));
        failure.begin(nodes, crowd);
        thread::sleep(time);
        failure.end(nodes, crowd);
        crowd.shared.note("over".to_owned());
        thread::sleep(Duration::from_millis(dice.below(MOST_PEACE)));
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
