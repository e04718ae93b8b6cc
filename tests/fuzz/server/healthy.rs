//! Guests who do nothing wrong: they talk to each other, send in pieces and read at their own pace. What they hear of
//! each other must be exactly, in order, what was said to them.

use std::collections::{BTreeMap, VecDeque};
use std::io::ErrorKind;

use parlor::wire::crazyit::Line;
use parlor::wire::irc::Message;

use crate::choices::Choices;
#[cfg(feature = "web")]
use crate::support::frames::{TEXT, frames, masked};
use crate::support::irc::check_line;
use crate::support::scene::{Guest, Scene};
use crate::support::stream::Fault;
use crate::tokens;

/// What may happen to anybody and harms nobody.
const FAULTS: [Fault; 3] = [Fault::Fail(ErrorKind::Interrupted), Fault::Short, Fault::Block];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    CrazyIt,
    /// Whether it hears what it says itself.
    Irc {
        echo: bool,
    },
    /// IRC over WebSocket; hears what it says itself.
    #[cfg(feature = "web")]
    Browser,
}

impl Wire {
    fn has_echo(self) -> bool {
        match self {
            Self::CrazyIt => false,
            Self::Irc { echo } => echo,
            #[cfg(feature = "web")]
            Self::Browser => true,
        }
    }

    /// A line of IRC in the bytes of this wire.
    fn encode(self, line: &str) -> Vec<u8> {
        match self {
            Self::CrazyIt | Self::Irc { .. } => format!("{line}\r\n").into_bytes(),
            #[cfg(feature = "web")]
            Self::Browser => masked(TEXT, line.as_bytes()),
        }
    }

    /// The lines in what the server has sent.
    fn decode(self, bytes: Vec<u8>) -> String {
        #[cfg(feature = "web")]
        if self == Self::Browser {
            let messages = frames(&bytes).into_iter().filter(|frame| frame.first == TEXT);
            return messages.map(|frame| frame.text().to_owned() + "\r\n").collect();
        }
        String::from_utf8(bytes).expect("everything sent is UTF-8")
    }
}

/// Who they are. Names of others are never the same: these come first.
const GUESTS: &[(&str, Wire)] = &[
    ("ana", Wire::CrazyIt),
    ("bob", Wire::CrazyIt),
    ("eve", Wire::Irc { echo: false }),
    ("li", Wire::Irc { echo: true }),
    #[cfg(feature = "web")]
    ("kim", Wire::Browser),
];

struct Healthy {
    guest: Guest,
    name: &'static str,
    wire: Wire,
    /// What has not arrived at the server yet.
    to_send: VecDeque<u8>,
    /// How much has been said.
    said: usize,
    /// By speaker: what is to be heard of them, in this order.
    due: BTreeMap<&'static str, Vec<String>>,
}

/// All of them. Those on IRC are in `#tea` besides, whose operator is one of them.
pub(crate) struct Company {
    guests: Vec<Healthy>,
    /// Their streams may block.
    at_own_pace: bool,
}

impl Company {
    pub(crate) fn enter(scene: &mut Scene, at_own_pace: bool) -> Self {
        let guests = GUESTS.iter().map(|&(name, wire)| {
            let guest = match wire {
                #[cfg(feature = "web")]
                Wire::Browser => scene.connect_browser(),
                Wire::CrazyIt | Wire::Irc { .. } => scene.connect(),
            };
            if wire == Wire::CrazyIt {
                scene.send(&guest, format!("∏∑{name}∏∑\n★【{name}※ready★【"));
            } else {
                let capabilities = if wire.has_echo() { tokens::CAPABILITIES } else { "" };
                let (nick, user) = (format!("NICK {name}"), format!("USER {name} 0 * :{name}"));
                let request = format!("CAP REQ :{capabilities}");
                let lines = [&nick, &user, &request, "CAP END", "JOIN #lobby,#tea"];
                scene.send(&guest, lines.map(|line| wire.encode(line)).concat());
            }
            guest.heard_bytes();
            Healthy { guest, name, wire, to_send: VecDeque::new(), said: 0, due: BTreeMap::new() }
        });
        let guests: Vec<_> = guests.collect();
        assert_eq!(scene.server.hub().users().len(), GUESTS.len());
        Self { guests, at_own_pace }
    }

    pub(crate) fn step(&mut self, choices: &mut Choices<'_>) {
        let n = choices.below(self.guests.len());
        match choices.below(8) {
            0..4 => self.say(n, choices),
            4..6 => {
                let bytes = choices.pick(&[1, 5, 40, usize::MAX]);
                self.guests[n].feed(bytes);
            }
            6 if self.guests[n].wire == Wire::CrazyIt && choices.below(2) == 0 => {
                // Takes the name that it has: nothing changes, but for a time nothing follows the answer.
                let login = format!("∏∑{}∏∑\n", self.guests[n].name);
                self.guests[n].to_send.extend(login.as_bytes());
            }
            6 => {
                let mut wire = self.guests[n].guest.wire.borrow_mut();
                let sizes = [usize::MAX, 1, 7, 100];
                (wire.read_size, wire.write_size) = (choices.pick(&sizes), choices.pick(&sizes));
                wire.reads.plan(choices.below(4), choices.pick(&FAULTS));
                let harmless = if self.at_own_pace { FAULTS.len() } else { FAULTS.len() - 1 };
                wire.writes.plan(choices.below(4), choices.pick(&FAULTS[..harmless]));
            }
            _ if self.at_own_pace => self.guests[n].guest.push_room(choices.pick(&[0, 1, 50, usize::MAX])),
            _ => {}
        }
    }

    /// Says the next thing, to the lobby, to `#tea` or to one of the others. Its bytes wait to be fed.
    fn say(&mut self, n: usize, choices: &mut Choices<'_>) {
        let (name, wire) = (self.guests[n].name, self.guests[n].wire);
        let whom = choices.below(self.guests.len() + 2);
        let to = match (wire, whom.checked_sub(2)) {
            (_, Some(whom)) if whom != n => self.guests[whom].name,
            (wire, None) if whom == 1 && wire != Wire::CrazyIt => "#tea",
            _ => "#lobby",
        };
        let said = &mut self.guests[n].said;
        let text = format!("{name}.{said} to {to}{}", "~".repeat(choices.pick(&[0, 0, 0, 300])));
        *said += 1;
        let bytes = match (wire, to) {
            (Wire::CrazyIt, "#lobby") => format!("§γ{text}§γ").into_bytes(),
            (Wire::CrazyIt, _) => format!("★【{to}※{text}★【").into_bytes(),
            (wire, _) => wire.encode(&format!("PRIVMSG {to} :{text}")),
        };
        self.guests[n].to_send.extend(bytes);
        for hearer in &mut self.guests {
            let hears = match (to, hearer.wire) {
                ("#tea", Wire::CrazyIt) => false,
                ("#lobby", Wire::CrazyIt) => true,
                ("#tea" | "#lobby", wire) => wire.has_echo() || hearer.name != name,
                (_, wire) => hearer.name == to || hearer.name == name && wire.has_echo(),
            };
            if hears {
                hearer.due.entry(name).or_default().push(text.clone());
            }
        }
    }

    /// Everybody on IRC gives a sign of life, behind what it has to send.
    pub(crate) fn stay_alive(&mut self) {
        for guest in self.guests.iter_mut().filter(|guest| guest.wire != Wire::CrazyIt) {
            guest.to_send.extend(guest.wire.encode("PONG x"));
            guest.feed(usize::MAX);
        }
    }

    /// Everybody sends the rest, and reads everything.
    pub(crate) fn stop_stalling(&mut self) {
        for guest in &mut self.guests {
            guest.feed(usize::MAX);
            let mut wire = guest.guest.wire.borrow_mut();
            (wire.read_size, wire.write_size) = (usize::MAX, usize::MAX);
            wire.reads.forget();
            wire.writes.forget();
            drop(wire);
            guest.guest.push_room(usize::MAX);
        }
    }

    /// Everybody ends, and has heard what was due.
    pub(crate) fn leave(self, scene: &mut Scene) {
        let mut orders = Vec::new();
        for guest in &self.guests {
            scene.end(&guest.guest);
            assert!(guest.guest.is_shut() && guest.guest.is_closed(), "{} has a clean end", guest.name);
            let heard = guest.heard();
            let mut by_speaker: BTreeMap<_, Vec<String>> = BTreeMap::new();
            for (speaker, text) in &heard {
                by_speaker.entry(*speaker).or_default().push(text.clone());
            }
            assert_eq!(by_speaker, guest.due, "{} heard what was said to it", guest.name);
            orders.push(heard.into_iter().filter(|(_, text)| text.contains("#lobby")).collect::<Vec<_>>());
        }
        // The first hears everybody, itself included, so the others hear the same in the same order.
        for (guest, order) in self.guests.iter().zip(&orders) {
            let hears_itself = guest.wire == Wire::CrazyIt || guest.wire.has_echo();
            let expected = orders[0].iter().filter(|(speaker, _)| hears_itself || *speaker != guest.name);
            assert!(expected.eq(order), "{} heard another order than {}", guest.name, self.guests[0].name);
        }
    }
}

impl Healthy {
    fn feed(&mut self, bytes: usize) {
        let count = bytes.min(self.to_send.len());
        let fed: Vec<_> = self.to_send.drain(..count).collect();
        self.guest.push(fed);
    }

    /// What was heard of the healthy, and from whom, in order.
    fn heard(&self) -> Vec<(&'static str, String)> {
        let heard = self.wire.decode(self.guest.heard_bytes());
        let said = heard.split_inclusive('\n').filter_map(|line| match self.wire {
            Wire::CrazyIt => match Line::decode(line.strip_suffix('\n').expect("a line has an end")) {
                Line::Said { from, text } | Line::Whispered { from, text } => Some((from, text.to_owned())),
                Line::Notice(_) => None,
            },
            _ => {
                check_line(line);
                let message = Message::decode(line.trim_end_matches("\r\n")).expect("a line has a command");
                let (from, _) = message.source?.split_once('!')?;
                (message.command == "PRIVMSG").then(|| (from, message.params[1].to_owned()))
            }
        });
        let ours = |from: &str| GUESTS.iter().map(|(name, _)| *name).find(|name| *name == from);
        said.filter_map(|(from, text)| Some((ours(from)?, text))).collect()
    }
}
