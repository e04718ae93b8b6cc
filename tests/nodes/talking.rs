//! What people say reaches everybody on all nodes: once, in order, with the same id and time.

use crate::client::{agreed, bare, introduce, tag, texts};
use crate::nodes::{NAMES, Nodes};
#[cfg(feature = "web")]
use crate::support::browser::Browser;
use crate::support::{DEADLINE, say, whisper};

#[test]
fn a_message_in_a_room_arrives_on_all_nodes_with_the_same_id_and_time() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut people: Vec<_> = ["alice", "bob", "carol"]
        .iter()
        .enumerate()
        .map(|(n, name)| nodes.client_with(n, name, "message-tags server-time echo-message"))
        .collect();
    people.iter_mut().for_each(|client| drop(client.told("JOIN #tea", " 366 ")));
    for n in 0..3 {
        people[n].send(&format!("PRIVMSG #tea :from {}", NAMES[n]));
        let heard: Vec<_> = people
            .iter_mut()
            .map(|client| client.hear(&format!(" PRIVMSG #tea :from {}", NAMES[n])))
            .collect();
        assert_eq!(bare(&heard[0]), bare(&heard[1]));
        for name in ["msgid", "time"] {
            assert!(heard.iter().all(|line| tag(line, name) == tag(&heard[0], name)), "{heard:#?}");
        }
    }
}

#[test]
fn private_messages_notices_and_tags_arrive_on_another_node() {
    let Some(nodes) = Nodes::start(2) else { return };
    let (mut alice, mut bob) = (nodes.client(0, "alice"), nodes.client(1, "bob"));
    introduce(&mut [&mut alice, &mut bob]);
    alice.send("PRIVMSG bob :hello\r\nNOTICE bob :note\r\n@+typing=active TAGMSG bob");
    bob.hear(" PRIVMSG bob :hello");
    bob.hear(" NOTICE bob :note");
    assert!(bob.hear(" TAGMSG bob").contains("+typing=active"));
    bob.send("PRIVMSG alice :hello back");
    alice.hear(" PRIVMSG alice :hello back");
    alice.told("PRIVMSG nobody :hello?", " 401 alice nobody ");
}

#[test]
fn what_one_person_says_arrives_once_and_in_order_on_all_nodes() {
    const COUNT: usize = 500;
    let Some(nodes) = Nodes::start(3) else { return };
    let mut people =
        [nodes.member(0, "alice", "#tea"), nodes.member(1, "bob", "#tea"), nodes.member(2, "carol", "#tea")];
    for n in 0..COUNT {
        people
            .iter_mut()
            .for_each(|client| client.send(&format!("PRIVMSG #tea :{} {n}", client.name.clone())));
    }
    people.iter_mut().for_each(|client| client.send(&format!("PRIVMSG #tea :{} ends", client.name.clone())));
    let names = ["alice", "bob", "carol"];
    for reader in &mut people {
        let others: Vec<_> = names.iter().filter(|name| **name != reader.name).collect();
        let mut lines = Vec::new();
        while !others.iter().all(|name| texts(&lines, "#tea").contains(&format!("{name} ends").as_str())) {
            lines.extend(reader.all_up_to(DEADLINE, " ends"));
        }
        for name in others {
            let said: Vec<_> =
                texts(&lines, "#tea").into_iter().filter(|text| text.starts_with(name)).collect();
            let expected: Vec<_> =
                (0..COUNT).map(|n| format!("{name} {n}")).chain([format!("{name} ends")]).collect();
            assert_eq!(said, expected, "what {} hears of {name}", reader.name);
        }
    }
}

#[test]
fn the_history_is_the_same_on_all_nodes() {
    let Some(nodes) = Nodes::start(3) else { return };
    let capabilities = "message-tags server-time batch draft/chathistory echo-message";
    let mut people: Vec<_> =
        (0..3).map(|n| nodes.client_with(n, ["alice", "bob", "carol"][n], capabilities)).collect();
    people.iter_mut().for_each(|client| drop(client.told("JOIN #tea", " 366 ")));
    for round in 0..10 {
        for (n, name) in NAMES.iter().enumerate() {
            people[n].send(&format!("PRIVMSG #tea :{round} from {name}"));
        }
    }
    people[1].send("TOPIC #tea :green");
    let [alice, bob, carol] = &mut people[..] else { panic!("there are three") };
    let question = "CHATHISTORY LATEST #tea * 100";
    // Each node has written its part when all have the same 30 lines.
    let complete =
        |lines: &[String]| lines.iter().filter(|line| line.contains(" PRIVMSG #tea :")).count() == 30;
    let mut history = Vec::new();
    for client in [alice, bob, carol] {
        let lines = client.until(question, complete);
        let plain = |line: &String| {
            // The name of a batch is the connection's.
            let start = if line.starts_with("@batch=") { line.find(';').map_or(0, |at| at + 1) } else { 0 };
            line[start..].to_owned()
        };
        let said = lines.iter().filter(|line| line.starts_with("@batch=")).map(plain);
        history.push(said.collect::<Vec<_>>());
    }
    assert!(history[0].len() >= 30);
    assert!(history[0] == history[1] && history[1] == history[2], "{history:#?}");
}

#[test]
fn a_textbook_client_and_irc_clients_on_other_nodes_talk() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut tom = nodes.textbook(0, "tom");
    let mut uma = nodes.textbook(1, "uma");
    let mut bob = nodes.member(2, "bob", "#lobby");
    let mut ann = nodes.client(0, "ann");
    ann.until_told("NAMES #lobby", "bob");
    tom.send(say("hello"));
    tom.expect("tom说：hello\n");
    uma.expect("tom说：hello\n");
    bob.hear(":tom!");
    bob.send("PRIVMSG #lobby :hello tom");
    tom.expect("bob说：hello tom\n");
    uma.expect("bob说：hello tom\n");
    tom.send(whisper("bob", "psst"));
    bob.hear(" PRIVMSG bob :psst");
    tom.send(whisper("uma", "and you"));
    uma.expect("tom悄悄地对你说：and you\n");
    bob.send("PRIVMSG tom :yes?");
    tom.expect("bob悄悄地对你说：yes?\n");
}

#[test]
fn textbook_and_irc_clients_on_different_nodes_cannot_share_a_name() {
    let Some(nodes) = Nodes::start(2) else { return };
    let _tom = nodes.textbook(0, "tom");
    let mut other = nodes.connect(1, "tom");
    other.send("NICK tom\r\nUSER t 0 * :T");
    other.hear(" 433 ");
}

#[test]
fn topics_parts_renames_and_quits_are_heard_on_all_nodes() {
    let Some(nodes) = Nodes::start(3) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut bob = nodes.member(1, "bob", "#tea");
    let mut carol = nodes.member(2, "carol", "#tea");
    alice.hear(":carol!");
    alice.send("TOPIC #tea :green");
    bob.hear(" TOPIC #tea :green");
    carol.hear(" TOPIC #tea :green");
    bob.send("PART #tea :bye");
    alice.hear(":bob!");
    carol.hear(" PART #tea :bye");
    carol.send("NICK caroline");
    alice.hear(" NICK caroline");
    carol.name = "caroline".to_owned();
    carol.send("QUIT :tired");
    let quit = alice.hear(" QUIT ");
    assert!(quit.contains(":caroline!") && quit.contains("tired"), "{quit}");
    let names = agreed(&mut [&mut alice, &mut bob], "NAMES #tea");
    assert!(names[0].contains(":@alice"), "{names:#?}");
}

#[cfg(feature = "web")]
#[test]
fn a_browser_on_one_node_talks_to_irc_clients_on_another() {
    let Some(nodes) = Nodes::start(2) else { return };
    let mut alice = nodes.member(0, "alice", "#tea");
    let mut browser = Browser::user(nodes.address(1), "brow");
    browser.say("JOIN #tea");
    browser.expect(" 366 ");
    alice.hear(":brow!");
    alice.send("PRIVMSG #tea :hello browser\r\nPRIVMSG brow :just you");
    browser.expect(" PRIVMSG #tea :hello browser");
    browser.expect(" PRIVMSG brow :just you");
    browser.say("PRIVMSG #tea :hello terminal");
    alice.hear(" PRIVMSG #tea :hello terminal");
    browser.say("NICK alice");
    browser.expect(" 433 ");
}
