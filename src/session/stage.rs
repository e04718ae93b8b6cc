//! How far a conversation has come.

/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The peer has not shown which protocol it speaks.
    Unknown,
    /// It has no name.
    LoggingIn,
    /// A user on the CrazyIt wire.
    CrazyIt,
    /// A user on IRC.
    Irc,
}

impl Stage {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::LoggingIn, Self::CrazyIt, Self::Irc];

    /// A word for it that stays the same between versions: connections are counted by it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::LoggingIn => "logging-in",
            Self::CrazyIt => "crazyit",
            Self::Irc => "irc",
        }
    }
}
