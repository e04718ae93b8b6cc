//! Users at several connections, or at none. Nobody can ask for that yet; here the test does.

use parlor::message::{Peer, UserId};

use crate::support::options::limits;
use crate::support::scene::{Guest, Scene};

/// Somebody on IRC who is in the lobby, and has heard that.
fn irc(scene: &mut Scene, name: &str) -> Guest {
    let guest = scene.connect();
    scene.send(&guest, format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\nJOIN #lobby\r\n"));
    guest.heard();
    guest
}

fn id(scene: &Scene, name: &str) -> UserId {
    let users = scene.server.hub().users();
    let found = users.iter().find(|(_, user)| user.name().as_str() == name);
    found.expect("the user is here").0
}

/// Another connection of the user, which has shown that it speaks IRC.
fn second(scene: &mut Scene, name: &str) -> Guest {
    let guest = scene.connect_from(Peer::Unix);
    scene.send(&guest, "CAP LS\r\n");
    guest.heard();
    let (key, user) = (guest.key, id(scene, name));
    scene.turn(|server, now| server.attach(key, user, now));
    guest
}

#[test]
fn both_connections_of_a_user_hear_others_and_each_hears_what_the_other_says() {
    let mut scene = Scene::new(limits());
    let (ana, bob) = (irc(&mut scene, "ana"), irc(&mut scene, "bob"));
    let phone = second(&mut scene, "ana");
    bob.heard();
    ana.heard();
    scene.send(&bob, "PRIVMSG #lobby :hi\r\nPRIVMSG ana :psst\r\n");
    assert_eq!(ana.heard(), phone.heard());
    scene.send(&phone, "PRIVMSG #lobby :from the bus\r\nPRIVMSG bob :me too\r\n");
    assert_eq!(phone.heard(), "", "it has no echo-message");
    let heard = ana.heard();
    assert!(
        heard.contains("PRIVMSG #lobby :from the bus") && heard.contains("PRIVMSG bob :me too"),
        "{heard}"
    );
    assert_eq!(bob.heard().lines().count(), 2);
    scene.send(&phone, "JOIN #tea\r\n");
    assert!(ana.heard().contains("JOIN #tea"), "both are in the same rooms");
}

#[test]
fn a_user_leaves_with_the_last_of_its_connections_and_not_before() {
    let mut scene = Scene::new(limits());
    let (ana, bob) = (irc(&mut scene, "ana"), irc(&mut scene, "bob"));
    let phone = second(&mut scene, "ana");
    bob.heard();
    scene.reset(&ana);
    assert_eq!(bob.heard(), "");
    scene.send(&bob, "PRIVMSG ana :still there?\r\n");
    assert!(phone.heard().contains("still there?"));
    scene.send(&phone, "QUIT :bye\r\n");
    assert!(bob.heard().contains("QUIT :Quit: bye"));
    assert_eq!(scene.server.hub().users().len(), 1);
}

#[test]
fn a_user_who_stays_is_in_its_rooms_without_a_connection_and_comes_back_to_them() {
    let mut scene = Scene::new(limits());
    let (ana, bob) = (irc(&mut scene, "ana"), irc(&mut scene, "bob"));
    let user = id(&scene, "ana");
    scene.turn(|server, _| server.set_stays(user, true));
    scene.end(&ana);
    assert!(!bob.heard().contains("QUIT"));
    scene.send(&bob, "NAMES #lobby\r\nPRIVMSG ana :are you there?\r\n");
    assert!(bob.heard().contains("ana"));
    let back = second(&mut scene, "ana");
    scene.send(&bob, "PRIVMSG #lobby :welcome back\r\n");
    assert!(back.heard().contains("welcome back"));
    scene.turn(|server, _| server.set_stays(user, false));
    scene.end(&back);
    assert!(bob.heard().contains("QUIT"));
}

#[test]
fn when_the_server_ends_every_connection_of_a_user_does_and_the_user_leaves_once() {
    let mut scene = Scene::new(limits());
    let ana = irc(&mut scene, "ana");
    let phone = second(&mut scene, "ana");
    scene.turn(|server, now| server.shut_down(now));
    scene.settle();
    assert!(ana.is_shut() && phone.is_shut());
    assert!(scene.server.hub().users().is_empty());
}
