//! What the server says of itself, and what it asks of its guests: the same for every session.

use std::time::{Duration, SystemTime};

use super::cloak::Cloak;
use crate::config::{Operator, ServerConfig};
use crate::message::{Check, Outcome, Purpose};

/// The server as its guests see it.
#[derive(Debug)]
pub struct House {
    /// What IRC clients see as the server's name.
    pub name: String,
    /// What is in force. Some of it may change while the server runs.
    pub config: ServerConfig,
    /// Where IRC clients are to come with TLS, if they can.
    pub sts_port: Option<u16>,
    /// When the server started.
    pub started: SystemTime,
    pub(super) cloak: Cloak,
}

impl House {
    /// The house of a server that starts now.
    pub fn new(config: &ServerConfig, started: SystemTime) -> Self {
        Self {
            name: config.server_name.clone(),
            config: config.clone(),
            sts_port: None,
            started,
            cloak: Cloak::default(),
        }
    }

    /// Whether a verdict still counts: a reload may have taken back meanwhile what was right when it was asked.
    pub fn confirms(&self, check: &Check, outcome: Outcome) -> Outcome {
        let is_in_force = match (&check.purpose, &self.config.password) {
            (Purpose::LogIn(_) | Purpose::Register, None) => return Outcome::Right,
            (Purpose::LogIn(_) | Purpose::Register, Some(password)) => *password == check.secret,
            (Purpose::Operate(None), _) => false,
            (Purpose::Operate(Some(name)), _) => {
                let mut operators = self.config.operators.iter();
                operators.any(|o: &Operator| *o.name == **name && o.password == check.secret)
            }
        };
        if outcome == Outcome::Right && !is_in_force { Outcome::Wrong } else { outcome }
    }

    /// How long the server has been up.
    pub fn up(&self, now: SystemTime) -> Duration {
        now.duration_since(self.started).unwrap_or_default()
    }

    /// Most bytes of one answer with a line for each user or room: what is longer is cut, and says so. Half the outbox,
    /// so that asking alone does not fill it.
    pub(super) fn answer_bytes(&self) -> usize {
        self.config.limits.outbox_bytes / 2
    }
}

/// How long the server has been up, for people.
pub fn uptime(up: Duration) -> String {
    let up = up.as_secs();
    let (days, hours, minutes, seconds) = (up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
    format!("{days} days {hours}:{minutes:02}:{seconds:02}")
}
