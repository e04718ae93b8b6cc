//! Masks: `*` matches any characters, `?` one, ignoring letter case (RFC 2812 §2.5).

use std::borrow::Cow;

use crate::footprint::heap_bytes;

/// Comparisons per step of work.
const COMPARISONS_PER_STEP: usize = 16;

/// A mask with its letter case folded, ready for comparisons.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// Contains no two stars in a row.
    chars: Box<[char]>,
    /// The shortest text that it can match, in characters.
    least: usize,
}

/// A text with its letter case folded, to compare with many masks.
#[derive(Debug)]
pub struct Folded(Vec<char>);

impl Folded {
    /// Folds `text`.
    pub fn new(text: &str) -> Self {
        Self(text.chars().map(folded).collect())
    }
}

impl Pattern {
    /// The heap memory that it takes, in bytes.
    pub(super) fn kept_bytes(&self) -> usize {
        heap_bytes(self.chars.len() * size_of::<char>())
    }

    /// Folds `mask`.
    pub fn new(mask: &str) -> Self {
        let mut chars: Vec<_> = mask.chars().map(folded).collect();
        chars.dedup_by(|a, b| *a == '*' && *b == '*');
        let least = chars.iter().filter(|&&c| c != '*').count();
        Self { chars: chars.into(), least }
    }

    /// True when it matches all of `text`. Adds the cost to `steps`: for n characters of text at most n² / 4
    /// comparisons, whatever the mask. Allocates nothing.
    pub fn matches(&self, text: &Folded, steps: &mut usize) -> bool {
        let mut comparisons = 0;
        let matches = self.compare(&text.0, &mut comparisons);
        *steps += 1 + comparisons / COMPARISONS_PER_STEP;
        matches
    }

    fn compare(&self, mut text: &[char], comparisons: &mut usize) -> bool {
        let (mut mask, mut least) = (&*self.chars, self.least);
        // Where to resume after a mismatch: at the last star, one character further each time.
        let mut retry = None;
        while text.len() >= least {
            *comparisons += 1;
            match (mask, text) {
                ([], []) => return true,
                // The last star matches the rest.
                (['*'], _) => return true,
                (['*', rest @ ..], _) => {
                    mask = rest;
                    retry = Some((mask, text, least));
                }
                ([m, mask_rest @ ..], [t, text_rest @ ..]) if *m == '?' || m == t => {
                    (mask, text, least) = (mask_rest, text_rest, least - 1);
                }
                _ => {
                    let Some((behind_star, [_, from @ ..], least_behind)) = retry else { return false };
                    retry = Some((behind_star, from, least_behind));
                    (mask, text, least) = (behind_star, from, least_behind);
                }
            }
        }
        false
    }
}

/// `c` with its letter case folded, if that is one character, because `?` matches exactly one. Folds through upper
/// case, because some letters have several lower-case forms (`ς` and `σ`).
fn folded(c: char) -> char {
    fn only(mut chars: impl Iterator<Item = char>, c: char) -> char {
        chars.next().filter(|_| chars.next().is_none()).unwrap_or(c)
    }
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    let upper = only(c.to_uppercase(), c);
    only(upper.to_lowercase(), upper)
}

/// How the mask of an account begins. The rest is the account's name, with wildcards.
#[cfg(feature = "store")]
const OF_ACCOUNT: &str = "~a:";

/// Other ways to begin such a mask.
#[cfg(feature = "store")]
const ALSO_OF_ACCOUNT: [&str; 3] = ["$a:", "~account:", "$account:"];

/// The part of a mask that is to match the name of an account; `None` if it is to match the user.
#[cfg(feature = "store")]
pub(super) fn of_account(mask: &str) -> Option<&str> {
    mask.strip_prefix(OF_ACCOUNT)
}

/// The mask of an account in its usual form.
#[cfg(feature = "store")]
fn complete_of_account(mask: &str) -> Option<Cow<'_, str>> {
    if of_account(mask).is_some() {
        return Some(mask.into());
    }
    let name = ALSO_OF_ACCOUNT.iter().find_map(|begin| mask.strip_prefix(begin))?;
    Some(format!("{OF_ACCOUNT}{name}").into())
}

/// `mask` as `name!username@host`, with `*` for missing parts; that of an account as `~a:name`.
pub fn complete(mask: &str) -> Cow<'_, str> {
    #[cfg(feature = "store")]
    if let Some(mask) = complete_of_account(mask) {
        return mask;
    }
    match (mask.contains('!'), mask.contains('@')) {
        (true, true) => Cow::Borrowed(mask),
        (true, false) => Cow::Owned(format!("{mask}@*")),
        (false, true) => Cow::Owned(format!("*!{mask}")),
        // No name contains a dot or colon, so this must be a host.
        (false, false) if mask.contains(['.', ':']) => Cow::Owned(format!("*!*@{mask}")),
        (false, false) => Cow::Owned(format!("{mask}!*@*")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(mask: &str, text: &str) -> bool {
        Pattern::new(mask).matches(&Folded::new(text), &mut 0)
    }

    #[test]
    fn folding_twice_equals_folding_once() {
        for c in '\0'..=char::MAX {
            assert_eq!(folded(folded(c)), folded(c), "{c:?}");
        }
    }

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
            ("**a**", "a"),
            ("σ?*", "ΣΣ"),
            ("*?", "ß"),
        ] {
            assert!(matches(mask, text), "{mask} {text}");
        }
        for (mask, text) in [("", "a"), ("?", ""), ("a*c", "abcd"), ("a", "ab"), ("*b?", "ab")] {
            assert!(!matches(mask, text), "{mask} {text}");
        }
    }

    #[test]
    fn the_costliest_mask_costs_a_quarter_of_the_square_of_the_text() {
        let text = "é".repeat(100);
        for mask in
            [format!("*{}a", "É".repeat(49)), "*É?".repeat(33) + "a", format!("*{}*a*", "É".repeat(49))]
        {
            let mut steps = 0;
            assert!(!Pattern::new(&mask).matches(&Folded::new(&text), &mut steps), "{mask}");
            assert!(steps <= 1 + 100 * 100 / 4 / COMPARISONS_PER_STEP + 20, "{mask}: {steps}");
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

    #[cfg(feature = "store")]
    #[test]
    fn masks_of_accounts_have_one_form() {
        for mask in ["~a:bob", "$a:bob", "~account:bob", "$account:bob"] {
            assert_eq!(complete(mask), "~a:bob");
        }
        assert_eq!(of_account("~a:b*"), Some("b*"));
        assert_eq!((of_account("bob!*@*"), of_account("a:bob")), (None, None));
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
        fn patterns_agree_with_a_naive_implementation(mask in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&mask, &text), naive(mask.as_bytes(), text.as_bytes()));
        }
    }
}
