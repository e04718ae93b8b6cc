//! Accounts in a store, with a password that is fast to check, and what clients send to log in.

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use base64ct::{Base64, Encoding};
use parlor::message::{AccountAnswer, AccountChange, AccountId, AccountQuery, CertificateHash, Now};
use parlor::name::UserName;
use parlor::secret::{ScramKeys, StoredPassword};
use parlor::store::{Reply, Store, StoreConfig};
use ring::digest::{SHA256, digest};
use ring::hmac::{self, HMAC_SHA256};
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};

use super::DEADLINE;

/// The password of all accounts.
pub const PASSWORD: &str = "password";

/// A cheap hash of it, made by the reference implementation.
const HASH: &str = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";

/// The hash and the keys that are stored for the password, fast to check (RFC 5802 §3).
pub fn stored_password() -> StoredPassword {
    let (salt, iterations) = ([7; 16], 1);
    let mut salted = [0; 32];
    let rounds = iterations.try_into().expect("it is not zero");
    pbkdf2::derive(PBKDF2_HMAC_SHA256, rounds, &salt, PASSWORD.as_bytes(), &mut salted);
    let salted = hmac::Key::new(HMAC_SHA256, &salted);
    let key = |bytes: &[u8]| bytes.try_into().expect("a digest has 32 bytes");
    let client_key = hmac::sign(&salted, b"Client Key");
    let stored_key = key(digest(&SHA256, client_key.as_ref()).as_ref());
    let server_key = key(hmac::sign(&salted, b"Server Key").as_ref());
    StoredPassword { hash: HASH.to_owned(), scram: ScramKeys { salt, iterations, stored_key, server_key } }
}

/// Creates accounts with the password in the store in `directory`, or with a certificate and without a password.
pub fn create(directory: &Path, accounts: &[(&str, Option<CertificateHash>)]) -> Vec<AccountId> {
    let changes = accounts.iter().map(|(name, certificate)| AccountChange::Create {
        name: UserName::new(name).expect("a name"),
        password: certificate.is_none().then(stored_password),
        certificate: *certificate,
        at: SystemTime::UNIX_EPOCH,
    });
    create_all(directory, changes)
}

/// Makes these changes, each of which creates an account, in the store in `directory`.
pub fn create_all(directory: &Path, changes: impl ExactSizeIterator<Item = AccountChange>) -> Vec<AccountId> {
    let config = StoreConfig {
        directory: directory.to_owned(),
        age: Some(Duration::from_secs(7 * 24 * 60 * 60)),
        lines: 10_000,
        bytes: 256 * 1024 * 1024,
    };
    let (woken, wake) = mpsc::channel();
    let now = Now::read();
    let wake_us = move || woken.send(()).unwrap_or_default();
    let (mut store, _) = Store::open(&config, wake_us, now.time).expect("the directory is ours");
    let count = changes.len();
    for (number, change) in changes.enumerate() {
        store.ask_account(number as u64, AccountQuery::Change(change));
    }
    store.stop();
    let mut ids = Vec::new();
    loop {
        match store.fetch() {
            Some(Reply::Account(_, AccountAnswer::Created(id))) => ids.push(id),
            Some(Reply::Stopped) => break,
            Some(other) => panic!("the store creates accounts: {other:?}"),
            None => wake.recv_timeout(DEADLINE).expect("the store answers in time"),
        }
    }
    assert_eq!(ids.len(), count);
    ids
}

pub fn base64(text: impl AsRef<[u8]>) -> String {
    Base64::encode_string(text.as_ref())
}

/// The response of SASL PLAIN (RFC 4616 §2).
pub fn plain(name: &str, password: &str) -> String {
    base64(format!("\0{name}\0{password}"))
}
