//! A Redis Cluster: servers that have a part of the slots each.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::command::Command;
use super::error::BrokerError;
use super::sentinel::address;
use super::single::Single;
use super::value::Value;
use super::{Broker, TIMEOUT};
use crate::address::Address;

/// How often a command follows keys that have moved.
const MOST_MOVES: usize = 5;

type Answer = Result<Value, BrokerError>;

pub(super) struct Spread {
    broker: Broker,
    patience: Duration,
    /// Ranges of slots, each with the index in `servers` of the server that has them.
    slots: Vec<(RangeInclusive<u16>, usize)>,
    servers: Vec<Address>,
    /// Open connections, by number.
    lines: HashMap<usize, Single>,
}

impl Spread {
    pub(super) fn open(broker: &Broker) -> Result<Self, BrokerError> {
        let (broker, servers) = (broker.clone(), broker.servers.clone());
        let mut spread =
            Self { broker, patience: TIMEOUT, slots: Vec::new(), servers, lines: HashMap::new() };
        spread.learn()?;
        Ok(spread)
    }

    pub(super) fn set_patience(&mut self, time: Duration) -> Result<(), BrokerError> {
        self.patience = time;
        self.lines.values().try_for_each(|line| line.set_patience(time))
    }

    /// Asks several questions at once: each server is asked all of its own together.
    pub(super) fn ask_all(&mut self, commands: &[Command]) -> Result<Vec<Answer>, BrokerError> {
        let owners: Vec<usize> = commands.iter().map(|command| self.owner(command.slot)).collect();
        let mut asked = owners.clone();
        asked.sort_unstable();
        asked.dedup();
        for &server in &asked {
            let own = commands.iter().zip(&owners).filter(|(_, owner)| **owner == server);
            self.line(server)?.send(own.map(|(command, _)| command))?;
        }
        let mut answers = Vec::with_capacity(commands.len());
        for &owner in &owners {
            answers.push(self.line(owner)?.answer()?);
        }
        for (answer, command) in answers.iter_mut().zip(commands) {
            for _ in 0..MOST_MOVES {
                let Some((is_for_good, server)) = answer.as_ref().err().and_then(moved) else { break };
                *answer = self.follow(is_for_good, server, command)?;
            }
        }
        Ok(answers)
    }

    /// Asks the server to which a key has moved, or is about to move.
    fn follow(
        &mut self,
        is_for_good: bool,
        server: Address,
        command: &Command,
    ) -> Result<Answer, BrokerError> {
        if is_for_good {
            self.learn()?;
        }
        let server = self.number(server);
        let line = self.line(server)?;
        let asking = [Command::new("ASKING")];
        let before = if is_for_good { &[][..] } else { &asking };
        line.send(before.iter().chain([command]))?;
        for _ in before {
            line.answer()?.map(drop).ok();
        }
        line.answer()
    }

    /// Learns who has which slots, from the first server that tells.
    fn learn(&mut self) -> Result<(), BrokerError> {
        let mut failure = BrokerError::broken("there is no server");
        for server in 0..self.servers.len() {
            let told = self.line(server).and_then(|line| line.ask(&Command::new("CLUSTER SLOTS")));
            let from = self.servers.get(server).cloned();
            match told.and_then(|told| parse_slots(told, from.as_ref())) {
                Ok(slots) if slots.is_empty() => failure = BrokerError::broken("no server has any slots"),
                Ok(slots) => {
                    self.slots =
                        slots.into_iter().map(|(range, owner)| (range, self.number(owner))).collect();
                    return Ok(());
                }
                Err(error) => {
                    self.lines.remove(&server);
                    failure = error;
                }
            }
        }
        Err(failure)
    }

    /// The server that has this slot. Any can carry out a command without keys.
    fn owner(&self, slot: Option<u16>) -> usize {
        let owner = |slot: u16| self.slots.iter().find(|(range, _)| range.contains(&slot));
        slot.and_then(owner).or(self.slots.first()).map_or(0, |(_, server)| *server)
    }

    fn number(&mut self, server: Address) -> usize {
        self.servers.iter().position(|known| *known == server).unwrap_or_else(|| {
            self.servers.push(server);
            self.servers.len() - 1
        })
    }

    fn line(&mut self, server: usize) -> Result<&mut Single, BrokerError> {
        if !self.lines.contains_key(&server) {
            let address =
                self.servers.get(server).ok_or_else(|| BrokerError::broken("there is no server"))?;
            let line = Single::open(address, &self.broker)?;
            line.set_patience(self.patience)?;
            self.lines.insert(server, line);
        }
        self.lines.get_mut(&server).ok_or_else(|| BrokerError::broken("there is no connection"))
    }
}

/// `[[first, last, [host, port, ...], replicas...], ...]`. A host that a server does not know is its own.
fn parse_slots(
    told: Value,
    from: Option<&Address>,
) -> Result<Vec<(RangeInclusive<u16>, Address)>, BrokerError> {
    let ranges = told.into_list()?.into_iter().map(|range| {
        let mut range = range.into_list()?.into_iter();
        let mut next = || range.next().unwrap_or(Value::Nil);
        let (first, last, owner) = (next().number()?, next().number()?, next());
        let mut owner = owner.into_list()?.into_iter();
        let (host, port) = (owner.next().unwrap_or(Value::Nil), owner.next().unwrap_or(Value::Nil));
        let owner = match (host, from) {
            (Value::Nil, Some(Address::Tcp { host, .. })) => {
                Address::Tcp { host: host.clone(), port: port.number()? }
            }
            (host, _) => address(&host, &port)?,
        };
        Ok((first..=last, owner))
    });
    ranges.collect()
}

/// Reads from a refusal which server has the key: `MOVED SLOT HOST:PORT` means from now on, which gives true, and
/// `ASK SLOT HOST:PORT` this time only. `None` for other refusals.
fn moved(error: &BrokerError) -> Option<(bool, Address)> {
    let BrokerError::Refused(words) = error else { return None };
    let mut words = words.split(' ');
    let is_for_good = match words.next()? {
        "MOVED" => true,
        "ASK" => false,
        _ => return None,
    };
    // An IPv6 address stands there without brackets.
    let (host, port) = words.nth(1)?.rsplit_once(':')?;
    let port = port.parse().ok()?;
    Some((is_for_good, Address::Tcp { host: host.to_owned(), port })).filter(|_| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::value::read_value;

    fn at(host: &str, port: u16) -> Address {
        Address::Tcp { host: host.into(), port }
    }

    #[test]
    fn slots_belong_to_the_first_server_of_each_range() {
        let told = b"*2\r\n*4\r\n:0\r\n:5460\r\n*3\r\n$8\r\n10.0.0.1\r\n:7000\r\n$2\r\nid\r\n*2\r\n$8\r\n10.0.0.9\r\n:7000\r\n\
            *3\r\n:5461\r\n:16383\r\n*2\r\n$-1\r\n:7001\r\n";
        let told = read_value(&mut &told[..]).unwrap();
        let slots = parse_slots(told, Some(&at("seed", 7000)));
        assert_eq!(slots, Ok(vec![(0..=5460, at("10.0.0.1", 7000)), (5461..=16383, at("seed", 7001))]));
        for odd in [&b"*1\r\n*1\r\n:0\r\n"[..], b"*1\r\n*3\r\n:0\r\n:99999\r\n*2\r\n+h\r\n:1\r\n", b":1\r\n"]
        {
            assert!(parse_slots(read_value(&mut &odd[..]).unwrap(), None).is_err());
        }
    }

    #[test]
    fn refusals_tell_where_a_key_is() {
        let moved = |words: &str| moved(&BrokerError::refused(words.as_bytes()));
        assert_eq!(moved("MOVED 3999 127.0.0.1:6381"), Some((true, at("127.0.0.1", 6381))));
        assert_eq!(moved("ASK 3999 ::1:6381"), Some((false, at("::1", 6381))));
        for other in
            ["MOVED", "MOVED 1 :6381", "MOVED 1 h:x", "ERR MOVED 1 h:1", "CLUSTERDOWN The cluster is down"]
        {
            assert_eq!(moved(other), None, "{other}");
        }
    }
}
