//! The real programs, as processes.

#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "store")]
mod accounts;
mod announcing;
#[cfg(feature = "store")]
mod backup;
mod bans;
mod both;
#[cfg(feature = "tls")]
mod certificates;
#[cfg(feature = "tools")]
mod checking;
#[cfg(target_os = "linux")]
mod descriptors;
#[cfg(feature = "tools")]
mod doctor;
mod hashing;
#[cfg(feature = "store")]
mod history;
mod logging;
#[cfg(feature = "metrics")]
mod metrics;
mod openwrt;
#[cfg(feature = "store")]
mod registered_rooms;
mod reloading;
#[cfg(feature = "store")]
mod secrets;
mod service;
mod sturdy;
