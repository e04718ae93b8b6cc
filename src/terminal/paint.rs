//! Formats lines for a terminal, with colours if they are wanted.

use std::fmt::Write;
use std::time::SystemTime;

use super::clock::Clock;
use crate::client::Manner;
use crate::client::texts::printable;
use crate::config::Color;
use crate::terminal::chat::{Emphasis, Shown, What};
use crate::terminal::display::{plain, whisper};

/// The bell.
const BELL: char = '\x07';

/// A grey.
const DIM: &str = "38;5;243";
const BOLD: &str = "1";
const STANDS_OUT: &str = "1;7";

/// The colours of names: readable and distinct ones among xterm's 256. Each has a contrast of 3:1 or more with black
/// and with white (WCAG 2).
const NAMES: [&str; 10] = [
    "38;5;160", "38;5;28", "38;5;32", "38;5;30", "38;5;94", "38;5;99", "38;5;163", "38;5;166", "38;5;168",
    "38;5;100",
];

/// Formats lines for a terminal.
#[derive(Debug)]
pub(super) struct Paint {
    has_colors: bool,
    clock: Clock,
}

impl Paint {
    pub(super) fn new(has_colors: bool, clock: Clock) -> Self {
        Self { has_colors, clock }
    }

    /// True if the settings, `NO_COLOR` (no-color.org) and `TERM` allow colours.
    pub(super) fn wants_colors(color: Color, no_color: Option<&str>, term: Option<&str>) -> bool {
        match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => no_color.unwrap_or_default().is_empty() && !is_dumb(term),
        }
    }

    /// Formats a line. With `names_rooms` it names its room.
    pub(super) fn line(&self, shown: &Shown, names_rooms: bool) -> String {
        let time = shown.time.unwrap_or_else(SystemTime::now);
        let mut line = self.styled(DIM, &self.clock.time_of_day(time)) + " ";
        if let Some(room) = shown.room.as_deref().filter(|_| names_rooms) {
            // Writing to a string cannot fail.
            write!(line, "[{}] ", self.name(room)).ok();
        }
        match &shown.what {
            What::Said { from, text, manner, emphasis } => {
                line += &self.said(from, text, *manner, *emphasis);
                line.extend((*emphasis == Emphasis::StandsOut).then_some(BELL));
            }
            What::Whispered { from, text, manner } => {
                let text = whisper(&plain(text), *manner);
                write!(line, "{} {} {text}", self.name(from), self.styled(BOLD, "whispers:")).ok();
                line.extend((*manner != Manner::Notice).then_some(BELL));
            }
            What::WhisperedTo { from, to, text, manner } => {
                let from = self.styled(BOLD, &plain(from));
                write!(line, "{from} whispers to {}: {}", self.name(to), whisper(&plain(text), *manner)).ok();
            }
            What::News(text) => write!(line, "* {}", plain(text)).unwrap_or(()),
            What::Movement(text) => line += &self.styled(DIM, &format!("* {}", plain(text))),
            // The text may contain names that the server chose.
            What::Note(text) => return self.styled(DIM, &printable(text)),
        }
        line
    }

    fn said(&self, from: &str, text: &str, manner: Manner, emphasis: Emphasis) -> String {
        let text = plain(text);
        let text = match manner {
            _ if emphasis == Emphasis::StandsOut => self.styled(BOLD, &text),
            Manner::Action => self.styled(DIM, &text),
            Manner::Message | Manner::Notice => text,
        };
        let name = match emphasis {
            Emphasis::Nothing => self.name(from),
            Emphasis::Own => self.styled(BOLD, &plain(from)),
            Emphasis::StandsOut => self.styled(STANDS_OUT, &plain(from)),
        };
        match manner {
            Manner::Message if emphasis == Emphasis::Own => format!("{name}> {text}"),
            Manner::Message => format!("{name}: {text}"),
            Manner::Notice => format!("-{name}- {text}"),
            // No line of the server begins like this, so nobody can imitate one.
            Manner::Action => format!("*{name} {text}*"),
        }
    }

    /// The date of what somebody said, if the server gives its time.
    pub(super) fn date(&self, shown: &Shown) -> Option<String> {
        let is_talk =
            matches!(shown.what, What::Said { .. } | What::Whispered { .. } | What::WhisperedTo { .. });
        let time = shown.time.filter(|_| is_talk)?;
        Some(self.clock.date(time))
    }

    /// Today's date.
    pub(super) fn today(&self) -> String {
        self.clock.date(SystemTime::now())
    }

    /// A line between those of different days.
    pub(super) fn new_day(&self, date: &str) -> String {
        self.styled(DIM, &format!("--- {date} ---"))
    }

    /// Formats the prompt.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    pub(super) fn prompt(&self, text: &str) -> String {
        self.styled(BOLD, text)
    }

    /// Formats a name, always in the same colour.
    fn name(&self, name: &str) -> String {
        self.styled(NAMES[hash(name) % NAMES.len()], &plain(name))
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.has_colors { format!("\x1b[{style}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// True if `TERM` says that the terminal can only print lines.
pub(super) fn is_dumb(term: Option<&str>) -> bool {
    term.is_none_or(|term| term.is_empty() || term == "dumb")
}

/// FNV-1a of the name, ignoring case: the same on every machine and every day.
fn hash(name: &str) -> usize {
    let bytes = name.to_lowercase().into_bytes();
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash as usize
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn paint(has_colors: bool) -> Paint {
        Paint::new(has_colors, Clock::utc())
    }

    fn shown(what: What) -> Shown {
        Shown { time: Some(UNIX_EPOCH), room: Some("#tea".into()), what }
    }

    fn said(text: &str, manner: Manner, emphasis: Emphasis) -> Shown {
        shown(What::Said { from: "bob".into(), text: text.into(), manner, emphasis })
    }

    #[test]
    fn without_colours_a_line_is_plain_text_with_its_time_and_perhaps_its_room() {
        let line = |shown: &Shown| paint(false).line(shown, false);
        assert_eq!(line(&said("hi", Manner::Message, Emphasis::Nothing)), "00:00 bob: hi");
        assert_eq!(line(&said("waves", Manner::Action, Emphasis::Nothing)), "00:00 *bob waves*");
        assert_eq!(line(&said("beep", Manner::Notice, Emphasis::Nothing)), "00:00 -bob- beep");
        assert_eq!(line(&said("alice!", Manner::Message, Emphasis::StandsOut)), "00:00 bob: alice!\x07");
        assert_eq!(line(&said("mine", Manner::Message, Emphasis::Own)), "00:00 bob> mine");
        let whispered = What::Whispered { from: "bob".into(), text: "psst".into(), manner: Manner::Message };
        assert_eq!(line(&shown(whispered)), "00:00 bob whispers: psst\x07");
        assert_eq!(line(&shown(What::News("x".into()))), "00:00 * x");
        assert_eq!(line(&shown(What::Movement("bob left".into()))), "00:00 * bob left");
        let named = paint(false).line(&said("hi", Manner::Message, Emphasis::Nothing), true);
        assert_eq!(named, "00:00 [#tea] bob: hi");
    }

    #[test]
    fn nothing_from_a_peer_can_control_the_terminal() {
        let evil = "\x1b[2J\x07\u{9b}2J\u{202e}\x02x\r\n";
        for manner in [Manner::Message, Manner::Action, Manner::Notice] {
            let what = [
                What::Said { from: evil.into(), text: evil.into(), manner, emphasis: Emphasis::Nothing },
                What::Whispered { from: evil.into(), text: evil.into(), manner: Manner::Notice },
                What::News(evil.into()),
                What::Movement(evil.into()),
                What::Note(evil.into()),
            ];
            for what in what {
                let line = paint(false).line(&Shown { time: None, room: Some(evil.into()), what }, true);
                assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
            }
        }
    }

    #[test]
    fn a_name_has_one_colour_whatever_its_case_and_names_have_several() {
        let paint = paint(true);
        assert_eq!(hash("Alice"), hash("alice"));
        let colours: std::collections::HashSet<_> =
            ["alice", "bob", "carol", "dave", "eve", "张三"].map(|name| hash(name) % NAMES.len()).into();
        assert!(colours.len() > 2);
        assert!(
            paint
                .line(&said("hi", Manner::Message, Emphasis::Nothing), false)
                .starts_with("\x1b[38;5;243m00:00\x1b[0m \x1b[")
        );
    }

    /// The relative luminance (WCAG 2) of one of xterm's 256 colours, beyond the first sixteen, which people change.
    fn luminance(entry: u32) -> f64 {
        const LEVELS: [u32; 6] = [0, 95, 135, 175, 215, 255];
        let [red, green, blue] = match entry {
            16..=231 => [36, 6, 1].map(|place| LEVELS[((entry - 16) / place % 6) as usize]),
            232..=255 => [8 + 10 * (entry - 232); 3],
            _ => panic!("{entry} is one of those that people change"),
        };
        let linear = |level: u32| match f64::from(level) / 255.0 {
            level if level <= 0.04045 => level / 12.92,
            level => ((level + 0.055) / 1.055).powf(2.4),
        };
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    #[test]
    fn every_colour_contrasts_with_black_and_with_white_by_three_to_one() {
        for style in NAMES.into_iter().chain([DIM]) {
            let entry = style.strip_prefix("38;5;").and_then(|entry| entry.parse().ok());
            let luminance = luminance(entry.unwrap());
            let (on_black, on_white) = ((luminance + 0.05) / 0.05, 1.05 / (luminance + 0.05));
            assert!(on_black >= 3.0 && on_white >= 3.0, "{style}: {on_black:.1} and {on_white:.1}");
        }
    }

    #[test]
    fn what_people_do_is_dimmed_unless_it_is_about_us() {
        let line = |emphasis| paint(true).line(&said("waves", Manner::Action, emphasis), false);
        assert!(line(Emphasis::Nothing).ends_with(" \x1b[38;5;243mwaves\x1b[0m*"));
        assert!(line(Emphasis::StandsOut).ends_with(" \x1b[1mwaves\x1b[0m*\x07"));
    }

    #[test]
    fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
        let auto = |no_color, term| Paint::wants_colors(Color::Auto, no_color, term);
        assert!(auto(None, Some("xterm")) && auto(Some(""), Some("xterm")));
        assert!(
            !auto(Some("1"), Some("xterm"))
                && !auto(None, Some("dumb"))
                && !auto(None, Some(""))
                && !auto(None, None)
        );
        assert!(Paint::wants_colors(Color::Always, Some("1"), None));
        assert!(!Paint::wants_colors(Color::Never, None, Some("xterm")));
    }
}
