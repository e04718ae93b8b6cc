//! `MODE`: letters to changes of rooms and users, and back.

#[cfg(feature = "store")]
use std::time::Duration;

use super::client::Irc;
use super::mode_letters::{BOT, FLAGS, INVISIBLE, KEY, LIMIT, LISTS, OPERATOR, RANKS, WALLOPS, find, letter};
#[cfg(feature = "store")]
use super::mode_letters::{HISTORY, LOGGED_IN};
use super::rooms::unix_seconds;
use crate::hub::{Room, RoomId, mask};
#[cfg(feature = "store")]
use crate::message::HistoryLimit;
use crate::message::{Capabilities, Command, MaskList, RoomChange, UserChange};
use crate::name::{RoomName, UserName};
use crate::session::Context;
#[cfg(feature = "store")]
use crate::span;
use crate::wire::irc::{Line, Message, numeric};

/// Maximum number of changes with a parameter per `MODE`; the rest is ignored.
pub(super) const MODES: usize = 20;

/// Longest key of a channel, in characters.
pub(super) const KEY_CHARS: usize = 32;

/// Longest mask, in bytes.
const MASK_BYTES: usize = 200;

/// Maximum bytes of parameters per `MODE` message to a channel, so that it fits a line.
const CHANGES_BYTES: usize = 300;

/// What one letter and its parameter request.
enum Asked {
    Change(RoomChange),
    List(MaskList),
    /// The letter needs a parameter, and none is left.
    NoParam(char),
    /// The parameter is not valid for the letter.
    BadParam(char, String, &'static str),
    /// No mode has this letter.
    Unknown(char),
}

/// True if the parameters of `MODE` change something: others ask for modes or lists.
#[cfg(feature = "cluster")]
pub(super) fn changes_modes(params: &[&str]) -> bool {
    match params {
        [target, changes @ ..] if target.starts_with('#') => {
            parse(changes).iter().any(|asked| matches!(asked, Asked::Change(_)))
        }
        params => params.len() > 1,
    }
}

impl Irc {
    pub(super) fn mode(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let (target, changes) = (message.params[0], &message.params[1..]);
        if target.starts_with('#') {
            let Some((name, room)) = self.channel(target, context) else { return };
            match changes {
                [] => self.tell_channel_modes(room, context),
                changes => self.change_channel(&name, room, changes, context),
            }
            return;
        }
        let user = UserName::new(target).ok().and_then(|name| context.hub.users().find(&name));
        match (user, changes) {
            (None, _) => self.complain(numeric::ERR_NOSUCHNICK, target, "No such nick", context),
            (Some(id), _) if id != self.user => {
                self.say(numeric::ERR_USERSDONTMATCH, "You can see and change only your own modes", context)
            }
            (Some(_), []) => {
                let modes = self.own_modes(context);
                self.numeric(numeric::RPL_UMODEIS, context, |line| line.param(&modes));
            }
            (Some(_), [letters, ..]) => self.change_self(letters, context),
        }
    }

    fn tell_channel_modes(&self, room: RoomId, context: &mut Context<'_>) {
        let member = context.hub.rooms().member(context.hub.users(), self.user, room);
        let room = context.hub.rooms().get(room);
        let (letters, params) = channel_modes(room, member.is_some());
        let (name, created) = (room.name.clone(), room.settings.created);
        self.numeric(numeric::RPL_CHANNELMODEIS, context, |line| {
            line.param(name.as_str());
            line.param(&letters);
            params.iter().for_each(|param| line.param(param));
        });
        self.numeric(numeric::RPL_CREATIONTIME, context, |line| {
            line.param(name.as_str());
            line.number(unix_seconds(created));
        });
    }

    fn change_channel(&mut self, name: &RoomName, room: RoomId, params: &[&str], context: &mut Context<'_>) {
        let (mut changes, mut shown) = (Vec::new(), Vec::new());
        for asked in parse(params) {
            match asked {
                Asked::Change(change) => changes.push(change),
                // Only once: one line could otherwise request hundreds of lists.
                Asked::List(list) if shown.contains(&list) => {}
                Asked::List(list) => {
                    shown.push(list);
                    self.tell_masks(room, list, context);
                }
                Asked::NoParam(letter) => {
                    let text = format!("Mode {letter} needs a parameter");
                    self.complain(numeric::ERR_NEEDMOREPARAMS, "MODE", &text, context);
                }
                Asked::BadParam(letter, param, why) => {
                    self.numeric(numeric::ERR_INVALIDMODEPARAM, context, |line| {
                        line.param(name.as_str());
                        line.param(letter.encode_utf8(&mut [0; 4]));
                        let is_shown = param.len() + why.len() < line.room();
                        line.param(if is_shown { &param } else { "*" });
                        line.trailing(why);
                    })
                }
                Asked::Unknown(letter) => {
                    let letter = letter.to_string();
                    self.complain(numeric::ERR_UNKNOWNMODE, &letter, "is not a channel mode here", context);
                }
            }
        }
        if changes.is_empty() {
            return;
        }
        match context.hub.change_room(self.user, name, changes, context.now, context.out) {
            Ok(refused) => refused.iter().for_each(|why| self.refuse(why, context)),
            Err(why) => self.refuse(&why, context),
        }
    }

    fn tell_masks(&self, room: RoomId, list: MaskList, context: &mut Context<'_>) {
        let (entry, end, what) = match list {
            MaskList::Bans => (numeric::RPL_BANLIST, numeric::RPL_ENDOFBANLIST, "ban"),
            MaskList::Exceptions => (numeric::RPL_EXCEPTLIST, numeric::RPL_ENDOFEXCEPTLIST, "exception"),
            MaskList::Invited => (numeric::RPL_INVEXLIST, numeric::RPL_ENDOFINVEXLIST, "invite"),
        };
        let room = context.hub.rooms().get(room);
        let (name, masks) = (room.name.clone(), room.settings.masks(list).to_vec());
        for mask in masks {
            self.numeric(entry, context, |line| {
                line.param(name.as_str());
                line.param(&mask.text);
                line.param(mask.by.as_str());
                line.number(unix_seconds(mask.at));
            });
        }
        self.complain(end, name.as_str(), &format!("End of channel {what} list"), context);
    }

    fn change_self(&mut self, letters: &str, context: &mut Context<'_>) {
        let before = self.own_modes(context);
        let (mut on, mut unknown) = (true, false);
        for letter in letters.chars() {
            let change = match letter {
                '+' | '-' => {
                    on = letter == '+';
                    continue;
                }
                INVISIBLE => UserChange::Invisible(on),
                WALLOPS => UserChange::Wallops(on),
                BOT => UserChange::Bot(on),
                // Only OPER grants this mode, because it needs a password. MODE can remove it.
                OPERATOR if on => continue,
                // It says that the client is logged in, and MODE does not change that.
                #[cfg(feature = "store")]
                LOGGED_IN => continue,
                OPERATOR => UserChange::Operator(false),
                _ => {
                    unknown = true;
                    continue;
                }
            };
            self.ask(Command::Change(change), context);
        }
        if unknown {
            self.say(numeric::ERR_UMODEUNKNOWNFLAG, "Unknown mode", context);
        }
        self.tell_own_changes(&before, context);
    }

    /// Tells the client which of its modes have changed.
    pub(super) fn tell_own_changes(&self, before: &str, context: &mut Context<'_>) {
        let after = self.own_modes(context);
        let gone: String = before.chars().filter(|&c| !after.contains(c)).collect();
        let come: String = after.chars().filter(|&c| !before.contains(c)).collect();
        let mut change = String::new();
        for (sign, letters) in [('+', come), ('-', gone)] {
            if !letters.is_empty() {
                change.push(sign);
                change.push_str(&letters);
            }
        }
        let Some(user) = context.hub.users().get(self.user) else { return };
        if change.is_empty() {
            return;
        }
        let identity = user.identity.clone();
        context.out.write(self.connection, |bytes| {
            let mut line = Line::begin(bytes);
            if let Some(account) = identity.account()
                && self.capabilities.has(Capabilities::ACCOUNT_TAG)
            {
                line.tag("account", account);
            }
            line.source(&identity.to_string());
            line.command("MODE");
            line.param(identity.name.as_str());
            line.param(&change);
            line.end();
        });
    }

    /// The client's modes as `MODE` shows them.
    pub(super) fn own_modes(&self, context: &Context<'_>) -> String {
        context.hub.users().get(self.user).map_or_else(String::new, user_modes)
    }
}

/// A user's modes, with their sign.
pub(super) fn user_modes(user: &crate::hub::User) -> String {
    let modes = [
        (BOT, user.identity.is_bot),
        (INVISIBLE, user.is_invisible),
        (OPERATOR, user.is_operator),
        #[cfg(feature = "store")]
        (LOGGED_IN, user.identity.has_account),
        (WALLOPS, user.hears_wallops),
    ];
    ['+'].into_iter().chain(modes.into_iter().filter(|(_, on)| *on).map(|(letter, _)| letter)).collect()
}

/// A channel's modes and parameters. Only members see the key.
fn channel_modes(room: &Room, is_inside: bool) -> (String, Vec<String>) {
    let settings = &room.settings;
    let mut letters = String::from("+");
    letters.extend(FLAGS.iter().filter(|(_, flag)| settings.has(*flag)).map(|(letter, _)| letter));
    let mut params = Vec::new();
    if let Some(key) = &settings.key {
        letters.push(KEY);
        params.push(if is_inside { key.clone() } else { "*".into() });
    }
    if let Some(limit) = settings.limit {
        letters.push(LIMIT);
        params.push(limit.to_string());
    }
    #[cfg(feature = "store")]
    if let Some(limit) = settings.history {
        letters.push(HISTORY);
        params.push(shown_history(limit));
    }
    (letters, params)
}

/// Parses `letters params...`, in order.
fn parse(params: &[&str]) -> Vec<Asked> {
    let Some((letters, params)) = params.split_first() else { return Vec::new() };
    let has_more = params.len() > MODES;
    let (mut params, mut asked, mut on) = (params.iter().take(MODES), Vec::new(), true);
    for letter in letters.chars() {
        if matches!(letter, '+' | '-') {
            on = letter == '+';
            continue;
        }
        if let Some(flag) = find(FLAGS, letter) {
            asked.push(Asked::Change(RoomChange::Flag(flag, on)));
        } else if let Some(list) = find(&LISTS, letter) {
            asked.push(match params.next() {
                Some(text) if !is_word(text) || text.len() > MASK_BYTES => {
                    Asked::BadParam(letter, (*text).to_owned(), "is not a mask: 1 to 200 bytes, no space")
                }
                Some(text) => {
                    let mask = mask::complete(text).into_owned();
                    Asked::Change(RoomChange::Mask { list, mask, added: on })
                }
                None => Asked::List(list),
            });
        } else if let Some(rank) = find(&RANKS, letter) {
            asked.push(match params.next() {
                Some(who) => match UserName::new(who) {
                    Ok(who) => Asked::Change(RoomChange::Rank { who, rank, given: on }),
                    Err(_) => Asked::BadParam(letter, (*who).to_owned(), "is no nick"),
                },
                None => Asked::NoParam(letter),
            });
        } else {
            asked.push(match letter {
                KEY => key(on, params.next().copied()),
                LIMIT => limit(on, &mut params),
                #[cfg(feature = "store")]
                HISTORY => history(on, params.next().copied()),
                _ => Asked::Unknown(letter),
            });
        }
    }
    if has_more {
        // These lost their parameters to the limit, so drop them too.
        asked.retain(|asked| !matches!(asked, Asked::NoParam(_) | Asked::List(_)));
    }
    asked
}

/// True for text that can be shown whole as one parameter.
fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn key(on: bool, param: Option<&str>) -> Asked {
    match param {
        // Removing the key does not require knowing it.
        _ if !on => Asked::Change(RoomChange::Key(None)),
        None => Asked::NoParam(KEY),
        Some(key) if !is_word(key) || key.chars().count() > KEY_CHARS || key.contains([',', ':']) => {
            Asked::BadParam(KEY, key.to_owned(), "is not a key: 1 to 32 characters, no comma, colon or space")
        }
        Some(key) => Asked::Change(RoomChange::Key(Some(key.to_owned()))),
    }
}

fn limit<'a>(on: bool, params: &mut impl Iterator<Item = &'a &'a str>) -> Asked {
    if !on {
        return Asked::Change(RoomChange::Limit(None));
    }
    match params.next() {
        None => Asked::NoParam(LIMIT),
        Some(number) => match number.parse() {
            Ok(limit @ 1..) => Asked::Change(RoomChange::Limit(Some(limit))),
            Ok(0) | Err(_) => Asked::BadParam(LIMIT, (*number).to_owned(), "is not a number of members"),
        },
    }
}

/// `lines:duration`, as in InspIRCd and UnrealIRCd. `0` keeps nothing.
#[cfg(feature = "store")]
fn history(on: bool, param: Option<&str>) -> Asked {
    if !on {
        return Asked::Change(RoomChange::History(None));
    }
    let Some(param) = param else { return Asked::NoParam(HISTORY) };
    match history_limit(param) {
        Some(limit) => Asked::Change(RoomChange::History(Some(limit))),
        None => {
            let text = "is not lines:duration, such as 100:12h, 50:30m or 0";
            Asked::BadParam(HISTORY, param.to_owned(), text)
        }
    }
}

#[cfg(feature = "store")]
fn history_limit(param: &str) -> Option<HistoryLimit> {
    let (lines, age) = param.split_once(':').unwrap_or((param, "0"));
    let lines: u32 = lines.parse().ok()?;
    match span::parse(age)? {
        Some(age) => Some(HistoryLimit { lines, age }),
        // No lines need no duration.
        None => (lines == 0).then_some(HistoryLimit { lines, age: Duration::ZERO }),
    }
}

#[cfg(feature = "store")]
fn shown_history(limit: HistoryLimit) -> String {
    if limit.lines == 0 { "0".to_owned() } else { format!("{}:{}", limit.lines, span::shown(limit.age)) }
}

/// The parameters of `MODE` messages that tell a channel of `changes`, split so that each message fits a line.
pub(super) fn mode_params(changes: &[RoomChange]) -> Vec<Vec<String>> {
    let mut messages: Vec<Vec<String>> = Vec::new();
    let (mut sign, mut bytes) = (None, 0);
    for change in changes {
        let (on, letter, param) = match change {
            RoomChange::Rank { who, rank, given } => (*given, letter(&RANKS, rank), Some(who.to_string())),
            RoomChange::Flag(flag, on) => (*on, letter(FLAGS, flag), None),
            RoomChange::Key(key) => (key.is_some(), KEY, Some(key.clone().unwrap_or_else(|| "*".into()))),
            RoomChange::Limit(limit) => (limit.is_some(), LIMIT, limit.map(|limit| limit.to_string())),
            #[cfg(feature = "store")]
            RoomChange::History(limit) => (limit.is_some(), HISTORY, limit.map(shown_history)),
            RoomChange::Mask { list, mask, added } => (*added, letter(&LISTS, list), Some(mask.clone())),
        };
        bytes += 3 + param.as_ref().map_or(0, String::len);
        if messages.is_empty() || bytes > CHANGES_BYTES {
            messages.push(vec![String::new()]);
            (sign, bytes) = (None, 0);
        }
        if let Some([letters, ..]) = messages.last_mut().map(Vec::as_mut_slice) {
            if sign != Some(on) {
                letters.push(if on { '+' } else { '-' });
                sign = Some(on);
            }
            letters.push(letter);
        }
        messages.last_mut().into_iter().for_each(|params| params.extend(param.clone()));
    }
    messages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Rank, RoomFlag};

    #[test]
    fn changes_are_written_with_signs_and_parameters() {
        let changes = [
            RoomChange::Flag(RoomFlag::Secret, true),
            RoomChange::Limit(Some(5)),
            RoomChange::Key(None),
            RoomChange::Rank { who: UserName::new("bob").unwrap(), rank: Rank::VOICE, given: false },
            RoomChange::Flag(RoomFlag::NoCtcp, true),
        ];
        assert_eq!(mode_params(&changes), [["+sl-kv+C", "5", "*", "bob"]]);
    }

    #[test]
    fn many_changes_become_several_messages_that_each_fit_a_line() {
        let mask = |n| RoomChange::Mask {
            list: MaskList::Bans,
            mask: format!("{n}{}", "x".repeat(190)),
            added: true,
        };
        let changes: Vec<_> = (0..5).map(mask).collect();
        let messages = mode_params(&changes);
        assert_eq!(messages.iter().map(|params| params.len() - 1).sum::<usize>(), 5);
        assert!(messages.iter().all(|params| params.iter().map(String::len).sum::<usize>() < 400));
        assert!(messages.iter().all(|params| params[0].starts_with("+b")));
    }
}
