//! Users that stay and registered rooms: they are there after a restart, as they were recorded.

use std::time::Duration;

use parlor::message::{
    Account, AccountId, EventId, HistoryLimit, MaskList, Rank, Record, RoomFlag, SavedRoom, SavedUser,
};

use crate::helpers::*;
use crate::sites::{Site, on_all_sites};

on_all_sites! {
    a_registered_room_is_as_it_was_last_recorded,
    a_rank_of_an_account_that_was_dropped_is_gone_and_so_are_the_rooms_that_it_founded,
    the_history_of_a_registered_room_keeps_its_limit_while_there_is_no_history,
    a_user_that_stays_is_in_the_rooms_that_it_was_last_recorded_in,
}

/// A user that stays in two rooms.
pub(crate) fn staying(id: AccountId, name: &str) -> SavedUser {
    let account = Account::new(id, name.parse().unwrap(), start());
    let both = Rank::OPERATOR.with(Rank::VOICE, true);
    SavedUser {
        account,
        username: "~u".into(),
        host: "host.example".into(),
        realname: "Real Name".into(),
        since: start(),
        last_seen: start() + DAY,
        seats: vec![(room("#Kaffee"), both), (room("#tea"), Rank::NONE)],
    }
}

/// A registered room with something of everything.
pub(crate) fn registered(name: &str, founder: AccountId) -> SavedRoom {
    let mask = |list, mask: &str| (list, mask.into(), "bob".parse().unwrap(), start() + DAY);
    SavedRoom {
        name: room(name),
        registered: start(),
        founder,
        ranks: vec![(founder, Rank::OPERATOR)],
        opened: EventId::from_number(7),
        created: start() - DAY,
        topic: Some(("Über Tee".into(), "ana!u@h".into(), start() + DAY)),
        flags: vec![
            RoomFlag::NoCtcp,
            RoomFlag::InviteOnly,
            RoomFlag::Moderated,
            RoomFlag::NoExternal,
            RoomFlag::Secret,
            RoomFlag::TopicLocked,
            RoomFlag::AccountsOnly,
            RoomFlag::AccountsSpeak,
        ],
        key: Some("open sesame".into()),
        limit: Some(12),
        history: Some(HistoryLimit { lines: 100, age: Duration::from_secs(3600) }),
        masks: vec![
            mask(MaskList::Invited, "zoe!*@*"),
            mask(MaskList::Bans, "b!*@*"),
            mask(MaskList::Bans, "a!*@*"),
            mask(MaskList::Exceptions, "a!b@*"),
        ],
        metadata: vec![("avatar".into(), "none".into()), ("url".into(), "https://example.org".into())],
    }
}

fn a_registered_room_is_as_it_was_last_recorded(site: impl Site) {
    let mut kept = site.open().0;
    let (ana, bob) = (kept.create("ana"), kept.create("bob"));
    let mut tea = registered("#Tea", ana);
    tea.ranks.push((bob, Rank::VOICE));
    let bare = SavedRoom {
        ranks: Vec::new(),
        topic: None,
        flags: Vec::new(),
        key: None,
        limit: None,
        history: None,
        masks: Vec::new(),
        metadata: Vec::new(),
        ..registered("#wine", bob)
    };
    kept.store.record(Record::Room(Box::new(registered("#TEA", bob))));
    kept.store.record(Record::Room(Box::new(tea.clone())));
    kept.store.record(Record::Room(Box::new(bare.clone())));
    kept.store.record(Record::Room(Box::new(registered("#gone", ana))));
    kept.store.record(Record::RoomDropped(room("#GONE")));
    let (mut kept, opened) = site.reopen(kept);
    assert_eq!(opened.rooms, [tea.clone(), bare.clone()]);
    assert_eq!(opened.rooms[0].name.as_str(), "#Tea");
    kept.store.record(Record::Room(Box::new(SavedRoom { name: room("#tea"), ..bare.clone() })));
    kept.store.record(Record::RoomDropped(room("#wine")));
    let (kept, opened) = site.reopen(kept);
    assert_eq!(opened.rooms, [SavedRoom { name: room("#tea"), ..bare }]);
    kept.stop();
}

fn a_rank_of_an_account_that_was_dropped_is_gone_and_so_are_the_rooms_that_it_founded(site: impl Site) {
    let mut kept = site.open().0;
    let (ana, bob) = (kept.create("ana"), kept.create("bob"));
    let mut tea = registered("#tea", ana);
    tea.ranks.push((bob, Rank::VOICE));
    kept.store.record(Record::Room(Box::new(tea.clone())));
    kept.store.record(Record::Room(Box::new(registered("#bobs", bob))));
    kept.change(parlor::message::AccountChange::Drop(bob));
    let (kept, opened) = site.reopen(kept);
    assert_eq!(opened.rooms, [registered("#tea", ana)]);
    kept.stop();
}

fn the_history_of_a_registered_room_keeps_its_limit_while_there_is_no_history(site: impl Site) {
    let mut kept = site.open().0;
    let ana = kept.create("ana");
    kept.store.record(Record::Room(Box::new(registered("#tea", ana))));
    let limit = Some(HistoryLimit { lines: 2, age: DAY });
    kept.store.record(Record::Limit { room: room("#tea"), limit, at: start() });
    let (mut kept, _) = site.reopen(kept);
    let mut events = Events::default();
    for text in ["one", "two", "three"] {
        kept.store.record(events.say("#tea", &user("bob"), text, start()));
    }
    assert_eq!(texts(&kept.select(latest("#tea", 9), start()).events), ["two", "three"]);
    kept.stop();
}

fn a_user_that_stays_is_in_the_rooms_that_it_was_last_recorded_in(site: impl Site) {
    let mut kept = site.open().0;
    let (ana, bob) = (kept.create("Ana"), kept.create("bob"));
    kept.store.record(Record::Stays(Box::new(SavedUser { realname: "Old".into(), ..staying(ana, "Ana") })));
    kept.store.record(Record::Stays(Box::new(staying(ana, "Ana"))));
    kept.store.record(Record::Stays(Box::new(staying(bob, "bob"))));
    kept.store.record(Record::Marker { account: ana, of: "#tea".into(), at: start() });
    let seat = |account, name, rank| Record::Seat { account, room: room(name), rank };
    kept.store.record(seat(ana, "#TEA", None));
    kept.store.record(seat(ana, "#wine", Some(Rank::NONE)));
    kept.store.record(seat(ana, "#KAFFEE", Some(Rank::VOICE)));
    let (mut kept, opened) = site.reopen(kept);
    let mut expected = staying(ana, "Ana");
    expected.account.markers = vec![("#tea".into(), start())];
    expected.seats = vec![(room("#KAFFEE"), Rank::VOICE), (room("#wine"), Rank::NONE)];
    assert_eq!(opened.users, [expected.clone(), staying(bob, "bob")]);
    assert_eq!(opened.users[0].seats[0].0.as_str(), "#KAFFEE");
    kept.store.record(Record::StaysNot(bob));
    kept.store.record(seat(bob, "#tea", Some(Rank::NONE)));
    let (kept, opened) = site.reopen(kept);
    assert_eq!(opened.users, [expected]);
    kept.stop();
    assert_eq!(site.seats(bob), 0, "whoever does not stay has no seats");
}
