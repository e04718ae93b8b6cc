//! HTTP responses.

use std::fmt::Write;
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use super::status::Status;
use crate::date;

/// Lets the page load from this server and connect to it, and nothing else. Nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      media-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// A response to send.
#[derive(Debug)]
pub(in crate::net) struct Response {
    pub(in crate::net) head: Vec<u8>,
    pub(in crate::net) body: Body,
    /// The connection ends after it.
    pub(in crate::net) is_last: bool,
}

/// Bytes that others may share.
#[derive(Clone, Debug)]
pub(in crate::net) enum Body {
    Static(&'static [u8]),
    Shared(Arc<[u8]>),
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// The part of a head before its common headers.
pub(super) struct Head {
    lines: String,
    policy: &'static str,
    /// The client should use WebSocket.
    is_for_upgrade: bool,
}

impl Head {
    pub(super) fn new(status: Status) -> Self {
        Self { lines: format!("HTTP/1.1 {status}\r\n"), policy: POLICY, is_for_upgrade: false }
    }

    /// Adds a header. The value must be free of line ends.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        // Writing to a string cannot fail.
        write!(self.lines, "{name}: {value}\r\n").ok();
        self
    }

    /// Another content security policy than that of the page.
    pub(super) fn with_policy(self, policy: &'static str) -> Self {
        Self { policy, ..self }
    }

    /// Asks the client to use WebSocket.
    pub(super) fn for_upgrade(self) -> Self {
        Self { is_for_upgrade: true, ..self.with("Upgrade", "websocket") }
    }

    pub(super) fn respond(mut self, body: Body, is_last: bool) -> Response {
        let policy = self.policy;
        write!(
            self.lines,
            "Content-Security-Policy: {policy}\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
             Cross-Origin-Resource-Policy: same-origin\r\n"
        )
        .ok();
        match (self.is_for_upgrade, is_last) {
            (true, true) => self.lines.push_str("Connection: Upgrade, close\r\n"),
            (true, false) => self.lines.push_str("Connection: Upgrade\r\n"),
            (false, true) => self.lines.push_str("Connection: close\r\n"),
            (false, false) => {}
        }
        self.lines.push_str("\r\n");
        Response { head: self.lines.into_bytes(), body, is_last }
    }

    /// A line of text as the body.
    pub(super) fn explain(self, text: &str, is_last: bool) -> Response {
        let body = format!("{text}\n").into_bytes();
        self.with("Content-Type", "text/plain; charset=utf-8")
            .with("Content-Length", &body.len().to_string())
            .respond(Body::Shared(body.into()), is_last)
    }
}

impl Response {
    /// Says in a line why the connection ends.
    pub(in crate::net) fn refusal(status: Status, text: &str) -> Self {
        Head::new(status).explain(text, true)
    }

    /// The same with the header `Date`, which every server with a clock sends (RFC 9110 §6.6.1).
    pub(super) fn dated(mut self, now: SystemTime) -> Self {
        if let Some(end) = self.head.windows(2).position(|two| two == b"\r\n") {
            let line = format!("\r\nDate: {}", date::http(now));
            self.head.splice(end..end, line.into_bytes());
        }
        self
    }

    /// The same without a body, for HEAD.
    pub(super) fn without_body(self) -> Self {
        Self { body: Body::Static(&[]), ..self }
    }
}
