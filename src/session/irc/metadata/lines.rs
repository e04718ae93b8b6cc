//! Lines that tell metadata.

use super::super::batches::Batch;
use super::super::writer::Writer;
use crate::message::Capabilities;
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::wire::irc::{Line, numeric};

/// Everybody may see all metadata.
const VISIBILITY: &str = "*";

/// After this many seconds a client may ask for what has changed. It may at once.
const RETRY_AFTER_S: u32 = 0;

const NOT_SET: &str = "Key not set";

const ASK: &str = "Ask with METADATA SYNC";

impl Irc {
    /// Sends a key of a batch with its value, or that it has none.
    pub(super) fn tell_key(
        &self,
        batch: Batch,
        of: &str,
        key: &str,
        value: Option<&str>,
        context: &mut Context<'_>,
    ) {
        self.numeric_in(batch, code(value), context, |line| write_key(of, key, value, line));
    }

    /// Sends a key and its value as the answer to a change.
    pub(super) fn tell_changed(&self, of: &str, key: &str, value: Option<&str>, context: &mut Context<'_>) {
        self.numeric(code(value), context, |line| write_key(of, key, value, line));
    }

    /// Sends a key and its value in the form of a change by the server.
    pub(super) fn tell_current(
        &self,
        batch: Batch,
        of: &str,
        key: &str,
        value: &str,
        context: &mut Context<'_>,
    ) {
        if self.capabilities.has(Capabilities::METADATA_2) {
            self.send_in(batch, "METADATA", context, |line| write_key(of, key, Some(value), line));
        } else {
            self.tell_key(batch, of, key, Some(value), context);
        }
    }

    /// Tells the client to ask for the metadata of `of`.
    pub(super) fn tell_to_ask(&self, of: &str, context: &mut Context<'_>) {
        self.numeric(numeric::RPL_METADATASYNCLATER, context, |line| write_to_ask(of, line));
    }
}

impl Writer<'_> {
    /// Tells a change. The numeric is addressed to `*`, so that all receive the same bytes.
    pub(in crate::session::irc) fn metadata_set(
        &self,
        of: &str,
        key: &str,
        value: Option<&str>,
        out: &mut Vec<u8>,
    ) {
        if self.capabilities.has(Capabilities::METADATA_2) {
            self.line("METADATA", out, |line| {
                line.param(of);
                line.param(key);
                line.param(VISIBILITY);
                value.into_iter().for_each(|value| line.trailing(value));
            });
        } else if self.capabilities.has(Capabilities::METADATA_3) {
            self.numeric(code(value), "*", out, |line| write_key(of, key, value, line));
        }
    }

    /// Tells a client that watches `of`, who has come, to ask for its metadata.
    pub(in crate::session::irc) fn metadata_follows(&self, watcher: &str, of: &str, out: &mut Vec<u8>) {
        if self.capabilities.has(Capabilities::METADATA_3) {
            self.numeric(numeric::RPL_METADATASYNCLATER, watcher, out, |line| write_to_ask(of, line));
        }
    }
}

/// The numeric for the value of a key, or for a key without one.
fn code(value: Option<&str>) -> &'static str {
    if value.is_some() { numeric::RPL_KEYVALUE } else { numeric::RPL_KEYNOTSET }
}

fn write_key(of: &str, key: &str, value: Option<&str>, line: &mut Line<'_>) {
    line.param(of);
    line.param(key);
    if value.is_some() {
        line.param(VISIBILITY);
    }
    line.trailing(value.unwrap_or(NOT_SET));
}

fn write_to_ask(of: &str, line: &mut Line<'_>) {
    line.param(of);
    line.number(RETRY_AFTER_S);
    line.trailing(ASK);
}
