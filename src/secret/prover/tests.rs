use proptest::prelude::*;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLServer, SessionError};
use rsasl::validate::{NoValidation, Validate, ValidationError};

use super::*;

/// The exchange of RFC 7677 §3.
const NONCE: &str = "rOprNGfwEbeRWgbNEkqO";
const CHALLENGE: &str =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

fn known() -> Prover {
    Prover::with_nonce("user", "pencil", NONCE.to_owned()).0
}

#[test]
fn the_example_of_the_specification_is_followed() {
    let (prover, first) = Prover::with_nonce("user", "pencil", NONCE.to_owned());
    assert_eq!(first, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
    let (awaited, last) = prover.prove(CHALLENGE.as_bytes()).unwrap();
    assert_eq!(
        last,
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
         p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    );
    assert_eq!(awaited.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="), Ok(()));
    assert_eq!(awaited.check(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y"), Ok(()));
}

#[test]
fn a_server_that_does_not_know_the_password_is_not_believed() {
    let (awaited, _) = known().prove(CHALLENGE.as_bytes()).unwrap();
    for message in ["", "v=", "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "6rriTRBi23WpRR"] {
        assert_eq!(awaited.check(message.as_bytes()), Err(ProverError::WrongProof), "{message}");
    }
    let refused = Err(ProverError::Refused("invalid-proof".into()));
    assert_eq!(awaited.check(b"e=invalid-proof"), refused);
}

#[test]
fn a_challenge_that_does_not_continue_what_we_said_is_refused() {
    let salt = "W22ZaJ0SNY7soEsUEjb6gQ==";
    for message in [
        String::new(),
        format!("r={NONCE},s={salt},i=4096"),
        format!("r=x{NONCE},s={salt},i=4096"),
        format!("r={NONCE}x,s=%,i=4096"),
        format!("r={NONCE}x,s={salt}"),
        format!("r={NONCE}x,s={salt},i="),
        format!("r={NONCE}x,s={salt},i=-4096"),
        format!("r={NONCE}x,i=4096,s={salt}"),
        format!("m=new,r={NONCE}x,s={salt},i=4096"),
    ] {
        let refused = known().prove(message.as_bytes()).map(drop);
        assert_eq!(refused, Err(ProverError::Malformed), "{message}");
    }
    assert_eq!(known().prove(b"r=\xff").map(drop), Err(ProverError::Malformed));
}

#[test]
fn a_server_may_ask_for_neither_too_few_nor_too_many_iterations() {
    for asked in [0, 1, 4095, 1_000_001, u64::from(u32::MAX) + 4097, u64::MAX] {
        let message = format!("r={NONCE}x,s=AAAA,i={asked}");
        let refused = known().prove(message.as_bytes()).map(drop);
        assert_eq!(refused, Err(ProverError::Iterations(asked)));
    }
    assert!(known().prove(format!("r={NONCE}x,s=AAAA,i=4096").as_bytes()).is_ok());
}

#[test]
fn names_are_escaped_and_nonces_differ() {
    let first = || Prover::new("a,b=c", "x").unwrap().1;
    assert!(first().starts_with("n,,n=a=2Cb=3Dc,r="));
    assert_ne!(first(), first());
}

#[test]
fn debug_output_shows_no_password() {
    let (awaited, _) = known().prove(CHALLENGE.as_bytes()).unwrap();
    assert_eq!(format!("{:?} {awaited:?}", known()), "Prover AwaitedProof");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(first in any::<Vec<u8>>(), last in any::<Vec<u8>>()) {
        known().prove(&first).ok();
        let (awaited, _) = known().prove(CHALLENGE.as_bytes()).unwrap();
        prop_assert!(awaited.check(&last).is_err());
    }

    #[test]
    fn nothing_near_a_message_makes_it_panic(rest in "[x,s=A/i0-9]{0,30}") {
        known().prove(format!("r={NONCE}{rest}").as_bytes()).ok();
    }
}

/// Our server, with the password of alice.
#[cfg(feature = "store")]
mod with_our_server {
    use super::*;
    use crate::secret::{ClientFirst, Guess, ScramError, StoredPassword};

    fn outcome(password: &str, stored: &StoredPassword) -> Result<Result<(), ProverError>, ScramError> {
        let (prover, first) = Prover::new("alice/phone", password).unwrap();
        let first = ClientFirst::parse(first.as_bytes())?;
        assert_eq!(first.name, "alice/phone");
        let (exchange, challenge) = first.challenge(stored.scram.clone()).unwrap();
        let (awaited, last) = prover.prove(challenge.as_bytes()).unwrap();
        let last = exchange.finish(last.as_bytes())?;
        Ok(awaited.check(last.as_bytes()))
    }

    #[test]
    fn the_right_password_is_proved_in_both_directions() {
        let stored = StoredPassword::new(&Guess::new("caf\u{e9} = 芝麻")).unwrap();
        for same in ["caf\u{e9} = 芝麻", "caf\u{e9}\u{a0}= 芝\u{200d}麻"] {
            assert_eq!(outcome(same, &stored), Ok(Ok(())), "{same}");
        }
        for other in ["cafe = 芝麻", "cafe\u{301} = 芝麻"] {
            assert_eq!(outcome(other, &stored), Err(ScramError::WrongProof), "{other}");
        }
    }
}

/// A server of rsasl with one password.
struct Stored(SaltedPassword);

const SALT: &[u8] = b"some salt";

impl SessionCallback for Stored {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        let (stored_key, server_key) = (stored_key(&self.0.client_key()), self.0.server_key());
        let stored = ScramStoredPassword::new(LEAST_ITERATIONS, SALT, &stored_key, &server_key);
        request.satisfy::<ScramStoredPassword<'_>>(&stored)?;
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        _: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        Ok(())
    }
}

/// Whether a server of rsasl accepts a password, and what our client thinks of its answer.
fn told_by_rsasl(stored: &str, given: &str) -> Result<(), ProverError> {
    let iterations = NonZeroU32::new(LEAST_ITERATIONS).unwrap();
    let stored = Stored(SaltedPassword::new(stored, SALT, iterations));
    let config = SASLConfig::builder().with_defaults().with_callback(stored).unwrap();
    let mechanism = Mechname::parse(b"SCRAM-SHA-256").unwrap();
    let mut server = SASLServer::<NoValidation>::new(config).start_suggested(mechanism).unwrap();
    let mut step = |heard: &str| {
        let mut said = Vec::new();
        // The answer to a wrong proof is an error, which also has a message.
        server.step(Some(heard.as_bytes()), &mut said).ok();
        said
    };
    let (prover, first) = Prover::new("alice/phone", given).unwrap();
    let (awaited, last) = prover.prove(&step(&first)).unwrap();
    awaited.check(&step(&last))
}

#[test]
fn a_server_made_by_others_accepts_the_right_password_and_is_believed() {
    assert_eq!(told_by_rsasl("pencil", "pencil"), Ok(()));
    assert_eq!(told_by_rsasl("芝麻 ,=", "芝麻\u{3000},="), Ok(()));
    assert_eq!(told_by_rsasl("pencil", "pen"), Err(ProverError::Refused("invalid-proof".into())));
}
