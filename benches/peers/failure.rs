//! Why a run has no figures.

use std::fmt::{self, Display, Formatter};
use std::io;

#[derive(Debug)]
pub(crate) enum Failure {
    /// The deadline passed: a `–` in the table.
    Late,
    /// A message was lost, duplicated, reordered or changed, or the bench itself failed. Ends the bench.
    Wrong(String),
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Late => f.write_str("not done by the deadline"),
            Self::Wrong(what) => f.write_str(what),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Wrong(error.to_string())
    }
}
