//! Rare commands: about the server, about users, and for operators of a room.

use super::commands::usage;
use super::{Act, Chat};
use crate::client::Request;

fn raw(line: String) -> Act {
    Act::Send(Request::Raw(line))
}

/// The only argument of a command, if it is one word that IRC can send.
fn word<'a>(rest: &'a str, command: &str) -> Result<&'a str, String> {
    let mut words = rest.split_whitespace();
    match (words.next(), words.next()) {
        (Some(word), None) if !word.starts_with(':') => Ok(word),
        _ => Err(usage(command)),
    }
}

impl Chat {
    pub(super) fn list(&mut self, pattern: &str) -> Result<Act, String> {
        Ok(raw(if pattern.is_empty() { "LIST".into() } else { format!("LIST {}", word(pattern, "list")?) }))
    }

    pub(super) fn motd(&mut self, _: &str) -> Result<Act, String> {
        Ok(raw("MOTD".into()))
    }

    pub(super) fn whois(&mut self, name: &str) -> Result<Act, String> {
        let name = word(name, "whois")?;
        Ok(raw(format!("WHOIS {name}")))
    }

    pub(super) fn invite(&mut self, rest: &str) -> Result<Act, String> {
        let (name, room) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, room) = (word(name, "invite")?, self.named_or_here(room)?);
        Ok(raw(format!("INVITE {name} {room}")))
    }

    pub(super) fn kick(&mut self, rest: &str) -> Result<Act, String> {
        let (name, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let (name, room) = (word(name, "kick")?, self.named_or_here("")?);
        let reason = if reason.is_empty() { String::new() } else { format!(" :{reason}") };
        Ok(raw(format!("KICK {room} {name}{reason}")))
    }

    pub(super) fn op(&mut self, name: &str) -> Result<Act, String> {
        self.mode("+o", word(name, "op")?)
    }

    pub(super) fn deop(&mut self, name: &str) -> Result<Act, String> {
        self.mode("-o", word(name, "deop")?)
    }

    pub(super) fn voice(&mut self, name: &str) -> Result<Act, String> {
        self.mode("+v", word(name, "voice")?)
    }

    pub(super) fn devoice(&mut self, name: &str) -> Result<Act, String> {
        self.mode("-v", word(name, "devoice")?)
    }

    pub(super) fn ban(&mut self, whom: &str) -> Result<Act, String> {
        if whom.is_empty() { self.mode("+b", "") } else { self.mode("+b", &mask(word(whom, "ban")?)) }
    }

    pub(super) fn unban(&mut self, whom: &str) -> Result<Act, String> {
        self.mode("-b", &mask(word(whom, "unban")?))
    }

    fn mode(&self, letters: &str, whom: &str) -> Result<Act, String> {
        let room = self.named_or_here("")?;
        Ok(raw(format!("MODE {room} {letters} {whom}").trim_end().to_owned()))
    }
}

/// The mask for a name, unless it already is a mask.
fn mask(whom: &str) -> String {
    if whom.contains(['!', '@', '*', ':', '$']) { whom.to_owned() } else { format!("{whom}!*@*") }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{chat_in, told};
    use super::*;

    #[test]
    fn every_rare_command_is_one_line_of_irc_about_the_room_in_the_prompt() {
        let mut chat = chat_in("#tea", &[]);
        for (typed, sent) in [
            ("/list", "LIST"),
            ("/list *tea*", "LIST *tea*"),
            ("/motd", "MOTD"),
            ("/whois bob", "WHOIS bob"),
            ("/invite bob", "INVITE bob #tea"),
            ("/invite bob ops", "INVITE bob #ops"),
            ("/kick bob", "KICK #tea bob"),
            ("/kick bob too loud", "KICK #tea bob :too loud"),
            ("/op bob", "MODE #tea +o bob"),
            ("/deop bob", "MODE #tea -o bob"),
            ("/voice bob", "MODE #tea +v bob"),
            ("/devoice bob", "MODE #tea -v bob"),
            ("/ban", "MODE #tea +b"),
            ("/ban bob", "MODE #tea +b bob!*@*"),
            ("/ban *!*@10.0.0.1", "MODE #tea +b *!*@10.0.0.1"),
            ("/unban bob", "MODE #tea -b bob!*@*"),
        ] {
            assert_eq!(chat.typed(typed), Some(raw(sent.into())), "{typed}");
        }
    }

    #[test]
    fn a_rare_command_without_its_argument_shows_its_usage() {
        let mut chat = chat_in("#tea", &[]);
        for line in ["/whois", "/invite", "/kick", "/op", "/deop a b", "/voice :x", "/devoice", "/unban"] {
            assert!(told(&mut chat, line).starts_with("write /"), "{line}");
        }
    }
}
