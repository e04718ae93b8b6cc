//! What differs between the config that is in force and one that was read while the server runs, and what of it can
//! be put in force without a restart. Whoever adds an option says so here.

use std::fmt;

use super::ServerConfig;

/// What a config that was read again changes, by the names of the options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// In force from now on.
    pub at_once: Vec<&'static str>,
    /// Differs, and stays as it was: only a restart changes it.
    pub at_restart: Vec<&'static str>,
}

/// One option's part of a config.
struct Part {
    name: &'static str,
    differs: fn(&ServerConfig, &ServerConfig) -> bool,
    take: fn(&mut ServerConfig, &ServerConfig),
}

/// The part with this name, which is that field.
macro_rules! part {
    ($name:literal, $($field:ident).+) => {
        Part {
            name: $name,
            differs: |old, new| old.$($field).+ != new.$($field).+,
            take: |config, new| config.$($field).+.clone_from(&new.$($field).+),
        }
    };
}

/// What a reload changes. `password` stands for both of its options, and `tls-cert` for everything that a certificate
/// comes from.
const AT_ONCE: &[Part] = &[
    part!("motd", motd),
    part!("password", password),
    part!("oper", operators),
    part!("proxy-from", proxy_from),
    part!("max-connections", limits.connections),
    part!("max-per-ip", limits.connections_per_ip),
    part!("flood", limits.flood),
    part!("frame", limits.frame_bytes),
    part!("outbox", limits.outbox_bytes),
    part!("memory", limits.memory_bytes),
    part!("login-timeout", limits.login_timeout),
    part!("ping", limits.ping_after),
    // Where there is none any more, the old one is shown until a restart: listeners stay, too.
    #[cfg(feature = "tls")]
    Part {
        differs: |old, new| new.tls.credentials.is_some() && old.tls.credentials != new.tls.credentials,
        ..part!("tls-cert", tls.credentials)
    },
];

/// What everybody has been told, or what was opened at the start.
const AT_RESTART: &[Part] = &[
    part!("listen", listen),
    #[cfg(feature = "tls")]
    part!("tls-listen", tls.listen),
    part!("server-name", server_name),
    part!("lobby", lobby),
    part!("state", state),
    part!("allow-root", allow_root),
    #[cfg(feature = "metrics")]
    part!("metrics", metrics),
];

impl ServerConfig {
    /// Takes over what of `new` can be put in force while the server runs, and tells what that was, and what was not.
    pub fn change_to(&mut self, new: &Self) -> Changes {
        let mut changes = Changes::default();
        for part in AT_ONCE {
            if (part.differs)(self, new) {
                (part.take)(self, new);
                changes.at_once.push(part.name);
            }
        }
        let waiting = AT_RESTART.iter().filter(|part| (part.differs)(self, new));
        changes.at_restart.extend(waiting.map(|part| part.name));
        changes
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
    use std::collections::BTreeSet;

    use super::super::settings::SETTINGS;
    use super::*;

    #[test]
    fn every_option_is_one_that_a_reload_changes_or_one_that_only_a_restart_does() {
        let parts: Vec<_> = AT_ONCE.iter().chain(AT_RESTART).map(|part| part.name).collect();
        let named: BTreeSet<_> = parts.iter().copied().collect();
        let options: BTreeSet<_> = SETTINGS.iter().map(|setting| setting.long).collect();
        assert_eq!(named.len(), parts.len(), "an option is there twice");
        assert_eq!(named, &options - &BTreeSet::from(["password-file", "tls-key", "self-signed"]));
    }

    #[test]
    fn what_can_be_changed_is_and_the_rest_stays_and_is_named_again_and_again() {
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
