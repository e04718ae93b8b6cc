//! Session, hub and server over scripted streams, at a pretended time. Healthy guests on both wires talk to each other
//! beside others who do anything: random commands and bytes, cut anywhere, streams that are short, block, fail and end.
//! Whatever happens, the invariants hold after every turn, and the healthy hear what was said to them.
//!
//! In the other half of the plays nobody is healthy, everybody may become an operator of the server, and limits change
//! while it runs.

mod healthy;
mod wild;

use std::time::Duration;

use parlor::config::{Flood, Limits, Operator, ServerConfig};

use crate::choices::Choices;
use crate::support::options::{config, limits};
use crate::support::scene::Scene;
#[cfg(feature = "store")]
use crate::support::{accounts::stored_password, known::Known, past::Past};
use healthy::Company;
use wild::Wild;

/// How many do what they like at the same time.
const WILD: usize = 4;

/// Longer than a peer may take for its last bytes, and than the server waits for its end after that.
const ENDINGS: Duration = Duration::from_secs(33);

/// How often that is waited for: whoever sent too much speaks on for a while, at one message a second in the worst case.
const PATIENCE: usize = 10_000;

/// A client that answers when it is asked for a sign of life is never asked twice within this time.
const ALIVE: Duration = Duration::from_secs(59);

/// Of `secret`, as cheap as a hash can be.
const HASH: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$QQCd8VPOryZiCF3MtwQnPTK7odKCaPcXJGplgNEuj1A";

/// The account that there is. Its password is `password`.
#[cfg(feature = "store")]
const ACCOUNT: &str = "zoe";

struct Play {
    scene: Scene,
    /// Who sends too much waits.
    is_limited: bool,
    /// Who wants to be an operator, or to log in to an account, may have to wait.
    guesses: bool,
    company: Option<Company>,
    wild: Vec<Wild>,
}

pub(crate) fn run(choices: &mut Choices<'_>) {
    let mut play = Play::begin(choices);
    while !choices.is_empty() {
        play.step(choices);
        match choices.below(4) {
            0 => {}
            1 => {
                play.scene.poll();
            }
            _ => play.settle(),
        }
    }
    play.end(choices);
}

/// What guests are held to: with an outbox of this size; those who may be held up are, in some plays.
fn any_limits(outbox_bytes: usize, may_hold_up: bool, choices: &mut Choices<'_>) -> Limits {
    let connections = choices.pick(&[1_000, 6]);
    let mut limits =
        Limits { outbox_bytes, connections, frame_bytes: choices.pick(&[8192, 512]), ..limits() };
    if may_hold_up {
        let (few, many) = (Flood { burst: 1, per_second: 1 }, Flood { burst: 10, per_second: 2 });
        limits.flood = choices.pick(&[None, None, Some(few), Some(many)]);
        limits.memory_bytes = choices.pick(&[64 << 20, 2 * outbox_bytes]);
        limits.connections_per_ip = choices.pick(&[1_000, 2]);
    }
    limits
}

impl Play {
    fn begin(choices: &mut Choices<'_>) -> Self {
        let is_healthy = choices.below(2) == 0;
        // Whoever reads at its own pace needs an outbox that holds whatever can be said in a play.
        let at_own_pace = is_healthy && choices.below(2) == 0;
        let outbox_bytes = if at_own_pace { 64 << 20 } else { 4096 };
        let limits = any_limits(outbox_bytes, !is_healthy, choices);
        let operators = match is_healthy {
            true => Vec::new(),
            false => vec![Operator { name: "root".into(), password: HASH.parse().expect("a hash") }],
        };
        let mut scene = Scene::with(ServerConfig { limits, operators, ..config() });
        let has_store = cfg!(feature = "store") && choices.below(2) == 0;
        #[cfg(feature = "store")]
        if has_store {
            let mut past = Past::new(Duration::from_secs(600), 10);
            past.known = Known::with(&[ACCOUNT], &stored_password());
            scene.keep_past(past);
        }
        let company = is_healthy.then(|| Company::enter(&mut scene, at_own_pace));
        let is_limited = limits.flood.is_some();
        Self {
            scene,
            is_limited,
            guesses: !is_healthy || has_store,
            company,
            wild: (0..WILD).map(|_| Wild::default()).collect(),
        }
    }

    fn step(&mut self, choices: &mut Choices<'_>) {
        // The healthy have no passwords to wait for.
        self.scene.is_thinking = choices.below(8) == 0;
        match (choices.below(8), &mut self.company) {
            (0, _) => {
                if let Some(company) = &mut self.company {
                    company.stay_alive();
                    self.scene.settle();
                }
                let time = choices.pick(&[1, 499, 500, 2_000, 4_000, 30_000, ALIVE.as_millis() as u64]);
                self.scene.advance(Duration::from_millis(time));
            }
            (1..=4, Some(company)) => company.step(choices),
            (1, None) if choices.once_in(4) => {
                let limits = any_limits(choices.pick(&[4096, 16_384]), true, choices);
                self.is_limited = limits.flood.is_some();
                self.scene.change(|config| config.limits = limits);
            }
            _ => {
                let n = choices.below(WILD);
                self.wild[n].step(n, choices, &mut self.scene);
            }
        }
    }

    /// Turns until nothing is left to do; then nothing may lie unread anywhere, save from who sent too much, or waits to
    /// be told whether a password is right.
    fn settle(&mut self) {
        self.scene.settle();
        for wild in &mut self.wild {
            wild.listen(self.is_limited || self.guesses);
        }
    }

    fn end(mut self, choices: &mut Choices<'_>) {
        if let Some(company) = &mut self.company {
            company.stop_stalling();
            self.scene.settle();
        }
        self.scene.is_thinking = false;
        let stops = choices.below(4) == 0;
        if stops {
            self.scene.turn(|server, now| server.shut_down(now));
        }
        self.wild.iter().for_each(Wild::leave);
        self.settle();
        if let Some(company) = self.company {
            company.leave(&mut self.scene);
        }
        for _ in 0..PATIENCE {
            self.scene.advance(ENDINGS);
            if self.scene.server.connections() == 0 {
                break;
            }
        }
        assert_eq!(self.scene.server.connections(), 0, "nobody stays for ever");
        assert!(self.scene.server.hub().users().is_empty(), "no user survives its connection");
        let rooms: Vec<_> = self.scene.server.hub().rooms().iter().map(|(_, room)| &room.name).collect();
        assert_eq!(rooms, [self.scene.server.hub().lobby()], "no room survives its members");
        assert!(stops || self.scene.server.next_deadline().is_none(), "nothing is left to wait for");
    }
}
