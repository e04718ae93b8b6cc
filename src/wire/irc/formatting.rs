use std::borrow::Cow;

/// Removes the control codes of bold, colours and other formatting (modern.ircdocs.horse/formatting).
pub fn without_formatting(text: &str) -> Cow<'_, str> {
    const TOGGLES: [char; 7] = ['\x02', '\x0f', '\x11', '\x16', '\x1d', '\x1e', '\x1f'];
    if text.bytes().all(|byte| byte >= b' ') {
        return text.into();
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '\x03' => rest = without_colours(rest, 2, |c| c.is_ascii_digit()),
            '\x04' => rest = without_colours(rest, 6, |c| c.is_ascii_hexdigit()),
            c if TOGGLES.contains(&c) => {}
            c => plain.push(c),
        }
    }
    plain.into()
}

/// `text` after a foreground colour and an optional comma and background colour.
fn without_colours(text: &str, most: usize, is_digit: fn(&char) -> bool) -> &str {
    let digits = |text: &str| text.chars().take(most).take_while(is_digit).count();
    let foreground = digits(text);
    let rest = &text[foreground..];
    match rest.strip_prefix(',') {
        Some(background) if foreground > 0 && digits(background) > 0 => &background[digits(background)..],
        _ => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formatting_is_removed_and_text_kept() {
        let cases = [
            ("plain, text", "plain, text"),
            ("\x02bold\x02 \x1ditalic\x0f", "bold italic"),
            ("\x034,12red\x03 and \x0312,x", "red and ,x"),
            ("\x04ff0000,00ff00hex\x04,", "hex,"),
            ("\x03", ""),
        ];
        for (text, plain) in cases {
            assert_eq!(without_formatting(text), plain);
        }
    }
}
