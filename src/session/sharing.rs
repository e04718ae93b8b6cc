//! Sessions on one node of several: what changes shared state waits until the node has the lock, and is declined if that
//! takes too long.

use super::context::Context;
use super::dispatch::Session;
use crate::message::Found;

/// Tells why something was declined, and what to do.
pub(super) const OTHERS_UNREACHABLE: &str =
    "the other servers cannot be reached right now, so they cannot agree to this: try again in a minute";

impl Session {
    /// True when the frame at the start of `bytes` may change what nodes share, so that `receive` must be called with the
    /// lock. An incomplete frame changes nothing.
    pub fn needs_lock(&self, bytes: &[u8]) -> bool {
        self.protocol.conversation().needs_lock(bytes)
    }

    /// The same for `finish`.
    pub fn needs_lock_to_finish(&self, rest: &[u8]) -> bool {
        self.protocol.conversation().needs_lock_to_finish(rest)
    }

    /// The same for `go_on`.
    pub fn resumes_under_lock(&self) -> bool {
        self.protocol.conversation().resumes_under_lock()
    }

    /// The same for `found` with this result.
    pub fn needs_lock_for(&self, found: &Found) -> bool {
        self.protocol.conversation().needs_lock_for(found)
    }

    /// Declines the frame at the start of `bytes`, which needs the lock and cannot have it, and tells the peer. At the end
    /// of input, the frame may be unterminated. Returns how many bytes it consumed.
    pub fn decline(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        self.protocol.conversation_mut().decline(bytes, context)
    }

    /// Leaves out what is left of the unfinished command and needs the lock, and tells the peer. Then `go_on` does not need
    /// it.
    pub fn resumes_too_late(&mut self, context: &mut Context<'_>) {
        self.protocol.conversation_mut().resumes_too_late(context);
    }

    /// Continues with the result of an errand that needs the lock and cannot have it: tells the peer.
    pub fn found_too_late(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        self.protocol.conversation_mut().found_too_late(found, label, context);
    }
}
