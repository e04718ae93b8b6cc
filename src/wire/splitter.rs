//! Finds the delimiter at the end of a frame, with a cap on its length. It remembers how far it has searched, so that
//! a frame arriving byte by byte costs O(n), not O(n²).

/// Searches for the end of one frame at a time. It holds no bytes: the caller keeps an incomplete frame, and passes
/// it again, followed by the new bytes.
#[derive(Clone, Debug)]
pub struct Splitter {
    /// Longest frame, in bytes, delimiters included. Both fields are 32 bits because there are many splitters.
    cap: u32,
    /// No delimiter starts before this offset.
    searched: u32,
}

/// The result of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The delimiter starts at this offset. The next search is for the next frame.
    At(usize),
    /// Not found yet.
    NeedMore,
    /// Not found within the cap.
    TooLong,
}

impl Splitter {
    /// A splitter for frames of at most `cap` bytes, delimiters included; 4 GiB at most.
    pub fn new(cap: usize) -> Self {
        let mut splitter = Self { cap: 0, searched: 0 };
        splitter.set_cap(cap);
        splitter
    }

    /// Changes the cap, also for the current frame.
    pub fn set_cap(&mut self, cap: usize) {
        self.cap = u32::try_from(cap).unwrap_or(u32::MAX);
    }

    /// Searches for `delimiter` in `buffer`, which starts at the frame's first byte, from the offset `from` on.
    pub fn find(&mut self, buffer: &[u8], from: usize, delimiter: &[u8]) -> Split {
        let within = &buffer[..buffer.len().min(self.cap())];
        let start = self.searched().max(from);
        if let Some(found) = position(within.get(start..).unwrap_or_default(), delimiter) {
            self.searched = 0;
            return Split::At(start + found);
        }
        if buffer.len() >= self.cap() {
            return Split::TooLong;
        }
        // The last bytes may be the start of an incomplete delimiter.
        let searched = start.max((within.len() + 1).saturating_sub(delimiter.len()));
        self.searched = u32::try_from(searched).unwrap_or(self.cap);
        Split::NeedMore
    }

    /// Longest frame, in bytes, delimiters included.
    pub fn cap(&self) -> usize {
        self.cap as usize
    }

    /// How far the current incomplete frame has been searched.
    pub fn searched(&self) -> usize {
        self.searched as usize
    }
}

/// The first offset of `needle`, which is not empty, in `haystack`.
fn position(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    let (&first, rest) = needle.split_first()?;
    let last_start = haystack.len().checked_sub(needle.len())?;
    let mut at = 0;
    while at <= last_start {
        at += haystack[at..=last_start].iter().position(|&byte| byte == first)?;
        if haystack[at + 1..].starts_with(rest) {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_delimiter_is_found_at_once_and_byte_by_byte() {
        let bytes = "hi∏∑rest".as_bytes();
        assert_eq!(Splitter::new(64).find(bytes, 0, "∏∑".as_bytes()), Split::At(2));
        let mut splitter = Splitter::new(64);
        for end in 0..8 {
            assert_eq!(splitter.find(&bytes[..end], 0, "∏∑".as_bytes()), Split::NeedMore);
        }
        assert_eq!(splitter.find(&bytes[..8], 0, "∏∑".as_bytes()), Split::At(2));
    }

    #[test]
    fn searched_bytes_are_not_searched_again() {
        let mut splitter = Splitter::new(1 << 20);
        let mut buffer = Vec::new();
        for _ in 0..1000 {
            buffer.push(b'x');
            splitter.find(&buffer, 0, "§γ".as_bytes());
            assert!(splitter.searched() + 3 >= buffer.len());
        }
    }

    #[test]
    fn a_full_frame_without_a_delimiter_is_too_long_and_one_byte_less_is_not() {
        assert_eq!(Splitter::new(8).find(b"1234567", 0, b"\n"), Split::NeedMore);
        assert_eq!(Splitter::new(8).find(b"12345678", 0, b"\n"), Split::TooLong);
        assert_eq!(Splitter::new(8).find(b"1234567\n", 0, b"\n"), Split::At(7));
    }

    #[test]
    fn a_frame_over_the_cap_is_too_long_even_with_its_delimiter() {
        assert_eq!(Splitter::new(8).find(b"12345678\n", 0, b"\n"), Split::TooLong);
        assert_eq!(Splitter::new(8).find("1234567∏∑".as_bytes(), 0, "∏∑".as_bytes()), Split::TooLong);
    }

    #[test]
    fn the_search_starts_after_the_opening_mark() {
        assert_eq!(Splitter::new(64).find(b"##", 2, b"##"), Split::NeedMore);
        assert_eq!(Splitter::new(64).find(b"####", 2, b"##"), Split::At(2));
        assert_eq!(Splitter::new(64).find(b"###", 2, b"##"), Split::NeedMore);
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_naive_search_however_the_bytes_are_cut(
            bytes in prop::collection::vec(0..3u8, 0..60),
            delimiter in prop::collection::vec(0..3u8, 1..4),
            cuts in prop::collection::vec(0..60usize, 0..6),
            cap in 4..64usize,
        ) {
            let capped = &bytes[..bytes.len().min(cap)];
            let naive = capped.windows(delimiter.len()).position(|w| w == delimiter);
            let mut splitter = Splitter::new(cap);
            let mut ends: Vec<_> = cuts.into_iter().map(|c| c.min(bytes.len())).collect();
            ends.push(bytes.len());
            ends.sort_unstable();
            let mut last = Split::NeedMore;
            for end in ends {
                last = splitter.find(&bytes[..end], 0, &delimiter);
                if last != Split::NeedMore {
                    break;
                }
            }
            let expected = match naive {
                Some(at) => Split::At(at),
                None if bytes.len() >= cap => Split::TooLong,
                None => Split::NeedMore,
            };
            prop_assert_eq!(last, expected);
        }
    }
}
