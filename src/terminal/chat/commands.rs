//! What a typed line asks for. One table has every command.

use std::time::SystemTime;

use super::memory::IGNORED;
use super::{Act, Chat, Emphasis, Shown, What};
use crate::client::{Manner, Request};
use crate::config::EARLIER_MOST;
use crate::name::{RoomName, UserName, same_name};
use crate::terminal::typed::{textbook_whisper, yes_or_no};

/// Lines that `/history` shows without a number.
const HISTORY_SHOWN: usize = 20;

/// Longest text to search for, in bytes: it fits a line of IRC, also if every byte must be escaped.
const SEARCH_BYTES: usize = 200;

/// One command.
pub(super) struct SlashCommand {
    /// Without the slash.
    pub(super) name: &'static str,
    /// The arguments; optional ones in square brackets.
    pub(super) arguments: &'static str,
    /// One line.
    help: &'static str,
    /// Runs it with its arguments; an error is shown to the writer.
    run: fn(&mut Chat, &str) -> Result<Act, String>,
    /// `/help` only lists its name.
    is_rare: bool,
}

const fn command(
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(&mut Chat, &str) -> Result<Act, String>,
) -> SlashCommand {
    SlashCommand { name, arguments, help, run, is_rare: false }
}

const fn rare(
    name: &'static str,
    arguments: &'static str,
    help: &'static str,
    run: fn(&mut Chat, &str) -> Result<Act, String>,
) -> SlashCommand {
    SlashCommand { name, arguments, help, run, is_rare: true }
}

/// Every command, as `/help` lists them.
pub(super) const COMMANDS: [SlashCommand; 33] = [
    command("msg", "NAME TEXT", "whisper to somebody; so does //NAME:TEXT", Chat::msg),
    command("reply", "TEXT", "whisper to the last person who whispered to you", Chat::reply),
    command("me", "WHAT YOU DO", "send an action, such as /me waves", Chat::me),
    command("nick", "NAME", "take another name", Chat::nick),
    command("join", "ROOM [KEY]", "join a room and speak there", Chat::join),
    command("part", "[ROOM]", "leave a room, or this one", Chat::part),
    command("room", "[ROOM]", "speak in another of your rooms (F1 to F9), or list them", Chat::turn),
    command("who", "[ROOM]", "who is in a room, or in this one", Chat::who),
    command("topic", "[TEXT]", "show or set the topic of this room", Chat::topic),
    command("ignore", "[NAME]", "hide what somebody says; again to show it; or list", Chat::ignore),
    command("away", "[TEXT]", "be away, or back again", Chat::away),
    command("login", "[ACCOUNT]", "log in to an account; asks for the password", Chat::log_in),
    command("register", "", "make your name an account; asks for a password", Chat::register),
    command("raw", "LINE", "send a line of IRC unchanged", Chat::raw),
    command("clear", "", "clear the screen", |_, _| Ok(Act::Clear)),
    command("stop", "", "stop sending a paste; so does Ctrl-C", |_, _| Ok(Act::Stop)),
    command("quit", "", "leave; so do Ctrl-D, and Ctrl-C twice", |_, _| Ok(Act::Quit)),
    command("help", "[COMMAND]", "this", |_, about| help(about)),
    rare("names", "[ROOM]", "who is in a room, or in this one; as /who", Chat::who),
    rare("query", "NAME TEXT", "whisper to somebody; as /msg", Chat::query),
    rare("history", "[COUNT]", "the last lines of this room", Chat::history),
    rare("search", "WORDS", "the lines of this room with these words", Chat::search),
    rare("list", "[PATTERN]", "list the rooms", Chat::list),
    rare("whois", "NAME", "show who somebody is", Chat::whois),
    rare("motd", "", "the server's message of the day", Chat::motd),
    rare("invite", "NAME [ROOM]", "invite somebody to this room, or another", Chat::invite),
    rare("kick", "NAME [WHY]", "remove somebody from this room", Chat::kick),
    rare("ban", "[NAME]", "keep somebody out of this room, or list who is", Chat::ban),
    rare("unban", "NAME", "let somebody in again", Chat::unban),
    rare("op", "NAME", "make somebody an operator of this room", Chat::op),
    rare("deop", "NAME", "take that back", Chat::deop),
    rare("voice", "NAME", "let somebody speak in a moderated room", Chat::voice),
    rare("devoice", "NAME", "take that back", Chat::devoice),
];

impl Chat {
    /// What a typed line asks for; `None` if it is empty.
    pub(in crate::terminal) fn typed(&mut self, line: &str) -> Option<Act> {
        let result = match line.strip_prefix('/') {
            _ if line.trim().is_empty() => return None,
            Some(rest) if rest.starts_with('/') => match textbook_whisper(line) {
                Some((to, text)) => Ok(whisper(to, text)),
                None => Err("write //NAME:TEXT".into()),
            },
            Some(command) if !command.starts_with(' ') => self.command(command),
            Some(_) | None => self.say(&said_text(line), Manner::Message),
        };
        Some(result.unwrap_or_else(Act::Tell))
    }

    /// How a typed line is shown among those of others: with this time, our name and its room. `None` if it is no
    /// talk or goes nowhere.
    #[cfg_attr(not(feature = "editor"), allow(dead_code))]
    pub(in crate::terminal) fn own_line(&self, line: &str, time: SystemTime) -> Option<Shown> {
        let is_command = line.starts_with('/') && !line.starts_with("/ ");
        let is_answer = self.is_asked && yes_or_no(line).is_some();
        if is_command || is_answer || line.trim().is_empty() {
            return None;
        }
        let room = self.shown().ok()?.map(|room| room.name.clone());
        let (from, manner, emphasis) = (self.name.clone(), Manner::Message, Emphasis::Own);
        Some(Shown {
            time: Some(time),
            room,
            what: What::Said { from, text: said_text(line), manner, emphasis },
        })
    }

    /// Says a line of a paste, whatever it begins with.
    pub(in crate::terminal) fn pasted(&mut self, line: &str) -> Act {
        self.say(line, Manner::Message).unwrap_or_else(Act::Tell)
    }

    fn command(&mut self, line: &str) -> Result<Act, String> {
        let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match COMMANDS.iter().find(|command| command.name.eq_ignore_ascii_case(name)) {
            Some(command) => (command.run)(self, rest.trim_start()),
            None => Err(format!("there is no command /{name}, see /help; nothing was sent")),
        }
    }

    fn say(&mut self, text: &str, manner: Manner) -> Result<Act, String> {
        let room = self.shown()?.map(|room| room.name.clone());
        Ok(Act::Send(Request::Say { room, text: text.to_owned(), manner }))
    }

    fn msg(&mut self, rest: &str) -> Result<Act, String> {
        match rest.split_once(' ') {
            Some((to, text)) if !text.trim().is_empty() => Ok(whisper(to, text)),
            Some(_) | None => Err(usage("msg")),
        }
    }

    fn query(&mut self, rest: &str) -> Result<Act, String> {
        self.msg(rest).map_err(|_| usage("query"))
    }

    fn reply(&mut self, text: &str) -> Result<Act, String> {
        match &self.whisperer {
            _ if text.is_empty() => Err(usage("reply")),
            Some(to) => Ok(whisper(to, text)),
            None => Err("nobody has whispered to you yet".into()),
        }
    }

    fn me(&mut self, text: &str) -> Result<Act, String> {
        if text.trim().is_empty() { Err(usage("me")) } else { self.say(text, Manner::Action) }
    }

    fn nick(&mut self, name: &str) -> Result<Act, String> {
        let name = name.trim();
        if name.is_empty() {
            return Err(usage("nick"));
        }
        let name = UserName::new(name).map_err(|why| format!("{name:?}: {why}"))?;
        Ok(Act::Send(Request::Nick(name.to_string())))
    }

    fn join(&mut self, rest: &str) -> Result<Act, String> {
        let mut words = rest.split_whitespace();
        let Some(word) = words.next() else { return Err(usage("join")) };
        let room = room_name(word)?;
        if self.room(&room).is_some_and(|room| room.is_joined) {
            return self.turn(&room);
        }
        self.wanted = self.has_rooms().then(|| room.clone());
        let key = words.next().map(str::to_owned);
        Ok(Act::Send(Request::Join { room, key }))
    }

    fn part(&mut self, rest: &str) -> Result<Act, String> {
        let room = self.named_or_here(rest)?;
        Ok(Act::Send(Request::Part { room, reason: String::new() }))
    }

    fn turn(&mut self, rest: &str) -> Result<Act, String> {
        if rest.is_empty() {
            let names: Vec<_> = self.rooms.iter().map(|room| room.name.as_str()).collect();
            let none = if self.has_rooms() { "you are in no room" } else { "here is only one room" };
            return Ok(Act::Tell(if names.is_empty() { none.into() } else { names.join(" ") }));
        }
        let rest = rest.trim();
        let has_switched = match rest {
            "+" | "-" => self.switch(rest == "+"),
            _ => rest.parse().is_ok_and(|number| self.switch_to(number)),
        };
        if has_switched {
            return Ok(Act::Tell(format!("you speak in {} now", self.named_or_here("")?)));
        }
        let wanted = room_name(rest)?;
        match self.rooms.iter().position(|room| same_name(&room.name, &wanted)) {
            Some(found) => {
                self.choose(found);
                Ok(Act::Tell(format!("you speak in {} now", self.rooms[found].name)))
            }
            None => Err(format!("you are not in {wanted}; /join {wanted}")),
        }
    }

    fn history(&mut self, count: &str) -> Result<Act, String> {
        let room = self.past_here()?;
        match count.trim() {
            "" => Ok(Act::Recall { room, count: HISTORY_SHOWN }),
            count => match count.parse() {
                Ok(count @ 1..=EARLIER_MOST) => Ok(Act::Recall { room, count }),
                Ok(_) => Err(format!("/history shows 1 to {EARLIER_MOST} lines")),
                Err(_) => Err(usage("history")),
            },
        }
    }

    fn search(&mut self, text: &str) -> Result<Act, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err(usage("search"));
        }
        if text.len() > SEARCH_BYTES {
            return Err(format!("that is too long to search for: at most {SEARCH_BYTES} bytes"));
        }
        Ok(Act::Search { room: self.past_here()?, text: text.to_owned() })
    }

    /// The room in the prompt, if it can have a past.
    fn past_here(&self) -> Result<String, String> {
        match self.shown()? {
            Some(room) => Ok(room.name.clone()),
            None => Err("the crazyit protocol has no history".into()),
        }
    }

    fn who(&mut self, rest: &str) -> Result<Act, String> {
        Ok(Act::Send(Request::Who { room: self.named_or_here(rest)? }))
    }

    fn topic(&mut self, text: &str) -> Result<Act, String> {
        let topic = (!text.is_empty()).then(|| text.to_owned());
        Ok(Act::Send(Request::Topic { room: self.named_or_here("")?, topic }))
    }

    fn ignore(&mut self, name: &str) -> Result<Act, String> {
        let name = name.trim();
        let told = match self.ignored.iter().position(|ignored| same_name(ignored, name)) {
            _ if name.is_empty() && self.ignored.is_empty() => "you ignore nobody".to_owned(),
            _ if name.is_empty() => format!("you ignore {}", self.ignored.join(" ")),
            Some(found) => format!("you hear {} again", self.ignored.swap_remove(found)),
            None if self.ignored.len() >= IGNORED => return Err(format!("you ignore {IGNORED} already")),
            None => {
                self.ignored.push(name.to_owned());
                format!("you hear nothing of {name} now")
            }
        };
        Ok(Act::Tell(told))
    }

    fn away(&mut self, message: &str) -> Result<Act, String> {
        let message = if message.is_empty() && !self.away { "away" } else { message };
        if self.has_rooms() {
            self.away = !message.is_empty();
        }
        Ok(Act::Send(Request::Away(message.to_owned())))
    }

    fn log_in(&mut self, name: &str) -> Result<Act, String> {
        let mut words = name.split_whitespace();
        let name = words.next().unwrap_or(&self.name).to_owned();
        match words.next() {
            // It would be on the screen.
            Some(_) => Err(format!("{}; then the password, which is not shown", usage("login"))),
            None => self.with_accounts(Act::LogIn(name)),
        }
    }

    fn register(&mut self, rest: &str) -> Result<Act, String> {
        match rest {
            "" => self.with_accounts(Act::Register(self.name.clone())),
            _ => Err(format!("{}; then the password, which is not shown", usage("register").trim_end())),
        }
    }

    fn with_accounts(&self, act: Act) -> Result<Act, String> {
        match self.has_rooms() {
            true => Ok(act),
            false => Err("on the crazyit wire, log in at the start: parlor --account NAME".into()),
        }
    }

    fn raw(&mut self, line: &str) -> Result<Act, String> {
        if line.is_empty() { Err(usage("raw")) } else { Ok(Act::Send(Request::Raw(line.to_owned()))) }
    }

    pub(super) fn named_or_here(&self, name: &str) -> Result<String, String> {
        match name.split_whitespace().next() {
            Some(name) => room_name(name),
            // Sending it reports that this wire has no rooms.
            None => Ok(self.shown()?.map_or_else(String::new, |room| room.name.clone())),
        }
    }
}

/// The text that a line says: without the space after its slash.
fn said_text(line: &str) -> String {
    line.strip_prefix("/ ").map_or_else(|| line.to_owned(), |rest| format!("/{rest}"))
}

fn whisper(to: &str, text: &str) -> Act {
    Act::Send(Request::Whisper { to: to.to_owned(), text: text.to_owned(), manner: Manner::Message })
}

/// The name of a room, of which people may omit the sign.
fn room_name(word: &str) -> Result<String, String> {
    let name = if word.starts_with(['#', '&']) { word.to_owned() } else { format!("#{word}") };
    match RoomName::new(&name) {
        Err(why) if !name.starts_with('&') => Err(format!("{name:?}: {why}")),
        // A room that is local to one server of a network.
        Ok(_) | Err(_) => Ok(name),
    }
}

pub(super) fn usage(name: &str) -> String {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.map_or_else(String::new, |command| format!("write /{} {}", command.name, command.arguments))
}

fn help(about: &str) -> Result<Act, String> {
    let about = about.trim().trim_start_matches('/');
    let is_asked = |command: &&SlashCommand| {
        if about.is_empty() { !command.is_rare } else { command.name == about }
    };
    let commands = COMMANDS.iter().filter(is_asked);
    let lines: Vec<_> = commands
        .map(|command| {
            let synopsis = format!("/{} {}", command.name, command.arguments);
            format!("  {synopsis:<18} {}", command.help)
        })
        .collect();
    match lines.len() {
        0 => Err(format!("there is no command /{about}, see /help")),
        1 => Ok(Act::Tell(lines[0].trim_start().to_owned())),
        _ => {
            let first = "Whatever else you type is said to everybody in the room.";
            let rare = COMMANDS.iter().filter(|command| command.is_rare);
            let rare: Vec<_> = rare.map(|command| format!("/{}", command.name)).collect();
            let (some, others) = rare.split_at(rare.len() / 2);
            Ok(Act::Tell(format!(
                "{first}\n{}\n  /  TEXT             say TEXT, behind a slash\nMore, see /help COMMAND: {}\n  {}",
                lines.join("\n"),
                some.join(" "),
                others.join(" ")
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests_support::{chat_in, told};
    use super::*;
    use crate::wire::Wire;

    fn sent(chat: &mut Chat, line: &str) -> Request {
        match chat.typed(line) {
            Some(Act::Send(request)) => request,
            other => panic!("{line}: {other:?}"),
        }
    }

    fn said(text: &str, manner: Manner) -> Request {
        Request::Say { room: Some("#tea".into()), text: text.into(), manner }
    }

    #[test]
    fn a_line_without_a_command_is_said_and_a_slash_with_a_space_is_text() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(sent(&mut chat, "hi /quit"), said("hi /quit", Manner::Message));
        assert_eq!(sent(&mut chat, "/ usr/bin"), said("/usr/bin", Manner::Message));
        assert_eq!(sent(&mut chat, "/me waves a flag"), said("waves a flag", Manner::Action));
        assert_eq!(chat.typed("  "), None);
    }

    #[test]
    fn a_typed_message_is_shown_among_those_of_others_and_other_lines_are_not() {
        let mut chat = chat_in("#tea", &[]);
        let text = |chat: &Chat, line: &str| match chat.own_line(line, SystemTime::UNIX_EPOCH)? {
            Shown {
                what: What::Said { from, text, emphasis: Emphasis::Own, .. },
                room: Some(room),
                time,
            } => {
                assert_eq!(
                    (from.as_str(), room.as_str(), time),
                    ("alice", "#tea", Some(SystemTime::UNIX_EPOCH))
                );
                Some(text)
            }
            other => panic!("{other:?}"),
        };
        for (line, shown) in [
            ("hi /quit", Some("hi /quit")),
            ("/ etc", Some("/etc")),
            ("y", Some("y")),
            (" ", None),
            ("/quit", None),
            ("/", None),
            ("//bob:psst", None),
        ] {
            assert_eq!(text(&chat, line).as_deref(), shown, "{line:?}");
        }
        chat.ask(true);
        assert_eq!((text(&chat, " No "), text(&chat, "none").as_deref()), (None, Some("none")));
        chat.ask(false);
        chat.prompted();
        chat.lose("#tea");
        assert_eq!(text(&chat, "hi"), None, "nobody hears it");
    }

    #[test]
    fn every_way_to_whisper_whispers() {
        let mut chat = chat_in("#tea", &[]);
        let whisper =
            Request::Whisper { to: "bob".into(), text: "see: this".into(), manner: Manner::Message };
        for line in ["//bob:see: this", "/msg bob see: this", "/MSG bob see: this"] {
            assert_eq!(sent(&mut chat, line), whisper);
        }
        assert_eq!(told(&mut chat, "/reply hi"), "nobody has whispered to you yet");
        chat.whisperer = Some("bob".into());
        assert_eq!(sent(&mut chat, "/reply see: this"), whisper);
    }

    #[test]
    fn a_mistyped_command_is_reported_and_never_sent() {
        let mut chat = chat_in("#tea", &[]);
        for line in
            ["/msg", "/msg bob", "/msg bob ", "/me", "/me ", "//bob", "//:x", "/nick", "/join", "/raw"]
        {
            assert!(told(&mut chat, line).starts_with("write /"), "{line}");
        }
        assert!(told(&mut chat, "/nonsense x").contains("no command /nonsense"));
        assert!(told(&mut chat, "/").contains("no command"));
        assert!(told(&mut chat, "/nick 1a").contains("cannot begin with '1'"));
        assert!(told(&mut chat, "/join #a,b").contains("cannot contain ','"));
    }

    #[test]
    fn commands_without_a_room_mean_the_current_one() {
        let mut chat = chat_in("#tea", &[]);
        let room = || "#tea".to_owned();
        assert_eq!(sent(&mut chat, "/who"), Request::Who { room: room() });
        assert_eq!(sent(&mut chat, "/who other"), Request::Who { room: "#other".into() });
        assert_eq!(sent(&mut chat, "/topic"), Request::Topic { room: room(), topic: None });
        let topic = Some("at  five".to_owned());
        assert_eq!(sent(&mut chat, "/topic at  five"), Request::Topic { room: room(), topic });
        assert_eq!(sent(&mut chat, "/part"), Request::Part { room: room(), reason: String::new() });
        assert_eq!(sent(&mut chat, "/join b k"), Request::Join { room: "#b".into(), key: Some("k".into()) });
        assert_eq!(told(&mut chat, "/join #TEA"), "you speak in #tea now");
        assert_eq!(told(&mut chat, "/room"), "#tea");
        assert!(told(&mut chat, "/room #b").contains("you are not in #b"));
    }

    #[test]
    fn history_and_search_are_about_the_room_in_the_prompt() {
        let mut chat = chat_in("#tea", &[]);
        let room = || "#tea".to_owned();
        for (line, count) in [("/history", 20), ("/history 7", 7), ("/history 1000", 1000)] {
            assert_eq!(chat.typed(line), Some(Act::Recall { room: room(), count }), "{line}");
        }
        let search = Act::Search { room: room(), text: "two words".into() };
        assert_eq!(chat.typed("/search  two words "), Some(search));
        for (line, why) in [("/history x", "write /history"), ("/search ", "write /search")] {
            assert!(told(&mut chat, line).starts_with(why), "{line}");
        }
        for line in ["/history 0", "/history 1001"] {
            assert_eq!(told(&mut chat, line), "/history shows 1 to 1000 lines");
        }
        assert!(told(&mut chat, &format!("/search {}", "x".repeat(201))).contains("at most 200 bytes"));
        let mut chat = Chat::new(Wire::CrazyIt, "alice", &[], &[]);
        for line in ["/history", "/search tea"] {
            assert_eq!(told(&mut chat, line), "the crazyit protocol has no history");
        }
    }

    #[test]
    fn away_can_be_set_and_ended_and_the_prompt_shows_it() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(sent(&mut chat, "/away"), Request::Away("away".into()));
        assert_eq!(chat.prompt(), "#tea alice (away)> ");
        assert_eq!(sent(&mut chat, "/away"), Request::Away(String::new()));
        assert_eq!(chat.prompt(), "#tea alice> ");
        assert_eq!(sent(&mut chat, "/away for tea"), Request::Away("for tea".into()));
    }

    #[test]
    fn help_has_a_line_for_each_command_and_fits_the_screen() {
        let mut chat = chat_in("#tea", &[]);
        let help = told(&mut chat, "/help");
        assert!(help.lines().count() < 24 && help.lines().all(|line| line.len() <= 78), "{help}");
        for command in &COMMANDS {
            assert!(help.split_whitespace().any(|word| word == format!("/{}", command.name)));
            assert!(told(&mut chat, &format!("/help {}", command.name)).starts_with('/'));
        }
        assert!(told(&mut chat, "/help nonsense").contains("no command"));
    }

    #[test]
    fn the_man_page_has_every_command_and_no_other() {
        let page = include_str!("../../../doc/parlor.1");
        let documented: Vec<_> = page.lines().filter(|line| line.starts_with(".It Ic /")).collect();
        let heading = |command: &SlashCommand| {
            let mut arguments = command.arguments.replace('[', "Op Ar ").replace(']', "");
            if !arguments.is_empty() && !command.arguments.starts_with('[') {
                arguments.insert_str(0, "Ar ");
            }
            format!(".It Ic /{} {arguments}", command.name).trim_end().to_owned()
        };
        let there_are: Vec<_> = COMMANDS.iter().map(heading).collect();
        assert_eq!(documented, there_are);
    }

    #[test]
    fn a_login_and_a_registration_ask_for_the_password_and_never_take_it_from_the_line() {
        let mut chat = chat_in("#tea", &[]);
        for (line, act) in [
            ("/login", Act::LogIn("alice".into())),
            ("/login al/phone", Act::LogIn("al/phone".into())),
            ("/register", Act::Register("alice".into())),
        ] {
            assert_eq!(chat.typed(line), Some(act), "{line}");
        }
        for line in ["/login alice sesame", "/register sesame"] {
            let told = told(&mut chat, line);
            assert!(told.contains("not shown") && !told.contains("sesame"), "{told}");
        }
        let mut chat = Chat::new(Wire::CrazyIt, "alice", &[], &[]);
        assert!(told(&mut chat, "/login").contains("--account"));
    }
}
