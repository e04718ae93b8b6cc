//! `RPL_ISUPPORT` (005): features and limits of the server (modern.ircdocs.horse, "Parameters").

use super::client::Irc;
#[cfg(feature = "store")]
use super::commands::Access;
#[cfg(feature = "store")]
use super::history::{MOST_LINES, REFERENCES};
use super::messages::TARGETS;
use super::mode_letters::{BOT, LISTS, channel_modes_by_kind, letter, rank_letters};
use super::modes::{KEY_CHARS, MODES};
use super::people::{AWAY_CHARS, target_limits};
use super::ranks::RANK_SIGNS;
use super::registering::{REALNAME_CHARS, USERNAME_CHARS};
use super::rooms::{KICK_CHARS, TOPIC_CHARS};
use crate::hub::{MASKS_PER_LIST, ROOMS_PER_USER, WATCHED_NAMES};
#[cfg(feature = "store")]
use crate::message::Capabilities;
use crate::message::MaskList;
use crate::name::{ROOM_NAME_CHARS, USER_NAME_CHARS};
use crate::session::{Context, House};
#[cfg(feature = "store")]
use crate::wire::irc::Message;
use crate::wire::irc::{Line, numeric};

/// Maximum number of tokens per line.
const TOKENS: usize = 13;

/// All tokens. Lengths are in characters.
fn tokens(house: &House) -> Vec<String> {
    vec![
        format!("AWAYLEN={AWAY_CHARS}"),
        format!("BOT={BOT}"),
        "CASEMAPPING=ascii".into(),
        format!("CHANLIMIT=#:{ROOMS_PER_USER}"),
        format!("CHANMODES={}", channel_modes_by_kind()),
        format!("CHANNELLEN={ROOM_NAME_CHARS}"),
        "CHANTYPES=#".into(),
        "ELIST=CMNTU".into(),
        format!("EXCEPTS={}", letter(&LISTS, &MaskList::Exceptions)),
        format!("INVEX={}", letter(&LISTS, &MaskList::Invited)),
        format!("KEYLEN={KEY_CHARS}"),
        format!("KICKLEN={KICK_CHARS}"),
        format!("MAXLIST={}", LISTS.map(|(letter, _)| format!("{letter}:{MASKS_PER_LIST}")).join(",")),
        format!("MAXTARGETS={TARGETS}"),
        format!("MODES={MODES}"),
        format!("MONITOR={WATCHED_NAMES}"),
        format!("NAMELEN={REALNAME_CHARS}"),
        format!("NETWORK={}", house.name),
        format!("NICKLEN={USER_NAME_CHARS}"),
        format!("PREFIX=({}){RANK_SIGNS}", rank_letters()),
        format!("STATUSMSG={RANK_SIGNS}"),
        format!("TARGMAX={}", target_limits()),
        format!("TOPICLEN={TOPIC_CHARS}"),
        // Includes the leading `~`.
        format!("USERLEN={}", USERNAME_CHARS + 1),
        "UTF8ONLY".into(),
        "WHOX".into(),
    ]
}

/// Those of the history, if there is one.
#[cfg(feature = "store")]
fn history_tokens(house: &House) -> Vec<String> {
    if !house.keeps_history {
        return Vec::new();
    }
    vec![format!("CHATHISTORY={MOST_LINES}"), format!("MSGREFTYPES={REFERENCES}")]
}

/// Those of accounts, if there are any: masks of accounts (`account-extban`).
#[cfg(feature = "store")]
fn account_tokens(house: &House) -> Vec<String> {
    if !house.has_accounts {
        return Vec::new();
    }
    vec!["ACCOUNTEXTBAN=a,account".into(), "EXTBAN=~,a".into()]
}

fn write(tokens: &[String], line: &mut Line<'_>) {
    tokens.iter().for_each(|token| line.param(token));
    line.trailing("are supported by this server");
}

impl Irc {
    pub(super) fn isupport(&self, context: &mut Context<'_>) {
        let tokens = tokens(context.house);
        #[cfg(feature = "store")]
        let tokens = [tokens, history_tokens(context.house), account_tokens(context.house)].concat();
        #[cfg(feature = "store")]
        if self.capabilities.has(Capabilities::EXTENDED_ISUPPORT.and(Capabilities::BATCH)) {
            let batch = self.begin_answer("draft/isupport", None, context);
            tokens.chunks(TOKENS).for_each(|tokens| {
                self.numeric_in(batch, numeric::RPL_ISUPPORT, context, |line| write(tokens, line));
            });
            return self.end_answer(batch, context);
        }
        for tokens in tokens.chunks(TOKENS) {
            self.numeric(numeric::RPL_ISUPPORT, context, |line| write(tokens, line));
        }
    }

    /// `ISUPPORT` (IRCv3 `draft/extended-isupport`), with that capability even before registration.
    #[cfg(feature = "store")]
    pub(super) fn isupport_again(&mut self, _: &Message<'_>, context: &mut Context<'_>) {
        if self.capabilities.has(Capabilities::EXTENDED_ISUPPORT)
            || self.is_at_stage_of(Access::Registered, context)
        {
            self.isupport(context);
        }
    }
}
