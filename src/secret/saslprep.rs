//! Preparation of passwords (SASLprep, RFC 4013), so that a password is the same however a keyboard composes it.
//!
//! This maps and normalizes. It refuses nothing, which RFC 4013 §2.3 and §2.4 would: a client that prepares passwords
//! refuses them itself, and for any other client they remain what was typed.

#[cfg(feature = "store")]
use std::borrow::Cow;

#[cfg(feature = "store")]
use unicode_normalization::UnicodeNormalization;

/// The text with every space as U+0020, without invisible characters, in the form NFKC.
#[cfg(feature = "store")]
pub(super) fn prepare(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return text.into();
    }
    mapped(text).nfkc().collect::<String>().into()
}

/// The text with every space as U+0020 and without invisible characters, in the form in which it is.
pub(super) fn mapped(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|c| if is_space(c) { ' ' } else { c }).filter(|&c| !is_invisible(c))
}

/// Spaces besides U+0020 (RFC 3454, table C.1.2).
fn is_space(c: char) -> bool {
    matches!(c, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Characters that are mapped to nothing (RFC 3454, table B.1).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{1806}'
            | '\u{180b}'..='\u{180d}'
            | '\u{200c}'
            | '\u{200d}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

#[cfg(all(test, feature = "store"))]
mod tests {
    use proptest::prelude::*;
    use stringprep::saslprep;

    use super::*;

    proptest! {
        #[test]
        fn what_others_accept_is_prepared_as_by_them(text in ".{0,8}", visible in "\\PC{0,8}") {
            for text in [text, visible] {
                if let Ok(prepared) = saslprep(&text) {
                    prop_assert_eq!(prepare(&text), prepared);
                }
            }
        }
    }

    #[test]
    fn every_character_is_prepared_as_by_others() {
        for c in '\0'..=char::MAX {
            let text = c.to_string();
            if let Ok(prepared) = saslprep(&text) {
                assert_eq!(prepare(&text), prepared, "{c:?}");
            }
        }
    }

    /// The examples of RFC 4013 §3, and some more.
    #[test]
    fn passwords_that_look_the_same_are_the_same() {
        for (typed, prepared) in [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
            ("e\u{301}t\u{e9}", "\u{e9}t\u{e9}"),
            ("open\u{3000}sesame", "open sesame"),
            ("芝麻", "芝麻"),
            ("\u{ad}", ""),
        ] {
            assert_eq!(prepare(typed), prepared, "{typed:?}");
        }
    }
}
