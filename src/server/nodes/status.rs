//! How a node fares.

use super::Nodes;
use crate::message::LogIndex;

/// A node at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeStatus {
    /// Its name.
    pub name: Box<str>,
    /// It shares the state of the others.
    pub is_joined: bool,
    /// The broker can be reached.
    pub reaches_broker: bool,
    /// Other nodes that are up.
    pub others: usize,
    /// The last entry of the log that it has applied.
    pub applied: LogIndex,
    /// The broker's clock minus that of the machine, in milliseconds.
    pub clock_offset_ms: i64,
    /// Connections that wait for the others to agree.
    pub waiting: usize,
    /// Memory of messages that wait for the broker, in bytes.
    pub queued_bytes: usize,
}

impl NodeStatus {
    /// Lines for people to read.
    pub(in crate::server) fn lines(&self) -> [String; 2] {
        let Self { name, others, applied, clock_offset_ms, waiting, queued_bytes, .. } = self;
        let is = |is: bool, word: &'static str, other: &'static str| if is { word } else { other };
        let joined = is(self.is_joined, "joined", "not joined");
        let broker = is(self.reaches_broker, "reachable", "unreachable");
        [
            format!("node {name}: {joined}, other nodes: {others}, last entry: {applied}, broker: {broker}"),
            format!(
                "node {name}: {waiting} connections wait for others, {queued_bytes} bytes for the broker, \
                 clock off by {clock_offset_ms} ms"
            ),
        ]
    }
}

impl Nodes {
    /// How this node fares, if it is one.
    pub(in crate::server) fn status(&self) -> Option<NodeStatus> {
        let member = &self.cluster.as_ref()?.member;
        Some(NodeStatus {
            name: member.config().name.clone(),
            is_joined: member.is_joined(),
            reaches_broker: member.reaches_broker(),
            others: member.others(),
            applied: member.applied(),
            clock_offset_ms: member.clock_offset(),
            waiting: self.waiting(),
            queued_bytes: member.queued_bytes(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_read_how_a_node_fares() {
        let status = NodeStatus {
            name: "cellar".into(),
            is_joined: true,
            reaches_broker: false,
            others: 1,
            applied: LogIndex(9),
            clock_offset_ms: -12,
            waiting: 2,
            queued_bytes: 70,
        };
        let lines = [
            "node cellar: joined, other nodes: 1, last entry: 9, broker: unreachable",
            "node cellar: 2 connections wait for others, 70 bytes for the broker, clock off by -12 ms",
        ];
        assert_eq!(status.lines(), lines);
    }
}
