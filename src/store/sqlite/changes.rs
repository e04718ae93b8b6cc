//! Changes of rooms as text, one to a line: `+operator bob`, `-moderated`, `+limit 5`, `+ban *!*@192.0.2.7`. A key is
//! never written, only that there was one. A limit of the history has its messages and seconds: `+history 50:86400`.

use std::time::Duration;

use crate::message::{HistoryLimit, MaskList, Rank, RoomChange, RoomFlag};
use crate::name::UserName;

const RANKS: [(&str, Rank); 2] = [("operator", Rank::OPERATOR), ("voice", Rank::VOICE)];

const FLAGS: [(&str, RoomFlag); 8] = [
    ("invite-only", RoomFlag::InviteOnly),
    ("moderated", RoomFlag::Moderated),
    ("no-external", RoomFlag::NoExternal),
    ("secret", RoomFlag::Secret),
    ("topic-locked", RoomFlag::TopicLocked),
    ("no-ctcp", RoomFlag::NoCtcp),
    ("accounts-only", RoomFlag::AccountsOnly),
    ("accounts-speak", RoomFlag::AccountsSpeak),
];

const LISTS: [(&str, MaskList); 3] =
    [("ban", MaskList::Bans), ("exception", MaskList::Exceptions), ("invite", MaskList::Invited)];

/// What stands for a key.
const HIDDEN: &str = "*";

/// The words of these ranks, one after the other.
pub(super) fn rank_words(ranks: Rank) -> String {
    let words = RANKS.iter().filter(|(_, rank)| ranks.has_any(*rank)).map(|(word, _)| *word);
    words.collect::<Vec<_>>().join(" ")
}

/// The ranks with these words.
pub(super) fn ranks(words: &str) -> Rank {
    let known = words.split(' ').filter_map(|word| meaning(&RANKS, word));
    known.fold(Rank::NONE, |ranks, rank| ranks.with(rank, true))
}

/// The words of these flags, one after the other.
pub(super) fn flag_words(flags: &[RoomFlag]) -> String {
    flags.iter().map(|flag| word(&FLAGS, flag)).collect::<Vec<_>>().join(" ")
}

/// The flags with these words.
pub(super) fn flags(words: &str) -> Vec<RoomFlag> {
    words.split(' ').filter_map(|word| meaning(&FLAGS, word)).collect()
}

/// The word for a list of masks.
pub(super) fn list_word(list: MaskList) -> &'static str {
    word(&LISTS, &list)
}

/// The list with this word.
pub(super) fn list(word: &str) -> Option<MaskList> {
    meaning(&LISTS, word)
}

pub(super) fn text(changes: &[RoomChange]) -> String {
    changes.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The changes in `text`. Leaves out what is not one.
pub(super) fn parse(text: &str) -> Vec<RoomChange> {
    text.lines().filter_map(parse_line).collect()
}

fn line(change: &RoomChange) -> String {
    let sign = |is_set: bool| if is_set { '+' } else { '-' };
    match change {
        RoomChange::Rank { who, rank, given } => format!("{}{} {who}", sign(*given), word(&RANKS, rank)),
        RoomChange::Flag(flag, is_set) => format!("{}{}", sign(*is_set), word(&FLAGS, flag)),
        RoomChange::Key(key) => format!("{}key", sign(key.is_some())),
        RoomChange::Limit(None) => "-limit".into(),
        RoomChange::Limit(Some(limit)) => format!("+limit {limit}"),
        RoomChange::History(None) => "-history".into(),
        RoomChange::History(Some(HistoryLimit { lines, age })) => {
            format!("+history {lines}:{}", age.as_secs())
        }
        RoomChange::Mask { list, mask, added } => format!("{}{} {mask}", sign(*added), word(&LISTS, list)),
    }
}

fn parse_line(line: &str) -> Option<RoomChange> {
    let is_set = line.starts_with('+');
    let line = line.strip_prefix(['+', '-'])?;
    let (name, value) = line.split_once(' ').unwrap_or((line, ""));
    if let Some(rank) = meaning(&RANKS, name) {
        return Some(RoomChange::Rank { who: UserName::new(value).ok()?, rank, given: is_set });
    }
    if let Some(flag) = meaning(&FLAGS, name) {
        return Some(RoomChange::Flag(flag, is_set));
    }
    if let Some(list) = meaning(&LISTS, name) {
        return Some(RoomChange::Mask { list, mask: value.to_owned(), added: is_set });
    }
    match (name, is_set) {
        ("key", _) => Some(RoomChange::Key(is_set.then(|| HIDDEN.to_owned()))),
        ("limit", false) => Some(RoomChange::Limit(None)),
        ("limit", true) => Some(RoomChange::Limit(Some(value.parse().ok()?))),
        ("history", false) => Some(RoomChange::History(None)),
        ("history", true) => {
            let (lines, age) = value.split_once(':')?;
            let age = Duration::from_secs(age.parse().ok()?);
            Some(RoomChange::History(Some(HistoryLimit { lines: lines.parse().ok()?, age })))
        }
        _ => None,
    }
}

fn meaning<T: Copy>(words: &[(&'static str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
}

fn word<T: PartialEq>(words: &[(&'static str, T)], meaning: &T) -> &'static str {
    words.iter().find(|(_, known)| known == meaning).map_or("", |(word, _)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "+operator bob\n-voice 张三\n+invite-only\n-moderated\n+no-external\n-secret\n+topic-locked\n\
        -no-ctcp\n+accounts-only\n-accounts-speak\n+limit 5\n-limit\n-key\n+ban *!*@192.0.2.7\n-exception a b!*@*\n+invite x\n+history 50:86400\n\
        -history";

    #[test]
    fn changes_read_back_as_they_were_written() {
        let changes = parse(TEXT);
        assert_eq!(changes.len(), TEXT.lines().count());
        assert_eq!(text(&changes), TEXT);
    }

    #[test]
    fn a_key_is_not_written() {
        let changes = text(&[RoomChange::Key(Some("secret".into()))]);
        assert_eq!(changes, "+key");
        assert_eq!(parse(&changes), [RoomChange::Key(Some("*".into()))]);
    }

    #[test]
    fn what_is_no_change_is_left_out() {
        assert_eq!(
            parse("\n+\n-x\nlimit 5\n+limit x\n+operator 1\n+history 5\n+limit 7"),
            [RoomChange::Limit(Some(7))]
        );
    }
}
