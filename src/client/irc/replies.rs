//! Replies in words, for every numeric that has no event of its own.

use std::time::{Duration, SystemTime};

use super::lines::nick;
use crate::date;
use crate::wire::irc::numeric;

/// The text of a reply, without our own name; `None` for the begin or end of a list (see [`empty`]).
pub(super) fn words(code: &str, params: &[&str]) -> Option<String> {
    if is_silent(code) {
        return None;
    }
    let told = match (code, params) {
        (numeric::RPL_UMODEIS, [modes, ..]) => format!("your modes are {modes}"),
        (
            numeric::RPL_LUSEROP | numeric::RPL_LUSERUNKNOWN | numeric::RPL_LUSERCHANNELS,
            [count, what, ..],
        ) => {
            format!("there are {count} {what}")
        }
        (numeric::RPL_STATSKLINE, [_, network, ..]) => format!("banned: {network} ({})", last(params)),
        (numeric::RPL_USERHOST, [hosts, ..]) => format!("addresses: {}", none_if_empty(hosts)),
        (numeric::RPL_ISON, [names, ..]) => format!("here now: {}", none_if_empty(names)),
        (numeric::RPL_WHOISUSER, [who, user, host, .., real]) => format!("{who} is {user}@{host} ({real})"),
        (numeric::RPL_WHOWASUSER, [who, user, host, .., real]) => {
            format!("{who} was {user}@{host} ({real})")
        }
        (numeric::RPL_WHOISSERVER, [who, server, .., about]) => format!("{who} is on {server} ({about})"),
        (numeric::RPL_WHOISIDLE, [who, idle, since, _, ..]) => {
            format!("{who} has been silent for {}, and here since {}", span(idle), moment(since))
        }
        (numeric::RPL_WHOISIDLE, [who, idle, ..]) => format!("{who} has been silent for {}", span(idle)),
        (numeric::RPL_WHOISCHANNELS, [who, rooms, ..]) => format!("{who} is in {rooms}"),
        (numeric::RPL_WHOISACCOUNT, [who, account, ..]) => format!("{who} has the account {account}"),
        (numeric::RPL_WHOISACTUALLY, [who, address, ..]) => format!("{who} connects from {address}"),
        (numeric::RPL_LIST, [room, count, topic @ ..]) => {
            let people = if *count == "1" { "person" } else { "people" };
            let topic = topic.last().filter(|topic| !topic.is_empty());
            format!(
                "{room} has {count} {people}{}",
                topic.map(|topic| format!(": {topic}")).unwrap_or_default()
            )
        }
        (numeric::RPL_LISTEND, _) => "that is every room that can be listed".to_owned(),
        (numeric::RPL_CHANNELMODEIS, [room, modes @ ..]) => {
            format!("the modes of {room} are {}", modes.join(" "))
        }
        (numeric::RPL_CREATIONTIME, [room, at, ..]) => format!("{room} was created on {}", moment(at)),
        (numeric::RPL_INVITELIST, [room, ..]) => format!("you are invited to {room}"),
        (numeric::RPL_INVITING, [who, room, ..]) => format!("you invited {who} into {room}"),
        (numeric::RPL_BANLIST, [room, mask, by @ ..]) => format!("banned from {room}: {mask}{}", set_by(by)),
        (numeric::RPL_EXCEPTLIST, [room, mask, by @ ..]) => {
            format!("excepted from the bans of {room}: {mask}{}", set_by(by))
        }
        (numeric::RPL_INVEXLIST, [room, mask, by @ ..]) => {
            format!("may enter {room} uninvited: {mask}{}", set_by(by))
        }
        (numeric::RPL_VERSION, [version, server, ..]) => format!("{server} runs {version}"),
        (numeric::RPL_WHOREPLY, [room, user, host, _, who, flags, real, ..]) => {
            let (real, away) = (real.split_once(' ').map_or("", |(_, real)| real), flags.starts_with('G'));
            let place = if *room == "*" { String::new() } else { format!(" in {room}") };
            format!("{who} ({user}@{host}, {real}) is{place}{}", if away { ", away" } else { " here" })
        }
        (numeric::RPL_WHOSPCRPL, fields) => format!("found: {}", fields.join(" ")),
        (numeric::RPL_LINKS, [server, ..]) => format!("the network has the server {server}"),
        (numeric::RPL_REHASHING, [file, ..]) => format!("the server reads its settings again: {file}"),
        (numeric::RPL_TIME, [server, time, ..]) => format!("the time at {server} is {time}"),
        (numeric::RPL_MONONLINE, [names, ..]) => format!("here: {}", without_hosts(names)),
        (numeric::RPL_MONOFFLINE, [names, ..]) => format!("not here: {}", without_hosts(names)),
        (numeric::RPL_MONLIST, [names, ..]) => format!("you watch for {}", without_hosts(names)),
        (numeric::RPL_SASLMECHS, [mechanisms, ..]) => format!("the server offers logins by {mechanisms}"),
        (numeric::RPL_KEYVALUE, [of, key, ..]) => format!("{of} has the {key} {}", last(params)),
        (numeric::RPL_KEYNOTSET, [of, key, ..]) => format!("{of} has no {key}"),
        (numeric::RPL_METADATASUBOK | numeric::RPL_METADATASUBS, keys) => {
            format!("you hear when these change: {}", keys.join(" "))
        }
        (numeric::RPL_METADATAUNSUBOK, keys) => {
            format!("you do not hear any longer when these change: {}", keys.join(" "))
        }
        (numeric::RPL_METADATASYNCLATER, [of, ..]) => format!("there may be metadata of {of}"),
        // The text says it all, or is about somebody: `bob is a bot`.
        (
            numeric::RPL_WHOISOPERATOR
            | numeric::RPL_WHOISBOT
            | numeric::RPL_WHOISMODES
            | numeric::RPL_WHOISSECURE,
            _,
        ) => params.join(" "),
        (numeric::RPL_LOCALUSERS | numeric::RPL_GLOBALUSERS, _) => last(params),
        (numeric::RPL_HELPSTART | numeric::RPL_HELPTXT, _) => last(params),
        (numeric::RPL_ADMINME, _) => params.iter().rev().copied().collect::<Vec<_>>().join(" of "),
        _ => params.join(" "),
    };
    Some(told)
}

/// True for the begin or end of a list, and for what is not worth a line.
fn is_silent(code: &str) -> bool {
    const SILENT: [&str; 23] = [
        numeric::RPL_WELCOME,
        numeric::RPL_YOURHOST,
        numeric::RPL_CREATED,
        numeric::RPL_MYINFO,
        numeric::RPL_ISUPPORT,
        numeric::RPL_TOPICWHOTIME,
        numeric::RPL_ENDOFSTATS,
        numeric::RPL_ENDOFWHO,
        numeric::RPL_ENDOFWHOIS,
        numeric::RPL_LISTSTART,
        numeric::RPL_ENDOFINVITELIST,
        numeric::RPL_ENDOFINVEXLIST,
        numeric::RPL_ENDOFEXCEPTLIST,
        numeric::RPL_ENDOFLINKS,
        numeric::RPL_MAPEND,
        numeric::RPL_ENDOFBANLIST,
        numeric::RPL_ENDOFWHOWAS,
        numeric::RPL_ENDOFINFO,
        numeric::RPL_MOTDSTART,
        numeric::RPL_ENDOFMOTD,
        numeric::RPL_ENDOFHELP,
        numeric::RPL_ENDOFMONLIST,
        numeric::RPL_SASLSUCCESS,
    ];
    SILENT.contains(&code)
}

/// True for an entry of a list.
pub(super) fn is_entry(code: &str) -> bool {
    const ENTRIES: [&str; 7] = [
        numeric::RPL_WHOREPLY,
        numeric::RPL_WHOSPCRPL,
        numeric::RPL_INVITELIST,
        numeric::RPL_INVEXLIST,
        numeric::RPL_EXCEPTLIST,
        numeric::RPL_BANLIST,
        numeric::RPL_MONLIST,
    ];
    ENTRIES.contains(&code)
}

/// The text for an empty list.
pub(super) fn empty(code: &str, params: &[&str]) -> Option<String> {
    Some(match (code, params) {
        (numeric::RPL_ENDOFWHO, [asked, ..]) => format!("nobody was found for {asked}"),
        (numeric::RPL_ENDOFINVITELIST, _) => "you are invited to no room".to_owned(),
        (numeric::RPL_ENDOFINVEXLIST, [room, ..]) => format!("nobody may enter {room} uninvited"),
        (numeric::RPL_ENDOFEXCEPTLIST, [room, ..]) => format!("nobody is excepted from the bans of {room}"),
        (numeric::RPL_ENDOFBANLIST, [room, ..]) => format!("nobody is banned from {room}"),
        (numeric::RPL_ENDOFMONLIST, _) => "you watch for nobody".to_owned(),
        _ => return None,
    })
}

fn last(params: &[&str]) -> String {
    params.last().copied().unwrap_or_default().to_owned()
}

fn none_if_empty(names: &str) -> &str {
    if names.trim().is_empty() { "none" } else { names }
}

fn without_hosts(names: &str) -> String {
    names.split(',').map(nick).collect::<Vec<_>>().join(" ")
}

/// Who set a mask and when, if the server says so.
fn set_by(by: &[&str]) -> String {
    match by {
        [by, at, ..] => format!(", by {} on {}", nick(by), moment(at)),
        [by] => format!(", by {}", nick(by)),
        [] => String::new(),
    }
}

/// A moment in seconds since 1970 as a date.
fn moment(seconds: &str) -> String {
    let time = seconds.parse().ok().and_then(|s| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(s)));
    time.map_or_else(|| "an unknown day".to_owned(), |time| date::seconds(time).to_string())
}

/// Seconds in words.
fn span(seconds: &str) -> String {
    let Ok(seconds) = seconds.parse::<u64>() else { return "some time".to_owned() };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_a_sentence() {
        for (code, params, expected) in [
            ("254", &["3", "channel(s)"][..], "there are 3 channel(s)"),
            ("311", &["bob", "u", "h", "*", "Bob B"], "bob is u@h (Bob B)"),
            (
                "317",
                &["bob", "61", "0", "seconds idle, signon time"],
                "bob has been silent for 1 min, and here since 1970-01-01T00:00:00Z",
            ),
            ("330", &["bob", "bob", "is logged in as"], "bob has the account bob"),
            ("319", &["bob", "@#tea #dev"], "bob is in @#tea #dev"),
            ("322", &["#tea", "1", ""], "#tea has 1 person"),
            ("322", &["#tea", "3", "at five"], "#tea has 3 people: at five"),
            ("324", &["#tea", "+ntl", "5"], "the modes of #tea are +ntl 5"),
            ("329", &["#tea", "0"], "#tea was created on 1970-01-01T00:00:00Z"),
            ("352", &["#tea", "u", "h", "s", "bob", "G*", "0 Bob"], "bob (u@h, Bob) is in #tea, away"),
            (
                "367",
                &["#tea", "a!*@*", "bob!u@h", "0"],
                "banned from #tea: a!*@*, by bob on 1970-01-01T00:00:00Z",
            ),
            ("382", &["config", "Rehashing"], "the server reads its settings again: config"),
            ("731", &["bob,carol"], "not here: bob carol"),
        ] {
            assert_eq!(words(code, params).as_deref(), Some(expected));
        }
    }
}
