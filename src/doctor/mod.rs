//! `parlord --doctor`: what a server with this config needs of the machine, whether it is there, and what to do if not.
//! Nothing is changed, and a server may run meanwhile.

#[cfg(feature = "tls")]
mod certificate;
mod clock;
mod limits;
#[cfg(feature = "store")]
mod space;
#[cfg(feature = "store")]
mod store;

use std::fmt;
use std::time::SystemTime;

use crate::config::ServerConfig;
use limits::Machine;

/// A finding about one subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    subject: &'static str,
    /// Tells what is right; or what is wrong, and what to do about it.
    outcome: Result<String, String>,
}

impl Finding {
    fn new(subject: &'static str, outcome: Result<String, String>) -> Self {
        Self { subject, outcome }
    }

    /// True if something is wrong.
    pub fn is_wrong(&self) -> bool {
        self.outcome.is_err()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verdict, text) = match &self.outcome {
            Ok(text) => ("ok", text),
            Err(text) => ("wrong", text),
        };
        write!(f, "{verdict}: {}: {text}", self.subject)
    }
}

/// Examines this machine for a server with this config.
pub fn examine(config: &ServerConfig, now: SystemTime) -> Vec<Finding> {
    let machine = Machine::read();
    #[cfg_attr(not(any(feature = "store", feature = "tls")), allow(unused_mut))]
    let mut findings = vec![
        Finding::new("descriptors", limits::descriptors(config, machine.descriptors)),
        Finding::new("memory", limits::memory(config, machine.memory)),
        Finding::new("clock", clock::check(now)),
    ];
    #[cfg(feature = "tls")]
    findings.push(Finding::new("certificate", certificate::check(config, now)));
    #[cfg(feature = "store")]
    findings.extend(store::check(config, now));
    findings
}

/// Bytes for people.
fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}
