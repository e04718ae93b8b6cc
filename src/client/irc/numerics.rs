//! Turns numerics into events (RFC 2812 §5).

use std::mem;

use super::lines::nick;
use super::replies;
use crate::client::event::{ClientEventKind, Member};
use crate::name::same_name;
use crate::wire::irc::numeric;

/// Memory for the names of one room, in bytes. A server may send names without end, and several lists can be queued.
const MEMBERS_BYTES: usize = 512 * 1024;

/// Longest name that is kept, in bytes; those of IRC have about 30.
const MEMBER_BYTES: usize = 200;

/// The addressee only hears users on their accept list (Charybdis, `+g`).
const ERR_TARGUMODEG: &str = "716";

/// The server is too busy to answer (RFC 2812 §5.1).
const RPL_TRYAGAIN: &str = "263";

/// The server puts us into another room than the one we asked for (InspIRCd, Solanum).
const ERR_LINKCHANNEL: &str = "470";

/// Numbers of users (RFC 2812 §5.1; parlord does not send 250).
const INTRODUCTION: [&str; 8] = [
    "250",
    numeric::RPL_LUSERCLIENT,
    numeric::RPL_LUSEROP,
    numeric::RPL_LUSERUNKNOWN,
    numeric::RPL_LUSERCHANNELS,
    numeric::RPL_LUSERME,
    numeric::RPL_LOCALUSERS,
    numeric::RPL_GLOBALUSERS,
];

/// Turns numerics into events. Collects the names of a room, which come in several lines.
#[derive(Debug, Default)]
pub(super) struct Numerics {
    /// The room whose names are coming, and the names so far.
    room: String,
    members: Vec<Member>,
    /// Memory of these names, in bytes.
    bytes: usize,
    /// Some names did not fit. Reported once.
    has_cut: bool,
    /// The last reply was an entry of a list.
    has_entries: bool,
    /// The message of the day has come, or there is none.
    is_introduced: bool,
}

impl Numerics {
    /// The event in the numeric `code`, whose first parameter is our own name.
    pub(super) fn meaning(&mut self, code: &str, params: &[&str]) -> Option<ClientEventKind> {
        let params = params.get(1..).unwrap_or_default();
        let (text, about) = params.split_last()?;
        let text = (*text).to_owned();
        match (code, about) {
            (numeric::RPL_TOPIC, [room, ..]) => {
                Some(ClientEventKind::Topic { room: (*room).to_owned(), topic: text, by: None })
            }
            (numeric::RPL_NOTOPIC, [room, ..]) => {
                Some(ClientEventKind::Topic { room: (*room).to_owned(), topic: String::new(), by: None })
            }
            (numeric::RPL_NAMREPLY, [.., room]) => {
                let has_told = self.has_cut;
                self.names(room, &text);
                let is_news = self.has_cut && !has_told;
                let told = format!("{room} has more people than are listed here");
                is_news.then_some(ClientEventKind::Info(told))
            }
            (numeric::RPL_ENDOFNAMES, [room, ..]) => Some(self.present(room)),
            (numeric::RPL_MOTD, _) => Some(ClientEventKind::Info(text)),
            (numeric::RPL_AWAY, [who, ..]) => Some(ClientEventKind::Info(format!("{who} is away: {text}"))),
            (numeric::RPL_LOGGEDIN, [.., account]) => {
                Some(ClientEventKind::LoggedIn { account: (*account).to_owned() })
            }
            (numeric::RPL_LOGGEDOUT, _) => Some(ClientEventKind::LoggedOut),
            ("004", [_, version, ..]) => Some(ClientEventKind::Server { version: (*version).to_owned() }),
            // Servers send these at the login without being asked.
            (code, _) if !self.is_introduced && INTRODUCTION.contains(&code) => None,
            (numeric::RPL_ENDOFMOTD, _) => {
                self.is_introduced = true;
                None
            }
            (numeric::ERR_NOMOTD, _) => {
                let is_answer = std::mem::replace(&mut self.is_introduced, true);
                is_answer.then_some(ClientEventKind::Info(text))
            }
            (ERR_LINKCHANNEL, [from, to, ..]) => {
                Some(ClientEventKind::Forwarded { from: (*from).to_owned(), to: (*to).to_owned(), text })
            }
            (code, about) if is_refusal(code) => Some(refused(code, about, text)),
            _ => self.reply(code, params).map(ClientEventKind::Info),
        }
    }

    /// A reply in words. The end of a list is only reported if the list was empty.
    fn reply(&mut self, code: &str, params: &[&str]) -> Option<String> {
        let had_entries = mem::replace(&mut self.has_entries, replies::is_entry(code));
        let empty = || replies::empty(code, params).filter(|_| !had_entries);
        replies::words(code, params).or_else(empty)
    }

    fn names(&mut self, room: &str, names: &str) {
        if !same_name(room, &self.room) {
            room.clone_into(&mut self.room);
            (self.members, self.bytes) = (Vec::new(), 0);
        }
        for name in names.split_ascii_whitespace().filter(|name| name.len() <= MEMBER_BYTES) {
            self.bytes += member_bytes(name);
            if self.bytes > MEMBERS_BYTES {
                self.has_cut = true;
                return;
            }
            self.members.push(member(name));
        }
    }

    fn present(&mut self, room: &str) -> ClientEventKind {
        let members = mem::take(&mut self.members);
        self.bytes = 0;
        let members = if same_name(room, &self.room) { members } else { Vec::new() };
        self.room.clear();
        ClientEventKind::Present { room: room.to_owned(), members }
    }
}

/// True for a command that is a numeric.
pub(super) fn is_numeric(command: &str) -> bool {
    command.len() == 3 && command.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_refusal(code: &str) -> bool {
    const OTHERS: [&str; 9] = [
        ERR_TARGUMODEG,
        numeric::ERR_INVALIDMODEPARAM,
        numeric::ERR_MONLISTFULL,
        numeric::ERR_NICKLOCKED,
        numeric::ERR_SASLFAIL,
        numeric::ERR_SASLTOOLONG,
        numeric::ERR_SASLABORTED,
        numeric::ERR_SASLALREADY,
        RPL_TRYAGAIN,
    ];
    code.starts_with(['4', '5']) || OTHERS.contains(&code)
}

/// A refusal is about its first name. Other names, such as a room, are in the text.
fn refused(code: &str, names: &[&str], text: String) -> ClientEventKind {
    let (about, others) = names.split_first().map_or((None, names), |(first, rest)| (Some(first), rest));
    let mut text = text;
    for other in others.iter().filter(|&&other| other != "*" && !text.contains(other)).collect::<Vec<_>>() {
        text = format!("{text} ({other})");
    }
    let (code, about) = (code.to_owned(), about.map(|&about| about.to_owned()));
    ClientEventKind::Refused { command: None, code, about, text }
}

/// Memory of a name: its slot in a list that grows in powers of two, and two texts.
fn member_bytes(name: &str) -> usize {
    const ALLOCATION: usize = 16;
    2 * size_of::<Member>() + name.len() + 2 * ALLOCATION
}

/// A name in the list, with signs of rank before it.
fn member(text: &str) -> Member {
    let name = text.trim_start_matches(['~', '&', '@', '%', '+', '!']);
    let rank = text[..text.len() - name.len()].to_owned();
    // With `userhost-in-names`, user and host follow.
    Member { rank, name: nick(name).to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_several_lines_and_are_one_event() {
        let mut numerics = Numerics::default();
        assert_eq!(numerics.meaning("353", &["me", "=", "#tea", "@alice +@bob"]), None);
        assert_eq!(numerics.meaning("353", &["me", "=", "#TEA", "carol!u@h "]), None);
        let Some(ClientEventKind::Present { room, members }) =
            numerics.meaning("366", &["me", "#tea", "End of NAMES list"])
        else {
            panic!("no names");
        };
        assert_eq!(room, "#tea");
        let members: Vec<_> = members.iter().map(|m| (m.rank.as_str(), m.name.as_str())).collect();
        assert_eq!(members, [("@", "alice"), ("+@", "bob"), ("", "carol")]);
        let empty = ClientEventKind::Present { room: "#x".into(), members: Vec::new() };
        assert_eq!(numerics.meaning("366", &["me", "#x", "End"]), Some(empty));
    }

    #[test]
    fn an_endless_list_of_names_takes_limited_memory() {
        let mut numerics = Numerics::default();
        let names = "x".repeat(1000) + " a b c";
        let told = (0..10_000).filter_map(|_| numerics.meaning("353", &["me", "=", "#tea", &names])).count();
        assert_eq!(told, 1);
        assert!(numerics.members.len() > 1000);
        assert!(numerics.members.iter().map(|m| member_bytes(&m.name)).sum::<usize>() <= MEMBERS_BYTES);
    }

    #[test]
    fn a_refusal_names_what_it_is_about() {
        let mut numerics = Numerics::default();
        let refused = |code: &str, about: Option<&str>, text: &str| {
            let about = about.map(str::to_owned);
            Some(ClientEventKind::Refused { command: None, code: code.into(), about, text: text.into() })
        };
        assert_eq!(
            numerics.meaning("474", &["me", "#tea", "Banned"]),
            refused("474", Some("#tea"), "Banned")
        );
        assert_eq!(numerics.meaning("412", &["me", "No text"]), refused("412", None, "No text"));
        assert_eq!(numerics.meaning("422", &["me", "No MOTD"]), None);
    }

    #[test]
    fn a_numeric_with_two_names_is_about_the_first() {
        let mut numerics = Numerics::default();
        let mut about =
            |code: &str, names: [&str; 2]| match numerics.meaning(code, &["me", names[0], names[1], "No"]) {
                Some(ClientEventKind::Refused { about: Some(about), text, .. }) => (about, text),
                other => panic!("{other:?}"),
            };
        for code in ["441", "443"] {
            assert_eq!(about(code, ["bob", "#tea"]), ("bob".into(), "No (#tea)".into()));
        }
        assert_eq!(about("478", ["#tea", "a!*@*"]), ("#tea".into(), "No (a!*@*)".into()));
        assert_eq!(about("696", ["#tea", "*"]), ("#tea".into(), "No".into()));
        let forwarded =
            ClientEventKind::Forwarded { from: "#a".into(), to: "##a".into(), text: "Forwarding".into() };
        assert_eq!(numerics.meaning("470", &["me", "#a", "##a", "Forwarding"]), Some(forwarded));
    }

    /// Every numeric that parlord sends.
    fn codes() -> Vec<&'static str> {
        let table = include_str!("../../wire/irc/numeric.rs");
        let constants = table.lines().filter(|line| line.starts_with("pub const"));
        constants.filter_map(|line| line.split('"').nth(1)).collect()
    }

    /// What is shown of a numeric with these parameters behind our name, if it is no event of its own.
    fn shown(code: &str, params: &[&str]) -> Option<String> {
        let mut numerics = Numerics { is_introduced: true, ..Numerics::default() };
        match numerics.meaning(code, &[&["me"], params].concat()) {
            Some(ClientEventKind::Info(text) | ClientEventKind::Refused { text, .. }) => Some(text),
            _ => None,
        }
    }

    #[test]
    fn every_numeric_is_shown_in_our_words_or_as_a_sentence_of_the_server() {
        // The last parameter of these is a sentence, as in `251 me :There are 3 users and 0 services`.
        const SENTENCES: [&str; 21] = [
            "006", "242", "249", "251", "255", "257", "258", "259", "265", "266", "305", "306", "313", "335",
            "371", "372", "379", "381", "671", "704", "705",
        ];
        let numbers = ["1", "2", "3", "4", "5", "6", "7", "8"];
        let has_words = |text: &str| text.chars().any(char::is_alphabetic);
        assert!(codes().len() > 100);
        let mut bare: Vec<_> = codes();
        bare.retain(|code| !is_refusal(code) && shown(code, &numbers).is_some_and(|text| !has_words(&text)));
        assert_eq!(bare, SENTENCES);
        let refusals = codes().into_iter().filter(|code| is_refusal(code));
        for code in SENTENCES.into_iter().chain(refusals) {
            let text = shown(code, &["bob", "says it all"]);
            assert!(text.as_ref().is_some_and(|text| text.contains("says it all")), "{code}: {text:?}");
        }
    }

    #[test]
    fn a_numeric_is_never_shown_without_words() {
        for code in codes() {
            for numbers in 0..8 {
                let mut params = ["1", "2", "3", "4", "5", "6", "7"][..numbers.min(7)].to_vec();
                params.push("words");
                let text = shown(code, &params);
                assert!(
                    text.as_ref().is_none_or(|text| text.chars().any(char::is_alphabetic)),
                    "{code} {params:?}: {text:?}"
                );
            }
            (0..8).for_each(|count| drop(shown(code, &[""].repeat(count))));
        }
    }

    #[test]
    fn an_empty_list_is_shown_and_the_end_of_another_is_not() {
        let mut numerics = Numerics::default();
        let mut told = |code: &str, params: &[&str]| match numerics.meaning(code, params) {
            Some(ClientEventKind::Info(text)) => Some(text),
            None => None,
            other => panic!("{other:?}"),
        };
        let end = ["me", "#tea", "End of channel ban list"];
        assert_eq!(told("368", &end).as_deref(), Some("nobody is banned from #tea"));
        assert!(told("367", &["me", "#tea", "bob!*@*"]).is_some());
        assert_eq!(told("368", &end), None);
        assert_eq!(told("368", &end).as_deref(), Some("nobody is banned from #tea"));
        for code in ["315", "337", "347", "349", "733"] {
            assert!(told(code, &["me", "#tea", "End"]).is_some_and(|text| text.contains("no")), "{code}");
        }
    }

    #[test]
    fn an_unknown_numeric_is_shown_unchanged_and_the_counts_at_login_are_not() {
        let mut numerics = Numerics::default();
        assert_eq!(
            numerics.meaning("671", &["me", "bob", "is safe"]),
            Some(ClientEventKind::Info("bob is safe".into()))
        );
        assert_eq!(numerics.meaning("372", &["me", "- hi"]), Some(ClientEventKind::Info("- hi".into())));
        assert_eq!(numerics.meaning("254", &["me", "3", "channels"]), None);
        assert_eq!(numerics.meaning("422", &["me", "No MOTD"]), None);
        let told = Some(ClientEventKind::Info("there are 3 channels".into()));
        assert_eq!(numerics.meaning("254", &["me", "3", "channels"]), told, "now somebody asked");
        assert_eq!(
            numerics.meaning("422", &["me", "No MOTD"]),
            Some(ClientEventKind::Info("No MOTD".into()))
        );
        assert_eq!(numerics.meaning("005", &["me"]), None);
        assert_eq!(numerics.meaning("005", &[]), None);
    }
}
