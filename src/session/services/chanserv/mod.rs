//! ChanServ: registered rooms.

mod founding;
mod info;
mod ranks;

use super::Visit;
use super::help::HELP;
use super::table::{Access, Changes, Row};
use crate::hub::Clearing;
use crate::message::{Rank, Refusal};
use crate::name::RoomName;

const fn row(
    name: &'static str,
    params: &'static str,
    least: usize,
    #[cfg_attr(not(feature = "cluster"), expect(unused, reason = "one node changes everything at once"))]
    changes: Changes,
    help: &'static str,
    run: fn(&mut Visit<'_, '_>, &[&str]),
) -> Row {
    Row {
        name,
        params,
        least,
        access: Access::Anyone,
        #[cfg(feature = "cluster")]
        changes,
        help,
        run,
    }
}

/// All commands, sorted by name.
pub(super) const ROWS: &[Row] = &[
    row(
        "ACCEPT",
        "room",
        1,
        Changes::Always,
        "makes you the founder of a room that its founder transfers to you",
        |visit, params| visit.accept(params),
    ),
    row(
        "AMODE",
        "room [account +o|-o|+v|-v]",
        1,
        Changes::Always,
        "lists the accounts that are operators (o) or have a voice (v) whenever they join; or changes that, for the founder",
        |visit, params| visit.amode(params),
    ),
    row(
        "CLEAR",
        "room USERS|BANS|MODES|OPS",
        2,
        Changes::Always,
        "for the founder: removes everybody else, empties the lists of masks, resets the modes, or takes the rank of \
         operators that AMODE does not list",
        |visit, params| visit.clear(params),
    ),
    row("DEOP", "room [nicks]", 1, Changes::Always, "takes the rank of operators", |visit, params| {
        visit.set_ranks(params, Rank::OPERATOR, false);
    }),
    row("DEVOICE", "room [nicks]", 1, Changes::Always, "takes the voice of members", |visit, params| {
        visit.set_ranks(params, Rank::VOICE, false);
    }),
    HELP,
    row(
        "INFO",
        "[room]",
        0,
        Changes::Never,
        "tells about a registered room; without one, lists yours",
        |visit, params| visit.room_info(params),
    ),
    row(
        "OP",
        "room [nicks]",
        1,
        Changes::Always,
        "makes you or others operators until they leave; for accounts that AMODE lists as operators",
        |visit, params| visit.set_ranks(params, Rank::OPERATOR, true),
    ),
    row(
        "REGISTER",
        "room",
        1,
        Changes::Always,
        "keeps the room with its topic, modes and lists when everybody has left; for an operator of the room",
        |visit, params| visit.register_room(params),
    ),
    row(
        "TRANSFER",
        "room account",
        2,
        Changes::Always,
        "offers the room to another account, which becomes its founder with ACCEPT",
        |visit, params| visit.transfer(params),
    ),
    row(
        "UNREGISTER",
        "room room",
        1,
        Changes::Always,
        "ends the registration, for the founder: the room ends when everybody has left. Name the room twice to confirm",
        |visit, params| visit.unregister_room(params),
    ),
    row(
        "VOICE",
        "room [nicks]",
        1,
        Changes::Always,
        "gives you or others a voice until they leave",
        |visit, params| {
            visit.set_ranks(params, Rank::VOICE, true);
        },
    ),
];

impl Visit<'_, '_> {
    /// The room of this name; otherwise tells that there is none.
    fn room(&mut self, name: &str) -> Option<RoomName> {
        let room = RoomName::new(name).ok();
        if room.is_none() {
            self.tell("Name a room, which begins with #");
        }
        room
    }

    /// Tells what was done, or why not.
    fn tell_result(&mut self, result: Result<(), Refusal>, done: impl std::fmt::Display) {
        match result {
            Ok(()) => self.tell(done),
            Err(why) => self.tell(why),
        }
    }

    /// `CLEAR room USERS|BANS|MODES|OPS`
    fn clear(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        let whats = [
            ("USERS", Clearing::Members, "users are removed"),
            ("BANS", Clearing::Masks, "masks are removed"),
            ("MODES", Clearing::Modes, "modes are reset"),
            ("OPS", Clearing::Operators, "operators have lost their rank"),
        ];
        let Some((_, what, done)) = whats.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(params[1]))
        else {
            return self.tell("CLEAR clears USERS, BANS, MODES or OPS");
        };
        let (user, now) = (self.user(), self.context.now);
        match self.context.hub.clear_room(user, &room, what, now, self.context.out) {
            Ok(count) => self.tell(format_args!("{count} {done}")),
            Err(why) => self.tell(why),
        }
    }
}
