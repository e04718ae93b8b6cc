//! How an option is declared: one row says what it takes, what it does, what it is without being given, and what a
//! reload does with it.

use std::ops::RangeInclusive;
use std::time::Duration;

/// One option of a program whose config is a `C`. `R` says what a reload does with it; `()` if nothing is reloaded.
pub(super) struct Setting<C, R = ()> {
    /// One letter, or nothing.
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    /// What it is for. `description` adds what the rest of the row says.
    pub(super) help: &'static str,
    pub(super) kind: Kind<C>,
    pub(super) reload: R,
}

/// What an option takes, and which part of the config gets it.
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
    /// A text; `value` is what the help calls it.
    Text {
        value: &'static str,
        default: Fallback<C>,
        set: fn(&mut C, &str) -> Result<(), String>,
    },
    /// One or more texts, each given with the same option.
    Texts {
        value: &'static str,
        default: Fallback<C>,
        set: fn(&mut C, &[String]) -> Result<(), String>,
    },
}

/// What holds if an option is not given.
pub(super) enum Fallback<C> {
    /// The value in the default config.
    Value(fn(&C) -> String),
    /// No value; the help says it in this word.
    Word(&'static str),
}

/// An option that a config file does not have.
pub(super) struct CommandLineOnly {
    /// One letter, or nothing.
    pub(super) short: &'static str,
    pub(super) long: &'static str,
    /// What its value is called; empty if it takes none.
    pub(super) value: &'static str,
    pub(super) help: &'static str,
}

/// The value of a flag that is given.
pub(super) const YES: &str = "yes";
/// The value of a flag that is taken back.
pub(super) const NO: &str = "no";

impl<C, R> Setting<C, R> {
    /// What the value is called; empty for a flag.
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

    /// What the help tells, with the value that the option has in `defaults`.
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

    /// Takes all values given, at least one, into the config. A flag has one, `YES` or `NO`.
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

/// A whole number of `of` within `range`.
pub(super) fn number(value: &str, range: &RangeInclusive<usize>, of: &str) -> Result<usize, String> {
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        format!("{value:?} is not a whole number of {of} from {} to {}", range.start(), range.end())
    })
}

/// Each default that the help shows as a value is what the config has without the option.
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
