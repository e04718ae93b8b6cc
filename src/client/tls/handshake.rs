//! The handshake, before anything else is said.

use std::io;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use super::HandshakeFault;
use super::verifier::refused;
use crate::address::Address;
use crate::client::error::Error;
use crate::client::is_retry;
use crate::client::stream::Stream;

/// Shakes hands within this time, which is not zero.
pub(super) fn complete(
    session: &mut ClientConnection,
    stream: &mut Stream,
    server: &Address,
    within: Duration,
) -> Result<(), Error> {
    let failed = |why| Error::Handshake { server: server.clone(), why };
    let until = Instant::now() + within;
    loop {
        write(session, stream).map_err(HandshakeFault::Broken).map_err(failed)?;
        if !session.is_handshaking() {
            return Ok(());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(failed(HandshakeFault::Late(within)));
        }
        match stream.set_read_timeout(Some(left)).and_then(|()| session.read_tls(stream)) {
            Ok(0) => return Err(failed(HandshakeFault::Closed)),
            Ok(_) => {}
            Err(error) if is_retry(&error) => continue,
            Err(error) => return Err(failed(HandshakeFault::Broken(error))),
        }
        if let Err(error) = session.process_new_packets() {
            // The server is told why, if it still listens.
            write(session, stream).ok();
            return Err(match refused(&error) {
                Some(why) => Error::Certificate { server: server.clone(), why },
                None => failed(HandshakeFault::new(&error)),
            });
        }
    }
}

fn write(session: &mut ClientConnection, stream: &mut Stream) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(stream)?;
    }
    Ok(())
}
