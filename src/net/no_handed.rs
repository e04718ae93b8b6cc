//! Replaces `handed` in builds without upgrades in place; all listeners are new.

use super::bind_error::BindError;
use super::listener::Listener;
use crate::address::Address;

#[derive(Debug, Default)]
pub(super) struct Handed(());

impl Handed {
    pub(super) fn bind(&mut self, address: &Address, is_tls: bool) -> Result<Vec<Listener>, BindError> {
        let bound = Listener::bind(address);
        let bound = bound.map_err(|error| BindError { address: Some(address.clone()), error })?.into_iter();
        Ok(bound.map(|listener| listener.with_tls(is_tls)).collect())
    }

    #[cfg(feature = "metrics")]
    pub(super) fn bind_for_metrics(&mut self, address: &Address) -> Result<Vec<Listener>, BindError> {
        self.bind(address, false)
    }
}
