use std::num::NonZeroU32;

use proptest::prelude::*;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::config::SASLConfig;
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLClient, SessionError};
use rsasl::property::{AuthId, AuthzId, Password};
use stringprep::saslprep;

use super::super::hash::SALT_BYTES;
use super::super::saslprep::prepare;
use super::*;

/// What a client of rsasl says.
struct Credentials {
    name: String,
    acts_as: Option<String>,
    password: String,
}

impl SessionCallback for Credentials {
    fn callback(
        &self,
        _: &SessionData,
        _: &Context<'_>,
        request: &mut Request<'_>,
    ) -> Result<(), SessionError> {
        request.satisfy::<AuthId>(&self.name)?;
        if let Some(actor) = &self.acts_as {
            request.satisfy::<AuthzId>(actor)?;
        }
        request.satisfy::<Password>(self.password.as_bytes())?;
        Ok(())
    }
}

/// Lets a client of rsasl prove its password to our server.
fn outcome(credentials: Credentials, keys: ScramKeys) -> Result<(), ScramError> {
    let (name, acts_as) = (credentials.name.clone(), credentials.acts_as.clone());
    let config = SASLConfig::builder().with_defaults().with_callback(credentials).unwrap();
    let mechanism = Mechname::parse(b"SCRAM-SHA-256").unwrap();
    let mut client = SASLClient::new(config).start_suggested(&[mechanism]).unwrap();
    let mut step = |heard: Option<&str>| {
        let mut said = Vec::new();
        client.step(heard.map(str::as_bytes), &mut said).expect("the client accepts what we say");
        said
    };
    let first = ClientFirst::parse(&step(None)).unwrap();
    assert_eq!((&first.name, &first.acts_as), (&name, &acts_as));
    let (exchange, challenge) = first.challenge(keys).unwrap();
    let proof = step(Some(&challenge));
    exchange.finish(&proof).map(|last| drop(step(Some(&last))))
}

proptest! {
    #[test]
    fn a_client_of_another_maker_logs_in_with_the_password_and_with_no_other(
        name in "[^\0]{1,20}",
        acts_as in proptest::option::of("[^\0]{1,20}"),
        password in "\\PC{1,20}",
        other in "\\PC{1,20}",
        salt in any::<[u8; 16]>(),
    ) {
        let keys = cheap_keys(&password, salt);
        let credentials = |password: &str| Credentials {
            name: name.clone(), acts_as: acts_as.clone(), password: password.to_owned(),
        };
        // rsasl leaves the preparation to its user.
        if let Ok(prepared) = saslprep(&password) {
            prop_assert_eq!(outcome(credentials(&prepared), keys.clone()), Ok(()));
        }
        let is_same = prepare(&password) == other;
        let expected = if is_same { Ok(()) } else { Err(ScramError::WrongProof) };
        prop_assert_eq!(outcome(credentials(&other), keys), expected);
    }

    #[test]
    fn no_bytes_make_it_panic(first in any::<Vec<u8>>(), last in any::<Vec<u8>>()) {
        ClientFirst::parse(&first).ok();
        let (exchange, _) = known().challenge_with("own", cheap_keys("pencil", [0; 16]));
        prop_assert!(exchange.finish(&last).is_err());
    }

    #[test]
    fn nothing_near_a_message_makes_it_panic(first in "[nyp],(a=[=,2CD3]{0,4})?,[mnr=,2CD3]{0,9}", last in "[cr=,p]{0,12}") {
        ClientFirst::parse(first.as_bytes()).ok();
        let (exchange, _) = known().challenge_with("own", cheap_keys("pencil", [0; 16]));
        prop_assert!(exchange.finish(last.as_bytes()).is_err());
    }
}

/// Keys at the lowest cost.
fn cheap_keys(password: &str, salt: [u8; SALT_BYTES]) -> ScramKeys {
    ScramKeys::new(&prepare(password), salt, NonZeroU32::MIN)
}

fn known() -> ClientFirst {
    ClientFirst::parse(b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO").unwrap()
}

/// The exchange of RFC 7677 §3.
#[test]
fn the_example_of_the_specification_is_accepted() {
    let mut salt = [0; SALT_BYTES];
    Base64::decode("W22ZaJ0SNY7soEsUEjb6gQ==", &mut salt).unwrap();
    let keys = ScramKeys::new("pencil", salt, NonZeroU32::new(4096).unwrap());
    let (exchange, first) = known().challenge_with("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", keys);
    assert_eq!(
        first,
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    );
    let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    let answer = exchange.finish(last.as_bytes());
    assert_eq!(answer.as_deref(), Ok("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
}

#[test]
fn a_first_message_that_asks_for_what_there_is_not_is_refused() {
    for (message, why) in [
        ("p=tls-unique,,n=user,r=abc", ScramError::ChannelBinding),
        ("n,,m=new,n=user,r=abc", ScramError::Extension),
        ("", ScramError::Malformed),
        ("n,,", ScramError::Malformed),
        ("x,,n=user,r=abc", ScramError::Malformed),
        ("n,b=c,n=user,r=abc", ScramError::Malformed),
        ("n,a=,n=user,r=abc", ScramError::Malformed),
        ("n,,r=abc,n=user", ScramError::Malformed),
        ("n,,n=,r=abc", ScramError::Malformed),
        ("n,,n=user", ScramError::Malformed),
        ("n,,n=user,r=", ScramError::Malformed),
        ("n,,n=user,r=a b", ScramError::Malformed),
        ("n,,n=us=er,r=abc", ScramError::Malformed),
        ("n,,n=user=,r=abc", ScramError::Malformed),
        ("n,,n=us=2cer,r=abc", ScramError::Malformed),
        ("n,,n=us\0er,r=abc", ScramError::Malformed),
    ] {
        assert_eq!(ClientFirst::parse(message.as_bytes()).map(drop), Err(why), "{message:?}");
    }
    assert_eq!(ClientFirst::parse(b"n,,n=us\xffer,r=abc").map(drop), Err(ScramError::Malformed));
}

#[test]
fn names_are_unescaped_and_extensions_that_nobody_demands_are_ignored() {
    let first = ClientFirst::parse(b"y,a=a=2Cb,n=c=3Dd=2C,r=abc,x=y").unwrap();
    assert_eq!((first.name.as_str(), first.acts_as.as_deref()), ("c=d,", Some("a,b")));
}

#[test]
fn a_last_message_that_changes_what_was_agreed_is_refused() {
    let (exchange, _) = known().challenge_with("own", cheap_keys("pencil", [0; 16]));
    let nonce = "rOprNGfwEbeRWgbNEkqOown";
    let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    for (message, why) in [
        (format!("c=biws,r={nonce},p={proof}"), ScramError::WrongProof),
        (format!("c=biws,r={nonce},x=y,p={proof}"), ScramError::WrongProof),
        (format!("c=biws,r={nonce},p="), ScramError::WrongProof),
        (format!("c=biws,r={nonce},p={proof}AAAA"), ScramError::Malformed),
        (format!("c=biws,r={nonce},p=%"), ScramError::Malformed),
        (format!("c=eSws,r={nonce},p={proof}"), ScramError::Changed),
        (format!("c=biws,r={nonce}x,p={proof}"), ScramError::Changed),
        (format!("c=biws,r=rOprNGfwEbeRWgbNEkqO,p={proof}"), ScramError::Changed),
        (format!("c=%,r={nonce},p={proof}"), ScramError::Malformed),
        (format!("c=biws,r={nonce}"), ScramError::Malformed),
        (format!("r={nonce},c=biws,p={proof}"), ScramError::Malformed),
    ] {
        assert_eq!(exchange.finish(message.as_bytes()), Err(why), "{message:?}");
    }
}

#[test]
fn each_challenge_has_another_nonce() {
    let challenge = || known().challenge(cheap_keys("pencil", [0; 16])).unwrap().1;
    assert_ne!(challenge(), challenge());
}
