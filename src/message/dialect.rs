use super::Capabilities;

/// How events are encoded for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As lines of the CrazyIt protocol.
    CrazyIt,
    /// As IRC messages, for a client with these capabilities.
    Irc(Capabilities),
    /// As IRC messages in WebSocket frames.
    #[cfg(feature = "web")]
    Framed(Framing, Capabilities),
}

impl Dialect {
    /// The dialect without frames.
    pub fn unframed(self) -> Self {
        match self {
            Self::CrazyIt | Self::Irc(_) => self,
            #[cfg(feature = "web")]
            Self::Framed(_, capabilities) => Self::Irc(capabilities),
        }
    }

    /// The dialect in frames of this type; CrazyIt has none.
    #[cfg(feature = "web")]
    pub fn framed(self, framing: Framing) -> Self {
        match self {
            Self::CrazyIt => self,
            Self::Irc(capabilities) | Self::Framed(_, capabilities) => Self::Framed(framing, capabilities),
        }
    }
}

/// The type of WebSocket messages that a client receives (RFC 6455 §5.6; IRCv3 `websocket`).
#[cfg(feature = "web")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The subprotocol `text.ircv3.net`, or none.
    Text,
    /// The subprotocol `binary.ircv3.net`.
    Binary,
}
