//! What a reload does with an option.

use super::fields::ServerConfig;

/// Each option's row in the table has one.
pub(super) enum Reload {
    /// Puts the new value in force.
    AtOnce(Part),
    /// Keeps the old value until a restart: everybody has been told it, or something was opened at the start.
    AtRestart(Part),
    /// Sets a part of the config that another option has in its row.
    WithAnother,
}

/// The part of a config that an option sets.
pub(super) struct Part {
    pub(super) differs: fn(&ServerConfig, &ServerConfig) -> bool,
    pub(super) take: fn(&mut ServerConfig, &ServerConfig),
}

/// The part that is this field.
macro_rules! part {
    ($($field:ident).+) => {
        Part {
            differs: |old, new| old.$($field).+ != new.$($field).+,
            take: |config, new| config.$($field).+.clone_from(&new.$($field).+),
        }
    };
}
pub(super) use part;
