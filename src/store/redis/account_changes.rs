//! Changes of accounts. Each is one step of the broker.

use std::time::{Duration, SystemTime};

use super::Redis;
use super::keys::{ACCOUNTS, AccountKeys, CERTIFICATES, LAST_ACCOUNT, NAMES, STAYING};
use super::scripts::{ADD_CERTIFICATE, CREATE, DROP, REMOVE_CERTIFICATE, UPDATE};
use crate::broker::{BrokerError, Command};
use crate::message::{AccountAnswer, AccountChange, AccountId, CertificateHash, MOST_CERTIFICATES};
use crate::name::UserName;
use crate::secret::StoredPassword;
use crate::store::times::millis;

/// When numbers of accounts begin with 0, in seconds since 1970.
const FIRST_NUMBER_AT: u64 = 1_767_225_600;

impl Redis {
    /// Makes the change.
    pub(super) fn change_account(&mut self, change: &AccountChange) -> Result<AccountAnswer, BrokerError> {
        self.exchange.was_repeated();
        let done: i64 = self.exchange.ask(command(change))?.number()?;
        // Of a change that is made twice, the second time tells nothing: there may have been no answer the first time.
        let is_known = done > 0 || self.exchange.was_repeated();
        Ok(match change {
            AccountChange::Create { .. } => match u32::try_from(done) {
                Ok(id) if id > 0 => AccountAnswer::Created(AccountId(id)),
                _ => AccountAnswer::Conflict,
            },
            AccountChange::AddCertificate(..) if done == 0 => AccountAnswer::Conflict,
            AccountChange::AddCertificate(..) => changed(done > 0),
            AccountChange::RemoveCertificate(..) | AccountChange::Drop(_) => changed(is_known),
            AccountChange::SetPassword(..) | AccountChange::SetAlwaysOn(..) => changed(done > 0),
        })
    }
}

fn changed(is_there: bool) -> AccountAnswer {
    if is_there { AccountAnswer::Changed } else { AccountAnswer::Unknown }
}

fn command(change: &AccountChange) -> Command {
    match change {
        AccountChange::Create { name, password, certificate, at } => {
            create(name, password.as_ref(), certificate.as_ref(), *at)
        }
        AccountChange::SetPassword(id, password) => {
            with_password(UPDATE.command(&[&AccountKeys(*id).account()]), password)
        }
        AccountChange::AddCertificate(id, certificate) => {
            let keys = AccountKeys(*id);
            let command = ADD_CERTIFICATE.command(&[&keys.account(), &keys.certificates(), CERTIFICATES]);
            command.arg(id.0).arg(certificate).arg(MOST_CERTIFICATES)
        }
        AccountChange::RemoveCertificate(id, certificate) => {
            REMOVE_CERTIFICATE.command(&[&AccountKeys(*id).certificates(), CERTIFICATES]).arg(certificate)
        }
        AccountChange::SetAlwaysOn(id, always_on) => {
            let text = always_on.map_or("", |is_on| if is_on { "1" } else { "0" });
            UPDATE.command(&[&AccountKeys(*id).account()]).arg("always-on").arg(text)
        }
        AccountChange::Drop(id) => {
            let keys = AccountKeys(*id);
            let own = [keys.account(), keys.certificates(), keys.devices(), keys.markers()];
            let [account, certificates, devices, markers] = own.each_ref().map(String::as_str);
            let (metadata, stay, talks) = (keys.metadata(), keys.stay(), keys.talks());
            let shared = [NAMES, ACCOUNTS, CERTIFICATES, STAYING];
            let own = [account, certificates, devices, markers, &metadata, &stay, &talks];
            DROP.command(&[&shared[..], &own].concat()).arg(id.0)
        }
    }
}

fn create(
    name: &UserName,
    password: Option<&StoredPassword>,
    certificate: Option<&CertificateHash>,
    at: SystemTime,
) -> Command {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let command = CREATE.command(&[NAMES, ACCOUNTS, CERTIFICATES, LAST_ACCOUNT]);
    let command = command.arg(name.folded()).arg(name.as_str()).arg(nanoseconds(since));
    // A broker that has lost everything does not give numbers again that nodes still know.
    let command = command.arg(since.as_secs().saturating_sub(FIRST_NUMBER_AT));
    let command = match certificate {
        Some(certificate) => command.arg(certificate),
        None => command.arg(""),
    };
    let command = command.arg("seen").arg(millis(at));
    match password {
        Some(password) => with_password(command, password),
        None => command,
    }
}

fn nanoseconds(since: Duration) -> u64 {
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn with_password(command: Command, StoredPassword { hash, scram }: &StoredPassword) -> Command {
    let command = command.arg("hash").arg(hash).arg("salt").arg(scram.salt);
    let command = command.arg("iterations").arg(scram.iterations);
    command.arg("stored-key").arg(scram.stored_key).arg("server-key").arg(scram.server_key)
}
