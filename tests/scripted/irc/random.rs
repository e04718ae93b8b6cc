//! Random joins, parts and other commands compared with a naive model: the lists must agree, and `IrcScene` checks each
//! line of output. `tests/fuzz` tries random commands and bytes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::irc::house::{Guest, IrcScene};

const NAMES: [&str; 14] =
    ["ana", "bob", "eve", "kim", "Li", "王", "Жора", "ümit", "x1", "y_", "z|", "_w", "q[]", "r-2"];
const ROOMS: [&str; 6] = ["#lobby", "#tea", "#Milk", "#大厅", "#4", "#é"];

#[derive(Clone, Copy, Debug)]
enum Step {
    ConnectIrc(usize),
    ConnectCrazyIt(usize),
    Join(Index, usize),
    Part(Index, usize),
    Rename(Index, usize),
    Kick(Index, usize, Index),
    Rank(Index, usize, Index, &'static str),
    Quit(Index, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let who = any::<Index>;
    prop_oneof![
        3 => (0..NAMES.len()).prop_map(Step::ConnectIrc),
        1 => (0..NAMES.len()).prop_map(Step::ConnectCrazyIt),
        6 => (who(), 0..ROOMS.len()).prop_map(|(who, room)| Step::Join(who, room)),
        8 => (who(), 0..ROOMS.len()).prop_map(|(who, room)| Step::Part(who, room)),
        3 => (who(), 0..NAMES.len()).prop_map(|(who, name)| Step::Rename(who, name)),
        6 => (who(), 0..ROOMS.len(), who()).prop_map(|(who, room, whom)| Step::Kick(who, room, whom)),
        2 => (who(), 0..ROOMS.len(), who(), select(vec!["+o", "-o", "+v", "-v"]))
            .prop_map(|(who, room, whom, change)| Step::Rank(who, room, whom, change)),
        1 => (who(), 0..3_usize).prop_map(|(who, how)| Step::Quit(who, how)),
    ]
}

#[derive(Debug)]
struct User {
    guest: Guest,
    name: usize,
    is_irc: bool,
}

type Rank = (bool, bool);

/// The expected state, in lists that are searched linearly.
#[derive(Debug, Default)]
struct Model {
    users: Vec<User>,
    /// The members of each room, by its index in `ROOMS`.
    rooms: [Vec<(Guest, Rank)>; ROOMS.len()],
    peak: usize,
}

impl Model {
    fn is_free(&self, name: usize) -> bool {
        self.users.iter().all(|user| user.name != name)
    }

    fn rank(&self, guest: Guest, room: usize) -> Option<Rank> {
        self.rooms[room].iter().find(|(member, _)| *member == guest).map(|&(_, rank)| rank)
    }

    fn enter(&mut self, guest: Guest, room: usize) {
        if self.rank(guest, room).is_none() {
            let is_first = room != 0 && self.rooms[room].is_empty();
            self.rooms[room].push((guest, (is_first, false)));
        }
    }

    fn leave(&mut self, guest: Guest, room: usize) {
        self.rooms[room].retain(|(member, _)| *member != guest);
    }

    fn add(&mut self, guest: Guest, name: usize, is_irc: bool) {
        self.users.push(User { guest, name, is_irc });
        // Count the observing user as well.
        self.peak = self.peak.max(self.users.len() + 1);
    }
}

struct Play {
    house: IrcScene,
    model: Model,
    observer: Guest,
}

impl Play {
    fn new() -> Self {
        let mut house = IrcScene::new().unchecked();
        let observer = house.operator("observer");
        Self { house, model: Model { peak: 1, ..Model::default() }, observer }
    }

    /// The user chosen by `who`: its index, connection and wire.
    fn pick(&self, who: Index) -> Option<(usize, Guest, bool)> {
        let users = &self.model.users;
        let place = (!users.is_empty()).then(|| who.index(users.len()))?;
        Some((place, users[place].guest, users[place].is_irc))
    }

    /// Usually an operator of `room`, so that operator commands succeed often; otherwise anybody.
    fn pick_operator(&self, who: Index, room: usize) -> Option<Guest> {
        let operators: Vec<_> =
            self.model.rooms[room].iter().filter(|(_, (is_operator, _))| *is_operator).collect();
        match operators.as_slice() {
            [_, ..] if who.index(8) > 0 => Some(operators[who.index(operators.len())].0),
            _ => self.pick(who).and_then(|(_, guest, is_irc)| is_irc.then_some(guest)),
        }
    }

    /// Usually a member of `room`, otherwise anybody; and its name.
    fn pick_member(&self, whom: Index, room: usize) -> Option<(Guest, &'static str)> {
        let members = &self.model.rooms[room];
        let guest = match members.as_slice() {
            [_, ..] if whom.index(8) > 0 => members[whom.index(members.len())].0,
            _ => self.pick(whom)?.1,
        };
        let user = self.model.users.iter().find(|user| user.guest == guest)?;
        Some((guest, NAMES[user.name]))
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::ConnectIrc(name) => {
                let guest = self.house.connect();
                self.house.send(guest, &format!("NICK {}", NAMES[name]));
                self.house.send(guest, "USER u 0 * :somebody");
                if self.model.is_free(name) {
                    self.model.add(guest, name, true);
                } else {
                    self.house.half_close(guest);
                }
            }
            Step::ConnectCrazyIt(name) => {
                let guest = self.house.connect();
                self.house.speaks_crazyit(guest);
                self.house.bytes(guest, format!("∏∑{}∏∑", NAMES[name]));
                if self.model.is_free(name) {
                    self.model.add(guest, name, false);
                    self.model.enter(guest, 0);
                } else {
                    self.house.half_close(guest);
                }
            }
            Step::Join(who, room) => {
                if let Some((_, guest, true)) = self.pick(who) {
                    self.house.send(guest, &format!("JOIN {}", ROOMS[room].to_uppercase()));
                    self.model.enter(guest, room);
                }
            }
            Step::Part(who, room) => {
                if let Some((_, guest, true)) = self.pick(who) {
                    self.house.send(guest, &format!("PART {} :bye", ROOMS[room]));
                    self.model.leave(guest, room);
                }
            }
            Step::Rename(who, name) => {
                let Some((place, guest, is_irc)) = self.pick(who) else { return };
                if is_irc {
                    self.house.send(guest, &format!("NICK {}", NAMES[name]));
                } else {
                    self.house.bytes(guest, format!("∏∑{}∏∑", NAMES[name]));
                }
                if self.model.is_free(name) {
                    self.model.users[place].name = name;
                }
            }
            Step::Kick(who, room, whom) => {
                let operator = self.pick_operator(who, room);
                let (Some(guest), Some((victim, name))) = (operator, self.pick_member(whom, room)) else {
                    return;
                };
                self.house.send(guest, &format!("KICK {} {name} :out", ROOMS[room]));
                if self.model.rank(guest, room).is_some_and(|(is_operator, _)| is_operator) {
                    self.model.leave(victim, room);
                }
            }
            Step::Rank(who, room, whom, change) => {
                let operator = self.pick_operator(who, room);
                let (Some(guest), Some((member, name))) = (operator, self.pick_member(whom, room)) else {
                    return;
                };
                self.house.send(guest, &format!("MODE {} {change} {name}", ROOMS[room]));
                if self.model.rank(guest, room).is_some_and(|(is_operator, _)| is_operator) {
                    for (_, rank) in self.model.rooms[room].iter_mut().filter(|(other, _)| *other == member) {
                        let letter = if change.ends_with('o') { &mut rank.0 } else { &mut rank.1 };
                        *letter = change.starts_with('+');
                    }
                }
            }
            Step::Quit(who, how) => {
                let Some((place, guest, is_irc)) = self.pick(who) else { return };
                match how {
                    0 if is_irc => self.house.send(guest, "QUIT :enough"),
                    1 => {
                        let name = NAMES[self.model.users[place].name];
                        self.house.send(self.observer, &format!("KILL {name} :enough"));
                    }
                    _ => {}
                }
                self.house.half_close(guest);
                self.model.users.remove(place);
                (0..ROOMS.len()).for_each(|room| self.model.leave(guest, room));
            }
        }
    }

    /// Compares `LIST`, `WHO`, `NAMES` and `LUSERS` with the model.
    fn compare(&mut self) {
        self.house.check();
        self.house.forget();
        let name_of: BTreeMap<usize, &str> =
            self.model.users.iter().map(|user| (user.guest.number(), NAMES[user.name])).collect();

        let lines = self.house.ask(self.observer, "LIST");
        let listed: BTreeMap<String, usize> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(":parlor.local 322 observer "))
            .map(|row| {
                let mut words = row.split(' ');
                // A room has the name that its first member wrote.
                let name = words.next().expect("a name").to_lowercase();
                (name, words.next().expect("a number").parse().expect("a number"))
            })
            .collect();
        let rooms = ROOMS.iter().zip(&self.model.rooms).enumerate();
        let known = rooms.filter(|(n, (_, members))| *n == 0 || !members.is_empty());
        let known: BTreeMap<_, _> =
            known.map(|(_, (name, members))| (name.to_lowercase(), members.len())).collect();
        assert_eq!(listed, known, "LIST");

        let lines = self.house.ask(self.observer, "WHO * %n");
        let listed: BTreeSet<_> =
            lines.iter().filter_map(|line| line.strip_prefix(":parlor.local 354 observer ")).collect();
        let known: BTreeSet<_> = name_of.values().copied().chain(["observer"]).collect();
        assert_eq!(listed, known, "WHO");
        assert_eq!(lines.len(), known.len() + 1, "each once");

        for (room, members) in ROOMS.iter().zip(&self.model.rooms) {
            let lines = self.house.ask(self.observer, &format!("NAMES {room}"));
            let mut listed: Vec<String> = Vec::new();
            for line in lines.iter().filter(|line| line.contains(" 353 ")) {
                let (_, names) = line.split_once(" :").expect("names");
                listed.extend(names.split(' ').map(str::to_owned));
            }
            listed.sort();
            let prefix = |rank: &Rank| match rank {
                (true, _) => "@",
                (false, true) => "+",
                (false, false) => "",
            };
            let known =
                members.iter().map(|(guest, rank)| format!("{}{}", prefix(rank), name_of[&guest.number()]));
            let mut known: Vec<_> = known.collect();
            known.sort();
            assert_eq!(listed, known, "NAMES {room}");
        }

        let lines = self.house.ask(self.observer, "LUSERS");
        let (all, peak) = (self.model.users.len() + 1, self.model.peak);
        let rooms = self.model.rooms.iter().skip(1).filter(|members| !members.is_empty()).count() + 1;
        assert_eq!(
            lines[0],
            format!(":parlor.local 251 observer :There are {all} users and 0 invisible on 1 servers")
        );
        assert_eq!(lines[2], ":parlor.local 253 observer 0 :unregistered connection(s)");
        assert_eq!(lines[3], format!(":parlor.local 254 observer {rooms} :channel(s)"));
        assert_eq!(
            lines[5],
            format!(":parlor.local 265 observer {all} {peak} :Current local users {all}, max {peak}")
        );
    }

    fn end(mut self) {
        while !self.model.users.is_empty() {
            let guest = self.model.users.remove(0).guest;
            self.house.half_close(guest);
            (0..ROOMS.len()).for_each(|room| self.model.leave(guest, room));
        }
        self.compare();
        self.house.send(self.observer, "QUIT");
        self.house.half_close(self.observer);
        self.house.check();
        assert!(self.house.hub().users().is_empty());
        let rooms: Vec<_> = self.house.hub().rooms().iter().map(|(_, room)| room.name.to_string()).collect();
        assert_eq!(rooms, ["#lobby"]);
        assert_eq!(self.house.connections(), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn lists_are_right_after_10_000_random_comings_and_goings(steps in prop::collection::vec(step(), 10_000)) {
        let mut play = Play::new();
        for (n, &step) in steps.iter().enumerate() {
            play.take(step);
            if n % 500 == 0 {
                play.compare();
            }
        }
        play.compare();
        play.end();
    }
}
