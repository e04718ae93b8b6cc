//! Taking over a server. The program before may have been older or newer: what does not fit together is an error.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Taken;
use crate::bucket::Bucket;
use crate::cbor::decode_at;
use crate::config::ServerConfig;
use crate::hub::Hub;
use crate::message::{Answer, Capabilities, ConnectionId, Found, Now, Record, UserId};
use crate::server::Server;
use crate::server::connection::{Connection, Inlet};
use crate::server::deadlines::Deadlines;
use crate::server::staying::Round;
use crate::server::stream::Stream;
use crate::store::Opened;

/// The reason that others see when a connection does not survive, which should not happen.
const LOST: &str = "Lost in an upgrade";

/// What is known of the server before, until the first turn.
#[derive(Debug)]
pub(in crate::server) struct Before {
    /// The capabilities that clients could not request.
    withheld: Capabilities,
    /// The hub has what the store has.
    has_store: bool,
    round: Option<Round>,
}

impl<S: Stream> Server<S> {
    /// The server that was handed over, with this config. `streams` are asked for the stream of each connection; without
    /// one, it is lost. Call `use_store` next if there is a store. The first turn reads from all connections and writes
    /// to those with unsent bytes, so readiness that was reported before is not missed.
    pub fn take_over(
        config: &ServerConfig,
        handed: &[u8],
        now: Now,
        streams: impl FnMut(usize) -> Option<S>,
    ) -> Result<Self, String> {
        let taken: Taken = decode_at(handed, now.instant)?;
        let mut server = Self::new(config, now);
        server.house.take_over(&taken.house);
        server.hub = Hub::take_over(config.lobby.clone(), taken.hub, now)?;
        server.hub.set_memory(config.limits.memory_bytes);
        server.started = taken.started.min(now.instant);
        server.deadlines = Deadlines::new(server.started);
        server.check_connections(&taken.connections)?;
        // Nothing fails from here on: whoever has given streams away cannot get them back.
        server.take_connections(taken.connections, streams, now);
        let peers = server.connections.iter().filter(|(_, c)| c.is_admitted).map(|(_, c)| c.peer);
        let peers: Vec<_> = peers.collect();
        let is_same = taken.connections_per_ip == config.limits.connections_per_ip;
        let buckets = if is_same { taken.admitted } else { Vec::new() };
        server.admission.take_over(peers.into_iter(), buckets, now.instant);
        server.checks.guesses.take_over(taken.guesses);
        server.history.accounts.registrations.take_over(taken.registrations);
        server.history.accounts.decoys = taken.decoys;
        (server.counts, server.log) = (taken.counts, taken.log);
        server.kept_changes = server.hub.bans().changes();
        server.resume_errands(taken.errands, now);
        if taken.flood != config.limits.flood {
            server.begin_buckets(now.instant);
        }
        let old = taken.house.limits(&config.limits);
        server.connections.iter_mut().for_each(|(_, c)| c.session.change_limits(&old, &config.limits));
        server.schedule(taken.unread, taken.dirty);
        server.lose_missing(now);
        server.apply_account_rules(now);
        let withheld = taken.house.withheld;
        server.before = Some(Before { withheld, has_store: taken.has_store, round: taken.round });
        Ok(server)
    }

    /// Checks that keys rise, and that sessions do not have users that the hub does not give them.
    fn check_connections(&self, taken: &[super::connections::Taken]) -> Result<(), String> {
        if !taken.is_sorted_by(|one, other| one.key < other.key) {
            return Err("a connection is there twice".to_owned());
        }
        let known: BTreeSet<_> = self.known_connections().collect();
        for connection in taken.iter().filter(|connection| connection.session.user() != UserId::NOBODY) {
            let (key, user) = (connection.key, connection.session.user());
            if !connection.is_open() {
                return Err(format!("the connection {key} is closing, but has a user"));
            }
            if !known.contains(&(user, ConnectionId(key))) {
                return Err(format!("the connection {key} is not one of the user {}", user.0));
            }
        }
        Ok(())
    }

    fn take_connections(
        &mut self,
        taken: Vec<super::connections::Taken>,
        mut streams: impl FnMut(usize) -> Option<S>,
        now: Now,
    ) {
        let seconds = self.seconds(now);
        let mut connections = Vec::with_capacity(taken.len());
        for connection in taken {
            let key = connection.key as usize;
            if let Some(stream) = streams(key) {
                self.open += usize::from(connection.is_open());
                self.own_bytes += Connection::own_bytes(&stream);
                connections.push((key, connection.with(stream, &self.deadlines, seconds)));
            }
        }
        self.connections = connections.into_iter().collect();
    }

    /// All connections that users have in the hub.
    fn known_connections(&self) -> impl Iterator<Item = (UserId, ConnectionId)> {
        self.hub.users().iter().flat_map(|(user, _)| {
            self.hub.users().connections(user).into_iter().map(move |connection| (user, connection))
        })
    }

    /// Lets users go whose connections are not there.
    fn lose_missing(&mut self, now: Now) {
        let is_there = |user, ConnectionId(key): ConnectionId| {
            self.connections.get(key as usize).is_some_and(|connection| connection.session.user() == user)
        };
        let missing: Vec<_> = self.known_connections().filter(|&(user, id)| !is_there(user, id)).collect();
        for (user, id) in missing {
            self.out.begin();
            if self.hub.detach(user, id, false, now, &mut self.out) {
                self.leavers.push((user, LOST.to_owned()));
            }
        }
        self.dismiss(now);
        self.pump(now);
    }

    /// Lets all peers begin with the rate limit that is new.
    fn begin_buckets(&mut self, now: Instant) {
        for (_, connection) in &mut self.connections {
            connection.bucket = Bucket::new(now);
            if connection.inlet == Inlet::Paused {
                connection.inlet = Inlet::Backlog;
            }
        }
    }

    /// Reads from and writes to everybody in the first turn: first those who waited for that, in their order.
    fn schedule(&mut self, unread: Vec<u32>, dirty: Vec<u32>) {
        for (_, connection) in &mut self.connections {
            if connection.inlet == Inlet::Held {
                connection.inlet = Inlet::Backlog;
            }
        }
        for key in unread {
            self.read_soon(key as usize);
        }
        for key in dirty {
            self.settle(key as usize);
        }
        let keys: Vec<_> = self.connections.iter().map(|(key, _)| key).collect();
        for key in keys {
            self.read_soon(key);
        }
    }

    /// True when the hub already has what the store has.
    pub(in crate::server) fn has_taken_over_store(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.has_store)
    }

    /// Goes on with the store of the program before. Only the list of all accounts was left to it.
    pub(in crate::server) fn use_store_again(&mut self, opened: &Opened, now: Now) {
        opened.accounts.iter().for_each(|(id, name)| self.hub.add_account(*id, name));
        // Opening the store makes it forget the limits of rooms without events.
        let rooms = self.hub.rooms().iter();
        let limits = rooms.filter_map(|(_, room)| Some((room.name.clone(), room.settings.history?)));
        for (room, limit) in limits.collect::<Vec<_>>() {
            self.record(Record::Limit { room, limit: Some(limit), at: now.time });
        }
        self.round = self.before.as_ref().and_then(|before| before.round);
    }

    /// Ends taking over in the first turn, when it is known whether there is a store.
    pub(in crate::server) fn end_take_over(&mut self, now: Now) {
        let Some(before) = self.before.take() else { return };
        self.announce_capabilities(before.withheld, now);
        if self.history.store.is_none() {
            self.give_up_questions(now);
        }
    }

    /// Answers questions to a store that the config does not have any more.
    fn give_up_questions(&mut self, now: Now) {
        let recalls = self.history.recalls.queued().map(|(key, _, purpose)| (key, purpose.clone()));
        let recalls: Vec<_> = recalls.collect();
        for (key, (purpose, label)) in recalls {
            self.history.recalls.forget(key);
            self.tell_found(key, Found::Recalled(Box::new(purpose), Answer::Failed), label, now);
        }
    }
}
