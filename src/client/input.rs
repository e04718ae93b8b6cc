//! What a typed line asks for.

/// What to do with a line from the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input<'a> {
    Nothing,
    Say(&'a str),
    Whisper {
        to: &'a str,
        text: &'a str,
    },
    Act(&'a str),
    Help,
    Quit,
    /// A command that is not known, or is not complete: what to tell its writer.
    Wrong(&'static str),
}

pub(super) const HELP: &str = "\
Whatever you type is said to everybody in the room. Besides:
  //bob:hello       whisper to bob
  /msg bob hello    the same
  /me waves         do something
  /help             this
  /quit             leave; so does Ctrl-D";

/// Understands a line that somebody typed.
pub(super) fn typed(line: &str) -> Input<'_> {
    if let Some(whisper) = textbook_whisper(line) {
        return whisper;
    }
    let Some(command) = line.strip_prefix('/') else {
        return if line.trim().is_empty() { Input::Nothing } else { Input::Say(line) };
    };
    let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
    match name {
        "msg" => msg(rest).unwrap_or(Input::Wrong("write /msg NAME TEXT")),
        "me" if !rest.trim().is_empty() => Input::Act(rest),
        "me" => Input::Wrong("write /me WHAT YOU DO"),
        "help" => Input::Help,
        "quit" => Input::Quit,
        _ if name.starts_with('/') => Input::Wrong("write //NAME:TEXT"),
        _ => Input::Wrong("there is no such command, /help lists them; it was not sent"),
    }
}

/// Understands a line from a pipe: whispers are whispers, and every other line is said, whatever it begins with.
pub(super) fn piped(line: &str) -> Input<'_> {
    let whisper = textbook_whisper(line).or_else(|| line.strip_prefix("/msg ").and_then(msg));
    whisper.unwrap_or(Input::Say(line))
}

/// `//bob:hello`, as in the textbook's clients. Unlike them we keep what follows a second colon.
fn textbook_whisper(line: &str) -> Option<Input<'_>> {
    let (to, text) = line.strip_prefix("//")?.split_once(':')?;
    is_word(to).then_some(Input::Whisper { to, text })
}

fn msg(rest: &str) -> Option<Input<'_>> {
    let (to, text) = rest.split_once(' ')?;
    (is_word(to) && !text.is_empty()).then_some(Input::Whisper { to, text })
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && !name.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_to_whisper_are_understood_typed_and_piped() {
        for understand in [typed, piped] {
            let whisper = Input::Whisper { to: "bob", text: "see: this" };
            assert_eq!(understand("//bob:see: this"), whisper);
            assert_eq!(understand("/msg bob see: this"), whisper);
        }
    }

    #[test]
    fn a_typed_line_that_looks_like_a_command_is_never_said() {
        assert_eq!(typed("/help"), Input::Help);
        assert_eq!(typed("/quit"), Input::Quit);
        assert_eq!(typed("/me waves a flag"), Input::Act("waves a flag"));
        for line in ["/msg", "/msg bob", "/msg bob ", "/me", "/me ", "//bob", "//:x", "/nonsense", "/"] {
            assert!(matches!(typed(line), Input::Wrong(_)), "{line}");
        }
        assert_eq!(typed("  "), Input::Nothing);
        assert_eq!(typed("hi /quit"), Input::Say("hi /quit"));
    }

    #[test]
    fn every_piped_line_that_is_no_whisper_is_said() {
        for line in ["", "/quit", "/me waves", "/usr/bin/x: no", "/msg bob", "// a comment: see", "//"] {
            assert_eq!(piped(line), Input::Say(line));
        }
    }
}
