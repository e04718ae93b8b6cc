use super::Capabilities;

/// How events are encoded for a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// As lines of the CrazyIt protocol.
    CrazyIt,
    /// As IRC messages, for a client with these capabilities.
    Irc(Capabilities),
}
