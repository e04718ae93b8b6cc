//! Floods of guesses and of registrations, from one address and from many.

use std::thread;
use std::time::{Duration, Instant};

use crate::herd::Herd;
use crate::late;
use crate::logins::login;
use crate::quiet::Quiet;
use crate::seed::name;
use crate::server::Server;

/// Connections of an attack.
const ATTACKERS: usize = 400;

/// Interval between repetitions.
const BEAT: Duration = Duration::from_millis(20);

/// One kind of flood.
struct Flood {
    name: &'static str,
    has_many_addresses: bool,
    /// Makes the lines that the `n`th attacker sends.
    lines: fn(usize) -> String,
}

const FLOODS: [Flood; 4] = [
    Flood { name: "guesses/one", has_many_addresses: false, lines: guess },
    Flood { name: "guesses/many", has_many_addresses: true, lines: guess },
    Flood { name: "registers/one", has_many_addresses: false, lines: register },
    Flood { name: "registers/many", has_many_addresses: true, lines: register },
];

fn guess(n: usize) -> String {
    login(&name(n), "wrong")
}

fn register(n: usize) -> String {
    format!("NICK new{n}\r\nUSER u 0 * :u\r\nREGISTER * * password{n}\r\n")
}

/// Runs all floods. Returns what took too long.
pub(crate) fn all(server: &Server, quiet: &Quiet, is_quick: bool) -> Vec<String> {
    let time = Duration::from_secs(if is_quick { 1 } else { 5 });
    FLOODS.iter().flat_map(|flood| attack(flood, server, quiet, time)).collect()
}

fn attack(flood: &Flood, server: &Server, quiet: &Quiet, time: Duration) -> Vec<String> {
    let source = |n: usize| {
        let last = if flood.has_many_addresses { n } else { 0 };
        [127, 11, (last / 250) as u8, (last % 250) as u8 + 1]
    };
    let herd = Herd::new();
    for n in 0..ATTACKERS {
        herd.connect(server.at, source(n));
    }
    quiet.wait_for_calm();
    quiet.begin();
    let began = Instant::now();
    while began.elapsed() < time {
        for n in 0..ATTACKERS {
            if !herd.is_open(n) {
                herd.reconnect(n, server.at, source(n));
            }
            herd.send(n, &(flood.lines)(n));
        }
        thread::sleep(BEAT);
    }
    late(flood.name, &quiet.end())
}
