//! Doing what another node has done.

use super::{Diverged, Hub};
use crate::hub::{Arrival, Clearing, Described, Describer, Holder, Renaming};
use crate::message::{AccountId, Described as Named};
use crate::message::{
    CloseReason, Command, ConnectionId, Dated, Effect, Effects, EventId, LogEntry, NodeId, Now, Operation,
    UserId,
};
use crate::name::UserName;

/// Stands for a connection of which this node does not know.
const ELSEWHERE: ConnectionId = ConnectionId(u32::MAX);

const REFUSED: Diverged = Diverged("another node has done what is refused here");

/// What is being replayed.
#[derive(Debug)]
pub(super) struct Replayed {
    /// The node that has done it.
    pub(super) node: NodeId,
    /// The last event that a device has heard, if one goes.
    pub(super) heard: Option<EventId>,
}

/// The operation that is repeated, with its surroundings.
struct Repetition<'a> {
    node: NodeId,
    now: Now,
    out: &'a mut Effects,
}

impl Hub {
    /// Does what another node has done. `now` has the own clock; events get the entry's time. After an error, the state is
    /// not that of other nodes.
    pub fn replay(&mut self, entry: &LogEntry, now: Now, out: &mut Effects) -> Result<(), Diverged> {
        let Some(replica) = &mut self.replica else { return Err(Diverged("this is no node")) };
        let is_greeting = |dated: &Dated| matches!(dated.operation, Operation::Hello { .. });
        if entry.node == replica.own.id {
            // It may have greeted more than once.
            if entry.epoch == replica.own.epoch && entry.operations.iter().all(is_greeting) {
                return Ok(());
            }
            return Err(Diverged("another node uses the number of this one"));
        }
        let greets = entry.operations.first().is_some_and(is_greeting);
        if !greets && !replica.others.iter().any(|node| node.id == entry.node && node.epoch == entry.epoch) {
            return Err(Diverged("a node has done something that is not up"));
        }
        replica.replayed = Some(Replayed { node: entry.node, heard: None });
        self.users.budget.is_lenient = true;
        let (now, before) = (Now { time: entry.time, ..now }, self.last_event);
        let mut caused = Effects::default();
        let done = self.repeat_all(entry, now, &mut caused);
        self.last_event = self.last_event.max(before);
        self.users.budget.is_lenient = false;
        if let Some(replica) = &mut self.replica {
            replica.replayed = None;
        }
        out.append_unrecorded(caused);
        done?;
        let (users, rooms) = self.counts();
        let agree = |own, theirs| theirs == u32::MAX || own == theirs;
        match (agree(users, entry.users), agree(rooms, entry.rooms)) {
            (true, true) => Ok(()),
            (false, _) => Err(Diverged("there are more or fewer users than on another node")),
            (true, false) => Err(Diverged("there are more or fewer rooms than on another node")),
        }
    }

    fn repeat_all(&mut self, entry: &LogEntry, now: Now, out: &mut Effects) -> Result<(), Diverged> {
        let mut last = self.last_event;
        for Dated { after, operation } in &entry.operations {
            self.last_event = *after;
            self.repeat(operation.clone(), Repetition { node: entry.node, now, out })?;
            last = last.max(self.last_event);
        }
        self.last_event = last;
        Ok(())
    }

    fn repeat(&mut self, operation: Operation, by: Repetition<'_>) -> Result<(), Diverged> {
        let Repetition { node, now, out } = by;
        match operation {
            Operation::Hello { node, .. } => return self.node_up(node, now, out),
            Operation::Reset => return Err(Diverged("another node has founded the cluster anew")),
            Operation::Down { node, epoch } => {
                if self.own_node().is_some_and(|own| own.id == node && own.epoch == epoch) {
                    return Err(Diverged("other nodes take this one to be down"));
                }
                self.node_down(node, epoch, now, out);
            }
            Operation::EndDevices { user, devices, by, reason } => {
                let reason = CloseReason::Killed { by: by.into(), reason: reason.into() };
                self.end_devices(user, &devices, &reason, out);
            }
            Operation::Return(returning) => {
                self.bring_back(&returning, Some(node), now, out).ok_or(REFUSED)?;
            }
            Operation::Leave(leavers) => {
                leavers.iter().for_each(|(id, reason)| self.close_all(*id, reason, out));
                self.leave_together(leavers, now, out);
            }
            Operation::Command(id, command) => return self.repeat_command(id, command, now, out),
            Operation::LogIn { .. }
            | Operation::EnterAccount { .. }
            | Operation::Identify { .. }
            | Operation::LogOut { .. }
            | Operation::Detach { .. }
            | Operation::LeaveDevice { .. }
            | Operation::SetAlwaysOn { .. }
            | Operation::AddAccount(..)
            | Operation::RemoveAccount(_)
            | Operation::DropAccount(_) => {
                return self.repeat_login(operation, Repetition { node, now, out });
            }
            Operation::MarkRead { .. }
            | Operation::SetMetadata { .. }
            | Operation::ClearMetadata { .. }
            | Operation::Ban { .. }
            | Operation::Unban { .. }
            | Operation::TellOperators(_) => return self.repeat_note(operation, now, out),
            Operation::ChangeRoom { .. }
            | Operation::RegisterRoom { .. }
            | Operation::UnregisterRoom { .. }
            | Operation::OfferRoom { .. }
            | Operation::AcceptRoom { .. }
            | Operation::TransferRoom { .. }
            | Operation::SetLastingRanks { .. }
            | Operation::SetRanks { .. }
            | Operation::ClearRoom { .. }
            | Operation::RenameRoom { .. }
            | Operation::Redact { .. } => return self.repeat_in_room(operation, now, out),
        }
        Ok(())
    }

    fn repeat_command(
        &mut self,
        id: UserId,
        command: Command,
        now: Now,
        out: &mut Effects,
    ) -> Result<(), Diverged> {
        let joins = match &command {
            Command::Say { .. } | Command::Whisper { .. } => {
                return Err(Diverged("a message is no operation"));
            }
            Command::Leave { reason } => {
                self.close_all(id, reason, out);
                None
            }
            Command::Join { room, .. } if self.own_room(id, room).is_err() => Some(room.clone()),
            _ => None,
        };
        self.handle(id, command, now, out).map_err(|_| REFUSED)?;
        if let Some(room) = joins {
            // The session that has joined shows the room on other devices of its own node only.
            let devices = self.users.connections(id).into_iter();
            devices.for_each(|device| out.push(Effect::Show(device, room.clone())));
        }
        Ok(())
    }

    /// Closes the connections that a user who leaves has to this node.
    fn close_all(&self, id: UserId, reason: &str, out: &mut Effects) {
        let connections = self.users.connections(id).into_iter();
        connections.for_each(|connection| out.close(connection, CloseReason::Quit(reason.to_owned())));
    }

    fn repeat_login(&mut self, operation: Operation, by: Repetition<'_>) -> Result<(), Diverged> {
        let Repetition { node, now, out } = by;
        if let Operation::Identify { user, connection, .. }
        | Operation::LogOut { user, connection, .. }
        | Operation::Detach { user, connection, .. } = operation
            && !self.is_at(user, connection.at(node))
        {
            return Err(Diverged("another node knows another user of one of its connections"));
        }
        let done = match operation {
            Operation::LogIn { connection, name, profile } => {
                self.log_in(connection.at(node), name, profile, now, out).map(drop)
            }
            Operation::EnterAccount { connection, device, profile, account } => {
                let arrival = Arrival { connection: connection.at(node), device: &device, profile };
                self.enter_account(&arrival, *account, now, out).map(drop)
            }
            Operation::Identify { user, connection, device, profile, account, heard } => {
                self.set_heard(heard);
                let arrival = Arrival { connection: connection.at(node), device: &device, profile };
                self.identify(user, &arrival, *account, now, out).map(drop)
            }
            Operation::LogOut { user, connection, profile, heard } => {
                self.set_heard(heard);
                self.log_out(user, connection.at(node), profile, now, out).map(drop)
            }
            Operation::Detach { user, connection, heard } => {
                self.set_heard(heard);
                self.detach(user, connection.at(node), true, now, out);
                Ok(())
            }
            Operation::LeaveDevice { user, connection, away } => {
                self.leave_device(user, connection.at(node), away.as_deref(), now, out)
            }
            Operation::SetAlwaysOn { user, always_on } => {
                self.set_always_on(user, always_on, now, out);
                Ok(())
            }
            // Only what is still being registered may get another number, or be given up.
            Operation::AddAccount(account, name)
                if self.accounts.called(&name).is_some_and(|known| known != account) =>
            {
                return Err(REFUSED);
            }
            Operation::RemoveAccount(name) if self.accounts.called(&name).is_some() => return Err(REFUSED),
            Operation::AddAccount(account, name) => {
                self.add_account(account, &name);
                Ok(())
            }
            Operation::RemoveAccount(name) => {
                self.remove_account(&name);
                Ok(())
            }
            Operation::DropAccount(name) => {
                self.drop_account(&name, now, out);
                Ok(())
            }
            _ => Ok(()),
        };
        done.map_err(|_| REFUSED)
    }

    /// Sets what the device that goes has heard.
    fn set_heard(&mut self, heard: Option<EventId>) {
        let replayed = self.replica.as_mut().and_then(|replica| replica.replayed.as_mut());
        replayed.into_iter().for_each(|replayed| replayed.heard = heard);
    }

    fn repeat_note(&mut self, operation: Operation, now: Now, out: &mut Effects) -> Result<(), Diverged> {
        let by = |user| Describer { user, connection: ELSEWHERE };
        match operation {
            Operation::MarkRead { user, of, target, at } => {
                self.mark_read((user, ELSEWHERE), &of, &target, at, now, out).map_err(|_| REFUSED)?;
            }
            Operation::SetMetadata { user, of, key, value } => {
                let of = self.described(of)?;
                let done = self.set_metadata(by(user), of, &key, value.as_deref(), now, out);
                done.map_err(|_| REFUSED)?;
            }
            Operation::ClearMetadata { user, of } => {
                let of = self.described(of)?;
                self.clear_metadata(by(user), of, now, out).map_err(|_| REFUSED)?;
            }
            Operation::Ban { user, ban } => drop(self.ban(user, ban, now, out).map_err(|_| REFUSED)?),
            Operation::Unban { network, .. } => drop(self.unban(&network, now)),
            Operation::TellOperators(text) => self.tell_operators(None, text, now, out),
            _ => {}
        }
        Ok(())
    }

    fn repeat_in_room(&mut self, operation: Operation, now: Now, out: &mut Effects) -> Result<(), Diverged> {
        let holder = |(account, name): (AccountId, UserName)| Holder { account, name };
        let done = match operation {
            Operation::ChangeRoom { user, room, changes } => {
                self.change_room(user, &room, changes, now, out).map(drop)
            }
            Operation::RegisterRoom { user, room } => self.register_room(user, &room, now, out),
            Operation::UnregisterRoom { user, room } => self.unregister_room(user, &room, out),
            Operation::OfferRoom { user, room, heir } => self.offer_room(user, &room, holder(heir)),
            Operation::AcceptRoom { user, room } => self.accept_room(user, &room, out),
            Operation::TransferRoom { user, room, heir } => {
                self.transfer_room(user, &room, holder(heir), out)
            }
            Operation::SetLastingRanks { user, room, who, changes } => {
                self.set_lasting_ranks(user, &room, &holder(who), &changes, now, out).map(drop)
            }
            Operation::SetRanks { user, room, changes } => {
                self.set_ranks(user, &room, changes, now, out).map(drop)
            }
            Operation::ClearRoom { user, room, what } => {
                let what = Clearing::of_number(what).ok_or(Diverged("what to clear is not known"))?;
                self.clear_room(user, &room, what, now, out).map(drop)
            }
            Operation::RenameRoom { user, from, to, reason } => {
                let renaming = Renaming { from, to, reason, by: ELSEWHERE };
                return self.rename_room(user, renaming, now, out).map_err(|_| REFUSED);
            }
            Operation::Redact { user, room, message, reason } => {
                let room = self.rooms.find(&room).ok_or(REFUSED)?;
                self.withdraw(user, room, message, reason, now, out);
                Ok(())
            }
            _ => Ok(()),
        };
        done.map_err(|_| REFUSED)
    }

    fn described(&self, of: Named) -> Result<Described, Diverged> {
        match of {
            Named::User(id) => Ok(Described::User(id)),
            Named::Room(name) => self.rooms.find(&name).map(Described::Room).ok_or(REFUSED),
        }
    }

    /// What other nodes call this.
    pub(in crate::hub) fn named(&self, of: Described) -> Named {
        match of {
            Described::User(id) => Named::User(id),
            Described::Room(room) => Named::Room(self.rooms.get(room).name.clone()),
        }
    }
}
