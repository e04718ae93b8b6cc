//! A room that we are in, or want to be in.

use crate::client::event::Member;
use crate::name::same_name;

/// Most people remembered of one room.
const MEMBERS: usize = 10_000;

/// Longest name remembered, in bytes.
const NAME_BYTES: usize = 200;

#[derive(Debug)]
pub(super) struct Room {
    pub(super) name: String,
    /// The word that opened it, to come back with.
    pub(super) key: Option<String>,
    /// The server has let us in.
    pub(super) is_joined: bool,
    members: Vec<Person>,
}

#[derive(Debug)]
struct Person {
    name: String,
    /// When they last spoke, in a count that only grows; 0 never.
    spoke: u64,
}

impl Room {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), key: None, is_joined: false, members: Vec::new() }
    }

    /// We are in it no more, but mean to come back.
    pub(super) fn leave(&mut self) {
        self.is_joined = false;
        self.members.clear();
    }

    pub(super) fn set_members(&mut self, members: &[Member]) {
        // Few have spoken, also where many are.
        let mut speakers = std::mem::take(&mut self.members);
        speakers.retain(|person| person.spoke > 0);
        let spoke = |name: &str| speakers.iter().find(|p| same_name(&p.name, name)).map_or(0, |p| p.spoke);
        let people = members.iter().take(MEMBERS);
        self.members = people.map(|m| Person { name: m.name.clone(), spoke: spoke(&m.name) }).collect();
    }

    pub(super) fn add(&mut self, name: &str) {
        if name.len() <= NAME_BYTES && self.members.len() < MEMBERS && self.find(name).is_none() {
            self.members.push(Person { name: name.to_owned(), spoke: 0 });
        }
    }

    /// Takes somebody out. False when they were not in it.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        self.find(name).map(|at| self.members.swap_remove(at)).is_some()
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> bool {
        let found = self.find(from);
        if let Some(at) = found.filter(|_| to.len() <= NAME_BYTES) {
            to.clone_into(&mut self.members[at].name);
        }
        found.is_some()
    }

    /// Somebody spoke, at this count. Whoever speaks is there, also where the server never told who is.
    pub(super) fn spoke(&mut self, name: &str, count: u64) {
        self.add(name);
        if let Some(at) = self.find(name) {
            self.members[at].spoke = count;
        }
    }

    /// Everybody, the most recent speakers first, and then by name.
    pub(super) fn by_recency(&self) -> Vec<&str> {
        let mut people: Vec<_> = self.members.iter().collect();
        people.sort_by(|a, b| b.spoke.cmp(&a.spoke).then_with(|| a.name.cmp(&b.name)));
        people.into_iter().map(|person| person.name.as_str()).collect()
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|person| same_name(&person.name, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_spoke_last_comes_first_also_after_a_new_list_and_a_new_name() {
        let member = |name: &str| Member { rank: String::new(), name: name.into() };
        let mut room = Room::new("#tea");
        room.set_members(&["carol", "bob", "alice"].map(member));
        assert_eq!(room.by_recency(), ["alice", "bob", "carol"]);
        room.spoke("bob", 1);
        room.spoke("Carol", 2);
        assert!(room.rename("carol", "caro"));
        room.set_members(&["alice", "bob", "caro", "dave"].map(member));
        assert_eq!(room.by_recency(), ["caro", "bob", "alice", "dave"]);
        assert!(room.remove("BOB") && !room.remove("bob"));
        assert_eq!(room.by_recency(), ["caro", "alice", "dave"]);
    }

    #[test]
    fn a_crowd_without_end_is_not_remembered_whole() {
        let mut room = Room::new("#tea");
        (0..MEMBERS / 10).for_each(|n| room.add(&format!("user{n}")));
        room.members.extend((0..MEMBERS).map(|n| Person { name: format!("more{n}"), spoke: 0 }));
        let count = room.members.len();
        room.add("one-more");
        room.members.truncate(count - 1);
        room.add(&"x".repeat(NAME_BYTES + 1));
        assert_eq!(room.members.len(), count - 1);
    }
}
