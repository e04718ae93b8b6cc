//! Replaces `http` in builds without `web`: proxies send only PROXY headers.

use super::header::{HEADER_BYTES, Malformed};
use crate::config::Proxy;
use crate::message::Peer;
use crate::net::newcomer::Newcomer;

pub(super) const PEEKED_BYTES: usize = HEADER_BYTES;

pub(super) fn begin(_: &mut Newcomer, _: &mut [u8], _: &[Proxy]) -> Result<Option<Peer>, Malformed> {
    Err(Malformed::Beginning)
}
