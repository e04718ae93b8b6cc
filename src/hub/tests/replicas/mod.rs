//! Several hubs that are the same.

mod agreeing;
mod delivering;
mod nodes;
mod nonsense;
mod returning;

use std::time::Duration;

use super::devices::account;
use super::*;
use crate::hub::Arrival;
use crate::message::{
    Account, Epoch, LogEntry, LogIndex, Node, NodeId, Operation, Relay, Relayed, Route, Snapshot,
};

/// Connections of each node.
const CONNECTIONS: u32 = 4;

/// Hubs with what the servers around them do: they carry out effects, and tell each other of operations and messages.
struct Cluster {
    hubs: Vec<Hub>,
    /// The users of connections, each with the index of its node.
    users: BTreeMap<(usize, ConnectionId), UserId>,
    /// Connections that have ended without the lock.
    ended: Vec<(usize, ConnectionId, UserId)>,
    now: Now,
    index: LogIndex,
    epoch: Epoch,
    /// What was heard since the last step, at which node and connection.
    heard: Vec<((usize, ConnectionId), String, EventKind)>,
    shown: Vec<((usize, ConnectionId), RoomName)>,
}

fn node_id(n: usize) -> NodeId {
    NodeId(n as u8 + 1)
}

/// As an entry of the log, by the node `n`.
fn entry(hub: &Hub, operations: Vec<crate::message::Dated>, index: LogIndex, now: Now) -> LogEntry {
    let (own, (users, rooms)) = (hub.own_node().unwrap(), hub.counts());
    LogEntry { index, node: own.id, epoch: own.epoch, time: now.time, operations, users, rooms }
}

/// A snapshot without what nodes know better than others.
fn shared(hub: &Hub) -> Snapshot {
    let mut snapshot = hub.snapshot(LogIndex(0));
    snapshot.last_event = Default::default();
    snapshot.nodes.sort_by_key(|node| node.id);
    snapshot.users.iter_mut().for_each(|user| user.state.spoke = SystemTime::UNIX_EPOCH);
    snapshot
}

impl Cluster {
    fn new(nodes: usize) -> Self {
        let now = Now { time: SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30), ..Now::read() };
        let mut cluster = Self {
            hubs: Vec::new(),
            users: BTreeMap::new(),
            ended: Vec::new(),
            now,
            index: LogIndex(0),
            epoch: Epoch(0),
            heard: Vec::new(),
            shown: Vec::new(),
        };
        for n in 0..nodes {
            cluster.hubs.push(Hub::new(room("#lobby"), now.time));
            let node = cluster.enrol(n);
            match n {
                0 => cluster.hubs[0].become_node(node),
                _ => cluster.load(n, node, &(0..n).collect::<Vec<_>>()),
            }
        }
        for (number, text) in [(1, "ana"), (2, "bob")] {
            cluster.act(0, |hub, _, _| hub.add_account(account(number, text).id, &name(text)));
        }
        cluster
    }

    fn enrol(&mut self, n: usize) -> Node {
        self.epoch = Epoch(self.epoch.0 + 1);
        Node { id: node_id(n), epoch: self.epoch, name: format!("n{n}").into() }
    }

    /// Gives the node `n` the state of `others`, which learn of it.
    fn load(&mut self, n: usize, node: Node, others: &[usize]) {
        self.index = self.index.following();
        let operation = Operation::Hello { node: node.clone(), attempt: 0 };
        let operations = vec![crate::message::Dated { after: self.hubs[n].last_event(), operation }];
        let hello = LogEntry {
            index: self.index,
            node: node.id,
            epoch: node.epoch,
            time: self.now.time,
            operations,
            users: u32::MAX,
            rooms: u32::MAX,
        };
        self.replay(&hello, others);
        let snapshot = self.hubs[others[0]].snapshot(self.index);
        self.hubs[n].load(&snapshot, node, self.now).unwrap();
        assert_eq!(format!("{:?}", shared(&self.hubs[n])), format!("{:?}", shared(&self.hubs[others[0]])));
    }

    fn user(&self, n: usize, at: ConnectionId) -> UserId {
        self.users.get(&(n, at)).copied().unwrap_or(UserId::NOBODY)
    }

    /// Does something at the node `n`, under the lock, and tells the others.
    fn act<T>(&mut self, n: usize, act: impl FnOnce(&mut Hub, Now, &mut Effects) -> T) -> T {
        self.now.time += Duration::from_millis(7);
        self.now.instant += Duration::from_millis(7);
        self.heard.clear();
        self.shown.clear();
        let mut out = Effects::default();
        let done = act(&mut self.hubs[n], self.now, &mut out);
        self.publish(n, out);
        done
    }

    /// Carries out effects at the node `n`, and tells other nodes of its operations and messages.
    fn publish(&mut self, n: usize, out: Effects) {
        let relays = self.settle(n, out, true);
        self.append(n);
        for relay in relays {
            self.relay(n, relay);
        }
        self.check();
    }

    /// Tells other nodes what the node `n` has done.
    fn append(&mut self, n: usize) {
        let operations = self.hubs[n].take_operations();
        if !operations.is_empty() {
            self.index = self.index.following();
            let entry = entry(&self.hubs[n], operations, self.index, self.now);
            let others: Vec<_> = (0..self.hubs.len()).filter(|&other| other != n).collect();
            self.replay(&entry, &others);
        }
    }

    fn replay(&mut self, entry: &LogEntry, others: &[usize]) {
        for &other in others {
            let mut out = Effects::default();
            let done = self.hubs[other].replay(entry, self.now, &mut out);
            assert_eq!(done, Ok(()), "{entry:?} at {other}");
            assert!(self.settle(other, out, false).is_empty(), "messages are relayed once");
            assert!(!self.hubs[other].has_operations(), "what others have done is not done again");
        }
    }

    fn relay(&mut self, n: usize, Relay { event, from, to, route }: Relay) {
        let Node { id: node, epoch, .. } = self.hubs[n].own_node().unwrap().clone();
        let relayed = Relayed { node, epoch, number: 1, after: self.index, event, from, to };
        for other in (0..self.hubs.len()).filter(|&other| other != n) {
            let is_meant = match &route {
                Route::Shard => true,
                Route::Inboxes(nodes) => nodes.contains(&node_id(other)),
            };
            if is_meant {
                let mut out = Effects::default();
                self.hubs[other].deliver(&relayed, self.now, &mut out);
                assert!(self.settle(other, out, false).is_empty());
            }
        }
    }

    /// Carries out effects at the node `n`. Returns messages for other nodes.
    fn settle(&mut self, n: usize, mut out: Effects, is_locked: bool) -> Vec<Relay> {
        let (mut relays, mut closed) = (Vec::new(), Vec::new());
        while let Some(effect) = out.pop() {
            match effect {
                Effect::Event(event, audience, _) => {
                    for at in audience.iter() {
                        let knows = self.users.contains_key(&(n, at)) || closed.contains(&at);
                        assert!(knows, "{event:?} for {at:?} at {n}, which has ended or is of another node");
                        self.heard.push(((n, at), source(&event.from), event.kind.clone()));
                    }
                }
                Effect::Close(at, _) => {
                    closed.push(at);
                    match is_locked {
                        true => self.end(n, at, &mut out),
                        false => self.disconnect(n, at),
                    }
                }
                Effect::Relay(relay) => relays.push(*relay),
                Effect::Record(_) => assert!(is_locked, "only the node that does something records it"),
                Effect::Show(at, room) => {
                    assert!(self.users.contains_key(&(n, at)));
                    self.shown.push(((n, at), room));
                }
                Effect::Move(..) | Effect::CloseFrom(..) => {}
                other => panic!("the hub knows no bytes, no files and no errands: {other:?}"),
            }
        }
        relays
    }

    /// Ends a connection under the lock.
    fn end(&mut self, n: usize, at: ConnectionId, out: &mut Effects) {
        let Some(user) = self.users.remove(&(n, at)) else { return };
        if self.hubs[n].detach(user, at, true, self.now, out) {
            self.hubs[n].leave_together(vec![(user, "gone".into())], self.now, out);
        }
    }

    /// Ends a connection without the lock.
    fn disconnect(&mut self, n: usize, at: ConnectionId) {
        if let Some(user) = self.users.remove(&(n, at)) {
            self.hubs[n].disconnect(user, at, true);
            self.ended.push((n, at, user));
        }
    }

    /// Tells others which connections have ended at the node `n`.
    fn tell_ended(&mut self, n: usize) {
        let (own, others): (Vec<_>, Vec<_>) = self.ended.drain(..).partition(|&(node, ..)| node == n);
        self.ended = others;
        self.act(n, |hub, now, out| {
            for (_, at, user) in own {
                if hub.detach(user, at, true, now, out) {
                    hub.leave_together(vec![(user, "gone".into())], now, out);
                }
            }
        });
    }

    fn log_in(&mut self, n: usize, at: ConnectionId, text: &str) -> Result<UserId, Refusal> {
        assert!(!self.users.contains_key(&(n, at)));
        let user = self.act(n, |hub, now, out| hub.log_in(at, name(text), profile(), now, out));
        if let Ok(user) = user {
            self.users.insert((n, at), user);
        }
        user
    }

    /// Logs in to an account with a connection that has a user or none.
    fn enter(&mut self, n: usize, at: ConnectionId, account: Account) -> Result<UserId, Refusal> {
        let user = self.user(n, at);
        let entered = self.act(n, |hub, now, out| {
            let arrival = Arrival { connection: at, device: "irc", profile: profile() };
            match user {
                UserId::NOBODY => hub.enter_account(&arrival, account, now, out),
                user => hub.identify(user, &arrival, account, now, out),
            }
        });
        entered.map(|entered| {
            self.users.insert((n, at), entered.user);
            entered.user
        })
    }

    fn ask(&mut self, n: usize, at: ConnectionId, command: Command) -> Result<(), Refusal> {
        let user = self.user(n, at);
        if let Command::Leave { .. } = command {
            self.users.remove(&(n, at));
        }
        self.act(n, |hub, now, out| hub.handle(user, command, now, out))
    }

    fn check(&self) {
        for hub in &self.hubs {
            hub.check();
        }
        let states: Vec<_> = self.hubs.iter().map(|hub| format!("{:#?}", shared(hub))).collect();
        for (n, state) in states.iter().enumerate().skip(1) {
            let differing = state.lines().zip(states[0].lines()).find(|(one, other)| one != other);
            assert!(*state == states[0], "nodes 0 and {n} differ: {differing:?}\n{}\n{state}", states[0]);
        }
    }

    /// Panics unless every connection is that of its user.
    fn check_users(&self) {
        for (&(n, at), &user) in &self.users {
            assert!(self.hubs[n].users().connections(user).contains(&at), "{at:?} at {n} is {user:?}");
        }
    }

    /// Who heard something in the last step, with the name of its author.
    fn hearers(&self) -> Vec<((usize, ConnectionId), &str)> {
        self.heard.iter().map(|(at, from, _)| (*at, from.as_str())).collect()
    }
}

#[test]
fn a_snapshot_of_what_was_loaded_is_the_same() {
    let mut cluster = Cluster::new(2);
    cluster.log_in(0, ANA, "eve").unwrap();
    cluster.enter(0, BOB, devices::staying("ana")).unwrap();
    cluster.ask(0, ANA, join("#tea")).unwrap();
    cluster.ask(0, BOB, join("#milk")).unwrap();
    let user = cluster.user(0, BOB);
    cluster.act(0, |hub, now, out| hub.register_room(user, &room("#milk"), now, out)).unwrap();
    cluster.ask(0, ANA, Command::Change(UserChange::Away(Some("tea".into())))).unwrap();
    let mask = RoomChange::Mask { list: MaskList::Bans, mask: "x!*@*".into(), added: true };
    let user = cluster.user(0, ANA);
    cluster.act(0, |hub, now, out| hub.change_room(user, &room("#tea"), vec![mask], now, out)).unwrap();
    cluster.ask(0, ANA, Command::Invite { room: room("#tea"), who: name("ana") }).unwrap();
    cluster.disconnect(0, BOB);
    cluster.tell_ended(0);
    let snapshot = cluster.hubs[1].snapshot(LogIndex(9));
    let mut hub = Hub::new(room("#lobby"), cluster.now.time);
    hub.load(&snapshot, snapshot.nodes[1].clone(), cluster.now).unwrap_err();
    cluster.hubs.push(hub);
    let node = cluster.enrol(2);
    cluster.load(2, node, &[0, 1]);
    cluster.check();
    assert!(cluster.hubs[2].users().find(&name("ana")).is_some());
}

#[test]
fn a_hub_that_is_no_node_notes_nothing() {
    let mut scene = Scene::with(&[(ANA, "ana")]);
    scene.handle(ANA, join("#tea")).unwrap();
    assert!(!scene.hub.has_operations() && scene.hub.take_operations().is_empty());
    assert!(scene.hub.own_node().is_none() && scene.hub.nodes().next().is_none());
}
