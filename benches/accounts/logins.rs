//! Thousands of clients that log in at the same time.

use std::time::Instant;

use crate::herd::Herd;
use crate::late;
use crate::quiet::Quiet;
use crate::seed::{PASSWORD, name};
use crate::server::Server;
use crate::support::accounts::plain;

/// The lines of a client that logs in with SASL PLAIN.
pub(crate) fn login(name: &str, password: &str) -> String {
    let token = plain(name, password);
    format!(
        "CAP REQ :sasl\r\nNICK {name}\r\nUSER u 0 * :u\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {token}\r\nCAP END\r\n"
    )
}

/// Lets `count` clients log in at once. Returns what took too long.
pub(crate) fn at_once(server: &Server, quiet: &Quiet, count: usize) -> Vec<String> {
    let herd = Herd::new();
    for n in 0..count {
        herd.connect(server.at, [127, 10, (n / 250) as u8, (n % 250) as u8 + 1]);
    }
    herd.count(" 903 ");
    quiet.wait_for_calm();
    quiet.begin();
    let (began, computed) = (Instant::now(), server.computed());
    (0..count).for_each(|n| herd.send(n, &login(&name(n), PASSWORD)));
    herd.wait_for(count);
    let (took, computed) = (began.elapsed(), server.computed() - computed);
    let pings = quiet.end();
    println!(
        "accounts/logins  {count} at once with SASL PLAIN: {took:.1?}, {computed:.1?} computed, {} kB in memory",
        server.memory_kb()
    );
    late("logins", &pings)
}
