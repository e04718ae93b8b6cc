//! Coming in for the first time, and asking for a name where there is somebody to ask.

use std::io::{self, Write};
use std::thread;
use std::time::Instant;

use super::input::read_line;
use super::{Failure, complain, show, status};
#[cfg(feature = "tls")]
use crate::client::Tls;
use crate::client::backoff::Backoff;
use crate::client::texts::printable;
use crate::client::{Builder, Client, Error};
use crate::config::ClientConfig;
#[cfg(feature = "tls")]
use crate::config::Trust;
use crate::name::UserName;

/// Connects and logs in; where there is somebody to ask, `ask` tells the name that is missing, or another for one that
/// is refused. Returns the name that was asked for as well, because a server may give another. `None` when they leave
/// instead. Nobody is asked while a server waits: it would lose its patience. A password that a server wants is asked for
/// as well, and kept in `config` for coming back.
pub(super) fn enter(
    config: &mut ClientConfig,
    interactive: bool,
    mut ask: impl FnMut() -> Result<Option<UserName>, Failure>,
    mut ask_password: impl FnMut() -> Result<Option<String>, Failure>,
) -> Result<Option<(Client, UserName)>, Failure> {
    let mut name = config.name.clone();
    let mut is_advised = false;
    loop {
        let Some(wanted) = name.take().map_or_else(&mut ask, |name| Ok(Some(name)))? else {
            return Ok(None);
        };
        match log_in_patiently(config, &wanted) {
            Ok(client) => return Ok(Some((client, wanted))),
            Err(error @ Error::NameRefused { .. }) if interactive => {
                show(&error.to_string());
                if let Some(advice) = advice(&error).filter(|_| !is_advised) {
                    is_advised = true;
                    show(advice);
                }
            }
            Err(Error::PasswordRefused { line, .. }) if interactive => {
                show(&printable(&line));
                let Some(password) = ask_password()? else { return Ok(None) };
                config.password = Some(password);
                name = Some(wanted);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What to do where another name may not help: a server on the CrazyIt wire has one answer for a wrong name and for a
/// wrong password, and would refuse every other name as well.
fn advice(error: &Error) -> Option<&'static str> {
    matches!(error, Error::NameRefused { why: None, .. })
        .then_some("If it is the password, leave with Ctrl-D, and give the right one with --password-file.")
}

/// Connects and logs in, and tries as long as `--retry` tells, where it is given.
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
    #[cfg(feature = "tls")]
    if let Some(trust) = config.tls {
        return builder.tls(match trust {
            Trust::System => Tls::system(),
            Trust::Certificate(pin) => Tls::pinned(pin),
        });
    }
    builder
}

pub(super) fn ask_name() -> Result<Option<UserName>, Failure> {
    loop {
        let mut out = io::stdout();
        out.write_all(b"Your name: ").and_then(|()| out.flush()).ok();
        let Some(line) = read_line(&mut io::stdin().lock())? else {
            // Whatever follows does not stand behind the question.
            show("");
            return Ok(None);
        };
        match UserName::new(line.trim()) {
            Ok(name) => return Ok(Some(name)),
            Err(why) => show(&why.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;
    use std::path::Path;

    use super::*;
    use crate::config::Invocation;

    fn at(port: u16, name: Option<&str>) -> ClientConfig {
        let name = name.map(|name| format!("{name}@")).unwrap_or_default();
        let args = [format!("{name}127.0.0.1:{port}")];
        match ClientConfig::from_args(&args, None::<&Path>, true) {
            Ok(Invocation::Run(config)) => config,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_server_is_bothered_before_there_is_a_name() {
        // Nobody listens at port 0.
        assert!(enter(&mut at(0, None), true, || Ok(None), || Ok(None)).is_ok_and(|client| client.is_none()));
    }

    #[test]
    fn the_password_is_thought_of_where_the_server_may_mean_it() {
        let refused = |why: Option<&str>| {
            let name = UserName::new("alice").unwrap();
            advice(&Error::NameRefused { name, why: why.map(str::to_owned) })
        };
        assert!(refused(None).is_some_and(|advice| advice.contains("--password-file")));
        assert_eq!(refused(Some("In use")), None, "a server that gives a reason means it");
    }

    #[test]
    fn whoever_thinks_of_another_name_for_longer_than_the_server_waits_gets_in() {
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
                // And then the server closes.
                peer.get_mut().write_all(answer.as_bytes()).unwrap();
            }
        });
        let client = enter(&mut config, true, || Ok(Some(UserName::new("bob").unwrap())), || Ok(None));
        let is_bob = |(client, name): (Client, UserName)| client.name() == "bob" && name.as_str() == "bob";
        assert!(client.is_ok_and(|client| client.is_some_and(is_bob)));
        server.join().unwrap();
    }
}
