//! Compares a config that was read again with the one in force, and applies what does not need a restart.

use std::fmt;

use super::ServerConfig;
use super::reload::Reload;
use super::settings::SETTINGS;

/// The changes of a reload, by the names of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changed, and applied.
    pub at_once: Vec<&'static str>,
    /// Changed, but applied only by a restart.
    pub at_restart: Vec<&'static str>,
}

impl ServerConfig {
    /// Applies those parts of `new` that do not need a restart, and returns all changes.
    pub fn change_to(&mut self, new: &Self) -> Changes {
        let mut changes = Changes::default();
        for setting in SETTINGS {
            match &setting.reload {
                Reload::AtOnce(part) if (part.differs)(self, new) => {
                    (part.take)(self, new);
                    changes.at_once.push(setting.long);
                }
                #[cfg(feature = "store")]
                Reload::AtOnceIfAlone(part) if (part.differs)(self, new) && self.is_alone() => {
                    (part.take)(self, new);
                    changes.at_once.push(setting.long);
                }
                #[cfg(feature = "store")]
                Reload::AtOnceIfAlone(part) if (part.differs)(self, new) => {
                    changes.at_restart.push(setting.long);
                }
                Reload::AtRestart(part) if (part.differs)(self, new) => changes.at_restart.push(setting.long),
                #[cfg(feature = "store")]
                Reload::AtOnceIfAlone(_) => {}
                Reload::AtOnce(_) | Reload::AtRestart(_) | Reload::WithAnother => {}
            }
        }
        changes
    }

    /// True without other nodes.
    #[cfg(feature = "store")]
    fn is_alone(&self) -> bool {
        #[cfg(feature = "cluster")]
        return !self.cluster.is_on();
        #[cfg(not(feature = "cluster"))]
        true
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at_once.as_slice() {
            [] => f.write_str("nothing has changed")?,
            names => f.write_str(&names.join(", "))?,
        }
        if !self.at_restart.is_empty() {
            write!(f, "; only a restart changes: {}", self.at_restart.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reloadable_options_change_and_others_stay_and_are_named_each_time() {
        let mut config = ServerConfig::default();
        let mut new =
            ServerConfig { motd: vec!["tea".into()], server_name: "new.example".into(), ..config.clone() };
        new.limits.flood = None;
        let changes = config.change_to(&new);
        assert_eq!(changes.to_string(), "motd, flood; only a restart changes: server-name");
        assert_eq!(config, ServerConfig { server_name: "parlor.local".into(), ..new.clone() });
        let changes = config.change_to(&new);
        assert_eq!(changes.to_string(), "nothing has changed; only a restart changes: server-name");
        let same = config.clone();
        assert_eq!(config.change_to(&same).to_string(), "nothing has changed");
    }
}
