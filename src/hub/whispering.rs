//! Private messages of accounts: they are recorded, also those to an account whose owner is not here.

use super::Hub;
use crate::message::{AccountId, Effect, Effects, Event, EventKind, Record, Speech, SpeechKind, UserId};
use crate::name::UserName;

impl Hub {
    /// True when a message for `to`, who is not here, is kept: it is told when the account of this name comes back.
    pub(super) fn keeps_for_absent(&self, to: &UserName, speech: &Speech) -> bool {
        self.records && speech.kind != SpeechKind::TagsOnly && self.accounts.called(to).is_some()
    }

    /// Records a message between two users if one of them has an account, whose other devices want to know. `to` is
    /// `None` if it is for an account that is not here.
    pub(super) fn record_whisper(&self, from: UserId, to: Option<UserId>, event: &Event, out: &mut Effects) {
        let EventKind::Whispered { to: name, speech } = &event.kind else { return };
        let account_of = |id| self.account_of(id).map(|account| account.id);
        let (from, to) = (account_of(from), to.map_or_else(|| self.accounts.called(name), account_of));
        if self.records && !speech.is_fleeting() && (from, to) != (None, None) {
            let [from, to] = [from, to].map(|account| account.unwrap_or(AccountId::NONE));
            let between = AccountId::sorted(from, to);
            out.push(Effect::Record(Record::Whispered { between, event: event.clone() }));
        }
    }
}
