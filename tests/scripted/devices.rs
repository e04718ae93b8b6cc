//! Users with several connections, or none. No protocol offers that yet, so the tests attach them.

use parlor::message::{Peer, UserId};

use crate::support::options::limits;
use crate::support::scene::{Guest, Scene};

/// An IRC user in the lobby, whose welcome was read.
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

/// A further connection of the user, on IRC.
fn second(scene: &mut Scene, name: &str) -> Guest {
    let guest = scene.connect_from(Peer::Unix);
    scene.send(&guest, "CAP LS\r\n");
    guest.heard();
    let (key, user) = (guest.key, id(scene, name));
    scene.turn(|server, now| server.attach(key, user, now));
    guest
}

#[test]
fn each_connection_of_a_user_hears_others_and_what_its_twin_says() {
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
fn a_user_leaves_only_with_its_last_connection() {
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
fn a_staying_user_keeps_its_rooms_without_a_connection_and_returns_to_them() {
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
fn at_shutdown_all_connections_of_a_user_close_and_it_leaves_once() {
    let mut scene = Scene::new(limits());
    let ana = irc(&mut scene, "ana");
    let phone = second(&mut scene, "ana");
    scene.turn(|server, now| server.shut_down(now));
    scene.settle();
    assert!(ana.is_shut() && phone.is_shut());
    assert!(scene.server.hub().users().is_empty());
}
