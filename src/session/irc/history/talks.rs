//! Private messages of users with accounts.

use std::collections::HashMap;

use crate::message::{AccountId, Event, EventKind, Scope, Source};
use crate::name::UserName;
use crate::session::Context;
use crate::session::irc::client::Irc;

impl Irc {
    /// The account that the client is logged in to.
    pub(super) fn own_account(&self, context: &Context<'_>) -> Option<AccountId> {
        context.hub.account_of(self.user).map(|account| account.id)
    }

    /// The private messages of the client with a user, if both have accounts.
    pub(super) fn talk_with(&self, name: &str, context: &Context<'_>) -> Option<Scope> {
        let other = context.hub.accounts().called(&UserName::new(name).ok()?)?;
        Some(Scope::talk(self.own_account(context)?, other))
    }

    /// With whom the client has talked, if it is a private message of its account.
    pub(super) fn partner<'a>(&self, event: &'a Event, context: &Context<'_>) -> Option<&'a UserName> {
        let own = &context.hub.account_of(self.user)?.name;
        match (&event.kind, &event.from) {
            (EventKind::Whispered { to, .. }, Source::User(from)) if from.name == *own => Some(to),
            (EventKind::Whispered { to, .. }, Source::User(from)) if to == own => Some(&from.name),
            _ => None,
        }
    }

    /// The events of a scope by the channel or user with whom they were exchanged, each list in order.
    pub(super) fn by_target(
        &self,
        of: &Scope,
        events: Vec<Event>,
        context: &Context<'_>,
    ) -> Vec<(String, Vec<Event>)> {
        if let Scope::Room(readable) = of {
            return vec![(readable.room.to_string(), events)];
        }
        let (mut places, mut lists) = (HashMap::new(), Vec::new());
        for event in events {
            let Some(partner) = self.partner(&event, context).cloned() else { continue };
            let place = *places.entry(partner).or_insert_with_key(|partner: &UserName| {
                lists.push((partner.to_string(), Vec::new()));
                lists.len() - 1
            });
            lists[place].1.push(event);
        }
        lists
    }
}
