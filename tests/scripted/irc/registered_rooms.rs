//! ChanServ and registered rooms: every command and refusal, and what outlives members and restarts.

use crate::irc::history::house;
use crate::irc::house::{Guest, IrcScene};
use crate::irc::nickserv::{registered, told};
use crate::support::Scratch;

/// What ChanServ answers to a command.
fn cs(house: &mut IrcScene, who: Guest, command: &str) -> Vec<String> {
    told(house.ask(who, &format!("CS {command}")))
}

/// Ana, the founder of `#tea`, and Bob, who has an account, both in it.
fn tea(house: &mut IrcScene) -> [Guest; 2] {
    let guests = ["ana", "bob"].map(|name| registered(house, name));
    for guest in guests {
        house.send(guest, "JOIN #tea");
    }
    let answer = cs(house, guests[0], "REGISTER #tea");
    assert_eq!(answer, ["#tea is registered, and you are its founder"]);
    house.forget();
    guests
}

/// The members of a channel as `NAMES` shows them.
fn names(house: &mut IrcScene, who: Guest, channel: &str) -> Vec<String> {
    let lines = house.ask(who, &format!("NAMES {channel}"));
    let list = lines.iter().find(|line| line.contains(" 353 ")).expect("a list of names");
    let (_, names) = list.split_once(" :").expect("names");
    let mut names: Vec<_> = names.split(' ').map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn register_is_for_operators_of_the_room_with_an_account() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    let eve = house.irc("eve");
    house.send(eve, "JOIN #eve");
    house.forget();
    assert!(cs(&mut house, eve, "REGISTER #eve")[0].starts_with("only users with an account may do that"));
    assert_eq!(cs(&mut house, ana, "REGISTER tea"), ["Name a room, which begins with #"]);
    assert_eq!(cs(&mut house, ana, "REGISTER #nothing"), ["there is no room #nothing"]);
    assert!(cs(&mut house, ana, "REGISTER #tea")[0].starts_with("#tea is registered already"));
    assert!(cs(&mut house, ana, "REGISTER #eve")[0].starts_with("you are not in #eve"));
    house.send(bob, "JOIN #eve");
    house.forget();
    assert_eq!(cs(&mut house, bob, "REGISTER #eve"), ["only an operator of #eve may do that"]);
    house.send(bob, "JOIN #lobby");
    house.forget();
    assert_eq!(
        cs(&mut house, bob, "REGISTER #lobby"),
        ["#lobby belongs to the server and cannot be registered"]
    );
    assert!(cs(&mut house, bob, "REGISTER")[0].starts_with("Usage: /msg ChanServ REGISTER room"));
}

#[test]
fn a_registered_room_outlives_its_members_and_a_restart() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    assert_eq!(cs(&mut house, ana, "AMODE #tea bob +v"), ["bob has +v in #tea"]);
    house.send(ana, "TOPIC #tea :green");
    house.send(ana, "MODE #tea +lbIH 5 x!*@* y!*@* 50:2h");
    house.send(ana, "PRIVMSG #tea :before");
    for guest in [ana, bob] {
        house.send(guest, "QUIT");
    }
    let eve = house.irc("eve");
    let joined = house.ask(eve, "JOIN #tea");
    assert!(joined.iter().any(|line| line.contains(" 332 eve #tea :green")), "{joined:?}");
    assert_eq!(names(&mut house, eve, "#tea"), ["eve"], "she is no operator");
    assert!(house.told(eve, "MODE #tea +H 0").starts_with("482"));
    let before = [house.ask(eve, "MODE #tea"), house.ask(eve, "MODE #tea b"), house.ask(eve, "MODE #tea I")];
    assert!(before[0][0].contains("324 eve #tea +ntlH 5 50:2h"), "{before:?}");
    house.scene().end_store();

    let mut later = IrcScene::with_history(&scratch.path("state"), |config| config.limits.flood = None);
    let eve = later.irc("eve");
    let joined = later.ask(eve, "JOIN #tea");
    assert!(joined.iter().any(|line| line.contains(" 332 eve #tea :green")), "{joined:?}");
    assert!(joined.iter().any(|line| line.ends_with("before")), "its past is there: {joined:?}");
    let after = [later.ask(eve, "MODE #tea"), later.ask(eve, "MODE #tea b"), later.ask(eve, "MODE #tea I")];
    assert_eq!(after, before);
    assert!(later.told(eve, "MODE #tea +H 0").starts_with("482"));
    let bob = later.irc("bob_");
    assert_eq!(told(later.ask(bob, "NS IDENTIFY bob correct-horse")), ["You are logged in as bob"]);
    let joined = later.ask(bob, "JOIN #tea");
    assert!(joined.iter().any(|line| line == ":parlor.local MODE #tea +v bob"), "{joined:?}");
    assert_eq!(names(&mut later, bob, "#tea"), ["+bob", "eve"]);
    let info = cs(&mut later, bob, "INFO #tea");
    assert!(info[0].starts_with("#tea: founder ana, registered 2001-09-09T01:46:40Z"), "{info:?}");
}

#[test]
fn whoever_logs_in_gets_its_ranks_in_the_rooms_where_it_is() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, _] = tea(&mut house);
    house.send(ana, "QUIT");
    let late = house.irc("late");
    house.send(late, "JOIN #tea");
    house.forget();
    let lines = house.ask(late, "NS IDENTIFY ana correct-horse");
    assert!(lines.iter().any(|line| line.ends_with("MODE #tea +o ana")), "{lines:?}");
    assert_eq!(names(&mut house, late, "#tea"), ["@ana", "bob"]);
}

#[test]
fn info_is_for_everybody_who_may_see_the_room() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    let eve = house.irc("eve");
    let info = ["#tea: founder ana, registered 2001-09-09T01:46:40Z, accounts with ranks: 0, here: 2"];
    assert_eq!(cs(&mut house, eve, "INFO #TEA"), info);
    assert_eq!(cs(&mut house, ana, "INFO"), ["You are the founder of #tea"]);
    assert_eq!(cs(&mut house, bob, "INFO"), ["You are the founder of no room"]);
    assert!(cs(&mut house, eve, "INFO")[0].starts_with("only users with an account"));
    assert!(cs(&mut house, eve, "INFO #lobby")[0].starts_with("#lobby is not registered"));
    assert_eq!(cs(&mut house, eve, "INFO #nothing"), ["there is no room #nothing"]);
    house.send(ana, "MODE #tea +s");
    house.forget();
    assert_eq!(cs(&mut house, eve, "INFO #tea"), ["there is no room #tea"]);
    house.send(ana, "PART #tea");
    house.forget();
    assert_eq!(cs(&mut house, ana, "INFO #tea").len(), 1, "its founder knows it");
}

#[test]
fn accounts_with_a_lasting_rank_give_ranks_from_outside() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    assert_eq!(cs(&mut house, bob, "OP #tea"), ["only an operator of #tea may do that"]);
    assert_eq!(cs(&mut house, ana, "AMODE #tea +o bob"), ["bob has +o in #tea"]);
    assert_eq!(names(&mut house, ana, "#tea"), ["@ana", "@bob"], "at once");
    assert_eq!(cs(&mut house, bob, "DEOP #tea ana"), ["Done"]);
    assert_eq!(names(&mut house, ana, "#tea"), ["@bob", "ana"]);
    assert_eq!(cs(&mut house, ana, "OP #tea"), ["Done"]);
    assert_eq!(cs(&mut house, ana, "VOICE #tea bob"), ["Done"]);
    assert_eq!(cs(&mut house, ana, "DEVOICE #tea bob nobody"), ["nobody here is called nobody"]);
    assert_eq!(cs(&mut house, ana, "OP #tea 1x"), ["These are not all nicks"]);
    assert_eq!(
        cs(&mut house, ana, "OP #lobby"),
        ["#lobby is not registered, its operator can do that with /msg ChanServ REGISTER #lobby"]
    );
    let eve = house.irc("eve");
    house.forget();
    assert_eq!(cs(&mut house, ana, "OP #tea eve"), ["eve is not in #tea"]);
    house.send(ana, "PART #tea");
    house.forget();
    assert_eq!(cs(&mut house, ana, "OP #tea bob"), ["Done"], "also from outside");
    assert!(house.ask(eve, "PING x").len() == 1, "outsiders hear nothing");
}

#[test]
fn amode_lists_and_changes_lasting_ranks() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    assert_eq!(cs(&mut house, ana, "AMODE #tea bob +ov"), ["bob has +ov in #tea"]);
    assert_eq!(cs(&mut house, ana, "AMODE #tea bob +o"), ["Nothing changes"]);
    let list = ["#tea: founder ana", "bob +ov"];
    assert_eq!(cs(&mut house, ana, "AMODE #tea"), list);
    assert_eq!(cs(&mut house, bob, "AMODE #tea"), list);
    assert!(cs(&mut house, bob, "AMODE #tea bob -o")[0].starts_with("only the founder of #tea"));
    assert_eq!(cs(&mut house, ana, "AMODE #tea -v+o bob"), ["bob has -v+o in #tea"]);
    assert_eq!(cs(&mut house, ana, "AMODE #tea"), ["#tea: founder ana", "bob +o"]);
    assert_eq!(cs(&mut house, ana, "AMODE #tea nobody +o"), ["There is no such account"]);
    assert!(cs(&mut house, ana, "AMODE #tea bob")[0].starts_with("Say which rank"));
    assert!(cs(&mut house, ana, "AMODE #tea bob +x")[0].starts_with("A change is + or -"));
    let eve = house.irc("eve");
    assert_eq!(cs(&mut house, eve, "AMODE #tea"), ["only an operator of #tea may do that"]);
}

#[test]
fn a_room_is_transferred_to_whoever_accepts_it() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    assert!(cs(&mut house, bob, "ACCEPT #tea")[0].starts_with("#tea is not offered to you"));
    assert!(cs(&mut house, bob, "TRANSFER #tea bob")[0].starts_with("only the founder of #tea"));
    assert_eq!(cs(&mut house, ana, "TRANSFER #tea nobody"), ["There is no such account"]);
    assert!(cs(&mut house, ana, "TRANSFER #tea bob")[0].starts_with("bob becomes the founder with"));
    assert!(cs(&mut house, bob, "INFO #tea")[0].contains("founder ana"));
    assert_eq!(cs(&mut house, bob, "ACCEPT #tea"), ["You are the founder of #tea"]);
    assert!(cs(&mut house, ana, "TRANSFER #tea ana")[0].starts_with("only the founder of #tea"));
    let root = house.operator("root");
    assert_eq!(cs(&mut house, root, "TRANSFER #tea ana"), ["ana is the founder of #tea"]);
}

#[test]
fn unregister_wants_the_name_twice() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    assert_eq!(
        cs(&mut house, ana, "UNREGISTER #tea"),
        ["To confirm, name the room twice: UNREGISTER #tea #tea"]
    );
    assert!(cs(&mut house, bob, "UNREGISTER #tea #tea")[0].starts_with("only the founder of #tea"));
    assert_eq!(cs(&mut house, ana, "UNREGISTER #tea #tea"), ["#tea is not registered any longer"]);
    for guest in [ana, bob] {
        house.send(guest, "PART #tea");
    }
    house.scene().end_store();
    let mut later = IrcScene::with_history(&scratch.path("state"), |config| config.limits.flood = None);
    let eve = later.irc("eve");
    later.send(eve, "JOIN #tea");
    later.forget();
    assert_eq!(names(&mut later, eve, "#tea"), ["@eve"], "a new room");
}

#[test]
fn clear_removes_users_masks_modes_or_operators() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob] = tea(&mut house);
    let eve = house.irc("eve");
    house.send(eve, "JOIN #tea");
    house.send(ana, "MODE #tea +oobI-t bob eve x!*@* y!*@*");
    house.forget();
    assert_eq!(cs(&mut house, ana, "CLEAR #tea ALL"), ["CLEAR clears USERS, BANS, MODES or OPS"]);
    assert!(cs(&mut house, bob, "CLEAR #tea BANS")[0].starts_with("only the founder of #tea"));
    let lines = house.ask(ana, "CS CLEAR #tea BANS");
    assert!(lines.contains(&":parlor.local MODE #tea -bI x!*@* y!*@*".to_owned()), "{lines:?}");
    assert_eq!(told(lines), ["2 masks are removed"]);
    assert_eq!(cs(&mut house, ana, "CLEAR #tea modes"), ["1 modes are reset"]);
    assert_eq!(cs(&mut house, ana, "CLEAR #tea OPS"), ["2 operators have lost their rank"]);
    assert_eq!(names(&mut house, ana, "#tea"), ["@ana", "bob", "eve"]);
    house.forget();
    assert_eq!(cs(&mut house, ana, "CLEAR #tea USERS"), ["2 users are removed"]);
    assert_eq!(names(&mut house, ana, "#tea"), ["@ana"]);
    let kicks: Vec<_> = house.lines(eve).into_iter().filter(|line| line.contains(" KICK ")).collect();
    assert_eq!(kicks.len(), 1, "{kicks:?}");
    assert!(kicks[0].ends_with("KICK #tea eve :the room is cleared"), "{kicks:?}");
}

#[test]
fn chanserv_answers_on_crazyit() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    tea(&mut house);
    let eve = house.crazyit("eve");
    house.bytes(eve, "★【cs※INFO #tea★【");
    let lines = house.lines(eve);
    assert!(lines[0].starts_with("ChanServ悄悄地对你说：#tea: founder ana"), "{lines:?}");
    house.bytes(eve, "★【ChanServ※OP #tea★【");
    assert_eq!(house.lines(eve), ["ChanServ悄悄地对你说：only an operator of #tea may do that"]);
}
