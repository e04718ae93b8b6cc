//! Queues the bytes of the layer itself: HTTP responses and the Close frame.

use std::io::{self, ErrorKind, Write};

use super::response::Body;

/// Most bytes of a body in one go, so that peers that ask for large files do not delay the others.
const BODY_BUDGET: usize = 16 * 1024;

/// Own bytes first, then the rest of a body that others may share.
#[derive(Debug, Default)]
pub(super) struct Unsent {
    own: Vec<u8>,
    body: Option<(Body, usize)>,
}

impl Unsent {
    /// Own bytes, and a body with the number of its bytes that are sent.
    #[cfg(feature = "upgrade")]
    pub(super) fn parts(&self) -> (&[u8], Option<&(Body, usize)>) {
        (&self.own, self.body.as_ref())
    }

    /// Goes on where another program was. `None` if the body has fewer bytes than are sent.
    #[cfg(feature = "upgrade")]
    pub(super) fn from_parts(own: Vec<u8>, body: Option<(Body, usize)>) -> Option<Self> {
        let is_sound = body.as_ref().is_none_or(|(body, sent)| *sent <= body.len());
        is_sound.then_some(Self { own, body })
    }

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

    /// Writes own bytes, and a part of the body; the next call goes on. Fails with `WouldBlock` if the stream takes no
    /// more.
    pub(super) fn write_to(&mut self, stream: &mut impl Write) -> io::Result<()> {
        while !self.own.is_empty() {
            let written = write_once(stream, &self.own)?;
            self.own = self.own[written..].to_vec();
        }
        let Some((body, sent)) = &mut self.body else { return Ok(()) };
        let until = body.len().min(*sent + BODY_BUDGET);
        while *sent < until {
            *sent += write_once(stream, &body[*sent..until])?;
        }
        if *sent == body.len() {
            self.body = None;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_body_is_written_in_parts() {
        const LENGTH: usize = 3 * BODY_BUDGET + 1;
        let mut unsent = Unsent::default();
        unsent.push(b"head".to_vec(), Body::Shared(vec![b'x'; LENGTH].into()));
        let mut written = Vec::new();
        for part in [4 + BODY_BUDGET, BODY_BUDGET, BODY_BUDGET, 1] {
            assert!(!unsent.is_empty());
            let before = written.len();
            unsent.write_to(&mut written).unwrap();
            assert_eq!(written.len() - before, part);
        }
        assert!(unsent.is_empty());
    }
}
