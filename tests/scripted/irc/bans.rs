//! Server bans: permission to set them, their effect, and replies.

use std::time::Duration;

use crate::irc::house::{Guest, IrcScene};
#[cfg(feature = "store")]
use crate::support::Scratch;

/// An IRC user from this address.
fn from(house: &mut IrcScene, name: &str, address: &str) -> Guest {
    let guest = house.connect_from(address);
    house.register(guest, name, "");
    house.forget();
    guest
}

/// The output to a newcomer from this address if it is refused.
fn turned_away(house: &mut IrcScene, address: &str) -> Option<String> {
    let guest = house.connect_from(address);
    let lines = house.lines(guest);
    assert_eq!(lines.is_empty(), !house.is_shut(guest), "{lines:?}");
    let last = lines.last()?;
    assert_eq!(lines.first(), Some(&code_before(last)));
    Some(last.clone())
}

/// The numeric for a ban, which precedes this farewell.
fn code_before(farewell: &str) -> String {
    farewell.replace("ERROR :Closing link: ", ":parlor.local 465 * :")
}

/// The cloak of `whose`, as `viewer` sees it.
fn cloak(house: &mut IrcScene, viewer: Guest, whose: &str) -> String {
    house.send(viewer, &format!("USERHOST {whose}"));
    let raw = house.raw(viewer);
    raw.trim_end().rsplit_once('@').expect("somebody is there").1.to_owned()
}

#[test]
fn only_operators_ban() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for line in ["KLINE 192.0.2.1 :x", "UNKLINE 192.0.2.1", "STATS k", "STATS K"] {
        assert_eq!(house.told(ana, line), "481 ana", "{line}");
    }
    assert_eq!(turned_away(&mut house, "192.0.2.1:1"), None);
}

#[test]
fn a_ban_closes_existing_connections_and_refuses_newcomers() {
    #[cfg(feature = "store")]
    let scratch = Scratch::new();
    #[cfg(feature = "store")]
    let mut house = IrcScene::with_history(&scratch.path("state"), |_| ());
    #[cfg(not(feature = "store"))]
    let mut house = IrcScene::with(|config| config.state = Some("/nowhere".into()));
    let (root, other) = (house.operator("root"), house.operator("other"));
    let bob = from(&mut house, "bob", "192.0.2.7:1000");
    let eve = from(&mut house, "eve", "192.0.3.7:1000");
    let silent = house.connect_from("192.0.2.8:1000");
    let li = house.connect_from("192.0.2.9:1000");
    house.speaks_crazyit(li);
    house.bytes(li, "∏∑li∏∑");
    for guest in [bob, eve] {
        house.send(guest, "JOIN #tea");
    }
    house.forget();
    let confirmed = ":parlor.local NOTICE root :K-Line added: 192.0.2.0/24 for ever: too loud";
    assert_eq!(house.ask(root, "KLINE 192.0.2.0/24 :too loud"), [confirmed]);
    let announced = ":parlor.local NOTICE * :*** root added a K-Line of 192.0.2.0/24 for ever: too loud";
    assert_eq!(house.lines(other), [announced]);
    let farewell = "ERROR :Closing link: banned from this server: too loud";
    assert_eq!(house.lines(bob), [code_before(farewell), farewell.to_owned()]);
    assert_eq!(
        house.lines(silent),
        [code_before(farewell), farewell.to_owned()],
        "an unregistered connection is closed as well"
    );
    assert_eq!(house.lines(li), ["", "* banned from this server: too loud"].map(str::to_owned)[1..]);
    assert_eq!(house.lines(eve), [":bob!~bob@HOST QUIT :banned from this server: too loud"]);
    assert!([bob, silent, li].iter().all(|&guest| house.is_shut(guest)) && !house.is_shut(eve));
    assert_eq!(turned_away(&mut house, "192.0.2.200:1").as_deref(), Some(farewell));
    assert_eq!(turned_away(&mut house, "192.0.3.200:1"), None);
    let confirmed = ":parlor.local NOTICE root :K-Line removed: 192.0.2.0/24";
    assert_eq!(house.ask(root, "UNKLINE 192.0.2.0/24"), [confirmed]);
    assert_eq!(house.lines(other), [":parlor.local NOTICE * :*** root removed the K-Line of 192.0.2.0/24"]);
    assert_eq!(turned_away(&mut house, "192.0.2.200:1"), None);
}

#[test]
fn a_ban_expires() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let kept = "(a restart forgets it, see parlord --state)";
    assert_eq!(
        house.ask(root, "KLINE 30 192.0.2.7 be nice"),
        [format!(
            ":parlor.local NOTICE root :K-Line added: 192.0.2.7 until 2001-09-09T02:16:40Z {kept}: be nice"
        )]
    );
    let told = "ERROR :Closing link: banned from this server until 2001-09-09T02:16:40Z: be nice";
    assert_eq!(turned_away(&mut house, "192.0.2.7:1").as_deref(), Some(told));
    house.pass(Duration::from_secs(29 * 60));
    assert!(turned_away(&mut house, "192.0.2.7:1").is_some());
    // Repeating a ban restarts its time.
    let again = house.ask(root, "KLINE 2h 192.0.2.7");
    assert_eq!(
        again,
        [format!(":parlor.local NOTICE root :K-Line changed: 192.0.2.7 until 2001-09-09T04:15:40Z {kept}")]
    );
    house.pass(Duration::from_secs(60 * 60));
    assert!(turned_away(&mut house, "192.0.2.7:1").is_some());
    house.pass(Duration::from_secs(60 * 60));
    assert_eq!(turned_away(&mut house, "192.0.2.7:1"), None);
    assert_eq!(house.ask(root, "STATS k"), [":parlor.local 219 root k :End of STATS report"]);
}

#[test]
fn stats_k_lists_bans_with_author_and_remaining_time() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    for line in ["KLINE 1d 2001:db8::/32 :spam", "KLINE 0::ffff:192.0.2.7 :loud", "KLINE 5 *@192.0.2.8"] {
        house.send(root, line);
    }
    house.pass(Duration::from_secs(60));
    assert_eq!(
        house.ask(root, "STATS K"),
        [
            ":parlor.local 216 root K 192.0.2.7 * * :for ever, by root at 2001-09-09T01:46:40Z: loud",
            ":parlor.local 216 root K 192.0.2.8 * * :0 days 0:04:00 left, by root at 2001-09-09T01:46:40Z: ",
            ":parlor.local 216 root K 2001:db8::/32 * * :0 days 23:59:00 left, by root at 2001-09-09T01:46:40Z: spam",
            ":parlor.local 219 root K :End of STATS report",
        ]
    );
}

#[test]
fn cloaks_and_nicks_can_be_banned_in_place_of_addresses() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    from(&mut house, "bob", "192.0.2.7:1000");
    let eve = from(&mut house, "eve", "[2001:db8::7]:1000");
    let bobs = cloak(&mut house, root, "bob");
    let eves = cloak(&mut house, root, "eve").split_once('.').expect("two words").1.to_owned();
    let told = house.ask(root, &format!("KLINE {}", bobs.to_uppercase()));
    assert!(told[0].contains("K-Line added: 192.0.2.7 for ever"), "{told:?}");
    let told = house.ask(root, &format!("KLINE *@*.{eves} :bye"));
    assert!(told[0].contains("K-Line added: 2001:db8::/64 for ever"), "{told:?}");
    assert!(house.is_shut(eve));
    // Both have left, but WHOWAS still knows them.
    let told = house.ask(root, &format!("UNKLINE {bobs}"));
    assert_eq!(told, [":parlor.local NOTICE root :K-Line removed: 192.0.2.7"]);
    let told = house.ask(root, "KLINE EVE");
    assert!(told[0].contains("K-Line added: 2001:db8::7 for ever"), "{told:?}");
    let fine = from(&mut house, "eve", "203.0.113.9:1000");
    assert!(house.ask(root, "KLINE eve :x")[0].contains("K-Line added: 203.0.113.9 for ever"));
    assert!(house.is_shut(fine), "a present user takes precedence over a past one");
}

#[test]
fn an_invalid_ban_target_gets_an_error() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    assert_eq!(house.told(root, "KLINE nobody :x"), "401 root nobody");
    assert_eq!(house.told(root, "UNKLINE nobody"), "401 root nobody");
    for line in ["KLINE", "KLINE 30", "KLINE 7d", "UNKLINE"] {
        let command = line.split(' ').next().expect("split gives one part");
        assert_eq!(house.told(root, line), format!("461 root {command}"), "{line}");
    }
    for (target, why) in [
        ("aaaaaaaa.bbbbbbbb.ip", "HOST matches no current or recent user: give an address"),
        ("*.bbbbbbbb.ip", "*.bbbbbbbb.ip matches no current or recent user: give an address"),
        ("*.ip", "*.ip matches no current or recent user: give an address"),
        (".ip", ".ip matches no current or recent user: give an address"),
        (
            "192.0.2.0/33",
            "192.0.2.0/33: behind the / stands a number of bits: up to 32 for IPv4, up to 128 for IPv6",
        ),
        ("10.0.0.0/7", "10.0.0.0/7: this network is too large: the largest allowed is a /8"),
        ("2000::/3", "2000::/3: this network is too large: the largest allowed is a /16"),
        ("127.0.0.1", "127.0.0.1: nobody on this machine can be banned"),
        ("198.0.0.0/8", "198.0.0.0/8: this would ban your own address"),
        ("root", "198.51.0.1: this would ban your own address"),
        ("*", "* is neither a duration (30, 30m, 12h, 7d, 1w) nor an address, a network, a cloak or a nick"),
    ] {
        let expected = format!(":parlor.local NOTICE root :FAIL KLINE INVALID_TARGET: {why}");
        assert_eq!(house.ask(root, &format!("KLINE {target} :x")), [expected]);
    }
    assert_eq!(house.ask(root, "STATS k").len(), 1, "nothing was banned");
}

#[test]
fn unkline_without_a_match_names_overlapping_bans() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let fail = ":parlor.local NOTICE root :FAIL UNKLINE NO_SUCH_BAN: There is no K-Line of 192.0.2.7: ";
    assert_eq!(house.ask(root, "UNKLINE 192.0.2.7"), [format!("{fail}see STATS k")]);
    house.send(root, "KLINE 192.0.2.0/24 :x");
    house.forget();
    assert_eq!(house.ask(root, "UNKLINE 192.0.2.7"), [format!("{fail}192.0.2.0/24 is")]);
}

#[test]
fn peers_on_this_machine_are_never_banned() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let here = from(&mut house, "here", "127.0.0.1:1000");
    let told = house.ask(root, "KLINE here :x");
    assert!(told[0].contains("nobody on this machine can be banned"), "{told:?}");
    assert!(!house.is_shut(here));
}

#[test]
fn a_ban_reason_is_always_one_line_of_text() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    house.send(root, &format!("KLINE 192.0.2.7 :\x02a\x1b[2J\x07{}", "é".repeat(210)));
    house.forget();
    let told = turned_away(&mut house, "192.0.2.7:1").expect("it is banned");
    assert_eq!(told.matches('é').count(), 194, "cut to 200 characters: {told}");
    assert!(told.contains("server: a [2J ééé") && !told.contains(char::is_control), "{told}");
    // A line end ends the command.
    house.bytes(root, "KLINE 192.0.2.8 :a\nKLINE 192.0.2.9 :b\r\n");
    assert_eq!(
        turned_away(&mut house, "192.0.2.8:1").as_deref(),
        Some("ERROR :Closing link: banned from this server: a")
    );
}

#[test]
fn there_are_at_most_ten_thousand_bans() {
    let mut house = IrcScene::new().unchecked();
    let root = house.operator("root");
    for n in 0..10_000 {
        house.send(root, &format!("KLINE 10.0.{}.{} :x", n / 250, n % 250));
    }
    house.forget();
    assert!(turned_away(&mut house, "10.0.39.249:1").is_some());
    let full = house.ask(root, "KLINE 192.0.2.7 :x");
    let why = "192.0.2.7: there are 10000 bans already, remove one or ban a network";
    assert_eq!(full, [format!(":parlor.local NOTICE root :FAIL KLINE INVALID_TARGET: {why}")]);
    let page = house.ask(root, "STATS k");
    assert!(page[page.len() - 2].contains(" 416 root k :"), "the list is cut and says so");
    house.send(root, "UNKLINE 10.0.0.0");
    house.forget();
    assert!(house.ask(root, "KLINE 192.0.2.7 :x")[0].contains("K-Line added"));
}

#[test]
fn only_operators_see_addresses_in_whowas() {
    let mut house = IrcScene::new();
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    let bob = from(&mut house, "bob", "192.0.2.7:1000");
    house.send(bob, "QUIT");
    house.forget();
    let seen = house.ask(root, "WHOWAS bob");
    assert_eq!(seen[1], ":parlor.local 338 root bob 192.0.2.7 :was connecting from this address");
    assert!(!house.ask(ana, "WHOWAS bob").concat().contains("192.0.2.7"));
}

#[test]
fn a_ban_of_many_takes_several_turns_and_others_see_each_quit() {
    let mut house = IrcScene::with(|config| config.limits.connections_per_ip = 1000).unchecked();
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    house.send(ana, "JOIN #tea");
    let guests: Vec<_> = (0..600).map(|n| from(&mut house, &format!("b{n}"), "192.0.2.7:1000")).collect();
    for &guest in &guests {
        house.send(guest, "JOIN #tea");
        house.forget();
    }
    house.bytes_for_a_turn(root, "KLINE 192.0.2.7\r\n");
    let gone = |house: &IrcScene| guests.iter().filter(|&&guest| house.is_shut(guest)).count();
    assert!((1..guests.len()).contains(&gone(&house)), "{} in one turn", gone(&house));
    house.advance(Duration::ZERO);
    assert_eq!(gone(&house), guests.len());
    house.check();
    let quits = house.lines(ana).iter().filter(|line| line.contains(" QUIT ")).count();
    assert_eq!(quits, guests.len());
    let last = house.lines(guests[599]);
    assert_eq!(last.last().map(String::as_str), Some("ERROR :Closing link: banned from this server"));
    let newcomer = house.irc("b7");
    assert!(!house.is_shut(newcomer), "the names are free");
}

#[test]
fn a_newcomer_after_a_ban_is_lifted_stays_while_banned_peers_still_close() {
    let mut house = IrcScene::with(|config| config.limits.connections_per_ip = 1000).unchecked();
    let root = house.operator("root");
    let guests: Vec<_> = (0..400).map(|n| from(&mut house, &format!("b{n}"), "192.0.2.7:1000")).collect();
    house.bytes_for_a_turn(root, "KLINE 192.0.2.7\r\nUNKLINE 192.0.2.7\r\n");
    let newcomer = house.connect_from("192.0.2.7:1000");
    assert!(!house.is_shut(guests[399]), "it ends in a later turn");
    house.advance(Duration::ZERO);
    assert!(guests.iter().all(|&guest| house.is_shut(guest)));
    house.register(newcomer, "newcomer", "");
    assert!(!house.is_shut(newcomer));
}

#[test]
fn invariants_hold_while_banned_connections_close_over_several_turns() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    for n in 0..200 {
        from(&mut house, &format!("u{n}"), &format!("192.0.2.{n}:1000"));
    }
    // The scene checks the invariants after each turn.
    house.bytes_for_a_turn(root, "KLINE 192.0.2.0/24\r\n");
    assert!(house.report().users > 1, "some close in later turns");
    house.send(root, "PING x");
    assert_eq!(house.report().users, 1);
}
