//! Rooms that get another name. Their history is copied: in a Redis Cluster, the old and the new name may be on different machines.

use super::Redis;
use super::keys::{AccountKeys, PLACES, PlaceKeys};
use super::scripts::{BEGIN_MOVING, MOVE_MARKER, MOVE_SEAT};
use crate::broker::{BrokerError, Command, Value};
use crate::cbor;
use crate::message::AccountId;
use crate::name::RoomName;
use crate::store::class::Class;

/// Events copied at once.
const STEP_EVENTS: usize = 500;

/// Accounts looked at in one step.
const STEP_ACCOUNTS: usize = 500;

/// A room gets another name.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) from: RoomName,
    pub(super) to: RoomName,
    /// Tells it from other moves to the same name.
    pub(super) by: String,
}

impl Redis {
    /// Gives all that is kept of a room to the same room under its new name. Each step may be done twice: what is moved
    /// already is not there any longer.
    pub(super) fn move_room(&mut self, moving: &Move) -> Result<(), BrokerError> {
        let (from, to) = (moving.from.folded(), moving.to.folded());
        self.move_seats(&from, &moving.to)?;
        if from == to {
            return Ok(());
        }
        self.move_markers(&from, &to)?;
        let (old, new) = (PlaceKeys::of(&from), PlaceKeys::of(&to));
        self.begin_moving(&old, &new, &moving.by)?;
        self.list_like(&from, &to)?;
        for class in Class::ALL {
            self.move_events(&old.events(class), &new.events(class))?;
        }
        // The limit went with it.
        self.exchange.ask(Command::new("HDEL").key(&old.state()).arg("lines").arg("age")).map(|_| ())
    }

    /// Empties the new place, and gives it the limit of the old one, if that was not done before.
    fn begin_moving(&mut self, old: &PlaceKeys, new: &PlaceKeys, by: &str) -> Result<(), BrokerError> {
        let limit = Command::new("HMGET").key(&old.state()).arg("lines").arg("age");
        let [lines, age] = self.exchange.ask(limit)?.into_array()?;
        let keys = new.all();
        let begin = BEGIN_MOVING.command(&keys.each_ref().map(String::as_str)).arg(by);
        let begin = match (lines.bytes(), age.bytes()) {
            (Ok(lines), Ok(age)) => begin.arg(lines).arg(age),
            _ => begin.arg("").arg(""),
        };
        let more = self.exchange.ask(begin)?;
        self.count(&more);
        Ok(())
    }

    /// Lists the new place, before anything is there.
    fn list_like(&mut self, from: &str, to: &str) -> Result<(), BrokerError> {
        let listed = self.exchange.ask(Command::new("ZSCORE").key(PLACES).arg(from))?;
        if let Some(at) = listed.optional() {
            let list = Command::new("ZADD").key(PLACES).arg("GT").arg(at.into_bytes()?).arg(to);
            self.exchange.ask(list)?;
        }
        Ok(())
    }

    /// Moves the events of a class, oldest first. What is recorded late under the old name stays there.
    fn move_events(&mut self, old: &str, new: &str) -> Result<(), BrokerError> {
        loop {
            let first = Command::new("ZRANGE").key(old).arg(0_u8).arg(STEP_EVENTS - 1);
            let events = self.exchange.ask(first)?.into_list()?;
            let (mut add, mut remove) = (Command::new("ZADD").key(new), Command::new("ZREM").key(old));
            for event in &events {
                add = add.arg(0_u8).arg(event.bytes()?);
                remove.push(event.bytes()?);
            }
            if events.is_empty() {
                return Ok(());
            }
            // One after the other, so that nothing is removed that was not added.
            self.exchange.ask(add)?;
            self.exchange.ask(remove)?;
        }
    }

    /// Lets users that stay keep their seats.
    fn move_seats(&mut self, from: &str, to: &RoomName) -> Result<(), BrokerError> {
        for ids in self.staying()?.chunks(STEP_ACCOUNTS) {
            let seats = self.seats_in(ids, from)?;
            let commands = seats.into_iter().map(|(id, rank)| {
                let seat = cbor::encode(&(to.clone(), rank));
                MOVE_SEAT.command(&[&AccountKeys(id).stay()]).arg(from).arg(to.folded()).arg(seat)
            });
            self.exchange.ask_all(&commands.collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Lets read markers follow.
    fn move_markers(&mut self, from: &str, to: &str) -> Result<(), BrokerError> {
        let ids: Vec<_> = self.names()?.into_iter().map(|(id, _)| id).collect();
        for ids in ids.chunks(STEP_ACCOUNTS) {
            let marker = |id: &AccountId| Command::new("ZSCORE").key(&AccountKeys(*id).markers()).arg(from);
            let markers = self.exchange.ask_all(&ids.iter().map(marker).collect::<Vec<_>>())?;
            let marked = ids.iter().zip(markers).filter(|(_, at)| *at != Value::Nil);
            let commands =
                marked.map(|(id, _)| MOVE_MARKER.command(&[&AccountKeys(*id).markers()]).arg(from).arg(to));
            self.exchange.ask_all(&commands.collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
