//! Sessions and the house as the next program takes them over.

use std::time::{Duration, SystemTime};

use super::cloak::Cloak;
use super::dispatch::{Protocol, Session};
use super::house::House;
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, map};
use crate::config::Limits;
use crate::message::{Capabilities, ConnectionId};

/// An array of a number and the conversation on that protocol. What a command has left to do, if the session
/// [is working](Session::is_working), is not in it.
impl ToCbor for Session {
    fn write(&self, out: &mut Writer) {
        let (protocol, conversation): (u64, &dyn ToCbor) = match &self.protocol {
            Protocol::Unknown(newcomer) => (1, newcomer),
            Protocol::CrazyIt(conversation) => (2, conversation),
            Protocol::Irc(conversation) => (3, conversation),
        };
        out.array(2);
        out.number(protocol);
        conversation.write(out);
    }
}

impl FromCbor for Session {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let more = input.tuple(2)?;
        let protocol = match input.number()? {
            1 => FromCbor::read(input).map(Protocol::Unknown)?,
            2 => FromCbor::read(input).map(Protocol::CrazyIt)?,
            3 => FromCbor::read(input).map(Protocol::Irc)?,
            number => return Err(input.unknown("protocol", number)),
        };
        input.skip_values(more)?;
        Ok(Self { protocol })
    }
}

impl Session {
    /// The connection to which it answers.
    pub fn connection(&self) -> ConnectionId {
        self.protocol.conversation().connection()
    }
}

/// What the next program cannot read from its config: what peers of this one know.
#[derive(Debug)]
pub struct HouseHandover {
    started: SystemTime,
    cloak: Cloak,
    /// The capabilities that clients could not request.
    pub withheld: Capabilities,
    login_timeout: Duration,
}

map!(HouseHandover { 0: started, 1: cloak, 2: withheld, 3: login_timeout });

impl House {
    /// What the next program needs.
    pub fn hand_over(&self) -> HouseHandover {
        HouseHandover {
            started: self.started,
            cloak: self.cloak.clone(),
            withheld: self.withheld(),
            login_timeout: self.config.limits.login_timeout,
        }
    }

    /// Goes on as the house of the program before.
    pub fn take_over(&mut self, handed: &HouseHandover) {
        (self.started, self.cloak) = (handed.started, handed.cloak.clone());
    }
}

impl HouseHandover {
    /// The limits under which sessions were handed over, as far as [`Session::change_limits`] needs them.
    pub fn limits(&self, new: &Limits) -> Limits {
        Limits { login_timeout: self.login_timeout, ..*new }
    }
}

#[cfg(test)]
mod tests;
