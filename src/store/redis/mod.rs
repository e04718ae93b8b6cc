//! The database as keys of a broker, which several nodes share.
//!
//! The history of a place is two sorted sets, of messages and of other events, whose members begin with the event's id and have
//! all the same score: so the broker sorts them by id. A stream would take half the memory, but takes an entry only if its id is
//! the largest: nodes write at about the same time, and the history must be in the order of ids whoever comes first. Members
//! may be added twice without harm, intervals of ids are exact, and what is too old or too much is a range, too.
//!
//! Nothing needs a transaction that lasts: what must happen at once is a script.

mod account_changes;
mod account_records;
mod accounts;
mod exchange;
mod expiry;
mod keys;
mod members;
mod opening;
mod reading;
mod renaming;
mod saved;
mod scripts;
mod writing;

use std::time::{Duration, SystemTime};

use super::database::{Database, Figures};
use super::limits::Limits;
use super::question::Question;
use super::{BrokerConfig, Opened, StoreError};
use crate::message::{AccountAnswer, AccountQuery, Answer, Ban, Record};
use exchange::Exchange;
use expiry::Sweep;
use writing::Writes;

/// How long the first record of a group waits for others: a round trip for each would cost more time than it saves.
const GATHER: Duration = Duration::from_millis(5);

/// The broker, and what is known of it.
#[derive(Debug)]
pub(super) struct Redis {
    exchange: Exchange,
    limits: Limits,
    writes: Writes,
    sweep: Sweep,
    /// What the last sweep has found, and what this node has added since.
    figures: Figures,
    /// Values found at the start that make no sense.
    nonsense: usize,
}

impl Redis {
    /// Connects to the broker, and reads what outlives all nodes.
    pub(super) fn open(config: &BrokerConfig, now: SystemTime) -> Result<(Self, Opened), StoreError> {
        let BrokerConfig { broker, age, lines, bytes } = config;
        let mut database = Self {
            exchange: Exchange::new(broker.clone()),
            limits: Limits { age: *age, lines: *lines, bytes: *bytes },
            writes: Writes::default(),
            sweep: Sweep::default(),
            figures: Figures::default(),
            nonsense: 0,
        };
        let opened = database.load(now);
        let opened = database.exchange.in_words(opened).map_err(StoreError::new)?;
        Ok((database, opened))
    }
}

impl Database for Redis {
    /// What is not committed is lost when the node is killed, and what others may ask for.
    fn gather(&self) -> Duration {
        GATHER
    }

    /// Other nodes need a moment more than they gather.
    fn settle(&self) -> Duration {
        3 * GATHER
    }

    fn retry(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        for record in records {
            self.writes.write(record, &self.limits);
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), String> {
        let sent = self.send();
        self.exchange.in_words(sent)?;
        self.writes.committed();
        Ok(())
    }

    fn roll_back(&mut self) {
        self.writes.forget();
    }

    fn answer(&mut self, question: &mut Question, now: SystemTime) -> Result<Option<Answer>, String> {
        let answer = self.send().and_then(|()| self.answer_step(question, now));
        self.exchange.in_words(answer)
    }

    fn expire(&mut self, now: SystemTime) -> Result<bool, String> {
        let is_more = self.expire_step(now);
        self.exchange.in_words(is_more)
    }

    fn account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, String> {
        let answer = self.send().and_then(|()| match query {
            AccountQuery::Change(change) => self.change_account(change),
            _ => self.answer_account(query),
        });
        self.exchange.in_words(answer)
    }

    fn save_bans(&mut self, bans: &[Ban]) -> Result<(), String> {
        let saved = self.store_bans(bans);
        self.exchange.in_words(saved)
    }

    fn figures(&mut self) -> Figures {
        self.figures
    }
}
