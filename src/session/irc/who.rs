//! `WHO`, with the WHOX extension: fields chosen by the client.

use super::client::{Irc, Progress, Work};
use super::list::VACANT_PLACES_PER_STEP;
use super::people::ip_as_param;
use super::ranks::prefixes;
use super::rooms::unix_seconds;
use crate::hub::mask::{Folded, Pattern};
use crate::hub::{Hub, Member, RoomId, User};
use crate::message::{Capabilities, Effects, Now, Peer, Rank, UserId};
use crate::name::{RoomName, UserName};
use crate::session::{Context, House};
use crate::wire::irc::{Line, Message, numeric};

/// Longest token of a WHOX request, in characters.
const TOKEN_CHARS: usize = 3;

/// Steps per room of a user to find out whether the client shares it.
const ROOM_STEPS: usize = 4;

struct Row<'a> {
    user: &'a User,
    /// The requested channel, or one that both users share.
    channel: &'a str,
    rank: Rank,
    /// The user's node, for operators.
    #[cfg(feature = "cluster")]
    node: Option<&'a str>,
    is_address_shown: bool,
}

/// The `%fields,token` of a WHOX request.
#[derive(Debug)]
struct Fields {
    letters: Box<str>,
    token: Box<str>,
}

/// The users that a request selects.
#[derive(Debug)]
enum Wanted {
    /// Members of a channel. Those from this index on are listed, from last to first as in `NAMES`.
    Channel { name: RoomName, listed_from: usize },
    /// One user.
    User(UserId),
    /// All users, or those who match a mask. Smaller ids are already listed.
    Everybody { mask: Option<Pattern>, next: UserId },
    /// Nobody, or nobody left.
    Nobody,
}

/// The progress of a `WHO`.
#[derive(Debug)]
struct Who {
    asked: Box<str>,
    wanted: Wanted,
    only_operators: bool,
    fields: Option<Fields>,
    /// Bytes left for the answer.
    bytes_left: usize,
}

impl Work for Who {
    fn step(&mut self, irc: &mut Irc, context: &mut Context<'_>) -> Progress {
        let Context { hub, out, house, now, .. } = context;
        let hub = &**hub;
        let Some(row) = irc.next_row(&mut self.wanted, hub, out) else {
            irc.complain(numeric::RPL_ENDOFWHO, &self.asked, "End of WHO list", context);
            return Progress::Done;
        };
        let Some(row) = row.filter(|row| !self.only_operators || row.user.is_operator) else {
            return Progress::More;
        };
        if self.bytes_left == 0 {
            self.wanted = Wanted::Nobody;
            irc.tell_cut(&self.asked, context);
            return Progress::More;
        }
        let bytes = irc.write_row(&row, self.fields.as_ref(), house, *now, hub, out);
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        Progress::More
    }

    #[cfg(feature = "cluster")]
    fn needs_lock(&self) -> bool {
        false
    }
}

impl Irc {
    pub(super) fn who(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        let asked = message.params.first().copied().unwrap_or("*");
        let options = message.params.get(1).copied().unwrap_or_default();
        let (flags, fields) = match options.split_once('%') {
            Some((flags, fields)) => (flags, Some(Fields::new(fields))),
            None => (options, None),
        };
        let who = Who {
            asked: asked.into(),
            wanted: self.wanted(asked, context.hub),
            only_operators: flags.contains('o'),
            fields,
            bytes_left: context.house.answer_bytes(),
        };
        self.begin(who, context);
    }

    fn wanted(&self, asked: &str, hub: &Hub) -> Wanted {
        if asked.starts_with('#') {
            let room = RoomName::new(asked).ok().and_then(|name| hub.rooms().find(&name));
            let room = room.filter(|&room| hub.is_visible(room, self.user));
            return room.map_or(Wanted::Nobody, |room| Wanted::Channel {
                name: hub.rooms().get(room).name.clone(),
                listed_from: usize::MAX,
            });
        }
        if let Some(id) = UserName::new(asked).ok().and_then(|name| hub.users().find(&name)) {
            return Wanted::User(id);
        }
        let mask = (!matches!(asked, "*" | "0")).then(|| Pattern::new(asked));
        Wanted::Everybody { mask, next: UserId(0) }
    }

    /// The next user: `Some(None)` if it is not listed, `None` at the end.
    fn next_row<'a>(&self, wanted: &mut Wanted, hub: &'a Hub, out: &mut Effects) -> Option<Option<Row<'a>>> {
        match wanted {
            Wanted::Nobody => None,
            Wanted::User(id) => {
                let row = self.row(*id, hub);
                *wanted = Wanted::Nobody;
                Some(row)
            }
            Wanted::Channel { name, listed_from } => {
                let room = hub.rooms().find(name).filter(|&room| hub.is_visible(room, self.user))?;
                let members = hub.rooms().get(room).members();
                *listed_from = (*listed_from).min(members.len()).checked_sub(1)?;
                let user = hub.users().get(members[*listed_from].id);
                out.worked(user.map_or(1, Hub::visibility_steps));
                Some(self.row_of_member(room, &members[*listed_from], hub))
            }
            Wanted::Everybody { mask, next } => {
                let (id, user) = hub.users().iter_from(*next).next()?;
                let mut steps = Hub::visibility_steps(user);
                // Skipped vacant ids cost work too.
                steps += (id.0 - next.0) as usize / VACANT_PLACES_PER_STEP;
                *next = UserId(id.0 + 1);
                let is_wanted = hub.is_user_visible(user, self.user)
                    && mask.as_ref().is_none_or(|mask| matches(mask, user, &mut steps));
                let row = is_wanted.then(|| self.row(id, hub)).flatten();
                if is_wanted {
                    // The first shared room was searched for.
                    steps += ROOM_STEPS * user.seats.len();
                }
                out.worked(steps);
                Some(row)
            }
        }
    }

    fn row_of_member<'a>(&self, room: RoomId, member: &Member, hub: &'a Hub) -> Option<Row<'a>> {
        let user = hub.users().get(member.id).filter(|user| hub.is_user_visible(user, self.user))?;
        let shows_all = hub.users().get(self.user).is_some_and(|user| user.is_operator);
        Some(Row {
            user,
            channel: hub.rooms().get(room).name.as_str(),
            rank: member.rank,
            #[cfg(feature = "cluster")]
            node: self.node_shown(member.id, hub),
            is_address_shown: shows_all || member.id == self.user,
        })
    }

    /// Sends one line. Returns its length in bytes.
    fn write_row(
        &self,
        row: &Row<'_>,
        fields: Option<&Fields>,
        house: &House,
        now: Now,
        hub: &Hub,
        out: &mut Effects,
    ) -> usize {
        let own_name = hub.users().get(self.user).map_or("*", |user| user.name().as_str());
        let all_prefixes = self.capabilities.has(Capabilities::MULTI_PREFIX);
        let mut written = 0;
        out.write(self.connection, |bytes| {
            let start = bytes.len();
            let mut line = Line::begin(bytes);
            line.source(&house.name);
            match fields {
                None => {
                    line.command(numeric::RPL_WHOREPLY);
                    line.param(own_name);
                    row.write(house, all_prefixes, &mut line);
                }
                Some(fields) => {
                    line.command(numeric::RPL_WHOSPCRPL);
                    line.param(own_name);
                    let idle = unix_seconds(now.time).saturating_sub(unix_seconds(row.user.spoke()));
                    row.write_fields(fields, house, all_prefixes, idle, &mut line);
                }
            }
            line.end();
            written = bytes.len() - start;
        });
        written
    }

    fn row<'a>(&self, id: UserId, hub: &'a Hub) -> Option<Row<'a>> {
        let user = hub.users().get(id)?;
        let viewer = hub.users().get(self.user)?;
        let mut shared =
            user.seats.iter().filter(|seat| viewer.seats.iter().any(|own| own.room == seat.room));
        let room = shared.next().map(|seat| seat.room);
        let member = room.and_then(|room| hub.rooms().member(hub.users(), id, room));
        Some(Row {
            user,
            channel: room.map_or("*", |room| hub.rooms().get(room).name.as_str()),
            rank: member.map(|member| member.rank).unwrap_or_default(),
            #[cfg(feature = "cluster")]
            node: self.node_shown(id, hub),
            is_address_shown: viewer.is_operator || id == self.user,
        })
    }
}

fn matches(mask: &Pattern, user: &User, steps: &mut usize) -> bool {
    let identity = &user.identity;
    [identity.name.as_str(), identity.username(), identity.host(), identity.realname()]
        .into_iter()
        .any(|text| mask.matches(&Folded::new(text), steps))
}

impl Fields {
    fn new(text: &str) -> Self {
        let (letters, token) = text.split_once(',').unwrap_or((text, ""));
        let is_token = token.len() <= TOKEN_CHARS && token.chars().all(|c| c.is_ascii_digit());
        let token = if is_token && !token.is_empty() { token } else { "0" };
        Self { letters: letters.into(), token: token.into() }
    }
}

impl Row<'_> {
    /// `H`ere or `G`one, `*` for server operators, `B` for bots, and the prefixes in the channel.
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

    #[cfg(feature = "cluster")]
    fn server<'a>(&'a self, house: &'a House) -> &'a str {
        self.node.unwrap_or(&house.name)
    }

    #[cfg(not(feature = "cluster"))]
    fn server<'a>(&self, house: &'a House) -> &'a str {
        &house.name
    }

    fn write(&self, house: &House, all_prefixes: bool, line: &mut Line<'_>) {
        let identity = &self.user.identity;
        for param in
            [self.channel, identity.username(), identity.host(), self.server(house), identity.name.as_str()]
        {
            line.param(param);
        }
        line.param(&self.flags(all_prefixes));
        line.trailing(&format!("0 {}", self.user.identity.realname()));
    }

    /// In this order, regardless of the order of the request.
    fn write_fields(
        &self,
        fields: &Fields,
        house: &House,
        all_prefixes: bool,
        idle: u64,
        line: &mut Line<'_>,
    ) {
        let identity = &self.user.identity;
        let address = match self.user.peer {
            Peer::Tcp(ip, _) if self.is_address_shown => ip_as_param(&ip.to_string()),
            // The WHOX value for a hidden address.
            Peer::Tcp(..) | Peer::Unix => "255.255.255.255".to_owned(),
        };
        let flags = self.flags(all_prefixes);
        let idle = idle.to_string();
        let values = [
            ('t', &*fields.token),
            ('c', self.channel),
            ('u', identity.username()),
            ('i', &address),
            ('h', identity.host()),
            ('s', self.server(house)),
            ('n', identity.name.as_str()),
            ('f', &flags),
            ('d', "0"),
            ('l', &idle),
            ('a', identity.account().unwrap_or("0")),
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
