//! The first login. Asks for a name or a password if somebody is at the keyboard.

use std::io::{self, Write};
use std::thread;
use std::time::Instant;

use super::failure::{Failure, status};
use super::input::read_line;
use super::output::{complain, show};
#[cfg(feature = "tls")]
use crate::client::Tls;
use crate::client::texts::printable;
use crate::client::{Account, AccountFault, Builder, Client, Error};
use crate::config::ClientConfig;
#[cfg(feature = "tls")]
use crate::config::Trust;
use crate::name::UserName;
use crate::terminal::backoff::Backoff;

/// The answer to the question for a name.
pub(super) enum NameAnswer {
    Name(UserName),
    /// Keep the name, ask for the password.
    Password,
}

/// The question for the server's password.
pub(super) const PASSWORD: &str = "Password: ";

/// The question for the password of an account.
pub(super) fn password_of(account: &str) -> String {
    format!("Password of {}: ", printable(account))
}

/// True if there is an account, and nothing yet that proves that it is ours.
pub(super) fn must_ask_for_account(config: &ClientConfig) -> bool {
    #[cfg(feature = "tls")]
    if config.certificate.is_some() {
        return false;
    }
    config.account.is_some() && config.account_password.is_none()
}

/// Asks for the password of the account. False if the person leaves.
fn ask_for_account(
    config: &mut ClientConfig,
    ask_password: &mut impl FnMut(&str) -> Result<Option<String>, Failure>,
) -> Result<bool, Failure> {
    let question = password_of(config.account.as_deref().unwrap_or_default());
    config.account_password = ask_password(&question)?;
    Ok(config.account_password.is_some())
}

/// Connects and logs in. If `interactive`, asks for a name that is missing or refused, and for passwords that are
/// missing or wrong, which it keeps in `config`. `ask` is told whether the server may have refused the password instead.
/// Questions are asked without a connection, because servers limit the time for a login. Returns the requested name
/// too, because a server may give another; `None` if the person leaves.
pub(super) fn enter(
    config: &mut ClientConfig,
    interactive: bool,
    mut ask: impl FnMut(bool) -> Result<Option<NameAnswer>, Failure>,
    mut ask_password: impl FnMut(&str) -> Result<Option<String>, Failure>,
) -> Result<Option<(Client, UserName)>, Failure> {
    if must_ask_for_account(config) && !ask_for_account(config, &mut ask_password)? {
        return Ok(None);
    }
    let mut name = config.name.clone();
    // The CrazyIt wire has the same answer for a refused name and a wrong password.
    let mut unclear = None;
    loop {
        let asked = match name.take() {
            Some(name) => Some(NameAnswer::Name(name)),
            None => ask(unclear.is_some())?,
        };
        let wanted = match (asked, unclear.take()) {
            (None, _) => return Ok(None),
            (Some(NameAnswer::Name(name)), _) => name,
            (Some(NameAnswer::Password), Some(name)) => {
                let Some(password) = ask_password(PASSWORD)? else { return Ok(None) };
                config.password = Some(password);
                name
            }
            (Some(NameAnswer::Password), None) => continue,
        };
        match log_in_patiently(config, &wanted) {
            Ok(client) => return Ok(Some((client, wanted))),
            Err(error @ Error::NameRefused { .. }) if interactive => {
                show(&error.to_string());
                unclear = matches!(error, Error::NameRefused { why: None, .. }).then_some(wanted);
            }
            Err(error @ Error::PasswordRefused { .. }) if interactive => {
                show(&before_asking(&error));
                let Some(password) = ask_password(PASSWORD)? else { return Ok(None) };
                config.password = Some(password);
                name = Some(wanted);
            }
            Err(error) if interactive && is_wrong_password(&error) && config.account_password.is_some() => {
                show(&error.to_string());
                if !ask_for_account(config, &mut ask_password)? {
                    return Ok(None);
                }
                name = Some(wanted);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// True if the password of the account may be wrong.
pub(super) fn is_wrong_password(error: &Error) -> bool {
    matches!(error, Error::Account { fault: AccountFault::Refused { .. }, .. })
}

/// What to show before asking for a password. If none was given, it is missing and not wrong.
pub(super) fn before_asking(error: &Error) -> String {
    match error {
        Error::PasswordRefused { server, was_given: false, .. } => format!("{server} wants a password"),
        Error::PasswordRefused { line, .. } => printable(line),
        other => other.to_string(),
    }
}

/// Connects and logs in. Retries for the time of `--retry`, if it is given.
fn log_in_patiently(config: &ClientConfig, name: &UserName) -> Result<Client, Error> {
    let (since, mut backoff) = (Instant::now(), Backoff::default());
    loop {
        let error = match log_in(config, name) {
            Err(error) if config.retries_first && status(&error) == 1 => error,
            result => return result,
        };
        let pause = backoff.pause();
        if config.retry.is_some_and(|retry| since.elapsed() + pause > retry) {
            return Err(error);
        }
        complain(&format_args!("{error}; trying again"));
        thread::sleep(pause);
    }
}

/// Connects, and logs in under this name.
pub(super) fn log_in(config: &ClientConfig, name: &UserName) -> Result<Client, Error> {
    let mut client = builder(config).connect(&config.server)?;
    client.login(name, config.password.as_deref())?;
    Ok(client)
}

fn builder(config: &ClientConfig) -> Builder {
    let builder = Client::builder().wire(config.wire);
    let builder = match account(config) {
        Some(account) => builder.account(account),
        None => builder,
    };
    #[cfg(feature = "tls")]
    if let Some(trust) = config.tls {
        let tls = match trust {
            Trust::System => Tls::system(),
            Trust::Certificate(pin) => Tls::pinned(pin),
        };
        return builder.tls(match &config.certificate {
            Some(certificate) => tls.with_credentials(certificate.clone()),
            None => tls,
        });
    }
    builder
}

fn account(config: &ClientConfig) -> Option<Account> {
    let name = config.account.as_ref()?;
    match &config.account_password {
        Some(password) => Some(Account::new(name, password)),
        #[cfg(feature = "tls")]
        None => Some(Account::by_certificate(name)),
        // It is always asked for.
        #[cfg(not(feature = "tls"))]
        None => None,
    }
}

/// Asks for a name, or offers to ask for the password instead.
pub(super) fn ask_name(may_be_password: bool) -> Result<Option<NameAnswer>, Failure> {
    let question =
        if may_be_password { "Another name, or Enter to give the password: " } else { "Your name: " };
    loop {
        let mut out = io::stdout();
        out.write_all(question.as_bytes()).and_then(|()| out.flush()).ok();
        let Some(line) = read_line(&mut io::stdin().lock())? else {
            // Ends the line of the question.
            show("");
            return Ok(None);
        };
        if may_be_password && line.trim().is_empty() {
            return Ok(Some(NameAnswer::Password));
        }
        match UserName::new(line.trim()) {
            Ok(name) => return Ok(Some(NameAnswer::Name(name))),
            Err(why) => show(&why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};
    use std::net::TcpListener;
    use std::path::Path;

    use super::*;
    use crate::address::Address;
    use crate::config::Invocation;
    use crate::wire::Wire;

    fn at(port: u16, name: Option<&str>) -> ClientConfig {
        let name = name.map(|name| format!("{name}@")).unwrap_or_default();
        let args = [format!("{name}127.0.0.1:{port}")];
        match ClientConfig::from_args(&args, None::<&Path>, true) {
            Ok(Invocation::Run(config)) => config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn nothing_connects_before_there_is_a_name() {
        // Nobody listens at port 0.
        assert!(
            enter(&mut at(0, None), true, |_| Ok(None), |_| Ok(None)).is_ok_and(|client| client.is_none())
        );
    }

    #[test]
    fn after_an_unclear_refusal_the_password_can_be_given_for_the_same_name() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = at(listener.local_addr().unwrap().port(), Some("alice"));
        config.wire = Wire::CrazyIt;
        let server = thread::spawn(move || {
            ["-1", "-1", "1"].map(|answer| {
                let (mut peer, _) = listener.accept().unwrap();
                let mut frame = vec![0; 64];
                let length = peer.read(&mut frame).unwrap();
                peer.write_all(answer.as_bytes()).unwrap();
                String::from_utf8_lossy(&frame[..length]).into_owned()
            })
        });
        let mut answers = [NameAnswer::Name(UserName::new("bob").unwrap()), NameAnswer::Password].into_iter();
        let mut questions = Vec::new();
        let ask = |may_be_password| {
            questions.push(may_be_password);
            Ok(answers.next())
        };
        let client = enter(&mut config, true, ask, |_| Ok(Some("sesame".into())));
        assert!(client.is_ok_and(|client| client.is_some_and(|(client, _)| client.name() == "bob")));
        assert_eq!(server.join().unwrap(), ["∏∑alice∏∑", "∏∑bob∏∑", "∏∑bob※sesame∏∑"]);
        assert_eq!((questions, config.password.as_deref()), (vec![true, true], Some("sesame")));
    }

    #[test]
    fn a_password_that_was_not_given_is_not_called_wrong() {
        let told = |was_given| {
            let (server, line) = (Address::Unix("/run/x".into()), "Password incorrect".to_owned());
            before_asking(&Error::PasswordRefused { server, line, was_given })
        };
        assert_eq!([false, true].map(told), ["unix:/run/x wants a password", "Password incorrect"]);
    }

    #[test]
    fn a_slow_answer_to_the_question_for_a_name_still_logs_in() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut config = at(listener.local_addr().unwrap().port(), Some("alice"));
        let server = thread::spawn(move || {
            for answer in [":s 433 * alice :In use\r\n", ":s 001 bob :Welcome\r\n"] {
                let mut peer = BufReader::new(listener.accept().unwrap().0);
                let mut line = String::new();
                while !line.starts_with("USER") {
                    line.clear();
                    peer.read_line(&mut line).unwrap();
                }
                // Then the server closes.
                peer.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        let client = enter(
            &mut config,
            true,
            |_| Ok(Some(NameAnswer::Name(UserName::new("bob").unwrap()))),
            |_| Ok(None),
        );
        let is_bob = |(client, name): (Client, UserName)| client.name() == "bob" && name.as_str() == "bob";
        assert!(client.is_ok_and(|client| client.is_some_and(is_bob)));
        server.join().unwrap();
    }
}
