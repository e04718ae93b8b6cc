//! Long commands: they run in pieces within each turn's budget. Meanwhile the server reads nothing from their client,
//! so that its commands are answered in order.

use std::collections::HashSet;

use super::client::{Irc, Pending, Progress, Work};
use crate::hub::ROOMS_PER_USER;
use crate::session::Context;
use crate::wire::irc::numeric;

/// Maximum number of channels per `JOIN`, `PART`, `NAMES` or `LIST`: as many as a user may be in.
pub(super) const CHANNEL_TARGETS: usize = ROOMS_PER_USER;

impl Irc {
    /// Starts a command, and finishes it if this turn's budget suffices.
    pub(super) fn begin(&mut self, mut work: impl Work + 'static, context: &mut Context<'_>) {
        if self.run(&mut work, context) == Progress::More {
            let pending = Pending { work: Box::new(work), is_labelled: false };
            self.suspend(pending);
        }
    }

    fn run(&mut self, work: &mut dyn Work, context: &mut Context<'_>) -> Progress {
        loop {
            if work.step(self, context) == Progress::Done {
                return Progress::Done;
            }
            if context.out.is_spent() {
                return Progress::More;
            }
        }
    }

    /// Leaves the rest of a command to the next turn.
    fn suspend(&mut self, pending: Pending) {
        self.unfinished(|unfinished| unfinished.pending = Some(pending));
    }

    /// Continues the command that the budget has interrupted.
    pub(super) fn go_on_working(&mut self, context: &mut Context<'_>) {
        let Some(mut pending) = self.unfinished(|unfinished| unfinished.pending.take()) else { return };
        let progress = self.run(&mut *pending.work, context);
        if pending.is_labelled {
            self.continue_label(progress == Progress::Done, context);
        }
        if progress == Progress::More {
            self.suspend(pending);
        }
        #[cfg(feature = "store")]
        self.tell_own_at_once(context);
    }

    /// Leaves out what is left of the unfinished command and needs the lock.
    #[cfg(feature = "cluster")]
    pub(super) fn decline_work(&mut self, context: &mut Context<'_>) {
        let Some(mut pending) = self.unfinished(|unfinished| unfinished.pending.take()) else { return };
        pending.work.decline(self, context);
        debug_assert!(!pending.work.needs_lock(), "the rest would wait for ever");
        if pending.is_labelled {
            self.continue_label(false, context);
        }
        self.suspend(pending);
    }

    /// The targets in the comma-separated `list`, without duplicates. Drops targets beyond `most` and tells the
    /// client.
    pub(super) fn targets<'a>(&self, list: &'a str, most: usize, context: &mut Context<'_>) -> Vec<&'a str> {
        let mut targets = unique(list);
        if let Some(target) = targets.get(most) {
            let text = format!("At most {most} targets, this one and all after it are ignored");
            self.complain(numeric::ERR_TOOMANYTARGETS, target, &text, context);
            targets.truncate(most);
        }
        targets
    }
}

/// The words in the comma-separated `list`, without duplicates, ignoring letter case.
pub(super) fn unique(list: &str) -> Vec<&str> {
    let mut known = HashSet::new();
    list.split(',').filter(|word| !word.is_empty() && known.insert(word.to_lowercase())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_words_are_dropped() {
        assert_eq!(unique("#a,,#b,#A,#ä,#Ä,#b"), ["#a", "#b", "#ä"]);
    }
}
