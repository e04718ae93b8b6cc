//! `WHO`, with the extension WHOX: fields of the client's choice.

use super::people::ip_as_param;
use super::rooms::{prefixes, unix_seconds};
use super::{Capabilities, Irc};
use crate::hub::{Hub, RoomId, User, mask};
use crate::message::{Outgoing, Peer, Rank, UserId};
use crate::name::{RoomName, UserName};
use crate::session::{Context, House};
use crate::wire::irc::{Line, Message, numeric};

/// Longest token of a WHOX request, in characters.
const TOKEN_CHARS: usize = 3;

/// One line of the answer.
struct Row<'a> {
    user: &'a User,
    /// The channel that was asked for, or one that both are in.
    channel: &'a str,
    rank: Rank,
    is_address_shown: bool,
}

/// What a WHOX request asks for: `%fields,token`.
struct Fields<'a> {
    letters: &'a str,
    token: &'a str,
}

impl Irc {
    /// `WHO [mask] [o] [%fields,token]`.
    pub(super) fn who(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let wanted = message.params.first().copied().unwrap_or("*");
        let options = message.params.get(1).copied().unwrap_or_default();
        let (flags, fields) = match options.split_once('%') {
            Some((flags, fields)) => (flags, Some(Fields::new(fields))),
            None => (options, None),
        };
        let only_operators = flags.contains('o');
        let Context { hub, out, house, now, .. } = context;
        let hub = &**hub;
        let Some(viewer) = hub.users().get(self.id) else { return };
        let rows = self.rows(wanted, hub, out).into_iter();
        let rows = rows.filter(|row| !only_operators || row.user.is_operator);
        let all_prefixes = self.capabilities.has(Capabilities::MULTI_PREFIX);
        let idle = |user: &User| unix_seconds(now.time).saturating_sub(unix_seconds(user.spoke()));
        let mut is_cut = false;
        out.write(self.id, |bytes| {
            let most = bytes.len() + house.answer_bytes();
            for row in rows {
                if bytes.len() > most {
                    is_cut = true;
                    break;
                }
                let mut line = Line::begin(bytes);
                line.source(&house.name);
                match &fields {
                    None => {
                        line.command(numeric::RPL_WHOREPLY);
                        line.param(viewer.name().as_str());
                        row.write(house, all_prefixes, &mut line);
                    }
                    Some(fields) => {
                        line.command(numeric::RPL_WHOSPCRPL);
                        line.param(viewer.name().as_str());
                        row.write_fields(fields, house, all_prefixes, idle(row.user), &mut line);
                    }
                }
                line.end();
            }
        });
        if is_cut {
            self.tell_cut(wanted, context);
        }
        self.complain(numeric::RPL_ENDOFWHO, wanted, "End of WHO list", context);
    }

    fn rows<'a>(&self, wanted: &str, hub: &'a Hub, out: &mut Outgoing) -> Vec<Row<'a>> {
        if wanted.starts_with('#') {
            let room = RoomName::new(wanted).ok().and_then(|name| hub.rooms().find(&name));
            let room = room.filter(|&room| hub.is_visible(room, self.id));
            let rows = room.map_or_else(Vec::new, |room| self.rows_of_channel(room, hub));
            out.worked(rows.len());
            return rows;
        }
        if let Some(id) = UserName::new(wanted).ok().and_then(|name| hub.users().find(&name)) {
            return self.row(id, hub).into_iter().collect();
        }
        let everybody = matches!(wanted, "*" | "0");
        out.worked(hub.users().len());
        let users = hub
            .users()
            .iter()
            .filter(|(_, user)| hub.is_user_visible(user, self.id) && (everybody || matches(wanted, user)));
        users.filter_map(|(id, _)| self.row(id, hub)).collect()
    }

    fn rows_of_channel<'a>(&self, id: RoomId, hub: &'a Hub) -> Vec<Row<'a>> {
        let room = hub.rooms().get(id);
        let shows_all = hub.users().get(self.id).is_some_and(|user| user.is_operator);
        let members = room.members().iter().filter_map(|member| Some((member, hub.users().get(member.id)?)));
        let visible = members.filter(|(_, user)| hub.is_user_visible(user, self.id));
        visible
            .map(|(member, user)| Row {
                user,
                channel: room.name.as_str(),
                rank: member.rank,
                is_address_shown: shows_all || member.id == self.id,
            })
            .collect()
    }

    fn row<'a>(&self, id: UserId, hub: &'a Hub) -> Option<Row<'a>> {
        let user = hub.users().get(id)?;
        let viewer = hub.users().get(self.id)?;
        let mut shared =
            user.seats.iter().filter(|seat| viewer.seats.iter().any(|own| own.room == seat.room));
        let room = shared.next().map(|seat| seat.room);
        let member = room.and_then(|room| hub.rooms().member(hub.users(), id, room));
        Some(Row {
            user,
            channel: room.map_or("*", |room| hub.rooms().get(room).name.as_str()),
            rank: member.map(|member| member.rank).unwrap_or_default(),
            is_address_shown: viewer.is_operator || id == self.id,
        })
    }
}

fn matches(wanted: &str, user: &User) -> bool {
    let identity = &user.identity;
    [identity.name.as_str(), identity.username(), identity.host(), identity.realname()]
        .into_iter()
        .any(|text| mask::matches(wanted, text))
}

impl<'a> Fields<'a> {
    fn new(text: &'a str) -> Self {
        let (letters, token) = text.split_once(',').unwrap_or((text, ""));
        let is_token = token.len() <= TOKEN_CHARS && token.chars().all(|c| c.is_ascii_digit());
        Self { letters, token: if is_token && !token.is_empty() { token } else { "0" } }
    }
}

impl Row<'_> {
    /// `H`ere or `G`one, `*` for an operator of the server, `B` for a bot, the prefixes in the channel.
    fn flags(&self, all_prefixes: bool) -> String {
        let mut flags = String::from(if self.user.away().is_some() { "G" } else { "H" });
        if self.user.is_operator {
            flags.push('*');
        }
        flags.push_str(prefixes(self.rank, all_prefixes));
        if self.user.identity.is_bot {
            flags.push('B');
        }
        flags
    }

    fn write(&self, house: &House, all_prefixes: bool, line: &mut Line<'_>) {
        let identity = &self.user.identity;
        for param in [self.channel, identity.username(), identity.host(), &house.name, identity.name.as_str()]
        {
            line.param(param);
        }
        line.param(&self.flags(all_prefixes));
        line.trailing(&format!("0 {}", self.user.identity.realname()));
    }

    /// In this order, whatever the order of the request.
    fn write_fields(
        &self,
        fields: &Fields<'_>,
        house: &House,
        all_prefixes: bool,
        idle: u64,
        line: &mut Line<'_>,
    ) {
        let identity = &self.user.identity;
        let address = match self.user.peer {
            Peer::Tcp(ip, _) if self.is_address_shown => ip_as_param(&ip.to_string()),
            // The value that WHOX has for an address that is not shown.
            Peer::Tcp(..) | Peer::Unix => "255.255.255.255".to_owned(),
        };
        let flags = self.flags(all_prefixes);
        let idle = idle.to_string();
        let values = [
            ('t', fields.token),
            ('c', self.channel),
            ('u', identity.username()),
            ('i', &address),
            ('h', identity.host()),
            ('s', &house.name),
            ('n', identity.name.as_str()),
            ('f', &flags),
            ('d', "0"),
            ('l', &idle),
            ('a', "0"),
            ('o', "n/a"),
        ];
        for (letter, value) in values {
            if fields.letters.contains(letter) {
                line.param(value);
            }
        }
        if fields.letters.contains('r') {
            line.trailing(self.user.identity.realname());
        }
    }
}
