//! Messages and other events are counted, limited and read separately, so that joins displace no messages.

/// A class of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Message,
    Event,
}

impl Class {
    pub(super) const ALL: [Self; 2] = [Self::Message, Self::Event];

    pub(super) fn number(self) -> i64 {
        match self {
            Self::Message => 0,
            Self::Event => 1,
        }
    }

    /// Its place in arrays.
    pub(super) fn index(self) -> usize {
        match self {
            Self::Message => 0,
            Self::Event => 1,
        }
    }

    pub(super) fn of_number(number: i64) -> Self {
        if number == 0 { Self::Message } else { Self::Event }
    }
}
