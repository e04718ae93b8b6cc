//! The server's identity and config, shared by all sessions.

use std::time::{Duration, SystemTime};

use super::cloak::Cloak;
#[cfg(feature = "store")]
use crate::config::AccountPolicy;
use crate::config::{Operator, ServerConfig};
use crate::message::{Capabilities, Check, Outcome, Purpose};

/// The server as its peers see it.
#[derive(Debug)]
pub struct House {
    /// The server's name on IRC.
    pub name: String,
    /// The current config. A reload changes parts of it.
    pub config: ServerConfig,
    /// The port to which IRC clients should switch for TLS.
    pub sts_port: Option<u16>,
    /// Bans outlive a restart.
    pub keeps_bans: bool,
    /// Names can be registered.
    #[cfg(feature = "store")]
    pub has_accounts: bool,
    /// There is a history that clients can ask for.
    #[cfg(feature = "store")]
    pub keeps_history: bool,
    /// When the server started.
    pub started: SystemTime,
    pub(super) cloak: Cloak,
}

impl House {
    /// The house of a server that started at `started`.
    pub fn new(config: &ServerConfig, started: SystemTime) -> Self {
        Self {
            name: config.server_name.clone(),
            config: config.clone(),
            sts_port: None,
            keeps_bans: cfg!(not(feature = "store")) && config.state.is_some(),
            #[cfg(feature = "store")]
            has_accounts: false,
            #[cfg(feature = "store")]
            keeps_history: false,
            started,
            cloak: Cloak::default(),
        }
    }

    /// Makes the cloaks that all nodes make with this text.
    #[cfg(feature = "cluster")]
    pub fn share_cloaks(&mut self, secret: &str) {
        self.cloak.share(secret);
    }

    /// The outcome of a check, unless a reload has changed the password since it was asked.
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

    /// True when clients may request this capability.
    #[cfg(feature = "store")]
    pub(super) fn offers(&self, capability: Capabilities) -> bool {
        !self.withheld().has(capability)
    }

    /// True when clients may request this capability.
    #[cfg(not(feature = "store"))]
    pub(super) fn offers(&self, _: Capabilities) -> bool {
        true
    }

    /// The capabilities that clients cannot request at present.
    #[cfg(feature = "store")]
    pub fn withheld(&self) -> Capabilities {
        let mut withheld = Capabilities::NONE;
        if !self.keeps_history {
            withheld = withheld.and(Capabilities::OF_HISTORY);
        }
        #[cfg(feature = "cluster")]
        if self.config.cluster.is_on() {
            // A broker cannot search.
            withheld = withheld.and(Capabilities::SEARCH);
        }
        if !self.has_accounts {
            withheld = withheld.and(Capabilities::SASL).and(Capabilities::READ_MARKER);
        }
        if !self.has_accounts || self.config.accounts.policy != AccountPolicy::Open {
            withheld = withheld.and(Capabilities::ACCOUNT_REGISTRATION);
        }
        withheld
    }

    /// How long the server has been up.
    pub fn up(&self, now: SystemTime) -> Duration {
        now.duration_since(self.started).unwrap_or_default()
    }

    /// Most bytes of one answer that lists users or rooms. A longer answer is cut and says so. Half the outbox, so
    /// that one question cannot fill it.
    pub(super) fn answer_bytes(&self) -> usize {
        self.config.limits.outbox_bytes / 2
    }

    /// Most bytes of the lines of one message; the rest of the text is cut. Half an answer, so that every message fits
    /// into an answer about the past.
    pub(super) fn message_bytes(&self) -> usize {
        self.answer_bytes() / 2
    }
}

/// Formats an uptime for people.
pub fn uptime(up: Duration) -> String {
    let up = up.as_secs();
    let (days, hours, minutes, seconds) = (up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
    format!("{days} days {hours}:{minutes:02}:{seconds:02}")
}
