//! NickServ: every command and refusal, on IRC and on CrazyIt, with a real store.

use std::time::Duration;

use parlor::config::{AccountPolicy, ServerConfig};

use crate::irc::history::house;
use crate::irc::house::{Guest, IrcScene};
use crate::support::Scratch;

const PASSWORD: &str = "correct-horse";

fn house_with(scratch: &Scratch, configure: impl FnOnce(&mut ServerConfig)) -> IrcScene {
    IrcScene::with_history(&scratch.path("state"), |config| {
        config.limits.flood = None;
        configure(config);
    })
}

/// What NickServ answers to a command.
fn ns(house: &mut IrcScene, who: Guest, command: &str) -> Vec<String> {
    told(house.ask(who, &format!("NS {command}")))
}

/// The texts of services among these lines.
pub(super) fn told(lines: Vec<String>) -> Vec<String> {
    let is_of_service = |line: &&String| line.contains("Serv!") && line.contains("@parlor.local NOTICE ");
    let spoken = lines.iter().filter(is_of_service);
    spoken.filter_map(|line| Some(line.split_once(" :")?.1.to_owned())).collect()
}

/// A user who has just registered an account.
pub(super) fn registered(house: &mut IrcScene, name: &str) -> Guest {
    let guest = house.irc(name);
    let answer = ns(house, guest, &format!("REGISTER {PASSWORD}"));
    assert!(answer[0].contains("is registered, and you are logged in"), "{answer:?}");
    guest
}

fn name_of(house: &mut IrcScene, who: Guest) -> String {
    let line = house.ask(who, "PING x").pop().expect("an answer");
    assert!(line.contains("PONG"), "{line}");
    let lines = house.ask(who, "MODE nobody-is-called-this");
    lines[0].split(' ').nth(2).expect("the name of the client").to_owned()
}

#[test]
fn without_a_store_nickserv_says_that_there_are_no_accounts() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    for command in ["PRIVMSG NickServ :HELP", "NS REGISTER x", "CS INFO #tea", "PRIVMSG chanserv :"] {
        let answer = told(house.ask(ana, command));
        if !command.ends_with(':') {
            assert!(answer[0].starts_with("There are no accounts here"), "{command}: {answer:?}");
        }
    }
}

#[test]
fn every_way_to_reach_nickserv_gives_the_same_help() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    let first = told(house.ask(ana, "PRIVMSG NickServ :HELP"));
    assert!(first.iter().any(|line| line.starts_with("CERT DROP GHOST HELP")), "{first:?}");
    for command in ["PRIVMSG ns :help", "NICKSERV HELP", "NS", "ns HELP"] {
        assert_eq!(told(house.ask(ana, command)), first, "{command}");
    }
    let crazy = house.crazyit("eve");
    house.bytes(crazy, "★【NickServ※HELP★【");
    let lines = house.lines(crazy);
    let plain: Vec<_> =
        lines.iter().map(|line| line.strip_prefix("NickServ悄悄地对你说：").unwrap_or("?")).collect();
    assert_eq!(plain, first);
}

#[test]
fn every_command_is_explained() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    let manual = include_str!("../../../doc/IRC.md");
    for service in ["NS", "CS"] {
        let lines = told(house.ask(ana, &format!("{service} HELP")));
        let names = lines[1..lines.len() - 1].join(" ");
        for name in names.split(' ') {
            let answer = told(house.ask(ana, &format!("{service} HELP {name}")));
            assert!(answer[0].starts_with(name) && answer[0].contains(": "), "{name}: {answer:?}");
            let is_documented =
                manual.contains(&format!("`{name} ")) || manual.contains(&format!("`{name}`"));
            assert!(is_documented, "doc/IRC.md explains {name}");
        }
        let unknown = told(house.ask(ana, &format!("{service} HELP XYZ")));
        assert_eq!(unknown, ["There is no such command, HELP lists all"]);
    }
}

#[test]
fn an_unknown_command_names_the_known_ones_and_does_not_repeat_what_may_be_a_password() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc_with("ana", "echo-message labeled-response batch");
    let lines = house.ask(ana, "@label=1 PRIVMSG NickServ :hunter2");
    assert!(lines.iter().any(|line| line.contains("Unknown command; there are CERT, DROP")), "{lines:?}");
    assert!(lines.iter().all(|line| !line.contains("hunter2")), "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("label=1") || line.contains("batch=")), "{lines:?}");
    assert!(house.ask(ana, "NOTICE NickServ :hunter2").is_empty(), "notices are not answered");
    assert!(house.ask(ana, "PRIVMSG NickServ :\x01VERSION\x01").iter().all(|line| line.starts_with('@')));
}

#[test]
fn a_missing_parameter_is_answered_with_the_usage() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    for command in ["REGISTER", "IDENTIFY", "REGAIN x", "DROP x", "SET PASSWORD", "CERT"] {
        let name = command.split(' ').next().unwrap_or_default();
        let answer = ns(&mut house, ana, command);
        assert!(answer[0].starts_with(&format!("Usage: /msg NickServ {name} ")), "{command}: {answer:?}");
    }
}

#[test]
fn commands_for_members_and_operators_are_refused_to_others() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    for command in ["CERT LIST", "DROP x ana", "LOGOUT", "SESSIONS", "SET ALWAYS-ON on"] {
        let answer = ns(&mut house, ana, command);
        assert!(answer[0].starts_with("only users with an account may do that"), "{command}: {answer:?}");
    }
    for command in ["SAREGISTER eve secret12", "RESETPASS eve secret12"] {
        let answer = ns(&mut house, ana, command);
        assert!(answer[0].starts_with("only an operator of the server may do that"), "{command}: {answer:?}");
    }
}

#[test]
fn a_registered_name_is_used_by_its_owner_only() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    assert_eq!(ns(&mut house, ana, "REGISTER other-one"), ["You are logged in as ana already"]);
    house.send(ana, "QUIT");
    let other = house.irc("bob");
    assert!(house.told(other, "NICK ana").starts_with("433"));
    assert_eq!(
        ns(&mut house, other, "IDENTIFY ana wrong-one"),
        ["The password is wrong, or there is no such account"]
    );
    assert_eq!(
        ns(&mut house, other, "IDENTIFY nobody wrong-one"),
        ["The password is wrong, or there is no such account"]
    );
    assert_eq!(name_of(&mut house, other), "bob");
    let lines = house.ask(other, &format!("NS IDENTIFY ana {PASSWORD}"));
    assert!(lines.iter().any(|line| line.starts_with(":bob!") && line.ends_with("NICK ana")), "{lines:?}");
    assert_eq!(told(lines), ["You are logged in as ana"]);
    assert_eq!(ns(&mut house, other, "IDENTIFY ana whatever"), ["You are logged in as ana already"]);
    assert_eq!(name_of(&mut house, other), "ana");
}

#[test]
fn a_bad_password_cannot_be_registered() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    let long = "x".repeat(400);
    let answer = ns(&mut house, ana, &format!("REGISTER {long}"));
    assert!(answer[0].starts_with("This password cannot be used: "), "{answer:?}");
    let weak = ["Choose a password of at least 6 characters that is not the name"];
    for password in ["short", "ana"] {
        assert_eq!(ns(&mut house, ana, &format!("REGISTER {password}")), weak);
    }
    let root = house.operator("root");
    let bob = registered(&mut house, "bobby2");
    for (who, command) in [
        (root, "SAREGISTER eve short"),
        (root, "SAREGISTER evelyn Evelyn"),
        (root, "RESETPASS bobby2 bobby2"),
        (bob, "SET PASSWORD correct-horse Bobby2"),
    ] {
        assert_eq!(ns(&mut house, who, command), weak, "{command}");
    }
    assert_eq!(
        ns(&mut house, ana, "REGISTER *"),
        ["This connection shows no certificate, so you need a password"]
    );
}

#[test]
fn where_accounts_are_closed_only_operators_create_them() {
    let scratch = Scratch::new();
    let mut house = house_with(&scratch, |config| config.accounts.policy = AccountPolicy::Closed);
    let ana = house.irc("ana");
    assert_eq!(
        ns(&mut house, ana, "REGISTER correct-horse"),
        ["Only operators of the server create accounts here, ask one of them"]
    );
    let root = house.operator("root");
    assert_eq!(ns(&mut house, root, "SAREGISTER eve correct-horse"), ["The account eve exists now"]);
    assert_eq!(
        ns(&mut house, root, "SAREGISTER Eve correct-horse"),
        ["This name is registered, or looks like one that is"]
    );
    assert_eq!(
        ns(&mut house, root, "SAREGISTER NickServ correct-horse"),
        ["This name is registered, or looks like one that is"]
    );
    assert!(!ns(&mut house, root, "SAREGISTER 1x correct-horse")[0].is_empty());
    assert_eq!(ns(&mut house, ana, "IDENTIFY eve correct-horse"), ["You are logged in as eve"]);
}

#[test]
fn an_operator_resets_a_password() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    let root = house.operator("root");
    assert_eq!(ns(&mut house, root, "RESETPASS nobody new-password"), ["There is no such account"]);
    assert_eq!(ns(&mut house, root, "RESETPASS ana new-password"), ["The password of ana is changed"]);
    house.send(ana, "QUIT");
    let bob = house.irc("bob");
    assert!(ns(&mut house, bob, &format!("IDENTIFY ana {PASSWORD}"))[0].starts_with("The password is wrong"));
    assert_eq!(ns(&mut house, bob, "IDENTIFY ana new-password"), ["You are logged in as ana"]);
}

#[test]
fn a_password_is_changed_by_whoever_knows_the_old_one() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    let wrong = ns(&mut house, ana, "SET PASSWORD wrong-one new-password");
    assert!(wrong[0].starts_with("The password is wrong"), "{wrong:?}");
    assert_eq!(
        ns(&mut house, ana, "SET PASSWORD * new-password"),
        ["Your account has a password, give that"]
    );
    assert_eq!(
        ns(&mut house, ana, &format!("SET PASSWORD {PASSWORD} new-password")),
        ["The password of ana is changed"]
    );
    let bob = house.irc("bob");
    assert_eq!(ns(&mut house, bob, "IDENTIFY ana new-password"), ["You are logged in as ana"]);
    assert!(ns(&mut house, bob, "SET COLOUR blue")[0].starts_with("Use SET PASSWORD"));
}

#[test]
fn always_on_users_stay_when_their_last_connection_ends() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    assert!(ns(&mut house, ana, "SET ALWAYS-ON perhaps")[0].starts_with("ALWAYS-ON is on, off, or default"));
    assert_eq!(ns(&mut house, ana, "SET ALWAYS-ON off"), ["You leave when your last connection ends"]);
    assert_eq!(
        ns(&mut house, ana, "SET ALWAYS-ON ON"),
        ["You stay in your rooms when your last connection ends"]
    );
    house.send(ana, "JOIN #tea");
    let eve = house.irc("eve");
    house.send(eve, "JOIN #tea");
    house.forget();
    house.reset(ana);
    let names = house.ask(eve, "NAMES #tea");
    let names = names.iter().find(|line| line.contains(" 353 ")).expect("a list");
    assert!(names.ends_with(":eve @ana"), "{names:?}");
    let info = ns(&mut house, eve, "INFO ana");
    assert!(info[0].contains("here now"), "{info:?}");
}

#[test]
fn info_tells_owners_and_operators_more() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    let own = ns(&mut house, ana, "INFO");
    assert_eq!(own[0], "ana: registered 2001-09-09T01:46:40Z, here now");
    assert!(own[1].contains("a password, certificates: 0; ALWAYS-ON default (off)"), "{own:?}");
    let eve = house.irc("eve");
    assert_eq!(ns(&mut house, eve, "INFO ANA"), own[..1]);
    assert_eq!(ns(&mut house, eve, "INFO nobody"), ["There is no such account"]);
    assert_eq!(ns(&mut house, eve, "INFO"), ["You have no account, see HELP REGISTER"]);
    let root = house.operator("root");
    assert_eq!(ns(&mut house, root, "INFO ana").len(), 2);
}

#[test]
fn sessions_are_listed_and_ended() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    let phone = house.irc("phone1");
    assert_eq!(
        ns(&mut house, phone, &format!("IDENTIFY ana/phone {PASSWORD}")),
        ["You are logged in as ana"]
    );
    house.forget();
    let list = ns(&mut house, ana, "SESSIONS");
    assert!(list[0].starts_with("1: irc, since ") && list[0].ends_with("(this one)"), "{list:?}");
    assert!(list[1].starts_with("2: phone, since "), "{list:?}");
    assert_eq!(ns(&mut house, ana, "LOGOUT 3"), ["You have no such session, see SESSIONS"]);
    assert_eq!(ns(&mut house, ana, "LOGOUT phone"), ["The session is ended"]);
    assert!(house.is_shut(phone));
    assert_eq!(ns(&mut house, ana, "SESSIONS").len(), 1);
    let lines = house.ask(ana, "NS LOGOUT 1");
    assert!(lines.iter().any(|line| line.contains(" NICK ")), "a guest has another name: {lines:?}");
    assert_eq!(told(lines), ["You are logged out"]);
    assert!(ns(&mut house, ana, "SESSIONS")[0].starts_with("only users with an account"));
}

#[test]
fn where_accounts_are_required_nobody_logs_out() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    house.change(|config| config.accounts.policy = AccountPolicy::Required);
    assert_eq!(ns(&mut house, ana, "LOGOUT"), ["Nobody is here without an account: disconnect instead"]);
}

#[test]
fn ghost_ends_other_connections_under_the_name() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let hung = registered(&mut house, "ana");
    let bob = house.irc("bob");
    assert_eq!(ns(&mut house, bob, "GHOST ana"), ["Log in as ana, or give its password"]);
    assert_eq!(ns(&mut house, bob, "GHOST"), ["Name a registered name: anybody may use others"]);
    assert_eq!(ns(&mut house, bob, "GHOST bob"), ["Name a registered name: anybody may use others"]);
    assert!(ns(&mut house, bob, "GHOST ana wrong-one")[0].starts_with("The password is wrong"));
    assert!(!house.is_shut(hung));
    assert_eq!(
        ns(&mut house, bob, &format!("GHOST ana {PASSWORD}")),
        ["1 connection under the name ana ended"]
    );
    assert!(house.is_shut(hung));
    assert_eq!(name_of(&mut house, bob), "bob", "GHOST does not log in");
    assert_eq!(ns(&mut house, bob, &format!("REGAIN ana {PASSWORD}")), ["You are logged in as ana"]);
    assert_eq!(ns(&mut house, bob, "GHOST"), ["There is no other connection under the name ana"]);
}

#[test]
fn regain_takes_the_name_from_whoever_uses_it() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let squatter = house.irc("ana");
    let root = house.operator("root");
    assert_eq!(ns(&mut house, root, "SAREGISTER ana correct-horse"), ["The account ana exists now"]);
    let owner = house.irc("bob");
    assert_eq!(ns(&mut house, owner, "REGAIN ana correct-horse"), ["You are logged in as ana"]);
    assert_eq!(name_of(&mut house, owner), "ana");
    assert_ne!(name_of(&mut house, squatter), "ana");
}

#[test]
fn certificates_are_added_listed_and_removed() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    let print = "ab".repeat(32);
    assert_eq!(ns(&mut house, ana, "CERT LIST"), ["Your account has no certificates"]);
    assert!(ns(&mut house, ana, "CERT ADD")[0].starts_with("This connection shows no certificate"));
    assert!(ns(&mut house, ana, "CERT ADD xyz")[0].starts_with("a fingerprint is sha256:"));
    assert_eq!(ns(&mut house, ana, "CERT PLAY"), ["Use CERT ADD, CERT DEL or CERT LIST"]);
    assert!(ns(&mut house, ana, &format!("CERT ADD {print}"))[0].starts_with("You can log in with this"));
    assert_eq!(ns(&mut house, ana, "CERT LIST"), [format!("sha256:{print}")]);
    let bob = registered(&mut house, "bob");
    assert!(ns(&mut house, bob, &format!("CERT ADD {print}"))[0].starts_with("The certificate belongs to"));
    assert!(ns(&mut house, ana, &format!("CERT DEL {print}"))[0].starts_with("Nobody can log in with"));
    assert!(ns(&mut house, ana, &format!("CERT DEL {print}"))[0].starts_with("Your account does not have"));
}

#[test]
fn an_account_is_deleted_with_its_rooms_after_confirmation() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    house.send(ana, "JOIN #tea");
    house.send(ana, "CS REGISTER #tea");
    house.forget();
    assert_eq!(
        ns(&mut house, ana, &format!("DROP {PASSWORD} bob")),
        ["To confirm, name your account after the password: ana"]
    );
    assert!(ns(&mut house, ana, "DROP wrong-one ana")[0].starts_with("The password is wrong"));
    house.send(ana, &format!("NS DROP {PASSWORD} ana"));
    house.advance(Duration::from_secs(3));
    assert!(house.is_shut(ana), "its user leaves");
    let eve = house.irc("ana");
    assert!(told(house.ask(eve, "CS INFO #tea"))[0].contains("#tea"));
    assert_eq!(ns(&mut house, eve, "INFO ana"), ["There is no such account"]);
}

#[test]
fn nickserv_works_on_crazyit_and_does_not_show_passwords_to_anybody() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let eve = house.crazyit("eve");
    let watcher = house.irc("bob");
    house.send(watcher, "JOIN #lobby");
    house.forget();
    house.bytes(eve, format!("★【NickServ※REGISTER {PASSWORD}★【"));
    let lines = house.lines(eve);
    assert!(
        lines[0].starts_with("NickServ悄悄地对你说：eve is registered, and you are logged in"),
        "{lines:?}"
    );
    house.bytes(eve, "★【ns※SESSIONS★【");
    let lines = house.lines(eve);
    assert!(lines[0].starts_with("NickServ悄悄地对你说：1: crazyit, since "), "{lines:?}");
    let seen = house.lines(watcher);
    assert!(seen.iter().all(|line| !line.contains(PASSWORD)), "{seen:?}");
    let messages = house.hub().messages();
    house.bytes(eve, "★【NickServ※HELP★【");
    assert_eq!(house.hub().messages(), messages, "this is no talk");
}

#[test]
fn answers_that_take_a_while_have_the_label_of_the_command() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    registered(&mut house, "ana");
    let bob = house.irc_with("bob", "labeled-response batch");
    let lines = house.ask(bob, "@label=7 NS INFO ana");
    assert!(lines[0].starts_with("@label=7 :NickServ!NickServ@parlor.local NOTICE bob :ana: "), "{lines:?}");
    let lines = house.ask(bob, "@label=8 PRIVMSG NickServ :IDENTIFY ana wrong-one");
    assert!(lines[0].starts_with("@label=8 ") && lines[0].contains("The password is wrong"), "{lines:?}");
}

#[test]
fn a_crazyit_user_who_may_not_enter_the_lobby_as_another_logs_in_again() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = registered(&mut house, "ana");
    house.send(ana, "QUIT");
    let root = house.operator("root");
    house.send(root, "JOIN #lobby");
    house.send(root, "MODE #lobby +b ana!*@*");
    let eve = house.crazyit("eve");
    house.bytes(eve, format!("★【NickServ※REGISTER {PASSWORD}★【"));
    house.lines(eve);
    house.bytes(eve, format!("★【NickServ※IDENTIFY ana {PASSWORD}★【"));
    let lines = house.lines(eve);
    assert!(lines[0].contains("You are not logged in: you are banned from #lobby"), "{lines:?}");
    house.bytes(eve, "§γhi§γ");
    assert!(house.lines(eve)[0].starts_with("* log in before you speak"));
    house.bytes(eve, "∏∑eve2∏∑");
    assert_eq!(house.raw(eve), "1");
}
