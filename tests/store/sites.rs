//! Where a store is: a file of SQLite, or a broker. Both must behave alike.

use std::time::{Duration, SystemTime};

use parlor::message::AccountId;
use parlor::store::{Opened, StoreConfig};
use rusqlite::Connection;

use crate::helpers::*;

/// What a store keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keeps {
    pub(crate) age: Option<Duration>,
    pub(crate) lines: u32,
    pub(crate) bytes: u64,
}

impl Default for Keeps {
    fn default() -> Self {
        let StoreConfig { age, lines, bytes, .. } = config_in("");
        Self { age, lines, bytes }
    }
}

/// A place for one store, which can be opened again and again.
pub(crate) trait Site {
    /// Its searches find something.
    const CAN_SEARCH: bool;

    fn new() -> Option<Self>
    where
        Self: Sized;

    fn open_with(&self, keeps: Keeps, now: SystemTime) -> (Kept, Opened);

    /// What has content that belongs to accounts.
    fn belongings(&self) -> Vec<String>;

    /// The number of rooms that the user of this account stays in.
    fn seats(&self, account: AccountId) -> i64;

    /// Checks that it agrees with itself. The store is closed.
    fn check(&self);

    fn open(&self) -> (Kept, Opened) {
        self.open_with(Keeps::default(), start())
    }

    /// Stops the store and opens it again.
    fn reopen(&self, kept: Kept) -> (Kept, Opened) {
        kept.stop();
        self.open()
    }
}

/// Runs functions with a site as tests, once for each kind of site.
macro_rules! on_all_sites {
    ($($name:ident,)*) => {
        mod in_a_file {
            $(#[test]
            fn $name() {
                super::$name(<crate::helpers::Scratch as crate::sites::Site>::new().unwrap());
            })*
        }

        /// Runs all of them, each at a new site.
        #[cfg(feature = "cluster")]
        pub(crate) fn at_each<S: crate::sites::Site>(site: impl Fn() -> S) {
            $($name(site());)*
        }

        #[cfg(feature = "cluster")]
        mod in_a_broker {
            $(#[test]
            fn $name() {
                use crate::support::redis_server::RedisServer;
                <RedisServer as crate::sites::Site>::new().into_iter().for_each(super::$name);
            })*
        }
    };
}

pub(crate) use on_all_sites;

impl Site for Scratch {
    const CAN_SEARCH: bool = true;

    fn new() -> Option<Self> {
        Some(Self::new())
    }

    fn open_with(&self, Keeps { age, lines, bytes }: Keeps, now: SystemTime) -> (Kept, Opened) {
        Kept::open(&StoreConfig { age, lines, bytes, ..config(self) }, now).unwrap()
    }

    fn belongings(&self) -> Vec<String> {
        let file = Connection::open(database(self)).unwrap();
        let tables = [
            "account",
            "certificate",
            "device",
            "marker",
            "account_metadata",
            "staying_user",
            "seat",
            "registered_room",
            "room_rank",
            "room_mask",
            "room_metadata",
        ];
        let has_rows = |table: &&str| {
            let count = format!("SELECT count(*) FROM {table}");
            file.query_row(&count, [], |row| row.get::<_, i64>(0)).unwrap() > 0
        };
        tables.into_iter().filter(has_rows).map(str::to_owned).collect()
    }

    fn seats(&self, account: AccountId) -> i64 {
        let file = Connection::open(database(self)).unwrap();
        let seats = "SELECT count(*) FROM seat WHERE account = ?";
        file.query_row(seats, [account.0], |row| row.get(0)).unwrap()
    }

    fn check(&self) {
        let file = Connection::open(database(self)).unwrap();
        let number = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        let count = "(SELECT count(*) FROM event WHERE room = room.id AND class =";
        let wrong = format!("SELECT count(*) FROM room WHERE messages <> {count} 0) OR events <> {count} 1)");
        assert_eq!(number(&wrong), 0, "rooms are counted");
        assert_eq!(number("SELECT count(*) FROM event WHERE room NOT IN (SELECT id FROM room)"), 0);
        let source = "source NOT NULL AND source NOT IN (SELECT id FROM source)";
        assert_eq!(number(&format!("SELECT count(*) FROM event WHERE {source}")), 0);
        let sound: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
    }
}

#[cfg(feature = "cluster")]
mod broker {
    use parlor::store::BrokerConfig;

    use super::*;
    use crate::support::redis_cluster::RedisCluster;
    use crate::support::redis_server::RedisServer;

    fn open(url: &str, Keeps { age, lines, bytes }: Keeps, now: SystemTime) -> (Kept, Opened) {
        let broker = url.parse().unwrap();
        Kept::open_broker(&BrokerConfig { broker, age, lines, bytes }, now).unwrap()
    }

    /// The kinds of keys that accounts have, as far as a server has some.
    fn belongings(server: &RedisServer) -> Vec<String> {
        let kinds = ["account:*", "names", "accounts", "certificates", "staying", "rooms"];
        let has_keys = |kind: &&str| server.ask(&format!("KEYS parlor:{{store}}:{kind}")) != "*0";
        kinds.into_iter().filter(has_keys).map(str::to_owned).collect()
    }

    /// The number of seats, if this server has that key.
    fn seats(server: &RedisServer, account: AccountId) -> Option<i64> {
        let length = server.ask(&format!("HLEN parlor:{{store}}:account:{}:stay", account.0));
        length.strip_prefix(':').map(|length| length.parse().unwrap())
    }

    impl Site for RedisServer {
        const CAN_SEARCH: bool = false;

        fn new() -> Option<Self> {
            let mut server = Self::start()?;
            server.permit();
            Some(server)
        }

        fn open_with(&self, keeps: Keeps, now: SystemTime) -> (Kept, Opened) {
            open(&self.permitted_url(), keeps, now)
        }

        fn belongings(&self) -> Vec<String> {
            belongings(self)
        }

        fn seats(&self, account: AccountId) -> i64 {
            seats(self, account).unwrap()
        }

        fn check(&self) {}
    }

    impl Site for &RedisCluster {
        const CAN_SEARCH: bool = false;

        fn new() -> Option<Self> {
            None
        }

        fn open_with(&self, keeps: Keeps, now: SystemTime) -> (Kept, Opened) {
            open(&self.url(), keeps, now)
        }

        fn belongings(&self) -> Vec<String> {
            self.servers.iter().flat_map(belongings).collect()
        }

        fn seats(&self, account: AccountId) -> i64 {
            self.servers.iter().find_map(|server| seats(server, account)).unwrap()
        }

        fn check(&self) {}
    }
}
