//! The last line of each room, so that later only what is missing is fetched.

use crate::client::Moment;
use crate::name::same_name;

/// Most rooms that are remembered.
const ROOMS: usize = 200;

/// Where the conversation in each room has come to, the latest room last.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<(String, Moment)>);

impl Seen {
    pub(super) fn in_room(&self, room: &str) -> Option<&Moment> {
        self.0.iter().find(|(name, _)| same_name(name, room)).map(|(_, moment)| moment)
    }

    /// Notes that the conversation in this room has come to `moment`.
    pub(super) fn set(&mut self, room: &str, moment: Moment) {
        if let Some((_, seen)) = self.0.iter_mut().find(|(name, _)| same_name(name, room)) {
            *seen = moment;
            return;
        }
        if self.0.len() == ROOMS {
            self.0.remove(0);
        }
        self.0.push((room.to_owned(), moment));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_rooms_take_limited_memory() {
        let mut seen = Seen::default();
        let moment = |n: usize| Moment { id: Some(n.to_string()), time: None };
        (0..2 * ROOMS).for_each(|n| seen.set(&format!("#room{n}"), moment(n)));
        seen.set("#ROOM399", moment(1));
        assert_eq!((seen.0.len(), seen.in_room("#room0")), (ROOMS, None));
        assert_eq!(seen.in_room("#room399"), Some(&moment(1)));
    }
}
