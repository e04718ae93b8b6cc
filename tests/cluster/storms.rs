//! Whatever people do and whatever fails: afterwards all servers agree on everything, and nobody has heard anything twice.

use std::collections::BTreeMap;

use proptest::prelude::*;

use parlor::message::{EventId, LogIndex};

use crate::accounts::always_on;
use crate::support::accounts::PASSWORD;
use crate::town::{Client, Town};

const NODES: usize = 3;
const CLIENTS: usize = 6;
const NAMES: [&str; CLIENTS] = ["ana", "bob", "cyd", "dan", "eve", "fay"];

/// What a client may send. `{who}` is a name, `{room}` a room, `{text}` a text that nobody else says.
const LINES: [&str; 30] = [
    "JOIN {room}",
    "JOIN {room}",
    "JOIN {room}",
    "JOIN #a,#b",
    "JOIN 0",
    "PART {room} :{text}",
    "NICK {who}",
    "NICK {who}x",
    "TOPIC {room} :{text}",
    "MODE {room} +o {who}",
    "MODE {room} -o {who}",
    "MODE {room} +v {who}",
    "MODE {room} +b {who}!*@*",
    "MODE {room} -b {who}!*@*",
    "MODE {room} +i",
    "MODE {room} -i",
    "MODE {room} +k key",
    "MODE {room} -k key",
    "KICK {room} {who} :{text}",
    "INVITE {who} {room}",
    "AWAY :{text}",
    "AWAY",
    "OPER root secret",
    "KILL {who} :{text}",
    "QUIT :{text}",
    "PRIVMSG {room} :{text}",
    "PRIVMSG {room} :{text}",
    "PRIVMSG {who} :{text}",
    "PRIVMSG {room},{who} :{text}",
    "JOIN {room}\r\nPRIVMSG {room} :{text}\r\nPART {room}",
];

/// What a client may send besides where there are accounts.
const ACCOUNT_LINES: [&str; 40] = [
    "NS IDENTIFY {who} {password}",
    "NS IDENTIFY ana {password}",
    "NS REGISTER {password}",
    "NS LOGOUT",
    "NS GHOST {who} {password}",
    "NS RECOVER {who} {password}",
    "NS SET ALWAYS-ON on",
    "NS SET ALWAYS-ON off",
    "NS DROP {password} {who}",
    "NS LOGOUT other",
    "CS REGISTER {room}",
    "CS UNREGISTER {room} {room}",
    "CS AMODE {room} {who} +o",
    "CS AMODE {room} {who} -o",
    "CS AMODE {room} {who} +v",
    "CS TRANSFER {room} {who}",
    "CS ACCEPT {room}",
    "CS OP {room}",
    "CS DEOP {room} {who}",
    "CS CLEAR {room} USERS",
    "CS CLEAR {room} OPS",
    "CS CLEAR {room} MODES",
    "MARKREAD {room} timestamp=2023-11-14T22:13:40.000Z",
    "METADATA * SET color :{text}",
    "METADATA {room} SET url :{text}",
    "METADATA * CLEAR",
    "METADATA {who} LIST",
    "MONITOR + {who}",
    "CHGHOST {who} a b.{text}",
    "SETNAME :{text}",
    "MODE {who} +i",
    "MODE {who} +B",
    "MODE {room} +l 3",
    "MODE {room} +R",
    "MODE {room} +e {who}!*@*",
    "WALLOPS :{text}",
    "KLINE 10m 198.51.100.{n} :{text}",
    "UNKLINE 198.51.100.{n}",
    "RENAME {room} #c :{text}",
    "JOIN #c",
];

#[derive(Clone, Debug)]
enum Step {
    Send {
        client: usize,
        line: usize,
        who: usize,
        room: bool,
    },
    Reset(usize),
    Run(u64),
    Cut(usize, u64),
    Pause(usize, u64),
    Broker {
        time: u64,
        forgets: bool,
    },
    /// Another broker takes its place, which does not have so many of the last entries.
    FailOver {
        time: u64,
        lost: u64,
    },
    Restart(usize),
}

fn any_step(lines: usize) -> impl Strategy<Value = Step> {
    let send = (0..CLIENTS, 0..lines, 0..CLIENTS, any::<bool>());
    prop_oneof![
        80 => send.prop_map(|(client, line, who, room)| Step::Send { client, line, who, room }),
        2 => (0..CLIENTS).prop_map(Step::Reset),
        20 => (0..100u64).prop_map(Step::Run),
        1 => (0..NODES, 100..15_000u64).prop_map(|(node, time)| Step::Cut(node, time)),
        1 => (0..NODES, 100..15_000u64).prop_map(|(node, time)| Step::Pause(node, time)),
        1 => (100..12_000u64, prop::bool::weighted(0.2))
            .prop_map(|(time, forgets)| Step::Broker { time, forgets }),
        1 => (100..12_000u64, 1..4u64).prop_map(|(time, lost)| Step::FailOver { time, lost }),
        1 => (0..NODES).prop_map(Step::Restart),
    ]
}

/// The people of the town, some of whom may have left.
struct People {
    clients: Vec<Option<Client>>,
    /// What each connection has heard, with a number.
    heard: BTreeMap<(usize, usize), String>,
    connected: [usize; CLIENTS],
}

impl People {
    fn new() -> Self {
        Self { clients: vec![None; CLIENTS], heard: BTreeMap::new(), connected: [0; CLIENTS] }
    }

    /// Reads what all have heard, and notes who is gone.
    fn listen(&mut self) {
        for (n, place) in self.clients.iter_mut().enumerate() {
            let Some(client) = place else { continue };
            self.heard.entry((n, self.connected[n])).or_default().push_str(&client.guest.heard());
            if client.guest.is_closed() {
                *place = None;
            }
        }
    }

    /// The client with this number, which connects if it is gone.
    fn client(&mut self, n: usize, town: &mut Town) -> Client {
        self.listen();
        if self.clients[n].is_none() {
            self.connected[n] += 1;
            let (client, name) = (town.connect(n % NODES), NAMES[n]);
            if town.has_accounts() {
                let caps =
                    "draft/metadata-2 draft/channel-rename draft/read-marker setname chghost away-notify";
                town.send(&client, &format!("CAP REQ :{caps}"));
            }
            // Several clients of each account.
            if town.has_accounts() && self.connected[n] % 3 != 2 {
                let (account, device) = (NAMES[n % 2], self.connected[n] % 2);
                town.send(&client, &format!("PASS {account}/{name}{device}:{PASSWORD}"));
            }
            town.send(&client, &format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP END"));
            if n == 0 {
                town.send(&client, "OPER root secret");
            }
            self.clients[n] = Some(client);
        }
        self.clients[n].clone().expect("it has just connected")
    }
}

fn play(town: &mut Town, people: &mut People, step: Step, n: usize) {
    match step {
        Step::Send { client, line, who, room } => {
            let client = people.client(client, town);
            let line = LINES.iter().chain(&ACCOUNT_LINES).nth(line).expect("the step has a line");
            let line = line.replace("{who}", NAMES[who]).replace("{text}", &format!("text-{n}-end"));
            let line = line.replace("{password}", PASSWORD).replace("{n}", &(who % 3).to_string());
            town.send(&client, &line.replace("{room}", if room { "#a" } else { "#b" }));
        }
        Step::Reset(client) => {
            let client = people.client(client, town);
            client.guest.push_reset();
            town.scene(client.node).settle();
        }
        Step::Run(time) => town.run(time),
        Step::Cut(node, time) => {
            town.world.cut(node);
            town.run(time);
            town.world.mend(node);
        }
        Step::Pause(node, time) => town.world.pause(node, time),
        Step::Broker { time, forgets } => {
            town.world.stop_broker(forgets);
            town.run(time);
            town.world.start_broker();
        }
        Step::FailOver { time, lost } => {
            town.world.stop_broker(false);
            town.world.broker.lose_entries(lost);
            town.run(time);
            town.world.start_broker();
        }
        Step::Restart(node) => {
            people.listen();
            town.world.kill(node);
            for place in people.clients.iter_mut().filter(|c| c.as_ref().is_some_and(|c| c.node == node)) {
                *place = None;
            }
            town.run(200);
            town.start(node);
        }
    }
}

/// What all servers must agree on.
fn state(town: &mut Town, node: usize) -> String {
    let mut snapshot = town.scene(node).server.hub().snapshot(LogIndex(0));
    // What was said is no part of the log, so these may differ.
    snapshot.last_event = EventId::MIN;
    for user in &mut snapshot.users {
        user.state.spoke = user.state.since;
        user.devices.iter_mut().for_each(|(_, device)| device.heard = EventId::MIN);
    }
    snapshot.nodes.sort_by_key(|node| node.id);
    format!("{snapshot:#?}")
}

fn check(town: &mut Town, people: &mut People) {
    town.run(40_000);
    people.listen();
    let states: Vec<_> = (0..NODES).map(|node| state(town, node)).collect();
    for (node, state) in states.iter().enumerate() {
        let lines = states[0].lines().zip(state.lines());
        let first = lines.enumerate().find(|(_, (one, other))| one != other);
        assert!(*state == states[0], "nodes 0 and {node} differ: {first:?}\n{}\n{state}", states[0]);
    }
    for ((n, _), heard) in &people.heard {
        // What is told of the past begins with its time. Who whispers to itself hears it as its addressee, and as another device of its author.
        let is_to_itself = |line: &str| {
            let from = line.trim_start_matches(':').split('!').next().unwrap_or_default();
            line.contains(&format!(" PRIVMSG {from} "))
        };
        let texts = heard
            .lines()
            .filter(|line| line.contains(" PRIVMSG ") && !is_to_itself(line) && !line.contains(" :["));
        let mut counts = BTreeMap::new();
        for text in texts {
            let count = counts.entry(text).or_insert(0);
            *count += 1;
            assert_eq!(*count, 1, "{} has heard this twice: {text}\n{heard}", NAMES[*n]);
        }
        assert!(!heard.contains("state differs"), "{heard}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn whatever_people_do_all_servers_agree(
        seed in any::<u64>(),
        steps in prop::collection::vec(any_step(LINES.len()), 1..120),
    ) {
        storm(Town::with(NODES, seed), steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    fn whatever_users_of_accounts_do_all_servers_agree(
        steps in prop::collection::vec(any_step(LINES.len() + ACCOUNT_LINES.len()), 1..120),
    ) {
        storm(Town::with_accounts(NODES, &NAMES[..3], always_on), steps);
    }
}

fn storm(mut town: Town, steps: Vec<Step>) {
    let mut people = People::new();
    for (n, step) in steps.into_iter().enumerate() {
        play(&mut town, &mut people, step, n);
    }
    check(&mut town, &mut people);
}
