//! The nodes behind the server: operators see them, others only how many they are.

use super::client::Irc;
use crate::hub::Hub;
use crate::message::UserId;
use crate::session::Context;
use crate::wire::irc::{Message, numeric};

/// Users whose place is looked up in one step of work.
const USERS_PER_STEP: usize = 8;

impl Irc {
    /// The name of a user's node, if the client may see it.
    pub(super) fn node_shown<'a>(&self, id: UserId, hub: &'a Hub) -> Option<&'a str> {
        if !self.sees_nodes(hub) {
            return None;
        }
        hub.node_of(id).map(|node| &*node.name)
    }

    /// True for operators, if there are nodes.
    fn sees_nodes(&self, hub: &Hub) -> bool {
        hub.own_node().is_some() && hub.users().get(self.user).is_some_and(|user| user.is_operator)
    }

    /// Lists the nodes for `LINKS`. False if the client must not see them.
    pub(super) fn tell_nodes(&self, context: &mut Context<'_>) -> bool {
        if !self.sees_nodes(context.hub) {
            return false;
        }
        let nodes: Vec<_> = context.hub.nodes().map(|node| node.name.clone()).collect();
        for (n, node) in nodes.iter().enumerate() {
            self.numeric(numeric::RPL_LINKS, context, |line| {
                line.param(node);
                line.param(&nodes[0]);
                line.trailing(if n == 0 { "0 parlor" } else { "1 parlor" });
            });
        }
        true
    }

    /// `MAP`: the server and its users; for operators its nodes.
    pub(super) fn map(&mut self, _: &Message<'_>, context: &mut Context<'_>) {
        let all = context.hub.users().len();
        self.say(numeric::RPL_MAP, &format!("{} [{}]", context.house.name, users(all)), context);
        if self.sees_nodes(context.hub) {
            context.out.worked(all / USERS_PER_STEP);
            let nodes = context.hub.users_by_node();
            let last = nodes.len().saturating_sub(1);
            let shown = nodes.iter().enumerate().map(|(n, (node, count))| {
                let branch = if n == last { "`-" } else { "|-" };
                let this = if n == 0 { " (this one)" } else { "" };
                format!("{branch} {}{this} [{}]", node.name, users(*count))
            });
            let lines: Vec<_> = shown.collect();
            lines.iter().for_each(|text| self.say(numeric::RPL_MAP, text, context));
        }
        self.say(numeric::RPL_MAPEND, "End of MAP", context);
    }

    /// The numbers of users on all nodes, for `LUSERS`. Those that are at this node are not counted, only its
    /// connections.
    pub(super) fn tell_lusers_of_all(&self, context: &mut Context<'_>) {
        let users = context.hub.users();
        let (all, peak) = (users.len(), users.peak());
        let (invisible, operators) = (users.invisible(), users.operators());
        let (rooms, servers) = (context.hub.rooms().len(), context.hub.nodes().count());
        let visible = all.saturating_sub(invisible);
        let text = format!("There are {visible} users and {invisible} invisible on {servers} servers");
        self.say(numeric::RPL_LUSERCLIENT, &text, context);
        for (code, count, what) in [
            (numeric::RPL_LUSEROP, operators, "operator(s) online"),
            (numeric::RPL_LUSERCHANNELS, rooms, "channel(s)"),
        ] {
            self.numeric(code, context, |line| {
                line.number(count);
                line.trailing(what);
            });
        }
        let (here, others) = (context.connections, servers.saturating_sub(1));
        self.say(numeric::RPL_LUSERME, &format!("I have {here} clients and {others} servers"), context);
        self.numeric(numeric::RPL_GLOBALUSERS, context, |line| {
            line.number(all);
            line.number(peak);
            line.trailing(&format!("Current global users {all}, max {peak}"));
        });
    }
}

fn users(count: usize) -> String {
    format!("{count} user{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use crate::message::{
        Command, ConnectionId, Dated, Effects, Epoch, EventId, LogEntry, LogIndex, Node, NodeId, Operation,
        Peer, Profile, UserChange,
    };
    use crate::name::UserName;
    use crate::session::scene::Scene;

    fn node(id: u8, name: &str) -> Node {
        Node { id: NodeId(id), epoch: Epoch(id.into()), name: name.into() }
    }

    fn log_in(name: &str) -> Operation {
        let profile = Profile {
            is_secure: false,
            username: "~b".into(),
            host: "h".into(),
            realname: "B".into(),
            peer: Peer::Unix,
            away: None,
        };
        Operation::LogIn { connection: ConnectionId(0), name: UserName::new(name).unwrap(), profile }
    }

    /// Ana on the node cellar; bob and eve are on the node attic.
    fn scene() -> Scene {
        let mut scene = Scene::new();
        scene.hub.become_node(node(1, "cellar"));
        let attic = node(2, "attic");
        let hello = Operation::Hello { node: attic.clone(), attempt: 0 };
        let operations = [hello, log_in("bob"), log_in("eve")];
        let operations = operations.map(|operation| Dated { after: EventId::default(), operation });
        let entry = LogEntry {
            index: LogIndex(1),
            node: attic.id,
            epoch: attic.epoch,
            time: scene.now.time,
            operations: operations.into(),
            users: 2,
            rooms: 1,
        };
        scene.hub.replay(&entry, scene.now, &mut Effects::default()).unwrap();
        scene.says("NICK ana\nUSER a 0 * b\n");
        scene
    }

    impl Scene {
        /// The answer to these lines.
        fn says(&mut self, lines: &str) -> String {
            let mut bytes = lines.as_bytes();
            while !bytes.is_empty() {
                let used = self.act(|session, context| session.receive(bytes, context));
                bytes = &bytes[used.expect("the line is whole")..];
            }
            let told = self.told();
            let lines = told.lines().map(|line| line.strip_prefix(":parlor.local ").unwrap_or(line));
            lines.map(|line| format!("{line}\n")).collect()
        }

        fn become_operator(&mut self) {
            let change = Command::Change(UserChange::Operator(true));
            let user = self.session.user();
            self.hub.handle(user, change, self.now, &mut Effects::default()).unwrap();
        }
    }

    #[test]
    fn operators_see_the_nodes_and_others_one_server() {
        let mut scene = scene();
        assert_eq!(
            scene.says("LINKS\n"),
            "364 ana parlor.local parlor.local :0 parlor\n365 ana * :End of LINKS list\n"
        );
        assert_eq!(scene.says("MAP\n"), "006 ana :parlor.local [3 users]\n007 ana :End of MAP\n");
        assert!(scene.says("WHOIS bob\n").contains("312 ana bob parlor.local :parlor\n"));
        assert!(scene.says("WHO bob\n").starts_with("352 ana * ~b h parlor.local bob H :0 B\n"));
        assert!(scene.says("WHO bob %ns\n").starts_with("354 ana parlor.local bob\n"));
        scene.become_operator();
        assert_eq!(
            scene.says("LINKS\n"),
            "364 ana cellar cellar :0 parlor\n364 ana attic cellar :1 parlor\n365 ana * :End of LINKS list\n"
        );
        assert_eq!(
            scene.says("MAP\n"),
            "006 ana :parlor.local [3 users]\n006 ana :|- cellar (this one) [1 user]\n\
             006 ana :`- attic [2 users]\n007 ana :End of MAP\n"
        );
        assert!(scene.says("WHOIS bob\n").contains("312 ana bob attic :parlor\n"));
        assert!(scene.says("WHOIS ana\n").contains("312 ana ana cellar :parlor\n"));
        assert!(scene.says("WHO bob\n").starts_with("352 ana * ~b h attic bob H :0 B\n"));
        assert!(scene.says("WHO bob %ns\n").starts_with("354 ana attic bob\n"));
    }

    #[test]
    fn users_of_all_nodes_are_counted() {
        let mut scene = scene();
        assert_eq!(
            scene.says("LUSERS\n"),
            "251 ana :There are 3 users and 0 invisible on 2 servers\n252 ana 0 :operator(s) online\n\
             254 ana 1 :channel(s)\n255 ana :I have 1 clients and 1 servers\n\
             266 ana 3 3 :Current global users 3, max 3\n"
        );
    }

    #[test]
    fn a_single_server_shows_no_nodes_to_operators_either() {
        let mut scene = Scene::new();
        scene.says("NICK ana\nUSER a 0 * b\n");
        scene.become_operator();
        assert!(scene.says("LINKS\n").starts_with("364 ana parlor.local parlor.local :0 parlor\n365"));
        assert_eq!(scene.says("MAP\n"), "006 ana :parlor.local [1 user]\n007 ana :End of MAP\n");
        assert!(scene.says("WHOIS ana\n").contains("312 ana ana parlor.local :parlor\n"));
        assert!(scene.says("LUSERS\n").contains("265 ana 1 1 :Current local users 1, max 1\n"));
    }
}
