//! The other devices of a session's user.

use super::context::Context;
use crate::message::{ConnectionId, Effect, UserId};
use crate::name::RoomName;

/// Shows a room, which the user has joined at `connection`, on its other devices.
pub(super) fn show_elsewhere(
    user: UserId,
    connection: ConnectionId,
    room: &RoomName,
    context: &mut Context<'_>,
) {
    for device in context.hub.devices(user) {
        if device.connection != connection {
            context.out.push(Effect::Show(device.connection, room.clone()));
        }
    }
}
