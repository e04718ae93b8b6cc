//! IRC over WebSocket, with the whole server over loopback.

mod closing;
mod messages;
mod ways;

use crate::support::TestServer;
use crate::support::browser::Browser;

fn browser(server: &TestServer, name: &str) -> Browser {
    Browser::user(&server.addresses()[0], name)
}
