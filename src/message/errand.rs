//! Errands: questions of a session that take too long for the event loop or need data the session does not have.

use super::{Check, Outcome, Purpose};

/// A question of a session. Errands of a session are done in order, and nothing is read from its peer until the
/// answer.
#[derive(Debug)]
pub struct Errand {
    /// The question.
    pub kind: ErrandKind,
    /// The IRC client's label for the answer.
    pub label: Option<Box<str>>,
}

/// The question of an [`Errand`].
#[derive(Debug)]
pub enum ErrandKind {
    /// Check a password.
    Check(Box<Check>),
    /// Report on the state of the server.
    Report,
    /// Reload the config.
    Reload,
}

/// The answer to an [`Errand`].
#[derive(Debug)]
pub enum Found {
    /// The purpose and result of a password check.
    Checked(Purpose, Outcome),
    /// The lines of the report.
    Report(Vec<String>),
    /// The result of the reload, in one line.
    Reloaded(String),
}

impl From<Check> for Errand {
    fn from(check: Check) -> Self {
        ErrandKind::Check(Box::new(check)).into()
    }
}

impl From<ErrandKind> for Errand {
    fn from(kind: ErrandKind) -> Self {
        Self { kind, label: None }
    }
}
