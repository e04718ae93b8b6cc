//! How each line about an event begins.

use crate::date;
use crate::message::{Capabilities, Event, Identity, Source};
use crate::session::House;
use crate::wire::irc::Line;

/// Writes the lines of one event for one kind of client.
pub(super) struct Writer<'a> {
    pub(super) event: &'a Event,
    pub(super) capabilities: Capabilities,
    pub(super) house: &'a House,
    /// It is told from the history.
    pub(super) is_past: bool,
}

impl Writer<'_> {
    /// Writes a line with one command.
    pub(super) fn line(&self, command: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Line<'_>)) {
        let mut line = self.begin(command, out);
        write(&mut line);
        line.end();
    }

    /// Writes a numeric to the user called `to`.
    pub(super) fn numeric(&self, code: &str, to: &str, out: &mut Vec<u8>, write: impl FnOnce(&mut Line<'_>)) {
        let mut line = Line::begin(out);
        line.source(&self.house.name);
        line.command(code);
        line.param(to);
        write(&mut line);
        line.end();
    }

    /// Begins a line with the tags of every message, its source and its command.
    pub(super) fn begin<'b>(&self, command: &str, out: &'b mut Vec<u8>) -> Line<'b> {
        let mut line = Line::begin(out);
        self.tags(&mut line);
        self.source(&mut line);
        line.command(command);
        line
    }

    pub(super) fn tags(&self, line: &mut Line<'_>) {
        if self.capabilities.has(Capabilities::SERVER_TIME) {
            line.plain_tag("time", date::millis(self.event.time));
        }
        if let Some(account) = self.identity().and_then(Identity::account)
            && self.capabilities.has(Capabilities::ACCOUNT_TAG)
        {
            line.tag("account", account);
        }
        if self.is_past && self.capabilities.has(Capabilities::MESSAGE_TAGS) && !self.event.kind.is_speech() {
            line.plain_tag("msgid", self.event.id);
        }
        if self.capabilities.has(Capabilities::MESSAGE_TAGS)
            && self.identity().is_some_and(|from| from.is_bot)
        {
            line.tag("bot", "");
        }
    }

    pub(super) fn source(&self, line: &mut Line<'_>) {
        match self.identity() {
            Some(identity) => line.source(&identity.to_string()),
            None => line.source(&self.house.name),
        }
    }

    pub(super) fn identity(&self) -> Option<&Identity> {
        match &self.event.from {
            Source::User(identity) => Some(identity),
            Source::Server => None,
        }
    }
}

/// Writes the line that ends the batch of this name.
pub(super) fn end_batch(name: &str, server: &str, out: &mut Vec<u8>) {
    let mut line = Line::begin(out);
    line.source(server);
    line.command("BATCH");
    line.param(&format!("-{name}"));
    line.end();
}
