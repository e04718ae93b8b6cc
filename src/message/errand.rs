//! Errands: questions of a session that take too long for the event loop or need data the session does not have.

#[cfg(feature = "store")]
use super::{AccountErrand, AccountFound, AccountPurpose, Answer, Recall, RecallFor};
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
    /// Ask the store about the past.
    #[cfg(feature = "store")]
    Recall(Box<Recall>),
    /// Log in, or ask or change something about an account.
    #[cfg(feature = "store")]
    Account(Box<AccountErrand>, AccountPurpose),
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
    /// What the store knows.
    #[cfg(feature = "store")]
    Recalled(Box<RecallFor>, Answer),
    /// The result of an errand about an account.
    #[cfg(feature = "store")]
    Account(AccountPurpose, AccountFound),
}

impl From<Check> for Errand {
    fn from(check: Check) -> Self {
        ErrandKind::Check(Box::new(check)).into()
    }
}

impl Errand {
    /// True when the answer belongs to the response to the command, so that it gets the command's label.
    pub(super) fn takes_label(&self) -> bool {
        match &self.kind {
            #[cfg(feature = "store")]
            ErrandKind::Account(..) => true,
            #[cfg(feature = "store")]
            ErrandKind::Recall(recall) => !matches!(recall.purpose, RecallFor::Replay | RecallFor::Missed),
            ErrandKind::Check(_) | ErrandKind::Report | ErrandKind::Reload => true,
        }
    }
}

#[cfg(feature = "store")]
impl From<Recall> for Errand {
    fn from(recall: Recall) -> Self {
        ErrandKind::Recall(Box::new(recall)).into()
    }
}

impl From<ErrandKind> for Errand {
    fn from(kind: ErrandKind) -> Self {
        Self { kind, label: None }
    }
}
