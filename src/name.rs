//! Names of users and rooms, validated on construction. Equality and hashing ignore letter case.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use unicode_ident::{is_xid_continue, is_xid_start};

/// Longest user name, in characters.
pub const USER_NAME_CHARS: usize = 32;

/// Longest room name, in characters, the leading `#` included.
pub const ROOM_NAME_CHARS: usize = 64;

/// Special characters allowed in user names (RFC 2812 §2.3.1, `special` and `-`).
const USER_NAME_SPECIALS: &str = "-_[]\\`^{}|";

/// Characters in `XID_Continue` that are neither letters, marks nor decimal digits.
const NO_LETTERS: &str = "·\u{387}\u{200c}\u{200d}‿⁀⁔℘℮・･︳︴﹍﹎﹏＿፩፪፫፬፭፮፯፰፱᧚";

/// Letters outside `XID_Continue`.
const MORE_LETTERS: &str = "\u{37a}\u{2e2f}\u{fc5e}\u{fc5f}\u{fc60}\u{fc61}\u{fc62}\u{fc63}\u{fdfa}\u{fdfb}\
    \u{fe70}\u{fe72}\u{fe74}\u{fe76}\u{fe78}\u{fe7a}\u{fe7c}\u{fe7e}";

/// Letters in `XID_Continue` but not in `XID_Start`.
const LATE_LETTERS: &str = "\u{e33}\u{eb3}\u{ff9e}\u{ff9f}";

/// Enclosing marks, which are outside `XID_Continue`, and two marks in `XID_Start`.
const MORE_MARKS: &str = "\u{1885}\u{1886}\u{488}\u{489}\u{1abe}\u{20dd}\u{20de}\u{20df}\u{20e0}\u{20e2}\u{20e3}\u{20e4}\
    \u{a670}\u{a671}\u{a672}";

/// Invisible characters (`Default_Ignorable_Code_Point`, Unicode Standard §5.21): first and last of each range. They
/// would make two different names look the same.
const INVISIBLE: [(char, char); 17] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{202a}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fff8}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
];

/// On CrazyIt a whisper from `bob` reads `bob悄悄地对你说：…`, so a public message from a user whose name ends in these
/// characters would look like a whisper from another user.
const WHISPER_LOOKALIKE: &str = "悄悄地对你";

/// A user's name: 1 to 32 characters. Letters, combining marks and digits of every script and `` -_[]\`^{}| `` are
/// allowed; it must not start with a mark, `-` or an ASCII digit.
///
/// The restricted first character distinguishes a line of chat from the answers to a login, `1` and `-1`.
#[derive(Clone)]
pub struct UserName(Arc<str>);

/// A room's name: `#` and up to 63 more characters, without spaces, commas, control characters and invisible
/// characters, and without a combining mark after the `#` (RFC 2812 §1.3, but counted in characters, not bytes).
#[derive(Clone)]
pub struct RoomName(Arc<str>);

/// Why a text is not a valid name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    Empty,
    /// It has more characters than this.
    TooLong(usize),
    /// It starts with a character that is only allowed later.
    Start(char),
    /// It should be a room's, and does not start with `#`.
    NoRoom,
    /// It starts with a combining mark, which would combine with the text before the name.
    Mark(char),
    /// It contains a character that is not allowed.
    Character(char),
    /// It contains an invisible character, and so would look like another name.
    Invisible(char),
    /// It ends in characters that make a public message look like a whisper.
    Lookalike,
}

impl UserName {
    /// Validates `text`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let first = text.chars().next().ok_or(NameError::Empty)?;
        if text.chars().nth(USER_NAME_CHARS).is_some() {
            return Err(NameError::TooLong(USER_NAME_CHARS));
        }
        if first == '-' || first.is_ascii_digit() {
            return Err(NameError::Start(first));
        }
        check_visible(text)?;
        if is_mark(first) {
            return Err(NameError::Mark(first));
        }
        if let Some(bad) = text.chars().find(|&c| !in_user_name(c)) {
            return Err(NameError::Character(bad));
        }
        if text.ends_with(WHISPER_LOOKALIKE) {
            return Err(NameError::Lookalike);
        }
        Ok(Self(text.into()))
    }
}

impl RoomName {
    /// Validates `text`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let first = text.chars().next().ok_or(NameError::Empty)?;
        if first != '#' {
            return Err(NameError::NoRoom);
        }
        if text.chars().nth(ROOM_NAME_CHARS).is_some() {
            return Err(NameError::TooLong(ROOM_NAME_CHARS));
        }
        check_visible(text)?;
        if let Some(mark) = text.chars().nth(1).filter(|&c| is_mark(c)) {
            return Err(NameError::Mark(mark));
        }
        if let Some(bad) = text.chars().find(|&c| c == ',' || c.is_whitespace() || c.is_control()) {
            return Err(NameError::Character(bad));
        }
        Ok(Self(text.into()))
    }
}

/// True for letters, combining marks and decimal digits. `XID_Continue` (UAX #31) has these and a few more, which are
/// excluded: letter numbers such as `Ⅳ`, punctuation, and invisible joiners.
fn in_user_name(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || USER_NAME_SPECIALS.contains(c);
    }
    let is_letter_number = c.is_numeric() && c.is_alphabetic();
    let is_more = || MORE_LETTERS.contains(c) || MORE_MARKS.contains(c);
    is_xid_continue(c) && !is_letter_number && !NO_LETTERS.contains(c) || is_more()
}

/// True for combining marks. The characters in `XID_Continue` but not in `XID_Start` are these, digits and a few
/// more.
fn is_mark(c: char) -> bool {
    let is_late = || is_xid_continue(c) && !is_xid_start(c) && !c.is_numeric();
    let is_other = || NO_LETTERS.contains(c) || LATE_LETTERS.contains(c);
    !c.is_ascii() && (is_late() && !is_other() || MORE_MARKS.contains(c))
}

fn check_visible(text: &str) -> Result<(), NameError> {
    let is_invisible = |c: &char| INVISIBLE.iter().any(|(first, last)| (first..=last).contains(&c));
    let found = (!text.is_ascii()).then(|| text.chars().find(is_invisible)).flatten();
    found.map_or(Ok(()), |c| Err(NameError::Invisible(c)))
}

/// The characters of `text` with letter case folded. Folds through upper case, because some letters have several
/// lower-case forms (`ς` and `σ`, `ß` and `ss`), and twice, because the first result may fold further (`ẞ` to `ß`).
pub(crate) fn folded(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().flat_map(folded_once).flat_map(folded_once)
}

fn folded_once(c: char) -> impl Iterator<Item = char> {
    c.to_uppercase().flat_map(char::to_lowercase)
}

#[cfg(feature = "store")]
impl UserName {
    /// The name without its letter case: the same for equal names.
    pub(crate) fn folded(&self) -> String {
        folded(&self.0).collect()
    }
}

#[cfg(feature = "store")]
impl RoomName {
    /// The name without its letter case: the same for equal names.
    pub(crate) fn folded(&self) -> String {
        folded(&self.0).collect()
    }
}

/// True when the names are equal up to letter case. For names that may be invalid here, such as those of other servers.
pub fn same_name(a: &str, b: &str) -> bool {
    fold_eq(a, b)
}

/// The name of an account without that of a device behind it, as in `alice/phone`.
pub(crate) fn without_device(name: &str) -> &str {
    name.split_once('/').map_or(name, |(account, _)| account)
}

fn fold_eq(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() { a.eq_ignore_ascii_case(b) } else { folded(a).eq(folded(b)) }
}

/// Hashes `text` without its letter case. ASCII names, which are looked up with every message, take a fast path. Its
/// result must be the same as that of the slow path, because some other characters fold to ASCII.
fn fold_hash<H: Hasher>(text: &str, state: &mut H) {
    let mut ascii = [0; ROOM_NAME_CHARS];
    if let Some(ascii) = ascii.get_mut(..text.len())
        && text.is_ascii()
    {
        ascii.copy_from_slice(text.as_bytes());
        ascii.make_ascii_lowercase();
        state.write(ascii);
    } else {
        state.write(folded(text).collect::<String>().as_bytes());
    }
    state.write_u8(0xff);
}

/// Implements what both kinds of name share.
macro_rules! folding_name {
    ($name:ident) => {
        impl $name {
            /// The name as its owner wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                fold_eq(&self.0, &other.0)
            }
        }

        impl Eq for $name {}

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                fold_hash(&self.0, state);
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, NameError> {
                Self::new(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.as_str())
            }
        }
    };
}

folding_name!(UserName);
folding_name!(RoomName);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a name needs at least one character"),
            Self::TooLong(most) => write!(f, "a name has at most {most} characters"),
            Self::Start(c) => write!(f, "this name cannot begin with {c:?}"),
            Self::NoRoom => f.write_str("the name of a room begins with '#'"),
            Self::Mark(c) => write!(f, "a name cannot begin with the mark {c:?}, put a letter before it"),
            Self::Character(c) => write!(f, "a name cannot contain {c:?}"),
            Self::Invisible(c) => {
                write!(f, "a name cannot contain U+{:04X}, which nobody can see", u32::from(*c))
            }
            Self::Lookalike => write!(f, "a name cannot end in {WHISPER_LOOKALIKE}, it would forge whispers"),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, RandomState};

    use super::*;

    #[test]
    fn letters_marks_and_digits_of_every_script_are_names() {
        for text in ["a", "alice", "张三", "Аня", "हिन्दी", "e\u{301}mile", "x٣", "_`^{}|[]\\-9", "ß", "ﾊﾝｶｸ"]
        {
            assert_eq!(UserName::new(text).map(|n| n.to_string()), Ok(text.to_owned()));
        }
        assert!(UserName::new(&"é".repeat(32)).is_ok());
    }

    /// Compares all of Unicode with tables of general categories.
    #[test]
    fn user_names_only_contain_letters_marks_and_digits() {
        use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
        let is_ours = |c: &char| match c.general_category_group() {
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark => true,
            _ => c.general_category() == GeneralCategory::DecimalNumber,
        };
        let (mut more, mut less) = (Vec::new(), Vec::new());
        // Only characters known to both tables, which may have different Unicode versions.
        let known = ('\u{80}'..=char::MAX).filter(|c| c.general_category() != GeneralCategory::Unassigned);
        for c in known.filter(|c| in_user_name(*c) != is_ours(c)) {
            if in_user_name(c) { more.push(c) } else { less.push(c) }
        }
        // The standard library may not know the newest numbers yet.
        more.retain(|c| c.is_alphanumeric());
        assert_eq!(more, [] as [char; 0]);
        assert_eq!(less, [] as [char; 0]);
    }

    /// Compares all of Unicode with the same tables.
    #[test]
    fn marks_have_the_general_categories_of_marks() {
        use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};
        let known = ('\0'..=char::MAX).filter(|c| c.general_category() != GeneralCategory::Unassigned);
        let is_ours = |c: &char| c.general_category_group() == GeneralCategoryGroup::Mark;
        assert_eq!(known.filter(|c| is_mark(*c) != is_ours(c)).collect::<Vec<_>>(), [] as [char; 0]);
    }

    /// Compares all of Unicode with a table of that property.
    #[test]
    fn names_contain_no_invisible_character() {
        use regex_syntax::hir::{Class, HirKind};
        let hir = regex_syntax::parse(r"\p{Default_Ignorable_Code_Point}").unwrap();
        let HirKind::Class(Class::Unicode(class)) = hir.kind() else { panic!("{hir:?} is a class") };
        let ranges: Vec<_> = class.iter().map(|range| (range.start(), range.end())).collect();
        assert_eq!(ranges, INVISIBLE);
        for c in class.iter().flat_map(|range| range.start()..=range.end()) {
            assert_eq!(UserName::new(&format!("alice{c}")), Err(NameError::Invisible(c)));
            assert_eq!(RoomName::new(&format!("#tea{c}")), Err(NameError::Invisible(c)));
        }
    }

    #[test]
    fn folding_twice_equals_folding_once() {
        for c in '\0'..=char::MAX {
            let once: String = folded(c.encode_utf8(&mut [0; 4])).collect();
            assert!(folded(&once).eq(once.chars()), "{c:?}");
        }
    }

    #[test]
    fn an_invalid_name_is_refused_with_a_reason() {
        let cases = [
            ("", NameError::Empty),
            (&"x".repeat(33), NameError::TooLong(32)),
            ("-a", NameError::Start('-')),
            ("1", NameError::Start('1')),
            ("a b", NameError::Character(' ')),
            ("a\n", NameError::Character('\n')),
            ("a说：", NameError::Character('：')),
            ("☃", NameError::Character('☃')),
            ("②", NameError::Character('②')),
            ("a\u{202e}b", NameError::Invisible('\u{202e}')),
            ("\u{3164}", NameError::Invisible('\u{3164}')),
            ("alice\u{e0100}", NameError::Invisible('\u{e0100}')),
            ("\u{301}a", NameError::Mark('\u{301}')),
            ("\u{93f}", NameError::Mark('\u{93f}')),
            ("\u{20dd}", NameError::Mark('\u{20dd}')),
            ("alice悄悄地对你", NameError::Lookalike),
        ];
        for (text, why) in cases {
            assert_eq!(UserName::new(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn names_in_another_letter_case_are_equal_and_hash_alike() {
        let state = RandomState::new();
        for (a, b) in [
            ("Alice", "aLICE"),
            ("АНЯ", "аня"),
            ("ΣΟΦΟΣ", "σοφος"),
            ("straße", "STRASSE"),
            ("straße", "straẞe"),
            ("STRASSE", "straẞe"),
            ("\u{212a}arl", "karl"),
        ] {
            let (a, b) = (UserName::new(a).unwrap(), UserName::new(b).unwrap());
            assert_eq!(a, b);
            assert_eq!(state.hash_one(&a), state.hash_one(&b));
        }
        assert_ne!(UserName::new("alice").unwrap(), UserName::new("alicf").unwrap());
    }

    #[test]
    fn a_room_begins_with_a_hash_and_has_no_spaces() {
        assert!(RoomName::new("#lobby").is_ok());
        assert!(RoomName::new("#大厅").is_ok());
        assert_eq!(RoomName::new("lobby"), Err(NameError::NoRoom));
        assert_eq!(RoomName::new("#a,b"), Err(NameError::Character(',')));
        assert_eq!(RoomName::new("#a b"), Err(NameError::Character(' ')));
        assert_eq!(RoomName::new("#a\u{200b}"), Err(NameError::Invisible('\u{200b}')));
        assert_eq!(RoomName::new("#\u{ad}a"), Err(NameError::Invisible('\u{ad}')));
        assert_eq!(RoomName::new("#\u{301}a"), Err(NameError::Mark('\u{301}')));
        assert!(RoomName::new("#a\u{301}").is_ok() && RoomName::new("#❤").is_ok());
        assert_eq!(RoomName::new(&format!("#{}", "x".repeat(64))), Err(NameError::TooLong(64)));
        assert_eq!(RoomName::new(""), Err(NameError::Empty));
    }
}
