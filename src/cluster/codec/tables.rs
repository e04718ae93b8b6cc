//! The numbers of operations and states.

use crate::cbor::{FromCbor, Invalid, Reader, ToCbor, Writer, cases, map, read_fields, write_fields};
use crate::message::{
    Command, Dated, Described, Epoch, LogEntry, LogIndex, Login, MOST_NODES, Node, NodeId, NodeUser,
    Operation, Relayed, Returning, Snapshot, Source, UserChange, UserState,
};

cases!(Operation, "operation" {
    1 => Hello { 0: node, 1: attempt },
    2 => Reset,
    3 => Down { 0: node, 1: epoch },
    4 => LogIn { 0: connection, 1: name, 2: profile },
    5 => EnterAccount { 0: connection, 1: device, 2: profile, 3: account },
    6 => Identify { 0: user, 1: connection, 2: device, 3: profile, 4: account, 5: heard },
    7 => LogOut { 0: user, 1: connection, 2: profile, 3: heard },
    8 => Detach { 0: user, 1: connection, 2: heard },
    9 => Leave(0: users),
    10 => Command(0: user, 1: command),
    11 => ChangeRoom { 0: user, 1: room, 2: changes },
    12 => LeaveDevice { 0: user, 1: connection, 2: away },
    13 => SetAlwaysOn { 0: user, 1: always_on },
    14 => AddAccount(0: account, 1: name),
    15 => RemoveAccount(0: name),
    16 => DropAccount(0: name),
    17 => RegisterRoom { 0: user, 1: room },
    18 => UnregisterRoom { 0: user, 1: room },
    19 => OfferRoom { 0: user, 1: room, 2: heir },
    20 => AcceptRoom { 0: user, 1: room },
    21 => TransferRoom { 0: user, 1: room, 2: heir },
    22 => SetLastingRanks { 0: user, 1: room, 2: who, 3: changes },
    23 => SetRanks { 0: user, 1: room, 2: changes },
    24 => ClearRoom { 0: user, 1: room, 2: what },
    25 => RenameRoom { 0: user, 1: from, 2: to, 3: reason },
    26 => Redact { 0: user, 1: room, 2: message, 3: reason },
    27 => MarkRead { 0: user, 1: of, 2: target, 3: at },
    28 => SetMetadata { 0: user, 1: of, 2: key, 3: value },
    29 => ClearMetadata { 0: user, 1: of },
    30 => Ban { 0: user, 1: ban },
    31 => Unban { 0: user, 1: network },
    32 => TellOperators(0: text),
    33 => Return(0: returning),
    34 => EndDevices { 0: user, 1: devices, 2: by, 3: reason },
});

// `Say` and `Whisper` have numbers, but no operation contains them: messages are relayed.
cases!(Command, "command" {
    1 => Rename(0: name),
    2 => Join { 0: room, 1: key },
    3 => Part { 0: room, 1: reason },
    4 => Say { 0: room, 1: to_rank, 2: speech, 3: unheard_by },
    5 => Whisper { 0: to, 1: speech, 2: unheard_by },
    6 => SetTopic { 0: room, 1: topic },
    7 => Kick { 0: room, 1: who, 2: reason },
    8 => Invite { 0: room, 1: who },
    9 => Change(0: change),
    10 => Kill { 0: who, 1: reason },
    11 => SetHost { 0: who, 1: username, 2: host },
    12 => Wallops(0: text),
    13 => Leave { 0: reason },
});

cases!(UserChange, "change of a user" {
    1 => Away(0: message),
    2 => Realname(0: realname),
    3 => Invisible(0: is_set),
    4 => Wallops(0: is_set),
    5 => Bot(0: is_set),
    6 => Operator(0: is_set),
});

cases!(Described, "owner of metadata" { 1 => User(0: user), 2 => Room(0: room) });

map!(Node { 0: id, 1: epoch, 2: name });

map!(Returning {
    0: name,
    1: profile,
    2: is_invisible,
    3: is_operator,
    4: is_bot,
    5: hears_wallops,
    6: since,
    7: spoke,
    8: connection,
    9: account,
    10: rooms,
    11: metadata,
});

map!(Snapshot {
    0: index,
    1: last_event,
    2: nodes,
    3: users,
    4: vacant,
    5: rooms,
    6: past,
    7: accounts,
    8: bans,
    9: last_guest,
    10: last_login,
    // 11 was another field.
    12: digest,
});

/// As one map.
impl ToCbor for NodeUser {
    fn write(&self, out: &mut Writer) {
        let Self { id, node, login, state, devices } = self;
        let UserState {
            name, profile, is_invisible, is_operator, is_bot, hears_wallops, since, spoke, ..
        } = state;
        let UserState { invitations, account, seen, is_dismissed, metadata, .. } = state;
        write_fields!(out;
            0: id,
            1: node,
            2: login,
            3: name,
            4: profile,
            5: is_invisible,
            6: is_operator,
            7: is_bot,
            8: hears_wallops,
            9: since,
            10: spoke,
            11: invitations,
            12: account,
            13: devices,
            14: seen,
            15: is_dismissed,
            16: metadata,
        );
    }
}

impl FromCbor for NodeUser {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input;
            0: id,
            1: node,
            2: login,
            3: name,
            4: profile,
            5: is_invisible,
            6: is_operator,
            7: is_bot,
            8: hears_wallops,
            9: since,
            10: spoke,
            11: invitations,
            12: account,
            13: devices,
            14: seen,
            15: is_dismissed,
            16: metadata,
        );
        let state = UserState {
            name,
            profile,
            is_invisible,
            is_operator,
            is_bot,
            hears_wallops,
            since,
            spoke,
            invitations,
            account,
            seen,
            is_dismissed,
            metadata,
        };
        Ok(Self { id, node, login, state, devices })
    }
}

/// Without the index, which the stream tells.
impl ToCbor for LogEntry {
    fn write(&self, out: &mut Writer) {
        let Self { index: _, node, epoch, time, operations, users, rooms } = self;
        write_fields!(out; 1: node, 2: epoch, 3: time, 4: operations, 5: users, 6: rooms);
    }
}

impl FromCbor for LogEntry {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 1: node, 2: epoch, 3: time, 4: operations, 5: users, 6: rooms);
        Ok(Self { index: LogIndex::default(), node, epoch, time, operations, users, rooms })
    }
}

impl ToCbor for Relayed {
    fn write(&self, out: &mut Writer) {
        let Self { node, epoch, number, after, event, from, to } = self;
        write_fields!(out; 0: node, 1: epoch, 2: number, 3: after, 4: event, 5: from, 6: to);
    }
}

impl FromCbor for Relayed {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: node, 1: epoch, 2: number, 3: after, 4: event, 5: from, 6: to);
        let message = Self { node, epoch, number, after, event, from, to };
        if !message.event.kind.is_speech() || message.event.from == Source::Server {
            return Err(input.invalid(format_args!("what was said is no message of a user")));
        }
        Ok(message)
    }
}

impl ToCbor for Dated {
    fn write(&self, out: &mut Writer) {
        out.array(2);
        self.after.write(out);
        self.operation.write(out);
    }
}

impl FromCbor for Dated {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let (after, operation) = FromCbor::read(input)?;
        Ok(Self { after, operation })
    }
}

impl ToCbor for Login {
    fn write(&self, out: &mut Writer) {
        (self.user, self.login).write(out);
    }
}

impl FromCbor for Login {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let (user, login) = FromCbor::read(input)?;
        Ok(Self { user, login })
    }
}

impl ToCbor for NodeId {
    fn write(&self, out: &mut Writer) {
        self.0.write(out);
    }
}

impl FromCbor for NodeId {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let number = u8::read(input)?;
        let is_node = (1..=MOST_NODES).contains(&usize::from(number));
        if is_node { Ok(Self(number)) } else { Err(input.invalid(format_args!("there is no node {number}"))) }
    }
}

/// Implements numbers with a type of their own.
macro_rules! newtype {
    ($($type:ident),*) => { $(
        impl ToCbor for $type {
            fn write(&self, out: &mut Writer) {
                self.0.write(out);
            }
        }

        impl FromCbor for $type {
            fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
                FromCbor::read(input).map(Self)
            }
        }
    )* };
}

newtype!(Epoch, LogIndex);
