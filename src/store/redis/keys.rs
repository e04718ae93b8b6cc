//! The names of keys. `doc/CLUSTER.md` explains them.

use crate::message::AccountId;
use crate::store::class::Class;

pub(super) const NAMES: &str = "parlor:{store}:names";
pub(super) const ACCOUNTS: &str = "parlor:{store}:accounts";
pub(super) const LAST_ACCOUNT: &str = "parlor:{store}:last-account";
pub(super) const CERTIFICATES: &str = "parlor:{store}:certificates";
pub(super) const STAYING: &str = "parlor:{store}:staying";
pub(super) const ROOMS: &str = "parlor:{store}:rooms";
pub(super) const BANS: &str = "parlor:{store}:bans";
pub(super) const PLACES: &str = "parlor:{store}:places";
pub(super) const LAST_EVENT: &str = "parlor:{store}:last-event";
pub(super) const SWEPT: &str = "parlor:{store}:swept";
pub(super) const FIGURES: &str = "parlor:{store}:figures";

/// The keys of an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccountKeys(pub(super) AccountId);

impl AccountKeys {
    pub(super) fn account(self) -> String {
        format!("parlor:{{store}}:account:{}", self.0.0)
    }

    pub(super) fn certificates(self) -> String {
        self.of("certificates")
    }

    pub(super) fn devices(self) -> String {
        self.of("devices")
    }

    pub(super) fn markers(self) -> String {
        self.of("markers")
    }

    pub(super) fn metadata(self) -> String {
        self.of("metadata")
    }

    /// Its user that stays, and the rooms that it is in.
    pub(super) fn stay(self) -> String {
        self.of("stay")
    }

    /// Those with whom it has private messages.
    pub(super) fn talks(self) -> String {
        self.of("talks")
    }

    fn of(self, what: &str) -> String {
        format!("{}:{what}", self.account())
    }
}

/// The keys of a place, by its folded name. The end of each tells what it is, and has no brace: so no two places have a key in
/// common, whatever their names are.
#[derive(Clone, Debug)]
pub(super) struct PlaceKeys {
    prefix: String,
}

impl PlaceKeys {
    pub(super) fn of(folded: &str) -> Self {
        let prefix = match talk(folded) {
            Some([smaller, larger]) => format!("parlor:{{talk-{}-{}}}", smaller.0, larger.0),
            None => format!("parlor:{{room-{folded}}}"),
        };
        Self { prefix }
    }

    pub(super) fn events(&self, class: Class) -> String {
        match class {
            Class::Message => format!("{}:messages", self.prefix),
            Class::Event => format!("{}:events", self.prefix),
        }
    }

    pub(super) fn state(&self) -> String {
        format!("{}:state", self.prefix)
    }

    pub(super) fn redacted(&self) -> String {
        format!("{}:redacted", self.prefix)
    }

    /// All of them.
    pub(super) fn all(&self) -> [String; 4] {
        let [messages, events] = Class::ALL.map(|class| self.events(class));
        [messages, events, self.state(), self.redacted()]
    }
}

/// The accounts of a place with private messages, by its folded name.
pub(super) fn talk(folded: &str) -> Option<[AccountId; 2]> {
    let (smaller, larger) = folded.split_once(' ')?;
    let number = |text: &str| text.parse().ok().map(AccountId);
    number(smaller).zip(number(larger)).map(|(smaller, larger)| [smaller, larger])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_place_are_on_one_machine_of_a_cluster() {
        for folded in ["#tea", "#{x", "#a}b", "#茶", "1 22"] {
            let tag = |key: &String| key.split_once('{').unwrap().1.split_once('}').unwrap().0.to_owned();
            let tags = PlaceKeys::of(folded).all().map(|key| tag(&key));
            assert!(tags.iter().all(|tag| *tag == tags[0] && !tag.is_empty()), "{tags:?}");
        }
    }

    #[test]
    fn no_room_has_a_key_of_another_or_of_a_talk() {
        let names = ["#tea", "#tea}:messages", "#tea}:state}", "#tea:messages", "#1-22", "1 22"];
        let mut keys: Vec<_> = names.iter().flat_map(|folded| PlaceKeys::of(folded).all()).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 4 * names.len());
        assert_eq!(talk("1 22"), Some([AccountId(1), AccountId(22)]));
        assert_eq!(talk("#tea"), None);
    }
}
