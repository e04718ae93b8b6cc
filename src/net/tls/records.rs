//! Conversion between records and bytes, on buffers that all connections share.

use rustls::Error;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus, WriteTraffic};

use super::buffer::Buffer;

/// Most content bytes of a record (RFC 8446 §5.1).
pub(super) const RECORD_BYTES: usize = 16 * 1024;

/// Room for the overhead of a record with any cipher: a header of 5 bytes, a nonce of 8 or a type of 1, and a tag of 16
/// (RFC 5288 §3, RFC 8446 §5.2).
const OVERHEAD_BYTES: usize = 64;

const ALERT_BYTES: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) incoming: Buffer,
    /// Content of records, received or to be sent.
    pub(super) plain: Vec<u8>,
    /// Records to be sent.
    pub(super) outgoing: Buffer,
}

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Number of their bytes processed.
    pub(super) used: usize,
    /// The peer will send nothing more.
    pub(super) is_finished: bool,
    /// The error that makes the connection unusable.
    pub(super) failure: Option<Error>,
}

/// Processes the whole records in `incoming`, which begins with all bytes not used before. Appends their content to
/// `plain` and answers to `outgoing`. When we may send, `speak` appends to `outgoing`.
pub(super) fn drive(
    connection: &mut UnbufferedServerConnection,
    incoming: &mut [u8],
    plain: &mut Vec<u8>,
    outgoing: &mut Buffer,
    mut speak: impl FnMut(WriteTraffic<'_, ServerConnectionData>, &mut Buffer),
) -> Progress {
    let mut progress = Progress::default();
    loop {
        let had_failed = progress.failure.is_some();
        let UnbufferedStatus { mut discard, state } =
            connection.process_tls_records(&mut incoming[progress.used..]);
        let is_over = match state {
            Ok(ConnectionState::ReadTraffic(mut traffic)) => {
                while let Some(Ok(record)) = traffic.next_record() {
                    discard += record.discard;
                    plain.extend_from_slice(record.payload);
                }
                false
            }
            Ok(ConnectionState::EncodeTlsData(mut data)) => {
                // The error states the room it needs.
                if let Err(EncodeError::InsufficientSize(size)) = data.encode(&mut []) {
                    append(outgoing, size.required_size, |room| data.encode(room).ok());
                }
                false
            }
            Ok(ConnectionState::TransmitTlsData(data)) => {
                data.done();
                false
            }
            Ok(ConnectionState::PeerClosed) => {
                progress.is_finished = true;
                false
            }
            Ok(ConnectionState::WriteTraffic(traffic)) => {
                speak(traffic, outgoing);
                true
            }
            Ok(_) => true,
            Err(error) => progress.failure.replace(error).is_some(),
        };
        progress.used += discard;
        // After a failure, the alert for the peer follows. rustls does not expect to be called again after that.
        if is_over || had_failed {
            return progress;
        }
    }
}

/// Number of bytes of an incomplete record at the end of `bytes`, which start with a record (RFC 8446 §5.1).
pub(super) fn unfinished(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let [_, _, _, high, low, behind @ ..] = rest
        && let Some((_, next)) = behind.split_at_checked(u16::from_be_bytes([*high, *low]).into())
    {
        rest = next;
    }
    rest.len()
}

/// Appends a record with `plain`, which fits in one. False when the connection's keys are used up.
pub(super) fn say(
    mut traffic: WriteTraffic<'_, ServerConnectionData>,
    plain: &[u8],
    outgoing: &mut Buffer,
) -> bool {
    append(outgoing, plain.len() + OVERHEAD_BYTES, |room| traffic.encrypt(plain, room).ok())
}

/// Appends a `close_notify` (RFC 8446 §6.1): nothing more follows.
pub(super) fn say_the_end(mut traffic: WriteTraffic<'_, ServerConnectionData>, outgoing: &mut Buffer) {
    append(outgoing, ALERT_BYTES, |room| traffic.queue_close_notify(room).ok());
}

/// Appends what `fill` puts into room of this size, and nothing if it fails.
fn append(to: &mut Buffer, room: usize, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
    let filled = fill(to.room(room));
    to.advance(filled.unwrap_or_default());
    filled.is_some()
}
