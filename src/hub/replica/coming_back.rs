//! Users who come back after their node has lost touch with the others and has got the state from them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::SystemTime;

use super::differences::Seen;
use super::earlier::Earlier;
use super::{Hub, journaled};
use crate::hub::membership::Device;
use crate::hub::states::{profile_of, state_of_device};
use crate::hub::users::User;
use crate::message::{
    AccountId, CloseReason, ConnectionId, DeviceState, Effects, EventId, Identity, Login, Now, Rank,
    Returning, RoomState, SavedRoom, UserId,
};
use crate::name::{RoomName, UserName};

/// The users with connections to this node and what they have seen, while the state is replaced.
#[derive(Debug, Default)]
pub struct Homecoming {
    absent: Vec<Absent>,
    /// The rooms that they were in.
    seen: HashMap<RoomName, Seen>,
    earlier: Earlier,
}

/// A user who comes back.
#[derive(Debug)]
pub(super) struct Absent {
    /// Its id in the state before.
    pub(super) was: UserId,
    login: Option<Login>,
    /// As others have seen it.
    pub(super) identity: Arc<Identity>,
    /// As other nodes learn of it, but for its rooms.
    returning: Returning,
    /// Its rooms, with its ranks there.
    pub(super) rooms: Vec<(RoomName, Rank)>,
    /// The connections that hear, each with its device if the user has an account: how far it is, only this node knows.
    pub(super) connections: Vec<(ConnectionId, Option<Device>)>,
    /// The names that it watches, with their owners.
    pub(super) watches: Vec<(UserName, Option<Arc<Identity>>)>,
    /// The keys of metadata to which each connection is subscribed.
    subscriptions: Vec<(ConnectionId, Box<str>)>,
}

impl Homecoming {
    /// Forgets connections that have ended meanwhile, and users who have no other.
    pub fn retain(&mut self, is_open: impl Fn(ConnectionId) -> bool) {
        for absent in &mut self.absent {
            absent.connections.retain(|&(connection, _)| is_open(connection));
            absent.subscriptions.retain(|&(connection, _)| is_open(connection));
            if let Some((_, devices)) = &mut absent.returning.account {
                devices.retain(|device| is_open(device.connection));
            }
        }
        self.absent.retain(|absent| !absent.connections.is_empty());
    }
}

impl Hub {
    /// Describes the users with connections to this node, to bring them back when `load` has replaced the state.
    pub fn leave_state(&self) -> Homecoming {
        let mut seen = HashMap::new();
        let absent = self.users.iter().filter_map(|(id, user)| self.absent(id, user, &mut seen)).collect();
        let earlier = self.replica.as_ref().map(|replica| replica.earlier.clone()).unwrap_or_default();
        Homecoming { absent, seen, earlier }
    }

    /// A user who is here. Adds its rooms to `seen`.
    fn absent(&self, was: UserId, user: &User, seen: &mut HashMap<RoomName, Seen>) -> Option<Absent> {
        let hearing = user.connections();
        let first = *hearing.first()?;
        let mut rooms = Vec::with_capacity(user.seats.len());
        for seat in user.seats.iter() {
            let room = self.rooms.get(seat.room);
            seen.entry(room.name.clone()).or_insert_with(|| self.seen(seat.room)).hearers.push(was);
            rooms.push((room.name.clone(), room.members()[seat.position as usize].rank));
        }
        let device = |&connection: &ConnectionId| {
            let device = self.devices(was).iter().find(|device| device.connection == connection);
            (connection, device.cloned())
        };
        Some(Absent {
            was,
            login: self.login_of(was),
            identity: Arc::clone(&user.identity),
            returning: self.returning(was, user, first),
            rooms,
            connections: hearing.iter().map(device).collect(),
            watches: user.watches().iter().map(|name| (name.clone(), self.owner_of(name))).collect(),
            subscriptions: user.all_subscriptions().to_vec(),
        })
    }

    fn owner_of(&self, name: &UserName) -> Option<Arc<Identity>> {
        let user = self.users.get(self.users.find(name)?)?;
        Some(Arc::clone(&user.identity))
    }

    /// A user as other nodes will learn of it, without its rooms.
    fn returning(&self, id: UserId, user: &User, first: ConnectionId) -> Returning {
        let hearing = user.connections();
        let own = self.devices(id).iter().filter(|device| hearing.contains(&device.connection));
        let devices =
            own.map(|device| DeviceState { heard: device.reached(), ..state_of_device(device) }).collect();
        let account = user.account().map(|account| (Box::new(account.clone()), devices));
        Returning {
            name: user.name().clone(),
            profile: profile_of(user),
            is_invisible: user.is_invisible,
            is_operator: user.is_operator,
            is_bot: user.identity.is_bot,
            hears_wallops: user.hears_wallops,
            since: user.since(),
            spoke: user.spoke(),
            connection: account.is_none().then_some(first),
            metadata: if account.is_some() { Vec::new() } else { user.metadata().to_vec() },
            account,
            rooms: Vec::new(),
        }
    }

    /// Brings users back, each under its name if that is free. They are told what has changed for them. Returns the
    /// connections with their users, whose numbers are new.
    pub fn come_back(
        &mut self,
        homecoming: Homecoming,
        now: Now,
        out: &mut Effects,
    ) -> Vec<(ConnectionId, UserId)> {
        let Homecoming { absent, seen, earlier } = homecoming;
        self.users.budget.is_lenient = true;
        let mut back = Vec::with_capacity(absent.len());
        for absent in absent {
            let rooms = absent.rooms.iter().map(|(name, rank)| (self.room_to_return(name, &seen), *rank));
            let returning = Returning { rooms: rooms.collect(), ..absent.returning.clone() };
            let id = journaled!(
                self,
                Return(Box::new(returning.clone())),
                self.bring_back(&returning, None, now, out)
            );
            match id {
                Some(id) => back.push((absent, id)),
                None => {
                    let connections = absent.connections.into_iter();
                    connections
                        .for_each(|(connection, _)| out.close(connection, CloseReason::AccountDropped));
                }
            }
        }
        back.iter().for_each(|(absent, id)| self.reattach(absent, *id, now));
        self.users.budget.is_lenient = false;
        self.note_earlier(earlier, &back);
        self.tell_differences(&back, &seen, now, out);
        let connections = |(absent, id): &(Absent, UserId)| {
            absent.connections.iter().map(|&(connection, _)| (connection, *id)).collect::<Vec<_>>()
        };
        back.iter().flat_map(connections).collect()
    }

    /// Notes the logins before: others have written to these.
    fn note_earlier(&mut self, mut earlier: Earlier, back: &[(Absent, UserId)]) {
        earlier.begin();
        for (absent, id) in back {
            if let (Some(was), Some(is)) = (absent.login, self.login_of(*id)) {
                earlier.note(was, is);
            }
        }
        if let Some(replica) = &mut self.replica {
            replica.earlier = earlier;
        }
    }

    /// A room in which a user will be again, as it was if it does not exist any longer.
    fn room_to_return(&self, name: &RoomName, seen: &HashMap<RoomName, Seen>) -> Box<RoomState> {
        let lost = seen.get(name).filter(|_| self.rooms.find(name).is_none());
        Box::new(lost.map_or_else(|| bare(name.clone()), |seen| seen.state.clone()))
    }

    /// Gives a user who is back what only this node knows of it.
    fn reattach(&mut self, absent: &Absent, id: UserId, now: Now) {
        for (connection, device) in &absent.connections {
            self.attach(id, *connection);
            if let (Some(place), Some(device)) = (self.device_mut(id, *connection), device) {
                place.clone_from(device);
            }
        }
        for (name, _) in &absent.watches {
            self.watchers.watch(&mut self.users, id, name);
        }
        if let (Some(user), false) = (self.users.get_mut(id), absent.subscriptions.is_empty()) {
            user.details_mut(now.instant).subscriptions.extend_from_slice(&absent.subscriptions);
            self.users.recharge(id);
        }
    }
}

/// The state of a room that exists.
fn bare(name: RoomName) -> RoomState {
    let never = SystemTime::UNIX_EPOCH;
    let saved = SavedRoom {
        name,
        registered: never,
        founder: AccountId::NONE,
        ranks: Vec::new(),
        opened: EventId::MIN,
        created: never,
        topic: None,
        flags: Vec::new(),
        key: None,
        limit: None,
        history: None,
        masks: Vec::new(),
        metadata: Vec::new(),
    };
    RoomState { saved, heir: None, names: Vec::new() }
}
