//! Accounts, and devices of one account on several nodes.

use crate::client::{Client, introduce, texts};
use crate::nodes::{CAPABILITIES, Nodes, Setup};
use crate::support::accounts::plain;

const PASSWORD: &str = "open sesame";

/// Registers an account on a node, whose user then quits.
#[track_caller]
fn register(nodes: &Nodes, n: usize, name: &str) {
    let mut client = nodes.client(n, name);
    client.send(&format!("REGISTER * * :{PASSWORD}"));
    client.hear(" REGISTER SUCCESS ");
    client.send("QUIT");
    client.end();
}

/// A device that logs in with SASL.
#[track_caller]
fn device(nodes: &Nodes, n: usize, name: &str, device: &str) -> Client {
    let mut client = nodes.connect(n, name);
    client.send(&format!(
        "CAP REQ :{CAPABILITIES} sasl echo-message draft/read-marker\r\nNICK x\r\nUSER u 0 * :U"
    ));
    client.send("AUTHENTICATE PLAIN");
    client.hear("AUTHENTICATE +");
    client.send(&format!("AUTHENTICATE {}\r\nCAP END", plain(&format!("{name}/{device}"), PASSWORD)));
    client.hear(" 903 ");
    client.hear(&format!(" 001 {name} "));
    client.lines();
    client
}

#[test]
fn an_account_registered_on_one_node_is_everywhere() {
    let Some(nodes) = Nodes::start(2) else { return };
    register(&nodes, 0, "ana");
    let mut thief = nodes.connect(1, "ana");
    thief.send("NICK ana\r\nUSER t 0 * :T");
    thief.hear(" 433 ");
    let mut ana = device(&nodes, 1, "ana", "phone");
    let mut bob = nodes.client(0, "bob");
    bob.until_told("WHOIS ana", " 330 bob ana ana ");
    ana.told("NS INFO", "ana");
    let mut wrong = nodes.connect(0, "ana");
    wrong.send("CAP REQ sasl\r\nAUTHENTICATE PLAIN");
    wrong.hear("AUTHENTICATE +");
    wrong.send(&format!("AUTHENTICATE {}", plain("ana", "open barley")));
    wrong.hear(" 904 ");
}

#[test]
fn devices_of_one_account_on_different_nodes_are_one_user() {
    let Some(nodes) = Nodes::start(3) else { return };
    register(&nodes, 0, "ana");
    let mut bob = nodes.member(2, "bob", "#tea");
    let mut desk = device(&nodes, 0, "ana", "desk");
    desk.told("JOIN #tea", " 366 ");
    bob.hear(":ana!");
    let mut phone = device(&nodes, 1, "ana", "phone");
    phone.until_told("NAMES #tea", "ana");
    // Each hears what the others say, and what is said to both.
    desk.send("PRIVMSG #tea :from the desk\r\nPRIVMSG bob :between us");
    for client in [&mut desk, &mut phone] {
        client.hear(" PRIVMSG #tea :from the desk");
        client.hear(" PRIVMSG bob :between us");
    }
    let lines = bob.all_up_to(crate::support::DEADLINE, " PRIVMSG bob :between us");
    assert_eq!(texts(&lines, "#tea"), ["from the desk"]);
    bob.send("PRIVMSG ana :hello both");
    desk.hear(" PRIVMSG ana :hello both");
    phone.hear(" PRIVMSG ana :hello both");
    // Read markers follow.
    let marked = "timestamp=2030-01-01T00:00:00.000Z";
    phone.told(&format!("MARKREAD #tea {marked}"), " MARKREAD #tea ");
    let marker = desk.hear(" MARKREAD #tea timestamp=");
    assert!(marker.contains("timestamp=20"), "{marker}");
    // The user stays until the last one goes.
    desk.send("QUIT :off");
    desk.end();
    phone.send("PRIVMSG #tea :still here");
    let lines = bob.all_up_to(crate::support::DEADLINE, " PRIVMSG #tea :still here");
    assert!(!lines.iter().any(|line| line.contains(" QUIT ")), "{lines:#?}");
    phone.send("QUIT :off too");
    bob.hear("Quit: off too");
}

#[test]
fn an_always_on_user_stays_when_its_node_is_killed_and_is_met_on_another() {
    let Some(mut nodes) = Nodes::with(2, Setup { options: &["--always-on"], ..Setup::default() }) else {
        return;
    };
    register(&nodes, 0, "ana");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut ana = device(&nodes, 0, "ana", "desk");
    ana.told("JOIN #tea", " 366 ");
    let mut carol = nodes.member(0, "carol", "#tea");
    introduce(&mut [&mut bob, &mut ana, &mut carol]);
    bob.lines();
    nodes.kill(0);
    let lines = bob.all_up_to(std::time::Duration::from_secs(10), " QUIT ");
    assert!(lines.iter().all(|line| !line.contains(":ana!") || !line.contains(" QUIT ")), "{lines:#?}");
    let quit = lines.last().expect("it ends so");
    assert!(quit.contains(":carol!"), "{quit}");
    bob.told("NAMES #tea", "ana");
    bob.send("PRIVMSG #tea :when you are back");
    // Private messages are kept, too.
    bob.lines();
    let mut ana = device(&nodes, 1, "ana", "desk");
    ana.until_told("NAMES #tea", "bob");
    bob.send("PRIVMSG #tea :welcome");
    ana.hear(" PRIVMSG #tea :welcome");
}

#[test]
fn a_registered_room_is_known_on_all_nodes_and_outlives_them() {
    let Some(mut nodes) = Nodes::start(2) else { return };
    register(&nodes, 0, "ana");
    let mut ana = device(&nodes, 0, "ana", "desk");
    ana.told("JOIN #tea", " 366 ");
    ana.send("CS REGISTER #tea\r\nTOPIC #tea :green");
    ana.hear(" TOPIC #tea :green");
    let mut bob = nodes.client(1, "bob");
    bob.until_told("CS INFO #tea", "ana");
    ana.send("QUIT");
    ana.end();
    bob.send("QUIT");
    bob.end();
    for n in 0..2 {
        nodes.signal(n, rustix::process::Signal::TERM);
        assert_eq!(nodes.program(n).ended().status, Some(0));
    }
    for n in 0..2 {
        nodes.revive(n);
    }
    // Whoever is welcome is on a node that has joined.
    let _guest = nodes.client(0, "guest");
    let mut bob = nodes.client(1, "bob");
    bob.until_told("CS INFO #tea", "ana");
    bob.told("JOIN #tea", " 332 bob #tea :green");
    let mut ana = device(&nodes, 0, "ana", "desk");
    ana.told("JOIN #tea", " 366 ");
    ana.until_told("NAMES #tea", "@ana");
}

#[test]
fn search_is_refused_with_the_reason() {
    let Some(nodes) = Nodes::start(1) else { return };
    let capabilities = "message-tags server-time batch labeled-response draft/search";
    let mut bob = nodes.connect(0, "bob").register(capabilities);
    bob.told("JOIN #tea", " 366 ");
    let refused = bob.told("SEARCH text=hello", "FAIL SEARCH ");
    assert!(refused.contains("UNSUPPORTED"), "{refused}");
}
