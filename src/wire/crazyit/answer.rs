//! The server's answer to a login. The CrazyIt book's Python client compares it exactly, so it has no newline.

/// The server's answer to a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The login succeeded.
    Welcome,
    /// The name is taken or not valid.
    NameTaken,
}

impl Answer {
    /// The answer as sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Welcome => "1",
            Self::NameTaken => "-1",
        }
    }

    /// Decodes an answer at the start of `bytes`, and returns it with its length. Nothing else can look like an
    /// answer: chat lines begin with a name, server lines with `*`, and neither with a digit or `-`.
    ///
    /// Returns `None` when `bytes` begins with something else or is too short to tell.
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
    fn an_answer_is_separated_from_the_bytes_after_it() {
        assert_eq!(Answer::decode(b"1"), Some((Answer::Welcome, 1)));
        assert_eq!(Answer::decode("1bob说：hi".as_bytes()), Some((Answer::Welcome, 1)));
        assert_eq!(Answer::decode(b"-1\n"), Some((Answer::NameTaken, 2)));
        assert_eq!(Answer::decode(b"-"), None);
        assert_eq!(Answer::decode(b"* the server is full"), None);
    }
}
