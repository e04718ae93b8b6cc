//! Servers over a simulated broker: clients are scripted, and only the test lets time pass.

use std::fmt;
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use parlor::cluster::{Member, MemberConfig, Reply, Request};
use parlor::config::{Operator, ServerConfig};
use parlor::message::{AccountAnswer, AccountQuery, Answer, Ban, Now, Record};
use parlor::store::{Database, Figures, Question, Store};

use crate::support::accounts::stored_password;
use crate::support::broker::{Party, World};
use crate::support::known::Known;
use crate::support::options::config;
use crate::support::past::Past;
use crate::support::scene::{Guest, Scene};

const NAMES: [&str; 3] = ["attic", "barn", "cellar"];

/// A database that all servers share, as the broker is.
#[derive(Clone, Debug)]
pub(crate) struct Shared(pub(crate) Arc<Mutex<Past>>);

impl Shared {
    fn with<T>(&self, act: impl FnOnce(&mut Past) -> T) -> T {
        act(&mut self.0.lock().expect("no test holds it"))
    }
}

impl Database for Shared {
    fn write(&mut self, records: &[Record]) -> Result<(), String> {
        self.with(|past| past.write(records))
    }

    fn commit(&mut self) -> Result<(), String> {
        self.with(Past::commit)
    }

    fn roll_back(&mut self) {
        self.with(Past::roll_back);
    }

    fn answer(&mut self, question: &mut Question, now: SystemTime) -> Result<Option<Answer>, String> {
        self.with(|past| past.answer(question, now))
    }

    fn expire(&mut self, now: SystemTime) -> Result<bool, String> {
        self.with(|past| past.expire(now))
    }

    fn account(&mut self, query: &AccountQuery) -> Result<AccountAnswer, String> {
        self.with(|past| past.account(query))
    }

    fn save_bans(&mut self, bans: &[Ban]) -> Result<(), String> {
        self.with(|past| past.save_bans(bans))
    }

    fn figures(&mut self) -> Figures {
        self.with(Past::figures)
    }
}

/// A server that is a node.
pub(crate) struct House {
    pub(crate) scene: Scene,
}

impl fmt::Debug for House {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.scene.server.hub().users().iter().map(|(_, user)| user.name().to_string());
        f.debug_list().entries(names).finish()
    }
}

impl House {
    fn new(node: usize, store: Option<&Shared>, configure: impl FnOnce(&mut ServerConfig), now: Now) -> Self {
        let operators =
            vec![Operator { name: "root".into(), password: "secret".parse().expect("a password") }];
        let mut config = ServerConfig { operators, ..config() };
        configure(&mut config);
        let mut scene = Scene::with_clock(config, now.time);
        scene.now = now;
        let config =
            MemberConfig { name: NAMES[node].into(), shards: 16, settings: 1, buffer_bytes: 1024 * 1024 };
        scene.server.use_cluster(Member::new(config, now));
        if let Some(shared) = store {
            let opened = shared.with(|past| past.known.opened());
            let (woken, wake) = mpsc::channel();
            let wake_loop = move || woken.send(()).unwrap_or_default();
            let store = Store::start(shared.clone(), wake_loop).expect("there are threads");
            scene.keep_with(store, opened, wake);
        }
        Self { scene }
    }

    fn turn(&mut self, now: Now, act: impl FnOnce(&mut Scene)) {
        self.scene.now = now;
        act(&mut self.scene);
        self.scene.settle();
    }
}

impl Party for House {
    fn hear(&mut self, replies: Vec<Reply>, now: Now) {
        self.turn(now, |scene| {
            scene.turn(|server, now| replies.into_iter().for_each(|reply| server.hear_broker(reply, now)));
        });
    }

    fn request(&mut self) -> Option<Request> {
        self.scene.server.broker_request()
    }

    fn deadline(&self) -> Option<Instant> {
        self.scene.server.next_deadline()
    }

    fn expire(&mut self, now: Now) {
        self.turn(now, |scene| scene.turn(|_, _| ()));
    }
}

/// A client and the node that it is connected to.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) node: usize,
    pub(crate) guest: Guest,
}

pub(crate) struct Town {
    pub(crate) world: World<House>,
    store: Option<Shared>,
    configure: fn(&mut ServerConfig),
}

impl Town {
    /// Servers that have joined each other.
    pub(crate) fn new(nodes: usize) -> Self {
        Self::with(nodes, 1)
    }

    /// The same with other delays for each seed.
    pub(crate) fn with(nodes: usize, seed: u64) -> Self {
        Self { world: World::new(nodes, seed), store: None, configure: |_| () }.started()
    }

    /// Servers with accounts, which they share.
    pub(crate) fn with_accounts(nodes: usize, names: &[&str], configure: fn(&mut ServerConfig)) -> Self {
        let mut past = Past::new(Duration::from_secs(86_400), 10_000);
        past.known = Known::with(names, &stored_password());
        let store = Some(Shared(Arc::new(Mutex::new(past))));
        Self { world: World::new(nodes, 1), store, configure }.started()
    }

    /// Lets the store lose all accounts.
    pub(crate) fn lose_accounts(&self) {
        if let Some(store) = &self.store {
            store.with(|past| past.known = Known::default());
        }
    }

    pub(crate) fn has_accounts(&self) -> bool {
        self.store.is_some()
    }

    fn started(mut self) -> Self {
        (0..self.world.parties.len()).for_each(|node| self.start(node));
        let has_joined = |house: &House| house.scene.server.hub().own_node().is_some();
        self.world.run_until("all have joined", |world| world.parties.iter().flatten().all(has_joined));
        self.run(100);
        self
    }

    /// Starts a server, or starts it again after it was killed.
    pub(crate) fn start(&mut self, node: usize) {
        let house = House::new(node, self.store.as_ref(), self.configure, self.world.now());
        self.world.start(node, house);
    }

    pub(crate) fn scene(&mut self, node: usize) -> &mut Scene {
        let now = self.world.now();
        let scene = &mut self.world.parties[node].as_mut().expect("the node runs").scene;
        scene.now = now;
        scene
    }

    /// Lets time pass, in milliseconds.
    pub(crate) fn run(&mut self, milliseconds: u64) {
        self.world.run(milliseconds);
    }

    pub(crate) fn connect(&mut self, node: usize) -> Client {
        Client { node, guest: self.scene(node).connect() }
    }

    /// An IRC user whose welcome was read.
    pub(crate) fn irc(&mut self, node: usize, name: &str) -> Client {
        let client = self.connect(node);
        let heard = self.told(&client, &format!("NICK {name}\r\nUSER {name} 0 * :{name}"));
        assert!(heard.contains(&format!(" 001 {name} ")), "{heard}");
        client
    }

    /// Sends lines.
    pub(crate) fn send(&mut self, client: &Client, lines: &str) {
        self.scene(client.node).send(&client.guest, format!("{lines}\r\n"));
    }

    /// Sends lines and returns what the client has heard soon after.
    pub(crate) fn told(&mut self, client: &Client, lines: &str) -> String {
        client.guest.heard();
        self.send(client, lines);
        self.run(100);
        client.guest.heard()
    }
}

/// Panics unless each of `parts` is in `text`, once and in this order.
pub(crate) fn in_order(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        assert_eq!(text.matches(part).count(), 1, "{part:?} once in {text}");
        let Some((_, behind)) = rest.split_once(part) else { panic!("{part:?} in its place in {text}") };
        rest = behind;
    }
}
