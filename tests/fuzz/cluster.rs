//! What other nodes write: entries, messages and snapshots.

use parlor::cluster::codec::{
    decode_entry, decode_message, decode_snapshot, encode_entry, encode_message, encode_snapshot,
};
use parlor::message::LogIndex;

use crate::choices::Choices;

pub(crate) fn run(choices: &mut Choices<'_>) {
    let kind = choices.below(3);
    let bytes = choices.bytes(65_535);
    let read_again = |bytes: &[u8]| match kind {
        0 => decode_entry(LogIndex(1), bytes).map(|entry| encode_entry(&entry)),
        1 => decode_message(bytes).map(|message| encode_message(&message)),
        _ => decode_snapshot(bytes).map(|snapshot| encode_snapshot(&snapshot)),
    };
    if let Ok(written) = read_again(bytes) {
        assert_eq!(read_again(&written).as_ref(), Ok(&written), "what is read can be written");
    }
}
