//! Registered rooms, users that stay, and bans: what outlives all nodes. Their values are CBOR.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use super::Redis;
use super::keys::{AccountKeys, BANS, ROOMS, STAYING};
use super::scripts::{BANS as SAVE_BANS, ROOM, STAY};
use crate::broker::{BrokerError, Command, Value};
use crate::cbor;
use crate::message::{AccountId, Ban, MOST_BANS, Rank, Record, SavedRoom, SavedUser};
use crate::name::RoomName;

/// Accounts read at once.
const STEP_ACCOUNTS: usize = 200;

/// The field of a user that stays; the others are its rooms.
const USER: &str = "user";

/// A seat: a room, and the rank there.
type Seat = (RoomName, Rank);

/// The command that keeps a record, if it is such. It comes after the event `after`.
pub(super) fn command(record: &Record, after: &str) -> Option<Command> {
    Some(match record {
        Record::Room(room) => {
            let account = AccountKeys(room.founder).account();
            let command = ROOM.command(&[ROOMS, &account]).arg(after);
            command.arg(room.name.folded()).arg(cbor::encode(&**room))
        }
        Record::RoomDropped(room) => {
            // Whose account it was does not matter.
            let account = AccountKeys(AccountId::NONE).account();
            ROOM.command(&[ROOMS, &account]).arg(after).arg(room.folded())
        }
        Record::Stays(user) => {
            let mut command = stay("stays", user.account.id, after).arg(cbor::encode(&without_lists(user)));
            for seat in &user.seats {
                command = command.arg(seat.0.folded()).arg(cbor::encode(seat));
            }
            command
        }
        Record::StaysNot(account) => stay("leaves", *account, after),
        Record::Seat { account, room, rank } => {
            let command = stay("sits", *account, after).arg(room.folded());
            match rank {
                Some(rank) => command.arg(cbor::encode(&(room.clone(), *rank))),
                None => command,
            }
        }
        _ => return None,
    })
}

fn stay(what: &str, account: AccountId, after: &str) -> Command {
    let keys = AccountKeys(account);
    let command = STAY.command(&[&keys.account(), STAYING, &keys.stay()]);
    command.arg(after).arg(what).arg(account.0)
}

/// The user without its seats and what its account has, which have keys of their own.
fn without_lists(user: &SavedUser) -> SavedUser {
    let mut user = SavedUser { seats: Vec::new(), ..user.clone() };
    user.account.markers.clear();
    user.account.devices.clear();
    user.account.metadata.clear();
    user
}

impl Redis {
    /// All registered rooms, by name. What belonged to accounts that are gone is left out.
    pub(super) fn load_rooms(
        &mut self,
        accounts: &HashSet<AccountId>,
    ) -> Result<Vec<SavedRoom>, BrokerError> {
        let mut rooms = Vec::new();
        for (folded, value) in self.scan_pairs("HSCAN", ROOMS)? {
            let room = value.bytes().ok().and_then(|value| cbor::decode::<SavedRoom>(value).ok());
            let is_its = |room: &SavedRoom| folded.text() == Ok(&*room.name.folded());
            let Some(mut room) = room.filter(is_its) else {
                self.nonsense += 1;
                continue;
            };
            room.ranks.retain(|(account, _)| accounts.contains(account));
            if accounts.contains(&room.founder) {
                rooms.push(room);
            }
        }
        rooms.sort_by_cached_key(|room| room.name.folded());
        rooms.dedup_by(|one, other| one.name == other.name);
        Ok(rooms)
    }

    /// All users that stay, by the numbers of their accounts.
    pub(super) fn load_users(&mut self) -> Result<Vec<SavedUser>, BrokerError> {
        let mut ids = self.staying()?;
        ids.sort_unstable();
        ids.dedup();
        let mut users = Vec::new();
        for ids in ids.chunks(STEP_ACCOUNTS) {
            let stays: Vec<_> =
                ids.iter().map(|id| Command::new("HGETALL").key(&AccountKeys(*id).stay())).collect();
            let stays = self.exchange.ask_all(&stays)?;
            let accounts = self.accounts(ids)?;
            for (stay, known) in stays.into_iter().zip(accounts) {
                let Some(known) = known else { continue };
                match user_of(stay.into_list()?) {
                    Some(user) => users.push(SavedUser { account: known, ..user }),
                    None => self.nonsense += 1,
                }
            }
        }
        Ok(users)
    }

    /// The accounts whose users stay.
    pub(super) fn staying(&mut self) -> Result<Vec<AccountId>, BrokerError> {
        let ids = self.scan("SSCAN", STAYING)?;
        Ok(ids.iter().filter_map(|id| id.number().ok()).map(AccountId).collect())
    }

    /// The seats of these users that stay in a room of this folded name, by their accounts.
    pub(super) fn seats_in(
        &mut self,
        ids: &[AccountId],
        folded: &str,
    ) -> Result<HashMap<AccountId, Rank>, BrokerError> {
        let seat = |id: &AccountId| Command::new("HGET").key(&AccountKeys(*id).stay()).arg(folded);
        let seats = self.exchange.ask_all(&ids.iter().map(seat).collect::<Vec<_>>())?;
        let rank = |seat: Value| cbor::decode::<Seat>(seat.bytes().ok()?).ok().map(|(_, rank)| rank);
        Ok(ids.iter().zip(seats).filter_map(|(id, seat)| Some((*id, rank(seat)?))).collect())
    }

    /// All bans that are not over.
    pub(super) fn load_bans(&mut self, now: SystemTime) -> Result<Vec<Ban>, BrokerError> {
        let Some(bans) = self.exchange.ask(Command::new("GET").key(BANS))?.optional() else {
            return Ok(Vec::new());
        };
        let mut bans = cbor::decode::<Vec<Ban>>(bans.bytes()?).unwrap_or_else(|_| {
            self.nonsense += 1;
            Vec::new()
        });
        bans.retain(|ban| !ban.is_over(now));
        bans.truncate(MOST_BANS);
        Ok(bans)
    }

    /// Replaces all bans.
    pub(super) fn store_bans(&mut self, bans: &[Ban]) -> Result<(), BrokerError> {
        let bans = cbor::encode(&bans.to_vec());
        self.exchange.ask(SAVE_BANS.command(&[BANS]).arg(self.writes.after()).arg(bans)).map(|_| ())
    }
}

/// The user in the fields of its hash; `None` if they make no sense.
fn user_of(fields: Vec<Value>) -> Option<SavedUser> {
    let (mut user, mut seats) = (None, Vec::new());
    for pair in fields.chunks_exact(2) {
        let [field, value] = pair else { continue };
        let (field, value) = (field.text().ok()?, value.bytes().ok()?);
        if field == USER {
            user = cbor::decode::<SavedUser>(value).ok();
        } else if let Ok(seat) = cbor::decode::<Seat>(value)
            && seat.0.folded() == field
        {
            seats.push(seat);
        }
    }
    seats.sort_by_cached_key(|(room, _)| room.folded());
    user.map(|user| SavedUser { seats, ..user })
}
