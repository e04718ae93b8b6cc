//! Reloading the config of a running server. It takes effect as a whole or not at all, and closes only connections that
//! exceed a new limit.

use log::{info, warn};

use super::Server;
use crate::bucket::Bucket;
use crate::config::{ConfigError, Limits, ServerConfig};
#[cfg(feature = "store")]
use crate::message::Capabilities;
use crate::message::Now;
use crate::server::Stream;
use crate::server::batch::Batch;
use crate::server::connection::Inlet;

impl<S: Stream> Server<S> {
    /// True when an operator asked for a reload, which must happen before the turn ends.
    pub fn is_asked_to_reload(&self) -> bool {
        !self.reload_asked_by.is_empty()
    }

    /// Applies a config that was read again, or nothing if reading it failed. Returns the outcome in one line, which
    /// the log and the operators who asked get.
    pub fn reload(&mut self, read: Result<ServerConfig, ConfigError>, now: Now) -> String {
        let told = match read {
            Ok(config) => {
                let before = self.house.config.limits;
                #[cfg(feature = "store")]
                let withheld = self.house.withheld();
                let changes = self.house.config.change_to(&config);
                if self.house.config.limits != before {
                    self.change_limits(&before, now);
                }
                self.apply_account_rules(now);
                #[cfg(feature = "store")]
                self.announce_capabilities(withheld, now);
                let told = format!("reload: {changes}");
                info!("{told}");
                told
            }
            Err(error) => {
                let told = format!("reload: {error}; everything stays as it was");
                warn!("{told}");
                told
            }
        };
        self.tell_reloaded(&told, now);
        // A shortened timeout may be over already.
        self.expire(now);
        told
    }

    /// Tells clients which capabilities have come and gone.
    #[cfg(feature = "store")]
    pub(super) fn announce_capabilities(&mut self, before: Capabilities, now: Now) {
        let after = self.house.withheld();
        if before == after {
            return;
        }
        let (offered, withheld) = (before.without(after), after.without(before));
        let open = self.connections.iter().filter(|(_, connection)| connection.is_open());
        let keys: Vec<_> = open.map(|(key, _)| key).collect();
        for key in keys {
            self.with_session(key, now, |session, context| {
                session.capabilities_changed(offered, withheld, context);
            });
        }
        self.pump(now);
    }

    /// Updates everything that is derived from limits.
    fn change_limits(&mut self, old: &Limits, now: Now) {
        let new = self.house.config.limits;
        self.admission.change_limits(&new, now.instant);
        self.hub.set_memory(new.memory_bytes);
        self.seal(now);
        self.batch = Batch::new(new.outbox_bytes);
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            let connection = &mut self.connections[key];
            if !connection.is_open() {
                continue;
            }
            connection.session.change_limits(old, &new);
            if new.flood != old.flood {
                // Tokens counted at another rate do not fit this one.
                connection.bucket = Bucket::new(now.instant);
                if connection.inlet == Inlet::Paused {
                    connection.inlet = Inlet::Backlog;
                }
            }
            if connection.is_hearing() && connection.unsent_bytes() > new.outbox_bytes {
                self.queued(key, now);
            }
            self.settle(key);
        }
        self.shed(now);
    }
}
