//! The memory of users that stay without connections.

use std::time::SystemTime;

use parlor::hub::Hub;
use parlor::message::{Account, AccountId, Effects, EventId, Now, Rank, SavedUser};
use parlor::name::{RoomName, UserName};

/// How many users stay.
const USERS: u32 = 1_000;

/// Most bytes of one, by the allocator's count without its own overhead, with its account, three devices, three markers
/// and a seat in three rooms.
const MOST_BYTES: usize = 1_024;

fn room(n: u32) -> RoomName {
    RoomName::new(&format!("#room{n}")).expect("it is valid")
}

fn saved(n: u32) -> SavedUser {
    let account = Account {
        id: AccountId(n),
        name: UserName::new(&format!("someone{n}")).expect("it is valid"),
        registered: SystemTime::UNIX_EPOCH,
        always_on: Some(true),
        markers: (0..3).map(|m| (room(m).as_str().into(), SystemTime::UNIX_EPOCH)).collect(),
        devices: ["desk", "phone", "irc"].map(|device| (device.into(), EventId::MIN)).into(),
        metadata: Vec::new(),
    };
    SavedUser {
        account,
        username: "~someone".into(),
        host: "a1b2c3d4e5f6.ip".into(),
        realname: "Some One".into(),
        since: SystemTime::UNIX_EPOCH,
        last_seen: SystemTime::UNIX_EPOCH,
        seats: (0..3).map(|r| (room((n + r) % 20), Rank::NONE)).collect(),
    }
}

#[test]
fn a_user_that_stays_without_connections_takes_less_than_a_kilobyte() {
    let _alone = crate::COUNTING.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let now = Now::read();
    let mut hub = Hub::new(room(0), now.time);
    let before = crate::ALLOCATOR.allocated();
    for n in 0..USERS {
        let saved = saved(n);
        hub.add_account(saved.account.id, &saved.account.name);
        hub.restore_users(vec![saved], now, &mut Effects::default());
    }
    let each = (crate::ALLOCATOR.allocated() - before) / USERS as usize;
    println!("{each} bytes for each user that stays, {} of them charged", hub.kept_bytes() / USERS as usize);
    assert!(each <= MOST_BYTES, "{each} bytes");
    assert!(hub.kept_bytes() / USERS as usize >= each / 2, "most of it is counted");
}
