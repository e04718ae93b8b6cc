//! Logging in to accounts and registering them, as every wire and the services do it.

use std::fmt;

use super::context::Context;
#[cfg(feature = "upgrade")]
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer};
use crate::config::AccountPolicy;
use crate::hub::Device;
use crate::message::{AccountErrand, ConnectionId, Profile, Refusal, UserId};
use crate::name::UserName;
use crate::secret::Guess;

/// Separates the name of an account from that of a device.
const DEVICE_SIGN: char = '/';

/// Longest name of a device, in bytes.
pub(super) const DEVICE_BYTES: usize = 20;

/// Shortest password of a new account, in characters. A guesser has 8,640 attempts a day for each address.
const LEAST_PASSWORD_CHARS: usize = 6;

/// An account to log in to, and the device that does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) name: UserName,
    /// The name of the device, if the client gives one.
    pub(super) device: Option<Box<str>>,
}

impl Login {
    /// Parses `alice` or `alice/phone`. The name of a device has letters and digits of ASCII, `-`, `_` and `.`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, device) = match text.split_once(DEVICE_SIGN) {
            Some((name, device)) => (name, Some(device)),
            None => (text, None),
        };
        let is_device = |device: &str| {
            (1..=DEVICE_BYTES).contains(&device.len())
                && device.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        if device.is_some_and(|device| !is_device(device)) {
            return None;
        }
        Some(Self { name: UserName::new(name).ok()?, device: device.map(Into::into) })
    }

    /// The same if the name is registered, or looks like one that is.
    pub(super) fn to_account(text: &str, context: &Context<'_>) -> Option<Self> {
        let login = Self::parse(text)?;
        context.hub.accounts().find(&login.name).is_some().then_some(login)
    }
}

/// As its owner writes it.
#[cfg(feature = "upgrade")]
impl ToCbor for Login {
    fn write(&self, out: &mut Writer) {
        match &self.device {
            Some(device) => out.text(&format!("{}{DEVICE_SIGN}{device}", self.name)),
            None => out.text(self.name.as_str()),
        }
    }
}

#[cfg(feature = "upgrade")]
impl FromCbor for Login {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let text = input.text()?;
        Self::parse(text).ok_or_else(|| input.invalid(format_args!("{text:?} is no account and device")))
    }
}

/// Why a registration is declined before anything is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CannotRegister {
    /// The server has no store.
    NoAccounts,
    /// Only operators of the server create accounts.
    OnlyOperators,
    /// The password is easy to guess.
    WeakPassword,
}

impl fmt::Display for CannotRegister {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAccounts => f.write_str(
                "There are no accounts here: the server has no directory for data, see parlord --state",
            ),
            Self::OnlyOperators => {
                f.write_str("Only operators of the server create accounts here, ask one of them")
            }
            Self::WeakPassword => {
                write!(
                    f,
                    "Choose a password of at least {LEAST_PASSWORD_CHARS} characters that is not the name"
                )
            }
        }
    }
}

/// The errand that registers `name` with this password for the user `by`, unless it is declined at once.
pub(super) fn registration(
    name: &UserName,
    password: &str,
    by: UserId,
    context: &Context<'_>,
) -> Result<AccountErrand, CannotRegister> {
    may_create(by, context)?;
    let password = Some(new_password(name, password)?);
    Ok(AccountErrand::Register { name: name.clone(), password, certificate: None })
}

/// Declines registrations by those who may not create accounts.
pub(super) fn may_create(by: UserId, context: &Context<'_>) -> Result<(), CannotRegister> {
    if !context.house.has_accounts {
        return Err(CannotRegister::NoAccounts);
    }
    let is_operator = context.hub.users().get(by).is_some_and(|user| user.is_operator);
    match context.house.config.accounts.policy {
        AccountPolicy::Open => Ok(()),
        AccountPolicy::Closed | AccountPolicy::Required if is_operator => Ok(()),
        AccountPolicy::Closed | AccountPolicy::Required => Err(CannotRegister::OnlyOperators),
    }
}

/// The password for the account `name`, unless it is easy to guess. Whether a wire can carry it turns out later.
pub(super) fn new_password(name: &UserName, text: &str) -> Result<Guess, CannotRegister> {
    let is_name = UserName::new(text).is_ok_and(|text| text == *name);
    if is_name || text.chars().count() < LEAST_PASSWORD_CHARS {
        return Err(CannotRegister::WeakPassword);
    }
    Ok(Guess::new(text))
}

/// The profile of whoever goes on at this connection under another account, or without one: the names of the user that
/// it had, which may have other connections from elsewhere.
pub(super) fn profile_here(
    user: UserId,
    connection: ConnectionId,
    context: &Context<'_>,
) -> Result<Profile, Refusal> {
    let hub = &*context.hub;
    let user_here = hub.users().get(user).ok_or(Refusal::NotLoggedIn)?;
    let device = hub.devices(user).iter().find(|device| device.connection == connection);
    Ok(Profile {
        is_secure: context.is_secure,
        username: user_here.identity.username().into(),
        host: context.house.cloak.host(&context.peer),
        realname: user_here.identity.realname().into(),
        peer: context.peer,
        away: device.map_or(user_here.away(), Device::away).cloned(),
    })
}

/// True when nobody may enter without an account.
pub(super) fn are_required(context: &Context<'_>) -> bool {
    context.house.has_accounts && context.house.config.accounts.policy == AccountPolicy::Required
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "upgrade")]
    use crate::cbor::any::{Any, Choices};

    #[cfg(feature = "upgrade")]
    impl Any for Login {
        fn any(choices: &mut Choices<'_>) -> Self {
            Self::parse(choices.pick(&["alice", "alice/phone", "芝麻/x"])).unwrap()
        }
    }

    #[test]
    fn a_login_names_an_account_and_perhaps_a_device() {
        let parsed = |text: &str| {
            let Login { name, device } = Login::parse(text)?;
            Some((name.to_string(), device.unwrap_or_default().into_string()))
        };
        let some = |name: &str, device: &str| Some((name.to_owned(), device.to_owned()));
        assert_eq!(parsed("alice"), some("alice", ""));
        assert_eq!(parsed("alice/phone"), some("alice", "phone"));
        assert_eq!(parsed("芝麻/my-2.phone_"), some("芝麻", "my-2.phone_"));
        let long = format!("alice/{}", "x".repeat(DEVICE_BYTES));
        assert_eq!(parsed(&long), some("alice", &"x".repeat(DEVICE_BYTES)));
        for text in
            ["", "/", "/phone", "alice/", "alice/a/b", "alice/é", "alice/a b", "1st", &format!("{long}x")]
        {
            assert_eq!(parsed(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_password_that_is_short_or_the_name_is_declined() {
        let name = UserName::new("elizabeth").unwrap();
        for text in ["", "12345", "芝麻芝麻芝", "elizabeth", "Elizabeth"] {
            assert_eq!(new_password(&name, text).err(), Some(CannotRegister::WeakPassword), "{text:?}");
        }
        for text in ["123456", "芝麻芝麻芝麻", "elizabeths"] {
            assert!(new_password(&name, text).is_ok(), "{text:?}");
        }
    }
}
