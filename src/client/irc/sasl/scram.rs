//! SCRAM-SHA-256, with ring.

use crate::client::account::AccountFault;
use crate::secret::{AwaitedProof, Prover, ProverError};

/// There is ring, which computes it.
pub(super) const IS_THERE: bool = true;

/// The client's side of an exchange.
#[derive(Debug)]
pub(super) enum Scram {
    Begun(Prover),
    /// We have proved our password; the server has not.
    Proved(AwaitedProof),
    /// Both sides have.
    Trusted,
}

impl Scram {
    /// Begins. Returns the message to send.
    pub(super) fn new(name: &str, password: &str) -> Result<(Self, String), AccountFault> {
        let (prover, first) = Prover::new(name, password).map_err(fault)?;
        Ok((Self::Begun(prover), first))
    }

    /// Answers a message of the server.
    pub(super) fn answer(self, message: &[u8]) -> Result<(Self, String), AccountFault> {
        match self {
            Self::Begun(prover) => {
                let (awaited, last) = prover.prove(message).map_err(fault)?;
                Ok((Self::Proved(awaited), last))
            }
            Self::Proved(awaited) => {
                awaited.check(message).map_err(fault)?;
                Ok((Self::Trusted, String::new()))
            }
            Self::Trusted => Err(AccountFault::Malformed),
        }
    }

    /// An error if the server has not proved that it knows the password.
    pub(super) fn trusted(&self) -> Result<(), AccountFault> {
        match self {
            Self::Begun(_) | Self::Proved(_) => Err(fault(ProverError::WrongProof)),
            Self::Trusted => Ok(()),
        }
    }
}

fn fault(error: ProverError) -> AccountFault {
    match error {
        ProverError::Refused(line) => AccountFault::Refused { line },
        error => AccountFault::Scram(error),
    }
}
