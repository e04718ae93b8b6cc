use super::*;

fn alice() -> Account {
    Account::new("alice", "sesame")
}

fn begin(offered: &str, is_private: bool) -> Result<(SaslLogin, String), AccountFault> {
    let (login, bytes) = SaslLogin::begin(&alice(), is_private, offered)?;
    Ok((login, String::from_utf8(bytes).unwrap()))
}

/// The mechanism that is asked for.
fn asked(offered: &str, is_private: bool) -> Result<String, AccountFault> {
    Ok(begin(offered, is_private)?.1)
}

impl SaslLogin {
    /// Handles a line from the server, and returns the lines that the client sends then, which may be none.
    fn told(&mut self, line: &str) -> Result<String, AccountFault> {
        Ok(match self.hear(&Message::decode(line).unwrap())? {
            Turn::Send(bytes) => String::from_utf8(bytes).unwrap(),
            Turn::LoggedIn => "logged in".to_owned(),
            Turn::Wait => String::new(),
            Turn::Other => "other".to_owned(),
        })
    }
}

#[test]
fn plain_is_only_used_where_nobody_can_read_it() {
    assert_eq!(asked("plain", true).as_deref(), Ok("AUTHENTICATE PLAIN\r\n"));
    assert_eq!(asked("PLAIN,EXTERNAL", false), Err(AccountFault::Exposed));
    let none = AccountFault::NoMechanism { offered: "EXTERNAL,X".into() };
    assert_eq!(asked("EXTERNAL,X", true), Err(none));
}

#[test]
fn a_long_message_goes_in_chunks_and_a_full_last_one_is_followed_by_an_empty_one() {
    let chunks = |length: usize| -> Vec<usize> {
        let lines = String::from_utf8(in_chunks(&"x".repeat(length))).unwrap();
        lines.lines().map(|line| line.strip_prefix("AUTHENTICATE ").unwrap().len()).collect()
    };
    assert_eq!(chunks(297), [396]);
    assert_eq!(chunks(298), [400, 1]);
    assert_eq!(chunks(300), [400, 1]);
    assert_eq!(chunks(301), [400, 4]);
    assert_eq!(chunks(600), [400, 400, 1]);
    assert_eq!(in_chunks(""), b"AUTHENTICATE +\r\n");
}

#[test]
fn endless_messages_of_a_server_take_limited_memory() {
    let (mut login, _) = begin("PLAIN", true).unwrap();
    let chunk = format!("AUTHENTICATE {}", "A".repeat(CHUNK_BYTES));
    let heard: Vec<_> = (0..100).map(|_| login.told(&chunk)).collect();
    let fits = heard.iter().take_while(|told| told.is_ok()).count();
    assert_eq!(fits, MESSAGE_BYTES / CHUNK_BYTES);
    let (mut login, _) = begin("PLAIN", true).unwrap();
    assert_eq!(login.told(&format!("{chunk}A")), Err(AccountFault::Malformed));
}

#[test]
fn a_server_that_does_not_follow_the_exchange_is_refused() {
    for lines in [
        &["AUTHENTICATE %"][..],
        &["AUTHENTICATE +", "AUTHENTICATE +"],
        &[":s 903 alice :Done"],
        &["AUTHENTICATE é"],
    ] {
        let (mut login, _) = begin("PLAIN", true).unwrap();
        let told = lines.iter().map(|line| login.told(line)).last().unwrap();
        assert_eq!(told, Err(AccountFault::Malformed), "{lines:?}");
    }
}

#[test]
fn every_end_by_the_server_is_told_in_its_words() {
    for code in ["902", "904", "905", "906", "907"] {
        let (mut login, _) = begin("PLAIN", true).unwrap();
        login.told("AUTHENTICATE +").unwrap();
        let line = "No".to_owned();
        let fault =
            if code == "904" { AccountFault::Refused { line } } else { AccountFault::Declined { line } };
        assert_eq!(login.told(&format!(":s {code} alice :No")), Err(fault), "{code}");
    }
    let (mut login, _) = begin("PLAIN", true).unwrap();
    login.told("AUTHENTICATE +").unwrap();
    let told = login.told(":s FAIL AUTHENTICATE TEMPORARILY_UNAVAILABLE :Later");
    assert_eq!(told.as_deref(), Ok(""));
    let unavailable = AccountFault::Unavailable { line: "No".into() };
    assert_eq!(login.told(":s 904 alice :No"), Err(unavailable));
    let (mut login, _) = begin("PLAIN", true).unwrap();
    assert_eq!(login.told(":s CAP alice NAK :sasl"), Err(AccountFault::NotOffered));
    for line in [":s CAP alice ACK :sasl", ":s CAP alice NAK :batch", "PING x", ":s 900 a b c :d", "CAP"] {
        assert_eq!(login.told(line).as_deref(), Ok("other"), "{line}");
    }
}

#[cfg(feature = "tls")]
#[test]
fn a_certificate_names_its_account_and_needs_no_password() {
    let account = Account::by_certificate("alice");
    let (mut login, asked) = SaslLogin::begin(&account, false, "PLAIN,EXTERNAL").unwrap();
    assert_eq!(asked, b"AUTHENTICATE EXTERNAL\r\n");
    assert_eq!(login.told("AUTHENTICATE +").as_deref(), Ok("AUTHENTICATE YWxpY2U=\r\n"));
    assert_eq!(login.told(":s 903 alice :Done").as_deref(), Ok("logged in"));
    let none = SaslLogin::begin(&account, true, "PLAIN").map(drop);
    assert_eq!(none, Err(AccountFault::NoMechanism { offered: "PLAIN".into() }));
}

#[cfg(any(feature = "store", feature = "tls"))]
mod with_scram {
    use super::*;
    use crate::secret::ProverError;

    fn message(text: &str) -> String {
        format!("AUTHENTICATE {}", Base64::encode_string(text.as_bytes()))
    }

    #[test]
    fn scram_is_preferred_and_tried_if_the_server_names_no_mechanisms() {
        for offered in ["PLAIN,SCRAM-SHA-256", "scram-sha-256", ""] {
            assert_eq!(asked(offered, false).as_deref(), Ok("AUTHENTICATE SCRAM-SHA-256\r\n"));
        }
    }

    #[test]
    fn a_password_that_is_not_ascii_is_compared_by_the_server_where_nobody_can_read_it() {
        let account = Account::new("alice", "caf\u{e9}");
        for (is_private, offered, asked) in [
            (true, "SCRAM-SHA-256,PLAIN", "AUTHENTICATE PLAIN\r\n"),
            (true, "SCRAM-SHA-256", "AUTHENTICATE SCRAM-SHA-256\r\n"),
            (false, "SCRAM-SHA-256,PLAIN", "AUTHENTICATE SCRAM-SHA-256\r\n"),
        ] {
            let (_, bytes) = SaslLogin::begin(&account, is_private, offered).unwrap();
            assert_eq!(String::from_utf8(bytes).unwrap(), asked);
        }
    }

    #[test]
    fn a_server_that_does_not_know_scram_gets_another_mechanism_that_it_offers() {
        // With both numerics, in either order, or one of them.
        for lines in [
            &[":s 908 alice PLAIN,EXTERNAL :are available", ":s 904 alice :No"][..],
            &[":s 908 alice PLAIN :are available"],
            &[":s 904 alice :No"],
        ] {
            let (mut login, _) = begin("", true).unwrap();
            let told: Vec<_> = lines.iter().map(|line| login.told(line).unwrap()).collect();
            assert_eq!(told.concat(), "AUTHENTICATE PLAIN\r\n", "{lines:?}");
            login.told("AUTHENTICATE +").unwrap();
            let refused = AccountFault::Refused { line: "Wrong".into() };
            assert_eq!(login.told(":s 904 alice :Wrong"), Err(refused), "{lines:?}");
        }
    }

    #[test]
    fn a_server_without_a_usable_mechanism_ends_the_login() {
        let told = |is_private: bool, line: &str| begin("", is_private).unwrap().0.told(line);
        let none = AccountFault::NoMechanism { offered: "EXTERNAL".into() };
        assert_eq!(told(true, ":s 908 alice EXTERNAL :are available"), Err(none));
        assert_eq!(told(false, ":s 908 alice PLAIN :are available"), Err(AccountFault::Exposed));
        assert_eq!(told(false, ":s 904 alice :No"), Err(AccountFault::Exposed));
        let (mut login, _) = begin("SCRAM-SHA-256,PLAIN", true).unwrap();
        let refused = AccountFault::Refused { line: "No".into() };
        assert_eq!(login.told(":s 904 alice :No"), Err(refused), "it was offered");
    }

    #[test]
    fn a_server_that_claims_success_without_a_proof_is_not_believed() {
        let untrusted = Err(AccountFault::Scram(ProverError::WrongProof));
        let (mut login, _) = begin("SCRAM-SHA-256", false).unwrap();
        let first = login.told("AUTHENTICATE +").unwrap();
        assert_eq!(login.told(":s 903 alice :Done"), untrusted);
        let first = Base64::decode_vec(first.trim_end().rsplit_once(' ').unwrap().1).unwrap();
        let nonce = String::from_utf8(first).unwrap().rsplit_once("r=").unwrap().1.to_owned();
        login.told(&message(&format!("r={nonce}x,s=AAAA,i=4096"))).unwrap();
        assert_eq!(login.told(":s 903 alice :Done"), untrusted);
        assert_eq!(login.told(&message("v=AAAA")), untrusted);
    }

    #[test]
    fn a_server_may_not_make_us_compute_for_long() {
        let (mut login, _) = begin("SCRAM-SHA-256", false).unwrap();
        let first = login.told("AUTHENTICATE +").unwrap();
        let first = Base64::decode_vec(first.trim_end().rsplit_once(' ').unwrap().1).unwrap();
        let nonce = String::from_utf8(first).unwrap().rsplit_once("r=").unwrap().1.to_owned();
        let told = login.told(&message(&format!("r={nonce}x,s=AAAA,i=4294967295")));
        assert_eq!(told, Err(AccountFault::Scram(ProverError::Iterations(u64::from(u32::MAX)))));
    }

    #[cfg(feature = "store")]
    #[test]
    fn our_own_server_and_client_understand_each_other() {
        use crate::secret::{ClientFirst, Guess, StoredPassword};

        let said = |line: &str| {
            let line = line.trim_end().strip_prefix("AUTHENTICATE ").unwrap().to_owned();
            Base64::decode_vec(&line).unwrap()
        };
        let stored = StoredPassword::new(&Guess::new("sesame")).unwrap();
        let (mut login, _) = begin("SCRAM-SHA-256", false).unwrap();
        let first = ClientFirst::parse(&said(&login.told("AUTHENTICATE +").unwrap())).unwrap();
        let (exchange, challenge) = first.challenge(stored.scram).unwrap();
        let last = exchange.finish(&said(&login.told(&message(&challenge)).unwrap())).unwrap();
        assert_eq!(login.told(&message(&last)).as_deref(), Ok("AUTHENTICATE +\r\n"));
        assert_eq!(login.told(":s 903 alice :Done").as_deref(), Ok("logged in"));
    }
}
