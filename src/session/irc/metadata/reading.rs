//! `METADATA GET` and `LIST`, and what a client is told of itself.

use super::{BATCH, Target, is_key};
use crate::message::Capabilities;
use crate::session::Context;
use crate::session::irc::client::Irc;

impl Irc {
    pub(super) fn get_metadata(&self, target: &str, keys: &[&str], context: &mut Context<'_>) {
        let Some(Target { of, name }) = self.described(target, context) else { return };
        let batch = self.begin_answer(BATCH, Some(&name), context);
        for key in keys {
            if !is_key(key) {
                self.warn_of_key(Some(batch), key, context);
                continue;
            }
            let known = context.hub.metadata(of);
            context.out.worked(known.len());
            let value = known.iter().find(|(name, _)| **name == **key).map(|(_, value)| value.clone());
            self.tell_key(batch, &name, key, value.as_deref(), context);
        }
        self.end_answer(batch, context);
    }

    pub(super) fn list_metadata(&self, target: &str, context: &mut Context<'_>) {
        if let Some(target) = self.described(target, context) {
            self.tell_metadata(&target, context);
        }
    }

    fn tell_metadata(&self, target: &Target, context: &mut Context<'_>) {
        let batch = self.begin_answer(BATCH, Some(&target.name), context);
        for (key, value) in context.hub.metadata(target.of).to_vec() {
            self.tell_key(batch, &target.name, &key, Some(&value), context);
        }
        self.end_answer(batch, context);
    }

    /// After registration, tells the client its metadata.
    pub(in crate::session::irc) fn tell_own_metadata(&self, context: &mut Context<'_>) {
        if self.follows_metadata()
            && let Some(target) = self.own(context)
        {
            self.tell_metadata(&target, context);
        }
    }

    /// After a channel was joined, tells the client to ask for its metadata.
    pub(in crate::session::irc) fn tell_metadata_of(
        &self,
        channel: &crate::name::RoomName,
        context: &mut Context<'_>,
    ) {
        if !self.follows_metadata() {
            return;
        }
        if context.hub.subscriptions(self.user, self.connection).next().is_some() {
            self.tell_to_ask(channel.as_str(), context);
        } else if self.capabilities.has(Capabilities::METADATA_3) {
            // It would be told nothing.
            let batch = self.begin_answer(BATCH, Some(channel.as_str()), context);
            self.end_answer(batch, context);
        }
    }

    /// After users whom the client watches were found online, tells it to ask for their metadata.
    pub(in crate::session::irc) fn metadata_of_all_follows(&self, context: &mut Context<'_>) {
        if self.follows_metadata() && !self.is_earlier() {
            self.tell_to_ask(super::ALL, context);
        }
    }
}
