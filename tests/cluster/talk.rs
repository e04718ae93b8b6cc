//! What is said arrives once and in order, whatever fails, unless a server is killed or the broker forgets.

use proptest::prelude::*;

use crate::town::{Client, Town};

const NODES: usize = 3;
const NAMES: [&str; 6] = ["ana", "bob", "cyd", "dan", "eve", "fay"];

#[derive(Clone, Debug)]
enum Step {
    /// Somebody says something in the room.
    Say(usize),
    /// Somebody says something to the next one.
    Whisper(usize),
    Run(u64),
    Cut(usize, u64),
    Pause(usize, u64),
    Broker(u64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => (0..NAMES.len()).prop_map(Step::Say),
        10 => (0..NAMES.len()).prop_map(Step::Whisper),
        20 => (0..300u64).prop_map(Step::Run),
        2 => (0..NODES, 100..20_000u64).prop_map(|(node, time)| Step::Cut(node, time)),
        2 => (0..NODES, 100..20_000u64).prop_map(|(node, time)| Step::Pause(node, time)),
        2 => (100..20_000u64).prop_map(Step::Broker),
    ]
}

/// Everybody in one room, two on each server.
fn gathered(seed: u64) -> (Town, Vec<Client>) {
    let mut town = Town::with(NODES, seed);
    let clients: Vec<_> = NAMES.iter().enumerate().map(|(n, name)| town.irc(n % NODES, name)).collect();
    clients.iter().for_each(|client| drop(town.told(client, "JOIN #tea")));
    town.run(6_000);
    clients.iter().for_each(|client| drop(client.guest.heard()));
    (town, clients)
}

/// The texts that a client has heard from the user of this name, in the room or in private.
fn from(heard: &str, name: &str, in_room: bool) -> Vec<String> {
    let is_one = |line: &&str| {
        line.starts_with(&format!(":{name}!"))
            && line.contains(" PRIVMSG ")
            && line.contains(" PRIVMSG #tea ") == in_room
    };
    heard.lines().filter(is_one).map(|line| line.rsplit(':').next().unwrap_or_default().to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn everybody_hears_everything_once_and_in_the_order_of_its_speaker(
        seed in any::<u64>(),
        steps in prop::collection::vec(any_step(), 1..80),
    ) {
        let (mut town, clients) = gathered(seed);
        let (mut said, mut whispered) = (vec![Vec::new(); NAMES.len()], vec![Vec::new(); NAMES.len()]);
        let mut heard = vec![String::new(); NAMES.len()];
        let mut trouble = 0;
        for (n, step) in steps.into_iter().enumerate() {
            match step {
                Step::Say(who) => {
                    town.send(&clients[who], &format!("PRIVMSG #tea :{n}"));
                    said[who].push(n.to_string());
                }
                Step::Whisper(who) => {
                    let to = NAMES[(who + 1) % NAMES.len()];
                    heard[who] += &clients[who].guest.heard();
                    town.send(&clients[who], &format!("PRIVMSG {to} :{n}"));
                    let answer = clients[who].guest.heard();
                    // The users of a server that is down are not here.
                    if !answer.contains(" 401 ") {
                        whispered[who].push(n.to_string());
                    }
                    heard[who] += &answer;
                }
                Step::Run(time) => town.run(time),
                Step::Cut(node, time) => {
                    trouble += time;
                    town.world.cut(node);
                    town.run(time);
                    town.world.mend(node);
                }
                Step::Pause(node, time) => {
                    trouble += time;
                    town.world.pause(node, time);
                }
                Step::Broker(time) => {
                    town.world.stop_broker(false);
                    town.run(time);
                    town.world.start_broker();
                }
            }
        }
        town.run(40_000);
        heard.iter_mut().zip(&clients).for_each(|(heard, client)| *heard += &client.guest.heard());
        for (hearer, heard) in heard.iter().enumerate() {
            for speaker in (0..NAMES.len()).filter(|speaker| *speaker != hearer) {
                let texts = from(heard, NAMES[speaker], true);
                prop_assert_eq!(&texts, &said[speaker], "{} hears {}:\n{}", NAMES[hearer], NAMES[speaker], heard);
                let for_it = (speaker + 1) % NAMES.len() == hearer;
                let expected = if for_it { &whispered[speaker][..] } else { &[] };
                let texts = from(heard, NAMES[speaker], false);
                if trouble < 5_000 {
                    prop_assert_eq!(&texts, expected, "{}", heard);
                } else {
                    // Whose server is down cannot be reached.
                    let mut rest = expected.iter();
                    prop_assert!(texts.iter().all(|text| rest.any(|other| other == text)), "{}", heard);
                }
            }
        }
    }
}
