//! The declaration of an option in one row: its value, effect, default, and what a reload does with it.

use std::ops::RangeInclusive;
use std::time::Duration;

/// An option of a program with the config `C`. `R` says what a reload does with it; `()` without reloads.
pub(super) struct Setting<C, R = ()> {
    /// One letter, or empty.
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    /// The purpose. `description` adds the rest of the row.
    pub(super) help: &'static str,
    pub(super) kind: Kind<C>,
    pub(super) reload: R,
}

/// The kind of value, and the part of the config that it sets.
pub(super) enum Kind<C> {
    /// No value on the command line, `yes` or `no` in a config file.
    Flag(fn(&mut C) -> &mut bool),
    Count {
        of: &'static str,
        range: RangeInclusive<usize>,
        field: fn(&mut C) -> &mut usize,
    },
    Bytes {
        range: RangeInclusive<usize>,
        field: fn(&mut C) -> &mut usize,
    },
    Seconds {
        range: RangeInclusive<usize>,
        field: fn(&mut C) -> &mut Duration,
    },
    /// A text; the help calls it `value`.
    Text {
        value: &'static str,
        default: Fallback<C>,
        set: fn(&mut C, &str) -> Result<(), String>,
    },
    /// One or more texts; the option is repeated for each.
    Texts {
        value: &'static str,
        default: Fallback<C>,
        set: fn(&mut C, &[String]) -> Result<(), String>,
    },
}

/// The default of an option.
pub(super) enum Fallback<C> {
    Value(fn(&C) -> String),
    /// No value; the help shows this word.
    Word(&'static str),
}

pub(super) struct CommandLineOnly {
    /// One letter, or empty.
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    /// The name of its value; empty if it has none.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
}

/// Sets a flag.
pub(super) const YES: &str = "yes";
/// Clears a flag.
pub(super) const NO: &str = "no";

impl<C, R> Setting<C, R> {
    /// The name of the value; empty for a flag.
    pub(super) fn value(&self) -> &'static str {
        match self.kind {
            Kind::Flag(_) => "",
            Kind::Count { .. } => "N",
            Kind::Bytes { .. } => "BYTES",
            Kind::Seconds { .. } => "SECS",
            Kind::Text { value, .. } | Kind::Texts { value, .. } => value,
        }
    }

    pub(super) fn is_flag(&self) -> bool {
        matches!(self.kind, Kind::Flag(_))
    }

    pub(super) fn repeats(&self) -> bool {
        matches!(self.kind, Kind::Texts { .. })
    }

    /// The help text, with the option's value in `defaults`.
    pub(super) fn description(&self, defaults: &mut C) -> String {
        let repeatable = if self.repeats() { "; repeatable" } else { "" };
        format!("{}{repeatable} ({})", self.help, self.default(defaults))
    }

    fn default(&self, defaults: &mut C) -> String {
        match &self.kind {
            Kind::Flag(field) => if *field(defaults) { YES } else { NO }.to_owned(),
            Kind::Count { field, .. } => field(defaults).to_string(),
            Kind::Bytes { field, .. } => format!("{} bytes", field(defaults)),
            Kind::Seconds { field, .. } => format!("{} seconds", field(defaults).as_secs()),
            Kind::Text { default, .. } | Kind::Texts { default, .. } => match default {
                Fallback::Value(value) => value(defaults),
                Fallback::Word(word) => (*word).to_owned(),
            },
        }
    }

    /// The value in `defaults` as one would write it, or else the word for it.
    #[cfg(feature = "tools")]
    pub(super) fn default_value(&self, defaults: &mut C) -> Result<String, &'static str> {
        if let Kind::Text { default: Fallback::Word(word), .. }
        | Kind::Texts { default: Fallback::Word(word), .. } = self.kind
        {
            return Err(word);
        }
        let shown = self.default(defaults);
        Ok(shown.trim_end_matches(" bytes").trim_end_matches(" seconds").to_owned())
    }

    /// Applies all given values, at least one, to the config. A flag has one, `YES` or `NO`.
    pub(super) fn set(&self, config: &mut C, values: &[String]) -> Result<(), String> {
        let last = values.last().map_or("", String::as_str);
        match &self.kind {
            Kind::Flag(field) => *field(config) = last == YES,
            Kind::Count { of, range, field } => *field(config) = number(last, range, of)?,
            Kind::Bytes { range, field } => *field(config) = number(last, range, "bytes")?,
            Kind::Seconds { range, field } => {
                *field(config) = Duration::from_secs(number(last, range, "seconds")? as u64);
            }
            Kind::Text { set, .. } => set(config, last)?,
            Kind::Texts { set, .. } => set(config, values)?,
        }
        Ok(())
    }
}

/// Parses a whole number of `of` within `range`.
pub(super) fn number(value: &str, range: &RangeInclusive<usize>, of: &str) -> Result<usize, String> {
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        format!("{value:?} is not a whole number of {of} from {} to {}", range.start(), range.end())
    })
}

/// Checks that each default in the help is the value in the config without the option.
#[cfg(test)]
#[track_caller]
pub(super) fn check_defaults<C: Default + PartialEq, R>(settings: &[Setting<C, R>]) {
    for setting in settings {
        if let Kind::Text { default: Fallback::Word(_), .. }
        | Kind::Texts { default: Fallback::Word(_), .. } = setting.kind
        {
            continue;
        }
        let shown = setting.default(&mut C::default());
        let value = shown.trim_end_matches(" bytes").trim_end_matches(" seconds").to_owned();
        let mut config = C::default();
        let set = setting.set(&mut config, &[value]);
        assert!(set.is_ok() && config == C::default(), "--{}: {shown}", setting.long);
    }
}
