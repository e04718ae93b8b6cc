//! The login to an account (IRCv3 `sasl` 3.2): which mechanism, and the messages of the exchange.

#[cfg_attr(not(any(feature = "store", feature = "tls")), path = "no_scram.rs")]
mod scram;

use std::mem;

use base64ct::{Base64, Encoding};

use super::lines::line;
use crate::client::account::{Account, AccountFault};
use crate::wire::irc::{Message, numeric};
use scram::Scram;

/// The capability.
pub(super) const SASL: &str = "sasl";

/// Longest piece of a message in one line, in bytes of base64. A shorter one is the last.
const CHUNK_BYTES: usize = 400;

/// Longest message of a server, in bytes of base64.
const MESSAGE_BYTES: usize = 8 * 1024;

/// Ends the exchange.
pub(in crate::client) const ABORT: &[u8] = b"AUTHENTICATE *\r\n";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    External,
    ScramSha256,
    Plain,
}

impl Mechanism {
    fn name(self) -> &'static str {
        match self {
            Self::External => "EXTERNAL",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::Plain => "PLAIN",
        }
    }
}

/// A login to an account.
#[derive(Debug)]
pub(in crate::client) struct SaslLogin {
    account: Account,
    /// Nobody can read what we send on its way.
    is_private: bool,
    /// The names of mechanisms that the server offers, with commas between them; empty if it does not say.
    offered: String,
    /// The mechanisms that we have asked for; the last is the current one.
    tried: Vec<Mechanism>,
    stage: Stage,
    /// The pieces so far of a message that the server sends in several, in base64.
    incoming: String,
    /// A 904 may follow that belongs to the mechanism before.
    was_told_mechanisms: bool,
    /// The server cannot check the password now. A 904 follows.
    is_unavailable: bool,
}

/// How far an exchange has come.
#[derive(Debug)]
enum Stage {
    /// We have asked for a mechanism.
    Asked,
    Scram(Scram),
    /// We have said everything.
    Told,
}

/// How the login goes on after a line from the server.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::client) enum Turn {
    /// It has nothing to do with the login.
    Other,
    Wait,
    Send(Vec<u8>),
    LoggedIn,
}

impl SaslLogin {
    /// Begins to log in to a server that offers these mechanisms. Returns what to send.
    pub(in crate::client) fn begin(
        account: &Account,
        is_private: bool,
        offered: &str,
    ) -> Result<(Self, Vec<u8>), AccountFault> {
        let mut login = Self {
            account: account.clone(),
            is_private,
            offered: offered.to_owned(),
            tried: Vec::new(),
            stage: Stage::Asked,
            incoming: String::new(),
            was_told_mechanisms: false,
            is_unavailable: false,
        };
        let asked = login.ask()?;
        Ok((login, asked))
    }

    /// The name of the account.
    pub(in crate::client) fn name(&self) -> &str {
        self.account.name()
    }

    /// Asks for the best mechanism that is offered and was not tried yet.
    fn ask(&mut self) -> Result<Vec<u8>, AccountFault> {
        let mechanisms: &[_] = match self.account.password() {
            None => &[Mechanism::External],
            // The server knows how to compare it, however a keyboard composes its characters.
            Some(password) if scram::IS_THERE && self.is_private && !password.is_ascii() => {
                &[Mechanism::Plain, Mechanism::ScramSha256]
            }
            Some(_) if scram::IS_THERE => &[Mechanism::ScramSha256, Mechanism::Plain],
            Some(_) => &[Mechanism::Plain],
        };
        let is_offered = |mechanism: &Mechanism| {
            let mut offered = self.offered.split(',');
            self.offered.is_empty() || offered.any(|name| name.eq_ignore_ascii_case(mechanism.name()))
        };
        let mut left = mechanisms.iter().copied().filter(|mechanism| !self.tried.contains(mechanism));
        let mechanism = left.find(is_offered);
        let mechanism = mechanism.ok_or_else(|| match self.offered.as_str() {
            "" => AccountFault::NotOffered,
            offered => AccountFault::NoMechanism { offered: offered.to_owned() },
        })?;
        if mechanism == Mechanism::Plain && !self.is_private {
            return Err(AccountFault::Exposed);
        }
        self.tried.push(mechanism);
        (self.stage, self.incoming) = (Stage::Asked, String::new());
        Ok(authenticate(mechanism.name()))
    }

    /// Handles a line from the server. After an error the login is over.
    pub(in crate::client) fn hear(&mut self, message: &Message<'_>) -> Result<Turn, AccountFault> {
        let line = || message.params.last().copied().unwrap_or_default().to_owned();
        match message.command.to_ascii_uppercase().as_str() {
            "AUTHENTICATE" => self.continue_with(message.params.first().copied().unwrap_or_default()),
            numeric::RPL_SASLSUCCESS => self.trusted().map(|()| Turn::LoggedIn),
            numeric::RPL_SASLMECHS if self.is_asking() => {
                let offered = message.params.get(1).copied().unwrap_or_default();
                // Those that have been tried are not offered, whatever the server says.
                self.offered = if offered.is_empty() { "none".to_owned() } else { offered.to_owned() };
                self.was_told_mechanisms = true;
                self.ask().map(Turn::Send)
            }
            // The answer to the mechanism before; this one has none yet.
            numeric::ERR_SASLFAIL if self.is_asking() && mem::take(&mut self.was_told_mechanisms) => {
                Ok(Turn::Wait)
            }
            // The server does not say which mechanisms it has, and not this one.
            numeric::ERR_SASLFAIL if self.is_asking() && self.offered.is_empty() => {
                let asked = self.ask();
                asked.map(Turn::Send).map_err(|fault| match fault {
                    AccountFault::NotOffered => AccountFault::Refused { line: line() },
                    other => other,
                })
            }
            "FAIL" if message.params.starts_with(&["AUTHENTICATE", "TEMPORARILY_UNAVAILABLE"]) => {
                self.is_unavailable = true;
                Ok(Turn::Wait)
            }
            numeric::ERR_SASLFAIL if self.is_unavailable => Err(AccountFault::Unavailable { line: line() }),
            numeric::ERR_SASLFAIL => Err(AccountFault::Refused { line: line() }),
            numeric::ERR_NICKLOCKED
            | numeric::ERR_SASLTOOLONG
            | numeric::ERR_SASLABORTED
            | numeric::ERR_SASLALREADY => Err(AccountFault::Declined { line: line() }),
            "CAP" if is_refused(&message.params) => Err(AccountFault::NotOffered),
            _ => Ok(Turn::Other),
        }
    }

    fn is_asking(&self) -> bool {
        matches!(self.stage, Stage::Asked)
    }

    /// An error if the server should have proved something and has not.
    fn trusted(&self) -> Result<(), AccountFault> {
        match &self.stage {
            Stage::Asked => Err(AccountFault::Malformed),
            Stage::Scram(scram) => scram.trusted(),
            Stage::Told => Ok(()),
        }
    }

    /// Handles a piece of the server's next message.
    fn continue_with(&mut self, chunk: &str) -> Result<Turn, AccountFault> {
        if chunk != "+" {
            self.incoming += chunk;
        }
        if self.incoming.len() > MESSAGE_BYTES || chunk.len() > CHUNK_BYTES {
            return Err(AccountFault::Malformed);
        }
        if chunk.len() == CHUNK_BYTES {
            return Ok(Turn::Wait);
        }
        let message = Base64::decode_vec(&mem::take(&mut self.incoming));
        let message = message.map_err(|_| AccountFault::Malformed)?;
        self.answer(&message).map(|said| Turn::Send(in_chunks(&said)))
    }

    fn answer(&mut self, message: &[u8]) -> Result<String, AccountFault> {
        let (name, password) = (self.account.name(), self.account.password().unwrap_or_default());
        let (stage, said) = match mem::replace(&mut self.stage, Stage::Told) {
            Stage::Asked => match self.tried.last() {
                Some(Mechanism::External) => (Stage::Told, name.to_owned()),
                Some(Mechanism::Plain) if password.contains('\0') => {
                    return Err(AccountFault::Unsendable("a password contains no NUL"));
                }
                Some(Mechanism::Plain) => (Stage::Told, format!("\0{name}\0{password}")),
                Some(Mechanism::ScramSha256) => {
                    let (scram, first) = Scram::new(name, password)?;
                    (Stage::Scram(scram), first)
                }
                None => return Err(AccountFault::Malformed),
            },
            Stage::Scram(scram) => {
                let (scram, said) = scram.answer(message)?;
                (Stage::Scram(scram), said)
            }
            Stage::Told => return Err(AccountFault::Malformed),
        };
        self.stage = stage;
        Ok(said)
    }
}

/// True for `CAP us NAK :sasl`.
fn is_refused(params: &[&str]) -> bool {
    let has_sasl = || params.last().is_some_and(|refused| refused.split(' ').any(|word| word == SASL));
    params.get(1).is_some_and(|word| word.eq_ignore_ascii_case("NAK")) && has_sasl()
}

fn authenticate(what: &str) -> Vec<u8> {
    line(|line| {
        line.command("AUTHENTICATE");
        line.param(what);
    })
}

/// The lines of a message. An empty one and one whose last piece is full end with `+`.
fn in_chunks(message: &str) -> Vec<u8> {
    let encoded = Base64::encode_string(message.as_bytes());
    let mut lines = Vec::new();
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK_BYTES));
        lines.extend(authenticate(chunk));
        rest = after;
    }
    if encoded.len().is_multiple_of(CHUNK_BYTES) {
        lines.extend(authenticate("+"));
    }
    lines
}

#[cfg(test)]
mod tests;
