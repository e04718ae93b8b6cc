//! An exchange of `AUTHENTICATE`, and the mechanisms of SASL.

#[cfg(feature = "upgrade")]
use crate::cbor::{cases, map, numbered};
use crate::message::AccountId;
use crate::secret::{ClientFirst, Exchange};
use crate::session::Context;
use crate::session::accounts::Login;

/// Memory of an exchange besides responses, in bytes.
const EXCHANGE_BYTES: usize = 1024;

/// An exchange that is not complete.
#[derive(Debug)]
pub(super) struct Sasl {
    pub(super) step: Step,
    /// The pieces of the client's next response so far.
    pub(super) response: String,
}

/// How far an exchange has come.
#[derive(Debug)]
pub(super) enum Step {
    /// The client sends its first response.
    First(Mechanism),
    /// The keys of an account are looked for.
    Keys { first: Box<ClientFirst>, login: Login },
    /// The client sends its proof.
    Proof { exchange: Box<Exchange>, login: Login },
    /// The account is looked for, or its password checked. `last` is what proves to the client that the server knows its
    /// keys.
    Check { device: Option<Box<str>>, last: Option<String> },
    /// The client acknowledges that proof.
    End { account: AccountId, device: Option<Box<str>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mechanism {
    Plain,
    External,
    ScramSha256,
}

impl Mechanism {
    /// All mechanisms, in the order in which they are offered.
    pub(super) const ALL: [(&str, Self); 3] =
        [("PLAIN", Self::Plain), ("EXTERNAL", Self::External), ("SCRAM-SHA-256", Self::ScramSha256)];

    /// True when the client can use it: EXTERNAL needs a certificate.
    pub(super) fn is_offered(self, context: &Context<'_>) -> bool {
        match self {
            Self::Plain | Self::ScramSha256 => true,
            Self::External => context.certificate.is_some(),
        }
    }
}

/// The mechanisms that the client can use, as `sasl=` lists them.
pub(super) fn mechanisms(context: &Context<'_>) -> String {
    let offered = Mechanism::ALL.iter().filter(|(_, mechanism)| mechanism.is_offered(context));
    offered.map(|(name, _)| *name).collect::<Vec<_>>().join(",")
}

#[cfg(feature = "upgrade")]
numbered!(Mechanism, "mechanism" { 1 => Plain, 2 => External, 3 => ScramSha256 });

#[cfg(feature = "upgrade")]
map!(Sasl { 0: step, 1: response });

#[cfg(feature = "upgrade")]
cases!(Step, "step of an exchange" {
    1 => First(0: mechanism),
    2 => Keys { 0: first, 1: login },
    3 => Proof { 0: exchange, 1: login },
    4 => Check { 0: device, 1: last },
    5 => End { 0: account, 1: device },
});

impl Sasl {
    pub(super) fn new(step: Step) -> Box<Self> {
        Box::new(Self { step, response: String::new() })
    }

    /// Its memory, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        EXCHANGE_BYTES + self.response.capacity()
    }
}
