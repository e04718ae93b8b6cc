//! What the server logs of passwords. A process has one logger, which changes what all servers in it do, so this test has
//! a process of its own.

#[path = "../support/mod.rs"]
mod support;

use std::net::Ipv4Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use log::{LevelFilter, Log, Metadata, Record};
use parlor::config::{Operator, ServerConfig};
use parlor::message::Peer;
use parlor::secret::Secret;
use support::options::config;
use support::scene::Scene;

fn secret(text: &str) -> Secret {
    text.parse().expect("it is a password")
}

/// What the server has logged.
struct Kept(Mutex<Vec<String>>);

static KEPT: Kept = Kept(Mutex::new(Vec::new()));

impl Kept {
    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log for Kept {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        self.lines().push(record.args().to_string());
    }

    fn flush(&self) {}
}

#[test]
fn the_log_tells_who_guessed_wrong_and_how_and_never_what() {
    log::set_logger(&KEPT).expect("nobody else does");
    log::set_max_level(LevelFilter::Trace);
    let operators = vec![Operator { name: "root".into(), password: secret("xyzzy-oper") }];
    let config = ServerConfig { password: Some(secret("xyzzy-all")), operators, ..config() };
    let shown = format!("{config:?}");
    let mut scene = Scene::with(config);
    let from = |port| Peer::Tcp(Ipv4Addr::new(203, 0, 113, 7).into(), port);
    let ana = scene.connect_from(from(1));
    scene.send(&ana, "∏∑ana※xyzzy-guess∏∑∏∑ana∏∑∏∑ana※xyzzy-all∏∑");
    let bob = scene.connect_from(from(2));
    scene.send(&bob, "PASS xyzzy-guess\r\nNICK bob\r\nUSER b 0 * :x\r\n");
    let cem = scene.connect_from(from(3));
    scene.send(&cem, "NICK cem\r\nUSER c 0 * :x\r\n");
    let dee = scene.connect_from(from(4));
    scene.send(&dee, "PASS xyzzy-all\r\nNICK dee\r\nUSER d 0 * :x\r\n");
    scene.send(&dee, "OPER root xyzzy-guess\r\nOPER xyzzy-oper xyzzy-oper\r\nOPER root xyzzy-oper\r\n");
    let logged = KEPT.lines().clone();
    for line in [
        "203.0.113.7:1: wrong password (CrazyIt login)",
        "203.0.113.7:1: login refused: no password was given",
        "203.0.113.7:2: wrong password (PASS)",
        "203.0.113.7:3: login refused: no password was given",
        "203.0.113.7:4: wrong password (OPER \"root\")",
        "203.0.113.7:4: wrong password (OPER, unknown name)",
    ] {
        assert!(logged.iter().any(|logged| logged == line), "{line}: {logged:#?}");
    }
    scene.send(&dee, "STATS p\r\nSTATS u\r\nINFO\r\n");
    let told = dee.heard();
    assert!(told.contains(" 381 dee ") && told.contains("up 0 days"), "{told}");
    let report = scene.server.report(scene.now);
    let texts = [told, shown, format!("{report:?}"), report.lines().join("\n"), logged.join("\n")];
    for text in texts {
        assert!(!text.contains("xyzzy"), "{text}");
    }
}
