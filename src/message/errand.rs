//! Errands: what a session has to know before it can go on, and what takes too long to be found out by the way or is not
//! the session's to know.

use super::{Check, Outcome, Purpose};

/// Something to be found out for a session. Errands are done in the order in which they are asked for, and nothing is taken
/// from the peer meanwhile.
#[derive(Debug)]
pub struct Errand {
    /// What.
    pub kind: ErrandKind,
    /// What an IRC client calls the answer.
    pub label: Option<Box<str>>,
}

/// What is to be found out.
#[derive(Debug)]
pub enum ErrandKind {
    /// Whether somebody knows a password.
    Check(Box<Check>),
    /// What there is to see inside the server.
    Report,
    /// What comes of it that the config is read again.
    Reload,
}

/// What was found out.
#[derive(Debug)]
pub enum Found {
    /// Whether the password was right, and what for.
    Checked(Purpose, Outcome),
    /// What there is to see inside the server, in lines.
    Report(Vec<String>),
    /// What came of reading the config again, in a line.
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
