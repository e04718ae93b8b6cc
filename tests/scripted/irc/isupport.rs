//! `ISUPPORT` and its batch (IRCv3 `draft/extended-isupport`).

use crate::irc::house::IrcScene;

const BOTH: &str = "draft/extended-isupport batch";

fn is_batched(lines: &[String], client: &str) -> bool {
    let [first, inner @ .., last] = lines else { return false };
    let entry = format!("@batch=d :parlor.local 005 {client} ");
    first == ":parlor.local BATCH +d draft/isupport"
        && last == ":parlor.local BATCH -d"
        && !inner.is_empty()
        && inner.iter().all(|line| line.starts_with(&entry))
}

#[test]
fn isupport_is_told_before_registration_to_clients_with_the_capability() {
    let mut house = IrcScene::new();
    let early = house.connect();
    assert!(house.ask(early, "ISUPPORT")[0].contains(" 451 * "), "not without the capability");
    house.ask(early, &format!("CAP REQ :{BOTH}"));
    let lines = house.ask(early, "ISUPPORT");
    assert!(is_batched(&lines, "*"), "{lines:#?}");
    house.send(early, "NICK ana");
    let lines = house.ask(early, "ISUPPORT");
    assert!(is_batched(&lines, "ana"), "{lines:#?}");
    house.register(early, "ana", "");
}

#[test]
fn the_batch_needs_both_capabilities() {
    let mut house = IrcScene::new();
    for (name, capabilities) in [("a", "batch"), ("b", "draft/extended-isupport"), ("c", "")] {
        let guest = house.irc_with(name, capabilities);
        let lines = house.ask(guest, "ISUPPORT");
        assert!(!lines.is_empty());
        let entry = format!(":parlor.local 005 {name} ");
        assert!(lines.iter().all(|line| line.starts_with(&entry)), "{lines:#?}");
    }
    let both = house.irc_with("d", BOTH);
    for command in ["ISUPPORT", "VERSION"] {
        let lines = house.ask(both, command);
        let from = lines.iter().position(|line| line.contains(" BATCH +d ")).expect("a batch");
        assert!(is_batched(&lines[from..], "d"), "{lines:#?}");
    }
}

#[test]
fn the_welcome_has_the_batch_and_a_label_is_put_on_it() {
    let mut house = IrcScene::new();
    let ana = house.connect();
    house.send(ana, &format!("CAP REQ :{BOTH} labeled-response"));
    house.send(ana, "NICK ana");
    house.send(ana, "USER ana 0 * :Ana");
    let lines = house.ask(ana, "CAP END");
    let batch: Vec<_> =
        lines.iter().filter(|line| line.contains(" 005 ") || line.contains(" BATCH ")).cloned().collect();
    assert!(is_batched(&batch, "ana"), "{lines:#?}");
    let lines = house.ask(ana, "@label=x ISUPPORT");
    assert_eq!(lines[0], "@label=x :parlor.local BATCH +d draft/isupport");
}
