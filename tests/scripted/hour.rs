//! Four devices are one user for an hour of random talk, and end or break at random. A naive model says what each must
//! have heard.

use std::collections::BTreeSet;
use std::time::Duration;

use parlor::config::ServerConfig;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::devices::{always_on, enter_as, newcomer, past, textbook};
use crate::support::scene::{Guest, Scene};

/// A kind of client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Knows no capability.
    Plain,
    /// Has echoes and ids, but does not ask for the past.
    Modern,
    /// Asks for the past.
    Asks,
    /// Speaks CrazyIt.
    Textbook,
}

const KINDS: [Kind; 4] = [Kind::Plain, Kind::Modern, Kind::Asks, Kind::Textbook];

impl Kind {
    fn capabilities(self) -> &'static str {
        match self {
            Self::Plain | Self::Textbook => "",
            Self::Modern => "batch echo-message message-tags server-time",
            Self::Asks => "batch draft/chathistory echo-message message-tags server-time",
        }
    }

    /// True when a client of this kind hears this message of its own.
    fn hears_itself(self, to: usize) -> bool {
        match self {
            Self::Plain => false,
            Self::Modern | Self::Asks => true,
            Self::Textbook => to == LOBBY,
        }
    }
}

/// Where messages go: two rooms, and the private messages with two friends.
const TARGETS: [&str; 4] = ["#lobby", "#tea", "robert", "carol"];
const LOBBY: usize = 0;
const TEA: usize = 1;

/// What happens.
#[derive(Clone, Debug)]
enum Step {
    /// A friend says something, in a room or to the user.
    Friend(usize, usize),
    /// A device says something.
    Device(usize, usize),
    /// A device ends in an orderly way.
    End(usize),
    /// The connection of a device breaks, and what it has not read is lost.
    Break(usize),
    Return(usize),
    /// A device reads, and proves that it is there.
    Ping(usize),
    Pass(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..2usize, 0..3usize).prop_map(|(who, to)| Step::Friend(who, to)),
        3 => (0..4usize, 0..4usize).prop_map(|(device, to)| Step::Device(device, to)),
        1 => (0..4usize).prop_map(Step::End),
        1 => (0..4usize).prop_map(Step::Break),
        2 => (0..4usize).prop_map(Step::Return),
        2 => (0..4usize).prop_map(Step::Ping),
        4 => (1..60u64).prop_map(Step::Pass),
    ]
}

/// A message that was sent.
struct Said {
    to: usize,
    by: Option<usize>,
}

struct Device {
    kind: Kind,
    guest: Option<Guest>,
    /// The number of messages before it came first.
    came: Option<usize>,
    /// The numbers of the messages that it has heard, in order.
    heard: Vec<usize>,
    /// The ids of messages that it has shown: it shows none twice.
    ids: BTreeSet<String>,
    has_broken: bool,
}

struct World {
    scene: Scene,
    friends: [Guest; 2],
    devices: [Device; 4],
    said: Vec<Said>,
}

impl World {
    fn new() -> Self {
        let mut scene = Scene::with(ServerConfig { ..always_on() });
        scene.checks = false;
        scene.keep_past(past(&["ana", "robert", "carol"]));
        let friends = ["robert", "carol"].map(|name| {
            let guest = newcomer(&mut scene, "");
            enter_as(&mut scene, &guest, name, "irc");
            scene.send(&guest, "JOIN #lobby,#tea\r\n");
            guest
        });
        let devices = KINDS.map(|kind| Device {
            kind,
            guest: None,
            came: None,
            heard: Vec::new(),
            ids: BTreeSet::new(),
            has_broken: false,
        });
        let mut world = Self { scene, friends, devices, said: Vec::new() };
        world.return_(0);
        world.send(0, "JOIN #lobby,#tea\r\n");
        world.friends.iter().for_each(|friend| drop(friend.heard()));
        world
    }

    fn send(&mut self, n: usize, bytes: &str) {
        if let Some(guest) = &self.devices[n].guest {
            self.scene.send(guest, bytes);
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Friend(who, to) => {
                let target = TARGETS[..2].get(to).copied().unwrap_or("ana");
                let text = self.note(if to < 2 { to } else { 2 + who }, None);
                let friend = self.friends[who].clone();
                self.scene.send(&friend, format!("PRIVMSG {target} :{text}\r\n"));
            }
            Step::Device(n, to) => self.speak(n, to),
            Step::End(n) => self.end(n),
            Step::Break(n) => {
                if let Some(guest) = self.devices[n].guest.take() {
                    guest.heard();
                    self.scene.reset(&guest);
                    self.devices[n].has_broken = true;
                }
            }
            Step::Return(n) => self.return_(n),
            Step::Ping(n) => {
                self.read(n);
                if self.devices[n].kind != Kind::Textbook {
                    self.send(n, "PING x\r\n");
                }
            }
            Step::Pass(seconds) => self.scene.advance(Duration::from_secs(seconds)),
        }
        self.look();
    }

    /// Clients answer the server, and the rooms hear nobody come or go.
    fn look(&mut self) {
        for n in 0..self.devices.len() {
            let Some(guest) = &self.devices[n].guest else { continue };
            let asks = String::from_utf8_lossy(&guest.wire.borrow().written).contains("PING :parlor.local");
            if asks {
                self.read(n);
                self.send(n, "PONG :parlor.local\r\n");
            }
        }
        for friend in self.friends.clone() {
            let heard = friend.heard();
            for command in [" JOIN ", " QUIT ", " PART ", " NICK "] {
                assert!(!heard.contains(command), "{heard}");
            }
            if heard.contains("PING :parlor.local") {
                self.scene.send(&friend, "PONG :parlor.local\r\n");
            }
        }
    }

    /// The text of a new message.
    fn note(&mut self, to: usize, by: Option<usize>) -> String {
        self.said.push(Said { to, by });
        format!("t{}", self.said.len() - 1)
    }

    fn speak(&mut self, n: usize, to: usize) {
        let kind = self.devices[n].kind;
        if self.devices[n].guest.is_none() || kind == Kind::Textbook && to == TEA {
            return;
        }
        self.read(n);
        let text = self.note(to, Some(n));
        let target = TARGETS[to];
        match (kind, to) {
            (Kind::Textbook, LOBBY) => self.send(n, &format!("§γ{text}§γ")),
            (Kind::Textbook, _) => self.send(n, &format!("★【{target}※{text}★【")),
            _ => self.send(n, &format!("PRIVMSG {target} :{text}\r\n")),
        }
    }

    fn end(&mut self, n: usize) {
        self.read(n);
        if let Some(guest) = self.devices[n].guest.clone() {
            self.scene.end(&guest);
            self.read(n);
            self.devices[n].guest = None;
        }
    }

    fn return_(&mut self, n: usize) {
        if self.devices[n].guest.is_some() {
            return;
        }
        let kind = self.devices[n].kind;
        let device = format!("{kind:?}");
        let guest = match kind {
            Kind::Textbook => textbook(&mut self.scene, "ana", &device),
            _ => {
                let guest = newcomer(&mut self.scene, kind.capabilities());
                enter_as(&mut self.scene, &guest, "ana", &device);
                guest
            }
        };
        self.devices[n].guest = Some(guest);
        let is_new = self.devices[n].came.replace(self.devices[n].came.unwrap_or(self.said.len())).is_none();
        if kind == Kind::Asks && !is_new {
            let last = self.devices[n].ids.last().cloned();
            let ask = |target: &str| match &last {
                Some(id) => format!("CHATHISTORY AFTER {target} msgid={id} 200\r\n"),
                None => format!("CHATHISTORY LATEST {target} * 200\r\n"),
            };
            self.send(n, &TARGETS.map(ask).concat());
        }
    }

    /// Reads what a device was told.
    fn read(&mut self, n: usize) {
        let device = &mut self.devices[n];
        let Some(guest) = &device.guest else { return };
        let mut fresh = Vec::new();
        for line in guest.heard().lines() {
            let is_message = line.contains(" PRIVMSG ") || line.contains("：") || line.contains("* to ");
            let number = line.rsplit(' ').next().and_then(|word| word.rsplit([':', '：']).next());
            let number = number.and_then(|word| word.strip_prefix('t')?.parse::<usize>().ok());
            let Some(number) = number.filter(|_| is_message) else { continue };
            let id = line.split("msgid=").nth(1).and_then(|rest| rest.get(..16));
            if id.is_none_or(|id| device.ids.insert(id.to_owned())) {
                fresh.push(number);
            }
        }
        if device.kind == Kind::Asks {
            // It sorts what it has asked for among what it hears.
            device.heard.extend(fresh);
            device.heard.sort_unstable();
        } else {
            device.heard.extend(fresh);
        }
    }

    fn check(&mut self) {
        for n in 0..self.devices.len() {
            let Device { kind, came, ref mut heard, has_broken, .. } = self.devices[n];
            let is_own = |said: &Said| said.by == Some(n) && !kind.hears_itself(said.to);
            let is_heard = |said: &Said| !is_own(said) && (kind != Kind::Textbook || said.to != TEA);
            let all = self.said.iter().enumerate().skip(came.unwrap_or(usize::MAX));
            let expected: Vec<_> = all.filter(|(_, said)| is_heard(said)).map(|(number, _)| number).collect();
            heard.retain(|&number| !is_own(&self.said[number]) && Some(number) >= came);
            if has_broken {
                let mut seen = BTreeSet::new();
                heard.retain(|&number| seen.insert(number));
            }
            assert_eq!(*heard, expected, "{kind:?}");
        }
    }
}

/// Each takes a fifth of a second.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(24)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 300, ..ProptestConfig::default() })]
    #[test]
    fn each_device_of_a_user_hears_everything_once_and_in_order_while_nobody_sees_it_come_and_go(
        steps in vec(any_step(), 60..250)
    ) {
        let mut world = World::new();
        for step in &steps {
            world.step(step);
        }
        for n in 0..4 {
            world.return_(n);
        }
        world.step(&Step::Pass(1));
        for n in 0..4 {
            world.read(n);
        }
        world.check();
    }
}
