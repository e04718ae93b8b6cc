//! A server without sockets and without a clock, and guests on both wires. What a guest is sent is looked at line by
//! line, and every IRC line is checked on its way: at most 512 bytes besides tags, UTF-8, one CR LF and that at its end.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use parlor::config::{ConfigError, Operator, ServerConfig};
use parlor::hub::Hub;
use parlor::message::Peer;
use parlor::server::Report;

use super::options::config;
use super::scene::{self, Scene};

/// What stands in `lines` for a cloaked host, which is another in every run.
pub const HOST: &str = "HOST";

/// How long nothing follows the answer to a CrazyIt login.
const QUIET: Duration = Duration::from_millis(500);

/// Somebody who is connected: a key to [`IrcScene`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest(usize);

impl Guest {
    /// Another number for every guest.
    pub fn number(self) -> usize {
        self.0
    }
}

#[derive(Debug)]
struct Connected {
    end: scene::Guest,
    is_irc: bool,
}

/// A server at a time that only the test moves, and everybody who ever connected.
pub struct IrcScene {
    scene: Scene,
    guests: Vec<Connected>,
}

impl IrcScene {
    /// A server with an operator `root` whose password is `secret`.
    pub fn new() -> Self {
        Self::with(|_| ())
    }

    /// The same, configured otherwise.
    pub fn with(configure: impl FnOnce(&mut ServerConfig)) -> Self {
        let operators =
            vec![Operator { name: "root".into(), password: "secret".parse().expect("a password") }];
        let mut config = ServerConfig { operators, ..config() };
        configure(&mut config);
        Self { scene: Scene::with(config), guests: Vec::new() }
    }

    /// The same server as `new`, with a clock that is set to this time.
    pub fn with_clock(time: SystemTime) -> Self {
        let config = Self::new().scene.files.expect("the config is right");
        Self { scene: Scene::with_clock(config, time), guests: Vec::new() }
    }

    /// IRC clients are to come with TLS, at this port.
    pub fn announce_tls(&mut self, port: u16) {
        self.scene.server.announce_tls(Some(port));
    }

    /// From now on nobody on the way can read what goes over this guest's connection.
    pub fn secure(&mut self, guest: Guest) {
        self.guests[guest.0].end.wire.borrow_mut().is_secure = true;
    }

    /// What the config says when it is read again; or why it cannot be.
    pub fn files(&mut self) -> &mut Result<ServerConfig, ConfigError> {
        &mut self.scene.files
    }

    /// A signal asks for the config, which is another now.
    pub fn change(&mut self, configure: impl FnOnce(&mut ServerConfig)) {
        self.scene.change(configure);
    }

    /// Leaves the invariants unchecked, for tests of many turns, which check them now and then.
    pub fn unchecked(mut self) -> Self {
        self.scene.checks = false;
        self
    }

    /// Who is here.
    pub fn hub(&self) -> &Hub {
        self.scene.server.hub()
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.scene.server.connections()
    }

    /// What there is to see inside.
    pub fn report(&self) -> Report {
        self.scene.server.report(self.scene.now)
    }

    /// Panics where an invariant does not hold.
    pub fn check(&self) {
        self.scene.check();
    }

    /// Somebody who has connected, from an address of their own, and said nothing.
    pub fn connect(&mut self) -> Guest {
        let n = self.guests.len();
        self.connect_from(&format!("198.51.{}.{}:1000", n / 250, n % 250 + 1))
    }

    /// Somebody who has connected from this address and said nothing.
    pub fn connect_from(&mut self, address: &str) -> Guest {
        let peer = Peer::from(address.parse::<SocketAddr>().expect("the test names an address"));
        let end = self.scene.connect_from(peer);
        self.guests.push(Connected { end, is_irc: true });
        Guest(self.guests.len() - 1)
    }

    /// An IRC user without any capability, who has read the welcome.
    pub fn irc(&mut self, name: &str) -> Guest {
        self.irc_with(name, "")
    }

    /// An IRC user with these capabilities, who has read the welcome.
    pub fn irc_with(&mut self, name: &str, capabilities: &str) -> Guest {
        let guest = self.connect();
        self.register(guest, name, capabilities);
        guest
    }

    /// Makes `guest` an IRC user.
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

    /// An IRC user who is an operator of the server.
    pub fn operator(&mut self, name: &str) -> Guest {
        let guest = self.irc(name);
        self.send(guest, "OPER root secret");
        let lines = self.lines(guest);
        assert!(lines.iter().any(|line| line.contains(" 381 ")), "{name} is no operator: {lines:#?}");
        guest
    }

    /// IRC users `names`, all in `channel`; the first is its operator, and all have read what came of it.
    pub fn channel<const N: usize>(&mut self, channel: &str, names: [&str; N]) -> [Guest; N] {
        let guests = names.map(|name| self.irc(name));
        for guest in guests {
            self.send(guest, &format!("JOIN {channel}"));
        }
        self.forget();
        guests
    }

    /// A CrazyIt user in the lobby, from whom nothing is held back any more.
    pub fn crazyit(&mut self, name: &str) -> Guest {
        let guest = self.connect();
        self.guests[guest.0].is_irc = false;
        self.bytes(guest, format!("∏∑{name}∏∑"));
        assert_eq!(self.raw(guest), "1", "{name} is welcome");
        self.advance(QUIET);
        guest
    }

    /// From now on what this guest hears is not IRC.
    pub fn speaks_crazyit(&mut self, guest: Guest) {
        self.guests[guest.0].is_irc = false;
    }

    /// `guest` sends a line.
    pub fn send(&mut self, guest: Guest, line: &str) {
        self.bytes(guest, format!("{line}\r\n"));
    }

    /// `guest` sends bytes.
    pub fn bytes(&mut self, guest: Guest, bytes: impl AsRef<[u8]>) {
        self.scene.send(&self.guests[guest.0].end, bytes);
    }

    /// `guest` sends bytes, and one turn passes, whatever is left for the next.
    pub fn bytes_for_a_turn(&mut self, guest: Guest, bytes: impl AsRef<[u8]>) {
        self.guests[guest.0].end.push(bytes);
        self.scene.poll();
    }

    /// `guest` sends no more.
    pub fn half_close(&mut self, guest: Guest) {
        self.scene.end(&self.guests[guest.0].end);
    }

    /// `guest` sends a line; what it has heard since it last looked.
    pub fn ask(&mut self, guest: Guest, line: &str) -> Vec<String> {
        self.send(guest, line);
        self.lines(guest)
    }

    /// `guest` sends a line and is told one thing of it: the numeric and its parameters, without the server's name and
    /// without the text for people.
    pub fn told(&mut self, guest: Guest, line: &str) -> String {
        let lines = self.ask(guest, line);
        let [only] = lines.as_slice() else { panic!("{line:?} is answered by {lines:#?}") };
        let numeric = only.strip_prefix(":parlor.local ").unwrap_or_else(|| panic!("{only:?} is a numeric"));
        numeric.split_once(" :").map_or(numeric, |(said, _)| said).to_owned()
    }

    /// What `guest` has heard since it last looked.
    pub fn raw(&mut self, guest: Guest) -> String {
        self.guests[guest.0].end.heard()
    }

    /// The lines that `guest` has heard since it last looked, without their ends and with cloaks replaced.
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

    /// Everybody forgets what they have heard.
    pub fn forget(&mut self) {
        for n in 0..self.guests.len() {
            self.lines(Guest(n));
        }
    }

    /// Nobody has heard anything since they last looked.
    pub fn is_silent(&mut self) -> bool {
        (0..self.guests.len()).all(|n| self.lines(Guest(n)).is_empty())
    }

    /// The server has ended its half of the connection.
    pub fn is_shut(&self, guest: Guest) -> bool {
        self.guests[guest.0].end.is_shut()
    }

    /// The server has forgotten the connection.
    pub fn is_gone(&self, guest: Guest) -> bool {
        self.guests[guest.0].end.is_closed()
    }

    /// Lets time pass, in one go.
    pub fn advance(&mut self, by: Duration) {
        self.scene.advance(by);
    }

    /// Lets time pass in steps short enough that every client answers when it is asked for a sign of life; and
    /// everybody forgets what they have heard meanwhile.
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

    /// Time until the server wants to be woken.
    pub fn wait(&self) -> Option<Duration> {
        self.scene.wait()
    }
}

/// Panics unless `line`, its end included, is one IRC line.
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

/// `line` with [`HOST`] for every cloaked host: two words of eight characters, and `ip`.
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
