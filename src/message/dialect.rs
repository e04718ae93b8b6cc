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

/// The type of WebSocket messages that a client receives (RFC 6455 §5.6; IRCv3 `websocket`).
#[cfg(feature = "web")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// The subprotocol `text.ircv3.net`, or none.
    Text,
    /// The subprotocol `binary.ircv3.net`.
    Binary,
}
