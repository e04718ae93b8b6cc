//! Accounts in the file: what is changed and recorded is there after a restart.

use std::time::Duration;

use parlor::message::{
    AccountAnswer, AccountChange, AccountId, AccountQuery, EventId, EventKind, Interval, MOST_CERTIFICATES,
    MOST_DEVICES, MOST_MARKERS, Record, Scope, Selection, Speech,
};
use parlor::name::UserName;

use crate::helpers::*;
use crate::sites::{Site, on_all_sites};

on_all_sites! {
    an_account_and_all_that_is_recorded_of_it_survive_a_restart,
    a_new_password_replaces_the_old_one_at_once,
    a_certificate_belongs_to_one_account_which_has_ten_at_most,
    a_name_has_one_account_in_any_letter_case_and_numbers_are_never_used_again,
    the_oldest_marker_and_the_device_that_was_away_for_longest_go,
    nothing_is_left_of_a_dropped_account_and_nothing_is_recorded_of_it_later,
    private_messages_are_kept_for_their_two_accounts_and_go_with_either,
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn marker(account: AccountId, of: &str, seconds: u64) -> Record {
    Record::Marker { account, of: of.into(), at: start() + Duration::from_secs(seconds) }
}

fn heard(account: AccountId, device: &str, event: u64) -> Record {
    Record::Heard { account, device: device.into(), event: EventId::from_number(event) }
}

fn metadata(account: AccountId, key: &str, value: Option<&str>) -> Record {
    Record::Metadata { account, key: key.into(), value: value.map(Box::from) }
}

fn an_account_and_all_that_is_recorded_of_it_survive_a_restart(site: impl Site) {
    let (mut kept, opened) = site.open();
    assert!(opened.accounts.is_empty());
    let (ana, bob) = (kept.create("Ana"), kept.create("bob"));
    kept.store.record(marker(ana, "#tea", 5));
    kept.store.record(marker(ana, "#tea", 6));
    kept.store.record(marker(bob, "ana", 7));
    kept.store.record(heard(ana, "phone", 8));
    kept.store.record(heard(ana, "phone", 9));
    kept.store.record(heard(ana, "irc", 7));
    kept.store.record(metadata(ana, "url", Some("https://example.org")));
    kept.store.record(metadata(ana, "avatar", Some("none")));
    kept.store.record(metadata(ana, "avatar", None));
    kept.store.record(Record::Seen { account: ana, at: start() + DAY });
    assert!(matches!(kept.change(AccountChange::SetAlwaysOn(ana, Some(true))), AccountAnswer::Changed));
    let before = kept.info(ana);
    kept.stop();
    let (mut kept, opened) = site.open();
    assert_eq!(opened.accounts, [(ana, name("Ana")), (bob, name("bob"))]);
    assert_eq!(opened.accounts[0].1.as_str(), "Ana");
    let info = kept.info(ana);
    assert_eq!(info, before);
    assert_eq!((info.last_seen, info.has_password, info.certificates.len()), (start() + DAY, true, 0));
    let account = info.account;
    assert_eq!((account.id, account.registered, account.always_on), (ana, start(), Some(true)));
    assert_eq!(account.markers, [("#tea".into(), start() + Duration::from_secs(6))]);
    let devices = [("irc".into(), EventId::from_number(7)), ("phone".into(), EventId::from_number(9))];
    assert_eq!(account.devices, devices);
    assert_eq!(account.metadata, [("url".into(), "https://example.org".into())]);
    match kept.account(AccountQuery::Credentials(ana)) {
        AccountAnswer::Account(found, stored) => {
            assert_eq!(*found, account);
            assert!(stored.is_some_and(|stored| *stored == password(1)));
        }
        other => panic!("{other:?}"),
    }
    kept.stop();
}

fn a_new_password_replaces_the_old_one_at_once(site: impl Site) {
    let mut kept = site.open().0;
    let ana = kept.create("ana");
    assert!(matches!(kept.change(AccountChange::SetPassword(ana, password(2))), AccountAnswer::Changed));
    let mut kept = site.reopen(kept).0;
    match kept.account(AccountQuery::Credentials(ana)) {
        AccountAnswer::Account(_, Some(stored)) => assert!(*stored == password(2)),
        other => panic!("{other:?}"),
    }
    let nobody = AccountId(99);
    for change in [
        AccountChange::SetPassword(nobody, password(2)),
        AccountChange::AddCertificate(nobody, [1; 32]),
        AccountChange::SetAlwaysOn(nobody, None),
        AccountChange::Drop(nobody),
    ] {
        assert!(matches!(kept.change(change.clone()), AccountAnswer::Unknown), "{change:?}");
    }
    assert!(matches!(kept.account(AccountQuery::Info(nobody)), AccountAnswer::Unknown));
    kept.stop();
}

fn a_certificate_belongs_to_one_account_which_has_ten_at_most(site: impl Site) {
    let mut kept = site.open().0;
    let at = start();
    let create = AccountChange::Create { name: name("ana"), password: None, certificate: Some([0; 32]), at };
    let AccountAnswer::Created(ana) = kept.change(create) else { panic!("it is free") };
    let bob = kept.create("bob");
    let most = u8::try_from(MOST_CERTIFICATES).unwrap();
    for n in 1..most {
        let added = kept.change(AccountChange::AddCertificate(ana, [n; 32]));
        assert!(matches!(added, AccountAnswer::Changed), "{n}");
    }
    let again = kept.change(AccountChange::AddCertificate(ana, [1; 32]));
    assert!(matches!(again, AccountAnswer::Changed), "it has it already");
    let full = kept.change(AccountChange::AddCertificate(ana, [most; 32]));
    assert!(matches!(full, AccountAnswer::Conflict));
    let taken = kept.change(AccountChange::AddCertificate(bob, [1; 32]));
    assert!(matches!(taken, AccountAnswer::Conflict));
    let create = AccountChange::Create { name: name("carl"), password: None, certificate: Some([1; 32]), at };
    assert!(matches!(kept.change(create), AccountAnswer::Conflict));
    let mut kept = site.reopen(kept).0;
    match kept.account(AccountQuery::OfCertificate([1; 32])) {
        AccountAnswer::Account(found, None) => assert_eq!(found.id, ana),
        other => panic!("{other:?}"),
    }
    let info = kept.info(ana);
    assert_eq!((info.certificates.len(), info.has_password), (usize::from(most), false));
    let others = kept.change(AccountChange::RemoveCertificate(bob, [1; 32]));
    assert!(matches!(others, AccountAnswer::Unknown), "{others:?}: it belongs to another account");
    let removed = kept.change(AccountChange::RemoveCertificate(ana, [1; 32]));
    assert!(matches!(removed, AccountAnswer::Changed));
    assert!(matches!(kept.account(AccountQuery::OfCertificate([1; 32])), AccountAnswer::Unknown));
    kept.stop();
}

fn a_name_has_one_account_in_any_letter_case_and_numbers_are_never_used_again(site: impl Site) {
    let mut kept = site.open().0;
    let (ana, zoe) = (kept.create("Ana"), kept.create("zoe"));
    let create = AccountChange::Create { name: name("aNA"), password: None, certificate: None, at: start() };
    assert!(matches!(kept.change(create), AccountAnswer::Conflict));
    assert!(matches!(kept.change(AccountChange::Drop(zoe)), AccountAnswer::Changed));
    let mut kept = site.reopen(kept).0;
    let later = kept.create("zoe");
    assert!(later != zoe && later != ana, "{later:?}");
    kept.stop();
}

fn the_oldest_marker_and_the_device_that_was_away_for_longest_go(site: impl Site) {
    let mut kept = site.open().0;
    let ana = kept.create("ana");
    for n in 0..=u64::from(MOST_MARKERS) {
        kept.store.record(marker(ana, &format!("#{n}"), n));
    }
    for n in 0..=u64::from(MOST_DEVICES) {
        kept.store.record(heard(ana, &format!("device{n}"), 100 + n));
    }
    // A new one stays even if it has heard nothing yet.
    kept.store.record(heard(ana, "new", 0));
    kept.store.record(marker(ana, "#past", 0));
    let account = kept.info(ana).account;
    assert_eq!(account.markers.len(), MOST_MARKERS as usize);
    assert_eq!(account.devices.len(), MOST_DEVICES as usize);
    let has = |list: &[(Box<str>, EventId)], name: &str| list.iter().any(|(known, _)| &**known == name);
    assert!(has(&account.devices, "new") && has(&account.devices, "device2"));
    assert!(!has(&account.devices, "device0") && !has(&account.devices, "device1"));
    let marked = |of: &str| account.markers.iter().any(|(known, _)| &**known == of);
    assert!(marked("#past") && marked("#2") && !marked("#0") && !marked("#1"));
    kept.stop();
}

fn nothing_is_left_of_a_dropped_account_and_nothing_is_recorded_of_it_later(site: impl Site) {
    let mut kept = site.open().0;
    let ana = kept.create("ana");
    let about = |kept: &mut Kept| {
        for record in [
            marker(ana, "#tea", 5),
            heard(ana, "phone", 8),
            metadata(ana, "url", Some("x")),
            Record::Seen { account: ana, at: start() },
            Record::Stays(Box::new(crate::saved::staying(ana, "ana"))),
            Record::Seat { account: ana, room: room("#x"), rank: Some(Default::default()) },
            Record::Room(Box::new(crate::saved::registered("#tea", ana))),
        ] {
            kept.store.record(record);
        }
    };
    assert!(matches!(kept.change(AccountChange::AddCertificate(ana, [1; 32])), AccountAnswer::Changed));
    about(&mut kept);
    assert!(matches!(kept.change(AccountChange::Drop(ana)), AccountAnswer::Changed));
    about(&mut kept);
    assert!(matches!(kept.account(AccountQuery::Credentials(ana)), AccountAnswer::Unknown));
    assert!(matches!(kept.account(AccountQuery::OfCertificate([1; 32])), AccountAnswer::Unknown));
    kept.stop();
    assert_eq!(site.belongings(), [""; 0]);
}

/// A private message between two accounts.
fn whisper(events: &mut Events, [from, to]: [(AccountId, &str); 2], text: &str) -> Record {
    let kind = EventKind::Whispered { to: name(to.1), speech: Speech::message(text) };
    let event = events.next(&user(from.1), kind, start());
    let mut between = [from.0, to.0];
    between.sort();
    Record::Whispered { between, event }
}

fn talk(scope: Scope) -> Selection {
    Selection { of: scope, interval: Interval::LATEST, with_events: false, most: 9 }
}

fn private_messages_are_kept_for_their_two_accounts_and_go_with_either(site: impl Site) {
    let mut events = Events::default();
    let mut kept = site.open().0;
    let [ana, bob, zoe] = ["ana", "bob", "zoe"].map(|name| (kept.create(name), name));
    kept.store.record(whisper(&mut events, [ana, bob], "hello bob"));
    kept.store.record(whisper(&mut events, [bob, ana], "hello ana"));
    kept.store.record(whisper(&mut events, [bob, zoe], "hello zoe"));
    kept.store.record(whisper(&mut events, [zoe, zoe], "note"));
    let mut kept = site.reopen(kept).0;
    let said = |kept: &mut Kept, of| texts(&kept.select(talk(of), start()).events).join("|");
    assert_eq!(said(&mut kept, Scope::talk(bob.0, ana.0)), "hello bob|hello ana");
    assert_eq!(said(&mut kept, Scope::Talks(bob.0)), "hello bob|hello ana|hello zoe");
    assert_eq!(said(&mut kept, Scope::Talks(zoe.0)), "hello zoe|note");
    assert_eq!(said(&mut kept, Scope::talk(ana.0, zoe.0)), "");
    // A broker is counted once a minute.
    wait_for(&mut kept, start() + Duration::from_secs(100), |figures| figures.messages == 4);
    assert!(matches!(kept.change(AccountChange::Drop(ana.0)), AccountAnswer::Changed));
    kept.store.record(whisper(&mut events, [bob, ana], "too late"));
    assert_eq!(said(&mut kept, Scope::talk(bob.0, ana.0)), "", "at once");
    assert_eq!(said(&mut kept, Scope::Talks(bob.0)), "hello zoe");
    // The sweep deletes rows each minute, and also after a restart.
    let mut kept = site.reopen(kept).0;
    wait_for(&mut kept, start() + DAY, |figures| figures.messages == 2);
    kept.stop();
}

#[test]
fn an_export_has_rooms_only_and_no_secrets() {
    let (scratch, mut events) = (Scratch::new(), Events::default());
    let mut kept = Kept::open(&config(&scratch), start()).unwrap().0;
    let [ana, bob] = ["ana", "bob"].map(|name| (kept.create(name), name));
    kept.store.record(events.say("#tea", &user("bob"), "in public", start()));
    kept.store.record(Record::Room(Box::new(crate::saved::registered("#tea", ana.0))));
    kept.store.record(whisper(&mut events, [ana, bob], "in private"));
    kept.stop();
    let mut exported = Vec::new();
    parlor::store::export(&scratch.path(""), &room("#tea"), &mut exported).unwrap();
    let exported = String::from_utf8(exported).unwrap();
    assert!(exported.contains("in public") && exported.lines().count() == 1, "{exported}");
    for secret in ["in private", "open sesame", "argon2"] {
        assert!(!exported.contains(secret), "{secret}");
    }
}
