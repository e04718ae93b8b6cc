//! From records to bytes and back, on buffers that all connections share.

use rustls::Error;
use rustls::server::{ServerConnectionData, UnbufferedServerConnection};
use rustls::unbuffered::{ConnectionState, EncodeError, UnbufferedStatus, WriteTraffic};

use super::buffer::Buffer;

/// Most bytes that one record carries (RFC 8446 §5.1).
pub(super) const RECORD_BYTES: usize = 16 * 1024;

/// Room for what a record has around what it carries, of every cipher there is: a header of 5 bytes, a nonce of 8 or a
/// type of 1, and a tag of 16 (RFC 5288 §3, RFC 8446 §5.2).
const OVERHEAD_BYTES: usize = 64;

/// Room for whatever ends a connection: an alert, in a record.
const ALERT_BYTES: usize = 64;

/// Buffers that all connections use one after the other.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// Records that came.
    pub(super) incoming: Buffer,
    /// What they carried, or what is to be carried.
    pub(super) plain: Vec<u8>,
    /// Records that are to go.
    pub(super) outgoing: Buffer,
}

/// What came of some records.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// How many bytes of them are done with.
    pub(super) used: usize,
    /// The peer has said that nothing more will come.
    pub(super) is_finished: bool,
    /// Why nothing more can come of this connection.
    pub(super) failure: Option<Error>,
}

/// Takes what is whole from the beginning of `incoming`, which begins with all that was not used before: what it carries
/// goes to the end of `plain`, what is to be sent to the end of `outgoing`. Where we may speak, `speak` adds to that.
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
                // It says how much room it needs.
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
        // Behind a failure comes the alert that tells the peer. To be asked for more than that is what rustls does not
        // expect.
        if is_over || had_failed {
            return progress;
        }
    }
}

/// How many bytes at the end of `bytes`, which begin with a record, are of one that is not whole (RFC 8446 §5.1).
pub(super) fn unfinished(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    while let [_, _, _, high, low, behind @ ..] = rest
        && let Some((_, next)) = behind.split_at_checked(u16::from_be_bytes([*high, *low]).into())
    {
        rest = next;
    }
    rest.len()
}

/// Adds a record that carries `plain`, which is not more than one can. False when the connection's keys are used up.
pub(super) fn say(
    mut traffic: WriteTraffic<'_, ServerConnectionData>,
    plain: &[u8],
    outgoing: &mut Buffer,
) -> bool {
    append(outgoing, plain.len() + OVERHEAD_BYTES, |room| traffic.encrypt(plain, room).ok())
}

/// Adds a record that says that nothing more will come (RFC 8446 §6.1, `close_notify`).
pub(super) fn say_the_end(mut traffic: WriteTraffic<'_, ServerConnectionData>, outgoing: &mut Buffer) {
    append(outgoing, ALERT_BYTES, |room| traffic.queue_close_notify(room).ok());
}

/// Adds what `fill` puts into so much room, and nothing if it fails.
fn append(to: &mut Buffer, room: usize, fill: impl FnOnce(&mut [u8]) -> Option<usize>) -> bool {
    let filled = fill(to.room(room));
    to.advance(filled.unwrap_or_default());
    filled.is_some()
}
