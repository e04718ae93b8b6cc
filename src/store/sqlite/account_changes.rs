//! Changes of accounts. Each is a transaction of its own.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use super::accounts::owner;
use super::rooms::GONE;
use super::saved_rooms;
use crate::message::{AccountAnswer, AccountChange, AccountId, CertificateHash, MOST_CERTIFICATES};
use crate::name::UserName;
use crate::secret::StoredPassword;
use crate::store::times::millis;

/// The tables whose rows belong to accounts.
const BELONGINGS: [&str; 7] =
    ["certificate", "device", "marker", "account_metadata", "staying_user", "seat", "room_rank"];

/// Makes the change.
pub(super) fn change(connection: &Connection, change: &AccountChange) -> rusqlite::Result<AccountAnswer> {
    match change {
        AccountChange::Create { name, password, certificate, at } => {
            create(connection, name, password.as_ref(), certificate.as_ref(), *at)
        }
        AccountChange::SetPassword(id, password) => {
            set_password(connection, *id, password).map(|count| changed(count > 0))
        }
        AccountChange::AddCertificate(id, certificate) => add_certificate(connection, *id, certificate),
        AccountChange::RemoveCertificate(id, certificate) => {
            let sql = "DELETE FROM certificate WHERE sha256 = ? AND account = ?";
            connection.execute(sql, params![certificate, id.0]).map(|count| changed(count > 0))
        }
        AccountChange::SetAlwaysOn(id, always_on) => {
            let sql = "UPDATE account SET always_on = ? WHERE id = ?";
            connection.execute(sql, params![always_on, id.0]).map(|count| changed(count > 0))
        }
        AccountChange::Drop(id) => remove(connection, *id).map(changed),
    }
}

fn changed(is_there: bool) -> AccountAnswer {
    if is_there { AccountAnswer::Changed } else { AccountAnswer::Unknown }
}

fn create(
    connection: &Connection,
    name: &UserName,
    password: Option<&StoredPassword>,
    certificate: Option<&CertificateHash>,
    at: SystemTime,
) -> rusqlite::Result<AccountAnswer> {
    let has_owner = certificate.map_or(Ok(None), |certificate| owner(connection, certificate))?.is_some();
    let sql = "INSERT OR IGNORE INTO account (folded, name, registered, seen) VALUES (?, ?, ?3, ?3)";
    let parameters = params![name.folded(), name.as_str(), millis(at)];
    if has_owner || connection.execute(sql, parameters)? == 0 {
        return Ok(AccountAnswer::Conflict);
    }
    let id = connection.last_insert_rowid();
    let id = u32::try_from(id).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, id))?;
    if let Some(password) = password {
        set_password(connection, AccountId(id), password)?;
    }
    if let Some(certificate) = certificate {
        insert_certificate(connection, AccountId(id), certificate)?;
    }
    Ok(AccountAnswer::Created(AccountId(id)))
}

fn set_password(
    connection: &Connection,
    id: AccountId,
    StoredPassword { hash, scram }: &StoredPassword,
) -> rusqlite::Result<usize> {
    let sql =
        "UPDATE account SET hash = ?, salt = ?, iterations = ?, stored_key = ?, server_key = ? WHERE id = ?";
    connection
        .execute(sql, params![hash, scram.salt, scram.iterations, scram.stored_key, scram.server_key, id.0])
}

fn add_certificate(
    connection: &Connection,
    id: AccountId,
    certificate: &CertificateHash,
) -> rusqlite::Result<AccountAnswer> {
    let is_there = "SELECT EXISTS (SELECT 1 FROM account WHERE id = ?)";
    if !connection.query_row(is_there, [id.0], |row| row.get(0))? {
        return Ok(AccountAnswer::Unknown);
    }
    if let Some(owner) = owner(connection, certificate)? {
        return Ok(if owner == id { AccountAnswer::Changed } else { AccountAnswer::Conflict });
    }
    let count = "SELECT count(*) FROM certificate WHERE account = ?";
    let count: u32 = connection.query_row(count, [id.0], |row| row.get(0))?;
    if count >= MOST_CERTIFICATES {
        return Ok(AccountAnswer::Conflict);
    }
    insert_certificate(connection, id, certificate)?;
    Ok(AccountAnswer::Changed)
}

fn insert_certificate(
    connection: &Connection,
    id: AccountId,
    certificate: &CertificateHash,
) -> rusqlite::Result<()> {
    let sql = "INSERT INTO certificate (sha256, account) VALUES (?, ?)";
    connection.execute(sql, params![certificate, id.0]).map(|_| ())
}

/// Deletes an account and what belongs to it. Its private messages are hidden, and deleted soon. False if there is none.
fn remove(connection: &Connection, id: AccountId) -> rusqlite::Result<bool> {
    if connection.execute("DELETE FROM account WHERE id = ?", [id.0])? == 0 {
        return Ok(false);
    }
    for table in BELONGINGS {
        connection.execute(&format!("DELETE FROM {table} WHERE account = ?"), [id.0])?;
    }
    saved_rooms::remove_founded(connection, id)?;
    let hide = "UPDATE room SET gone_messages = ?1, gone_events = ?1 WHERE smaller = ?2 OR larger = ?2";
    connection.execute(hide, params![GONE, id.0])?;
    Ok(true)
}
