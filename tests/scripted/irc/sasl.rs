//! SASL (IRCv3 `sasl` 3.1 and 3.2): the capability, the pieces of responses, PLAIN and EXTERNAL, every numeric, and what
//! those who guess learn.

use std::sync::mpsc;
use std::time::Duration;

use parlor::config::ServerConfig;
use parlor::store::Store;

use crate::irc::house::{Guest, HOST, IrcScene};
use crate::support::Scratch;
use crate::support::accounts::{PASSWORD, base64, create, plain};
use crate::support::blank_store::Blank;

/// The certificate of carol, who has no password.
const CERTIFICATE: [u8; 32] = [3; 32];

/// A server with accounts, and its directory.
pub(super) struct Bank {
    pub(super) house: IrcScene,
    _scratch: Scratch,
}

impl Bank {
    /// With the accounts alice, bob and Élise, and carol, who has a certificate.
    pub(super) fn new(configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let scratch = Scratch::new();
        let directory = scratch.path("state");
        create(&directory, &[("alice", None), ("bob", None), ("Élise", None), ("carol", Some(CERTIFICATE))]);
        let house = IrcScene::with_history(&directory, |config| {
            config.limits.flood = None;
            configure(config);
        });
        Self { house, _scratch: scratch }
    }

    /// A client that has requested `sasl` and sent nothing else.
    pub(super) fn client(&mut self) -> Guest {
        let guest = self.house.connect();
        assert_eq!(self.house.ask(guest, "CAP REQ sasl"), [":parlor.local CAP * ACK :sasl"]);
        guest
    }

    /// A client with this nick that is ready to authenticate.
    pub(super) fn named(&mut self, nick: &str) -> Guest {
        let guest = self.client();
        self.house.send(guest, &format!("NICK {nick}\r\nUSER u 0 * :R"));
        guest
    }

    /// Answers of the server to a response with this mechanism.
    fn authenticate(&mut self, guest: Guest, mechanism: &str, response: &str) -> Vec<String> {
        let told = self.house.ask(guest, &format!("AUTHENTICATE {mechanism}"));
        assert_eq!(told, ["AUTHENTICATE +"], "{mechanism}");
        self.house.ask(guest, &format!("AUTHENTICATE {response}"))
    }

    fn plain(&mut self, guest: Guest, name: &str, password: &str) -> Vec<String> {
        self.authenticate(guest, "PLAIN", &plain(name, password))
    }

    /// The nick under which a client registers.
    fn nick_after_end(&mut self, guest: Guest) -> Option<String> {
        let told = self.house.ask(guest, "CAP END");
        let welcome = told.iter().find_map(|line| line.strip_prefix(":parlor.local 001 "))?;
        welcome.split(' ').next().map(str::to_owned)
    }
}

fn bank() -> Bank {
    Bank::new(|_| ())
}

/// The numeric and the text of a single refusal.
fn failure(lines: &[String]) -> &str {
    match lines {
        [only] => only.strip_prefix(":parlor.local ").unwrap_or(only),
        lines => panic!("one refusal: {lines:#?}"),
    }
}

const FAILED: &str =
    "904 nick :SASL authentication failed: no account with this password, proof or certificate";

// The capability.

#[test]
fn cap_ls_lists_the_mechanisms_that_the_client_can_use() {
    let mut bank = bank();
    let listed = |bank: &mut Bank, guest: Guest, version: &str| {
        let told = bank.house.ask(guest, &format!("CAP LS {version}")).join(" ");
        let names = told.split([' ', ':']).find(|word| word.starts_with("sasl")).map(str::to_owned);
        names.expect("sasl is offered")
    };
    let guest = bank.house.connect();
    assert_eq!(listed(&mut bank, guest, "302"), "sasl=PLAIN,SCRAM-SHA-256");
    assert_eq!(listed(&mut bank, guest, ""), "sasl", "before version 302 there are no values");
    bank.house.shows(guest, CERTIFICATE);
    assert_eq!(listed(&mut bank, guest, "302"), "sasl=PLAIN,EXTERNAL,SCRAM-SHA-256");
}

#[test]
fn a_server_without_accounts_offers_no_sasl() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    assert!(!house.ask(ana, "CAP LS 302").join(" ").contains("sasl"));
    assert_eq!(house.ask(ana, "CAP REQ sasl"), [":parlor.local CAP * NAK :sasl"]);
    assert_eq!(house.told(ana, "AUTHENTICATE PLAIN"), "904 *");
}

#[test]
fn a_client_must_request_the_capability_first() {
    let mut bank = bank();
    let guest = bank.house.connect();
    let told = bank.house.ask(guest, "AUTHENTICATE PLAIN");
    assert_eq!(failure(&told), "904 * :SASL authentication failed: request the capability sasl first");
}

// PLAIN.

#[test]
fn plain_logs_in_and_the_client_gets_the_name_of_the_account() {
    let mut bank = bank();
    for (nick, account) in [("alice", "alice"), ("other", "bob"), ("x", "élise")] {
        let guest = bank.named(nick);
        let told = bank.plain(guest, account, PASSWORD);
        let name = account.replace('é', "É");
        assert_eq!(
            told,
            [
                format!(":parlor.local 900 {nick} {nick}!~u@{HOST} {name} :You are now logged in as {name}"),
                format!(":parlor.local 903 {nick} :SASL authentication successful"),
            ]
        );
        assert_eq!(bank.nick_after_end(guest), Some(name.clone()));
        let whois = bank.house.ask(guest, &format!("WHOIS {name}"));
        assert!(whois.iter().any(|line| line.contains(&format!(" 330 {name} {name} {name} "))), "{whois:#?}");
    }
}

#[test]
fn a_client_may_authenticate_before_it_says_its_name() {
    let mut bank = bank();
    let guest = bank.client();
    let told = bank.plain(guest, "alice", PASSWORD);
    assert_eq!(told[0], format!(":parlor.local 900 * *!*@{HOST} alice :You are now logged in as alice"));
    bank.house.send(guest, "NICK alice\r\nUSER u 0 * :R");
    assert_eq!(bank.nick_after_end(guest).as_deref(), Some("alice"));
}

#[test]
fn a_login_can_name_its_device_and_several_devices_are_one_user() {
    let mut bank = bank();
    for (name, acts_as) in
        [("alice/phone", ""), ("ALICE", "alice"), ("alice", "alice/desk"), ("alice/x", "alice/y")]
    {
        let guest = bank.named("alice");
        let response = base64(format!("{acts_as}\0{name}\0{PASSWORD}"));
        assert_eq!(bank.authenticate(guest, "PLAIN", &response).len(), 2, "{name} {acts_as}");
        assert_eq!(bank.nick_after_end(guest).as_deref(), Some("alice"));
    }
    let users = bank.house.hub().users();
    let alice = users.iter().map(|(id, _)| id).next().expect("alice is here");
    let devices = bank.house.hub().devices(alice);
    let names: Vec<_> = devices.iter().map(|device| &*device.name).collect();
    assert_eq!((users.len(), names), (1, vec!["phone", "irc", "desk", "x"]));
}

#[test]
fn nobody_may_act_as_another() {
    let mut bank = bank();
    let guest = bank.named("nick");
    let why = "904 nick :SASL authentication failed: there is no such account, or you may not act as it";
    for (acts_as, name) in [("bob", "alice"), ("1st", "alice"), ("", "1st"), ("", "alice/a/b"), ("", "")] {
        let response = base64(format!("{acts_as}\0{name}\0{PASSWORD}"));
        let told = bank.authenticate(guest, "PLAIN", &response);
        assert_eq!(failure(&told[..1]), why, "{acts_as:?} {name:?}");
    }
}

#[test]
fn a_response_that_is_not_plain_is_refused() {
    let mut bank = bank();
    for response in [&b""[..], b"alice", b"\0alice", b"a\0b\0c\0d", b"\0alice\0\xff"] {
        let guest = bank.named("nick");
        let encoded = if response.is_empty() { "+".into() } else { base64(response) };
        let told = bank.authenticate(guest, "PLAIN", &encoded);
        assert_eq!(failure(&told), "904 nick :SASL authentication failed: this is not PLAIN", "{response:?}");
    }
    for response in ["%", "PLAIN", "AGFsaWNl=", "AGFsaWN", "AA==AA=="] {
        let guest = bank.named("nick");
        let told = bank.authenticate(guest, "PLAIN", response);
        assert_eq!(
            failure(&told),
            "904 nick :SASL authentication failed: this is not base64",
            "{response:?}"
        );
    }
}

// Pieces.

#[test]
fn a_response_of_whole_pieces_ends_with_a_plus() {
    let mut bank = bank();
    // Base64 of 300 bytes has 400.
    for length in [299, 300, 301, 600, 900] {
        let guest = bank.named("nick");
        let response = base64(format!("\0alice\0{}", "x".repeat(length - 7)));
        assert_eq!(bank.house.ask(guest, "AUTHENTICATE PLAIN"), ["AUTHENTICATE +"]);
        let mut told = Vec::new();
        for piece in response.as_bytes().chunks(400) {
            assert_eq!(told, [""; 0], "{length}: nothing is said before the end");
            told = bank.house.ask(guest, &format!("AUTHENTICATE {}", str::from_utf8(piece).unwrap()));
        }
        if response.len() % 400 == 0 {
            assert_eq!(told, [""; 0], "{length}");
            told = bank.house.ask(guest, "AUTHENTICATE +");
        }
        assert_eq!(failure(&told), FAILED, "{length}");
    }
}

#[test]
fn a_piece_or_a_response_that_is_too_long_is_refused_with_905() {
    let mut bank = bank();
    let guest = bank.named("nick");
    bank.house.send(guest, "AUTHENTICATE PLAIN");
    bank.house.forget();
    let told = bank.house.ask(guest, &format!("AUTHENTICATE {}", "A".repeat(401)));
    assert_eq!(failure(&told), "905 nick :SASL message too long");
    assert_eq!(
        failure(&bank.house.ask(guest, &format!("AUTHENTICATE {}", "A".repeat(401)))),
        "905 nick :SASL message too long"
    );
    bank.house.send(guest, "AUTHENTICATE PLAIN");
    bank.house.forget();
    for _ in 0..10 {
        assert_eq!(bank.house.ask(guest, &format!("AUTHENTICATE {}", "A".repeat(400))), [""; 0]);
    }
    let told = bank.house.ask(guest, &format!("AUTHENTICATE {}", "A".repeat(400)));
    assert_eq!(failure(&told), "905 nick :SASL message too long");
    assert_eq!(bank.plain(guest, "alice", PASSWORD).len(), 2, "a new exchange works");
}

#[test]
fn a_login_is_the_same_however_its_bytes_are_cut() {
    let login = format!(
        "CAP LS 302\r\nCAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE {}\r\nCAP END\r\n",
        plain("alice", PASSWORD)
    );
    for cut in (0..=login.len()).step_by(7) {
        let mut bank = bank();
        let guest = bank.house.connect();
        bank.house.bytes(guest, &login[..cut]);
        bank.house.bytes(guest, &login[cut..]);
        let lines = bank.house.lines(guest);
        let codes =
            [" 900 ", " 903 ", " 001 alice "].map(|code| lines.iter().position(|line| line.contains(code)));
        assert!(codes.is_sorted() && codes[0].is_some(), "{cut}: {lines:#?}");
    }
}

// Aborts and mechanisms.

#[test]
fn a_star_aborts_an_exchange_at_any_point() {
    let mut bank = bank();
    let guest = bank.named("nick");
    let aborted = "906 nick :SASL authentication aborted";
    assert_eq!(failure(&bank.house.ask(guest, "AUTHENTICATE *")), aborted, "without an exchange");
    bank.house.send(guest, "AUTHENTICATE PLAIN");
    bank.house.forget();
    assert_eq!(failure(&bank.house.ask(guest, "AUTHENTICATE *")), aborted);
    bank.house.send(guest, &format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}", "A".repeat(400)));
    bank.house.forget();
    assert_eq!(failure(&bank.house.ask(guest, "AUTHENTICATE *")), aborted);
    assert_eq!(bank.plain(guest, "alice", PASSWORD).len(), 2);
}

#[test]
fn an_exchange_that_is_open_when_the_client_registers_is_aborted() {
    let mut bank = bank();
    let guest = bank.named("nick");
    bank.house.send(guest, "AUTHENTICATE PLAIN");
    bank.house.forget();
    let told = bank.house.ask(guest, "CAP END");
    assert_eq!(failure(&told[..1]), "906 nick :SASL authentication aborted");
    assert!(told[1].starts_with(":parlor.local 001 nick "));
}

#[test]
fn a_mechanism_that_is_not_available_is_refused_with_a_list_of_those_that_are() {
    let mut bank = bank();
    let guest = bank.named("nick");
    for mechanism in ["EXTERNAL", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "x", "+"] {
        assert_eq!(
            bank.house.ask(guest, &format!("AUTHENTICATE {mechanism}"))[..2],
            [
                ":parlor.local 908 nick PLAIN,SCRAM-SHA-256 :are available SASL mechanisms",
                ":parlor.local 904 nick :SASL authentication failed: this mechanism is not available",
            ],
            "{mechanism}"
        );
    }
    let other = bank.named("nick");
    assert_eq!(bank.authenticate(other, "plain", &plain("alice", PASSWORD)).len(), 2, "in any letter case");
}

// EXTERNAL.

#[test]
fn external_logs_in_to_the_account_with_the_certificate_and_to_no_other() {
    let mut bank = bank();
    for (certificate, response, is_right) in [
        (CERTIFICATE, "+".to_owned(), true),
        (CERTIFICATE, base64("carol"), true),
        (CERTIFICATE, base64("Carol/phone"), true),
        (CERTIFICATE, base64("alice"), false),
        (CERTIFICATE, base64("nobody"), false),
        ([4; 32], "+".to_owned(), false),
        ([4; 32], base64("carol"), false),
    ] {
        let guest = bank.named("nick");
        bank.house.shows(guest, certificate);
        let told = bank.authenticate(guest, "EXTERNAL", &response);
        if is_right {
            assert!(told[0].ends_with(" carol :You are now logged in as carol"), "{response}: {told:#?}");
            assert_eq!(bank.nick_after_end(guest).as_deref(), Some("carol"));
        } else {
            assert_eq!(failure(&told), FAILED, "{response}");
        }
    }
    let guest = bank.named("nick");
    bank.house.shows(guest, CERTIFICATE);
    for response in [base64("1st"), base64(b"\xff")] {
        let told = bank.authenticate(guest, "EXTERNAL", &response);
        assert_eq!(failure(&told), "904 nick :SASL authentication failed: there is no such account");
    }
}

#[test]
fn an_account_without_a_password_has_none_that_is_right() {
    let mut bank = bank();
    for password in [PASSWORD, "", "x"] {
        let guest = bank.named("nick");
        assert_eq!(failure(&bank.plain(guest, "carol", password)), FAILED);
    }
}

// Again, and later.

#[test]
fn a_registered_client_logs_in_and_becomes_the_user_of_the_account() {
    let mut bank = bank();
    let ana = bank.house.irc_with("ana", "sasl");
    let told = bank.plain(ana, "alice", PASSWORD);
    assert_eq!(
        told,
        [
            format!(":ana!~ana@{HOST} NICK alice"),
            format!(":parlor.local 900 alice alice!~ana@{HOST} alice :You are now logged in as alice"),
            format!(":alice!~ana@{HOST} MODE alice +r"),
            ":parlor.local 903 alice :SASL authentication successful".to_owned(),
        ]
    );
    // To another account, and to the same again.
    for (name, change) in [("bob", true), ("bob", false), ("alice", true)] {
        let told = bank.plain(ana, name, PASSWORD);
        assert_eq!(told.iter().any(|line| line.contains(" NICK ")), change, "{told:#?}");
        let end = [format!(" {name} :You are now logged in as {name}"), "successful".to_owned()];
        let last: Vec<_> = told.iter().rev().take(2).rev().collect();
        assert!(last.iter().zip(&end).all(|(line, end)| line.ends_with(end)), "{told:#?}");
    }
    assert_eq!(bank.house.hub().users().len(), 1);
}

#[test]
fn before_the_registration_the_last_login_counts() {
    let mut bank = bank();
    let guest = bank.named("nick");
    assert_eq!(bank.plain(guest, "alice", PASSWORD).len(), 2);
    assert_eq!(bank.plain(guest, "bob", PASSWORD).len(), 2);
    assert_eq!(failure(&bank.plain(guest, "alice", "wrong")), FAILED);
    assert_eq!(bank.nick_after_end(guest).as_deref(), Some("bob"));
}

#[test]
fn a_right_password_is_of_no_use_if_the_account_has_too_many_devices() {
    let mut bank = Bank::new(|config| config.accounts.devices = 1);
    let first = bank.named("alice");
    bank.plain(first, "alice", PASSWORD);
    assert_eq!(bank.nick_after_end(first).as_deref(), Some("alice"));
    // Before the registration is complete, it may still leave.
    let second = bank.named("alice");
    assert_eq!(bank.plain(second, "alice", PASSWORD).len(), 2);
    let told = bank.house.ask(second, "CAP END");
    assert!(told.last().is_some_and(|line| line.starts_with("ERROR :Closing link: ")), "{told:#?}");
    let third = bank.house.irc_with("ana", "sasl");
    let told = bank.plain(third, "alice", PASSWORD);
    assert!(failure(&told).starts_with("902 ana :"), "{told:#?}");
    assert!(bank.house.ask(third, "PING x").len() == 1, "and stays who it is");
}

#[test]
fn an_account_that_is_deleted_between_the_login_and_the_registration_cannot_be_entered() {
    let mut bank = bank();
    let guest = bank.named("nick");
    assert_eq!(bank.plain(guest, "alice", PASSWORD).len(), 2);
    let owner = bank.house.irc_with("ana", "sasl");
    bank.plain(owner, "alice", PASSWORD);
    bank.house.send(owner, &format!("NS DROP {PASSWORD} alice"));
    assert!(bank.house.is_shut(owner));
    let told = bank.house.ask(guest, "CAP END");
    assert_eq!(told, ["ERROR :Closing link: the account is deleted"]);
}

#[test]
fn an_answer_has_the_label_of_its_command() {
    let mut bank = bank();
    let ana = bank.house.irc_with("ana", "sasl labeled-response batch");
    let told = bank.house.ask(ana, "@label=1 AUTHENTICATE PLAIN");
    assert_eq!(told, ["@label=1 AUTHENTICATE +"]);
    let told = bank.house.ask(ana, &format!("@label=2 AUTHENTICATE {}", plain("alice", "wrong")));
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("@label=2 :parlor.local 904 ana "), "{told:#?}");
}

// Those who guess.

#[test]
fn a_wrong_password_and_an_unknown_account_are_answered_alike_after_the_same_work() {
    let mut bank = bank();
    bank.house.scene().is_thinking = true;
    let mut observed = Vec::new();
    for name in ["alice", "carol", "nobody", "аlice"] {
        let guest = bank.named("nick");
        bank.house.forget();
        bank.house.send(guest, &format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}", plain(name, "wrong")));
        assert_eq!(bank.house.lines(guest), ["AUTHENTICATE +"]);
        let hashes = bank.house.scene().questions.len();
        bank.house.scene().is_thinking = false;
        bank.house.scene().settle();
        bank.house.scene().is_thinking = true;
        observed.push((hashes, bank.house.lines(guest)));
    }
    assert_eq!(observed[0].0, 1);
    assert_eq!(failure(&observed[0].1), FAILED);
    observed.dedup();
    assert_eq!(observed.len(), 1, "{observed:#?}");
}

#[test]
fn five_failures_before_the_registration_end_the_connection() {
    let mut bank = bank();
    let guest = bank.named("nick");
    for _ in 0..4 {
        assert_eq!(failure(&bank.plain(guest, "alice", "wrong")), FAILED);
    }
    let told = bank.plain(guest, "alice", "wrong");
    assert_eq!(told[1], "ERROR :Closing link: no account with this password");
    assert!(bank.house.is_shut(guest));
}

#[test]
fn guesses_slow_their_address_and_lock_nobody_out() {
    let mut bank = bank();
    let at = |n: u8| format!("192.0.2.{n}:1");
    let client = |bank: &mut Bank, n: u8| {
        let guest = bank.house.connect_from(&at(n));
        bank.house.send(guest, "CAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R");
        bank.house.lines(guest);
        guest
    };
    for _ in 0..5 {
        let guest = client(&mut bank, 1);
        assert_eq!(failure(&bank.plain(guest, "alice", "wrong")), FAILED);
    }
    let slow = client(&mut bank, 1);
    assert_eq!(bank.plain(slow, "alice", PASSWORD), [""; 0], "even the right password has to wait");
    let far = client(&mut bank, 2);
    assert_eq!(bank.plain(far, "alice", PASSWORD).len(), 2, "its owner does not");
    bank.house.advance(Duration::from_secs(10));
    assert_eq!(bank.house.lines(slow).len(), 2);
}

#[test]
fn the_time_to_wait_for_a_guess_does_not_count_as_time_to_log_in() {
    let mut bank = Bank::new(|config| config.limits.login_timeout = Duration::from_secs(5));
    let address = "192.0.2.1:1";
    for _ in 0..5 {
        let guest = bank.house.connect_from(address);
        bank.house.send(guest, "CAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R");
        bank.house.lines(guest);
        bank.plain(guest, "alice", "wrong");
    }
    let slow = bank.house.connect_from(address);
    bank.house.send(slow, "CAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R");
    bank.house.lines(slow);
    bank.plain(slow, "alice", PASSWORD);
    bank.house.advance(Duration::from_secs(10));
    assert_eq!(bank.house.lines(slow).len(), 2);
    assert_eq!(bank.nick_after_end(slow).as_deref(), Some("alice"));
}

#[test]
fn a_stuck_disk_is_told_after_half_a_minute_and_keeps_no_connection() {
    const TIMEOUT: Duration = Duration::from_secs(30);
    const UNKNOWN: &str =
        "904 nick :SASL authentication failed: the server cannot check it right now, try again later";
    let mut house = IrcScene::with(|config| config.limits.flood = None);
    let (end, until) = mpsc::channel::<()>();
    let (woken, wake) = mpsc::channel();
    // Questions about accounts wait until the other end is dropped.
    let account = move || {
        until.recv().unwrap_or_default();
        Err("the disk was stuck".into())
    };
    let stuck = Blank { write: || (), commit: || (), account };
    let store = Store::start(stuck, move || woken.send(()).unwrap_or_default()).expect("a thread");
    house.scene().keep_in(store, wake);
    let guests: Vec<_> = (0..9)
        .map(|n| {
            let guest = house.connect();
            let rest = if n == 8 { "QUIT\r\n" } else { "" };
            let login = format!("AUTHENTICATE PLAIN\r\nAUTHENTICATE {}\r\n{rest}", plain("alice", "x"));
            house.bytes_for_a_turn(guest, format!("CAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R\r\n{login}"));
            house.bytes_for_a_turn(guest, "");
            guest
        })
        .collect();
    for &guest in &guests {
        assert_eq!(house.lines(guest).last().map(String::as_str), Some("AUTHENTICATE +"));
    }
    let pass = |house: &mut IrcScene, by: Duration| {
        let scene = house.scene();
        scene.now.instant += by;
        scene.now.time += by;
        scene.turn(|_, _| ());
        while scene.poll() {}
    };
    pass(&mut house, TIMEOUT - Duration::from_millis(1));
    assert!(guests.iter().all(|&guest| house.lines(guest).is_empty()));
    pass(&mut house, Duration::from_millis(1));
    for &guest in &guests[..8] {
        assert_eq!(failure(&house.lines(guest)), UNKNOWN);
    }
    assert!(house.is_shut(guests[8]), "what it sent meanwhile is handled");
    // The late answers are for nobody, and the next question is asked.
    drop(end);
    let late = house.connect();
    house.send(late, "CAP REQ :sasl standard-replies\r\nNICK nick\r\nUSER u 0 * :R\r\nAUTHENTICATE PLAIN");
    house.lines(late);
    house.send(late, &format!("AUTHENTICATE {}", plain("alice", "x")));
    let lines = house.lines(late);
    let (code, numeric) = lines.split_at(1);
    assert!(code[0].starts_with(":parlor.local FAIL AUTHENTICATE TEMPORARILY_UNAVAILABLE :"), "{code:?}");
    assert_eq!(failure(numeric), UNKNOWN);
}
