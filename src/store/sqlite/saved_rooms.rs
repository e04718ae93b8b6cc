//! Registered rooms: their settings, ranks and metadata.

use std::time::{Duration, SystemTime};

use rusqlite::types::ToSql;
use rusqlite::{Connection, Row, Statement, params};

use super::accounts::pairs;
use super::changes::{flag_words, flags, list, list_word, rank_words, ranks};
use super::ids::{self, column};
use crate::message::{AccountId, HistoryLimit, MaskList, Rank, SavedRoom};
use crate::name::{RoomName, UserName};
use crate::store::times::{millis, time};

/// An entry of a list: the list, the mask, who added it and when.
type Mask = (MaskList, Box<str>, UserName, SystemTime);

/// All registered rooms.
pub(super) fn load(connection: &Connection) -> rusqlite::Result<Vec<SavedRoom>> {
    let mut lists = Lists::new(connection)?;
    let sql = "SELECT id, name, registered, founder, opened, created, topic, topic_by, topic_at, flags, key, \
        limit_users, limit_lines, limit_age FROM registered_room ORDER BY id";
    let mut select = connection.prepare(sql)?;
    let mut rows = select.query([])?;
    let mut rooms = Vec::new();
    while let Some(row) = rows.next()? {
        rooms.extend(room(row, &mut lists)?);
    }
    Ok(rooms)
}

fn room(row: &Row<'_>, lists: &mut Lists<'_>) -> rusqlite::Result<Option<SavedRoom>> {
    let Ok(name) = RoomName::new(row.get_ref("name")?.as_str()?) else { return Ok(None) };
    let id = row.get("id")?;
    let topic = match (row.get("topic")?, row.get("topic_by")?, row.get("topic_at")?) {
        (Some(topic), Some(by), Some(at)) => Some((topic, by, time(at))),
        _ => None,
    };
    let history = match (row.get("limit_lines")?, row.get::<_, Option<i64>>("limit_age")?) {
        (Some(lines), Some(age)) => {
            Some(HistoryLimit { lines, age: Duration::from_secs(age.unsigned_abs()) })
        }
        _ => None,
    };
    Ok(Some(SavedRoom {
        name,
        registered: time(row.get("registered")?),
        founder: AccountId(row.get("founder")?),
        ranks: lists.ranks.query_map([id], rank)?.collect::<Result<_, _>>()?,
        opened: ids::id(row.get("opened")?),
        created: time(row.get("created")?),
        topic,
        flags: flags(row.get_ref("flags")?.as_str()?),
        key: row.get("key")?,
        limit: row.get("limit_users")?,
        history,
        masks: lists.masks.query_map([id], mask)?.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        metadata: pairs(&mut lists.metadata, id, |value| value)?,
    }))
}

/// Statements that read what a room has several of.
struct Lists<'a> {
    ranks: Statement<'a>,
    masks: Statement<'a>,
    metadata: Statement<'a>,
}

impl<'a> Lists<'a> {
    fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let of = |columns, table, order| {
            connection.prepare(&format!("SELECT {columns} FROM {table} WHERE room = ? ORDER BY {order}"))
        };
        Ok(Self {
            ranks: of("account, ranks", "room_rank", "position")?,
            masks: of("list, mask, by, since", "room_mask", "position")?,
            metadata: of("key, value", "room_metadata", "key")?,
        })
    }
}

fn rank(row: &Row<'_>) -> rusqlite::Result<(AccountId, Rank)> {
    Ok((AccountId(row.get(0)?), ranks(row.get_ref(1)?.as_str()?)))
}

fn mask(row: &Row<'_>) -> rusqlite::Result<Option<Mask>> {
    let list = list(row.get_ref(0)?.as_str()?);
    let by = UserName::new(row.get_ref(2)?.as_str()?).ok();
    let (mask, since) = (row.get(1)?, time(row.get(3)?));
    Ok(list.zip(by).map(|(list, by)| (list, mask, by, since)))
}

/// Replaces all that is kept of a room. Without its founder's account, no room is registered.
pub(super) fn save(connection: &Connection, room: &SavedRoom) -> rusqlite::Result<()> {
    remove(connection, &room.name)?;
    if insert(connection, room)? {
        insert_lists(connection, connection.last_insert_rowid(), room)?;
    }
    Ok(())
}

fn insert(connection: &Connection, room: &SavedRoom) -> rusqlite::Result<bool> {
    let SavedRoom { name, registered, founder, opened, created, topic, flags, key, limit, history, .. } =
        room;
    let (topic, topic_by, topic_at) = match topic {
        Some((topic, by, at)) => (Some(topic), Some(by), Some(millis(*at))),
        None => (None, None, None),
    };
    let sql = "INSERT INTO registered_room (folded, name, registered, founder, opened, created, topic, topic_by, \
        topic_at, flags, key, limit_users, limit_lines, limit_age) \
        SELECT ?1, ?2, ?3, id, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 FROM account WHERE id = ?4";
    let inserted = connection.execute(
        sql,
        params![
            name.folded(),
            name.as_str(),
            millis(*registered),
            founder.0,
            column(*opened),
            millis(*created),
            topic,
            topic_by,
            topic_at,
            flag_words(flags),
            key,
            limit,
            history.map(|history| history.lines),
            history.map(|history| i64::try_from(history.age.as_secs()).unwrap_or(i64::MAX)),
        ],
    )?;
    Ok(inserted > 0)
}

fn insert_lists(connection: &Connection, id: i64, room: &SavedRoom) -> rusqlite::Result<()> {
    let mut insert = connection.prepare(
        "INSERT INTO room_rank (room, position, account, ranks) SELECT ?1, ?2, id, ?4 FROM account WHERE id = ?3",
    )?;
    for (position, (account, rank)) in (0_i64..).zip(&room.ranks) {
        insert.execute(params![id, position, account.0, rank_words(*rank)])?;
    }
    let mut insert = connection.prepare("INSERT INTO room_mask VALUES (?, ?, ?, ?, ?, ?)")?;
    for (position, (list, mask, by, since)) in (0_i64..).zip(&room.masks) {
        insert.execute(params![id, position, list_word(*list), mask, by.as_str(), millis(*since)])?;
    }
    let mut insert = connection.prepare("INSERT OR REPLACE INTO room_metadata VALUES (?, ?, ?)")?;
    for (key, value) in &room.metadata {
        insert.execute(params![id, key, value])?;
    }
    Ok(())
}

/// Forgets that a room is registered.
pub(super) fn remove(connection: &Connection, name: &RoomName) -> rusqlite::Result<()> {
    remove_where(connection, "folded", &name.folded())
}

/// Forgets the rooms that an account has founded.
pub(super) fn remove_founded(connection: &Connection, founder: AccountId) -> rusqlite::Result<()> {
    remove_where(connection, "founder", &founder.0)
}

fn remove_where(connection: &Connection, column: &str, value: &dyn ToSql) -> rusqlite::Result<()> {
    for table in ["room_rank", "room_mask", "room_metadata"] {
        let sql =
            format!("DELETE FROM {table} WHERE room IN (SELECT id FROM registered_room WHERE {column} = ?)");
        connection.execute(&sql, [value])?;
    }
    connection.execute(&format!("DELETE FROM registered_room WHERE {column} = ?"), [value]).map(|_| ())
}
