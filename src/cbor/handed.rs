//! The numbers of values that only a program hands to the one that takes its place.

use std::io::ErrorKind;

#[cfg(feature = "web")]
use super::numbered;
use super::{FromCbor, Invalid, Reader, ToCbor, Writer, cases};
#[cfg(feature = "web")]
use crate::message::Framing;
use crate::message::{Capabilities, CloseReason, Dialect};

cases!(Dialect, "dialect" {
    1 => CrazyIt,
    2 => Irc(0: capabilities),
    #[cfg(feature = "web")]
    3 => Framed(0: framing, 1: capabilities),
});

#[cfg(feature = "web")]
numbered!(Framing, "type of frames" { 1 => Text, 2 => Binary });

cases!(CloseReason, "reason to close" {
    1 => PeerFinished,
    2 => Quit(0: message),
    3 => Lost(0: kind),
    4 => Malformed(0: what),
    5 => OutboxFull(0: bytes),
    6 => MemoryFull(0: bytes),
    7 => LoginTimeout(0: time),
    8 => PingTimeout(0: time),
    9 => Stalled,
    10 => NotTls,
    11 => TlsFailed(0: why),
    #[cfg(feature = "web")]
    12 => Answered,
    13 => WrongPassword,
    14 => PasswordNotChecked,
    15 => AccountRequired,
    16 => LoginFailed,
    17 => NotEntered(0: why),
    18 => Killed { 0: by, 1: reason },
    19 => AccountDropped,
    20 => Banned { 0: until, 1: reason },
    21 => ServerFull(0: most),
    22 => NoMemory(0: most),
    23 => AddressFull(0: most),
    24 => ConnectsTooOften { 0: burst, 1: wait },
    25 => ShuttingDown,
    26 => Upgrading,
});

/// A set of bits. A reader leaves out those that it does not know.
impl ToCbor for Capabilities {
    fn is_assumed(&self) -> bool {
        *self == Self::NONE
    }

    fn write(&self, out: &mut Writer) {
        out.number(self.bits().into());
    }
}

impl FromCbor for Capabilities {
    fn assumed() -> Option<Self> {
        Some(Self::NONE)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        u32::read(input).map(Self::from_bits)
    }
}

/// The kinds with which connections break. All others are the last.
const KINDS: [ErrorKind; 14] = [
    ErrorKind::ConnectionReset,
    ErrorKind::ConnectionAborted,
    ErrorKind::BrokenPipe,
    ErrorKind::TimedOut,
    ErrorKind::HostUnreachable,
    ErrorKind::NetworkUnreachable,
    ErrorKind::NetworkDown,
    ErrorKind::NotConnected,
    ErrorKind::ConnectionRefused,
    ErrorKind::UnexpectedEof,
    ErrorKind::WriteZero,
    ErrorKind::InvalidData,
    ErrorKind::OutOfMemory,
    ErrorKind::Other,
];

/// Its place in a list of known kinds.
impl ToCbor for ErrorKind {
    fn write(&self, out: &mut Writer) {
        let place = KINDS.iter().position(|kind| kind == self);
        place.unwrap_or(KINDS.len() - 1).write(out);
    }
}

impl FromCbor for ErrorKind {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let place = usize::read(input)?;
        Ok(KINDS.get(place).copied().unwrap_or(Self::Other))
    }
}

#[cfg(test)]
mod any {
    use super::*;
    use crate::cbor::any::{Any, Choices};

    impl Any for ErrorKind {
        fn any(choices: &mut Choices<'_>) -> Self {
            choices.pick(&KINDS)
        }
    }
}
