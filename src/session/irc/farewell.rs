//! The last message to a client.

use crate::message::{CloseReason, ConnectionId, Effects};
use crate::session::Context;
use crate::wire::irc::{Line, numeric};

/// Tells a peer why its connection ends. A ban has a numeric, which tells clients not to reconnect.
pub(in crate::session) fn farewell(to: ConnectionId, reason: &CloseReason, context: &mut Context<'_>) {
    let text = reason.to_string();
    if matches!(reason, CloseReason::Banned { .. }) {
        context.out.write(to, |bytes| {
            let mut line = Line::begin(bytes);
            line.source(&context.house.name);
            line.command(numeric::ERR_YOUREBANNEDCREEP);
            line.param("*");
            line.trailing(&text);
            line.end();
        });
    }
    error_line(to, &text, context.out);
}

/// Sends an `ERROR` line (RFC 2812 §3.7.4).
pub(in crate::session) fn error_line(to: ConnectionId, reason: &str, out: &mut Effects) {
    out.write(to, |bytes| {
        let mut line = Line::begin(bytes);
        line.command("ERROR");
        line.trailing(&format!("Closing link: {reason}"));
        line.end();
    });
}
