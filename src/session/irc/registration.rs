//! What a client has told before it is registered.

use std::rc::Rc;
use std::time::Instant;

use crate::name::UserName;
use crate::secret::Guess;

/// What a client has told so far.
#[derive(Debug)]
pub(super) struct Registration {
    /// The connection is closed at this time.
    pub(super) until: Instant,
    pub(super) name: Option<UserName>,
    pub(super) user: Option<(Rc<str>, Rc<str>)>,
    pub(super) password: Option<Guess>,
    /// Has shown that it knows the server's password.
    pub(super) is_let_in: bool,
    /// Between `CAP LS` or `CAP REQ` and `CAP END`.
    pub(super) negotiates: bool,
}

impl Registration {
    pub(super) fn new(until: Instant) -> Self {
        Self { until, name: None, user: None, password: None, is_let_in: false, negotiates: false }
    }

    /// The name that the client wants.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(UserName::as_str)
    }
}
