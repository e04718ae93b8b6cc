//! What the tab key offers.

use super::Chat;
use super::commands::COMMANDS;
use crate::harmful::is_harmful;
use crate::name::same_name;

/// Most things offered at once.
const OFFERS: usize = 200;

impl Chat {
    /// Where the word before `position` begins, and its completions, best first. `position` is in bytes, between
    /// characters.
    pub(in crate::terminal) fn complete(&self, line: &str, position: usize) -> (usize, Vec<String>) {
        let before = line.get(..position).unwrap_or(line);
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let start = line.len().min(start + skipped(before, start));
        let (word, wanted) = (&before[start..], wanted(&before[..start]));
        let offers: Vec<_> = if let (0, Some(name)) = (start, word.strip_prefix("//")) {
            self.names(name).map(|name| format!("//{name}:")).collect()
        } else if (start == 0 && word.starts_with('/')) || wanted == Some("COMMAND") {
            let slash = if word.starts_with('/') { "/" } else { "" };
            let names = COMMANDS.iter().map(|command| format!("{slash}{} ", command.name));
            names.filter(|name| name.starts_with(word)).collect()
        } else if word.starts_with('#') || wanted == Some("ROOM") {
            let name = word.trim_start_matches('#');
            let rooms = self.rooms.iter().map(|room| room.name.as_str());
            let rooms = rooms.filter(|room| begins_with(room.trim_start_matches('#'), name));
            rooms.map(|room| format!("{room} ")).collect()
        } else {
            let end = if start == 0 { ": " } else { " " };
            self.names(word).map(|name| format!("{name}{end}")).collect()
        };
        // The editor writes a completion to the terminal unchanged.
        let offers = offers.into_iter().filter(|offer: &String| !offer.contains(is_harmful));
        (start, offers.collect())
    }

    /// The names of others in this room that begin with `start`, the most recent speakers first.
    fn names<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        let people = self.here().map(|room| room.by_recency()).unwrap_or_default();
        let whisperer = self.whisperer.as_deref().filter(|who| !people.contains(who));
        let names = people.into_iter().chain(whisperer);
        names.filter(move |name| begins_with(name, start) && !same_name(name, &self.name)).take(OFFERS)
    }
}

/// The first argument of the command that the line consists of, as `/help` names it.
fn wanted(before: &str) -> Option<&'static str> {
    let name = before.trim_end().strip_prefix('/')?;
    let command = COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name))?;
    Some(command.arguments.split(' ').next()?.trim_matches(['[', ']']))
}

/// The other bytes of the white space character that begins one byte before `start`.
fn skipped(before: &str, start: usize) -> usize {
    (start..=before.len()).find(|&at| before.is_char_boundary(at)).map_or(0, |at| at - start)
}

fn begins_with(name: &str, start: &str) -> bool {
    name.to_lowercase().starts_with(&start.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::room::Room;
    use super::super::tests_support::chat_in;
    use super::*;

    fn offers(chat: &Chat, line: &str) -> (usize, Vec<String>) {
        chat.complete(line, line.len())
    }

    #[test]
    fn names_are_offered_by_who_spoke_last_and_with_a_colon_where_a_line_begins() {
        let mut chat = chat_in("#tea", &["alice", "bob", "bella", "Boris", "张三"]);
        let all = ["Boris: ", "bella: ", "bob: "].map(String::from).to_vec();
        assert_eq!(offers(&chat, "b"), (0, all));
        chat.room("#tea").unwrap().spoke("bob", 1, 1000);
        assert_eq!(offers(&chat, "hi b").1[0], "bob ");
        assert_eq!(offers(&chat, "hi\u{3000}b"), (5, vec!["bob ".into(), "Boris ".into(), "bella ".into()]));
        assert_eq!(offers(&chat, "张"), (0, vec!["张三: ".into()]));
        assert_eq!(offers(&chat, "ali"), (0, vec![]), "that is us");
        assert_eq!(offers(&chat, "/msg bel"), (5, vec!["bella ".into()]));
        assert_eq!(offers(&chat, "//bel"), (0, vec!["//bella:".into()]));
        assert_eq!(chat.complete("be and more", 2), (0, vec!["bella: ".into()]));
    }

    #[test]
    fn commands_and_rooms_are_offered() {
        let chat = chat_in("#tea", &[]);
        assert_eq!(offers(&chat, "/to"), (0, vec!["/topic ".into()]));
        assert!(offers(&chat, "/").1.len() >= 15);
        assert_eq!(offers(&chat, "/room #T"), (6, vec!["#tea ".into()]));
        assert_eq!(offers(&chat, "hi /to").1, Vec::<String>::new());
    }

    #[test]
    fn a_command_is_followed_by_what_it_takes() {
        let chat = chat_in("#tea", &["teo", "toni"]);
        for line in ["/room ", "/join t", "/part #t", "/who T"] {
            assert_eq!(offers(&chat, line).1, ["#tea "], "{line}");
        }
        assert_eq!(offers(&chat, "/help to").1, ["topic "]);
        assert_eq!(offers(&chat, "/help /to").1, ["/topic "]);
        assert_eq!(offers(&chat, "/msg to").1, ["toni "]);
        assert_eq!(offers(&chat, "/topic t").1, ["teo ", "toni "]);
        assert_eq!(offers(&chat, "/msg teo t").1, ["teo ", "toni "]);
    }

    #[test]
    fn a_name_that_could_control_a_terminal_is_never_offered() {
        let mut chat = chat_in("#tea", &["eve\x1b[2J", "\u{202e}eve", "evan"]);
        chat.whisperer = Some("ev\u{9b}2J".into());
        chat.rooms.push(Room::new("#t\x1b[2J"));
        assert_eq!(offers(&chat, "ev").1, ["evan: "]);
        assert_eq!(offers(&chat, "//e").1, ["//evan:"]);
        assert_eq!(offers(&chat, "/room #t").1, ["#tea "]);
    }
}
