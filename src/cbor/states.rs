//! The numbers of users and rooms.

use super::{FromCbor, Invalid, Reader, ToCbor, Writer, map};
use crate::message::{DeviceState, PastState, Profile, RoomState, UserId, UserState};

map!(Profile { 0: is_secure, 1: username, 2: host, 3: realname, 4: peer, 5: away });

map!(UserState {
    0: name,
    1: profile,
    2: is_invisible,
    3: is_operator,
    4: is_bot,
    5: hears_wallops,
    6: since,
    7: spoke,
    8: invitations,
    9: account,
    10: seen,
    11: is_dismissed,
    12: metadata,
});

map!(DeviceState { 0: connection, 1: name, 2: peer, 3: is_secure, 4: since, 5: heard, 6: away });

map!(RoomState { 0: saved, 1: heir, 2: names });

map!(PastState { 0: name, 1: username, 2: host, 3: realname, 4: peer, 5: left, 6: is_bot, 7: has_account });

impl ToCbor for UserId {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

impl FromCbor for UserId {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        FromCbor::read(input).map(Self)
    }
}
