//! A crowd that wants the server to keep as much as possible. Whatever its members do, by the allocator's count the server
//! keeps little more than it may.

use parlor::config::{Limits, Operator, ServerConfig};
use parlor::message::Peer;

use crate::choices::Choices;
#[cfg(feature = "web")]
use crate::support::browser::request;
#[cfg(feature = "web")]
use crate::support::frames::{FIN, PING, TEXT, masked};
use crate::support::options::{config, limits};
use crate::support::scene::{Guest, Scene};
use crate::{ALLOCATOR, bytes_of, most};

/// Of `secret`, as cheap as a hash can be.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$QQCd8VPOryZiCF3MtwQnPTK7odKCaPcXJGplgNEuj1A";

/// Most members of the crowd.
const MOST_GUESTS: usize = 2_500;

/// So many are in one room, so that a play ends.
const GUESTS_PER_ROOM: usize = 60;

struct Member {
    guest: Guest,
    /// Speaks WebSocket.
    is_browser: bool,
}

struct Crowd {
    scene: Scene,
    guests: Vec<Member>,
    /// What was allocated before anybody came.
    fresh: usize,
    memory: usize,
    /// How many have ever come.
    came: usize,
    step: usize,
}

pub(crate) fn run(choices: &mut Choices<'_>) {
    let memory = choices.pick(&[4 << 20, 64 << 10, 1 << 20]);
    let limits = Limits { memory_bytes: memory, connections_per_ip: 1_000, ..limits() };
    let operators = vec![Operator { name: "root".into(), password: HASH.parse().expect("a hash") }];
    let mut scene = Scene::with(ServerConfig { limits, operators, ..config() });
    scene.checks = false;
    let fresh = ALLOCATOR.allocated();
    let mut crowd = Crowd { scene, guests: Vec::new(), fresh, memory, came: 0, step: 0 };
    while !choices.is_empty() {
        crowd.step += 1;
        crowd.act(choices);
        crowd.check();
    }
}

impl Crowd {
    fn act(&mut self, choices: &mut Choices<'_>) {
        if self.guests.is_empty() || choices.below(5) == 0 && self.guests.len() < MOST_GUESTS {
            return self.come(choices);
        }
        let count = choices.pick(&[1, 20, 200]).min(self.guests.len());
        let first = choices.below(self.guests.len());
        match choices.below(20) {
            0 => {
                for member in self.guests.iter().cycle().skip(first).take(count) {
                    member.guest.push_reset();
                }
                self.scene.settle();
            }
            1 | 2 => {
                let room = choices.pick(&[0, 0, usize::MAX]);
                for member in self.guests.iter().cycle().skip(first).take(count) {
                    member.guest.push_room(room);
                }
                self.scene.settle();
            }
            harm => {
                for at in first..first + count {
                    let n = at % self.guests.len();
                    let Member { guest, is_browser } = &self.guests[n];
                    let lines = harm_lines(harm, n, self.step);
                    guest.push(if *is_browser { framed(&lines, harm) } else { lines.into_bytes() });
                    self.scene.poll();
                    guest.heard_bytes();
                }
                self.scene.settle();
            }
        }
    }

    fn come(&mut self, choices: &mut Choices<'_>) {
        let kinds = if cfg!(feature = "web") { 10 } else { 6 };
        let (kind, count) = (choices.below(kinds), choices.pick(&[1, 50, 500]));
        for _ in 0..count {
            let n = self.came;
            self.came += 1;
            let peer = Peer::Tcp([192, 0, (n / 256) as u8, n as u8].into(), 1);
            let Some(guest) = self.scene.try_connect(peer) else { continue };
            let is_browser = kind > 7;
            match kind {
                0 => {}
                #[cfg(feature = "web")]
                6 => guest.push("GET / HTTP/1.1\r\nX: ".to_owned() + &"x".repeat(8_000)),
                #[cfg(feature = "web")]
                7 => guest.push("GET / HTTP/1.1\r\nHost: box\r\nAccept-Encoding: gzip\r\n\r\n"),
                #[cfg(feature = "web")]
                8.. => {
                    guest.push(request(""));
                    self.scene.poll();
                    let (nick, room) = (format!("NICK u{n}"), format!("JOIN #all{}", n / GUESTS_PER_ROOM));
                    let lines = [&nick, "USER u 0 * :u", &room, "OPER root secret"];
                    guest.push(lines.map(|line| masked(TEXT, line.as_bytes())).concat());
                }
                1 => guest.push(format!("∏∑{n}{}∏∑", "😀".repeat(20))),
                2 => guest.push(format!("PASS :{}\r\nNICK p{n}\r\n", "x".repeat(256))),
                3 => guest.push("§γ".to_owned() + &"x".repeat(8_000)),
                _ => guest.push(format!(
                    "CAP REQ :message-tags labeled-response batch echo-message\r\nNICK u{n}\r\nUSER {u} 0 * :{r}\r\n\
                     CAP END\r\nJOIN #all{room}\r\nOPER root secret\r\n",
                    u = "ü".repeat(16),
                    r = "😀".repeat(95),
                    room = n / GUESTS_PER_ROOM,
                )),
            }
            self.scene.poll();
            self.guests.push(Member { guest, is_browser });
        }
        self.scene.settle();
    }

    /// Whoever is gone is forgotten, and so is what was heard. What is allocated besides is the server's.
    fn check(&mut self) {
        self.guests.retain(|member| !member.guest.is_closed());
        self.guests.iter().for_each(|member| drop(member.guest.heard_bytes()));
        self.scene.check();
        let ours: usize = self.guests.iter().map(|member| bytes_of(&member.guest)).sum();
        let kept = ALLOCATOR.allocated().saturating_sub(self.fresh + ours);
        let (memory, guests) = (self.memory, self.guests.len());
        assert!(kept <= most(memory), "{kept} bytes are allocated for {guests} guests, of {memory}");
    }
}

/// The lines as messages, with pings and fragments of which some have no end.
#[cfg(feature = "web")]
fn framed(lines: &str, harm: usize) -> Vec<u8> {
    let messages = lines.lines().map(|line| masked(TEXT, line.as_bytes()));
    let pings = masked(PING, &[b'x'; 125]).repeat(harm);
    let fragment = if harm.is_multiple_of(3) { masked(TEXT - FIN, &[b'x'; 4_000]) } else { Vec::new() };
    let cut = pings.len() - harm.is_multiple_of(5) as usize;
    messages.chain([pings[..cut].to_vec(), fragment]).collect::<Vec<_>>().concat()
}

#[cfg(not(feature = "web"))]
fn framed(lines: &str, _: usize) -> Vec<u8> {
    lines.into()
}

fn harm_lines(harm: usize, n: usize, step: usize) -> String {
    let room = n / GUESTS_PER_ROOM;
    let many = |line: &dyn Fn(usize) -> String| (0..50).map(|i| line(i) + "\r\n").collect();
    match harm {
        3 => many(&|i| format!("JOIN #{n}-{step}-{i}{}", "ü".repeat(40))),
        4 => many(&|i| format!("JOIN #shared{room}-{i}")),
        5 => many(&|i| format!("MODE #all{room} +be {i}-{step}{m}!*@* {i}{m}!*@*", m = "é".repeat(80))),
        6 => many(&|i| format!("MODE #{n}-{step}-{i}{} +bk {}!*@* {i}key", "ü".repeat(40), "x".repeat(180))),
        7 => many(&|i| format!("TOPIC #shared{room}-{i} :{}", "😀".repeat(90))),
        8 => many(&|i| format!("MONITOR + a{n}-{step}-{i},b{n}-{step}-{i}{}", "ü".repeat(20))),
        9 => format!("AWAY :{n}{}\r\n", "😀".repeat(110)),
        10 => many(&|i| format!("INVITE u{i} #all{room}\r\nINVITE u{} #shared{room}-{i}", n + i)),
        11 => "§γ".to_owned() + &"x".repeat(4_000),
        12 => format!("@+x={}", "y".repeat(3_500)),
        13 => many(&|i| format!("@label={i} PRIVMSG #all{room} :x")),
        14 => many(&|i| format!("@label={i} NAMES #all{room}\r\n@label={i} WHO *")),
        15 => many(&|_| "@label=l LIST\r\nHELP\r\nVERSION".to_owned()),
        16 => many(&|i| format!("NICK {}u{n}-{step}-{i}", "é".repeat(10))),
        17 => many(&|i| format!("KLINE 10.{}.{step}.{} :{}", n % 256, i, "😀".repeat(80))),
        18 => many(&|i| format!("@+typing=active;+x={} TAGMSG u{i}", "y".repeat(3_000))),
        _ => "§γx§γ".repeat(50),
    }
}
