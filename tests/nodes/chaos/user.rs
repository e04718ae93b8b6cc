//! A user in the crowd: talks, changes names, modes and rooms at random, and checks what it hears.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::crowd::{HALL, Phase, Shared};
use crate::client::{Client, Heard, bare};
use crate::nodes::NAMES;
use crate::support::broker::Dice;

/// How long a user waits before it tries again to come in.
const RETRY: Duration = Duration::from_millis(500);

/// The longest time between two things that a user does, in milliseconds.
const MOST_IDLE: u64 = 4_000;

/// Rooms that come and go.
const ROOMS: u64 = 10;

/// Names that users change to: few, so that two want the same.
const OTHER_NAMES: u64 = 60;

const CAPABILITIES: &str = "message-tags server-time echo-message batch draft/chathistory";

/// Where messages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum To {
    Hall,
    Partner,
}

/// What one life of a user has said: each time that it is connected is a life.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    hall: Numbers,
}

/// Messages of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    /// How many others must hear.
    accepted: u32,
    /// One more is on its way to the node.
    is_asked: bool,
}

/// A connection, from beginning to end.
#[derive(Debug)]
struct Life {
    number: u32,
    /// How often its node had been killed when it began.
    kills: u32,
    client: Client,
    is_in: bool,
    /// Lives from this one on have begun after it was in.
    since: u32,
    hall: Numbers,
    partner: Numbers,
    has_finished: bool,
    /// The next number of each speaker.
    heard: HashMap<(To, u32), u32>,
}

#[derive(Debug)]
pub(super) struct User {
    index: usize,
    node: usize,
    dice: Dice,
    life: Option<Life>,
    next: Instant,
}

impl User {
    pub(super) fn new(index: usize, seed: u64) -> Self {
        let dice = Dice::new(seed.wrapping_add(index as u64 * 7_919 + 1));
        Self { index, node: index % NAMES.len(), dice, life: None, next: Instant::now() }
    }

    /// Every second user keeps its name, so that another one can write to it.
    fn keeps_name(index: usize) -> bool {
        index % 2 == 1
    }

    fn name(index: usize) -> String {
        format!("{}{index}", if Self::keeps_name(index) { 'u' } else { 'e' })
    }

    /// Whom it writes to, on another node.
    fn partner(&self) -> String {
        let partner = (self.index + 2) % super::USERS;
        Self::name(if Self::keeps_name(partner) { partner } else { 1 })
    }

    pub(super) fn is_in(&self) -> bool {
        self.life.as_ref().is_some_and(|life| life.is_in)
    }

    /// Reads what there is, and does something if it is time.
    pub(super) fn turn(&mut self, shared: &Shared) {
        if self.life.is_none() && Instant::now() >= self.next {
            self.begin(shared);
        }
        while let Some(life) = &mut self.life {
            match life.client.next(Duration::from_micros(200)) {
                Heard::Line(line) => self.hear(&line, shared),
                Heard::Nothing => break,
                Heard::End => self.end(shared),
            }
        }
        if self.is_in() && Instant::now() >= self.next {
            self.next = Instant::now() + Duration::from_millis(self.dice.below(MOST_IDLE));
            match shared.phase() {
                Phase::Acting => self.act(),
                Phase::Finishing => self.finish(shared),
                _ => {}
            }
        }
    }

    fn begin(&mut self, shared: &Shared) {
        self.next = Instant::now() + RETRY;
        let Some((at, kills)) = shared.node(self.node) else { return };
        let name = Self::name(self.index);
        let Some(mut client) = Client::try_connect(&at, &name) else { return };
        let hello = format!("CAP REQ :{CAPABILITIES}\r\nNICK {name}\r\nUSER {name} 0 * :{name}\r\nCAP END");
        if client.try_send(&hello).is_err() {
            return;
        }
        let (number, is_in, has_finished) = (shared.begin_life(), false, false);
        let (hall, partner) = Default::default();
        self.life = Some(Life {
            number,
            kills,
            client,
            is_in,
            since: u32::MAX,
            hall,
            partner,
            has_finished,
            heard: HashMap::new(),
        });
    }

    fn end(&mut self, shared: &Shared) {
        let Some(life) = self.life.take() else { return };
        if shared.kills(self.node) == life.kills {
            shared.complain(format!("{} lost its connection to a node that lives", life.client.name));
        }
        shared.dies(life.number);
        self.next = Instant::now() + RETRY;
    }

    fn send(&mut self, line: &str) {
        if let Some(life) = &mut self.life {
            // If the node is dead, the next read tells.
            life.client.try_send(line).ok();
        }
    }

    fn hear(&mut self, line: &str, shared: &Shared) {
        let line = bare(line);
        if line.starts_with("ERROR ") {
            shared.note(format!("{}: {line}", Self::name(self.index)));
        }
        let mut words = line.splitn(4, ' ');
        let (Some(_), Some(command), Some(to)) = (words.next(), words.next(), words.next()) else { return };
        let rest = words.next().unwrap_or_default();
        match command {
            "001" => self.send(&format!("JOIN {HALL}")),
            "366" if rest.starts_with(&format!("{HALL} ")) => {
                if let Some(life) = &mut self.life {
                    (life.is_in, life.since) = (true, shared.lives());
                }
            }
            // A name is free 10 s after its node died.
            "433" | "437" if !self.is_in() => {
                std::thread::sleep(Duration::from_millis(20));
                self.send(&format!("NICK {}\r\nJOIN {HALL}", Self::name(self.index)));
            }
            "404" if rest.starts_with(&format!("{HALL} ")) => self.refused(To::Hall),
            "401" if rest.starts_with(&format!("{} ", self.partner())) => self.refused(To::Partner),
            "PRIVMSG" => self.listen(to, rest.trim_start_matches(':'), shared),
            _ => {}
        }
    }

    fn refused(&mut self, to: To) {
        if let Some(life) = &mut self.life {
            life.numbers(to).is_asked = false;
        }
    }

    /// Checks that a message is the next one of its speaker.
    fn listen(&mut self, to: &str, text: &str, shared: &Shared) {
        let Some(life) = &mut self.life else { return };
        let Some((kind, speaker, number)) = parse(text) else { return };
        if (kind == To::Hall) != (to == HALL) {
            return shared.complain(format!("{text} was said to {to}"));
        }
        if speaker == life.number {
            let numbers = life.numbers(kind);
            let is_as_asked = numbers.is_asked && numbers.accepted == number;
            *numbers = Numbers { accepted: number + 1, is_asked: false };
            if !is_as_asked {
                shared.complain(format!("{} hears its own {text} again", life.client.name));
            }
            return shared.says(life.number, Said { hall: life.hall });
        }
        let may_have_missed = speaker < life.since && !shared.are_first(speaker, life.number);
        let expected = life.heard.insert((kind, speaker), number + 1);
        let is_next = match expected {
            Some(expected) => expected == number,
            // Others may have written to an earlier life of this user.
            None => number == 0 || may_have_missed || kind == To::Partner,
        };
        if !is_next {
            let name = &life.client.name;
            shared.complain(format!("{name}, life {}, hears {text} instead of {expected:?}", life.number));
        }
    }

    fn say(&mut self, to: To) {
        let partner = self.partner();
        let Some(life) = &mut self.life else { return };
        let number = life.number;
        let numbers = life.numbers(to);
        if std::mem::replace(&mut numbers.is_asked, true) {
            return;
        }
        let count = numbers.accepted;
        let line = match to {
            To::Hall => format!("PRIVMSG {HALL} :h {number} {count}"),
            To::Partner => format!("PRIVMSG {partner} :p {number} {count}"),
        };
        self.send(&line);
    }

    /// Something at random.
    fn act(&mut self) {
        let room = format!("#r{}", self.dice.below(ROOMS));
        let index = self.dice.below(super::USERS as u64) as usize;
        let someone = match self.dice.below(2) {
            0 => Self::name(index),
            _ => format!("n{}", self.dice.below(OTHER_NAMES)),
        };
        let number = self.dice.below(1_000);
        let line = match self.dice.below(20) {
            0..6 => return self.say(To::Hall),
            6..8 if Self::keeps_name(self.index) => return self.say(To::Partner),
            6..9 if !Self::keeps_name(self.index) => format!("NICK n{}", self.dice.below(OTHER_NAMES)),
            9..12 => format!("JOIN {room}"),
            12 => format!("PART {room} :{number}"),
            13 => format!("TOPIC {room} :{number}"),
            14 => format!("KICK {room} {someone} :{number}"),
            15 => {
                let modes = ["+m", "-m", "+i", "-i", "-t", "+t", "-k *", "-l"];
                format!("MODE {room} {}", modes[self.dice.below(modes.len() as u64) as usize])
            }
            16 => format!("MODE {room} +l {number}"),
            17 => format!("MODE {room} {}b *!*@{}.example", ['+', '-'][number as usize % 2], number % 5),
            18 => {
                let ranks = ["+o", "-o", "+v", "-v"];
                format!("MODE {room} {} {someone}", ranks[number as usize % 4])
            }
            _ => format!("AWAY{}", [" :gone", ""][number as usize % 2]),
        };
        self.send(&line);
    }

    /// Says one last thing, after which no more comes.
    fn finish(&mut self, shared: &Shared) {
        let Some(life) = &mut self.life else { return };
        if life.hall.is_asked || life.partner.is_asked {
            return;
        }
        if std::mem::replace(&mut life.has_finished, true) {
            return shared.finishes(self.index);
        }
        self.say(To::Hall);
    }

    /// The speakers that it has not heard to the end.
    pub(super) fn misses(&self, said: &HashMap<u32, Said>) -> Vec<String> {
        let Some(life) = &self.life else { return vec![format!("{} is not here", Self::name(self.index))] };
        let others = said.iter().filter(|(speaker, _)| **speaker != life.number);
        let missing = others.filter_map(|(&speaker, said)| {
            let heard = life.heard.get(&(To::Hall, speaker)).copied();
            let told = format!(
                "{}, life {}, has heard {heard:?} of {} messages of life {speaker}",
                life.client.name, life.number, said.hall.accepted
            );
            (heard != Some(said.hall.accepted)).then_some(told)
        });
        missing.collect()
    }
}

impl Life {
    fn numbers(&mut self, to: To) -> &mut Numbers {
        match to {
            To::Hall => &mut self.hall,
            To::Partner => &mut self.partner,
        }
    }
}

/// The kind, speaker and number of a message of the crowd.
fn parse(text: &str) -> Option<(To, u32, u32)> {
    let mut words = text.split(' ');
    let kind = match words.next()? {
        "h" => To::Hall,
        "p" => To::Partner,
        _ => return None,
    };
    Some((kind, words.next()?.parse().ok()?, words.next()?.parse().ok()?))
}
