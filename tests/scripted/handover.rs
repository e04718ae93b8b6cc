//! Another server takes over between any two turns, and no peer can tell.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use parlor::config::{Flood, Limits, Operator, ServerConfig};
use parlor::net::Web;
use parlor::server::Server;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::support::frames::masked;
use crate::support::options::config;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::{End, Wire};

/// A cheap hash of `password`, made by the reference implementation.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

const TICK: Duration = Duration::from_millis(1);

fn locked() -> ServerConfig {
    let limits = Limits { flood: Some(Flood { burst: 4, per_second: 2 }), ..Limits::default() };
    let password = HASH.parse().expect("a hash");
    ServerConfig { limits, operators: vec![Operator { name: "root".into(), password }], ..config() }
}

/// One peer speaks IRC, one CrazyIt, and one IRC over WebSocket.
fn guests(scene: &mut Scene) -> [Guest; 3] {
    let guests = [scene.connect(), scene.connect(), scene.connect_browser()];
    scene.advance(Duration::from_secs(1));
    guests
}

/// What each of them sends.
fn scripts() -> [Vec<u8>; 3] {
    let ana = "CAP REQ :message-tags server-time echo-message batch draft/multiline labeled-response\r\n\
        NICK ana\r\nUSER ana 0 * :Ana\r\nCAP END\r\nJOIN #tea,#milk\r\nTOPIC #tea :green 茶\r\nMODE #tea +b x!*@*\r\n\
        @label=1 WHO #tea\r\nMONITOR + bob,carol\r\nBATCH +1 draft/multiline #tea\r\n@batch=1 PRIVMSG #tea :one\r\n\
        @batch=1 PRIVMSG #tea :two\r\nBATCH -1\r\nOPER root passwort\r\nOPER root password\r\nINVITE bob #milk\r\n\
        NICK anna\r\nAWAY :tea\r\nPRIVMSG carol :psst\r\nLIST\r\nNAMES #tea\r\nPART #milk :done\r\nQUIT :bye\r\n";
    let bob = "∏∑bob∏∑§γhello§γ★【ana※a secret★【§γ再见§γ★【carol※more★【§γunfinished";
    let lines =
        ["NICK carol", "USER c 0 * :Carol", "JOIN #tea", "PRIVMSG #tea :hi", "WHOIS ana", "PING x", "LIST"];
    let carol = lines.iter().flat_map(|line| masked(0x81, line.as_bytes())).collect();
    [ana.into(), bob.into(), carol]
}

#[derive(Clone, Debug)]
enum Step {
    /// A peer sends as many bytes.
    Send(usize, usize),
    /// A peer stops reading after as many bytes, or goes on.
    Room(usize, usize),
    Wait(Duration),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..3usize, prop_oneof![1..4usize, 20..200usize]).prop_map(|(peer, bytes)| Step::Send(peer, bytes)),
        3 => (0..3usize, prop_oneof![Just(0), 1..300usize, Just(usize::MAX)])
            .prop_map(|(peer, bytes)| Step::Room(peer, bytes)),
        4 => (0..3_000u64).prop_map(|ms| Step::Wait(Duration::from_millis(ms))),
    ]
}

/// What the peers hear in these steps. Before some of them, another server takes over.
fn heard(steps: &[Step], handovers: &[bool]) -> [Vec<u8>; 3] {
    let mut scene = Scene::with(locked());
    let guests = guests(&mut scene);
    let mut scripts = scripts();
    let mut step = |scene: &mut Scene, step: &Step| match *step {
        Step::Send(peer, bytes) => {
            let most = bytes.min(scripts[peer].len());
            let sent: Vec<_> = scripts[peer].drain(..most).collect();
            scene.send(&guests[peer], sent);
        }
        Step::Room(peer, bytes) => scene.give_room(&guests[peer], bytes),
        Step::Wait(time) => scene.advance(time),
    };
    for (n, next) in steps.iter().enumerate() {
        if handovers.get(n) == Some(&true) {
            assert!(scene.hand_over(), "nothing is under way");
        }
        step(&mut scene, next);
    }
    for peer in 0..3 {
        step(&mut scene, &Step::Room(peer, usize::MAX));
        step(&mut scene, &Step::Send(peer, usize::MAX));
    }
    (0..60).for_each(|_| step(&mut scene, &Step::Wait(Duration::from_secs(1))));
    guests.map(|guest| guest.heard_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn peers_hear_the_same_bytes_whenever_another_server_takes_over(
        steps in prop::collection::vec(any_step(), 20..120),
        handovers in prop::collection::vec(any::<bool>(), 120),
    ) {
        let [before, after] = [heard(&steps, &[]), heard(&steps, &handovers)];
        for (before, after) in before.iter().zip(&after) {
            prop_assert_eq!(String::from_utf8_lossy(before), String::from_utf8_lossy(after));
        }
    }
}

/// A server with users, rooms, a waiting guess, a limited flood and unsent bytes.
fn busy() -> (Scene, [Guest; 3]) {
    let mut scene = Scene::with(locked());
    let guests = guests(&mut scene);
    for (guest, script) in guests.iter().zip(scripts()) {
        scene.give_room(guest, 600);
        scene.send(guest, script);
    }
    (scene, guests)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn a_damaged_state_is_refused_or_makes_a_server_that_runs(
        flips in prop::collection::vec((any::<Index>(), 1..=u8::MAX), 1..4),
        is_cut in any::<bool>(),
    ) {
        let (scene, _guests) = busy();
        let mut state = scene.server.hand_over(scene.now);
        for (place, flip) in &flips {
            let place = place.index(state.len());
            state[place] ^= flip;
        }
        if is_cut {
            state.truncate(flips[0].0.index(state.len()));
        }
        let (config, now) = (locked(), scene.now);
        let (web, wire) = (Web::new(&config), Rc::new(RefCell::new(Wire::default())));
        let streams = |_| Some(web.wrap(End::new(&wire), false));
        if let Ok(mut server) = Server::take_over(&config, &state, now, streams) {
            for _ in 0..3 {
                server.read_on(now);
                server.expire(now);
                server.finish_turn(now);
            }
        }
    }
}

#[test]
fn input_waits_while_the_server_settles_and_nothing_is_lost_if_it_goes_on() {
    let mut scene = Scene::with(config());
    let [ana, bob] = ["ana", "bob"].map(|name| scene.user(name));
    scene.server.begin_settling(false, scene.now).expect("it runs");
    ana.push("§γone§γ§γtwo§γ");
    for _ in 0..3 {
        scene.poll();
    }
    assert!(scene.server.is_settled(scene.now) && !scene.server.has_unread());
    assert_eq!(bob.heard(), "");
    scene.server.stop_settling();
    scene.settle();
    assert_eq!(bob.heard(), "ana说：one\nana说：two\n");
}

#[test]
fn a_flood_and_a_peer_that_does_not_read_do_not_keep_a_server_from_settling() {
    let (mut scene, [ana, bob, _]) = busy();
    for n in 0..100 {
        ana.push(format!("PRIVMSG #tea :{n}\r\n").repeat(9));
        bob.push("§γ刷屏§γ".repeat(50));
        assert!(scene.hand_over(), "in turn {n}");
        scene.poll();
        scene.advance(TICK);
    }
}

#[test]
fn a_server_that_shuts_down_hands_nothing_over_and_shutting_down_ends_settling() {
    let mut scene = Scene::with(config());
    let ana = scene.user("ana");
    scene.server.begin_settling(false, scene.now).expect("it runs");
    scene.turn(|server, now| server.shut_down(now));
    assert!(scene.server.begin_settling(false, scene.now).is_err());
    scene.end(&ana);
    assert_eq!(scene.server.connections(), 0);
}

#[test]
fn a_guess_that_waits_for_its_turn_is_answered_at_the_same_time_by_the_next_server() {
    let mut answers = Vec::new();
    for is_fleeting in [false, true] {
        let mut scene =
            Scene::with(ServerConfig { password: Some(HASH.parse().expect("a hash")), ..config() });
        let guess = |scene: &mut Scene, guess: &str| {
            let guest = scene.connect();
            scene.send(&guest, format!("∏∑ana※{guess}∏∑"));
            guest
        };
        (0..5).for_each(|_| drop(guess(&mut scene, "wrong")));
        let right = guess(&mut scene, "password");
        assert_eq!(right.heard(), "", "it waits");
        let mut waited = 0;
        while right.heard().is_empty() {
            assert!(!is_fleeting || scene.hand_over());
            scene.advance(Duration::from_secs(1));
            waited += 1;
            assert!(waited < 100, "it is never answered");
        }
        answers.push(waited);
    }
    assert_eq!(answers[0], answers[1]);
    assert!(answers[0] > 5, "{answers:?}");
}
