/// How far a conversation has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The protocol is not detected yet.
    Unknown,
    /// Not logged in.
    LoggingIn,
    /// Logged in on CrazyIt.
    CrazyIt,
    /// Logged in on IRC.
    Irc,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::LoggingIn, Self::CrazyIt, Self::Irc];

    /// A stable name for metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::LoggingIn => "logging-in",
            Self::CrazyIt => "crazyit",
            Self::Irc => "irc",
        }
    }
}
