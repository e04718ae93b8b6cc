//! Proxies that do not send a PROXY header, but pass on HTTP requests.

use std::io::{Read, Write};

use super::forwarded;
use super::has;
use super::header::HEADER_BYTES;
use crate::config::Proxy;
use crate::message::Peer;
use crate::net::newcomer::Newcomer;
use crate::net::web::{HEAD_BYTES, Parsed, Response, Status, parse};
use crate::server::Stream;
use crate::wire::http::could_be_request;

/// The longest header or head.
pub(super) const PEEKED_BYTES: usize = if HEADER_BYTES > HEAD_BYTES { HEADER_BYTES } else { HEAD_BYTES };

/// Finds out for which peer the request is that begins with these peeked bytes. `None` if they are too few to tell; an
/// error if there is no such peer. A refused request gets a response.
pub(super) fn begin(
    newcomer: &mut Newcomer,
    peeked: &mut [u8],
    proxies: &[Proxy],
) -> Result<Option<Peer>, &'static str> {
    let (status, why) = match could_be_request(peeked) {
        None => return Ok(None),
        Some(false) => return Err("the first bytes are neither a PROXY header nor an HTTP request"),
        Some(true) => match parse(peeked) {
            Parsed::NeedMore => return Ok(None),
            Parsed::Malformed(status, why) => (status, why),
            Parsed::Request { request, .. } => match forwarded::peer(&request, |peer| has(proxies, peer)) {
                Ok(peer) => {
                    newcomer.is_shared = true;
                    return Ok(Some(peer));
                }
                // If the proxy was the peer, all its users would share its limits.
                Err(untold) => (Status::BadRequest, untold.why()),
            },
        },
    };
    refuse(newcomer, peeked, &Response::refusal(status, why));
    Err(why)
}

/// Sends a response, and ends the connection after it. The peeked bytes are read first: closing a socket with unread
/// input resets it and loses the response.
fn refuse(newcomer: &mut Newcomer, peeked: &mut [u8], response: &Response) {
    let (socket, bytes) = (&mut newcomer.socket, [&response.head[..], &response.body].concat());
    // The response fits in an empty socket. If the proxy has left, nobody misses it.
    socket.read_exact(peeked).ok();
    socket.write_all(&bytes).ok();
    socket.shutdown_write().ok();
}
