//! Private messages of accounts: they are recorded, also those to an account whose owner is not here.

use super::Hub;
use crate::message::{
    AccountId, ConnectionId, Effect, Effects, Event, EventKind, Now, Record, Refusal, Speech, SpeechKind,
    UserId,
};
use crate::name::UserName;

impl Hub {
    /// Records a message between two users if one of them has an account, whose other devices want to know.
    pub(super) fn record_whisper(&self, from: UserId, to: UserId, event: &Event, out: &mut Effects) {
        let [from, to] = [from, to].map(|id| self.account_id_of(id));
        if self.records && (from, to) != (AccountId::NONE, AccountId::NONE) {
            record(from, to, event, out);
        }
    }

    fn account_id_of(&self, id: UserId) -> AccountId {
        self.account_of(id).map_or(AccountId::NONE, |account| account.id)
    }

    /// Keeps a message for an account that is not here. It is told when it comes back.
    pub(super) fn whisper_to_absent(
        &mut self,
        id: UserId,
        to: UserName,
        speech: Speech,
        unheard_by: Option<ConnectionId>,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Refusal> {
        let from = self.account_id_of(id);
        let (Some(addressee), true) = (self.accounts.called(&to), self.keeps_for_absent(&speech)) else {
            return Err(Refusal::NobodyCalled(to));
        };
        if let Some(user) = self.users.get_mut(id) {
            user.has_spoken(now.time);
        }
        let event = self.event(id, now, EventKind::Whispered { to, speech });
        record(from, addressee, &event, out);
        let mut own = self.users.connections(id);
        own.retain(|&connection| Some(connection) != unheard_by);
        out.event(Event { watched: true, ..event }, own);
        Ok(())
    }

    fn keeps_for_absent(&self, speech: &Speech) -> bool {
        self.records && speech.kind != SpeechKind::TagsOnly
    }
}

fn record(from: AccountId, to: AccountId, event: &Event, out: &mut Effects) {
    let EventKind::Whispered { speech, .. } = &event.kind else { return };
    if !speech.is_fleeting() {
        let between = [from.min(to), from.max(to)];
        out.push(Effect::Record(Record::Whispered { between, event: event.clone() }));
    }
}
