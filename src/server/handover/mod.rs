//! Handing everything over to the program that takes the place of this one: all state of the server besides its config,
//! its store and the streams of its connections. What follows from the rest is derived anew.

mod connections;
mod errands;
mod taking_over;

pub(super) use taking_over::Before;

use std::time::Instant;

use super::connection::Connection;
use super::counts::Counts;
use super::staying::Round;
use super::stream::Stream;
use super::{Server, connection_id};
use crate::bucket::Bucket;
use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, encode_at, read_fields, write_fields};
use crate::config::Flood;
use crate::hub::HubHandover;
use crate::logging::PeerLog;
use crate::message::Now;
use crate::origin::Origin;
use crate::secret::Decoys;
use crate::session::HouseHandover;
use crate::store::Store;
use connections::Handed;
use errands::Errands;

/// A server, to be written.
struct Given<'a, S>(&'a Server<S>);

/// A server that was read.
struct Taken {
    house: HouseHandover,
    hub: HubHandover,
    started: Instant,
    connections: Vec<connections::Taken>,
    /// Connections to read and to write to, in order.
    unread: Vec<u32>,
    dirty: Vec<u32>,
    /// The limits to which buckets belong.
    flood: Option<Flood>,
    connections_per_ip: usize,
    admitted: Vec<(Origin, Bucket)>,
    guesses: Vec<(Origin, Bucket)>,
    registrations: Vec<(Origin, Bucket)>,
    decoys: Decoys,
    has_store: bool,
    errands: Errands,
    round: Option<Round>,
    counts: Counts,
    log: PeerLog,
}

impl<S: Stream> Server<S> {
    /// The state of the server. If it has not settled, work under way is left out, and it only shows whether another
    /// program can read it. Connections that cannot be handed over are left out, too.
    pub fn hand_over(&self, now: Now) -> Vec<u8> {
        encode_at(&Given(self), now.instant)
    }

    /// True when the server is one node of several.
    pub fn is_node(&self) -> bool {
        self.nodes.is_node()
    }

    /// The streams of all connections with their keys, in the order of these.
    pub fn streams(&self) -> impl Iterator<Item = (usize, &S)> {
        self.connections.iter().map(|(key, connection)| (key, &connection.stream))
    }

    /// Ends the server without closing anything: its streams, by key, and its store.
    pub fn into_parts(self) -> (Vec<(usize, S)>, Option<Store>) {
        let streams = self.connections.into_iter().map(|(key, connection)| (key, connection.stream));
        (streams.collect(), self.history.store)
    }
}

fn is_portable<S: Stream>(connection: &Connection<S>) -> bool {
    connection.stream.is_portable() && Handed::<S>::is_whole(&connection.life)
}

fn numbers(keys: &[usize]) -> Vec<u32> {
    keys.iter().map(|key| connection_id(*key).0).collect()
}

impl<S: Stream> ToCbor for Given<'_, S> {
    fn write(&self, out: &mut Writer) {
        let server = self.0;
        let Server { started, counts, log, history, round, house, .. } = server;
        let (house_handed, hub) = (&house.hand_over(), &server.hub.hand_over());
        let whole = server.connections.iter().filter(|(_, connection)| is_portable(connection));
        let connections: &Vec<_> =
            &whole.map(|(key, c)| Handed(connection_id(key).0, c, &server.deadlines)).collect();
        let (unread, dirty) = (&numbers(&server.unread), &numbers(&server.dirty));
        let limits = &house.config.limits;
        let (flood, connections_per_ip) = (&limits.flood, &limits.connections_per_ip);
        let (admitted, guesses) = (&server.admission.buckets(), &server.checks.guesses.used());
        let (registrations, decoys) = (&history.accounts.registrations.used(), &history.accounts.decoys);
        let (has_store, errands) = (&history.store.is_some(), &Errands::of(server));
        write_fields!(
            out;
            0: house_handed,
            1: hub,
            2: started,
            3: connections,
            4: unread,
            5: dirty,
            6: flood,
            7: connections_per_ip,
            8: admitted,
            9: guesses,
            10: registrations,
            11: decoys,
            12: has_store,
            13: errands,
            14: round,
            15: counts,
            16: log,
        );
    }
}

impl FromCbor for Taken {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(
            input;
            0: house,
            1: hub,
            2: started,
            3: connections,
            4: unread,
            5: dirty,
            6: flood,
            7: connections_per_ip,
            8: admitted,
            9: guesses,
            10: registrations,
            11: decoys,
            12: has_store,
            13: errands,
            14: round,
            15: counts,
            16: log,
        );
        Ok(Self {
            house,
            hub,
            started,
            connections,
            unread,
            dirty,
            flood,
            connections_per_ip,
            admitted,
            guesses,
            registrations,
            decoys,
            has_store,
            errands,
            round,
            counts,
            log,
        })
    }
}
