//! The numbers of plain values.

use std::net::IpAddr;
use std::sync::Arc;

use super::{
    FromCbor, Invalid, Lines, Reader, ToCbor, Writer, cases, map, numbered, read_fields, write_fields,
};
use crate::message::{
    Account, AccountId, Ban, ConnectionId, Event, EventId, EventKind, HistoryLimit, Identity, MaskList, Peer,
    Rank, RoomChange, RoomFlag, SavedRoom, SavedUser, Source, Speech, SpeechKind,
};

map!(Event { 0: id, 1: time, 2: from, 3: watched, 4: kind });

cases!(EventKind, "event" {
    1 => Said { 0: room, 1: to_rank, 2: speech },
    2 => Whispered { 0: to, 1: speech },
    3 => Joined { 0: room, 1: away },
    4 => Parted { 0: room, 1: reason },
    5 => Kicked { 0: room, 1: who, 2: reason },
    6 => Left { 0: reason },
    7 => Renamed { 0: to },
    8 => TopicSet { 0: room, 1: topic },
    9 => Changed { 0: room, 1: changes },
    10 => RoomRenamed { 0: from, 1: to, 2: reason },
    11 => Redacted { 0: room, 1: message, 2: reason },
    12 => Invited { 0: room, 1: who },
    13 => Away(0: message),
    14 => RealnameSet(0: realname),
    15 => AccountSet(0: account),
    16 => MetadataSet { 0: of, 1: key, 2: value },
    17 => MarkedRead { 0: target, 1: at },
    18 => Appeared { 0: watcher },
    19 => Vanished { 0: name, 1: watcher },
    20 => HostSet { 0: username, 1: host },
    21 => Wallops(0: text),
    22 => Notice(0: text),
});

numbered!(SpeechKind, "kind of message" { 0 => Message, 1 => Notice, 2 => TagsOnly });

cases!(RoomChange, "change of a room" {
    1 => Rank { 0: who, 1: rank, 2: given },
    2 => Flag(0: flag, 1: is_set),
    3 => Key(0: key),
    4 => Limit(0: limit),
    5 => History(0: limit),
    6 => Mask { 0: list, 1: mask, 2: added },
});

numbered!(RoomFlag, "flag of a room" {
    1 => InviteOnly,
    2 => Moderated,
    3 => NoExternal,
    4 => Secret,
    5 => TopicLocked,
    6 => NoCtcp,
    7 => AccountsOnly,
    8 => AccountsSpeak,
});

numbered!(MaskList, "list of masks" { 1 => Bans, 2 => Exceptions, 3 => Invited });

map!(HistoryLimit { 0: lines, 1: age });

map!(Account { 0: id, 1: name, 2: registered, 3: always_on, 4: markers, 5: devices, 6: metadata });

map!(SavedUser { 0: account, 1: username, 2: host, 3: realname, 4: since, 5: last_seen, 6: seats });

map!(SavedRoom {
    0: name,
    1: registered,
    2: founder,
    3: ranks,
    4: opened,
    5: created,
    6: topic,
    7: flags,
    8: key,
    9: limit,
    10: history,
    11: masks,
    12: metadata,
});

map!(Ban { 0: network, 1: until, 2: by, 3: since, 4: reason });

/// The text may have several lines.
impl ToCbor for Speech {
    fn write(&self, out: &mut Writer) {
        let Self { kind, text, tags } = self;
        let text = &Lines(text.as_str());
        write_fields!(out; 0: kind, 1: text, 2: tags);
    }
}

impl FromCbor for Speech {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: kind, 1: text, 2: tags);
        let Lines(text) = text;
        Ok(Self { kind, text, tags })
    }
}

impl ToCbor for Identity {
    fn write(&self, out: &mut Writer) {
        let Self { name, is_bot, has_account, .. } = self;
        let (username, host, realname) = (&self.username(), &self.host(), &self.realname());
        write_fields!(out; 0: name, 1: username, 2: host, 3: realname, 4: is_bot, 5: has_account);
    }
}

impl FromCbor for Identity {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        read_fields!(input; 0: name, 1: username, 2: host, 3: realname, 4: is_bot, 5: has_account);
        let (username, host, realname): (Box<str>, Box<str>, Box<str>) = (username, host, realname);
        let mut identity = Self::new(name, &username, &host, &realname);
        (identity.is_bot, identity.has_account) = (is_bot, has_account);
        Ok(identity)
    }
}

/// The server is assumed where no user is told.
impl ToCbor for Source {
    fn is_assumed(&self) -> bool {
        *self == Self::Server
    }

    fn write(&self, out: &mut Writer) {
        match self {
            Self::User(user) => user.write(out),
            Self::Server => out.null(),
        }
    }
}

impl FromCbor for Source {
    fn assumed() -> Option<Self> {
        Some(Self::Server)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let user: Option<Arc<Identity>> = FromCbor::read(input)?;
        Ok(user.map_or(Self::Server, Self::User))
    }
}

/// A set of bits.
impl ToCbor for Rank {
    fn is_assumed(&self) -> bool {
        *self == Self::NONE
    }

    fn write(&self, out: &mut Writer) {
        out.number(self.bits().into());
    }
}

impl FromCbor for Rank {
    fn assumed() -> Option<Self> {
        Some(Self::NONE)
    }

    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let bits = u8::read(input)?;
        Self::from_bits(bits).ok_or_else(|| input.unknown("rank", bits.into()))
    }
}

impl ToCbor for EventId {
    fn write(&self, out: &mut Writer) {
        out.number(self.number());
    }
}

impl FromCbor for EventId {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        input.number().map(Self::from_number)
    }
}

impl ToCbor for AccountId {
    fn write(&self, out: &mut Writer) {
        out.number(self.0.into());
    }
}

impl FromCbor for AccountId {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        u32::read(input).map(Self)
    }
}

/// As its own node knows it.
impl ToCbor for ConnectionId {
    fn write(&self, out: &mut Writer) {
        out.number(self.own().0.into());
    }
}

impl FromCbor for ConnectionId {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        let id = Self(u32::read(input)?);
        if id.own() == id {
            Ok(id)
        } else {
            Err(input.invalid(format_args!("the connection {} is out of range", id.0)))
        }
    }
}

/// The address as bytes and the port; an empty list for a peer on the same machine.
impl ToCbor for Peer {
    fn write(&self, out: &mut Writer) {
        let Self::Tcp(ip, port) = *self else { return out.array(0) };
        out.array(2);
        match ip {
            IpAddr::V4(ip) => out.bytes(&ip.octets()),
            IpAddr::V6(ip) => out.bytes(&ip.octets()),
        }
        port.write(out);
    }
}

impl FromCbor for Peer {
    fn read(input: &mut Reader<'_>) -> Result<Self, Invalid> {
        match input.array()? {
            0 => Ok(Self::Unix),
            2 => Ok(Self::Tcp(address(input)?, u16::read(input)?)),
            length => Err(input.invalid(format_args!("a peer of {length} values is unknown"))),
        }
    }
}

fn address(input: &mut Reader<'_>) -> Result<IpAddr, Invalid> {
    let bytes = input.bytes()?;
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    let v6 = || <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(v6).ok_or_else(|| input.invalid(format_args!("an address has {} bytes", bytes.len())))
}
