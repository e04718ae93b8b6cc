use crate::message::{MOST_BANS, MOST_NODES, Snapshot, UserId};

/// Checks what the parts of a snapshot say about each other: users have ascending ids; these and the vacant ones are all
/// ids from 0 on, each once; members of rooms are users; there are not too many nodes and bans.
pub(super) fn check(snapshot: &Snapshot) -> Result<(), String> {
    let Snapshot { nodes, users, vacant, rooms, bans, .. } = snapshot;
    if nodes.len() > MOST_NODES || bans.len() > MOST_BANS {
        return Err(format!("{} nodes or {} bans are too many", nodes.len(), bans.len()));
    }
    if !users.is_sorted_by(|one, next| one.id < next.id) {
        return Err("the ids of users do not ascend".to_owned());
    }
    let mut ids: Vec<UserId> = users.iter().map(|user| user.id).chain(vacant.iter().copied()).collect();
    ids.sort_unstable();
    if !(0..).zip(&ids).all(|(expected, id)| id.0 == expected) {
        return Err("the ids of users and the vacant ones are not all ids, each once".to_owned());
    }
    let is_user = |id: &UserId| users.binary_search_by_key(id, |user| user.id).is_ok();
    let mut members = rooms.iter().flat_map(|(_, members)| members);
    match members.find(|(member, _)| !is_user(member)) {
        Some((UserId(id), _)) => Err(format!("a room has the member {id}, who is not here")),
        None => Ok(()),
    }
}
