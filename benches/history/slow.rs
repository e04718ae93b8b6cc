//! Turns of the loop while writes to the store take 200 ms, compared with a server without a history.

use std::thread;
use std::time::{Duration, Instant};

use parlor::config::{Operator, ServerConfig};
use parlor::message::AccountAnswer;
use parlor::net::Reactor;

use crate::support::blank_store::Blank;
use crate::support::options::config;
use crate::support::{Peer, address};

/// The time for a write, and for a commit, on a disk that is worn out.
const WRITE: Duration = Duration::from_millis(200);

const LISTENERS: usize = 50;

/// Time between messages.
const BEAT: Duration = Duration::from_millis(2);

pub(crate) fn measure(seconds: u64) {
    for is_slow in [false, true, false, true] {
        let what = if is_slow { "a disk that takes 200 ms" } else { "no history" };
        println!("history/turns    with {what}: {}", turns(is_slow, Duration::from_secs(seconds)));
    }
}

/// The server's report on its turns, after it has passed on messages for this time.
fn turns(is_slow: bool, time: Duration) -> String {
    let operators = vec![Operator { name: "root".into(), password: "secret".parse().expect("a password") }];
    let listen = vec![address("127.0.0.1:0")];
    let mut reactor =
        Reactor::bind(ServerConfig { listen, operators, ..config() }).expect("loopback has a free port");
    if is_slow {
        let wait = || thread::sleep(WRITE);
        reactor
            .keep_in(Blank { write: wait, commit: wait, account: || Ok(AccountAnswer::Unknown) })
            .expect("there are threads");
    }
    let (at, stopper) = (reactor.addresses()[0].clone(), reactor.stopper());
    let server = thread::spawn(|| reactor.run());
    let listeners: Vec<_> = (0..LISTENERS).map(|n| Peer::irc_member(&at, &format!("u{n}"))).collect();
    let readers: Vec<_> =
        listeners.into_iter().map(|mut peer| thread::spawn(move || peer.wait_for_any_end())).collect();
    let mut speaker = Peer::irc_member(&at, "speaker");
    let until = Instant::now() + time;
    while Instant::now() < until {
        speaker.send("PRIVMSG #lobby :sixty-four bytes of chat, more or less, for everybody here\r\n");
        thread::sleep(BEAT);
    }
    let mut operator = Peer::irc_user(&at, "operator");
    operator.send("OPER root secret\r\nSTATS p\r\n");
    let told = loop {
        let line = operator.line();
        if let Some((_, turns)) = line.split_once("turns: ") {
            break turns.trim_end().to_owned();
        }
    };
    stopper.stop().expect("the server can be woken");
    server.join().expect("the server does not panic").expect("the server polls to its end");
    readers.into_iter().for_each(|reader| reader.join().expect("it reads to the end"));
    told
}
