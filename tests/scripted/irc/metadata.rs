//! `METADATA` (IRCv3 `draft/metadata-3` and `draft/metadata-2`).

use std::time::Duration;

use crate::irc::house::{Guest, IrcScene};

const NEW: &str = "draft/metadata-3 batch";
const OLD: &str = "draft/metadata-2 batch";

/// Longest value, in bytes.
const VALUE_BYTES: usize = 256;

/// Most keys of a user or channel.
const KEYS: usize = 16;

/// Most subscriptions of a connection.
const SUBSCRIPTIONS: usize = 20;

/// The lines of an answer that is one batch with this parameter.
fn batch(house: &mut IrcScene, guest: Guest, line: &str, param: &str) -> Vec<String> {
    let lines = house.ask(guest, line);
    inner(&lines, &format!("metadata {param}")).unwrap_or_else(|| panic!("{line}: {lines:#?}"))
}

/// The lines in a batch, without tag and server.
fn inner(lines: &[String], kind: &str) -> Option<Vec<String>> {
    let [first, inner @ .., last] = lines else { return None };
    let is_whole = *first == format!(":parlor.local BATCH +d {kind}") && last == ":parlor.local BATCH -d";
    let inner = inner.iter().map(|line| line.strip_prefix("@batch=d :parlor.local ").map(str::to_owned));
    inner.collect::<Option<Vec<_>>>().filter(|_| is_whole)
}

/// The answer without the server's name.
fn answer(house: &mut IrcScene, guest: Guest, line: &str) -> Vec<String> {
    let lines = house.ask(guest, line);
    lines.iter().map(|line| line.strip_prefix(":parlor.local ").unwrap_or(line).to_owned()).collect()
}

/// The only line of an answer, which is a `FAIL`, up to its text.
fn failed(house: &mut IrcScene, guest: Guest, line: &str) -> String {
    let told = house.told(guest, line);
    told.strip_prefix("FAIL METADATA ").unwrap_or_else(|| panic!("{line}: {told}")).to_owned()
}

#[test]
fn the_capabilities_state_the_limits() {
    let mut house = IrcScene::new();
    let guest = house.connect();
    let listed = house.ask(guest, "CAP LS 302").join(" ");
    for version in [2, 3] {
        let expected =
            format!("draft/metadata-{version}=max-subs=20,max-keys=16,max-key-bytes=40,max-value-bytes=256");
        assert!(listed.contains(&expected), "{listed}");
    }
    let listed = house.ask(guest, "CAP LS").join(" ");
    assert!(listed.contains("draft/metadata-3") && !listed.contains("max-subs"), "{listed}");
}

#[test]
fn both_versions_cannot_be_requested_together() {
    let mut house = IrcScene::new();
    let guest = house.connect();
    let refused = [":parlor.local CAP * NAK :draft/metadata-2 draft/metadata-3"];
    assert_eq!(house.ask(guest, "CAP REQ :draft/metadata-2 draft/metadata-3"), refused);
    house.ask(guest, "CAP REQ :draft/metadata-2");
    assert_eq!(house.ask(guest, "CAP REQ draft/metadata-3"), [":parlor.local CAP * NAK :draft/metadata-3"]);
    let changed = [":parlor.local CAP * ACK :-draft/metadata-2 draft/metadata-3"];
    assert_eq!(house.ask(guest, "CAP REQ :-draft/metadata-2 draft/metadata-3"), changed);
}

#[test]
fn a_value_is_set_read_listed_and_removed() {
    let mut house = IrcScene::new();
    let (ana, bob) = (house.irc_with("ana", NEW), house.irc_with("bob", NEW));
    assert_eq!(
        answer(&mut house, ana, "METADATA * SET url :https://a b"),
        ["761 ana ana url * :https://a b"]
    );
    assert_eq!(answer(&mut house, ana, "metadata ANA set status away"), ["761 ana ana status * :away"]);
    let keys = batch(&mut house, bob, "METADATA ANA GET status nope url Bad", "ana");
    assert_eq!(
        keys[..3],
        ["761 bob ana status * :away", "766 bob ana nope :Key not set", "761 bob ana url * :https://a b"]
    );
    assert!(keys[3].starts_with("WARN METADATA INVALID_KEY Bad :"), "{keys:#?}");
    let all = ["761 bob ana url * :https://a b", "761 bob ana status * :away"];
    assert_eq!(batch(&mut house, bob, "METADATA ana LIST", "ana"), all);
    for removal in ["METADATA * SET url", "METADATA * SET url :", "METADATA * SET nope"] {
        let key = removal.split(' ').nth(3).unwrap();
        assert_eq!(answer(&mut house, ana, removal), [format!("766 ana ana {key} :Key not set")]);
    }
    assert_eq!(batch(&mut house, bob, "METADATA ana LIST", "ana"), all[1..]);
    assert_eq!(batch(&mut house, ana, "METADATA * CLEAR", "ana"), ["766 ana ana status :Key not set"]);
    assert!(batch(&mut house, ana, "METADATA * CLEAR", "ana").is_empty());
    assert!(batch(&mut house, bob, "METADATA ana LIST", "ana").is_empty());
    assert!(house.is_silent(), "nobody has subscribed");
}

#[test]
fn a_client_without_batches_gets_bare_lines() {
    let mut house = IrcScene::new();
    let ana = house.irc("ana");
    house.ask(ana, "METADATA * SET url x");
    assert_eq!(answer(&mut house, ana, "METADATA * LIST"), ["761 ana ana url * :x"]);
    assert_eq!(failed(&mut house, ana, "METADATA * SUB url"), "INVALID_PARAMS SUB");
}

#[test]
fn channel_operators_set_the_metadata_of_their_channel() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    assert_eq!(answer(&mut house, ana, "METADATA #TEA SET url x"), ["761 ana #tea url * :x"]);
    assert_eq!(failed(&mut house, bob, "METADATA #tea SET url y"), "KEY_NO_PERMISSION #tea url");
    assert_eq!(failed(&mut house, bob, "METADATA #tea CLEAR"), "KEY_NO_PERMISSION #tea *");
    assert_eq!(failed(&mut house, bob, "METADATA ana SET url y"), "KEY_NO_PERMISSION ana url");
    assert_eq!(answer(&mut house, bob, "METADATA #tea GET url"), ["761 bob #tea url * :x"]);
    let root = house.operator("root");
    assert_eq!(answer(&mut house, root, "METADATA bob SET url z"), ["761 root bob url * :z"]);
    assert_eq!(failed(&mut house, ana, "METADATA #lobby SET url y"), "KEY_NO_PERMISSION #lobby url");
    for guest in [ana, bob] {
        house.send(guest, "PART #tea");
    }
    house.send(ana, "JOIN #tea");
    house.forget();
    assert_eq!(answer(&mut house, ana, "METADATA #tea LIST"), [""; 0], "a new channel has none");
}

#[test]
fn a_secret_channel_is_no_target_for_outsiders() {
    let mut house = IrcScene::new();
    let [ana, bob] = house.channel("#tea", ["ana", "bob"]);
    house.send(ana, "MODE #tea +s");
    house.send(ana, "METADATA #tea SET url x");
    house.send(bob, "PART #tea");
    house.forget();
    for rest in ["GET url", "LIST", "SET url y", "CLEAR", "SYNC"] {
        let line = format!("METADATA #tea {rest}");
        assert_eq!(failed(&mut house, bob, &line), "INVALID_TARGET #tea", "{line}");
    }
}

#[test]
fn wrong_commands_are_refused_with_the_codes_of_the_version() {
    let mut house = IrcScene::new();
    let (new, old) = (house.irc_with("new", NEW), house.irc_with("old", OLD));
    let long = "x".repeat(VALUE_BYTES + 1);
    let key = "k".repeat(41);
    let value = format!("METADATA * SET url {long}");
    let long_key = format!("METADATA * SET {key} x");
    for (line, expected_new, expected_old) in [
        ("METADATA nobody LIST", "INVALID_TARGET nobody", "INVALID_TARGET nobody"),
        ("METADATA #nowhere LIST", "INVALID_TARGET #nowhere", "INVALID_TARGET #nowhere"),
        ("METADATA $a:user SET url x", "INVALID_TARGET $a:user", "INVALID_TARGET $a:user"),
        ("METADATA * SNEEZE", "INVALID_PARAMS SNEEZE", "SUBCOMMAND_INVALID SNEEZE"),
        ("METADATA * :: hi!", "INVALID_PARAMS *", "SUBCOMMAND_INVALID *"),
        ("METADATA * GET", "INVALID_PARAMS GET", "INVALID_PARAMS GET"),
        ("METADATA * LIST x", "INVALID_PARAMS LIST", "INVALID_PARAMS LIST"),
        ("METADATA * SET url x y", "INVALID_PARAMS SET", "INVALID_PARAMS SET"),
        ("METADATA * SET Url x", "INVALID_KEY Url", "KEY_INVALID Url"),
        ("METADATA * SET :a b", "INVALID_KEY *", "KEY_INVALID *"),
        (&long_key, &format!("INVALID_KEY {key}"), &format!("KEY_INVALID {key}")),
        (&value, "INVALID_VALUE url", "VALUE_INVALID url"),
        ("METADATA new SUB url", "INVALID_TARGET new", "INVALID_TARGET new"),
        ("METADATA #lobby SUBS", "INVALID_TARGET #lobby", "INVALID_TARGET #lobby"),
    ] {
        // The own name is a right target.
        let line_of_new = line.replace("new SUB", "old SUB");
        assert_eq!(failed(&mut house, new, &line_of_new), expected_new.replace("T new", "T old"), "{line}");
        assert_eq!(failed(&mut house, old, line), expected_old, "{line}");
    }
    for guest in [new, old] {
        assert!(answer(&mut house, guest, "METADATA *")[0].starts_with("461 "));
        let longest = format!("METADATA * SET url {}", "x".repeat(VALUE_BYTES));
        assert!(answer(&mut house, guest, &longest)[0].starts_with("761 "));
    }
    assert_eq!(failed(&mut house, old, "METADATA * SET nope"), "KEY_NOT_SET old nope");
}

#[test]
fn one_key_too_many_is_refused_and_a_known_one_can_change() {
    let mut house = IrcScene::new();
    let (new, old) = (house.irc_with("new", NEW), house.irc_with("old", OLD));
    for guest in [new, old] {
        for n in 0..KEYS {
            house.send(guest, &format!("METADATA * SET key{n} x"));
        }
    }
    house.forget();
    assert_eq!(failed(&mut house, new, "METADATA * SET more x"), format!("LIMIT_REACHED new {KEYS}"));
    assert_eq!(failed(&mut house, old, "METADATA * SET more x"), "LIMIT_REACHED old");
    assert_eq!(answer(&mut house, new, "METADATA * SET key3 y"), ["761 new new key3 * :y"]);
    house.send(new, "METADATA * SET key3");
    house.forget();
    assert_eq!(answer(&mut house, new, "METADATA * SET more x"), ["761 new new more * :x"]);
}

#[test]
fn a_flood_of_changes_is_refused_for_a_while() {
    let mut house = IrcScene::with(|config| config.limits.flood = None);
    let ana = house.irc_with("ana", NEW);
    let refused = (0..100).find_map(|n| {
        let lines = answer(&mut house, ana, &format!("METADATA * SET url {n}"));
        lines[0].starts_with("FAIL METADATA RATE_LIMITED ana url ").then(|| lines[0].clone())
    });
    let refused = refused.expect("a limit");
    let seconds: u64 = refused.split(' ').nth(5).and_then(|wait| wait.parse().ok()).expect("seconds");
    assert!(seconds > 0, "{refused}");
    assert!(failed(&mut house, ana, "METADATA * CLEAR").starts_with("RATE_LIMITED ana * "));
    house.advance(Duration::from_secs(seconds));
    assert_eq!(answer(&mut house, ana, "METADATA * SET url last"), ["761 ana ana url * :last"]);
}

#[test]
fn subscribers_hear_of_changes_in_the_form_of_their_version() {
    let mut house = IrcScene::new();
    let guests = [("new", NEW), ("old", OLD), ("other", NEW), ("ana", NEW)]
        .map(|(name, capabilities)| house.irc_with(name, capabilities));
    let [new, old, other, ana] = guests;
    for guest in guests {
        house.send(guest, "JOIN #tea");
    }
    for (guest, key) in [(new, "url"), (old, "url"), (other, "status"), (ana, "url")] {
        house.send(guest, &format!("METADATA * SUB {key}"));
    }
    house.forget();
    assert_eq!(answer(&mut house, ana, "METADATA * SET url x"), ["761 ana ana url * :x"]);
    assert_eq!(house.lines(new), [":parlor.local 761 * ana url * :x"]);
    assert_eq!(house.lines(old), [":ana!~ana@HOST METADATA ana url * :x"]);
    assert!(house.is_silent(), "others have not subscribed, and ana knows");
    house.send(ana, "METADATA * SET url");
    assert_eq!(house.lines(new), [":parlor.local 766 * ana url :Key not set"]);
    assert_eq!(house.lines(old), [":ana!~ana@HOST METADATA ana url *"]);
    house.forget();
    assert_eq!(answer(&mut house, new, "METADATA #tea SET url z"), ["761 new #tea url * :z"]);
    assert_eq!(house.lines(ana), [":parlor.local 761 * #tea url * :z"]);
    assert_eq!(house.lines(old), [":new!~new@HOST METADATA #tea url * :z"]);
    house.send(new, "METADATA #tea CLEAR");
    assert_eq!(house.lines(ana), [":parlor.local 766 * #tea url :Key not set"]);
    house.forget();
    house.send(new, "METADATA #tea CLEAR");
    house.send(ana, "METADATA * SET url same");
    house.forget();
    house.send(ana, "METADATA * SET url same");
    assert!(house.lines(old).is_empty(), "nothing has changed");
}

#[test]
fn strangers_hear_nothing_and_watchers_do() {
    let mut house = IrcScene::new();
    let [ana, stranger, watcher] = ["ana", "stranger", "watcher"].map(|name| house.irc_with(name, NEW));
    for guest in [stranger, watcher] {
        house.send(guest, "METADATA * SUB url");
    }
    assert!(house.ask(watcher, "MONITOR + ana").iter().any(|line| line.contains(" 774 watcher *ALL 0 :")));
    house.forget();
    house.send(ana, "METADATA * SET url x");
    assert_eq!(house.lines(watcher), [":parlor.local 761 * ana url * :x"]);
    assert!(house.lines(stranger).is_empty());
    house.send(ana, "QUIT");
    house.forget();
    house.irc_with("ana", NEW);
    let come = house.lines(watcher);
    assert!(come[0].starts_with(":parlor.local 730 watcher :ana!"), "{come:#?}");
    assert!(come[1].starts_with(":parlor.local 774 watcher ana 0 :"), "{come:#?}");
    assert!(batch(&mut house, watcher, "METADATA ana SYNC", "ana").is_empty(), "another user");
}

#[test]
fn subscriptions_are_made_listed_and_ended() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", NEW);
    let lines = answer(&mut house, ana, "METADATA * SUB url status url Bad");
    assert!(lines[0].starts_with("WARN METADATA INVALID_KEY Bad :"), "{lines:#?}");
    assert_eq!(lines[1], "770 ana url status url");
    assert_eq!(lines[2..], ["BATCH +d metadata *ALL", "BATCH -d"]);
    assert_eq!(answer(&mut house, ana, "METADATA * SUB url"), ["770 ana url"], "nothing new, so no values");
    let subs = |house: &mut IrcScene| {
        let lines = house.ask(ana, "METADATA ana SUBS");
        inner(&lines, "metadata-subs").unwrap_or_else(|| panic!("{lines:#?}"))
    };
    assert_eq!(subs(&mut house), ["772 ana url status"]);
    assert_eq!(answer(&mut house, ana, "METADATA * UNSUB nope url"), ["771 ana nope url"]);
    assert_eq!(subs(&mut house), ["772 ana status"]);
    for end in ["CAP REQ -batch", "CAP REQ batch"] {
        house.send(ana, end);
    }
    house.forget();
    assert!(subs(&mut house).is_empty(), "they ended with the capability");
}

#[test]
fn subscriptions_beyond_the_limit_are_refused_from_the_first_on() {
    let mut house = IrcScene::new();
    for (name, capabilities, refusal) in [
        ("new", NEW, "FAIL METADATA LIMIT_REACHED k20 20 :"),
        ("old", OLD, "FAIL METADATA TOO_MANY_SUBS k20 :"),
    ] {
        let guest = house.irc_with(name, capabilities);
        let keys: Vec<_> = (0..=SUBSCRIPTIONS + 1).map(|n| format!("k{n}")).collect();
        let lines = answer(&mut house, guest, &format!("METADATA * SUB {}", keys.join(" ")));
        assert!(lines[0].starts_with(refusal), "{lines:#?}");
        let subscribed = lines.iter().filter(|line| line.starts_with("770 "));
        let count = subscribed.map(|line| line.split(' ').count() - 2).sum::<usize>();
        assert_eq!(count, SUBSCRIPTIONS);
    }
}

#[test]
fn a_synchronization_tells_subscribed_keys_of_the_channel_and_its_members_once() {
    let mut house = IrcScene::new();
    let [new, old, ana] = [("new", NEW), ("old", OLD), ("ana", NEW)].map(|(n, c)| house.irc_with(n, c));
    for guest in [ana, new, old] {
        house.send(guest, "JOIN #tea,#cake");
    }
    for line in ["METADATA * SET url x", "METADATA * SET status y", "METADATA #tea SET url z"] {
        house.send(ana, line);
    }
    house.forget();
    let told = answer(&mut house, new, "METADATA * SUB url");
    let (channel, member) = ("761 new #tea url * :z", "761 new ana url * :x");
    let tagged = [channel, member].map(|line| format!("@batch=d :parlor.local {line}"));
    assert_eq!(told[..2], ["770 new url", "BATCH +d metadata *ALL"]);
    assert_eq!(told[2..4], tagged);
    assert_eq!(told.len(), 5, "each once: {told:#?}");
    assert_eq!(batch(&mut house, new, "METADATA *ALL SYNC", "*ALL"), [channel, member]);
    assert_eq!(batch(&mut house, new, "METADATA #tea SYNC", "#tea"), [channel, member]);
    assert_eq!(batch(&mut house, new, "METADATA #cake SYNC", "#cake"), [member]);
    assert_eq!(batch(&mut house, new, "METADATA ana SYNC", "ana"), [member]);
    assert_eq!(batch(&mut house, new, "METADATA new SYNC", "new"), [""; 0]);
    house.send(old, "METADATA * SUB url");
    house.forget();
    let expected = ["METADATA #tea url * :z", "METADATA ana url * :x"];
    assert_eq!(batch(&mut house, old, "METADATA #tea SYNC", "#tea"), expected);
}

#[test]
fn a_synchronization_of_many_is_cut_and_says_so() {
    let mut house = IrcScene::with(|config| config.limits.outbox_bytes = 16 * 1024).unchecked();
    let asker = house.irc_with("asker", NEW);
    house.send(asker, "JOIN #tea");
    for n in 0..40 {
        let guest = house.irc(&format!("user{n}"));
        house.send(guest, "JOIN #tea");
        house.send(guest, &format!("METADATA * SET url {}", "x".repeat(VALUE_BYTES)));
    }
    house.forget();
    house.send(asker, "METADATA * SUB url");
    house.forget();
    let lines = house.ask(asker, "METADATA #tea SYNC");
    let [.., end, cut] = lines.as_slice() else { panic!("{lines:#?}") };
    assert_eq!(end, ":parlor.local BATCH -d");
    assert!(cut.starts_with(":parlor.local 416 asker #tea :"), "{cut}");
    let told = lines.iter().filter(|line| line.contains(" 761 ")).count();
    assert!((5..40).contains(&told), "{told}");
}

#[test]
fn a_label_is_on_the_batch() {
    let mut house = IrcScene::new();
    let ana = house.irc_with("ana", "draft/metadata-3 batch labeled-response");
    house.send(ana, "METADATA * SET url x");
    house.send(ana, "JOIN #tea");
    house.send(ana, "METADATA * SUB url");
    house.forget();
    for command in ["GET url", "LIST", "SYNC"] {
        let lines = house.ask(ana, &format!("@label=l METADATA * {command}"));
        assert_eq!(lines[0], "@label=l :parlor.local BATCH +d metadata ana", "{command}");
        assert_eq!(lines[1], "@batch=d :parlor.local 761 ana ana url * :x", "{command}");
    }
    let lines = house.ask(ana, "@label=l METADATA * SUB status");
    assert_eq!(lines[0], "@label=l :parlor.local BATCH +r labeled-response");
    assert!(lines.iter().any(|line| line == "@batch=r :parlor.local BATCH +d metadata *ALL"), "{lines:#?}");
    let lines = house.ask(ana, "@label=l METADATA nobody LIST");
    assert!(lines[0].starts_with("@label=l :parlor.local FAIL METADATA INVALID_TARGET"), "{lines:#?}");
}

#[test]
fn a_join_and_the_welcome_tell_of_metadata() {
    let mut house = IrcScene::new();
    let new = house.connect();
    house.send(new, &format!("CAP REQ :{NEW}"));
    house.send(new, "NICK new");
    house.send(new, "USER new 0 * :New");
    let lines = house.ask(new, "CAP END");
    let at =
        |text: &str| lines.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{text}"));
    assert_eq!(at(":parlor.local BATCH -d"), at(":parlor.local BATCH +d metadata new") + 1);
    assert!(at(":parlor.local BATCH -d") < at(":parlor.local 422"));
    let lines = house.ask(new, "JOIN #tea");
    assert!(lines.contains(&":parlor.local BATCH +d metadata #tea".to_owned()), "{lines:#?}");
    house.send(new, "METADATA * SUB url");
    house.forget();
    let lines = house.ask(new, "JOIN #cake");
    assert!(lines.iter().any(|line| line.starts_with(":parlor.local 774 new #cake 0 :")), "{lines:#?}");
    let old = house.irc_with("old", OLD);
    let lines = house.ask(old, "JOIN #tea");
    assert!(!lines.iter().any(|line| line.contains("BATCH")), "{lines:#?}");
}

#[test]
fn metadata_counts_in_the_memory_budget() {
    let mut house = IrcScene::new();
    let before = house.hub().kept_bytes();
    let ana = house.irc_with("ana", NEW);
    house.send(ana, "JOIN #tea");
    let bare = house.hub().kept_bytes();
    for target in ["*", "#tea"] {
        let kept = house.hub().kept_bytes();
        house.send(ana, &format!("METADATA {target} SET url {}", "x".repeat(200)));
        assert!(house.hub().kept_bytes() >= kept + 200, "{target}");
    }
    let kept = house.hub().kept_bytes();
    house.send(ana, "METADATA * SUB a b c d e");
    assert!(house.hub().kept_bytes() >= kept + 100);
    assert!(house.hub().kept_bytes() > bare);
    house.send(ana, "QUIT");
    assert_eq!(house.hub().kept_bytes(), before);
}

#[test]
fn without_memory_nothing_is_set() {
    let mut house = IrcScene::with(|config| config.limits.memory_bytes = 1024 * 1024);
    let mut refused = 0;
    for n in 0..100 {
        let guest = house.connect_from("198.51.100.7:1000");
        house.register(guest, &format!("user{n}"), NEW);
        for key in 0..KEYS {
            let line = format!("METADATA * SET key{key} {}", "x".repeat(VALUE_BYTES));
            refused += usize::from(answer(&mut house, guest, &line)[0].contains("LIMIT_REACHED"));
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0, "the limit of an address");
}
