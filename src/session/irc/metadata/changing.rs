//! `METADATA SET` and `CLEAR`.

use super::refusing::Fault;
use super::{BATCH, Target, is_key};
use crate::hub::{Describer, METADATA_VALUE_BYTES};
use crate::session::Context;
use crate::session::irc::client::Irc;

impl Irc {
    /// Sets a key, or removes it if `value` is empty.
    pub(super) fn set_metadata(&self, target: &str, key: &str, value: &str, context: &mut Context<'_>) {
        let Some(Target { of, name }) = self.described(target, context) else { return };
        if !is_key(key) {
            return self.refuse_metadata(&Fault::Key(key), context);
        }
        if value.len() > METADATA_VALUE_BYTES {
            return self.refuse_metadata(&Fault::Value(key), context);
        }
        let value = Some(value).filter(|value| !value.is_empty());
        let by = self.describer();
        match context.hub.set_metadata(by, of, key, value, context.now, context.out) {
            Ok(false) if self.is_earlier() => {
                self.refuse_metadata(&Fault::KeyNotSet { of: &name, key }, context);
            }
            Ok(_) => self.tell_changed(&name, key, value, context),
            Err(why) => self.refuse_metadata(&Fault::NotDescribed { of: &name, key, why }, context),
        }
    }

    pub(super) fn clear_metadata(&self, target: &str, context: &mut Context<'_>) {
        let Some(Target { of, name }) = self.described(target, context) else { return };
        match context.hub.clear_metadata(self.describer(), of, context.now, context.out) {
            Ok(keys) => {
                let batch = self.begin_answer(BATCH, Some(&name), context);
                keys.iter().for_each(|key| self.tell_key(batch, &name, key, None, context));
                self.end_answer(batch, context);
            }
            Err(why) => self.refuse_metadata(&Fault::NotDescribed { of: &name, key: "*", why }, context),
        }
    }

    fn describer(&self) -> Describer {
        Describer { user: self.user, connection: self.connection }
    }
}
