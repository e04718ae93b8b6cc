//! A room that we are in or want to be in.

use super::memory::NAME_BYTES;
use super::past::Past;
use crate::client::Member;
use crate::name::same_name;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: String,
    /// Its key, to join again.
    pub(super) key: Option<String>,
    /// The server has let us in.
    pub(super) is_joined: bool,
    pub(super) past: Past,
    members: Vec<Person>,
    /// Memory of the members, in bytes.
    bytes: usize,
}

#[derive(Debug)]
struct Person {
    name: String,
    /// The number of their last message; 0 for none.
    spoke: u64,
}

impl Room {
    pub(super) fn new(name: &str) -> Self {
        let past = Past::default();
        Self { name: name.to_owned(), key: None, is_joined: false, past, members: Vec::new(), bytes: 0 }
    }

    /// Memory of the members, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// We are out of it, and will join again.
    pub(super) fn leave(&mut self) {
        self.is_joined = false;
        (self.members, self.bytes) = (Vec::new(), 0);
    }

    /// Replaces the members, in up to `most` bytes. False if they did not fit.
    pub(super) fn set_members(&mut self, members: &[Member], most: usize) -> bool {
        // Few members have spoken, even in large rooms.
        let mut speakers = std::mem::take(&mut self.members);
        speakers.retain(|person| person.spoke > 0);
        let spoke = |name: &str| speakers.iter().find(|p| same_name(&p.name, name)).map_or(0, |p| p.spoke);
        self.bytes = 0;
        for member in members {
            let bytes = self.bytes + person_bytes(&member.name);
            if bytes > most {
                return false;
            }
            self.bytes = bytes;
            self.members.push(Person { name: member.name.clone(), spoke: spoke(&member.name) });
        }
        true
    }

    /// Adds a member, in up to `left` bytes. False if that is too little.
    pub(super) fn add(&mut self, name: &str, left: usize) -> bool {
        if name.len() > NAME_BYTES || self.find(name).is_some() {
            return true;
        }
        let bytes = person_bytes(name);
        let fits = bytes <= left;
        if fits {
            self.bytes += bytes;
            self.members.push(Person { name: name.to_owned(), spoke: 0 });
        }
        fits
    }

    /// Removes a member. False if there was none.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let found = self.find(name).map(|at| self.members.swap_remove(at));
        self.bytes -= found.as_ref().map_or(0, |person| person_bytes(&person.name));
        found.is_some()
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        let found = self.find(from);
        if let Some(at) = found.filter(|_| to.len() <= NAME_BYTES) {
            let person = &mut self.members[at];
            self.bytes = self.bytes - person_bytes(&person.name) + person_bytes(to);
            to.clone_into(&mut person.name);
        }
        found.is_some()
    }

    /// Notes that somebody spoke, with the number of the message, and adds them if they are missing. False if `left`
    /// bytes are too few for that.
    pub(super) fn spoke(&mut self, name: &str, count: u64, left: usize) -> bool {
        let fits = self.add(name, left);
        if let Some(at) = self.find(name) {
            self.members[at].spoke = count;
        }
        fits
    }

    /// All members, the most recent speakers first, then by name.
    pub(super) fn by_recency(&self) -> Vec<&str> {
        let mut people: Vec<_> = self.members.iter().collect();
        people.sort_by(|a, b| b.spoke.cmp(&a.spoke).then_with(|| a.name.cmp(&b.name)));
        people.into_iter().map(|person| person.name.as_str()).collect()
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|person| same_name(&person.name, name))
    }
}

/// Memory of a member: two slots in a list that grows in powers of two, and the name.
fn person_bytes(name: &str) -> usize {
    const ALLOCATION: usize = 16;
    2 * size_of::<Person>() + name.len() + ALLOCATION
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 1024 * 1024;

    #[test]
    fn the_last_speaker_comes_first_even_after_a_new_list_or_name() {
        let member = |name: &str| Member { rank: String::new(), name: name.into() };
        let mut room = Room::new("#tea");
        room.set_members(&["carol", "bob", "alice"].map(member), MOST);
        assert_eq!(room.by_recency(), ["alice", "bob", "carol"]);
        room.spoke("bob", 1, MOST);
        room.spoke("Carol", 2, MOST);
        assert!(room.rename("carol", "caro"));
        room.set_members(&["alice", "bob", "caro", "dave"].map(member), MOST);
        assert_eq!(room.by_recency(), ["caro", "bob", "alice", "dave"]);
        assert!(room.remove("BOB") && !room.remove("bob"));
        assert_eq!(room.by_recency(), ["caro", "alice", "dave"]);
    }

    #[test]
    fn members_take_limited_memory_and_give_it_back() {
        let mut room = Room::new("#tea");
        assert!(room.add("bob", 1000) && room.spoke("carol", 1, 1000));
        assert!(!room.add("dave", 0) && room.add("BOB", 0));
        assert!(room.add(&"x".repeat(NAME_BYTES + 1), 1000), "nobody has such a name");
        room.rename("bob", "robert");
        let members = [(); 100].map(|()| Member { rank: String::new(), name: "x".into() });
        let before = room.bytes();
        room.remove("robert");
        assert_eq!(before, room.bytes() + person_bytes("robert"));
        assert!(!room.set_members(&members, 1000) && room.bytes() <= 1000 && room.bytes() > 900);
        room.leave();
        assert_eq!(room.bytes(), 0);
    }
}
