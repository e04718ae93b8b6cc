//! The letters of modes, and what clients are told of them.

use crate::message::{MaskList, Rank, RoomFlag};

pub(super) const FLAGS: [(char, RoomFlag); 6] = [
    ('C', RoomFlag::NoCtcp),
    ('i', RoomFlag::InviteOnly),
    ('m', RoomFlag::Moderated),
    ('n', RoomFlag::NoExternal),
    ('s', RoomFlag::Secret),
    ('t', RoomFlag::TopicLocked),
];

pub(super) const LISTS: [(char, MaskList); 3] =
    [('b', MaskList::Bans), ('e', MaskList::Exceptions), ('I', MaskList::Invited)];

/// Highest first.
pub(super) const RANKS: [(char, Rank); 2] = [('o', Rank::OPERATOR), ('v', Rank::VOICE)];

pub(super) const KEY: char = 'k';
pub(super) const LIMIT: char = 'l';

// Modes of users.
pub(super) const BOT: char = 'B';
pub(super) const INVISIBLE: char = 'i';
pub(super) const OPERATOR: char = 'o';
pub(super) const WALLOPS: char = 'w';

pub(super) fn find<T: Copy>(table: &[(char, T)], letter: char) -> Option<T> {
    table.iter().find(|(known, _)| *known == letter).map(|&(_, value)| value)
}

pub(super) fn letter<T: PartialEq>(table: &[(char, T)], value: &T) -> char {
    // Every value stands in its table, so the default is never used.
    table.iter().find(|(_, known)| known == value).map_or('?', |&(letter, _)| letter)
}

fn letters<T>(table: &[(char, T)]) -> impl Iterator<Item = char> {
    table.iter().map(|&(letter, _)| letter)
}

fn sorted(letters: impl Iterator<Item = char>) -> String {
    let mut letters: Vec<_> = letters.collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

/// All modes of users.
pub(super) fn user_letters() -> String {
    sorted([BOT, INVISIBLE, OPERATOR, WALLOPS].into_iter())
}

/// All modes of channels.
pub(super) fn channel_letters() -> String {
    sorted(letters(&FLAGS).chain(channel_letters_with_param().chars()))
}

/// The modes of channels that take a parameter.
pub(super) fn channel_letters_with_param() -> String {
    sorted(letters(&LISTS).chain(letters(&RANKS)).chain([KEY, LIMIT]))
}

/// `CHANMODES`: lists; modes that always take a parameter; those that take one when set; those that take none.
pub(super) fn channel_modes_by_kind() -> String {
    let (lists, flags): (String, String) = (letters(&LISTS).collect(), letters(&FLAGS).collect());
    format!("{lists},{KEY},{LIMIT},{flags}")
}

/// The letters of ranks in a channel.
pub(super) fn rank_letters() -> String {
    letters(&RANKS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_modes_share_a_letter() {
        for letters in [user_letters(), channel_letters()] {
            let mut unique: Vec<_> = letters.chars().collect();
            unique.dedup();
            assert_eq!(unique.len(), letters.len(), "{letters}");
        }
    }
}
