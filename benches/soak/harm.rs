//! Users that come and go, that do not read, and that vanish.

use std::thread;
use std::time::{Duration, Instant};

use parlor::address::Address;

use crate::support::{Peer, login, say, whisper};

/// How long a user that does not read stays, unless the server closes it first.
const STALLS_FOR: Duration = Duration::from_secs(5);

/// Connects, speaks and disconnects, in different ways on both wires.
pub(crate) fn come_and_go(at: &Address, n: usize, until: Instant) {
    let name = format!("guest{n}");
    for round in 0_u64.. {
        if Instant::now() >= until {
            return;
        }
        let mut peer = if round.is_multiple_of(2) {
            let mut peer = Peer::user_amid_chat(at, &name);
            peer.send(say("hello, everybody") + &whisper("chatter0", "psst"));
            peer
        } else {
            let mut peer = Peer::irc_member(at, &name);
            peer.send(format!(
                "PRIVMSG #lobby :hello\r\nJOIN #room{round}\r\nTOPIC #room{round} :{round}\r\n"
            ));
            peer.send("WHO #lobby\r\nWHOIS chatter1\r\n");
            peer
        };
        match round % 6 {
            0 | 1 => peer.finish(),
            2 => {}
            3 => peer.send("QUIT :enough\r\n"),
            4 => peer.send("nonsense"),
            _ => peer.send("NICK guest\r\n".to_owned() + &"x".repeat(10_000)),
        }
        if round % 6 < 2 || round % 6 == 3 || round % 6 == 4 {
            peer.wait_for_any_end();
        }
    }
}

/// Connects and does not read. Returns how often the server closed it for that reason.
pub(crate) fn stall(at: &Address, n: usize, until: Instant) -> usize {
    let name = format!("stalled{n}");
    let mut closed = 0;
    for round in n.. {
        let now = Instant::now();
        if now >= until {
            break;
        }
        let mut peer = match round % 2 {
            0 => Peer::user_amid_chat(at, &name),
            _ => Peer::irc_member(at, &name),
        };
        thread::sleep(STALLS_FOR.min(until - now));
        peer.finish();
        closed += usize::from(peer.rest().contains("outbox full"));
    }
    closed
}

/// Connects, and resets the connection in the middle of traffic.
pub(crate) fn vanish(at: &Address, n: usize, until: Instant) {
    for round in 0_u64.. {
        if Instant::now() >= until {
            return;
        }
        let mut peer = Peer::connect(at);
        match round % 4 {
            0 => {}
            1 => peer.send("∏∑hal"),
            2 => peer.send(login(&format!("ghost{n}")) + "§γnever en"),
            _ => peer.send(format!("NICK ghost{n}\r\nUSER u 0 * :u\r\nJOIN #lobby\r\nPRIVMSG #lob")),
        }
        peer.reset();
        thread::sleep(Duration::from_millis(2));
    }
}
