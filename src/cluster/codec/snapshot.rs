use std::collections::HashSet;
use std::hash::Hash;

use crate::message::{MOST_BANS, MOST_NODES, Snapshot, UserId};

/// Checks what a hub relies on: nothing is there twice; users have ascending ids, and these and the vacant ones are all
/// ids from 0 on; members of rooms are users.
pub(super) fn check(snapshot: &Snapshot) -> Result<(), String> {
    let Snapshot { nodes, users, rooms, accounts, bans, .. } = snapshot;
    if nodes.len() > MOST_NODES || bans.len() > MOST_BANS {
        return Err(format!("{} nodes or {} bans are too many", nodes.len(), bans.len()));
    }
    let is_unique = all_differ(nodes.iter().map(|node| node.id))
        && all_differ(users.iter().map(|user| &user.state.name))
        && all_differ(rooms.iter().map(|(room, _)| &room.saved.name))
        && all_differ(accounts.iter().map(|(id, _)| id))
        && all_differ(accounts.iter().map(|(_, name)| name));
    if !is_unique {
        return Err("two nodes, users, rooms or accounts are the same".to_owned());
    }
    check_ids(snapshot)?;
    check_members(snapshot)
}

fn check_ids(Snapshot { users, vacant, .. }: &Snapshot) -> Result<(), String> {
    if !users.is_sorted_by(|one, next| one.id < next.id) {
        return Err("the ids of users do not ascend".to_owned());
    }
    let mut ids: Vec<UserId> = users.iter().map(|user| user.id).chain(vacant.iter().copied()).collect();
    ids.sort_unstable();
    if !(0..).zip(&ids).all(|(expected, id)| id.0 == expected) {
        return Err("the ids of users and the vacant ones are not all ids, each once".to_owned());
    }
    Ok(())
}

fn check_members(Snapshot { users, rooms, .. }: &Snapshot) -> Result<(), String> {
    let is_user = |id: &UserId| users.binary_search_by_key(id, |user| user.id).is_ok();
    for (room, members) in rooms {
        let ids = members.iter().map(|(member, _)| member);
        if !ids.clone().all(is_user) || !all_differ(ids) {
            return Err(format!("{} has members twice, or members who are not here", room.saved.name));
        }
    }
    Ok(())
}

fn all_differ<T: Eq + Hash>(values: impl IntoIterator<Item = T>) -> bool {
    let mut known = HashSet::new();
    values.into_iter().all(|value| known.insert(value))
}
