//! The protocols of the loader: how to log in and send, and how to read what arrives.

/// The capabilities that modern IRC clients request.
const CAPABILITIES: &str = "message-tags server-time echo-message batch labeled-response";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    Irc,
    /// IRC with `CAPABILITIES`, and a label on each message.
    ModernIrc,
    /// RESP2, with `SUBSCRIBE` and `PUBLISH`.
    Redis,
    Nats,
    /// The bare relay's: each line is a message.
    Raw,
}

impl Wire {
    pub(crate) fn is_irc(self) -> bool {
        matches!(self, Self::Irc | Self::ModernIrc)
    }

    /// True when speakers receive their own messages.
    pub(crate) fn has_echo(self) -> bool {
        self == Self::ModernIrc
    }

    /// True when the server sends a line in clear text before TLS, as NATS does.
    pub(crate) fn greets_in_the_clear(self) -> bool {
        self == Self::Nats
    }

    /// The first lines of a client.
    pub(crate) fn hello(self, name: &str) -> String {
        match self {
            Self::Irc => format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"),
            Self::ModernIrc => {
                format!("CAP REQ :{CAPABILITIES}\r\n{}CAP END\r\n", Self::Irc.hello(name))
            }
            Self::Redis => "PING\r\n".into(),
            Self::Nats => "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n".into(),
            Self::Raw => String::new(),
        }
    }

    /// True when this line ends the login: on IRC, the end of the message of the day.
    pub(crate) fn is_welcome(self, line: &[u8]) -> bool {
        match self {
            Self::Irc | Self::ModernIrc => matches!(second_word(line), Some(b"376" | b"422")),
            Self::Redis => line == b"+PONG",
            Self::Nats => line == b"PONG",
            Self::Raw => false,
        }
    }

    pub(crate) fn join(self, room: &str) -> String {
        match self {
            Self::Irc | Self::ModernIrc => format!("JOIN {room}\r\n"),
            Self::Redis => format!("SUBSCRIBE {room}\r\n"),
            Self::Nats => format!("SUB {room} 1\r\nPING\r\n"),
            Self::Raw => "hear\n".into(),
        }
    }

    /// True when this line ends the answer to `join`.
    pub(crate) fn is_joined(self, line: &[u8]) -> bool {
        match self {
            Self::Irc | Self::ModernIrc => second_word(line) == Some(b"366"),
            // The last element of the answer: the number of subscribed channels.
            Self::Redis => line.starts_with(b":"),
            Self::Nats => line == b"PONG",
            Self::Raw => line == b"yes",
        }
    }

    pub(crate) fn room(self, number: usize) -> String {
        match self {
            Self::Irc | Self::ModernIrc => format!("#r{number}"),
            Self::Redis | Self::Nats | Self::Raw => format!("r{number}"),
        }
    }

    /// Appends a message to a room; modern clients label it with its number.
    pub(crate) fn say(self, number: usize, room: &str, text: &str, out: &mut Vec<u8>) {
        let bytes = text.len();
        let parts: &[&str] = match self {
            Self::Irc => &["PRIVMSG ", room, " :", text, "\r\n"],
            Self::ModernIrc => &["@label=", &number.to_string(), " PRIVMSG ", room, " :", text, "\r\n"],
            Self::Redis => {
                let head =
                    format!("*3\r\n$7\r\nPUBLISH\r\n${}\r\n{room}\r\n${bytes}\r\n{text}\r\n", room.len());
                out.extend_from_slice(head.as_bytes());
                &[]
            }
            Self::Nats => &["PUB ", room, " ", &bytes.to_string(), "\r\n", text, "\r\n"],
            Self::Raw => &[text, "\n"],
        };
        parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
    }

    /// The bytes that receivers get, without tags; `source` is the sender's prefix on IRC.
    pub(crate) fn heard(self, source: &str, room: &str, text: &str) -> String {
        let bytes = text.len();
        match self {
            Self::Irc | Self::ModernIrc => format!("{source} PRIVMSG {room} :{text}\r\n"),
            Self::Redis => {
                format!("*3\r\n$7\r\nmessage\r\n${}\r\n{room}\r\n${bytes}\r\n{text}\r\n", room.len())
            }
            Self::Nats => format!("MSG {room} 1 {bytes}\r\n{text}\r\n"),
            Self::Raw => format!("{text}\n"),
        }
    }

    /// Splits a line into its tags and the rest. `None` if the tags are incomplete.
    pub(crate) fn split_tags(self, bytes: &[u8]) -> Option<(&[u8], &[u8])> {
        let Some(tagged) = bytes.strip_prefix(b"@").filter(|_| self == Self::ModernIrc) else {
            return Some((&[], bytes));
        };
        let end = tagged.iter().position(|&byte| byte == b' ')?;
        Some((&tagged[..end], &tagged[end + 1..]))
    }

    /// The answer to this line, if it is a ping.
    pub(crate) fn answer(self, line: &[u8]) -> Option<Vec<u8>> {
        let rest = line.strip_prefix(b"PING")?;
        match self {
            Self::Irc | Self::ModernIrc => Some([b"PONG", rest, b"\r\n"].concat()),
            Self::Nats => Some(b"PONG\r\n".into()),
            Self::Redis | Self::Raw => None,
        }
    }

    /// True when a line between messages may be ignored: replies to publishers, and answers to PING.
    pub(crate) fn is_idle_talk(self, line: &[u8]) -> bool {
        match self {
            Self::Redis => line.starts_with(b":"),
            Self::Irc | Self::ModernIrc | Self::Nats => line.starts_with(b"PING"),
            Self::Raw => false,
        }
    }

    /// True when this line is an error that ends the run.
    pub(crate) fn is_refusal(self, line: &[u8]) -> bool {
        match self {
            Self::Irc | Self::ModernIrc => {
                line.starts_with(b"ERROR") || second_word(line).is_some_and(is_error) || is_nak(line)
            }
            Self::Redis | Self::Nats => line.starts_with(b"-"),
            Self::Raw => false,
        }
    }
}

/// True when this numeric is an error; 422 only reports a missing message of the day.
fn is_error(word: &[u8]) -> bool {
    word.len() == 3 && word.starts_with(b"4") && word != b"422"
}

/// True when this line rejects capabilities.
fn is_nak(line: &[u8]) -> bool {
    second_word(line) == Some(b"CAP") && line.split(|&byte| byte == b' ').nth(3) == Some(b"NAK")
}

/// The number in the label of these tags, if there is one.
pub(crate) fn label(tags: &[u8]) -> Option<usize> {
    let label = tags.split(|&byte| byte == b';').find_map(|tag| tag.strip_prefix(b"label="))?;
    str::from_utf8(label).ok()?.parse().ok()
}

/// The second word of an IRC line, which begins with its source.
pub(crate) fn second_word(line: &[u8]) -> Option<&[u8]> {
    line.split(|&byte| byte == b' ').nth(1)
}
