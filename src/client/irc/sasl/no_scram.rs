//! Without ring there is no SCRAM.

use crate::client::account::AccountFault;

pub(super) const IS_THERE: bool = false;

#[derive(Debug)]
pub(super) enum Scram {}

impl Scram {
    pub(super) fn new(_: &str, _: &str) -> Result<(Self, String), AccountFault> {
        Err(AccountFault::NotOffered)
    }

    pub(super) fn answer(self, _: &[u8]) -> Result<(Self, String), AccountFault> {
        match self {}
    }

    pub(super) fn trusted(&self) -> Result<(), AccountFault> {
        match *self {}
    }
}
