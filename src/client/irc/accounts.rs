//! Logging in to an account, and registering one, after the login to the server.

use super::lines::line;
use super::numerics::is_numeric;
use super::sasl::{ABORT, SASL, SaslLogin, Turn};
use crate::client::account::{Account, AccountFault};
use crate::client::error::Error;
use crate::client::event::ClientEventKind;
use crate::client::lock::lock;
use crate::client::shared_connection::{SaslState, SharedConnection};
use crate::secret::PASSWORD_BYTES;
use crate::wire::irc::Message;

/// Asks the server for the capability. [`hear`] continues.
pub(in crate::client) fn log_in(account: &Account, connection: &SharedConnection) -> Result<(), Error> {
    if connection.account_offer().sasl.is_none() {
        return Err(Error::of_account(account, AccountFault::NotOffered));
    }
    *lock(&connection.sasl) = SaslState::Wanted(account.clone());
    connection.send(&line(|line| {
        line.command("CAP");
        line.param("REQ");
        line.trailing(SASL);
    }))
}

/// Registers our name with the password of `account`: by `REGISTER` (IRCv3 `draft/account-registration`) if the
/// server has it, or else by `NickServ`.
pub(in crate::client) fn register(account: &Account, connection: &SharedConnection) -> Result<(), Error> {
    let registration = connection.account_offer().registration;
    let bytes = registration_line(account, registration.as_deref(), connection.is_private);
    connection.send(&bytes.map_err(|fault| Error::of_account(account, fault))?)
}

fn registration_line(
    account: &Account,
    registration: Option<&str>,
    is_private: bool,
) -> Result<Vec<u8>, AccountFault> {
    let password = account.password().unwrap_or_default();
    let has_word = |word| registration.is_some_and(|value| value.split(',').any(|found| found == word));
    match registration {
        _ if !is_private => Err(AccountFault::Exposed),
        _ if password.is_empty() || password.len() > PASSWORD_BYTES => {
            Err(AccountFault::Unsendable("a password has 1 to 256 bytes"))
        }
        _ if password.contains(['\r', '\n', '\0']) => {
            Err(AccountFault::Unsendable("a password contains no line end and no NUL"))
        }
        Some(_) if has_word("email-required") => Err(AccountFault::NeedsEmail),
        Some(_) => Ok(line(|line| {
            line.command("REGISTER");
            line.param("*");
            line.param("*");
            line.trailing(password);
        })),
        None if password.contains(' ') => {
            Err(AccountFault::Unsendable("NickServ takes no password with spaces"))
        }
        // Not PRIVMSG: that could reach a user of this name.
        None => Ok(line(|line| {
            line.command("NS");
            line.param("REGISTER");
            line.trailing(password);
        })),
    }
}

/// Handles a line if it concerns a login that is under way, and answers it. Returns its event; `None` if the line does
/// not concern one.
pub(super) fn hear(message: &Message<'_>, connection: &SharedConnection) -> Option<Option<ClientEventKind>> {
    let mut state = lock(&connection.sasl);
    let (name, turn) = match &mut *state {
        SaslState::None => return None,
        SaslState::Wanted(account) => {
            let ["ACK" | "NAK", capabilities] = message.params.get(1..)? else { return None };
            if message.command != "CAP" || !capabilities.split(' ').any(|found| found == SASL) {
                return None;
            }
            let offered = connection.account_offer().sasl.filter(|_| message.params[1] == "ACK");
            let begun = offered.ok_or(AccountFault::NotOffered);
            let begun = begun.and_then(|offered| SaslLogin::begin(account, connection.is_private, &offered));
            let name = account.name().to_owned();
            match begun {
                Ok((login, bytes)) => {
                    *state = SaslState::UnderWay(Box::new(login));
                    (name, Ok(Turn::Send(bytes)))
                }
                Err(fault) => (name, Err(fault)),
            }
        }
        SaslState::UnderWay(login) => (login.name().to_owned(), login.hear(message)),
    };
    match turn {
        Ok(Turn::Other) => return None,
        Ok(Turn::Wait) => {}
        Ok(Turn::Send(bytes)) => connection.answer(&bytes),
        // `RPL_LOGGEDIN` has told it.
        Ok(Turn::LoggedIn) => *state = SaslState::None,
        Err(fault) => {
            // A numeric is the server's own end of the exchange.
            let is_over = !matches!(*state, SaslState::UnderWay(_)) || is_numeric(message.command);
            *state = SaslState::None;
            if !is_over {
                connection.answer(ABORT);
            }
            return Some(Some(refused(name, message.command, &fault)));
        }
    }
    Some(None)
}

fn refused(name: String, command: &str, fault: &AccountFault) -> ClientEventKind {
    let code = if is_numeric(command) { command } else { "*" };
    ClientEventKind::Refused {
        command: Some("AUTHENTICATE".to_owned()),
        code: code.to_owned(),
        about: Some(name),
        text: fault.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line_for(
        password: &str,
        registration: Option<&str>,
        is_private: bool,
    ) -> Result<String, AccountFault> {
        let line = registration_line(&Account::new("alice", password), registration, is_private);
        line.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_registration_uses_the_command_if_the_server_has_it_and_nickserv_otherwise() {
        let register = |registration| line_for("sesame", registration, true);
        assert_eq!(register(Some("")).as_deref(), Ok("REGISTER * * :sesame\r\n"));
        assert_eq!(register(Some("before-connect")).as_deref(), Ok("REGISTER * * :sesame\r\n"));
        assert_eq!(register(None).as_deref(), Ok("NS REGISTER :sesame\r\n"));
        assert_eq!(register(Some("custom-account-name,email-required")), Err(AccountFault::NeedsEmail));
    }

    #[test]
    fn a_password_that_others_could_read_or_no_line_can_carry_is_not_sent() {
        assert_eq!(line_for("sesame", Some(""), false), Err(AccountFault::Exposed));
        assert_eq!(line_for("open sesame", Some(""), true).as_deref(), Ok("REGISTER * * :open sesame\r\n"));
        for (password, registration) in [
            ("", Some("")),
            ("a\nb", Some("")),
            ("a\0b", None),
            ("open sesame", None),
            (&"x".repeat(257), None),
        ] {
            let refused = line_for(password, registration, true);
            assert!(matches!(refused, Err(AccountFault::Unsendable(_))), "{password:?}");
        }
    }
}
