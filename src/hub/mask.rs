//! Masks: `*` stands for any characters, `?` for one, and letter case does not count (RFC 2812 §2.5).

use std::borrow::Cow;
use std::str::Chars;

/// True when `mask` matches all of `text`. Costs at most O(mask × text), whatever the mask, and no memory.
pub fn matches(mask: &str, text: &str) -> bool {
    let (mut mask, mut text) = (mask.chars(), text.chars());
    // Where to go on when it fails: behind the last star, a character further each time.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        let (mut next_mask, mut next_text) = (mask.clone(), text.clone());
        match (next_mask.next(), next_text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                mask = next_mask;
                retry = Some((mask.clone(), text.clone()));
            }
            (Some(m), Some(t)) if m == '?' || is_same(m, t) => (mask, text) = (next_mask, next_text),
            _ => {
                let Some((behind_star, from)) = &mut retry else { return false };
                if from.next().is_none() {
                    return false;
                }
                (mask, text) = (behind_star.clone(), from.clone());
            }
        }
    }
}

/// True when two characters differ in letter case at the most.
fn is_same(a: char, b: char) -> bool {
    a.eq_ignore_ascii_case(&b) || !a.is_ascii() && a.to_lowercase().eq(b.to_lowercase())
}

/// `mask` as `name!username@host`, with `*` for what it leaves out.
pub fn complete(mask: &str) -> Cow<'_, str> {
    match (mask.contains('!'), mask.contains('@')) {
        (true, true) => Cow::Borrowed(mask),
        (true, false) => Cow::Owned(format!("{mask}@*")),
        (false, true) => Cow::Owned(format!("*!{mask}")),
        // A dot or colon is in no name, so this is meant to be a host.
        (false, false) if mask.contains(['.', ':']) => Cow::Owned(format!("*!*@{mask}")),
        (false, false) => Cow::Owned(format!("{mask}!*@*")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn masks_match_whole_texts_in_any_letter_case() {
        for (mask, text) in [
            ("*", ""),
            ("a*c", "abbbc"),
            ("A?C", "aXc"),
            ("*!*@*.ip", "n!u@x.ip"),
            ("*b*b", "abab"),
            ("张*", "张三"),
            ("ÄB*", "äbc"),
        ] {
            assert!(matches(mask, text), "{mask} {text}");
        }
        for (mask, text) in [("", "a"), ("?", ""), ("a*c", "abcd"), ("a", "ab"), ("*b?", "ab")] {
            assert!(!matches(mask, text), "{mask} {text}");
        }
    }

    #[test]
    fn a_mask_is_completed() {
        for (short, whole) in
            [("bob", "bob!*@*"), ("b!u", "b!u@*"), ("u@h", "*!u@h"), ("a.ip", "*!*@a.ip"), ("a!b@c", "a!b@c")]
        {
            assert_eq!(complete(short), whole);
        }
    }

    fn naive(mask: &[u8], text: &[u8]) -> bool {
        match (mask.split_first(), text.split_first()) {
            (None, None) => true,
            (None, Some(_)) => false,
            (Some((b'*', rest)), None) => naive(rest, text),
            (Some((b'*', rest)), Some((_, more))) => naive(rest, text) || naive(mask, more),
            (Some(_), None) => false,
            (Some((m, rest)), Some((t, more))) => (*m == b'?' || m == t) && naive(rest, more),
        }
    }

    proptest! {
        #[test]
        fn it_matches_what_a_naive_twin_matches(mask in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&mask, &text), naive(mask.as_bytes(), text.as_bytes()));
        }
    }
}
