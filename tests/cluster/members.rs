//! The protocol of nodes without a hub: their state is a list of numbers, in the order in which they were added.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use parlor::cluster::{Member, MemberConfig, News, Reply, Request};
use parlor::message::{
    AccountId, Dated, Epoch, Event, EventId, EventKind, Identity, Login, Node, NodeId, Now, Operation, Rank,
    Relay, Route, Snapshot, Source, Speech, UserId,
};
use parlor::name::{RoomName, UserName};

use crate::support::broker::{Party, World};

const SHARD: u16 = 3;

/// The name of an account with this number.
pub(crate) fn number_name(number: u32) -> UserName {
    UserName::new(&format!("n{number}")).expect("a name")
}

/// A node whose state is a list.
#[derive(Debug)]
pub(crate) struct Lister {
    pub(crate) member: Member,
    pub(crate) nodes: Vec<Node>,
    /// Nodes that have no lease any more.
    gone: Vec<(NodeId, Epoch)>,
    state: Vec<u32>,
    /// Numbers that wait for the lock.
    waiting: Vec<u32>,
    /// The operations that it has carried out under the lock in this turn, which end with `append`.
    done: Option<Vec<Dated>>,
    /// What was said on other nodes.
    heard: Vec<String>,
    rejoins: Vec<&'static str>,
    reachable: bool,
    /// Messages that did not fit, as it was told.
    lost: u64,
}

impl Lister {
    pub(crate) fn new(name: &str, now: Now) -> Self {
        let config = MemberConfig { name: name.into(), shards: 16, settings: 1, buffer_bytes: 1024 * 1024 };
        let mut member = Member::new(config, now);
        member.read_shards(&[SHARD]);
        Self {
            member,
            nodes: Vec::new(),
            gone: Vec::new(),
            state: Vec::new(),
            waiting: Vec::new(),
            done: None,
            heard: Vec::new(),
            rejoins: Vec::new(),
            reachable: true,
            lost: 0,
        }
    }

    /// Adds a number to the list of all nodes.
    fn add(&mut self, number: u32, now: Now) {
        self.waiting.push(number);
        self.member.want_lock(now);
    }

    pub(crate) fn say(&mut self, text: &str, now: Now) {
        let name = UserName::new("alice").expect("a name");
        let identity = Arc::new(Identity::new(name, "~a", "host", "Alice"));
        let kind = EventKind::Said {
            room: RoomName::new("#tea").expect("a name"),
            to_rank: Rank::NONE,
            speech: Speech::message(text),
        };
        let event =
            Event { id: EventId::MIN, time: now.time, from: Source::User(identity), watched: false, kind };
        let from = Login { user: UserId(0), login: 1 };
        self.member.relay(Relay { event, from, to: None, route: Route::Shard }, SHARD);
    }

    fn counts(&self) -> (u32, u32) {
        (self.state.len() as u32, 0)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            index: self.member.applied(),
            digest: self.member.applied_digest().into(),
            last_event: EventId::MIN,
            nodes: self.nodes.clone(),
            users: Vec::new(),
            vacant: Vec::new(),
            rooms: Vec::new(),
            past: Vec::new(),
            accounts: self.state.iter().map(|&n| (AccountId(n), number_name(n))).collect(),
            bans: Vec::new(),
            last_guest: 0,
            last_login: 0,
        }
    }

    fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::AddAccount(id, _) => self.state.push(id.0),
            Operation::Hello { node, .. } => {
                self.nodes.retain(|known| known.id != node.id);
                self.nodes.push(node.clone());
            }
            Operation::Down { node, epoch } => {
                self.nodes.retain(|known| (known.id, known.epoch) != (*node, *epoch));
            }
            _ => {}
        }
    }

    fn use_lock(&mut self) {
        let is_known = |gone: &(NodeId, Epoch)| self.nodes.iter().any(|node| (node.id, node.epoch) == *gone);
        let gone: Vec<_> = self.gone.drain(..).collect();
        let gone: Vec<_> = gone.into_iter().filter(is_known).collect();
        let down = gone.into_iter().map(|(node, epoch)| Operation::Down { node, epoch });
        let added = self.waiting.drain(..).map(|n| Operation::AddAccount(AccountId(n), number_name(n)));
        let operations: Vec<_> = down.chain(added).collect();
        operations.iter().for_each(|operation| self.apply(operation));
        let date = |operation| Dated { after: EventId::MIN, operation };
        self.done = Some(operations.into_iter().map(date).collect());
    }

    fn end_turn(&mut self, now: Now) {
        self.do_news();
        if let Some(done) = self.done.take() {
            let (users, rooms) = self.counts();
            self.member.append(done, users, rooms, now);
            self.do_news();
        }
    }

    fn do_news(&mut self) {
        while let Some(news) = self.member.news() {
            match news {
                News::Found(node) => self.nodes = vec![node],
                News::Load { snapshot, .. } => {
                    self.nodes.clone_from(&snapshot.nodes);
                    self.state = snapshot.accounts.iter().map(|(id, _)| id.0).collect();
                }
                News::Locked => self.use_lock(),
                News::Entry(entry) => {
                    entry.operations.iter().for_each(|dated| self.apply(&dated.operation));
                    if entry.users != u32::MAX {
                        assert_eq!(entry.users, self.counts().0, "the same state after {:?}", entry.index);
                    }
                }
                News::Offer(epoch) => {
                    let snapshot = self.snapshot();
                    self.member.offer(epoch, &snapshot);
                }
                News::Gone(node, epoch) => self.gone.push((node, epoch)),
                News::Relayed(message) => {
                    if let EventKind::Said { speech, .. } = &message.event.kind {
                        self.heard.push(speech.text.clone());
                    }
                }
                News::Rejoins(why) => {
                    self.rejoins.push(why);
                    self.done = None;
                }
                News::Unreachable(_) => self.reachable = false,
                News::Reachable { .. } => self.reachable = true,
                News::Lost(lost) => self.lost += lost,
                News::Refused(why) => panic!("{why}"),
            }
        }
    }
}

impl Party for Lister {
    fn hear(&mut self, replies: Vec<Reply>, now: Now) {
        for reply in replies {
            self.member.heard(reply, now);
            self.do_news();
        }
        self.end_turn(now);
    }

    fn request(&mut self) -> Option<Request> {
        self.member.request()
    }

    fn deadline(&self) -> Option<Instant> {
        self.member.deadline()
    }

    fn expire(&mut self, now: Now) {
        self.member.expire(now);
        self.end_turn(now);
    }
}

type Lists = World<Lister>;

const NAMES: [&str; 3] = ["attic", "barn", "cellar"];

fn start(world: &mut Lists, node: usize) {
    let lister = Lister::new(NAMES[node], world.now());
    world.start(node, lister);
}

/// Nodes that have joined.
fn world(nodes: usize, seed: u64) -> Lists {
    let mut world = World::new(nodes, seed);
    (0..nodes).for_each(|node| start(&mut world, node));
    settle(&mut world);
    world
}

fn at(world: &mut Lists, node: usize) -> &mut Lister {
    world.parties[node].as_mut().expect("the node runs")
}

/// Waits until all nodes have joined and have nothing to do.
fn settle(world: &mut Lists) {
    let is_settled = |lister: &Lister| {
        lister.member.is_joined() && lister.waiting.is_empty() && lister.member.queued_bytes() == 0
    };
    // A node may not know yet that it has to rejoin, or that the lock is free.
    for pause in [3_000, 200] {
        world.run_until("all nodes have joined and nothing waits", |world| {
            !world.is_paused() && world.parties.iter().flatten().all(is_settled)
        });
        world.run(pause);
    }
}

/// Lets a node add a number to the list of all.
fn add(world: &mut Lists, node: usize, number: u32) {
    let now = world.now();
    at(world, node).add(number, now);
}

fn states(world: &Lists) -> Vec<Vec<u32>> {
    world.parties.iter().flatten().map(|lister| lister.state.clone()).collect()
}

#[test]
fn nodes_that_start_together_agree() {
    for seed in 0..20 {
        let mut world = world(3, seed);
        for n in 0..30 {
            add(&mut world, (n % 3) as usize, n);
            let pause = world.dice.below(20);
            world.run(pause);
        }
        settle(&mut world);
        let states = states(&world);
        assert_eq!(states[0].len(), 30, "seed {seed}");
        assert!(states.iter().all(|state| *state == states[0]), "seed {seed}: {states:?}");
    }
}

#[test]
fn a_newcomer_gets_the_state_and_what_comes_later() {
    let mut world = world(2, 1);
    add(&mut world, 0, 1);
    settle(&mut world);
    world.kill(1);
    world.run(20_000);
    start(&mut world, 1);
    settle(&mut world);
    add(&mut world, 0, 2);
    settle(&mut world);
    assert_eq!(states(&world), [[1, 2], [1, 2]]);
}

#[test]
fn while_the_broker_is_away_messages_wait_and_then_arrive_once_in_order() {
    for seed in 0..20 {
        let mut world = world(2, seed);
        for n in 0..200 {
            let now = world.now();
            at(&mut world, 0).say(&format!("a{n}"), now);
            match n {
                50 => world.stop_broker(false),
                120 => world.start_broker(),
                160 => world.cut(1),
                180 => world.mend(1),
                _ => {}
            }
            let pause = world.dice.below(30);
            world.run(pause);
        }
        settle(&mut world);
        let expected: Vec<_> = (0..200).map(|n| format!("a{n}")).collect();
        assert_eq!(at(&mut world, 1).heard, expected, "seed {seed}");
    }
}

#[test]
fn a_broker_that_has_lost_everything_is_founded_anew() {
    for seed in 0..10 {
        let mut world = world(3, seed);
        add(&mut world, 0, 1);
        settle(&mut world);
        world.stop_broker(true);
        world.run(2_000);
        world.start_broker();
        world.run(2_600);
        assert!(
            world.parties.iter().flatten().all(|lister| lister.member.is_joined()),
            "seed {seed}: at once"
        );
        settle(&mut world);
        add(&mut world, 1, 2);
        settle(&mut world);
        let states = states(&world);
        assert!(states.iter().all(|state| *state == [1, 2]), "seed {seed}: {states:?}");
    }
}

#[test]
fn a_node_that_learns_too_late_that_it_has_the_lock_agrees_with_the_others() {
    for seed in 0..100 {
        let mut world = world(2, seed);
        add(&mut world, 0, 1);
        world.run(seed % 6);
        // The lock expires meanwhile, and the other node gets it.
        world.pause(0, 2_100);
        add(&mut world, 1, 2);
        settle(&mut world);
        add(&mut world, 1, 3);
        settle(&mut world);
        let states = states(&world);
        assert!(states[0] == states[1] && states[0].contains(&2), "seed {seed}: {states:?}");
    }
}

#[test]
fn nodes_that_all_start_again_have_joined_soon() {
    for seed in 0..10 {
        let mut world = world(3, seed);
        add(&mut world, 0, 1);
        settle(&mut world);
        (0..3).for_each(|node| world.kill(node));
        world.run(10_000);
        (0..3).for_each(|node| start(&mut world, node));
        world.run(4_500);
        let are_joined = world.parties.iter().flatten().all(|lister| lister.member.is_joined());
        assert!(are_joined, "seed {seed}");
    }
}

#[test]
fn a_node_that_starts_when_the_broker_comes_back_does_not_take_itself_for_the_only_one() {
    for seed in 0..10 {
        let mut world = world(3, seed);
        add(&mut world, 0, 1);
        settle(&mut world);
        world.kill(2);
        world.stop_broker(false);
        // All leases are over.
        world.run(10_000);
        world.start_broker();
        start(&mut world, 2);
        settle(&mut world);
        let states = states(&world);
        assert!(states.iter().all(|state| *state == [1]), "seed {seed}: {states:?}");
    }
}

#[derive(Clone, Debug)]
enum Step {
    Add(usize),
    Say(usize),
    Run(u64),
    Cut(usize, u64),
    Pause(usize, u64),
    Broker(u64),
    Restart(usize),
    /// The broker loses everything.
    Forget(u64),
    /// Another broker takes its place, which does not have so many of the last entries.
    FailOver(u64, u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => (0..3usize).prop_map(Step::Add),
        10 => (0..3usize).prop_map(Step::Say),
        8 => (0..300u64).prop_map(Step::Run),
        1 => (0..3usize, 100..15_000u64).prop_map(|(node, time)| Step::Cut(node, time)),
        1 => (0..3usize, 100..15_000u64).prop_map(|(node, time)| Step::Pause(node, time)),
        1 => (100..12_000u64).prop_map(Step::Broker),
        1 => (0..3usize).prop_map(Step::Restart),
        1 => (100..12_000u64).prop_map(Step::Forget),
        1 => (100..12_000u64, 1..4u64).prop_map(|(time, lost)| Step::FailOver(time, lost)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_fails_all_nodes_agree_and_hear_everything_once(
        seed in any::<u64>(),
        steps in prop::collection::vec(any_step(), 1..80),
    ) {
        let mut world = world(3, seed);
        let (mut said, mut restarted) = (BTreeMap::<usize, Vec<String>>::new(), [false; 3]);
        let mut forgot = false;
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Add(node) => add(&mut world, node, n as u32),
                Step::Say(node) => {
                    let (now, text) = (world.now(), format!("{node} {n}"));
                    at(&mut world, node).say(&text, now);
                    said.entry(node).or_default().push(text);
                }
                Step::Run(time) => world.run(time),
                Step::Cut(node, time) => {
                    world.cut(node);
                    world.run(time);
                    world.mend(node);
                }
                Step::Pause(node, time) => world.pause(node, time),
                Step::Broker(time) => {
                    world.stop_broker(false);
                    world.run(time);
                    world.start_broker();
                }
                Step::Forget(time) => {
                    // What was not read is lost.
                    forgot = true;
                    world.stop_broker(true);
                    world.run(time);
                    world.start_broker();
                }
                Step::FailOver(time, lost) => {
                    // A message that refers to a lost entry may not be delivered.
                    forgot = true;
                    world.stop_broker(false);
                    world.broker.lose_entries(lost);
                    world.run(time);
                    world.start_broker();
                }
                Step::Restart(node) => {
                    // What it had not sent would be lost with it. Its next life has not heard what was said before.
                    settle(&mut world);
                    restarted[node] = true;
                    world.kill(node);
                    world.run(100);
                    start(&mut world, node);
                }
            }
        }
        settle(&mut world);
        let states = states(&world);
        prop_assert!(states.iter().all(|state| *state == states[0]), "{:?}", states);
        for (speaker, texts) in &said {
            for hearer in (0..3).filter(|hearer| hearer != speaker && !restarted[*hearer]) {
                let prefix = format!("{speaker} ");
                let heard = at(&mut world, hearer).heard.iter();
                let heard: Vec<_> = heard.filter(|text| text.starts_with(&prefix)).cloned().collect();
                if forgot {
                    let mut said = texts.iter();
                    let is_once = heard.iter().all(|text| said.any(|other| other == text));
                    prop_assert!(is_once, "{} hears {:?} of {:?}", hearer, heard, texts);
                    continue;
                }
                prop_assert_eq!(&heard, texts, "{} hears {}", hearer, speaker);
            }
        }
    }
}

#[test]
fn messages_that_do_not_fit_although_the_broker_is_there_are_told_when_the_others_are_sent() {
    let mut world = world(2, 1);
    let now = world.now();
    let text = "x".repeat(1_000);
    (0..2_000).for_each(|_| at(&mut world, 0).say(&text, now));
    settle(&mut world);
    let (lost, heard) = (at(&mut world, 0).lost, at(&mut world, 1).heard.len());
    assert!(lost > 0 && lost + heard as u64 == 2_000, "{lost} lost, {heard} heard");
}

#[test]
fn a_node_that_ends_while_it_enrols_gives_its_lease_back() {
    let mut world = World::new(1, 1);
    start(&mut world, 0);
    at(&mut world, 0).member.end();
    world.run_until("it has ended", |world| {
        world.parties[0].as_ref().is_some_and(|lister| lister.member.has_ended())
    });
    // What it asked before arrives.
    world.run(20);
    world.kill(0);
    start(&mut world, 0);
    world.run(1_000);
    assert!(at(&mut world, 0).member.is_joined(), "its name is free at once");
}

#[test]
fn a_node_with_a_slow_link_gets_the_lock_and_leaves_it_to_others() {
    let mut world = world(2, 1);
    world.least_delays[0] = 850;
    world.run(5_000);
    add(&mut world, 0, 1);
    world.run(4_000);
    add(&mut world, 1, 2);
    world.run_until("both have used the lock", |world| {
        world.parties.iter().flatten().all(|lister| lister.waiting.is_empty())
    });
}

#[test]
fn nodes_that_do_not_notice_that_the_broker_has_failed_over_agree() {
    for seed in 0..20 {
        let mut world = world(2, seed);
        world.pause(1, 100);
        add(&mut world, 0, 1);
        world.run(50);
        // The other has not read it, and makes the entry in its place.
        world.fail_over(1);
        for (node, number) in [(1, 2), (1, 3), (0, 4)] {
            add(&mut world, node, number);
            world.run(200);
        }
        settle(&mut world);
        let states = states(&world);
        assert!(states[0] == states[1] && states[0].contains(&3), "seed {seed}: {states:?}");
    }
}
