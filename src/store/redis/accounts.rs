//! Accounts: what is asked about them.

use std::time::{Duration, SystemTime};

use super::Redis;
use super::keys::{ACCOUNTS, AccountKeys, CERTIFICATES};
use crate::broker::{BrokerError, Command, Value};
use crate::message::{
    Account, AccountAnswer, AccountId, AccountInfo, AccountQuery, CertificateHash, MOST_CERTIFICATES,
    MOST_DEVICES, MOST_MARKERS,
};
use crate::name::UserName;
use crate::secret::{ScramKeys, StoredPassword};
use crate::store::times::time;

/// Most bytes of a password's hash.
const HASH_BYTES: usize = 1_024;

/// An account, and what only its owner, operators and logins need.
#[derive(Debug)]
struct Known {
    account: Account,
    last_seen: SystemTime,
    password: Option<StoredPassword>,
    certificates: Vec<CertificateHash>,
}

impl Redis {
    /// The answer to a question that changes nothing.
    pub(super) fn answer_account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, BrokerError> {
        let id = match query {
            AccountQuery::Credentials(id) | AccountQuery::Info(id) => Some(*id),
            AccountQuery::OfCertificate(certificate) => {
                let owner = Command::new("HGET").key(CERTIFICATES).arg(certificate);
                let owner = self.exchange.ask(owner)?.optional();
                owner.map(|owner| owner.number()).transpose()?.map(AccountId)
            }
            AccountQuery::Change(_) => None,
            AccountQuery::All => return self.names().map(AccountAnswer::All),
        };
        let known = match id {
            Some(id) => self.known(&[id])?.pop().flatten(),
            None => None,
        };
        let Some(Known { account, last_seen, password, certificates }) = known else {
            return Ok(AccountAnswer::Unknown);
        };
        Ok(match query {
            AccountQuery::Info(_) => {
                let has_password = password.is_some();
                AccountAnswer::Info(Box::new(AccountInfo { account, last_seen, has_password, certificates }))
            }
            _ => AccountAnswer::Account(Box::new(account), password.map(Box::new)),
        })
    }

    /// All accounts, oldest first.
    pub(super) fn names(&mut self) -> Result<Vec<(AccountId, UserName)>, BrokerError> {
        let mut names = Vec::new();
        for (id, name) in self.scan_pairs("HSCAN", ACCOUNTS)? {
            let name = name.text().ok().and_then(|name| UserName::new(name).ok());
            match id.number().ok().map(AccountId).zip(name) {
                Some(known) => names.push(known),
                None => self.nonsense += 1,
            }
        }
        names.sort_unstable_by_key(|(id, _)| *id);
        // What was added during the scan may be there twice.
        names.dedup_by_key(|(id, _)| *id);
        Ok(names)
    }

    /// The accounts with these numbers, as far as they exist.
    pub(super) fn accounts(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Account>>, BrokerError> {
        Ok(self.known(ids)?.into_iter().map(|known| known.map(|known| known.account)).collect())
    }

    fn known(&mut self, ids: &[AccountId]) -> Result<Vec<Option<Known>>, BrokerError> {
        let mut commands = Vec::new();
        for keys in ids.iter().copied().map(AccountKeys) {
            commands.push(Command::new("HGETALL").key(&keys.account()));
            commands.push(
                Command::new("ZRANGE").key(&keys.markers()).arg(0_u8).arg(MOST_MARKERS - 1).arg("WITHSCORES"),
            );
            commands.push(Command::new("HGETALL").key(&keys.devices()));
            commands.push(Command::new("HGETALL").key(&keys.metadata()));
            commands.push(Command::new("SMEMBERS").key(&keys.certificates()));
        }
        let mut answers = self.exchange.ask_all(&commands)?.into_iter();
        let mut known = Vec::new();
        for id in ids {
            let mut next = || answers.next().map_or(Ok(Vec::new()), Value::into_list);
            let [fields, markers, devices, metadata, certificates] =
                [next()?, next()?, next()?, next()?, next()?];
            known.push(account_of(*id, &fields).map(|known| {
                Known {
                    account: Account {
                        markers: pairs(&markers, |at| at.number().ok().map(time)),
                        devices: pairs(&devices, |id| id.text().ok()?.parse().ok())
                            .into_iter()
                            .take(MOST_DEVICES as usize)
                            .collect(),
                        metadata: pairs(&metadata, |value| value.text().ok().map(Box::from)),
                        ..known.account
                    },
                    certificates: certificates_of(certificates),
                    ..known
                }
            }));
        }
        Ok(known)
    }
}

/// The account in the fields of its hash, without what it has in other keys; `None` if they make no sense.
fn account_of(id: AccountId, fields: &[Value]) -> Option<Known> {
    let field = |name: &str| {
        let mut pairs = fields.chunks_exact(2).filter_map(|pair| pair.split_first());
        pairs.find(|(field, _)| field.text() == Ok(name)).and_then(|(_, value)| value.first())
    };
    let created = Duration::from_nanos(field("created")?.number().ok()?);
    let account = Account {
        always_on: field("always-on").and_then(|value| value.text().ok()).and_then(choice),
        ..Account::new(
            id,
            UserName::new(field("name")?.text().ok()?).ok()?,
            SystemTime::UNIX_EPOCH.checked_add(created)?,
        )
    };
    let last_seen = time(field("seen")?.number().ok()?);
    let password = field("hash").and_then(|hash| {
        Some(StoredPassword {
            hash: hash.text().ok().filter(|hash| hash.len() <= HASH_BYTES)?.to_owned(),
            scram: ScramKeys {
                salt: field("salt")?.bytes().ok()?.try_into().ok()?,
                iterations: field("iterations")?.number().ok()?,
                stored_key: field("stored-key")?.bytes().ok()?.try_into().ok()?,
                server_key: field("server-key")?.bytes().ok()?.try_into().ok()?,
            },
        })
    });
    Some(Known { account, last_seen, password, certificates: Vec::new() })
}

/// A setting that may be left to the config.
fn choice(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ => None,
    }
}

fn certificates_of(values: Vec<Value>) -> Vec<CertificateHash> {
    let hashes = values.iter().filter_map(|value| CertificateHash::try_from(value.bytes().ok()?).ok());
    let mut hashes: Vec<_> = hashes.take(MOST_CERTIFICATES as usize).collect();
    hashes.sort_unstable();
    hashes
}

/// Names and values in turn, by name; those that make no sense are left out.
fn pairs<V>(values: &[Value], value: impl Fn(&Value) -> Option<V>) -> Vec<(Box<str>, V)> {
    let pairs = values.chunks_exact(2).filter_map(|pair| {
        let (name, rest) = pair.split_first()?;
        Some((Box::<str>::from(name.text().ok()?), value(rest.first()?)?))
    });
    let mut pairs: Vec<_> = pairs.collect();
    pairs.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    pairs
}
