use std::sync::Arc;

#[cfg(feature = "upgrade")]
use crate::cbor::map;
#[cfg(feature = "store")]
use crate::message::AccountId;
use crate::name::UserName;
use crate::secret::Guess;
#[cfg(feature = "store")]
use crate::session::accounts::Login;
use crate::session::logins::Deadline;

/// What a client has sent before it is registered.
#[derive(Debug)]
pub(super) struct Registration {
    /// The connection closes then.
    pub(super) deadline: Deadline,
    pub(super) name: Option<UserName>,
    pub(super) user: Option<(Arc<str>, Arc<str>)>,
    pub(super) password: Option<Guess>,
    /// An account and its password, if the password can be understood so.
    #[cfg(feature = "store")]
    pub(super) login: Option<(Login, Guess)>,
    /// The account that the client is logged in to, and the name of its device.
    #[cfg(feature = "store")]
    pub(super) account: Option<(AccountId, Box<str>)>,
    /// How often authentication has failed.
    #[cfg(feature = "store")]
    pub(super) failures: u8,
    /// The away message with which the client comes.
    #[cfg(feature = "store")]
    pub(super) away: Option<Arc<str>>,
    /// The server's password was right.
    pub(super) is_let_in: bool,
    /// Between `CAP LS` or `CAP REQ` and `CAP END`.
    pub(super) negotiates: bool,
}

#[cfg(feature = "upgrade")]
map!(Registration {
    0: deadline,
    1: name,
    2: user,
    3: password,
    4: login,
    5: account,
    6: failures,
    7: away,
    8: is_let_in,
    9: negotiates,
});

impl Registration {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self {
            deadline,
            name: None,
            user: None,
            password: None,
            #[cfg(feature = "store")]
            away: None,
            #[cfg(feature = "store")]
            login: None,
            #[cfg(feature = "store")]
            account: None,
            #[cfg(feature = "store")]
            failures: 0,
            is_let_in: false,
            negotiates: false,
        }
    }

    /// The name that the client has chosen.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(UserName::as_str)
    }
}
