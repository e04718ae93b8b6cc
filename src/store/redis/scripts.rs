//! What the broker does as one step, in Lua. All keys of a script are on one machine of a Redis Cluster.
//!
//! A broker that does not know a script gets it after the commands that were sent with it. So what must be done in the order in
//! which it was sent is one script, or no script, or sent in several parts.

use crate::broker::Script;

macro_rules! scripts {
    ($($name:ident: $($file:literal),+;)*) => {
        $(pub(super) static $name: Script = Script::new(concat!($(include_str!(concat!("scripts/", $file, ".lua"))),+));)*
    };
}

scripts! {
    ADD_CERTIFICATE: "add_certificate";
    BANS: "newer", "bans";
    BEGIN_MOVING: "begin_moving";
    CREATE: "create";
    DEVICE: "device";
    DROP: "drop";
    FORGET_PLACE: "forget_place";
    HISTORY: "history";
    LAST_EVENT: "last_event";
    MARKER: "marker";
    METADATA: "newer", "metadata";
    MOVE_MARKER: "move_marker";
    MOVE_SEAT: "move_seat";
    REMOVE_CERTIFICATE: "remove_certificate";
    ROOM: "newer", "room";
    SEEN: "seen";
    STAY: "newer", "stay";
    SWEEP: "sweep";
    UPDATE: "update";
}
