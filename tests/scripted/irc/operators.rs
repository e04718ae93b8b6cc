//! Server operators.

use crate::irc::house::IrcScene;

#[test]
fn oper_makes_an_operator() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    assert_eq!(
        house.ask(ana, "OPER root secret"),
        [":parlor.local 381 ana :You are now an operator", ":ana!~ana@HOST MODE ana +o"]
    );
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 ana +o"]);
    assert!(house.ask(ana, "OPER root secret").len() == 1, "once more changes nothing");
}

#[test]
fn oper_with_wrong_credentials_is_refused() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for wrong in ["OPER root Secret", "OPER ROOT secret", "OPER root :", "OPER ana secret"] {
        assert_eq!(house.told(ana, wrong), "464 ana", "{wrong}");
    }
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 ana +"]);
    let mut house = IrcScene::with(|config| config.operators.clear());
    let ana = house.irc("ana");
    assert_eq!(house.told(ana, "OPER root secret"), "491 ana");
}

#[test]
fn operator_commands_are_refused_to_others() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    for command in ["KILL bob :x", "WALLOPS :x", "REHASH", "CHGHOST bob u h", "KILL nobody :x"] {
        assert_eq!(house.told(ana, command), "481 ana", "{command}");
    }
    assert!(!house.is_shut(bob) && house.is_silent());
}

#[test]
fn help_marks_exactly_the_commands_refused_to_others() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    let listed = house.ask(ana, "HELP");
    let listed = listed.iter().filter(|line| line.contains(" 705 ")).map(|line| line.rsplit(':').next());
    let names: Vec<_> = listed.flatten().flat_map(str::split_whitespace).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names.into_iter().filter(|name| !["ERROR", "QUIT"].contains(name)) {
        let help = house.ask(ana, &format!("HELP {name}"));
        let is_marked = help.iter().any(|line| line.ends_with(" (operators)"));
        let command = format!("{name} bob bob bob bob");
        let is_refused = house.ask(ana, &command).iter().any(|line| line.contains(" 481 "));
        assert_eq!(is_marked, is_refused, "{name}");
    }
}

#[test]
fn kill_ends_a_connection_on_either_wire() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let [bob, eve] = house.channel("#tea", ["bob", "eve"]);
    let li = house.crazyit("li");
    assert_eq!(house.ask(root, "KILL BOB :spam"), [""; 0]);
    assert_eq!(house.lines(bob), ["ERROR :Closing link: killed by root: spam"]);
    assert_eq!(house.lines(eve), [":bob!~bob@HOST QUIT :killed by root: spam"]);
    assert!(house.is_shut(bob));
    house.send(root, "KILL li :spam");
    assert_eq!(house.lines(li), ["* killed by root: spam"]);
    assert!(house.is_shut(li));
    assert_eq!(house.told(root, "KILL bob :again"), "401 root bob");
    assert_eq!(house.told(root, "KILL no.body :x"), "401 root no.body");
    assert_eq!(house.told(root, "KILL eve"), "461 root KILL");
    // Killing oneself works, too.
    assert_eq!(house.ask(root, "KILL root :enough"), ["ERROR :Closing link: killed by root: enough"]);
    assert_eq!(house.hub().users().len(), 1);
}

#[test]
fn wallops_reach_operators_and_users_with_mode_w() {
    let mut house = IrcScene::new();
    let (root, other) = (house.operator("root"), house.operator("other"));
    let (ana, bob) = (house.irc("ana"), house.irc("bob"));
    house.crazyit("li");
    house.send(ana, "MODE ana +w");
    house.forget();
    let heard = [":root!~root@HOST WALLOPS :down at five"];
    assert_eq!(house.ask(root, "WALLOPS :down at five"), heard);
    assert_eq!(house.lines(other), heard);
    assert_eq!(house.lines(ana), heard);
    assert_eq!(house.lines(bob), [""; 0]);
    assert!(house.is_silent());
    assert_eq!(house.told(root, "WALLOPS :"), "461 root WALLOPS");
}

#[test]
fn chghost_changes_what_others_see() {
    let mut house = IrcScene::new();
    let root = house.operator("root");
    let [bob, eve] = house.channel("#tea", ["bob", "eve"]);
    assert_eq!(house.ask(root, "CHGHOST BOB user staff/bob"), [""; 0]);
    house.send(bob, "PRIVMSG #tea :hi");
    assert_eq!(house.lines(eve), [":bob!user@staff/bob PRIVMSG #tea :hi"]);
    assert_eq!(house.told(root, "CHGHOST nobody u h"), "401 root nobody");
    for wrong in ["bob u! h", "bob u h@x", "bob u :a b", &format!("bob u {}", "h".repeat(65))] {
        let lines = house.ask(root, &format!("CHGHOST {wrong}"));
        assert!(
            lines[0].starts_with(":parlor.local NOTICE root :FAIL CHGHOST INVALID_HOST: "),
            "{wrong}: {lines:?}"
        );
    }
}

#[test]
fn the_lobby_is_the_operators() {
    let mut house = IrcScene::new();
    let (root, ana) = (house.operator("root"), house.irc("ana"));
    house.send(ana, "JOIN #lobby");
    let li = house.crazyit("li");
    house.forget();
    house.send(root, "MODE #lobby +m");
    assert_eq!(house.lines(ana), [":root!~root@HOST MODE #lobby +m"]);
    house.send(root, "TOPIC #lobby :welcome");
    assert_eq!(house.lines(ana), [":root!~root@HOST TOPIC #lobby :welcome"]);
    house.send(root, "KICK #lobby li :out");
    assert_eq!(house.lines(ana), [":root!~root@HOST KICK #lobby li :out"]);
    house.send(root, "MODE #lobby -m");
    house.bytes(li, "§γhi§γ");
    assert_eq!(house.lines(ana).len(), 1, "only the mode");
    // Other channels have their own operators.
    house.send(ana, "JOIN #tea");
    house.forget();
    assert_eq!(house.told(root, "MODE #tea +m"), "442 root #tea");
}
