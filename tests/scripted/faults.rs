//! Every read and every write of a peer in turn fails, is short, would block or ends: what the others say to each
//! other is neither lost nor doubled nor reordered, and what only looks like a fault changes nothing at all.

use std::io::ErrorKind;
use std::time::Duration;

use parlor::wire::crazyit::Line;

use crate::support::irc::check_line;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::Fault;
use crate::support::{limits, login, say, whisper};

/// What may happen to anybody, and changes nothing.
const HARMLESS: [Fault; 3] = [Fault::Short, Fault::Block, Fault::Fail(ErrorKind::Interrupted)];

/// What ends a connection.
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

/// Longer than the server waits for anybody who is on the way out.
const ENDINGS: Duration = Duration::from_secs(33);

/// What the faulty peer reads and writes of its bytes at a time, so that there are many operations.
const SIZE: usize = 30;

/// How often everybody speaks.
const ROUNDS: usize = 6;

/// The wire of the faulty peer, and how it comes, speaks and leaves.
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

    /// In every second round to one alone.
    fn speak(self, round: usize) -> String {
        let text = text("eve", round);
        match (self, round % 2) {
            (Self::CrazyIt, 0) => say(&text),
            (Self::CrazyIt, _) => whisper("ana", &text),
            (Self::Irc, 0) => format!("PRIVMSG #lobby :{text}\r\n"),
            (Self::Irc, _) => format!("PRIVMSG ana :{text}\r\n"),
        }
    }

    /// Ends with a line that has no end.
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

/// What happened in one run.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    /// All that ana, bob (on IRC) and the faulty peer heard.
    heard: [Vec<u8>; 3],
    /// How many reads and writes the faulty peer's stream has seen.
    reads: usize,
    writes: usize,
}

/// Where the fault is.
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
        // Both in one turn.
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

/// What a peer heard from one other: texts, in order.
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

/// Every place for a fault that `outcome` had.
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
fn a_read_or_write_that_fails_or_ends_costs_the_others_nothing() {
    for wire in WIRES {
        let smooth = play(wire, At::Nowhere);
        for at in places(&smooth, &FATAL) {
            let outcome = play(wire, at);
            for (who, name) in [(0, "ana"), (0, "bob"), (1, "ana")] {
                let (heard, expected) = (heard_from(&outcome, who, name), heard_from(&smooth, who, name));
                assert_eq!(heard.len(), if who == 1 { 2 * ROUNDS } else { ROUNDS }, "{wire:?} {at:?}");
                assert_eq!(heard, expected, "{wire:?} {at:?}");
            }
            // Of the faulty one they hear what it said before, in order, and nothing twice. A last line of IRC needs
            // no end.
            for who in [0, 1] {
                let (heard, all) = (heard_from(&outcome, who, "eve"), heard_from(&smooth, who, "eve"));
                let whole = heard.iter().zip(&all).take_while(|(heard, said)| heard == said).count();
                let rest =
                    heard[whole..].iter().zip(&all[whole..]).all(|(heard, said)| said.starts_with(heard));
                let is_cut =
                    matches!((wire, at), (Wire::Irc, At::Read(_, Fault::End))) && heard.len() == whole + 1;
                assert!(heard.len() == whole || is_cut && rest, "{wire:?} {at:?}: {heard:?}");
            }
            // And where it could not be written to any more, it has heard the beginning of what it would have.
            let is_beginning = smooth.heard[2].starts_with(&outcome.heard[2]);
            assert!(is_beginning || matches!(at, At::Read(..)), "{wire:?} {at:?}");
        }
    }
}
