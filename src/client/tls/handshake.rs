//! The TLS handshake.

use std::io;
use std::time::{Duration, Instant};

use rustls::ClientConnection;

use super::fault::{HandshakeFault, TlsError};
use super::verifier::refused;
use crate::blocking_socket::{BlockingSocket, is_retry};

/// Completes the handshake within this time, which is not zero.
pub(super) fn complete(
    session: &mut ClientConnection,
    stream: &mut BlockingSocket,
    within: Duration,
) -> Result<(), TlsError> {
    let until = Instant::now() + within;
    loop {
        write(session, stream).map_err(HandshakeFault::Broken)?;
        if !session.is_handshaking() {
            return Ok(());
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(HandshakeFault::Late(within).into());
        }
        match stream.set_read_timeout(Some(left)).and_then(|()| session.read_tls(stream)) {
            Ok(0) => return Err(HandshakeFault::Closed.into()),
            Ok(_) => {}
            Err(error) if is_retry(&error) => continue,
            Err(error) => return Err(HandshakeFault::Broken(error).into()),
        }
        if let Err(error) = session.process_new_packets() {
            // Sends the alert, if the server still reads.
            write(session, stream).ok();
            return Err(match refused(&error) {
                Some(fault) => fault.into(),
                None => HandshakeFault::new(&error).into(),
            });
        }
    }
}

fn write(session: &mut ClientConnection, stream: &mut BlockingSocket) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(stream)?;
    }
    Ok(())
}
