//! Replaces `client_certificates` in builds without accounts: no client is asked for a certificate.

use rustls::server::WantsServerCert;
use rustls::{CommonState, ConfigBuilder, ServerConfig, WantsVerifier};

pub(super) const OWN_BYTES: usize = 0;

#[derive(Debug)]
pub(super) struct Client;

impl Client {
    pub(super) fn new(_: usize) -> Self {
        Self
    }

    pub(super) fn sent(&mut self, _: usize) {}

    pub(super) fn is_known(&mut self, _: &CommonState) {}

    pub(super) fn has_failed(&mut self) {}

    pub(super) fn kept_bytes(&self) -> usize {
        0
    }
}

pub(super) fn ask(
    config: ConfigBuilder<ServerConfig, WantsVerifier>,
) -> ConfigBuilder<ServerConfig, WantsServerCert> {
    config.with_no_client_auth()
}
