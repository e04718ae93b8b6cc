//! `METADATA SUB`, `UNSUB` and `SUBS`: the keys of whose changes a client hears.

use super::is_key;
use super::refusing::Fault;
use crate::hub::NotDescribed;
use crate::session::Context;
use crate::session::irc::client::Irc;
use crate::wire::irc::numeric;

/// The type of the batch that lists subscriptions.
const BATCH: &str = "metadata-subs";

/// Most keys per line: clients need not take more than 15 parameters.
const KEYS_PER_LINE: usize = 10;

impl Irc {
    pub(super) fn subscribe(&mut self, target: &str, keys: &[&str], context: &mut Context<'_>) {
        if !self.is_own(target, context) {
            return;
        }
        let (mut subscribed, mut new) = (Vec::new(), Vec::new());
        for key in keys {
            if !is_key(key) {
                self.warn_of_key(None, key, context);
                continue;
            }
            context.out.worked(1);
            match context.hub.subscribe(self.user, self.connection, key, context.now) {
                Ok(is_new) => {
                    subscribed.push(*key);
                    new.extend(is_new.then(|| Box::from(*key)));
                }
                Err(NotDescribed::Full(_)) => {
                    self.refuse_metadata(&Fault::TooManySubscriptions(key), context);
                    break;
                }
                Err(why) => {
                    self.refuse_metadata(&Fault::NotDescribed { of: key, key, why }, context);
                    break;
                }
            }
        }
        self.tell_keys(numeric::RPL_METADATASUBOK, &subscribed, context);
        if !new.is_empty() {
            self.sync_keys(new, context);
        }
    }

    pub(super) fn unsubscribe(&mut self, target: &str, keys: &[&str], context: &mut Context<'_>) {
        if !self.is_own(target, context) {
            return;
        }
        let mut ended = Vec::new();
        for key in keys {
            if is_key(key) {
                context.out.worked(1);
                context.hub.unsubscribe(self.user, self.connection, key);
                ended.push(*key);
            } else {
                self.warn_of_key(None, key, context);
            }
        }
        self.tell_keys(numeric::RPL_METADATAUNSUBOK, &ended, context);
    }

    pub(super) fn list_subscriptions(&self, target: &str, context: &mut Context<'_>) {
        if !self.is_own(target, context) {
            return;
        }
        let keys: Vec<String> =
            context.hub.subscriptions(self.user, self.connection).map(str::to_owned).collect();
        let batch = self.begin_answer(BATCH, None, context);
        for keys in keys.chunks(KEYS_PER_LINE) {
            self.numeric_in(batch, numeric::RPL_METADATASUBS, context, |line| {
                keys.iter().for_each(|key| line.param(key));
            });
        }
        self.end_answer(batch, context);
    }

    /// Sends keys in one or more numerics.
    fn tell_keys(&self, code: &str, keys: &[&str], context: &mut Context<'_>) {
        for keys in keys.chunks(KEYS_PER_LINE) {
            self.numeric(code, context, |line| keys.iter().for_each(|key| line.param(key)));
        }
    }

    /// After a change of capabilities: a client that cannot hear of metadata any longer has no subscriptions.
    pub(in crate::session::irc) fn keep_subscriptions(&self, context: &mut Context<'_>) {
        if !self.follows_metadata() {
            context.hub.unsubscribe_all(self.user, self.connection);
        }
    }
}
