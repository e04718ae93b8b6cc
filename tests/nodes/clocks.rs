//! Machines whose clocks are wrong.

use std::time::{Duration, SystemTime};

use crate::client::{bare, meet, tag};
use crate::nodes::{Nodes, Setup, faketime};

/// What a node may take the clock of the broker to differ from what it is.
const TOLERANCE: Duration = Duration::from_millis(20);

#[test]
fn clocks_five_minutes_apart_change_neither_times_nor_order() {
    if faketime().is_none() {
        return;
    }
    let setup = Setup { clocks: ["+300s", "-300s", ""], ..Setup::default() };
    let Some(nodes) = Nodes::with(3, setup) else { return };
    let capabilities = "message-tags server-time echo-message";
    let mut alice = nodes.member_with(0, "alice", "#tea", capabilities);
    let mut bob = nodes.member_with(1, "bob", "#tea", capabilities);
    let mut carol = nodes.member_with(2, "carol", "#tea", capabilities);
    meet("#tea", &mut [&mut alice, &mut bob, &mut carol]);
    let mut latest = (String::new(), SystemTime::UNIX_EPOCH);
    for round in 0..5 {
        for speaker in 0..3 {
            let people = [&mut alice, &mut bob, &mut carol];
            let text = format!("PRIVMSG #tea :{round} from {speaker}");
            let before = SystemTime::now() - Duration::from_secs(2);
            people[speaker].send(&text);
            let heard = people.map(|client| client.hear(&format!(" {text}")));
            assert!(heard.iter().all(|line| bare(line) == bare(&heard[0])), "{heard:#?}");
            let time = tag(&heard[0], "time");
            assert!(heard.iter().all(|line| tag(line, "time") == time), "{heard:#?}");
            let said = parlor::date::parse(time).expect("a time");
            // Ids are in the order of answers, and times as far as clocks can be compared.
            let id = tag(&heard[0], "msgid").to_owned();
            assert!(id > latest.0 && said + TOLERANCE >= latest.1, "{id} {time} is after {latest:?}");
            latest = (id, said);
            let within = said >= before && said <= SystemTime::now() + Duration::from_secs(2);
            assert!(within, "{time} is not the time of the broker, which is {before:?} and a little");
        }
    }
}
