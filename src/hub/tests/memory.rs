//! Limits on the memory that users can fill.

use std::net::Ipv4Addr;

use super::*;
use crate::message::{Ban, BanError, MOST_BANS};
use crate::network::Network;

/// Logs users in from this address, lets each open rooms and add masks until the hub refuses, and returns the
/// refusal.
fn hoard(scene: &mut Scene, ids: std::ops::Range<u32>, address: [u8; 4]) -> Option<Refusal> {
    let mut refused = None;
    for n in ids {
        let peer = Peer::Tcp(address.into(), 1);
        let command = Step::LogIn(name(&format!("h{n}")), Profile { peer, ..profile() });
        scene.handle(ConnectionId(n), command).unwrap();
        for r in 0..ROOMS_PER_USER {
            let text = format!("#{n}-{r}");
            if let Err(why) = scene.handle(ConnectionId(n), join(&text)) {
                refused = Some(why);
                break;
            }
            for m in 0..MASKS_PER_LIST {
                let mask = format!("{m}{}!*@*", "x".repeat(400));
                let mask = RoomChange::Mask { list: MaskList::Bans, mask, added: true };
                if change(scene, ConnectionId(n), &text, mask) != Ok(vec![]) {
                    break;
                }
            }
        }
    }
    scene.hub.check();
    refused
}

#[test]
fn rooms_stay_within_the_limits_per_address_and_in_total_and_return_their_memory() {
    let mut scene = Scene::with(&[]);
    scene.hub.set_memory(16 << 20);
    let before = scene.hub.rooms.charged_bytes();
    let Some(Refusal::NoMemoryForRoom { most, of_address: true, .. }) =
        hoard(&mut scene, 0..16, [192, 0, 2, 1])
    else {
        panic!("one address opens rooms without end");
    };
    assert_eq!(most, 512 << 10);
    let taken = scene.hub.rooms.charged_bytes() - before;
    assert!((most / 2..=most).contains(&taken), "{taken} of {most}");
    let others =
        (2..10).map(|n| hoard(&mut scene, 16 * n..16 * n + 16, [192, 0, 2, n as u8])).last().flatten();
    assert!(matches!(others, Some(Refusal::NoMemoryForRoom { of_address: false, .. })), "{others:?}");
    assert!(scene.hub.rooms.charged_bytes() <= 4 << 20);
    let ids: Vec<_> = scene.users.keys().copied().collect();
    ids.into_iter().for_each(|id| scene.handle(id, leave()).unwrap());
    scene.hub.check();
    assert_eq!(scene.hub.rooms.charged_bytes(), before);
    assert!(scene.hub.rooms.iter().count() == 1 && scene.hub.users.is_empty());
    assert_eq!(hoard(&mut scene, 0..1, [192, 0, 2, 1]).map(|why| why.label()), Some("no-memory-for-room"));
}

#[test]
fn a_watch_list_is_full_when_its_address_has_no_memory_left() {
    let mut scene = Scene::with(&[]);
    scene.hub.set_memory(0);
    for n in 0..16 {
        let peer = Peer::Tcp([192, 0, 2, 1].into(), 1);
        let command = Step::LogIn(name(&format!("h{n}")), Profile { peer, ..profile() });
        scene.handle(ConnectionId(n), command).unwrap();
    }
    let watched =
        |scene: &Scene, n| scene.hub.users.get(scene.user(ConnectionId(n))).unwrap().watches().len();
    for n in 0..16 {
        for w in 0..WATCHED_NAMES {
            let most = watched(&scene, n);
            let full = Refusal::WatchListFull { name: name(&format!("w{w}")), most };
            if let Err(why) = scene.hub.watch(scene.user(ConnectionId(n)), &name(&format!("w{w}"))) {
                assert_eq!(why, full);
            }
        }
    }
    scene.hub.check();
    assert_eq!((watched(&scene, 0), watched(&scene, 15)), (WATCHED_NAMES, 0));
    scene.hub.unwatch_all(scene.user(ConnectionId(0)));
    scene.hub.check();
    scene.hub.watch(scene.user(ConnectionId(15)), &name("w")).unwrap();
}

/// A user on this machine, who is not limited per address.
const ANA_HERE: ConnectionId = ConnectionId(101);

/// Logs in a user whose address has no memory left, and leaves it in a room.
fn with_a_full_address(scene: &mut Scene) -> ConnectionId {
    scene.hub.set_memory(0);
    assert!(hoard(scene, 0..4, [192, 0, 2, 1]).is_some());
    let id = ConnectionId(100);
    let peer = Peer::Tcp([192, 0, 2, 1].into(), 1);
    scene.handle(id, Step::LogIn(name("late"), Profile { peer, ..profile() })).unwrap();
    scene.handle(id, join("#0-0")).unwrap();
    id
}

#[test]
fn seats_invitations_and_away_messages_are_refused_to_an_address_without_memory() {
    let mut scene = Scene::with(&[]);
    let id = with_a_full_address(&mut scene);
    scene.handle(ANA_HERE, log_in("ana")).unwrap();
    (1..ROOMS_PER_USER).for_each(|r| scene.handle(ANA_HERE, join(&format!("#ana{r}"))).unwrap());
    let before = scene.hub.kept_bytes();
    let second = (1..ROOMS_PER_USER).find_map(|r| scene.handle(id, join(&format!("#ana{r}"))).err());
    assert!(matches!(second, Some(Refusal::NoMemoryForRoom { of_address: true, .. })), "{second:?}");
    let away = Command::Change(UserChange::Away(Some("x".repeat(800))));
    let refused = scene.handle(id, away).unwrap_err();
    assert!(matches!(refused, Refusal::NoMemoryForUser { of_address: true, .. }), "{refused:?}");
    let last = room(&format!("#ana{}", ROOMS_PER_USER - 1));
    let refused = scene.handle(ANA_HERE, Command::Invite { room: last, who: name("late") }).unwrap_err();
    assert!(matches!(refused, Refusal::NoMemoryForUser { of_address: true, .. }), "{refused:?}");
    scene.handle(id, Command::Change(UserChange::Away(None))).unwrap();
    scene.hub.check();
    assert!(scene.hub.kept_bytes() < before + 10_000);
    scene.handle(id, leave()).unwrap();
    scene.hub.check();
}

#[test]
fn a_ban_is_refused_without_memory_for_it() {
    let mut scene = Scene::with(&[(ConnectionId(0), "root")]);
    scene.hub.set_memory(0);
    let (now, mut out) = (Now::read(), Effects::default());
    let refused = (0..MOST_BANS as u32).find_map(|n| {
        let network = Network::of(Ipv4Addr::from_bits(0x0a00_0000 + n).into());
        let (by, reason) = ("root".to_owned(), "x".repeat(800));
        let ban = Ban { network, until: None, by, since: now.time, reason };
        scene.hub.ban(scene.user(ConnectionId(0)), ban, now, &mut out).err()
    });
    assert_eq!(refused, Some(BanError::NoMemory(512 << 10)));
    scene.hub.check();
}
