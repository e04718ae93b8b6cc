//! The answer to a login. The textbook's Python client compares it exactly, so it is bare: no newline.

/// What a server answers to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Welcome.
    Welcome,
    /// The name is taken, or is not allowed.
    NameTaken,
}

impl Answer {
    /// The bytes of the answer.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "1",
            Self::NameTaken => "-1",
        }
    }

    /// The answer at the beginning of `bytes`, and how long it is. A line of chat begins with a name, a line
    /// from the server with `*`, and neither with a digit or `-`, so nothing else can look like an answer.
    ///
    /// `None` when `bytes` begins with something else, or is too short to tell.
    pub fn decode(bytes: &[u8]) -> Option<(Self, usize)> {
        let answers = [Self::Welcome, Self::NameTaken].into_iter();
        let mut found = answers.filter(|answer| bytes.starts_with(answer.as_str().as_bytes()));
        found.next().map(|answer| (answer, answer.as_str().len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_told_from_what_is_glued_to_it() {
        assert_eq!(Answer::decode(b"1"), Some((Answer::Welcome, 1)));
        assert_eq!(Answer::decode("1bob说：hi".as_bytes()), Some((Answer::Welcome, 1)));
        assert_eq!(Answer::decode(b"-1\n"), Some((Answer::NameTaken, 2)));
        assert_eq!(Answer::decode(b"-"), None);
        assert_eq!(Answer::decode(b"* the server is full"), None);
    }
}
