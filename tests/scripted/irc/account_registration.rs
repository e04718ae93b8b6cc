//! `REGISTER` and `VERIFY` (IRCv3 `draft/account-registration`), `PASS account:password`, logins on CrazyIt, and who may
//! come in.

use std::time::Duration;

use parlor::config::{AccountPolicy, ServerConfig};

use super::sasl::Bank;
use crate::irc::house::{Guest, HOST, IrcScene};
use crate::support::Scratch;
use crate::support::accounts::{PASSWORD, plain};

fn bank() -> Bank {
    Bank::new(|_| ())
}

fn with_password(password: &'static str) -> Bank {
    Bank::new(|config| config.password = Some(password.parse().expect("a password")))
}

/// The replies to a client that sends these lines before anything else.
fn greet(bank: &mut Bank, lines: &str) -> (Guest, Vec<String>) {
    let guest = bank.house.connect();
    bank.house.bytes(guest, format!("{}\r\n", lines.replace('\n', "\r\n")));
    let told = bank.house.lines(guest);
    (guest, told)
}

/// True when the client is welcome under this name.
fn is_welcome(told: &[String], name: &str) -> bool {
    told.iter().any(|line| line.starts_with(&format!(":parlor.local 001 {name} ")))
}

/// The only line, without the server's name and the text for people.
fn code(told: &[String]) -> String {
    let [line] = told else { panic!("one line: {told:#?}") };
    let line = line.strip_prefix(":parlor.local ").unwrap_or(line);
    line.split_once(" :").map_or(line, |(code, _)| code).to_owned()
}

// PASS.

#[test]
fn pass_logs_in_to_an_account() {
    let mut bank = bank();
    for (pass, name) in
        [("alice:password", "alice"), ("ALICE/phone:password", "alice"), ("bob:password", "bob")]
    {
        let (_, told) = greet(&mut bank, &format!("PASS {pass}\nNICK nick\nUSER u 0 * :R"));
        let logged_in =
            format!(":parlor.local 900 nick nick!~u@{HOST} {name} :You are now logged in as {name}");
        assert_eq!(told[0], logged_in);
        assert!(is_welcome(&told, name), "{told:#?}");
    }
    let id = bank.house.hub().users().iter().map(|(id, _)| id).next().expect("alice is here");
    let devices = bank.house.hub().devices(id).iter();
    assert_eq!(devices.map(|device| &*device.name).collect::<Vec<_>>(), ["irc", "phone"]);
}

#[test]
fn pass_with_a_wrong_password_of_an_account_ends_the_connection() {
    let mut bank = bank();
    for pass in ["alice:wrong", "alice:", "carol:password", "alice/phone:x", "аlice:password"] {
        let (guest, told) = greet(&mut bank, &format!("PASS {pass}\nNICK nick\nUSER u 0 * :R"));
        assert_eq!(
            told,
            [
                ":parlor.local 464 nick :Password incorrect",
                "ERROR :Closing link: no account with this password"
            ],
            "{pass}"
        );
        assert!(bank.house.is_shut(guest));
    }
}

#[test]
fn a_password_that_names_no_account_is_the_servers_or_ignored() {
    let mut bank = bank();
    for (n, pass) in ["nobody:password", "secret", ":", "a:b:c", "1st:x"].into_iter().enumerate() {
        let (_, told) = greet(&mut bank, &format!("PASS {pass}\nNICK guest{n}\nUSER u 0 * :R"));
        assert!(is_welcome(&told, &format!("guest{n}")), "{pass}: {told:#?}");
    }
    let mut bank = with_password("nobody:secret");
    let (_, told) = greet(&mut bank, "PASS nobody:secret\nNICK ana\nUSER u 0 * :R");
    assert!(is_welcome(&told, "ana"));
    let (_, told) = greet(&mut bank, "PASS nobody:wrong\nNICK eve\nUSER u 0 * :R");
    assert!(told.last().is_some_and(|line| line.ends_with("wrong server password")), "{told:#?}");
}

#[test]
fn a_login_to_an_account_counts_as_the_servers_password() {
    let mut bank = with_password("secret");
    let (_, told) = greet(&mut bank, "PASS alice:password\nNICK ana\nUSER u 0 * :R");
    assert!(is_welcome(&told, "alice"));
    let guest = bank.named("ana");
    bank.house
        .send(guest, &format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}\r\nCAP END", plain("bob", PASSWORD)));
    assert!(is_welcome(&bank.house.lines(guest), "bob"));
    let li = bank.house.connect();
    bank.house.speaks_crazyit(li);
    bank.house.bytes(li, format!("∏∑alice/li※{PASSWORD}∏∑"));
    assert_eq!(bank.house.raw(li), "1");
    let (guest, told) = greet(&mut bank, "NICK ana\nUSER u 0 * :R");
    assert_eq!(told[0], ":parlor.local 464 ana :Password incorrect");
    assert!(bank.house.is_shut(guest));
}

// Names.

#[test]
fn a_registered_name_is_refused_to_others_when_they_have_not_logged_in() {
    let mut bank = bank();
    for name in ["alice", "ALICE", "аlice"] {
        let (guest, told) = greet(&mut bank, &format!("NICK {name}\nUSER u 0 * :R"));
        assert_eq!(code(&told), format!("433 * {name}"), "{told:#?}");
        assert!(
            told[0].contains("log in") || told[0].contains("looks like"),
            "it says what to do: {told:#?}"
        );
        bank.house.send(guest, &format!("NICK guest{}", guest.number()));
        assert!(is_welcome(&bank.house.lines(guest), &format!("guest{}", guest.number())));
        assert_eq!(code(&bank.house.ask(guest, &format!("NICK {name}"))).split(' ').next(), Some("433"));
    }
}

#[test]
fn a_client_may_take_the_name_of_its_account_before_it_logs_in_even_while_another_device_has_it() {
    let mut bank = bank();
    for _ in 0..2 {
        let guest = bank.named("alice");
        assert!(bank.house.lines(guest).is_empty());
        bank.house.send(guest, &format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain("alice", PASSWORD)));
        bank.house.send(guest, "CAP END");
        assert!(is_welcome(&bank.house.lines(guest), "alice"));
    }
    let guest = bank.named("alice");
    assert_eq!(code(&bank.house.ask(guest, "CAP END")), "433 * alice");
}

#[test]
fn whoever_uses_a_name_without_its_account_has_to_give_way() {
    let mut bank = bank();
    let zoe = bank.house.irc("zoe");
    assert_eq!(bank.house.ask(zoe, "REGISTER * * password1").len(), 3);
    bank.house.send(zoe, "QUIT");
    let (_, told) = greet(&mut bank, "PASS zoe:password1\nNICK x\nUSER u 0 * :R");
    assert!(is_welcome(&told, "zoe"));
}

// REGISTER.

#[test]
fn register_creates_an_account_with_the_nick_and_logs_in() {
    let mut bank = bank();
    let (dan, _) = greet(&mut bank, "CAP REQ :account-notify\nNICK Dan\nUSER dan 0 * :R\nCAP END");
    let told = bank.house.ask(dan, "REGISTER * * :open sesame");
    assert_eq!(
        told[told.len() - 3..],
        [
            format!(":parlor.local 900 Dan Dan!~dan@{HOST} Dan :You are now logged in as Dan"),
            format!(":Dan!~dan@{HOST} MODE Dan +r"),
            ":parlor.local REGISTER SUCCESS Dan :Your account is registered, and you are logged in"
                .to_owned(),
        ]
    );
    assert_eq!(code(&bank.house.ask(dan, "NICK other")), "447 Dan");
    // With its own name, in any letter case, and an e-mail that nobody reads.
    let eve = bank.house.irc("eve");
    assert!(bank.house.ask(eve, "REGISTER EVE eve@example.org :open sesame")[2].contains(" SUCCESS eve "));
    // Both ways to prove the new password work.
    for name in ["dan/phone", "eve"] {
        let guest = bank.named("x");
        bank.house.send(guest, &format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain(name, "open sesame")));
        assert!(bank.house.lines(guest).iter().any(|line| line.contains(" 903 ")), "{name}");
        bank.house.send(guest, "QUIT");
    }
}

#[test]
fn a_registration_that_cannot_be_is_refused_with_the_code_that_the_specification_names() {
    let mut bank = bank();
    let guest = bank.house.connect();
    let caps = "CAP REQ standard-replies";
    bank.house.send(guest, &format!("{caps}\r\nNICK ana"));
    bank.house.lines(guest);
    let refused = |bank: &mut Bank, line: &str| code(&bank.house.ask(guest, line));
    assert_eq!(refused(&mut bank, "REGISTER * * password1"), "FAIL REGISTER COMPLETE_CONNECTION_REQUIRED");
    assert_eq!(refused(&mut bank, "VERIFY ana x"), "FAIL VERIFY COMPLETE_CONNECTION_REQUIRED");
    bank.house.send(guest, "USER u 0 * :R\r\nCAP END");
    bank.house.lines(guest);
    for (line, code) in [
        ("REGISTER * *", "461 ana REGISTER"),
        ("REGISTER bob * password1", "FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK bob"),
        ("REGISTER 1st * password1", "FAIL REGISTER ACCOUNT_NAME_MUST_BE_NICK 1st"),
        ("REGISTER * * short", "FAIL REGISTER WEAK_PASSWORD ana"),
        ("REGISTER * * ana", "FAIL REGISTER WEAK_PASSWORD ana"),
        ("REGISTER * * pass※word", "FAIL REGISTER UNACCEPTABLE_PASSWORD ana"),
        ("VERIFY ana 123", "FAIL VERIFY TEMPORARILY_UNAVAILABLE ana"),
    ] {
        assert_eq!(refused(&mut bank, line), code, "{line}");
    }
    let long = format!("REGISTER * * {}", "x".repeat(300));
    assert_eq!(refused(&mut bank, &long), "FAIL REGISTER UNACCEPTABLE_PASSWORD ana");
    bank.house.send(
        guest,
        &format!(
            "AUTHENTICATE PLAIN\r\nCAP REQ sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {}",
            plain("alice", PASSWORD)
        ),
    );
    bank.house.lines(guest);
    assert_eq!(refused(&mut bank, "REGISTER * * password1"), "FAIL REGISTER ALREADY_AUTHENTICATED *");
    assert_eq!(refused(&mut bank, "VERIFY alice x"), "FAIL VERIFY ALREADY_AUTHENTICATED alice");
}

#[test]
fn a_name_that_another_account_has_got_meanwhile_cannot_be_registered() {
    let mut bank = bank();
    bank.house.scene().is_thinking = true;
    let [first, second] = ["new", "nеw"].map(|name| bank.house.irc(name));
    for guest in [first, second] {
        bank.house.send(guest, "REGISTER * * password1");
    }
    bank.house.scene().is_thinking = false;
    bank.house.scene().settle();
    assert!(bank.house.lines(first)[2].contains(" SUCCESS new "));
    let told = bank.house.lines(second);
    assert!(told[0].contains("FAIL REGISTER ACCOUNT_EXISTS"), "{told:#?}");
}

#[test]
fn an_address_registers_three_accounts_and_then_one_in_ten_minutes() {
    let mut bank = bank();
    let from = |bank: &mut Bank, address: &str, name: &str| {
        let guest = bank.house.connect_from(address);
        bank.house.send(guest, &format!("NICK {name}\r\nUSER u 0 * :R"));
        bank.house.lines(guest);
        let told = bank.house.ask(guest, "REGISTER * * password1");
        told.last().is_some_and(|line| line.contains(" SUCCESS "))
    };
    for n in 0..5 {
        assert_eq!(from(&mut bank, "192.0.2.1:1", &format!("u{n}")), n < 3, "{n}");
    }
    assert!(from(&mut bank, "192.0.2.2:1", "other"));
    bank.house.pass(Duration::from_secs(600));
    assert!(from(&mut bank, "192.0.2.1:1", "u5"));
    assert!(!from(&mut bank, "192.0.2.1:1", "u6"));
}

#[test]
fn what_cannot_succeed_does_not_count_as_a_registration() {
    let mut bank = bank();
    let guest = bank.house.irc("ana");
    for _ in 0..9 {
        bank.house.ask(guest, "REGISTER * * short");
        bank.house.ask(guest, "REGISTER other * password1");
    }
    assert!(bank.house.ask(guest, "REGISTER * * password1")[2].contains(" SUCCESS "));
}

#[test]
fn where_accounts_are_closed_only_operators_register_and_clients_hear_when_that_changes() {
    let closed = |config: &mut ServerConfig| config.accounts.policy = AccountPolicy::Closed;
    let mut bank = Bank::new(closed);
    let offers = |bank: &mut Bank| {
        let guest = bank.house.connect();
        bank.house.ask(guest, "CAP LS 302").join(" ").contains("draft/account-registration")
    };
    assert!(!offers(&mut bank));
    let [ana, old] = ["cap-notify standard-replies", "standard-replies"].map(|capabilities| {
        let name = format!("u{}", capabilities.len());
        bank.house.irc_with(&name, capabilities)
    });
    assert_eq!(
        code(&bank.house.ask(ana, "REGISTER * * password1")),
        "FAIL REGISTER TEMPORARILY_UNAVAILABLE u27"
    );
    bank.house.change(|config| config.accounts.policy = AccountPolicy::Open);
    assert_eq!(bank.house.lines(ana), [":parlor.local CAP u27 NEW :draft/account-registration"]);
    assert!(bank.house.lines(old).is_empty(), "who has not asked is not told");
    assert!(offers(&mut bank));
    assert!(bank.house.ask(ana, "CAP REQ draft/account-registration")[0].contains(" ACK "));
    bank.house.change(closed);
    assert_eq!(bank.house.lines(ana), [":parlor.local CAP u27 DEL :draft/account-registration"]);
    assert!(!bank.house.ask(ana, "CAP LIST").join(" ").contains("draft/account-registration"));
    assert!(bank.house.ask(ana, "CAP REQ draft/account-registration")[0].contains(" NAK "));
    let root = bank.house.operator("root");
    assert!(bank.house.ask(root, "REGISTER * * password1")[2].contains(" SUCCESS "));
}

#[test]
fn a_server_without_a_store_registers_nobody() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "standard-replies");
    assert_eq!(code(&house.ask(ana, "REGISTER * * password1")), "FAIL REGISTER TEMPORARILY_UNAVAILABLE ana");
}

// Nobody without an account.

#[test]
fn where_accounts_are_required_nobody_else_comes_in_and_is_told_how() {
    let mut bank = Bank::new(|config| config.accounts.policy = AccountPolicy::Required);
    for start in ["", "PASS secret\n", "PASS nobody:x\n", "CAP REQ sasl\nCAP END\n"] {
        let (guest, told) = greet(&mut bank, &format!("{start}NICK ana\nUSER u 0 * :R"));
        let [.., fail, error] = &told[..] else { panic!("{told:#?}") };
        assert!(fail.starts_with(":parlor.local FAIL * ACCOUNT_REQUIRED :"), "{told:#?}");
        assert!(error.starts_with("ERROR :Closing link: this server requires an account"), "{told:#?}");
        assert!(bank.house.is_shut(guest));
    }
    let (_, told) = greet(&mut bank, "PASS alice:password\nNICK ana\nUSER u 0 * :R");
    assert!(is_welcome(&told, "alice"));
    let li = bank.house.connect();
    bank.house.speaks_crazyit(li);
    bank.house.bytes(li, "∏∑li∏∑");
    assert_eq!(bank.house.raw(li), "-1");
    bank.house.half_close(li);
    let told = bank.house.raw(li);
    assert_eq!(
        told,
        "\n* this server requires an account: log in with ∏∑NAME※PASSWORD∏∑, or ask its operators for one\n"
    );
    let li = bank.house.connect();
    bank.house.speaks_crazyit(li);
    bank.house.bytes(li, "∏∑alice※password∏∑");
    assert_eq!(bank.house.raw(li), "1");
}

// CrazyIt.

#[test]
fn on_crazyit_a_password_logs_in_to_an_account() {
    let mut bank = bank();
    for (login, answer) in [
        ("alice※password", "1"),
        ("ALICE/phone※password", "1"),
        ("alice※wrong", "-1"),
        ("alice", "-1"),
        ("аlice※password", "-1"),
        ("alice/a b※password", "-1"),
        ("nobody※password", "1"),
    ] {
        let li = bank.house.connect();
        bank.house.speaks_crazyit(li);
        bank.house.bytes(li, format!("∏∑{login}∏∑"));
        assert_eq!(bank.house.raw(li), answer, "{login}");
    }
    let names: Vec<_> = bank.house.hub().users().iter().map(|(_, user)| user.name().to_string()).collect();
    assert_eq!(names, ["alice", "nobody"]);
}

#[test]
fn a_textbook_client_learns_why_its_name_was_refused_only_after_its_next_login() {
    let mut bank = bank();
    let li = bank.house.connect();
    bank.house.speaks_crazyit(li);
    bank.house.bytes(li, "∏∑alice∏∑");
    bank.house.advance(Duration::from_secs(5));
    assert_eq!(bank.house.raw(li), "-1", "it would take more for the answer");
    bank.house.bytes(li, "∏∑li∏∑");
    assert_eq!(bank.house.raw(li), "1");
    bank.house.advance(Duration::from_millis(500));
    let hint = "* the name alice is registered: log in with ∏∑alice※PASSWORD∏∑, or take another name\n";
    assert_eq!(bank.house.raw(li), hint);
}

#[test]
fn a_crazyit_user_can_change_to_its_account_later() {
    let mut bank = bank();
    let [li, ana] = ["li", "ana"].map(|name| bank.house.crazyit(name));
    bank.house.bytes(li, "∏∑alice※password∏∑");
    assert_eq!(bank.house.raw(li), "1");
    bank.house.bytes(li, "§γhi§γ");
    assert_eq!(bank.house.raw(ana), "alice说：hi\n");
    // To another account, and with a wrong password.
    bank.house.bytes(li, "∏∑bob※password∏∑");
    assert_eq!(bank.house.raw(li), "alice说：hi\n1");
    bank.house.bytes(li, "∏∑alice※wrong∏∑");
    assert_eq!(bank.house.raw(li), "-1");
    bank.house.bytes(li, "§γhi§γ");
    assert_eq!(bank.house.raw(ana), "bob说：hi\n");
}

#[test]
fn a_registration_is_kept_when_its_client_has_gone_meanwhile() {
    let scratch = Scratch::new();
    let mut house = IrcScene::with_history(&scratch.path("state"), |_| ());
    let ana = house.irc("ana");
    house.scene().is_thinking = true;
    house.send(ana, "REGISTER * * password1");
    let questions = std::mem::take(&mut house.scene().questions);
    assert_eq!(questions.len(), 1);
    let scene = house.scene();
    scene.turn(|server, now| {
        questions.into_iter().for_each(|question| server.checked(question.answer(), now))
    });
    house.reset(ana);
    house.scene().hear_store();
    let name = parlor::name::UserName::new("ana").expect("a name");
    let account = house.hub().accounts().find(&name);
    assert!(account.is_some_and(|id| id.0 > 0), "{account:?}");
}
