//! Any value of a table, drawn from bytes.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "upgrade")]
use std::sync::LazyLock;
#[cfg(feature = "upgrade")]
use std::time::Instant;
use std::time::{Duration, SystemTime};

use super::Lines;
use crate::message::{AccountId, ConnectionId, EventId, Identity, Peer, Rank, Source, Speech, UserId};
#[cfg(feature = "upgrade")]
use crate::message::{Capabilities, Tally};
use crate::name::{RoomName, UserName};
use crate::network::Network;

/// Bytes that decide what is drawn. When they have ended, all choices are the first.
pub(crate) struct Choices<'a>(pub(crate) &'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
        self.0 = rest;
        first
    }

    pub(crate) fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[usize::from(self.byte()) % from.len()].clone()
    }

    /// A number of any size.
    fn number(&mut self) -> u64 {
        let bytes = self.pick(&[0, 1, 2, 4, 8]);
        (0..bytes).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }
}

pub(crate) trait Any: Sized {
    fn any(choices: &mut Choices<'_>) -> Self;
}

/// Implements what is made of a number.
macro_rules! number {
    ($($type:ty: $number:ident => $made:expr;)*) => { $(
        impl Any for $type {
            fn any(choices: &mut Choices<'_>) -> Self {
                let $number = choices.number();
                $made
            }
        }
    )* };
}

number! {
    bool: number => number % 2 == 1;
    u8: number => number as u8;
    u16: number => number as u16;
    u32: number => number as u32;
    u64: number => number;
    UserId: number => Self(number as u32);
    AccountId: number => Self(number as u32);
    ConnectionId: number => Self(number as u32).own();
    EventId: number => Self::from_number(number);
    Duration: number => Self::new(number >> 20, number as u32 % 1_000_000_000);
}

#[cfg(feature = "upgrade")]
number! {
    usize: number => number as usize;
    Capabilities: number => Capabilities::from_bits(number as u32);
}

/// Instants around the one from which they are told in tests.
#[cfg(feature = "upgrade")]
impl Any for Instant {
    fn any(choices: &mut Choices<'_>) -> Self {
        let span = Duration::from_nanos(u64::any(choices) >> 20);
        if bool::any(choices) { *NOW + span } else { NOW.checked_sub(span).unwrap_or(*NOW) }
    }
}

/// The instant from which instants are told in tests.
#[cfg(feature = "upgrade")]
pub(crate) static NOW: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Any for SystemTime {
    fn any(choices: &mut Choices<'_>) -> Self {
        let since = Duration::any(choices);
        let before = choices.pick(&[false, false, false, true]);
        if before { Self::UNIX_EPOCH - since } else { Self::UNIX_EPOCH + since }
    }
}

/// Implements what is one of these, made from a text.
macro_rules! one_of {
    ($($type:ty: $text:ident => $made:expr, $texts:expr;)*) => { $(
        impl Any for $type {
            fn any(choices: &mut Choices<'_>) -> Self {
                let $text = choices.pick(&$texts);
                $made
            }
        }
    )* };
}

const TEXTS: [&str; 6] = ["", "hello", "张三说", "a\rb\t\u{1}", "x y", LONG];
const LONG: &str = "a text that is longer than those whose length takes no byte of its own, and those where it takes \
    one: a text of more than 255 bytes has a length of two bytes, so this one goes on for a while, because the lengths of \
    texts are where decoders have their faults, until there are enough.";

one_of! {
    String: text => text.into(), TEXTS;
    Box<str>: text => text.into(), TEXTS;
    Arc<str>: text => text.into(), TEXTS;
    Cow<'static, str>: text => text.into(), TEXTS;
    Lines<String>: text => Self(text.into()), ["", "hello", "two\nlines", "\0", LONG];
    UserName: text => Self::new(text).unwrap(), ["alice", "Bob", "张三", "_`^{}|"];
    RoomName: text => Self::new(text).unwrap(), ["#tea", "#Lobby", "#大厅", "#a:b"];
    PathBuf: text => text.into(), ["/run/parlor.sock", "a b", "茶"];
    Network: text => text.parse().unwrap(), ["192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "::/0", "0.0.0.0/0"];
    Rank: bits => Self::from_bits(bits).unwrap(), [0, 1, 2, 3];
    Peer: peer => peer, [
        Self::Unix,
        Self::Tcp(Ipv4Addr::LOCALHOST.into(), 6667),
        Self::Tcp(Ipv6Addr::LOCALHOST.into(), 0),
        Self::Tcp(Ipv4Addr::LOCALHOST.to_ipv6_mapped().into(), u16::MAX),
    ];
}

impl Any for Speech {
    fn any(choices: &mut Choices<'_>) -> Self {
        let text = choices.pick(&["", "hello", "two\nlines", "\0", LONG]).to_owned();
        Self { kind: Any::any(choices), text, tags: Any::any(choices) }
    }
}

impl Any for Identity {
    fn any(choices: &mut Choices<'_>) -> Self {
        let [username, host, realname] = [(); 3].map(|()| String::any(choices));
        let mut identity = Self::new(Any::any(choices), &username, &host, &realname);
        (identity.is_bot, identity.has_account) = (Any::any(choices), Any::any(choices));
        identity
    }
}

impl Any for Source {
    fn any(choices: &mut Choices<'_>) -> Self {
        Option::any(choices).map_or(Self::Server, |user| Self::User(Arc::new(user)))
    }
}

#[cfg(feature = "upgrade")]
impl Any for Tally {
    fn any(choices: &mut Choices<'_>) -> Self {
        let mut tally = Self::default();
        (0..u8::any(choices)).for_each(|_| tally.count(choices.pick(&["lost", "quit"])));
        tally
    }
}

#[cfg(feature = "upgrade")]
impl Any for super::Bytes {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self(Any::any(choices))
    }
}

#[cfg(feature = "upgrade")]
impl<const N: usize> Any for [u8; N] {
    fn any(choices: &mut Choices<'_>) -> Self {
        [(); N].map(|()| choices.byte())
    }
}

impl<T: Any> Any for Option<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        choices.pick(&[false, true]).then(|| T::any(choices))
    }
}

#[cfg(feature = "upgrade")]
impl Any for [AccountId; 2] {
    fn any(choices: &mut Choices<'_>) -> Self {
        [Any::any(choices), Any::any(choices)]
    }
}

impl<T: Any> Any for Box<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self::new(T::any(choices))
    }
}

impl<T: Any> Any for Vec<T> {
    fn any(choices: &mut Choices<'_>) -> Self {
        (0..choices.pick(&[0, 1, 2, 0, 1, 30])).map(|_| T::any(choices)).collect()
    }
}

impl<A: Any, B: Any> Any for (A, B) {
    fn any(choices: &mut Choices<'_>) -> Self {
        (A::any(choices), B::any(choices))
    }
}

impl<A: Any, B: Any, C: Any> Any for (A, B, C) {
    fn any(choices: &mut Choices<'_>) -> Self {
        (A::any(choices), B::any(choices), C::any(choices))
    }
}

impl<A: Any, B: Any, C: Any, D: Any> Any for (A, B, C, D) {
    fn any(choices: &mut Choices<'_>) -> Self {
        (A::any(choices), B::any(choices), C::any(choices), D::any(choices))
    }
}
