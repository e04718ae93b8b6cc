//! Skeletons of names: two names with a skeleton in common look alike, so an account has both.
//!
//! A skeleton is a name in which compatible characters (NFKC), look-alikes (UTS #39 §4) and the forms of a letter (full
//! case folding) are replaced by one of their kind. Nobody sees skeletons. They differ between versions of Unicode, so
//! they are not stored.

use unicode_normalization::UnicodeNormalization;

use crate::name::{UserName, folded};

// `TEXTS`: what characters look like, a line each. `PLANES`: for each plane of Unicode, the lower 16 bits of the
// characters beyond ASCII that look like others, in order, and where in `TEXTS` that begins.
include!(concat!(env!("OUT_DIR"), "/prototypes.rs"));

/// Times that compatible characters, letter cases and look-alikes are replaced. One leads to the other: `0` looks like
/// `O`, which folds to `o`.
const ROUNDS: usize = 4;

/// What capital I, among others, looks like.
const SMALL_L: &str = "l";

/// Skeletons of the names of services.
const SERVICES: [&str; 4] = ["nickserv", "chanserv", "ns", "cs"];

/// The skeletons of a name, 1 to 4; most names have one. The first is the same for equal names, the second for names
/// with the same NFKC, which only marks on a Greek iota subscript set apart.
///
/// The others are those of the name as typed, because capitals may look like other letters than their small forms:
/// Greek `Ν` like N, but `ν` like v. Capital I looks like small l, and is read both ways.
pub fn skeletons(name: &UserName) -> Vec<String> {
    let name = name.as_str();
    let mut all = Vec::with_capacity(1);
    let as_typed = [seen(name, |_| true), seen(name, |prototype| prototype != SMALL_L)];
    for text in [folded(name).collect(), name.to_owned()].into_iter().chain(as_typed) {
        let skeleton = settled(text);
        if !all.contains(&skeleton) {
            all.push(skeleton);
        }
    }
    all
}

/// True for the names of services and all that look like them.
pub fn is_service(name: &UserName) -> bool {
    skeletons(name).iter().any(|skeleton| SERVICES.contains(&skeleton.as_str()))
}

/// The skeleton of a text whose letter case does not matter.
fn settled(mut text: String) -> String {
    for _ in 0..ROUNDS {
        let compatible: String = text.nfkd().collect();
        let small: String = folded(&compatible).collect();
        text = seen(&small, |_| true);
    }
    text
}

/// A text in which look-alikes are replaced by their prototypes, as far as these are wanted.
fn seen(text: &str, is_wanted: impl Fn(&str) -> bool) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.nfkd() {
        match prototype(c).filter(|prototype| is_wanted(prototype)) {
            Some(prototype) => seen.push_str(prototype),
            None => seen.push(c),
        }
    }
    seen.nfd().collect()
}

/// What a character looks like (UTS #39 §4), if that is another. ASCII characters, of which most names consist, do not
/// need the table.
fn prototype(c: char) -> Option<&'static str> {
    match c {
        '0' => Some("O"),
        '1' | 'I' | '|' => Some(SMALL_L),
        '`' => Some("'"),
        'm' => Some("rn"),
        _ if c.is_ascii() => None,
        _ => {
            let [low, high, plane, _] = u32::from(c).to_le_bytes();
            let characters = PLANES.get(usize::from(plane))?;
            let index =
                characters.binary_search_by_key(&u16::from_le_bytes([low, high]), |(c, _)| *c).ok()?;
            let (_, begin) = characters.get(index)?;
            Some(TEXTS.get(usize::from(*begin)..)?.split_once('\n')?.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use proptest::prelude::*;
    use unicode_security::confusable_detection;

    use super::*;

    fn skeletons_of(text: &str) -> Vec<String> {
        skeletons(&UserName::new(text).unwrap_or_else(|why| panic!("{text:?}: {why}")))
    }

    fn look_alike(a: &str, b: &str) -> bool {
        let others = skeletons_of(b);
        skeletons_of(a).iter().any(|skeleton| others.contains(skeleton))
    }

    /// The same by the packages whose tables we pack, until nothing changes.
    fn settled_by_packages(text: &str) -> String {
        let mut text = text.to_owned();
        loop {
            let compatible: String = text.nfkd().collect();
            let small: String = folded(&compatible).collect();
            let next = confusable_detection::skeleton(&small).collect();
            if next == text {
                return text;
            }
            text = next;
        }
    }

    /// All characters that names may have somewhere.
    fn in_names() -> impl Iterator<Item = char> {
        ('\0'..=char::MAX).filter(|c| UserName::new(&format!("a{c}")).is_ok())
    }

    #[test]
    fn every_character_has_the_skeleton_that_the_packages_compute() {
        for c in in_names() {
            let text = c.to_string();
            assert_eq!(settled(text.clone()), settled_by_packages(&text), "{c:?}");
            let seen_by_packages: String = confusable_detection::skeleton(&text.nfkd().to_string()).collect();
            assert_eq!(seen(&text, |_| true), seen_by_packages, "{c:?}");
        }
    }

    #[test]
    fn the_skeleton_of_a_skeleton_is_itself() {
        for c in in_names() {
            let skeleton = settled(c.into());
            assert!(!skeleton.is_empty(), "{c:?}");
            assert_eq!(settled(skeleton.clone()), skeleton, "{c:?}");
        }
    }

    #[test]
    fn normal_forms_and_letter_cases_of_a_character_have_its_skeleton() {
        for c in in_names() {
            let (text, skeleton) = (c.to_string(), settled(c.into()));
            let forms: [String; 4] =
                [text.nfc().collect(), text.nfd().collect(), text.nfkc().collect(), text.nfkd().collect()];
            let cases = [text.to_uppercase(), text.to_lowercase(), folded(&text).collect()];
            let all =
                forms.into_iter().chain(cases).chain(iter::once(caseless::default_case_fold_str(&text)));
            for form in all.filter(|form| *form != text && UserName::new(&format!("a{form}")).is_ok()) {
                assert_eq!(settled(form.clone()), skeleton, "{c:?} as {form:?}");
            }
        }
    }

    #[test]
    fn look_alikes_have_a_skeleton_in_common() {
        for (name, others) in [
            (
                "alice",
                &["ALICE", "аlice", "Аlice", "ａｌｉｃｅ", "𝐚𝓵𝒾𝕔𝖊", "a1ice", "aIice", "ALICΕ", "αlice"][..],
            ),
            ("Alice", &["alice", "аlice", "ΑLICE", "a|ice", "AIice"]),
            ("bob", &["b0b", "BOB", "Вob", "ВОВ", "bοb", "boЬ"]),
            ("Nick", &["nick", "Νick", "nісk", "NICK", "Nιck"]),
            ("mike", &["rnike", "Mike", "RNike", "Мike", "ｍike"]),
            ("Ian", &["lan", "ian", "|an", "IAN"]),
            ("office", &["oﬃce", "oﬀice", "OFFICE"]),
            ("straße", &["strasse", "STRASSE", "STRAẞE"]),
            ("ΣΟΦΟΣ", &["σοφος", "σοφοσ"]),
            ("가", &["\u{1100}\u{1161}"]),
            ("각", &["\u{1100}\u{1161}\u{11a8}", "가\u{11a8}"]),
            ("ﾊﾝｶｸ", &["ハンカク"]),
            ("ガ", &["カ\u{3099}", "ｶﾞ"]),
            ("e\u{301}\u{323}", &["e\u{323}\u{301}", "ẹ\u{301}", "é\u{323}"]),
            ("金", &["\u{f90a}"]),
            ("ᾀ\u{300}", &["ἈΙ\u{300}", "ᾂ"]),
            ("كتاب", &["ﻛﺘﺎﺏ", "کتاب"]),
        ] {
            for other in others {
                assert!(look_alike(name, other), "{name} {other}");
            }
        }
    }

    #[test]
    fn other_names_have_no_skeleton_in_common() {
        for (a, b) in [
            ("alice", "alicia"),
            ("Ella", "Elia"),
            ("ian", "lan"),
            ("νick", "nick"),
            ("mary", "marry"),
            ("anna", "ana"),
            ("bob", "rob"),
            ("e", "é"),
            ("李", "季"),
            ("张三", "张二"),
            ("王", "玉"),
            ("محمد", "محمود"),
            ("علي", "عمر"),
            ("राम", "रमा"),
            ("सीता", "सिता"),
            ("Аня", "Ася"),
            ("Юля", "Юра"),
            ("가", "각"),
            ("ハ", "バ"),
        ] {
            assert!(!look_alike(a, b), "{a} {b}");
        }
    }

    #[test]
    fn only_services_have_their_names_and_look_alikes() {
        for text in SERVICES {
            assert_eq!(skeletons_of(text), [text]);
        }
        for text in
            ["NickServ", "NICKSERV", "Νickserv", "NіckServ", "ChanServ", "СhanServ", "NS", "ns", "СЅ", "ｎｓ"]
        {
            assert!(is_service(&UserName::new(text).unwrap()), "{text}");
        }
        for text in ["Nick", "nickservice", "nss", "Chan", "OperServ", "csn"] {
            assert!(!is_service(&UserName::new(text).unwrap()), "{text}");
        }
    }

    fn any_name() -> impl Strategy<Value = UserName> {
        let scripts =
            "[a-zA-Z0-9|`_\\-m1IlO0А-яΑ-ωÀ-ɏἀ-ῼԱ-ևᎠ-Ᏽ一-乿ก-๛ऀ-ॿ؀-ۿ\u{300}-\u{345}가-힣ﬀ-ﬗＡ-ｚ]{0,8}";
        scripts.prop_filter_map("no name", |text| UserName::new(&format!("a{text}")).ok())
    }

    proptest! {
        #[test]
        fn equal_names_have_the_same_first_skeleton(name in any_name()) {
            for text in [name.as_str().to_lowercase(), name.as_str().to_uppercase()] {
                if let Ok(other) = UserName::new(&text) && other == name {
                    prop_assert_eq!(&skeletons(&other)[0], &skeletons(&name)[0]);
                }
            }
        }

        #[test]
        fn names_with_the_same_normal_form_look_alike(name in any_name()) {
            for text in [name.as_str().nfc().to_string(), name.as_str().nfkc().to_string(), name.as_str().nfd().to_string()] {
                if UserName::new(&text).is_ok() {
                    prop_assert!(look_alike(name.as_str(), &text), "{} {}", name, text);
                }
            }
        }

        #[test]
        fn a_skeleton_that_is_a_name_has_itself_as_its_only_skeleton(name in any_name()) {
            for skeleton in skeletons(&name) {
                if let Ok(name) = UserName::new(&skeleton) {
                    prop_assert_eq!(skeletons(&name), [skeleton]);
                }
            }
        }

        #[test]
        fn names_have_the_skeletons_that_the_packages_compute(name in any_name()) {
            let name = name.as_str();
            prop_assert_eq!(settled(name.to_owned()), settled_by_packages(name));
            let seen: String = confusable_detection::skeleton(&name.nfkd().to_string()).collect();
            let expected = settled_by_packages(&seen);
            prop_assert!(skeletons_of(name).contains(&expected));
        }

        #[test]
        fn ascii_names_have_the_skeletons_that_the_packages_compute(text in "[a-zA-Z_|`^{}][a-zA-Z0-9_|`^{}\\-\\[\\]\\\\]{0,31}") {
            prop_assert_eq!(settled(text.clone()), settled_by_packages(&text));
        }
    }
}
