//! Opening the store: what other nodes and earlier runs have left in the broker.

use std::collections::HashSet;
use std::time::SystemTime;

use super::Redis;
use super::keys::LAST_EVENT;
use crate::broker::{BrokerError, Command};
use crate::message::EventId;
use crate::store::Opened;

impl Redis {
    /// Reads what outlives all nodes.
    pub(super) fn load(&mut self, now: SystemTime) -> Result<Opened, BrokerError> {
        let accounts = self.names()?;
        let known: HashSet<_> = accounts.iter().map(|(id, _)| *id).collect();
        let last_event = self.exchange.ask(Command::new("GET").key(LAST_EVENT))?;
        let last_event = last_event.text().ok().and_then(|id| id.parse().ok()).unwrap_or(EventId::MIN);
        self.writes.note_last_event(last_event);
        self.load_figures()?;
        let (users, rooms) = (self.load_users()?, self.load_rooms(&known)?);
        let bans = self.load_bans(now)?;
        let notes = self.notes()?;
        Ok(Opened { bans, accounts, users, rooms, last_event, notes })
    }

    /// What operators should know.
    fn notes(&mut self) -> Result<Vec<String>, BrokerError> {
        let mut notes = Vec::new();
        if self.nonsense > 0 {
            notes.push(format!("{} values in the broker make no sense and are left out", self.nonsense));
        }
        // The broker may not let us ask.
        let info = match self.exchange.ask(Command::new("INFO")) {
            Err(BrokerError::Refused(_)) => return Ok(notes),
            info => info?,
        };
        let info = info.text().unwrap_or_default();
        let has = |line: &str| info.lines().any(|other| other == line);
        if has("aof_enabled:0") {
            let note = "the broker forgets the last minutes if it ends at once: set its appendonly to yes";
            notes.push(note.to_owned());
        }
        if info.lines().any(|line| line.starts_with("maxmemory_policy:allkeys")) {
            let note =
                "the broker deletes accounts when its memory is full: set its maxmemory-policy to noeviction";
            notes.push(note.to_owned());
        }
        Ok(notes)
    }
}
