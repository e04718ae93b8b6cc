//! Who is here, on whatever node.

use crate::client::agreed;
use crate::nodes::Nodes;

#[test]
fn who_names_list_whois_and_lusers_tell_the_same_on_all_nodes() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    carol.told("JOIN #mate", " 366 ");
    alice.send("TOPIC #tea :green\r\nMODE #tea +v bob");
    carol.send("AWAY :out");
    let people = &mut [&mut alice, &mut bob, &mut carol];
    for (question, parts) in [
        ("WHO #tea", &[" alice H@ ", " bob H+ ", " carol G "][..]),
        ("NAMES #tea", &["@alice", "+bob", "carol"]),
        ("LIST", &[" #tea 3 :green", " #mate 1 :"]),
        ("LUSERS", &["There are 3 users and 0 invisible on 3 servers"]),
        ("ISON alice bob carol dora", &["alice bob carol"]),
        ("USERHOST carol", &["carol=-"]),
        ("TOPIC #tea", &[" #tea :green"]),
        ("MODE #tea", &[" #tea +"]),
    ] {
        people[0]
            .until(question, |lines| parts.iter().all(|part| lines.iter().any(|line| line.contains(part))));
        let mut told = agreed(people, question);
        // Counts of this node alone.
        told.retain(|line| !line.contains(" 255 "));
        for part in parts {
            assert!(told.iter().any(|line| line.contains(part)), "{question}: {told:#?}");
        }
    }
    let told = alice.ask("WHOIS carol").join("\n");
    for part in [" 311 alice carol ~carol ", " 319 alice carol :", "#tea", " 301 alice carol :out", " 317 "] {
        assert!(told.contains(part), "{told}");
    }
    alice.told("PRIVMSG carol :there?", " 301 alice carol :out");
    alice.told("WHOWAS dora", " 406 ");
}

#[test]
fn a_name_is_taken_everywhere_and_free_everywhere_again() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.client(0, "alice");
    let mut other = nodes.client(1, "other");
    let mut third = nodes.connect(2, "alice");
    other.told("NICK Alice", " 433 ");
    third.send("NICK alice\r\nUSER a 0 * :A");
    third.hear(" 433 ");
    alice.told("NICK alicia", " NICK ");
    other.until("NICK alice", |lines| lines.iter().any(|line| line.contains(" NICK alice")));
    other.name = "alice".to_owned();
    third.send("NICK alicia");
    third.hear(" 433 ");
    alice.send("QUIT");
    alice.end();
    other.until("ISON alicia", |lines| lines.iter().any(|line| line.ends_with(" :")));
    third.send("NICK alicia");
    third.hear(" 001 alicia ");
}

#[test]
fn watch_lists_tell_of_people_on_other_nodes() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.client(0, "alice");
    alice.told("MONITOR + bob", " 731 alice :bob");
    let mut bob = nodes.client(1, "bob");
    alice.hear(" 730 alice :bob!");
    bob.told("NICK bobby", " NICK bobby");
    alice.hear(" 731 alice :bob");
    bob.told("NICK bob", " NICK bob");
    alice.hear(" 730 alice :bob!");
    bob.send("QUIT");
    alice.hear(" 731 alice :bob");
}

#[test]
fn being_away_is_told_on_other_nodes() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.client_with(0, "alice", "away-notify message-tags");
    alice.told("JOIN #tea", " 366 ");
    let mut bob = nodes.member(1, "bob", "#tea");
    bob.told("AWAY :lunch", " 306 ");
    alice.hear(" AWAY :lunch");
    bob.told("AWAY", " 305 ");
    let back = alice.hear(" AWAY");
    assert!(back.contains(":bob!") && !back.contains("lunch"), "{back}");
}

#[test]
fn an_invitation_from_another_node_opens_a_room() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.client(1, "bob");
    alice.told("MODE #tea +i", " MODE #tea +i");
    bob.until_told("JOIN #tea", " 473 ");
    alice.told("INVITE bob #tea", " 341 ");
    bob.hear(" INVITE bob ");
    bob.told("JOIN #tea", " 366 ");
    alice.hear(":bob!");
}
