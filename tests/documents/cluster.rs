//! The commands in doc/CLUSTER.md give a broker and two nodes.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::redis_server::RedisServer;
use crate::support::{DEADLINE, Peer, Program, Scratch, text};

const CLUSTER: &str = include_str!("../../doc/CLUSTER.md");

/// A port that is free now.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it is bound").port()
}

fn wait_for(port: u16) {
    let begin = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(begin.elapsed() < DEADLINE, "nobody listens at port {port}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_commands_as_they_are_give_a_broker_and_two_nodes() {
    // Without the program, this is left out.
    if RedisServer::start().is_none() {
        return;
    }
    let (_, block) = CLUSTER.split_once("```sh\n").expect("there are commands");
    let (block, _) = block.split_once("```").expect("they end");
    let commands: Vec<_> = block.lines().collect();
    let [broker, cellar, attic] = commands[..] else { panic!("a broker and two nodes: {commands:?}") };

    // The ports in the page may be in use.
    let scratch = Scratch::new();
    let ports = [("6379", free_port()), ("30000", free_port()), ("30001", free_port())];
    let run = |command: &str| {
        let mut command = command.to_owned();
        for (written, port) in ports {
            command = command.replace(written, &port.to_string());
        }
        let command = format!("cd {} && exec {command}", text(&scratch.path("")));
        Program::start("sh", &["-c", &command], Stdio::null())
    };
    let _broker = run(broker);
    wait_for(ports[0].1);
    let nodes = [cellar, attic].map(|command| {
        let node = run(command);
        (node.listening(), node)
    });
    let [(here, _), (there, _)] = &nodes;
    let mut alice = Peer::irc_member(here, "alice");
    let mut bob = Peer::user(there, "bob");
    let mut hears = |part: &str| while !alice.line().contains(part) {};
    // Only now does her node know that somebody on the other hears her.
    hears(" JOIN #lobby");
    bob.send("§γhello§γ★【alice※hi★【");
    bob.expect("bob说：hello\n");
    hears("PRIVMSG #lobby :hello");
    hears("PRIVMSG alice :hi");
    alice.send("PRIVMSG #lobby :tea?\r\n");
    bob.expect("alice说：tea?\n");
}
