//! Joins, departures, and lists of members.

use std::time::Instant;

use super::{Chat, What};
use crate::client::texts::because;
use crate::client::{ClientEvent, ClientEventKind, Member};
use crate::name::same_name;

/// Most names shown of a list of members.
const NAMES_SHOWN: usize = 60;

impl Chat {
    pub(super) fn movement(&mut self, event: &ClientEvent, now: Instant) -> Option<(Option<String>, What)> {
        match &event.kind {
            ClientEventKind::Joined { room, who } => {
                if event.is_own {
                    self.came_into(room);
                    // The list of members follows.
                    return None;
                }
                let left = self.people_bytes_left();
                let fits = self.room(room)?.add(who, left);
                self.warn_unless(fits, "people");
                self.passing(room, who, true, format!("{who} joined"), now)
            }
            ClientEventKind::Parted { room, who, reason } => {
                if event.is_own {
                    self.leave(room);
                    return Some((None, What::News(format!("you left {room}{}", because(reason)))));
                }
                self.room(room)?.remove(who);
                self.passing(room, who, false, format!("{who} left{}", because(reason)), now)
            }
            ClientEventKind::Quit { who, reason } => {
                let mut known = self.rooms.iter_mut().filter_map(|r| r.remove(who).then_some(&r.name));
                let room = known.next().cloned();
                known.for_each(drop);
                let room = room.or_else(|| self.here().map(|room| room.name.clone()))?;
                self.passing(&room, who, false, format!("{who} left{}", because(reason)), now)
            }
            ClientEventKind::Renamed { from, to } => {
                self.renamed(from, to);
                if event.is_own {
                    to.clone_into(&mut self.name);
                    return Some((None, What::News(format!("you are {to} now, and were {from}"))));
                }
                (!self.is_ignored(to)).then(|| (None, What::Movement(format!("{from} is {to} now"))))
            }
            _ => None,
        }
    }

    /// Shows or counts a join or departure.
    fn passing(
        &mut self,
        room: &str,
        who: &str,
        came: bool,
        text: String,
        now: Instant,
    ) -> Option<(Option<String>, What)> {
        if self.is_ignored(who) || !self.folding.shows(room, came, now) {
            return None;
        }
        // With several rooms the line names its room anyway.
        let text = if self.has_several_rooms() { text } else { with_room(&text, room) };
        Some((Some(room.to_owned()), What::Movement(text)))
    }

    fn renamed(&mut self, from: &str, to: &str) {
        self.rooms.iter_mut().for_each(|room| {
            room.rename(from, to);
        });
        for name in self.ignored.iter_mut().chain(&mut self.whisperer) {
            if same_name(name, from) {
                to.clone_into(name);
            }
        }
    }
}

pub(super) fn present(room: &str, members: &[Member]) -> String {
    let shown = members.iter().take(NAMES_SHOWN);
    let names: Vec<_> = shown.map(|member| format!("{}{}", member.rank, member.name)).collect();
    let more = match members.len().saturating_sub(NAMES_SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("in {room}: {}{more}", names.join(" "))
}

/// `bob left (late)` becomes `bob left #tea (late)`.
fn with_room(text: &str, room: &str) -> String {
    match text.split_once(" (") {
        Some((who, why)) => format!("{who} {room} ({why}"),
        None => format!("{text} {room}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::memory::{PEOPLE_BYTES, ROOMS};
    use super::super::room::Room;
    use super::super::tests_support::{chat_in, hear, hear_own, joined, member};
    use super::*;

    #[test]
    fn joins_and_departures_name_the_room_and_change_the_completions() {
        let mut chat = chat_in("#tea", &[]);
        assert_eq!(hear(&mut chat, joined("#tea", "bob")), Some(What::Movement("bob joined #tea".into())));
        assert_eq!(chat.complete("b", 1).1, ["bob: "]);
        let quit = ClientEventKind::Quit { who: "bob".into(), reason: "late".into() };
        assert_eq!(hear(&mut chat, quit), Some(What::Movement("bob left #tea (late)".into())));
        assert_eq!(chat.complete("b", 1).1, [""; 0]);
        assert_eq!(hear(&mut chat, joined("#elsewhere", "bob")), None, "that is no room of ours");
    }

    #[test]
    fn endless_members_take_limited_memory_and_one_warning() {
        let mut chat = chat_in("#tea", &[]);
        let members: Vec<_> = (0..10_000).map(|n| member(&format!("{n:0>100}"))).collect();
        let mut warnings = 0;
        for n in 0..ROOMS {
            let room = format!("#room{n}");
            hear_own(&mut chat, joined(&room, "alice"));
            hear(&mut chat, ClientEventKind::Present { room: room.clone(), members: members.clone() });
            hear(&mut chat, joined(&room, "one-more"));
            let shown = chat.unfold(Instant::now());
            warnings += shown.iter().filter(|shown| matches!(shown.what, What::Note(_))).count();
        }
        let bytes: usize = chat.rooms.iter().map(Room::bytes).sum();
        assert!(bytes <= PEOPLE_BYTES && bytes > PEOPLE_BYTES / 2, "{bytes}");
        assert_eq!((warnings, chat.people_bytes_left()), (1, PEOPLE_BYTES - bytes));
        for n in 0..ROOMS {
            chat.lose(&format!("#room{n}"));
        }
        assert!(chat.people_bytes_left() > PEOPLE_BYTES / 2, "what is left gives its memory back");
    }

    #[test]
    fn a_long_list_of_names_is_cut_and_counted() {
        let members: Vec<_> = (0..NAMES_SHOWN + 5).map(|n| member(&format!("u{n}"))).collect();
        let text = present("#tea", &members);
        assert!(text.starts_with("in #tea: u0 u1 ") && text.ends_with(" u59 and 5 more"), "{text}");
    }
}
