use std::sync::Arc;

use crate::name::UserName;
use crate::secret::Guess;
use crate::session::logins::Deadline;

/// What a client has sent before it is registered.
#[derive(Debug)]
pub(super) struct Registration {
    /// The connection closes then.
    pub(super) deadline: Deadline,
    pub(super) name: Option<UserName>,
    pub(super) user: Option<(Arc<str>, Arc<str>)>,
    pub(super) password: Option<Guess>,
    /// The server's password was right.
    pub(super) is_let_in: bool,
    /// Between `CAP LS` or `CAP REQ` and `CAP END`.
    pub(super) negotiates: bool,
}

impl Registration {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self { deadline, name: None, user: None, password: None, is_let_in: false, negotiates: false }
    }

    /// The name that the client has chosen.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(UserName::as_str)
    }
}
