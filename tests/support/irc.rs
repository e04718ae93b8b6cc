//! A server without sockets or a clock, and guests on both wires. All output is checked: each IRC line has at most 512
//! bytes besides tags, is UTF-8, and contains CR LF only at its end.

use std::cell::RefCell;
use std::net::SocketAddr;
#[cfg(feature = "store")]
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use parlor::config::{ConfigError, Operator, ServerConfig};
use parlor::hub::Hub;
use parlor::message::Peer;
use parlor::server::Report;

use super::options::config;
use super::scene::{self, Scene};
use super::stream::Wire;

/// Replaces cloaked hosts in `lines`, which differ in every run.
pub const HOST: &str = "HOST";

const QUIET: Duration = Duration::from_millis(500);

/// A connected peer: a key to [`IrcScene`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest(usize);

impl Guest {
    pub fn number(self) -> usize {
        self.0
    }
}

#[derive(Debug)]
struct Connected {
    end: scene::Guest,
    is_irc: bool,
}

/// A server at a time that only the test advances, and all guests that ever connected.
pub struct IrcScene {
    scene: Scene,
    guests: Vec<Connected>,
}

impl IrcScene {
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same with another config.
    /// A server that answers no HTTP.
    pub fn without_web() -> Self {
        #[cfg(feature = "web")]
        return Self::with(|config| config.web.is_on = false);
        #[cfg(not(feature = "web"))]
        Self::new()
    }

    pub fn with(configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let operators =
            vec![Operator { name: "root".into(), password: "secret".parse().expect("a password") }];
        let mut config = ServerConfig { operators, ..config() };
        configure(&mut config);
        Self { scene: Scene::with(config), guests: Vec::new() }
    }

    /// The same with the clock set to this time.
    pub fn with_clock(time: SystemTime) -> Self {
        let config = Self::new().scene.files.expect("the config is right");
        Self { scene: Scene::with_clock(config, time), guests: Vec::new() }
    }

    /// The same with a history, kept in this directory.
    #[cfg(feature = "store")]
    pub fn with_history(directory: &Path, configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let mut house = Self::with(configure);
        house.scene.keep_history(directory);
        house
    }

    /// The server and its time.
    pub fn scene(&mut self) -> &mut Scene {
        &mut self.scene
    }

    pub fn announce_tls(&mut self, port: u16) {
        self.scene.announce_tls(port);
    }

    /// Makes the guest's connection count as encrypted.
    pub fn secure(&mut self, guest: Guest) {
        self.guests[guest.0].end.wire.borrow_mut().is_secure = true;
    }

    /// Lets the guest show a certificate, over a connection that counts as encrypted.
    pub fn shows(&mut self, guest: Guest, certificate: [u8; 32]) {
        self.secure(guest);
        self.guests[guest.0].end.wire.borrow_mut().certificate = Some(certificate);
    }

    /// The outcome of reading the config again.
    pub fn files(&mut self) -> &mut Result<ServerConfig, ConfigError> {
        &mut self.scene.files
    }

    /// Changes the config and reloads it, as after a signal.
    pub fn change(&mut self, configure: impl FnOnce(&mut ServerConfig)) {
        self.scene.change(configure);
    }

    /// Skips the checks of invariants after each turn, for long tests.
    pub fn unchecked(mut self) -> Self {
        self.scene.checks = false;
        self
    }

    pub fn hub(&self) -> &Hub {
        self.scene.server.hub()
    }

    pub fn connections(&self) -> usize {
        self.scene.server.connections()
    }

    pub fn report(&self) -> Report {
        self.scene.server.report(self.scene.now)
    }

    pub fn check(&self) {
        self.scene.check();
    }

    /// A guest from a separate address, which has sent nothing.
    pub fn connect(&mut self) -> Guest {
        let n = self.guests.len();
        self.connect_from(&format!("198.51.{}.{}:1000", n / 250, n % 250 + 1))
    }

    /// A guest from this address, which has sent nothing.
    pub fn connect_from(&mut self, address: &str) -> Guest {
        let peer = Peer::from(address.parse::<SocketAddr>().expect("the test names an address"));
        let end = self.scene.connect_from(peer);
        self.guests.push(Connected { end, is_irc: true });
        Guest(self.guests.len() - 1)
    }

    /// An IRC user without capabilities, which has read the welcome.
    pub fn irc(&mut self, name: &str) -> Guest {
        self.irc_with(name, "")
    }

    /// An IRC user with these capabilities, which has read the welcome.
    pub fn irc_with(&mut self, name: &str, capabilities: &str) -> Guest {
        let guest = self.connect();
        self.register(guest, name, capabilities);
        guest
    }

    pub fn register(&mut self, guest: Guest, name: &str, capabilities: &str) {
        if !capabilities.is_empty() {
            self.send(guest, &format!("CAP REQ :{capabilities}"));
        }
        self.send(guest, &format!("NICK {name}"));
        self.send(guest, &format!("USER {name} 0 * :{name} itself"));
        self.send(guest, "CAP END");
        let lines = self.lines(guest);
        assert!(lines.iter().any(|line| line.contains(" 001 ")), "{name} was not welcomed: {lines:#?}");
    }

    pub fn operator(&mut self, name: &str) -> Guest {
        let guest = self.irc(name);
        self.send(guest, "OPER root secret");
        let lines = self.lines(guest);
        assert!(lines.iter().any(|line| line.contains(" 381 ")), "{name} is no operator: {lines:#?}");
        guest
    }

    /// IRC users in `channel`, which have read the results of joining; the first is channel operator.
    pub fn channel<const N: usize>(&mut self, channel: &str, names: [&str; N]) -> [Guest; N] {
        let guests = names.map(|name| self.irc(name));
        for guest in guests {
            self.send(guest, &format!("JOIN {channel}"));
        }
        self.forget();
        guests
    }

    /// A CrazyIt user in the lobby, after its quiet time.
    pub fn crazyit(&mut self, name: &str) -> Guest {
        let guest = self.connect();
        self.guests[guest.0].is_irc = false;
        self.bytes(guest, format!("∏∑{name}∏∑"));
        assert_eq!(self.raw(guest), "1", "{name} is welcome");
        self.advance(QUIET);
        guest
    }

    /// Stops checking the guest's output as IRC.
    pub fn speaks_crazyit(&mut self, guest: Guest) {
        self.guests[guest.0].is_irc = false;
    }

    pub fn send(&mut self, guest: Guest, line: &str) {
        self.bytes(guest, format!("{line}\r\n"));
    }

    pub fn bytes(&mut self, guest: Guest, bytes: impl AsRef<[u8]>) {
        self.scene.send(&self.guests[guest.0].end, bytes);
    }

    /// `guest` sends bytes, and exactly one turn passes.
    pub fn bytes_for_a_turn(&mut self, guest: Guest, bytes: impl AsRef<[u8]>) {
        self.guests[guest.0].end.push(bytes);
        self.scene.poll();
    }

    pub fn half_close(&mut self, guest: Guest) {
        self.scene.end(&self.guests[guest.0].end);
    }

    /// The connection of `guest` breaks.
    pub fn reset(&mut self, guest: Guest) {
        self.scene.reset(&self.guests[guest.0].end);
    }

    /// `guest` sends a line. Returns the unread lines.
    pub fn ask(&mut self, guest: Guest, line: &str) -> Vec<String> {
        self.send(guest, line);
        self.lines(guest)
    }

    /// `guest` sends a line and gets one reply. Returns its numeric and parameters, without the server's name and the
    /// text for people.
    pub fn told(&mut self, guest: Guest, line: &str) -> String {
        let lines = self.ask(guest, line);
        let [only] = lines.as_slice() else { panic!("{line:?} is answered by {lines:#?}") };
        let numeric = only.strip_prefix(":parlor.local ").unwrap_or_else(|| panic!("{only:?} is a numeric"));
        numeric.split_once(" :").map_or(numeric, |(said, _)| said).to_owned()
    }

    /// Takes the unread output to `guest`.
    pub fn raw(&mut self, guest: Guest) -> String {
        self.guests[guest.0].end.heard()
    }

    /// Takes the unread lines to `guest`, without line ends and with cloaks replaced.
    pub fn lines(&mut self, guest: Guest) -> Vec<String> {
        let raw = self.raw(guest);
        if !self.guests[guest.0].is_irc {
            return raw.lines().map(str::to_owned).collect();
        }
        let mut lines = Vec::new();
        for line in raw.split_inclusive('\n') {
            check_line(line);
            lines.push(uncloaked(line.trim_end_matches("\r\n")));
        }
        lines
    }

    /// Drops all unread output.
    pub fn forget(&mut self) {
        for n in 0..self.guests.len() {
            self.lines(Guest(n));
        }
    }

    /// True when no guest has unread output.
    pub fn is_silent(&mut self) -> bool {
        (0..self.guests.len()).all(|n| self.lines(Guest(n)).is_empty())
    }

    /// True when the server has shut down its half of the connection.
    pub fn is_shut(&self, guest: Guest) -> bool {
        self.guests[guest.0].end.is_shut()
    }

    /// True when the server has dropped the connection.
    pub fn is_gone(&self, guest: Guest) -> bool {
        self.guests[guest.0].end.is_closed()
    }

    /// The stream of `guest`.
    pub fn wire(&self, guest: Guest) -> Rc<RefCell<Wire>> {
        Rc::clone(&self.guests[guest.0].end.wire)
    }

    pub fn advance(&mut self, by: Duration) {
        self.scene.advance(by);
    }

    /// Advances the time in steps, so that IRC clients answer every PING, and drops all output.
    pub fn pass(&mut self, by: Duration) {
        let mut left = by;
        while !left.is_zero() {
            let step = left.min(Duration::from_secs(60));
            self.advance(step);
            left -= step;
            for n in 0..self.guests.len() {
                if self.guests[n].is_irc && !self.is_shut(Guest(n)) {
                    self.send(Guest(n), "PONG x");
                }
            }
        }
        self.forget();
    }

    pub fn wait(&self) -> Option<Duration> {
        self.scene.wait()
    }
}

/// Panics unless `line`, including its end, is one valid IRC line.
pub fn check_line(line: &str) {
    let proper = match line.starts_with('@') {
        true => line.split_once(' ').map_or("", |(_, proper)| proper),
        false => line,
    };
    assert!(proper.len() <= 512, "{} bytes: {line:?}", proper.len());
    assert!(line.len() - proper.len() <= 4607, "{} bytes of tags", line.len() - proper.len());
    let inner = line.strip_suffix("\r\n").unwrap_or_else(|| panic!("{line:?} ends in CR LF"));
    assert!(!inner.contains(['\r', '\n', '\0']), "one line: {line:?}");
    assert!(!proper.starts_with(' ') && !inner.is_empty(), "a message: {line:?}");
}

/// Puts [`HOST`] in place of every cloaked host: two words of eight characters, and `ip`.
fn uncloaked(line: &str) -> String {
    let is_word = |word: &str| {
        word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let mut plain = String::new();
    let mut done = 0;
    for (at, _) in line.match_indices(".ip") {
        let start = at.checked_sub(17).filter(|&start| start >= done);
        let cloak = start.and_then(|start| Some((start, line.get(start..at)?)));
        if let Some((start, cloak)) = cloak
            && cloak.split('.').all(is_word)
        {
            plain.push_str(&line[done..start]);
            plain.push_str(HOST);
            done = at + ".ip".len();
        }
    }
    plain + &line[done..]
}
