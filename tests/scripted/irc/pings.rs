//! PING timeouts by the given `now`: hours pass in milliseconds.

use std::time::Duration;

use crate::irc::house::IrcScene;

const AFTER: Duration = Duration::from_secs(90);
const WITHIN: Duration = Duration::from_secs(60);
/// The resolution of deadlines.
const TICK: Duration = Duration::from_millis(1);

#[test]
fn a_silent_client_is_pinged_after_90_s_and_closed_60_s_later() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.advance(AFTER - TICK);
    assert!(house.is_silent());
    house.send(bob, "PING x");
    house.forget();
    house.advance(TICK);
    assert_eq!(house.lines(ana), ["PING :parlor.local"]);
    house.advance(WITHIN - TICK);
    assert_eq!(house.lines(ana), [""; 0]);
    house.lines(bob);
    house.send(bob, "PONG x");
    house.advance(TICK);
    assert_eq!(house.lines(ana), ["ERROR :Closing link: ping timeout: no answer for 150 s"]);
    assert_eq!(house.lines(bob), [":ana!~ana@HOST QUIT :ping timeout: no answer for 150 s"]);
    assert!(house.is_shut(ana));
}

#[test]
fn any_line_counts_as_an_answer_to_a_ping() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for sign in ["PONG :parlor.local", "PRIVMSG ana :still here", "NONSENSE", ""] {
        house.advance(AFTER);
        assert_eq!(house.lines(ana), ["PING :parlor.local"], "before {sign:?}");
        house.advance(WITHIN - TICK);
        house.send(ana, sign);
        house.lines(ana);
        // The next PING comes 90 s after the line.
        house.advance(AFTER - TICK);
        assert!(house.is_silent(), "after {sign:?}");
        house.advance(TICK);
        assert_eq!(house.lines(ana), ["PING :parlor.local"]);
        house.send(ana, "PONG x");
    }
}

#[test]
fn a_client_that_answers_stays_for_days_and_is_pinged_about_every_90_s() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let mut asked = 0;
    let mut passed = Duration::ZERO;
    while passed < Duration::from_secs(3 * 86_400) {
        let wait = house.wait().expect("a client is looked after");
        passed += wait;
        house.advance(wait);
        for line in house.lines(ana) {
            assert_eq!(line, "PING :parlor.local");
            asked += 1;
            house.send(ana, "PONG :parlor.local");
        }
    }
    assert_eq!(asked, 3 * 86_400 / 90);
    assert!(!house.is_shut(ana));
}

#[test]
fn an_active_client_is_not_pinged() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for _ in 0..100 {
        house.advance(AFTER - TICK);
        house.send(ana, "PRIVMSG nobody :x");
        assert!(house.lines(ana).iter().all(|line| !line.starts_with("PING")));
    }
}

#[test]
fn a_ping_is_answered_with_its_token() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    assert_eq!(house.ask(ana, "PING abc"), [":parlor.local PONG parlor.local :abc"]);
    house.register(ana, "ana", "");
    assert_eq!(house.ask(ana, "ping :a b"), [":parlor.local PONG parlor.local :a b"]);
    assert_eq!(house.ask(ana, "PING abc other.server"), [":parlor.local PONG parlor.local :abc"]);
    assert_eq!(house.told(ana, "PING :"), "409 ana");
}

#[test]
fn clients_that_time_out_together_do_not_see_each_others_quits() {
    let mut house = IrcScene::new();
    let [ana, bob, eva] = house.channel("#tea", ["ana", "bob", "eva"]);
    house.advance(AFTER);
    house.send(eva, "PONG x");
    house.forget();
    house.advance(WITHIN);
    for guest in [ana, bob] {
        assert_eq!(house.lines(guest), ["ERROR :Closing link: ping timeout: no answer for 150 s"]);
    }
    let left = |name: &str| format!(":{name}!~{name}@HOST QUIT :ping timeout: no answer for 150 s");
    assert_eq!(house.lines(eva), [left("ana"), left("bob")]);
}
