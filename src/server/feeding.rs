//! The store as the server uses it: events go there, sessions ask it about the past, and bans are saved in it. Its
//! thread has the disk; nothing here waits for it.

use std::mem;

use log::{info, warn};

use super::connection::Inlet;
use super::{Server, Stream};
use crate::message::{Answer, Found, Now, Recall, Record};
use crate::store::{Opened, Reply, Store};

/// The queue to the store takes at most `--memory` divided by this, and no more than the store allows.
const SHARE_OF_QUEUE: usize = 16;

impl<S: Stream> Server<S> {
    /// Keeps bans and accounts in this store from now on and, if the config says so, the history of rooms. Restores what
    /// an earlier run has left; ids continue after its own.
    pub fn use_store(&mut self, mut store: Store, opened: Opened, now: Now) {
        store.limit_queue(self.house.config.limits.memory_bytes / SHARE_OF_QUEUE);
        self.history.store = Some(store);
        self.house.keeps_bans = true;
        self.house.has_accounts = true;
        #[cfg(feature = "upgrade")]
        if self.has_taken_over_store() {
            self.keep_history();
            return self.use_store_again(&opened, now);
        }
        self.hub.continue_after(opened.last_event);
        self.keep_history();
        #[cfg(feature = "cluster")]
        let Some(opened) = self.unless_nodes_share(opened) else { return };
        self.restore(opened, now);
    }

    /// Keeps the history if the config says so.
    fn keep_history(&mut self) {
        if self.house.config.history.age.is_some() {
            self.hub.keep_history();
            self.house.keeps_history = true;
        }
    }

    pub(super) fn restore(&mut self, opened: Opened, now: Now) {
        let Opened { bans, accounts, users, rooms, .. } = opened;
        self.restore_bans(bans, now);
        accounts.iter().for_each(|(id, name)| self.hub.add_account(*id, name));
        self.hub.restore_rooms(rooms, &accounts);
        self.restore_users(users, now);
    }

    pub(super) fn record(&mut self, record: Record) {
        // Only one node records these, or the order does not matter.
        if !matches!(record, Record::Event { .. } | Record::Whispered { .. } | Record::Seen { .. }) {
            self.date_records();
        }
        if let Some(store) = &mut self.history.store {
            store.record(record);
            self.history.recorded += 1;
        }
    }

    /// Asks the store for the session of `key`, which waits for the answer.
    pub(super) fn recall(&mut self, key: usize, recall: Recall, label: Option<Box<str>>, now: Now) {
        if self.history.store.is_none() {
            let purpose = Box::new(recall.purpose);
            return self.tell_found(key, Found::Recalled(purpose, Answer::Failed), label, now);
        }
        self.wait(key);
        if self.connections[key].has_unsent() {
            self.postpone(key, recall, label, now);
        } else {
            self.ask_store_about_past(key, recall, label, now);
        }
    }

    /// Asks the store for the session of `key`, which has been told everything and waits.
    pub(super) fn ask_store_about_past(
        &mut self,
        key: usize,
        recall: Recall,
        label: Option<Box<str>>,
        now: Now,
    ) {
        let Recall { query, purpose } = recall;
        self.history.recalls.ask(key, self.connections[key].peer, (query, now), (purpose, label));
    }

    /// Hands over what this turn has recorded and asked. Call it at the end of each turn.
    pub(super) fn feed_store(&mut self, now: Now) {
        self.feed_bans(now);
        let must_rest = self.rests_questions();
        let Some(store) = &mut self.history.store else { return };
        if !must_rest {
            while let Some((number, (query, asked))) = self.history.recalls.next() {
                store.ask(number, query, asked);
            }
            while let Some((number, query)) = self.history.accounts.next_query() {
                store.ask_account(number, query);
            }
        }
        store.flush(now.time);
        #[cfg(feature = "upgrade")]
        if self.settling.is_on() {
            store.hurry();
        }
    }

    fn feed_bans(&mut self, now: Now) {
        let changes = self.hub.bans().changes();
        if self.history.store.is_none() || mem::replace(&mut self.kept_changes, changes) == changes {
            return;
        }
        self.date_records();
        if let Some(store) = &mut self.history.store {
            store.save_bans(self.hub.bans().iter(now.time).cloned().collect());
        }
    }

    /// Handles what the store has answered. Call it when the store has woken the loop.
    pub fn hear_store(&mut self, now: Now) {
        while let Some(reply) = self.history.store.as_mut().and_then(Store::fetch) {
            match reply {
                Reply::Answer(number, answer) => self.recalled(number, answer, now),
                Reply::Account(number, answer) => self.account_answered(number, answer, now),
                Reply::HasRoom => self.release_held(now),
                Reply::BansSaved(Ok(())) => {}
                Reply::BansSaved(Err(error)) => self.bans_not_kept(&error, now),
                Reply::Failing(error) => {
                    warn!("the history is not kept: {error}");
                    self.tell_operators(
                        format!("The history is not kept until this is mended: {error}"),
                        now,
                    );
                }
                Reply::Recovered { lost } => {
                    info!("the history is kept again; records lost meanwhile: {lost}");
                    self.tell_operators(format!("The history is kept again; {lost} records were lost"), now);
                }
                Reply::Stopped => self.history.has_stopped = true,
            }
        }
    }

    fn recalled(&mut self, number: u64, answer: Answer, now: Now) {
        let Some((key, (purpose, label))) = self.history.recalls.answered(number) else { return };
        self.tell_found(key, Found::Recalled(Box::new(purpose), answer), label, now);
    }

    fn release_held(&mut self, now: Now) {
        for key in mem::take(&mut self.history.held) {
            if let Some(connection) = self.connections.get_mut(key)
                && connection.inlet == Inlet::Held
            {
                connection.inlet = Inlet::Backlog;
                connection.session.is_read_again(now.instant);
                self.settle(key);
            }
        }
    }

    /// Lets the store write everything it was given. `has_stored` tells when it has.
    pub fn end_store(&mut self, now: Now) {
        self.feed_store(now);
        if let Some(store) = &mut self.history.store {
            store.stop();
        }
    }

    /// True when a session waits for an answer.
    pub fn awaits_store(&self) -> bool {
        self.history.asking() > 0 || self.nodes.awaits_store()
    }

    /// True when nothing waits for the store any more.
    pub fn has_stored(&self) -> bool {
        self.history.store.is_none() || self.history.has_stopped
    }
}
