//! What the layer itself sends: HTTP responses and the Close frame.

use std::io::{self, ErrorKind, Write};

use super::response::Body;

/// Own bytes first, then the rest of a body that others may share.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    own: Vec<u8>,
    body: Option<(Body, usize)>,
}

impl Unsent {
    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.body.is_none()
    }

    /// Appends the head and the body of a response. There is no other.
    pub(super) fn push(&mut self, head: Vec<u8>, body: Body) {
        debug_assert!(self.body.is_none(), "one response at a time");
        self.own.extend(head);
        self.body = Some((body, 0));
    }

    /// Appends bytes after which no response follows.
    pub(super) fn push_bytes(&mut self, bytes: &[u8]) {
        self.own.extend_from_slice(bytes);
    }

    /// Memory besides shared bodies.
    pub(super) fn kept_bytes(&self) -> usize {
        self.own.capacity()
    }

    /// Writes everything. Fails with `WouldBlock` if some remains.
    pub(super) fn write_to(&mut self, stream: &mut impl Write) -> io::Result<()> {
        while !self.own.is_empty() {
            let written = write_once(stream, &self.own)?;
            self.own = self.own[written..].to_vec();
        }
        while let Some((body, sent)) = &mut self.body {
            if *sent < body.len() {
                *sent += write_once(stream, &body[*sent..])?;
            } else {
                self.body = None;
            }
        }
        Ok(())
    }
}

/// Writes once; 0 when the system interrupted it.
fn write_once(stream: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    match stream.write(bytes) {
        Ok(0) => Err(ErrorKind::WriteZero.into()),
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(0),
        other => other,
    }
}
