//! SCRAM-SHA-256 over IRC, with a client of another maker.

use base64ct::{Base64, Encoding};
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLClient, Session, SessionError};
use rsasl::property::{AuthId, Password};

use super::sasl::Bank;
use crate::irc::house::Guest;
use crate::support::accounts::{PASSWORD, base64};

struct Credentials(&'static str, &'static str);

impl SessionCallback for Credentials {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        request.satisfy::<AuthId>(self.0)?.satisfy::<Password>(self.1.as_bytes())?;
        Ok(())
    }
}

fn client(name: &'static str, password: &'static str) -> Session {
    let config = SASLConfig::builder().with_defaults().with_callback(Credentials(name, password));
    let mechanism = Mechname::parse(b"SCRAM-SHA-256").expect("a name");
    let client = SASLClient::new(config.expect("a config"));
    client.start_suggested(&[mechanism]).expect("rsasl knows the mechanism")
}

/// What the client says next, as a command.
fn step(client: &mut Session, heard: Option<&[u8]>) -> String {
    let mut said = Vec::new();
    client.step(heard, &mut said).expect("the server says nothing wrong");
    if said.is_empty() { "AUTHENTICATE +".into() } else { format!("AUTHENTICATE {}", base64(said)) }
}

/// The content of the server's only line.
fn heard(lines: &[String]) -> Vec<u8> {
    match lines {
        [line] => {
            let encoded = line.strip_prefix("AUTHENTICATE ").unwrap_or_else(|| panic!("{line}"));
            Base64::decode_vec(encoded).expect("it is base64")
        }
        lines => panic!("one line: {lines:#?}"),
    }
}

/// Lets a client prove its password. Returns the answer to the proof.
fn prove(bank: &mut Bank, guest: Guest, client: &mut Session) -> Vec<String> {
    assert_eq!(bank.house.ask(guest, "AUTHENTICATE SCRAM-SHA-256"), ["AUTHENTICATE +"]);
    let first = step(client, None);
    let challenge = heard(&bank.house.ask(guest, &first));
    let proof = step(client, Some(&challenge));
    bank.house.ask(guest, &proof)
}

#[test]
fn both_sides_prove_that_they_know_the_password() {
    let mut bank = Bank::new(|_| ());
    for name in ["alice", "alice/phone", "Bob"] {
        let guest = bank.named("nick");
        let mut client = client(name, PASSWORD);
        let answer = prove(&mut bank, guest, &mut client);
        let last = step(&mut client, Some(&heard(&answer)));
        let told = bank.house.ask(guest, &last);
        assert!(told[0].contains(" 900 nick ") && told[1].contains(" 903 nick "), "{told:#?}");
        assert!(bank.house.ask(guest, "CAP END")[0].contains(" 001 "));
    }
}

#[test]
fn a_wrong_proof_and_an_unknown_account_are_answered_alike_and_count_as_guesses() {
    let mut bank = Bank::new(|_| ());
    let mut told = Vec::new();
    for (name, password) in
        [("alice", "wrong"), ("nobody", PASSWORD), ("carol", PASSWORD), ("аlice", PASSWORD)]
    {
        let guest = bank.named("nick");
        told.push(prove(&mut bank, guest, &mut client(name, password)));
    }
    told.dedup();
    let why = ":parlor.local 904 nick :SASL authentication failed: no account with this password, proof or certificate";
    assert_eq!(told, [[why]]);
    let at = "192.0.2.1:1";
    for n in 0..6 {
        let guest = bank.house.connect_from(at);
        bank.house.send(guest, "CAP REQ sasl\r\nNICK nick\r\nUSER u 0 * :R");
        bank.house.lines(guest);
        let told = prove(&mut bank, guest, &mut client("alice", "wrong"));
        assert_eq!(told.len(), usize::from(n < 5), "the sixth has to wait");
    }
}

#[test]
fn an_unknown_account_has_the_same_salt_each_time() {
    let mut bank = Bank::new(|_| ());
    let mut salt = |name: &'static str| {
        let guest = bank.named("nick");
        bank.house.send(guest, "AUTHENTICATE SCRAM-SHA-256");
        bank.house.lines(guest);
        let challenge = heard(&bank.house.ask(guest, &step(&mut client(name, PASSWORD), None)));
        let text = String::from_utf8(challenge).expect("it is text");
        text.split(',').find(|part| part.starts_with("s=")).expect("a salt").to_owned()
    };
    assert_eq!(salt("nobody"), salt("NoBody"));
    assert_ne!(salt("nobody"), salt("someone"));
    assert_eq!(salt("alice"), salt("alice"));
}

#[test]
fn the_client_must_acknowledge_the_proof_of_the_server_with_nothing() {
    let mut bank = Bank::new(|_| ());
    let guest = bank.named("nick");
    prove(&mut bank, guest, &mut client("alice", PASSWORD));
    let told = bank.house.told(guest, &format!("AUTHENTICATE {}", base64("more")));
    assert_eq!(told, "904 nick");
    let told = bank.house.ask(guest, "CAP END");
    assert!(told[0].contains(" 001 nick "), "it is not logged in: {told:#?}");
}

#[test]
fn the_exchange_can_be_aborted_after_each_message() {
    let mut bank = Bank::new(|_| ());
    for messages in 0..3 {
        let guest = bank.named("nick");
        let mut client = client("alice", PASSWORD);
        bank.house.send(guest, "AUTHENTICATE SCRAM-SHA-256");
        bank.house.lines(guest);
        let mut challenge = None;
        for _ in 0..messages {
            let said = step(&mut client, challenge.as_deref());
            challenge = Some(heard(&bank.house.ask(guest, &said)));
        }
        assert_eq!(bank.house.told(guest, "AUTHENTICATE *"), "906 nick", "{messages}");
        assert!(bank.house.ask(guest, "CAP END")[0].contains(" 001 nick "), "{messages}");
        bank.house.send(guest, "QUIT");
    }
}

#[test]
fn a_first_message_that_is_wrong_is_refused_with_the_name_of_the_error() {
    let mut bank = Bank::new(|_| ());
    for (first, why) in [
        ("p=tls-unique,,n=alice,r=abc", "channel-binding-not-supported"),
        ("n,,m=x,n=alice,r=abc", "extensions-not-supported"),
        ("n,,n=alice", "invalid-encoding"),
        ("n,a=bob,n=alice,r=abc", "there is no such account, or you may not act as it"),
        ("n,,n=1st,r=abc", "there is no such account, or you may not act as it"),
    ] {
        let guest = bank.named("nick");
        bank.house.send(guest, "AUTHENTICATE SCRAM-SHA-256");
        bank.house.lines(guest);
        let told = bank.house.ask(guest, &format!("AUTHENTICATE {}", base64(first)));
        assert_eq!(told, [format!(":parlor.local 904 nick :SASL authentication failed: {why}")], "{first}");
    }
}
