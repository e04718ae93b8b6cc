//! The letters of modes, and how the server announces them.

use crate::message::{MaskList, Rank, RoomFlag};

pub(super) const FLAGS: &[(char, RoomFlag)] = &[
    ('C', RoomFlag::NoCtcp),
    #[cfg(feature = "store")]
    ('M', RoomFlag::AccountsSpeak),
    #[cfg(feature = "store")]
    ('R', RoomFlag::AccountsOnly),
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
#[cfg(feature = "store")]
pub(super) const HISTORY: char = 'H';

/// Modes that take a parameter when they are set.
const WITH_VALUE: &[char] = &[
    #[cfg(feature = "store")]
    HISTORY,
    LIMIT,
];

// User modes.
pub(super) const BOT: char = 'B';
pub(super) const INVISIBLE: char = 'i';
pub(super) const OPERATOR: char = 'o';
#[cfg(feature = "store")]
pub(super) const LOGGED_IN: char = 'r';
pub(super) const WALLOPS: char = 'w';

pub(super) fn find<T: Copy>(table: &[(char, T)], letter: char) -> Option<T> {
    table.iter().find(|(known, _)| *known == letter).map(|&(_, value)| value)
}

pub(super) fn letter<T: PartialEq>(table: &[(char, T)], value: &T) -> char {
    // Every value is in its table, so the default is never used.
    table.iter().find(|(_, known)| known == value).map_or('?', |&(letter, _)| letter)
}

fn letters<T>(table: &[(char, T)]) -> String {
    table.iter().map(|&(letter, _)| letter).collect()
}

fn takes_param(letter: char) -> bool {
    find(&LISTS, letter).is_some()
        || find(&RANKS, letter).is_some()
        || letter == KEY
        || WITH_VALUE.contains(&letter)
}

fn is_of_channels(letter: char) -> bool {
    find(FLAGS, letter).is_some() || takes_param(letter)
}

const OF_USERS: &[char] = &[
    BOT,
    INVISIBLE,
    OPERATOR,
    #[cfg(feature = "store")]
    LOGGED_IN,
    WALLOPS,
];

fn is_of_users(letter: char) -> bool {
    OF_USERS.contains(&letter)
}

/// In ASCII order.
fn letters_that(is_one: fn(char) -> bool) -> String {
    ('A'..='z').filter(|&letter| is_one(letter)).collect()
}

pub(super) fn user_letters() -> String {
    letters_that(is_of_users)
}

pub(super) fn channel_letters() -> String {
    letters_that(is_of_channels)
}

pub(super) fn channel_letters_with_param() -> String {
    letters_that(takes_param)
}

/// `CHANMODES`: lists; modes that always take a parameter; those that take one when set; those that take none.
pub(super) fn channel_modes_by_kind() -> String {
    let with_value: String = WITH_VALUE.iter().collect();
    format!("{},{KEY},{with_value},{}", letters(&LISTS), letters(FLAGS))
}

pub(super) fn rank_letters() -> String {
    letters(&RANKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_modes_share_a_letter() {
        assert_eq!(user_letters().len(), OF_USERS.len());
        assert_eq!(channel_letters_with_param().len(), LISTS.len() + RANKS.len() + 1 + WITH_VALUE.len());
        assert_eq!(channel_letters().len(), FLAGS.len() + channel_letters_with_param().len());
    }
}
