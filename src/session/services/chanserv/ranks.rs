//! `OP`, `DEOP`, `VOICE`, `DEVOICE` until members leave, and `AMODE` for ranks that last.

use crate::hub::Right;
use crate::message::{Rank, RoomChange};
use crate::name::{RoomName, UserName};
use crate::session::services::Visit;

/// Maximum number of nicks per command; the rest is ignored.
const NICKS: usize = 20;

/// Entries of `AMODE` per line.
const PER_LINE: usize = 8;

impl Visit<'_, '_> {
    /// `OP room [nicks]` and the like; without nicks it is about the client.
    pub(super) fn set_ranks(&mut self, params: &[&str], rank: Rank, given: bool) {
        let Some(room) = self.room(params[0]) else { return };
        let own = self.name();
        let names = params[1..].iter().take(NICKS).map(|name| UserName::new(name).ok());
        let names: Option<Vec<_>> = names.collect();
        let Some(mut names) = names else { return self.tell("These are not all nicks") };
        if params.len() == 1 {
            names.extend(own);
        }
        let changes = names.into_iter().map(|who| RoomChange::Rank { who, rank, given }).collect();
        let (user, now) = (self.user(), self.context.now);
        match self.context.hub.set_ranks(user, &room, changes, now, self.context.out) {
            Ok(refused) if refused.is_empty() => self.tell("Done"),
            Ok(refused) => refused.iter().for_each(|why| self.tell(why)),
            Err(why) => self.tell(why),
        }
    }

    /// `AMODE room [account changes]`, in any order of the last two.
    pub(super) fn amode(&mut self, params: &[&str]) {
        let Some(room) = self.room(params[0]) else { return };
        let (who, letters) = match params[1..] {
            [] => return self.list_ranks(&room),
            [letters, who, ..] if letters.starts_with(['+', '-']) => (who, letters),
            [who, letters, ..] => (who, letters),
            [_] => return self.tell("Say which rank: AMODE room account +o, -o, +v or -v"),
        };
        let Some(changes) = parse(letters) else {
            return self.tell("A change is + or - and o for operators, v for a voice, such as +o-v");
        };
        let Some(who) = self.holder(who) else { return };
        let (user, now) = (self.user(), self.context.now);
        let result = self.context.hub.set_lasting_ranks(user, &room, &who, &changes, now, self.context.out);
        match result {
            Ok(true) => self.tell(format_args!("{} has {letters} in {room}", who.name)),
            Ok(false) => self.tell("Nothing changes"),
            Err(why) => self.tell(why),
        }
    }

    fn list_ranks(&mut self, name: &RoomName) {
        let hub = &*self.context.hub;
        let room = match hub.registered_room(self.user(), name, Right::Operate) {
            Ok(room) => hub.rooms().get(room),
            Err(why) => return self.tell(why),
        };
        let Some(registration) = room.registration() else { return };
        let mut lines = vec![format!("{}: founder {}", room.name, registration.founder.name)];
        let entries = registration.ranks().iter().map(|(holder, rank)| {
            let letters = [(Rank::OPERATOR, "o"), (Rank::VOICE, "v")];
            let letters = letters.iter().filter(|(one, _)| rank.has_any(*one)).map(|(_, letter)| *letter);
            format!("{} +{}", holder.name, letters.collect::<String>())
        });
        let entries: Vec<_> = entries.collect();
        lines.extend(entries.chunks(PER_LINE).map(|entries| entries.join(", ")));
        lines.iter().for_each(|line| self.tell(line));
    }
}

/// The changes that these letters denote: ranks, and whether they are given.
fn parse(letters: &str) -> Option<Vec<(Rank, bool)>> {
    let (mut given, mut changes) = (None, Vec::new());
    for letter in letters.chars() {
        match letter {
            '+' | '-' => given = Some(letter == '+'),
            'o' => changes.push((Rank::OPERATOR, given?)),
            'v' => changes.push((Rank::VOICE, given?)),
            _ => return None,
        }
    }
    (!changes.is_empty()).then_some(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_a_sign_and_letters_of_ranks() {
        let cases = [
            ("+o", Some(vec![(Rank::OPERATOR, true)])),
            ("+v-o", Some(vec![(Rank::VOICE, true), (Rank::OPERATOR, false)])),
            ("-vo", Some(vec![(Rank::VOICE, false), (Rank::OPERATOR, false)])),
            ("o", None),
            ("+", None),
            ("+x", None),
        ];
        for (letters, changes) in cases {
            assert_eq!(parse(letters), changes, "{letters}");
        }
    }
}
