//! How a reload treats an option.

use super::fields::ServerConfig;

pub(super) enum Reload {
    /// Applies the new value.
    AtOnce(Part),
    /// Applies the new value, unless there are other nodes, which must have the same.
    #[cfg(feature = "store")]
    AtOnceIfAlone(Part),
    /// Keeps the old value until a restart: users already know it, or a resource was opened at the start.
    AtRestart(Part),
    /// The row of another option covers the part of the config that this one sets.
    WithAnother,
}

pub(super) struct Part {
    pub(super) differs: fn(&ServerConfig, &ServerConfig) -> bool,
    pub(super) take: fn(&mut ServerConfig, &ServerConfig),
}

/// The part that consists of this field.
macro_rules! part {
    ($($field:ident).+) => {
        Part {
            differs: |old, new| old.$($field).+ != new.$($field).+,
            take: |config, new| config.$($field).+.clone_from(&new.$($field).+),
        }
    };
}
pub(super) use part;
