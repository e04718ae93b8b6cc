//! A real Redis Cluster of three servers, which have a third of the slots each.

use std::net::{Ipv4Addr, TcpListener};
use std::thread;
use std::time::Instant;

use super::DEADLINE;
use super::redis_server::RedisServer;

/// The servers, killed on drop.
pub struct RedisCluster {
    pub servers: [RedisServer; 3],
}

impl RedisCluster {
    /// Starts a cluster; `None` if the program is not installed.
    pub fn start() -> Option<Self> {
        let ports: [String; 3] = std::array::from_fn(|_| free_port().to_string());
        let start =
            |port: &String| RedisServer::start_with(&["--cluster-enabled", "yes", "--cluster-port", port]);
        let [Some(one), Some(two), Some(three)] = ports.each_ref().map(start) else { return None };
        let cluster = Self { servers: [one, two, three] };
        cluster.join(&ports);
        Some(cluster)
    }

    pub fn url(&self) -> String {
        format!("redis+cluster://127.0.0.1:{}", self.servers[0].port())
    }

    /// Deletes everything.
    pub fn flush(&self) {
        self.servers.iter().for_each(|server| assert_eq!(server.ask("FLUSHALL"), "+OK"));
    }

    fn join(&self, ports: &[String; 3]) {
        for (server, slots) in self.servers.iter().zip(["0 5000", "5001 10000", "10001 16383"]) {
            assert_eq!(server.ask(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "+OK");
        }
        for (server, port) in self.servers.iter().zip(ports).skip(1) {
            let meet = format!("CLUSTER MEET 127.0.0.1 {} {port}", server.port());
            assert_eq!(self.servers[0].ask(&meet), "+OK");
        }
        let by = Instant::now() + DEADLINE;
        let is_up = |server: &RedisServer| {
            let info = server.text("CLUSTER INFO");
            info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
        };
        while !self.servers.iter().all(is_up) {
            assert!(Instant::now() < by, "the cluster does not come up");
            thread::yield_now();
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}
