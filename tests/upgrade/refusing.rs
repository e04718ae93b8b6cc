//! Programs that cannot take over: the server goes on, for everybody and at once.

#[cfg(target_os = "linux")]
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

use crate::place::Place;
use crate::support::Peer;

const PROGRAM: &str = env!("CARGO_BIN_EXE_parlord");

/// Two users, of whom one has begun a line and a message.
struct Pair {
    irc: Peer,
    textbook: Peer,
    said: usize,
}

impl Pair {
    fn at(place: &Place) -> Self {
        Self { irc: Peer::irc_member(&place.at, "iris"), textbook: Peer::user(&place.at, "tom"), said: 0 }
    }

    /// Both hear each other, on the connections that they have.
    #[track_caller]
    fn talk(&mut self) {
        self.said += 1;
        self.irc.send(format!("PRIVMSG #lobby :from iris {}\r\n", self.said));
        self.textbook.expect(&format!("iris说：from iris {}\n", self.said));
        self.textbook.send(format!("§γfrom tom {}§γ", self.said));
        let awaited = format!("PRIVMSG #lobby :from tom {}", self.said);
        while !self.irc.line().contains(&awaited) {}
        self.textbook.expect(&format!("tom说：from tom {}\n", self.said));
    }
}

/// Asks for an upgrade to this script, which is refused for this reason.
#[track_caller]
fn refuses(script: &str, reason: &str) {
    let place = Place::start(&[]);
    let mut pair = Pair::at(&place);
    pair.talk();
    place.install_script(script);
    place.ask();
    let line = place.await_log("no upgrade");
    assert!(line.contains(reason), "{line}");
    pair.talk();
    // The next upgrade is not in the way of this one.
    place.install();
    place.upgrade();
    pair.talk();
}

/// A script that is the program, but in this role something else.
pub(crate) fn but(role: &str, something_else: &str) -> String {
    format!(
        "#!/bin/sh\nif [ \"$PARLORD_UPGRADE\" = \"{role}\" ]; then {something_else}; fi\nexec {PROGRAM} \"$@\"\n"
    )
}

#[test]
fn a_program_that_ends_without_an_answer() {
    refuses("#!/bin/sh\nexit 0\n", "without an answer");
}

#[test]
fn a_program_that_fails() {
    refuses("#!/bin/sh\nexit 1\n", "without an answer");
}

#[test]
fn a_program_that_says_something_else() {
    refuses("#!/bin/sh\necho hello; echo world\n", "hello");
}

#[test]
fn a_program_that_says_more_than_an_answer_has() {
    refuses(
        "#!/bin/sh\nwhile :; do echo hello hello hello hello || exit; done\n",
        "something else than parlord",
    );
}

#[test]
fn a_program_that_never_answers() {
    refuses("#!/bin/sh\nexec sleep 300\n", "did not answer within 10 s");
}

#[test]
fn a_file_that_is_no_program() {
    refuses("\u{7f}ELF but no program", "cannot start");
}

#[test]
fn a_program_that_reads_only_older_states() {
    let newer =
        "f=$(mktemp); cat >\"$f\"; printf '\\377' | dd of=\"$f\" bs=1 seek=14 conv=notrunc 2>/dev/null";
    let script = but("rehearse", &format!("{newer}; exec {PROGRAM} \"$@\" <\"$f\""));
    refuses(&script, "the state has version 255");
}

#[test]
fn a_program_that_gets_half_of_the_state() {
    let script = but("rehearse", &format!("head -c 100 | exec {PROGRAM} \"$@\""));
    refuses(&script, "cannot take over");
}

#[test]
fn a_program_that_does_not_know_an_option() {
    refuses(&but("rehearse", &format!("exec {PROGRAM} --nonsense")), "nonsense");
}

#[test]
fn a_program_that_is_missing() {
    let place = Place::start(&[]);
    let mut pair = Pair::at(&place);
    place.remove();
    place.ask();
    place.await_log("no upgrade: cannot start");
    pair.talk();
}

#[test]
fn a_program_that_fails_only_when_it_takes_over_gives_everything_back() {
    let place = Place::start(&[]);
    let mut pair = Pair::at(&place);
    place.install_script(&but("take over", &format!("exec {PROGRAM} --nonsense")));
    let descriptors = place.server.descriptors();
    for _ in 0..3 {
        place.ask();
        let line = place.await_log("could not take over");
        assert!(line.contains("nonsense"), "{line}");
        place.await_log("took over");
        pair.talk();
        assert_eq!(place.server.descriptors(), descriptors);
    }
    place.install();
    place.upgrade();
    pair.talk();
}

#[test]
fn a_second_request_while_one_is_under_way_is_refused_and_the_first_goes_on() {
    let place = Place::start(&[]);
    let mut pair = Pair::at(&place);
    place.install_script(&but("rehearse", "sleep 1"));
    place.ask();
    place.await_log("shows whether it could take over");
    place.ask();
    place.await_log("one has begun already");
    pair.talk();
    place.await_log("took over");
    pair.talk();
}

#[test]
fn a_flood_does_not_prevent_an_upgrade_and_loses_nothing() {
    let place = Place::with_options(&["--listen", "127.0.0.1:0", "--flood", "20/40"]);
    let mut pair = Pair::at(&place);
    let mut flooder = Peer::irc_member(&place.at, "flo");
    const LINES: usize = 150;
    let flood: String = (0..LINES).map(|n| format!("PRIVMSG tom :{n}\r\n")).collect();
    flooder.send(flood);
    pair.textbook.expect("flo悄悄地对你说：0\n");
    place.install();
    place.upgrade();
    for n in 1..LINES {
        pair.textbook.expect(&format!("flo悄悄地对你说：{n}\n"));
    }
}

#[test]
fn a_directory_that_is_no_place_for_a_database_any_more() {
    let place = Place::start(&[]);
    let mut pair = Pair::at(&place);
    place.spoil_state();
    place.ask();
    let line = place.await_log("no upgrade");
    assert!(line.contains("cannot write to"), "{line}");
    pair.talk();
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_that_may_have_no_more_descriptors() {
    let any = ["--listen", "127.0.0.1:0"].repeat(10);
    let place = Place::start(&any);
    let mut pair = Pair::at(&place);
    let pid = Pid::from_raw(place.server.pid().cast_signed());
    let limit_to = |most| {
        let most = Some(most);
        prlimit(
            pid,
            Resource::Nofile,
            Rlimit { current: most, maximum: getrlimit(Resource::Nofile).maximum },
        )
        .unwrap();
    };
    for spare in [1, 8, 16, 24] {
        limit_to((place.server.descriptors() + spare) as u64);
        place.ask();
        let line = place.await_log("no upgrade");
        // EMFILE, for which each C library has other words.
        assert!(line.contains("(os error 24)"), "{line}");
        pair.talk();
    }
    limit_to((place.server.descriptors() + 27) as u64);
    place.upgrade();
    pair.talk();
}
