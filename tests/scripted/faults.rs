//! Faults in every read and write of one peer: failures, short transfers, blocking and ends. Messages between the
//! others are not lost, duplicated or reordered, and harmless faults change nothing at all.

use std::io::ErrorKind;
use std::time::Duration;

use parlor::wire::crazyit::Line;

use crate::support::irc::check_line;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::Fault;
use crate::support::{limits, login, say, whisper};

/// Faults that change nothing.
const HARMLESS: [Fault; 3] = [Fault::Short, Fault::Block, Fault::Fail(ErrorKind::Interrupted)];

const FATAL: [Fault; 8] = [
    Fault::End,
    Fault::Fail(ErrorKind::ConnectionReset),
    Fault::Fail(ErrorKind::ConnectionAborted),
    Fault::Fail(ErrorKind::BrokenPipe),
    Fault::Fail(ErrorKind::NotConnected),
    Fault::Fail(ErrorKind::TimedOut),
    Fault::Fail(ErrorKind::HostUnreachable),
    Fault::Fail(ErrorKind::OutOfMemory),
];

/// Longer than the server waits for any closing connection.
const ENDINGS: Duration = Duration::from_secs(33);

/// Bytes per read and write of the faulty peer, small so that there are many operations.
const SIZE: usize = 30;

const ROUNDS: usize = 6;

/// The wire of the faulty peer: how it logs in, speaks and leaves.
#[derive(Clone, Copy, Debug)]
enum Wire {
    CrazyIt,
    Irc,
}

const WIRES: [Wire; 2] = [Wire::CrazyIt, Wire::Irc];

impl Wire {
    fn login(self) -> String {
        match self {
            Self::CrazyIt => login("eve"),
            Self::Irc => irc_login("eve"),
        }
    }

    /// Every second message is a whisper.
    fn speak(self, round: usize) -> String {
        let text = text("eve", round);
        match (self, round % 2) {
            (Self::CrazyIt, 0) => say(&text),
            (Self::CrazyIt, _) => whisper("ana", &text),
            (Self::Irc, 0) => format!("PRIVMSG #lobby :{text}\r\n"),
            (Self::Irc, _) => format!("PRIVMSG ana :{text}\r\n"),
        }
    }

    /// The last line has no end.
    fn leave(self) -> &'static str {
        match self {
            Self::CrazyIt => "§γunfinished",
            Self::Irc => "QUIT :enough",
        }
    }
}

fn irc_login(name: &str) -> String {
    format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nJOIN #lobby\r\n")
}

fn text(name: &str, round: usize) -> String {
    format!("{name} {round} {}", "~".repeat(40))
}

#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// Everything that ana, bob (on IRC) and the faulty peer received.
    heard: [Vec<u8>; 3],
    /// Numbers of reads and writes on the faulty peer's stream.
    reads: usize,
    writes: usize,
}

/// The place of the fault.
#[derive(Clone, Copy, Debug)]
enum At {
    Nowhere,
    Read(usize, Fault),
    Write(usize, Fault),
}

/// Two healthy peers and a faulty one talk; then the faulty one leaves.
fn play(wire: Wire, at: At) -> Outcome {
    let mut scene = Scene::new(limits());
    let ana = scene.user("ana");
    let bob = scene.connect();
    scene.send(&bob, irc_login("bob"));
    bob.heard();
    let eve = scene.connect();
    set_up(&eve, at);
    scene.send(&eve, wire.login());
    for round in 0..ROUNDS {
        scene.send(&ana, say(&text("ana", round)) + &whisper("bob", &text("ana", round)));
        // Both arrive in the same turn.
        bob.push(format!("PRIVMSG #lobby :{}\r\n", text("bob", round)));
        eve.push(wire.speak(round));
        scene.settle();
        scene.advance(Duration::from_millis(400));
    }
    eve.push(wire.leave());
    scene.end(&eve);
    scene.advance(ENDINGS);
    assert!(eve.is_closed(), "{wire:?} {at:?}");
    assert_eq!(scene.server.hub().users().len(), 2, "{wire:?} {at:?}");
    assert_eq!(scene.server.connections(), 2, "{wire:?} {at:?}");
    let (reads, writes) = (eve.wire.borrow().reads.done(), eve.wire.borrow().writes.done());
    for guest in [&ana, &bob] {
        scene.end(guest);
        assert!(guest.is_shut() && guest.is_closed(), "{wire:?} {at:?}");
    }
    let heard = [&ana, &bob, &eve].map(|guest| guest.wire.borrow().written.clone());
    Outcome { heard, reads, writes }
}

fn set_up(eve: &Guest, at: At) {
    let mut wire = eve.wire.borrow_mut();
    (wire.read_size, wire.write_size) = (SIZE, SIZE);
    match at {
        At::Nowhere => {}
        At::Read(n, fault) => wire.reads.plan(n, fault),
        At::Write(n, fault) => wire.writes.plan(n, fault),
    }
}

/// The texts that a peer received from another, in order.
fn heard_from<'a>(outcome: &'a Outcome, who: usize, name: &str) -> Vec<&'a str> {
    let heard = std::str::from_utf8(&outcome.heard[who]).expect("everything sent is UTF-8");
    let lines = heard.split_inclusive('\n');
    let said = lines.filter_map(|line| match who {
        0 => match Line::decode(line.strip_suffix('\n').expect("whole lines")) {
            Line::Said { from, text } | Line::Whispered { from, text } => Some((from, text)),
            Line::Notice(_) => None,
        },
        _ => {
            check_line(line);
            let (source, message) = line.trim_end().strip_prefix(':')?.split_once('!')?;
            let (command, text) = message.split_once(" :")?;
            command.contains(" PRIVMSG ").then_some((source, text))
        }
    });
    said.filter(|(from, _)| *from == name).map(|(_, text)| text).collect()
}

/// Every possible place of a fault in the run of `outcome`.
fn places(outcome: &Outcome, faults: &[Fault]) -> Vec<At> {
    let reads = (0..outcome.reads).flat_map(|n| faults.iter().map(move |&fault| At::Read(n, fault)));
    let writes = (0..outcome.writes).flat_map(|n| faults.iter().map(move |&fault| At::Write(n, fault)));
    reads.chain(writes).collect()
}

#[test]
fn short_blocked_and_interrupted_reads_and_writes_change_nothing() {
    for wire in WIRES {
        let smooth = play(wire, At::Nowhere);
        assert!(smooth.reads > 2 * ROUNDS && smooth.writes > 2 * ROUNDS, "{smooth:?}");
        for at in places(&smooth, &HARMLESS) {
            assert_eq!(play(wire, at).heard, smooth.heard, "{wire:?} {at:?}");
        }
    }
}

#[test]
fn a_failed_or_ended_read_or_write_does_not_affect_others() {
    for wire in WIRES {
        let smooth = play(wire, At::Nowhere);
        for at in places(&smooth, &FATAL) {
            let outcome = play(wire, at);
            for (who, name) in [(0, "ana"), (0, "bob"), (1, "ana")] {
                let (heard, expected) = (heard_from(&outcome, who, name), heard_from(&smooth, who, name));
                assert_eq!(heard.len(), if who == 1 { 2 * ROUNDS } else { ROUNDS }, "{wire:?} {at:?}");
                assert_eq!(heard, expected, "{wire:?} {at:?}");
            }
            // They hear the faulty peer's messages up to the fault, in order and once. A last IRC line needs no end.
            for who in [0, 1] {
                let (heard, all) = (heard_from(&outcome, who, "eve"), heard_from(&smooth, who, "eve"));
                let whole = heard.iter().zip(&all).take_while(|(heard, said)| heard == said).count();
                let rest =
                    heard[whole..].iter().zip(&all[whole..]).all(|(heard, said)| said.starts_with(heard));
                let is_cut =
                    matches!((wire, at), (Wire::Irc, At::Read(_, Fault::End))) && heard.len() == whole + 1;
                assert!(heard.len() == whole || is_cut && rest, "{wire:?} {at:?}: {heard:?}");
            }
            // If only writing failed, it received a prefix of the full output.
            let is_beginning = smooth.heard[2].starts_with(&outcome.heard[2]);
            assert!(is_beginning || matches!(at, At::Read(..)), "{wire:?} {at:?}");
        }
    }
}
