//! WebSocket as others test it: the cases of Autobahn|Testsuite, against a server that sends messages back. `tests/autobahn/run`
//! runs that suite itself.
#![cfg(feature = "web")]

#[path = "../support/mod.rs"]
mod support;

mod echo;

use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};

#[test]
#[ignore = "serves until its input ends: for tests/autobahn/run"]
fn serves_until_its_input_ends() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    echo::serve(listener);
    writeln!(io::stdout(), "ws://{address}").unwrap();
    io::copy(&mut io::stdin(), &mut io::sink()).unwrap();
}
