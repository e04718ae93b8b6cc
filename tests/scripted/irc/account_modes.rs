//! Channel modes and masks that tell users with accounts from others, and the user mode of those who are logged in.

use crate::irc::history::house;
use crate::irc::house::{Guest, HOST, IrcScene};
use crate::irc::nickserv::registered;
use crate::support::Scratch;

/// Ana, an operator of `#tea`; Bob, who has an account; and Eve, who has none.
fn guests(house: &mut IrcScene) -> [Guest; 3] {
    let [ana, bob] = ["ana", "bob"].map(|name| registered(house, name));
    let eve = house.irc("eve");
    house.send(ana, "JOIN #tea");
    house.forget();
    [ana, bob, eve]
}

#[test]
fn only_users_with_accounts_join_a_channel_with_mode_upper_case_r() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob, eve] = guests(&mut house);
    assert_eq!(house.ask(ana, "MODE #tea +R"), [format!(":ana!~ana@{HOST} MODE #tea +R")]);
    let refused = house.ask(eve, "JOIN #tea");
    let text = "only users with accounts may join #tea: log in first, NS HELP says how";
    assert_eq!(refused, [format!(":parlor.local 477 eve #tea :{text}")]);
    assert_eq!(house.ask(bob, "JOIN #tea")[0], format!(":bob!~bob@{HOST} JOIN #tea"));
    house.send(ana, "INVITE eve #tea");
    house.forget();
    assert_eq!(house.ask(eve, "JOIN #tea")[0], format!(":eve!~eve@{HOST} JOIN #tea"), "she is invited");
    house.send(eve, "PART #tea");
    house.send(ana, "MODE #tea -R");
    house.forget();
    assert_eq!(house.ask(eve, "JOIN #tea")[0], format!(":eve!~eve@{HOST} JOIN #tea"));
}

#[test]
fn only_users_with_accounts_and_ranks_speak_in_a_channel_with_mode_upper_case_m() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob, eve] = guests(&mut house);
    for guest in [bob, eve] {
        house.send(guest, "JOIN #tea");
    }
    house.send(ana, "MODE #tea +M");
    house.forget();
    let text = "only users with accounts may speak in #tea: log in, or ask its operators for a voice";
    assert_eq!(house.ask(eve, "PRIVMSG #tea :hi"), [format!(":parlor.local 404 eve #tea :{text}")]);
    house.send(bob, "PRIVMSG #tea :hello");
    assert_eq!(house.lines(ana), [format!(":bob!~bob@{HOST} PRIVMSG #tea :hello")]);
    house.send(ana, "MODE #tea +v eve");
    house.forget();
    house.send(eve, "PRIVMSG #tea :thanks");
    assert_eq!(house.lines(ana), [format!(":eve!~eve@{HOST} PRIVMSG #tea :thanks")]);
}

#[test]
fn the_lobby_stays_open_to_all_but_server_operators_may_moderate_it_so() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let root = house.operator("root");
    let eve = house.irc("eve");
    house.send(eve, "JOIN #lobby");
    house.forget();
    assert_eq!(house.told(root, "MODE #lobby +R"), "482 root #lobby");
    house.send(root, "MODE #lobby +M");
    house.forget();
    assert_eq!(house.told(eve, "PRIVMSG #lobby :hi"), "404 eve #lobby");
}

#[test]
fn masks_of_accounts_ban_except_and_invite() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob, eve] = guests(&mut house);
    assert_eq!(house.ask(ana, "MODE #tea +b $a:BOB"), [format!(":ana!~ana@{HOST} MODE #tea +b ~a:BOB")]);
    assert_eq!(house.told(bob, "JOIN #tea"), "474 bob #tea");
    assert_eq!(
        house.ask(ana, "MODE #tea -b ~account:bob"),
        [format!(":ana!~ana@{HOST} MODE #tea -b ~a:bob")]
    );
    // Everybody is banned but those who have an account.
    house.send(ana, "MODE #tea +be *!*@* ~a:*");
    house.forget();
    assert_eq!(house.told(eve, "JOIN #tea"), "474 eve #tea");
    assert_eq!(house.ask(bob, "JOIN #tea")[0], format!(":bob!~bob@{HOST} JOIN #tea"));
    house.send(bob, "PART #tea");
    house.send(ana, "MODE #tea -be+iI *!*@* ~a:* ~a:b?b");
    house.forget();
    assert!(house.ask(ana, "MODE #tea I")[0].contains(" 346 ana #tea ~a:b?b ana "));
    assert_eq!(house.told(eve, "JOIN #tea"), "473 eve #tea");
    assert_eq!(house.ask(bob, "JOIN #tea")[0], format!(":bob!~bob@{HOST} JOIN #tea"));
}

#[test]
fn a_mask_of_an_account_does_not_match_a_guest_of_its_name_nor_a_name_alone() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let [ana, bob, eve] = guests(&mut house);
    house.send(ana, "MODE #tea +bb ~a:eve ~a:~bob");
    house.forget();
    for (guest, name) in [(bob, "bob"), (eve, "eve")] {
        assert_eq!(house.ask(guest, "JOIN #tea")[0], format!(":{name}!~{name}@{HOST} JOIN #tea"));
    }
}

#[test]
fn masks_of_accounts_are_announced_where_there_are_accounts() {
    let scratch = Scratch::new();
    for (mut house, is_announced) in [(house(&scratch), true), (IrcScene::new(), false)] {
        let eve = house.irc("eve");
        let lines = house.ask(eve, "VERSION").join(" ");
        for token in [" EXTBAN=~,a ", " ACCOUNTEXTBAN=a,account "] {
            assert_eq!(lines.contains(token), is_announced, "{token} {lines}");
        }
    }
}

#[test]
fn who_is_logged_in_has_mode_r_and_cannot_change_it() {
    let scratch = Scratch::new();
    let mut house = house(&scratch);
    let ana = house.irc("ana");
    let lines = house.ask(ana, "NS REGISTER correct-horse");
    assert!(lines.contains(&format!(":ana!~ana@{HOST} MODE ana +r")), "{lines:#?}");
    assert_eq!(house.ask(ana, "MODE ana"), [":parlor.local 221 ana +r"]);
    assert_eq!(house.ask(ana, "MODE ana -r"), [""; 0]);
    assert_eq!(house.ask(ana, "MODE ana +ir"), [format!(":ana!~ana@{HOST} MODE ana +i")]);
    let lines = house.ask(ana, "NS LOGOUT");
    assert!(lines.iter().any(|line| line.ends_with(" -r") && line.contains(" MODE ")), "{lines:#?}");
}
