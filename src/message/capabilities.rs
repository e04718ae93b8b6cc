//! IRC capabilities (IRCv3 `capability-negotiation`).

/// A set of capabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities(u32);

/// Defines the constant and the specified name of each capability.
macro_rules! capabilities {
    ($($(#[$condition:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl Capabilities {
            $(
                $(#[$condition])*
                #[doc = concat!("The capability `", $text, "`.")]
                pub(crate) const $name: Self = Self(1 << $bit);
            )*

            /// All capabilities, sorted by name.
            pub(crate) const ALL: &[(&str, Self)] = &[$($(#[$condition])* ($text, Self::$name)),*];
        }
    };
}

capabilities! {
    ACCOUNT_NOTIFY = 0, "account-notify";
    ACCOUNT_TAG = 1, "account-tag";
    AWAY_NOTIFY = 2, "away-notify";
    BATCH = 3, "batch";
    CAP_NOTIFY = 4, "cap-notify";
    CHGHOST = 5, "chghost";
    #[cfg(feature = "store")]
    ACCOUNT_REGISTRATION = 25, "draft/account-registration";
    #[cfg(feature = "store")]
    CHANNEL_RENAME = 28, "draft/channel-rename";
    #[cfg(feature = "store")]
    CHATHISTORY = 18, "draft/chathistory";
    #[cfg(feature = "store")]
    EVENT_PLAYBACK = 19, "draft/event-playback";
    #[cfg(feature = "store")]
    EXTENDED_ISUPPORT = 31, "draft/extended-isupport";
    #[cfg(feature = "store")]
    REDACTION = 20, "draft/message-redaction";
    #[cfg(feature = "store")]
    METADATA_2 = 29, "draft/metadata-2";
    #[cfg(feature = "store")]
    METADATA_3 = 30, "draft/metadata-3";
    #[cfg(feature = "store")]
    MULTILINE = 23, "draft/multiline";
    NO_IMPLICIT_NAMES = 6, "draft/no-implicit-names";
    #[cfg(feature = "store")]
    PRE_AWAY = 27, "draft/pre-away";
    #[cfg(feature = "store")]
    READ_MARKER = 26, "draft/read-marker";
    ECHO_MESSAGE = 7, "echo-message";
    EXTENDED_JOIN = 8, "extended-join";
    EXTENDED_MONITOR = 9, "extended-monitor";
    INVITE_NOTIFY = 10, "invite-notify";
    LABELED_RESPONSE = 11, "labeled-response";
    MESSAGE_TAGS = 12, "message-tags";
    MULTI_PREFIX = 13, "multi-prefix";
    #[cfg(feature = "store")]
    SASL = 24, "sasl";
    SERVER_TIME = 14, "server-time";
    SETNAME = 15, "setname";
    #[cfg(feature = "store")]
    SEARCH = 21, "soju.im/search";
    STANDARD_REPLIES = 16, "standard-replies";
    USERHOST_IN_NAMES = 17, "userhost-in-names";
    #[cfg(feature = "store")]
    PLAYBACK = 22, "znc.in/playback";
}

impl Capabilities {
    pub(crate) const NONE: Self = Self(0);

    /// The capability of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|&(_, capability)| capability)
    }

    /// Those that need a history.
    #[cfg(feature = "store")]
    pub(crate) const OF_HISTORY: Self = Self::CHATHISTORY
        .and(Self::EVENT_PLAYBACK)
        .and(Self::REDACTION)
        .and(Self::SEARCH)
        .and(Self::PLAYBACK);

    /// The set as bits, which keep their meaning.
    #[cfg(feature = "upgrade")]
    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    /// The capabilities among these bits.
    #[cfg(feature = "upgrade")]
    pub(crate) fn from_bits(bits: u32) -> Self {
        let known = Self::ALL.iter().fold(Self::NONE, |known, &(_, capability)| known.and(capability));
        Self(bits).only(known)
    }

    /// True when this set contains all of `others`.
    pub(crate) fn has(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// The intersection with `others`.
    pub(crate) fn only(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// The union with `others`.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// This set without `others`.
    pub(crate) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// The names in this set, separated by spaces.
    pub(crate) fn names(self) -> String {
        let names = Self::ALL.iter().filter(|(_, capability)| self.has(*capability));
        names.map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}
