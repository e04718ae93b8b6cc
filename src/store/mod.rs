//! The store: what outlives a restart. This is its interface; nothing is kept yet.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};


use crate::message::{Answer, Ban, EventId, Query, Record};

/// Where and how much the store keeps.
#[derive(Debug)]
pub struct StoreConfig {
    pub directory: PathBuf,
    pub age: Option<Duration>,
    pub lines: u32,
    pub bytes: u64,
}

/// The side of the event loop.
#[derive(Debug, Default)]
pub struct Store {
    asked: Vec<u64>,
    has_stopped: bool,
}

/// What an earlier run has kept.
#[derive(Debug)]
pub struct Opened {
    pub bans: Vec<Ban>,
    pub last_event: EventId,
    pub notes: Vec<String>,
}

/// Why the store cannot be opened.
#[derive(Debug)]
pub struct StoreError;

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store cannot be opened")
    }
}

/// What the store tells the loop.
#[derive(Debug)]
pub enum Reply {
    Answer(u64, Answer),
    HasRoom,
    BansSaved(Result<(), String>),
    Failing(String),
    Recovered { lost: u64 },
    Stopped,
}

impl Store {
    pub fn open(
        _: &StoreConfig,
        _: impl Fn() + Send + 'static,
        _: SystemTime,
    ) -> Result<(Self, Opened), StoreError> {
        let opened = Opened { bans: Vec::new(), last_event: EventId::MIN, notes: Vec::new() };
        Ok((Self::default(), opened))
    }

    pub fn record(&mut self, _: Record) {}

    pub fn ask(&mut self, number: u64, _: Query) {
        self.asked.push(number);
    }

    pub fn save_bans(&mut self, _: Vec<Ban>) {}

    pub fn flush(&mut self, _: SystemTime) {}

    pub fn fetch(&mut self) -> Option<Reply> {
        None
    }

    pub fn is_full(&self) -> bool {
        false
    }

    pub fn is_overfull(&self) -> bool {
        false
    }

    pub fn queued_bytes(&self) -> usize {
        0
    }

    pub fn stop(&mut self) {
        self.has_stopped = true;
    }
}
