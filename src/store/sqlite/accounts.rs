//! Accounts in the database: what is asked about them.

use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension, Row, Statement};

use super::ids;
use crate::message::{Account, AccountAnswer, AccountId, AccountInfo, AccountQuery, CertificateHash};
use crate::name::UserName;
use crate::secret::{ScramKeys, StoredPassword};
use crate::store::times::time;

/// All accounts, oldest first.
pub(super) fn names(connection: &Connection) -> rusqlite::Result<Vec<(AccountId, UserName)>> {
    let mut select = connection.prepare("SELECT id, name FROM account ORDER BY id")?;
    let mut rows = select.query([])?;
    let mut names = Vec::new();
    while let Some(row) = rows.next()? {
        // Nothing else is written.
        if let Ok(name) = UserName::new(row.get_ref(1)?.as_str()?) {
            names.push((AccountId(row.get(0)?), name));
        }
    }
    Ok(names)
}

/// The answer to a question that changes nothing.
pub(super) fn answer(connection: &Connection, query: &AccountQuery) -> rusqlite::Result<AccountAnswer> {
    let of = |id: Option<AccountId>| match id {
        Some(id) => Accounts::new(connection)?.read(id),
        None => Ok(None),
    };
    let account = match query {
        AccountQuery::Credentials(id) | AccountQuery::Info(id) => of(Some(*id))?,
        AccountQuery::OfCertificate(certificate) => of(owner(connection, certificate)?)?,
        AccountQuery::Change(_) => None,
        #[cfg(feature = "cluster")]
        AccountQuery::All => return names(connection).map(AccountAnswer::All),
    };
    let Some(account) = account else { return Ok(AccountAnswer::Unknown) };
    Ok(match query {
        AccountQuery::Info(_) => AccountAnswer::Info(Box::new(info(connection, account)?)),
        _ => {
            let password = password(connection, account.id)?;
            AccountAnswer::Account(Box::new(account), password.map(Box::new))
        }
    })
}

/// The account that has this certificate.
pub(super) fn owner(
    connection: &Connection,
    certificate: &CertificateHash,
) -> rusqlite::Result<Option<AccountId>> {
    let sql = "SELECT account FROM certificate WHERE sha256 = ?";
    connection.query_row(sql, [certificate], |row| row.get(0).map(AccountId)).optional()
}

fn password(connection: &Connection, id: AccountId) -> rusqlite::Result<Option<StoredPassword>> {
    let sql = "SELECT hash, salt, iterations, stored_key, server_key FROM account \
        WHERE id = ? AND hash IS NOT NULL";
    let password = |row: &Row<'_>| {
        let scram = ScramKeys {
            salt: row.get(1)?,
            iterations: row.get(2)?,
            stored_key: row.get(3)?,
            server_key: row.get(4)?,
        };
        Ok(StoredPassword { hash: row.get(0)?, scram })
    };
    connection.query_row(sql, [id.0], password).optional()
}

fn info(connection: &Connection, account: Account) -> rusqlite::Result<AccountInfo> {
    let sql = "SELECT seen, hash IS NOT NULL FROM account WHERE id = ?";
    let (last_seen, has_password) =
        connection.query_row(sql, [account.id.0], |row| Ok((time(row.get(0)?), row.get(1)?)))?;
    let mut select =
        connection.prepare("SELECT sha256 FROM certificate WHERE account = ? ORDER BY sha256")?;
    let certificates = select.query_map([account.id.0], |row| row.get(0))?;
    let certificates = certificates.collect::<Result<_, _>>()?;
    Ok(AccountInfo { account, last_seen, has_password, certificates })
}

/// Reads accounts with compiled statements.
pub(super) struct Accounts<'a> {
    account: Statement<'a>,
    markers: Statement<'a>,
    devices: Statement<'a>,
    metadata: Statement<'a>,
}

impl<'a> Accounts<'a> {
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let of = |columns, table| {
            connection.prepare(&format!("SELECT {columns} FROM {table} WHERE account = ? ORDER BY 1"))
        };
        Ok(Self {
            account: connection.prepare("SELECT name, registered, always_on FROM account WHERE id = ?")?,
            markers: of("target, at", "marker")?,
            devices: of("name, heard", "device")?,
            metadata: of("key, value", "account_metadata")?,
        })
    }

    /// The account with this number, if there is one.
    pub(super) fn read(&mut self, id: AccountId) -> rusqlite::Result<Option<Account>> {
        let columns = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?));
        let Some((name, registered, always_on)) = self.account.query_row([id.0], columns).optional()? else {
            return Ok(None);
        };
        let Ok(name) = UserName::new(&name) else { return Ok(None) };
        let key = i64::from(id.0);
        Ok(Some(Account {
            id,
            name,
            registered: time(registered),
            always_on,
            markers: pairs(&mut self.markers, key, time)?,
            devices: pairs(&mut self.devices, key, ids::id)?,
            metadata: pairs(&mut self.metadata, key, |value| value)?,
        }))
    }
}

/// The names and values that a statement selects.
pub(super) fn pairs<C: FromSql, V>(
    select: &mut Statement<'_>,
    key: i64,
    value: impl Fn(C) -> V,
) -> rusqlite::Result<Vec<(Box<str>, V)>> {
    select.query_map([key], |row| Ok((row.get(0)?, value(row.get(1)?))))?.collect()
}
