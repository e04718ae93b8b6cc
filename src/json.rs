//! Writes JSON (RFC 8259).

use std::fmt::Write;

use crate::harmful::is_harmful;

/// An unfinished object.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new() -> Self {
        Self("{".to_owned())
    }

    /// Adds a field whose value is JSON. `name` needs no escapes.
    pub(crate) fn bare(&mut self, name: &str, value: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        // Writing to a string cannot fail.
        write!(self.0, "{comma}\"{name}\":{value}").ok();
    }

    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.bare(name, &quoted(value));
    }

    pub(crate) fn texts(&mut self, fields: &[(&str, &str)]) {
        fields.iter().for_each(|(name, value)| self.text(name, value));
    }

    pub(crate) fn optional(&mut self, name: &str, value: Option<&str>) {
        value.iter().for_each(|value| self.text(name, value));
    }

    pub(crate) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text in quotation marks. Also escapes what could control a terminal, which JSON does not require.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // All of these are below 65,536, so four digits are enough.
            c if is_harmful(c) => {
                write!(out, "\\u{:04x}", u32::from(c)).ok();
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
