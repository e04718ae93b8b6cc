//! Text without bold and colours.

use parlor::wire::irc::without_formatting;

use crate::choices::Choices;

const CONTROLS: [char; 9] = ['\x02', '\x03', '\x04', '\x0f', '\x11', '\x16', '\x1d', '\x1e', '\x1f'];
const TEXT: [&str; 8] = ["1", "12", ",", ",4", "aF", "00ff00", "好", "plain"];

pub(crate) fn run(choices: &mut Choices<'_>) {
    let mut text = String::new();
    while !choices.is_empty() {
        match choices.below(3) {
            0 => text.push(choices.pick(&CONTROLS)),
            1 => text += choices.pick(&TEXT),
            _ => text += &String::from_utf8_lossy(choices.bytes(6)),
        }
    }
    let plain = without_formatting(&text);
    assert!(!plain.contains(CONTROLS), "{text:?} became {plain:?}");
    assert_eq!(without_formatting(&plain), plain, "once is enough");
    // What is left stands in the same order, and what went is formatting.
    let mut rest = plain.chars().peekable();
    for c in text.chars() {
        if rest.next_if_eq(&c).is_none() {
            let can_be_formatting = CONTROLS.contains(&c) || c == ',' || c.is_ascii_hexdigit();
            assert!(can_be_formatting, "{text:?} lost {c:?} and became {plain:?}");
        }
    }
    assert_eq!(rest.next(), None, "{text:?} became {plain:?}");
    // A digit that stays may be taken for one that went, so this can only be said of texts without controls.
    if !text.contains(CONTROLS) {
        assert_eq!(plain, text);
    }
}
