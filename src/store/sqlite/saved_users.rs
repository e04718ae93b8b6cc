//! Users that stay without connections, and their rooms.

use rusqlite::{Connection, Row, params};

use super::accounts::Accounts;
use super::changes::{rank_words, ranks};
use crate::message::{AccountId, Rank, SavedUser};
use crate::name::RoomName;
use crate::store::times::{millis, time};

/// Sets the rank of a user that stays in a room.
const SIT: &str = "INSERT OR REPLACE INTO seat (account, folded, room, ranks) \
    SELECT account, ?2, ?3, ?4 FROM staying_user WHERE account = ?1";

/// All users that stay.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Vec<SavedUser>> {
    let mut accounts = Accounts::new(connection)?;
    let mut seats = connection.prepare("SELECT room, ranks FROM seat WHERE account = ? ORDER BY folded")?;
    let sql = "SELECT account, username, host, realname, since, seen FROM staying_user ORDER BY account";
    let mut select = connection.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut users = Vec::new();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        let Some(account) = accounts.read(AccountId(id))? else { continue };
        let seats = seats.query_map([id], seat_of)?;
        users.push(SavedUser {
            account,
            username: row.get(1)?,
            host: row.get(2)?,
            realname: row.get(3)?,
            since: time(row.get(4)?),
            last_seen: time(row.get(5)?),
            seats: seats.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        });
    }
    Ok(users)
}

fn seat_of(row: &Row<'_>) -> rusqlite::Result<Option<(RoomName, Rank)>> {
    let room = RoomName::new(row.get_ref(0)?.as_str()?).ok();
    Ok(room.zip(Some(ranks(row.get_ref(1)?.as_str()?))))
}

/// Notes that a user stays, in these rooms. Of a deleted account, nobody stays.
pub(super) fn stays(connection: &Connection, user: &SavedUser) -> rusqlite::Result<()> {
    let SavedUser { account, username, host, realname, since, last_seen, seats } = user;
    let id = account.id;
    stays_not(connection, id)?;
    let sql = "INSERT INTO staying_user (account, username, host, realname, since, seen) \
        SELECT id, ?2, ?3, ?4, ?5, ?6 FROM account WHERE id = ?1";
    connection.execute(sql, params![id.0, username, host, realname, millis(*since), millis(*last_seen)])?;
    let mut sit = connection.prepare(SIT)?;
    for (room, rank) in seats {
        sit.execute(params![id.0, room.folded(), room.as_str(), rank_words(*rank)])?;
    }
    Ok(())
}

pub(super) fn stays_not(connection: &Connection, account: AccountId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM staying_user WHERE account = ?", [account.0])?;
    connection.execute("DELETE FROM seat WHERE account = ?", [account.0])?;
    Ok(())
}

/// Notes that a user that stays is in this room, or without a rank that it is not.
pub(super) fn seat(
    connection: &Connection,
    account: AccountId,
    room: &RoomName,
    rank: Option<Rank>,
) -> rusqlite::Result<()> {
    match rank {
        Some(rank) => connection
            .execute(SIT, params![account.0, room.folded(), room.as_str(), rank_words(rank)])
            .map(|_| ()),
        None => {
            let sql = "DELETE FROM seat WHERE account = ? AND folded = ?";
            connection.execute(sql, params![account.0, room.folded()]).map(|_| ())
        }
    }
}

/// Lets users that stay keep their seats in a renamed room.
pub(super) fn room_renamed(connection: &Connection, from: &RoomName, to: &RoomName) -> rusqlite::Result<()> {
    let sql = "UPDATE OR REPLACE seat SET folded = ?, room = ? WHERE folded = ?";
    connection.execute(sql, params![to.folded(), to.as_str(), from.folded()]).map(|_| ())
}
