//! A crowd chats while the program is replaced.

use std::time::Duration;

use parlor::net::raise_descriptor_limit;

use crate::crowd::{Crowd, Part};
use crate::place::Place;

const TEXTBOOK_USERS: usize = 2_500;
const IRC_USERS: usize = 2_500;

/// IRC users in a room of their own.
const IN_A_ROOM: usize = 10;

/// Textbook users who speak, to everybody in the lobby.
const SPEAKERS: usize = 3;

/// IRC users who are also in the lobby, and in the rooms before that.
const IN_BOTH: usize = 50;

const UPGRADES: u32 = 3;
const ROUNDS: u32 = 30;

/// Between two rounds.
const ROUND: Duration = Duration::from_millis(20);

#[test]
fn three_upgrades_under_5_000_users_who_chat_lose_double_and_disorder_nothing() {
    raise_descriptor_limit();
    let place = Place::start(&["--max-connections", "6000", "--max-per-ip", "6000"]);
    let room = |n: usize| format!("#r{}", n / IN_A_ROOM);
    let irc = (0..IRC_USERS).map(|n| {
        let lobby = (n < IN_BOTH).then(|| "#lobby".to_owned());
        Part::Irc([room(n)].into_iter().chain(lobby).collect())
    });
    let parts: Vec<_> = irc.chain((0..TEXTBOOK_USERS).map(|_| Part::Textbook)).collect();
    let mut crowd = Crowd::gather(place.socket_address(), &parts);
    let mut count = 0;
    let mut round = |crowd: &mut Crowd| {
        (0..IRC_USERS + SPEAKERS).for_each(|user| crowd.say(user, count));
        count += 1;
        crowd.turn_for(ROUND);
    };
    for _ in 0..UPGRADES {
        (0..ROUNDS / 2).for_each(|_| round(&mut crowd));
        place.install();
        place.ask();
        while !place.has_said("took over") {
            round(&mut crowd);
        }
        (0..ROUNDS / 2).for_each(|_| round(&mut crowd));
    }
    crowd.expect(count, |user| {
        let speakers = IRC_USERS..IRC_USERS + SPEAKERS;
        if user >= IRC_USERS {
            return speakers.collect();
        }
        let first = user / IN_A_ROOM * IN_A_ROOM;
        let others = (first..first + IN_A_ROOM).filter(move |&other| other != user);
        let speakers = speakers.filter(|_| user < IN_BOTH);
        others.chain(speakers).collect()
    });
}
