//! What the server says of itself, and what it asks of its guests: the same for every session.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use log::{info, warn};

use super::cloak::Cloak;
use crate::config::{Limits, Operator, ServerConfig, read_motd};
use crate::secret::Secret;

/// The server as its guests see it.
#[derive(Debug)]
pub struct House {
    /// What IRC clients see as the server's name.
    pub name: String,
    /// The message of the day, a line each; none when there is none.
    pub motd: Vec<String>,
    motd_file: Option<PathBuf>,
    /// Where IRC clients are to come with TLS, if they can.
    pub sts_port: Option<u16>,
    /// What everybody must know to come in.
    pub password: Option<Secret>,
    /// Who may become an operator of the server.
    pub operators: Vec<Operator>,
    /// What every connection is held to.
    pub limits: Limits,
    /// Bans outlive a restart.
    pub keeps_bans: bool,
    /// When the server started.
    pub started: SystemTime,
    pub(super) cloak: Cloak,
}

impl House {
    /// The house of a server that starts now.
    pub fn new(config: &ServerConfig, started: SystemTime) -> Self {
        let mut house = Self {
            name: config.server_name.clone(),
            motd: Vec::new(),
            motd_file: config.motd_file.clone(),
            sts_port: None,
            password: config.password.clone(),
            operators: config.operators.clone(),
            limits: config.limits,
            keeps_bans: config.state.is_some(),
            started,
            cloak: Cloak::default(),
        };
        house.reload();
        house
    }

    /// Reads the message of the day again. Where that fails, the old one stands.
    pub fn reload(&mut self) {
        let Some(path) = &self.motd_file else { return };
        match read_motd(path) {
            Ok(motd) => {
                info!("{}: {} lines", path.display(), motd.len());
                self.motd = motd;
            }
            Err(error) => warn!("the message of the day stays as it is: {error}"),
        }
    }

    /// How long the server has been up.
    pub fn up(&self, now: SystemTime) -> Duration {
        now.duration_since(self.started).unwrap_or_default()
    }

    /// Most bytes of one answer with a line for each user or room: what is longer is cut, and says so. Half the outbox,
    /// so that asking alone does not fill it.
    pub(super) fn answer_bytes(&self) -> usize {
        self.limits.outbox_bytes / 2
    }

    /// Begins the ids of messages, so that those of an earlier run are different.
    pub(super) fn message_id_prefix(&self) -> u64 {
        let since = self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }
}

/// How long the server has been up, for people.
pub fn uptime(up: Duration) -> String {
    let up = up.as_secs();
    let (days, hours, minutes, seconds) = (up / 86_400, up / 3600 % 24, up / 60 % 60, up % 60);
    format!("{days} days {hours}:{minutes:02}:{seconds:02}")
}
