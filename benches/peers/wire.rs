//! The little that the loader must know of each protocol: how to come in, how to speak, and how it will be heard.

/// What a server speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wire {
    Irc,
    /// RESP2, with `SUBSCRIBE` and `PUBLISH`.
    Redis,
    Nats,
    /// The bare relay's: a line is a message.
    Raw,
}

impl Wire {
    /// Whether the server says a line in the clear before TLS begins. NATS does.
    pub(crate) fn greets_in_the_clear(self) -> bool {
        self == Self::Nats
    }

    /// How a client introduces itself.
    pub(crate) fn hello(self, name: &str) -> String {
        match self {
            Self::Irc => format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n"),
            Self::Redis => "PING\r\n".into(),
            Self::Nats => "CONNECT {\"verbose\":false,\"pedantic\":false}\r\nPING\r\n".into(),
            Self::Raw => String::new(),
        }
    }

    /// Whether this line says that a client is in. On IRC the message of the day ends what follows registration.
    pub(crate) fn is_welcome(self, line: &[u8]) -> bool {
        match self {
            Self::Irc => matches!(second_word(line), Some(b"376" | b"422")),
            Self::Redis => line == b"+PONG",
            Self::Nats => line == b"PONG",
            Self::Raw => false,
        }
    }

    pub(crate) fn join(self, room: &str) -> String {
        match self {
            Self::Irc => format!("JOIN {room}\r\n"),
            Self::Redis => format!("SUBSCRIBE {room}\r\n"),
            Self::Nats => format!("SUB {room} 1\r\nPING\r\n"),
            Self::Raw => "hear\n".into(),
        }
    }

    /// Whether this line ends the answer to `join`.
    pub(crate) fn is_joined(self, line: &[u8]) -> bool {
        match self {
            Self::Irc => second_word(line) == Some(b"366"),
            // The last element of the answer: how many channels the client is in.
            Self::Redis => line.starts_with(b":"),
            Self::Nats => line == b"PONG",
            Self::Raw => line == b"yes",
        }
    }

    pub(crate) fn room(self, number: usize) -> String {
        match self {
            Self::Irc => format!("#r{number}"),
            Self::Redis | Self::Nats | Self::Raw => format!("r{number}"),
        }
    }

    /// Appends a message to a room.
    pub(crate) fn say(self, room: &str, text: &str, out: &mut Vec<u8>) {
        let bytes = text.len();
        let parts: &[&str] = match self {
            Self::Irc => &["PRIVMSG ", room, " :", text, "\r\n"],
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

    /// The bytes with which everybody hears that message; `source` is what IRC says of its sender.
    pub(crate) fn heard(self, source: &str, room: &str, text: &str) -> String {
        let bytes = text.len();
        match self {
            Self::Irc => format!("{source} PRIVMSG {room} :{text}\r\n"),
            Self::Redis => {
                format!("*3\r\n$7\r\nmessage\r\n${}\r\n{room}\r\n${bytes}\r\n{text}\r\n", room.len())
            }
            Self::Nats => format!("MSG {room} 1 {bytes}\r\n{text}\r\n"),
            Self::Raw => format!("{text}\n"),
        }
    }

    /// What must be answered to this line, if it asks whether the client is alive.
    pub(crate) fn answer(self, line: &[u8]) -> Option<Vec<u8>> {
        let rest = line.strip_prefix(b"PING")?;
        match self {
            Self::Irc => Some([b"PONG", rest, b"\r\n"].concat()),
            Self::Nats => Some(b"PONG\r\n".into()),
            Self::Redis | Self::Raw => None,
        }
    }

    /// Whether a line among the messages may be passed over: what a publisher is answered, and the answers to PING.
    pub(crate) fn is_idle_talk(self, line: &[u8]) -> bool {
        match self {
            Self::Redis => line.starts_with(b":"),
            Self::Irc | Self::Nats => line.starts_with(b"PING"),
            Self::Raw => false,
        }
    }

    /// Whether this line says that the server is done with this client.
    pub(crate) fn is_refusal(self, line: &[u8]) -> bool {
        match self {
            Self::Irc => line.starts_with(b"ERROR") || second_word(line).is_some_and(is_error),
            Self::Redis | Self::Nats => line.starts_with(b"-"),
            Self::Raw => false,
        }
    }
}

/// Whether this numeric refuses something; 422 only says that there is no message of the day.
fn is_error(word: &[u8]) -> bool {
    word.len() == 3 && word.starts_with(b"4") && word != b"422"
}

/// The second word of a line of IRC that begins with its source.
pub(crate) fn second_word(line: &[u8]) -> Option<&[u8]> {
    line.split(|&byte| byte == b' ').nth(1)
}
