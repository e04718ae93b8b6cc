//! What a process is started for. The program before tells it in its environment.

use std::env;

/// The variable for the role.
pub(in crate::net) const ROLE: &str = "PARLORD_UPGRADE";

/// The variable for the reason of `Role::TakeBack`.
pub(super) const REASON: &str = "PARLORD_UPGRADE_FAILED";

/// The values of `ROLE`.
pub(super) const REHEARSE: &str = "rehearse";
pub(super) const TAKE_OVER: &str = "take over";
pub(super) const TAKE_BACK: &str = "take back";

/// What this process is started for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// To serve.
    Serve,
    /// To tell whether it could take over what its standard input has.
    Rehearse,
    /// To take over from the program before.
    TakeOver,
    /// To go on after a newer program could not take over, for this reason.
    TakeBack(String),
}

impl Role {
    /// The role that the environment names.
    pub fn from_env() -> Self {
        Self::new(|name| env::var(name).ok())
    }

    fn new(variable: impl Fn(&str) -> Option<String>) -> Self {
        match variable(ROLE).as_deref() {
            Some(REHEARSE) => Self::Rehearse,
            Some(TAKE_OVER) => Self::TakeOver,
            Some(TAKE_BACK) => Self::TakeBack(variable(REASON).unwrap_or_default()),
            Some(_) | None => Self::Serve,
        }
    }
}
