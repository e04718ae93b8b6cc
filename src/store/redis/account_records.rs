//! Records of accounts while their users are here: how far they have read, the last event that each device has heard,
//! metadata. Records about an account that was deleted meanwhile are ignored.

use super::keys::AccountKeys;
use super::scripts::{DEVICE, MARKER, METADATA, SEEN};
use crate::broker::Command;
use crate::message::{MOST_DEVICES, MOST_MARKERS, Record};
use crate::store::times::millis;

/// The command that keeps a record, if it is such. It comes after the event `after`.
pub(super) fn command(record: &Record, after: &str) -> Option<Command> {
    Some(match record {
        Record::Marker { account, of, at } => {
            let keys = AccountKeys(*account);
            let command = MARKER.command(&[&keys.account(), &keys.markers()]);
            command.arg(of).arg(millis(*at)).arg(MOST_MARKERS)
        }
        Record::Heard { account, device, event } => {
            let keys = AccountKeys(*account);
            let command = DEVICE.command(&[&keys.account(), &keys.devices()]);
            command.arg(device).arg(event.to_string()).arg(MOST_DEVICES)
        }
        Record::Seen { account, at } => SEEN.command(&[&AccountKeys(*account).account()]).arg(millis(*at)),
        Record::Metadata { account, key, value } => {
            let keys = AccountKeys(*account);
            let command = METADATA.command(&[&keys.account(), &keys.metadata()]);
            let command = command.arg(after).arg(account.0).arg(key);
            match value {
                Some(value) => command.arg(value),
                None => command,
            }
        }
        _ => return None,
    })
}
