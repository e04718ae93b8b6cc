//! Listening addresses: three families, and the files of Unix sockets.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use parlor::address::Address;
use parlor::config::ServerConfig;
use parlor::net::{Reactor, raise_descriptor_limit};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::support::{DEADLINE, NEITHER, Peer, Scratch, TestServer, address, limits, say, whisper};

fn listen(addresses: &[Address]) -> TestServer {
    TestServer::listen(addresses, limits()).expect("the addresses are free")
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[test]
fn users_of_all_three_families_meet_in_one_room() {
    let scratch = Scratch::new();
    let server = listen(&[address("127.0.0.1:0"), address("[::1]:0"), scratch.socket("s")]);
    let [v4, v6, unix] = server.addresses() else { panic!("{:?}", server.addresses()) };
    let (mut four, mut six) = (Peer::user(v4, "four"), Peer::user(v6, "six"));
    let mut local = Peer::user(unix, "local");
    four.send(say("from four"));
    for peer in [&mut four, &mut six, &mut local] {
        peer.expect("four说：from four\n");
    }
    six.send(whisper("local", "psst"));
    local.expect("six悄悄地对你说：psst\n");
    local.send(whisper("four", "psst"));
    four.expect("local悄悄地对你说：psst\n");
}

#[test]
fn half_closing_and_the_servers_last_words_work_in_all_three_families() {
    let scratch = Scratch::new();
    let server = listen(&[address("127.0.0.1:0"), address("[::1]:0"), scratch.socket("s")]);
    for at in server.addresses() {
        let mut alice = Peer::user(at, "alice");
        alice.send(say("bye"));
        alice.finish();
        alice.expect("alice说：bye\n");
        alice.expect_end();
        let mut stranger = Peer::connect(at);
        stranger.send("?nonsense");
        stranger.expect_closing_link(NEITHER);
        stranger.expect_end();
    }
    let mut all: Vec<_> = server.addresses().iter().map(Peer::connect).collect();
    // The server serves a newcomer only after accepting it.
    all.iter_mut().for_each(|peer| peer.send("∏∑1∏∑"));
    all.iter_mut().for_each(|peer| peer.expect("-1"));
    server.begin_to_stop();
    for peer in &mut all {
        peer.expect_notice("the server is shutting down");
        peer.expect_end();
    }
}

#[test]
fn the_port_chosen_by_the_system_is_reported() {
    let server = listen(&[address("127.0.0.1:0"), address("127.0.0.1:0")]);
    let [Address::Tcp { port: first, .. }, Address::Tcp { port: second, .. }] = server.addresses() else {
        panic!("{:?}", server.addresses())
    };
    assert!(*first != 0 && *second != 0 && first != second);
}

/// A server at these addresses, on a port that was free a moment ago.
fn listen_at_a_port(hosts: &[&str]) -> (TestServer, u16) {
    for _ in 0..20 {
        let probe = TcpListener::bind("0.0.0.0:0").expect("a port is free");
        let port = probe.local_addr().expect("it is bound").port();
        drop(probe);
        let addresses: Vec<_> = hosts.iter().map(|host| address(&format!("{host}:{port}"))).collect();
        match TestServer::listen(&addresses, limits()) {
            Ok(server) => return (server, port),
            Err(error) => assert_eq!(error.error.kind(), ErrorKind::AddrInUse, "{error}"),
        }
    }
    panic!("{hosts:?} cannot be listened on together")
}

#[test]
fn one_port_can_be_bound_for_ipv4_and_ipv6_in_either_order() {
    for hosts in [["0.0.0.0", "[::]"], ["[::]", "0.0.0.0"]] {
        let (_server, port) = listen_at_a_port(&hosts);
        let mut four = Peer::user(&address(&format!("127.0.0.1:{port}")), "four");
        let mut six = Peer::user(&address(&format!("[::1]:{port}")), "six");
        six.send(whisper("four", "psst"));
        four.expect("six悄悄地对你说：psst\n");
        four.send(whisper("six", "psst"));
        six.expect("four悄悄地对你说：psst\n");
    }
}

#[test]
fn an_ipv6_address_accepts_only_ipv6() {
    let (_server, port) = listen_at_a_port(&["[::]"]);
    Peer::user(&address(&format!("[::1]:{port}")), "six");
    let refused = TcpStream::connect(("127.0.0.1", port)).expect_err("nobody listens there");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

/// Fills the backlog, as far as the system allows, before the server accepts anybody.
#[cfg(target_os = "linux")]
#[test]
fn thousands_of_newcomers_can_wait_to_be_accepted() {
    const QUEUED: usize = 2000;
    let most = fs::read_to_string("/proc/sys/net/core/somaxconn").expect("Linux has it");
    let queued = QUEUED.min(most.trim().parse().expect("a number"));
    raise_descriptor_limit();
    let scratch = Scratch::new();
    let listen = vec![address("127.0.0.1:0"), address("[::1]:0"), scratch.socket("s")];
    // Bound but not running: nobody accepts.
    let server =
        Reactor::bind(ServerConfig { listen, ..crate::support::options::config() }).expect("they are free");
    for at in server.addresses() {
        let waiting: Vec<_> = (0..queued).map(|n| wait_in_line(at).map_err(|error| (n, error))).collect();
        assert_eq!(waiting.iter().find_map(|one| one.as_ref().err()), None, "{at}");
    }
}

/// Connects, and fails if the backlog is full.
fn wait_in_line(at: &Address) -> Result<OwnedFd, ErrorKind> {
    match at {
        Address::Tcp { host, port } => {
            let ip: IpAddr = host.parse().expect("the server tells where it listens");
            // The kernel retries, so this ends.
            let stream = TcpStream::connect_timeout(&(ip, *port).into(), DEADLINE);
            stream.map(OwnedFd::from).map_err(|error| error.kind())
        }
        Address::Unix(path) => {
            let (family, flags) = (AddressFamily::UNIX, SocketFlags::NONBLOCK);
            let socket = socket_with(family, SocketType::STREAM, flags, None).expect("a descriptor is left");
            let address = SocketAddrUnix::new(path).expect("the path is short");
            connect(&socket, &address).map(|()| socket).map_err(|error| error.kind())
        }
    }
}

#[test]
fn a_server_can_restart_at_once_on_the_same_port() {
    let server = TestServer::start();
    let at = server.addresses()[0].clone();
    let mut alice = server.user("alice");
    server.begin_to_stop();
    alice.expect_notice("the server is shutting down");
    alice.expect_end();
    drop(alice);
    server.stop();
    // The server closed first, so its connection with alice is in TIME_WAIT.
    let again = listen(std::slice::from_ref(&at));
    again.user("alice");
}

#[test]
fn a_port_in_use_is_an_error_that_names_it() {
    let server = TestServer::start();
    let taken = server.addresses()[0].clone();
    let error = TestServer::listen(&[address("127.0.0.1:0"), taken.clone()], limits()).err();
    let error = error.expect("the port is taken");
    assert_eq!(error.address.as_ref(), Some(&taken));
    assert_eq!(error.error.kind(), ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
}

#[test]
fn a_socket_left_over_from_a_dead_server_is_replaced() {
    let scratch = Scratch::new();
    let path = scratch.path("s");
    // Closing a socket leaves its file.
    drop(UnixListener::bind(&path).expect("the directory is ours"));
    assert!(is_socket(&path));
    let server = listen(&[scratch.socket("s")]);
    server.user("alice");
}

#[test]
fn a_socket_in_use_is_not_replaced() {
    let scratch = Scratch::new();
    let at = scratch.socket("s");
    let server = listen(std::slice::from_ref(&at));
    let mut alice = server.user("alice");
    let error = TestServer::listen(std::slice::from_ref(&at), limits()).err();
    let error = error.expect("it is served");
    assert!(error.to_string().contains(&at.to_string()), "{error}");
    assert!(error.to_string().contains("another server"), "{error}");
    alice.settle("alice");
    server.user("bob").settle("bob");
}

#[test]
fn a_socket_in_use_with_a_full_backlog_is_not_replaced() {
    let scratch = Scratch::new();
    let path = scratch.path("s");
    let busy = UnixListener::bind(&path).expect("the directory is ours");
    // The shortest backlog; nobody accepts, and a second connection exceeds it.
    rustix::net::listen(&busy, 0).expect("a socket may listen again");
    let _waiting = UnixStream::connect(&path).expect("one fits");
    let error = TestServer::listen(&[scratch.socket("s")], limits()).err();
    assert!(error.expect("it is served").to_string().contains("another server"));
    assert!(is_socket(&path));
}

#[test]
fn a_file_that_is_no_socket_is_neither_replaced_nor_removed() {
    let scratch = Scratch::new();
    let path = scratch.file("precious", "content");
    std::os::unix::fs::symlink(&path, scratch.path("link")).expect("the directory is ours");
    for name in ["precious", "link"] {
        let error = TestServer::listen(&[scratch.socket(name)], limits()).err();
        let error = error.expect("it is no socket").to_string();
        assert!(error.contains("not a socket") && error.contains(name), "{error}");
    }
    assert_eq!(fs::read_to_string(&path).expect("it is still there"), "content");
}

#[test]
fn a_socket_in_a_missing_directory_is_an_error_that_names_it() {
    let scratch = Scratch::new();
    let error = TestServer::listen(&[scratch.socket("none/s")], limits()).err();
    assert!(error.expect("there is no directory").to_string().contains("none/s"));
}

#[test]
fn our_socket_is_removed_at_the_end_also_when_a_later_address_fails() {
    let scratch = Scratch::new();
    let server = listen(&[scratch.socket("s")]);
    assert!(is_socket(&scratch.path("s")));
    let taken = listen(&[address("127.0.0.1:0")]);
    let second = [scratch.socket("t"), taken.addresses()[0].clone()];
    assert!(TestServer::listen(&second, limits()).is_err());
    assert!(!scratch.path("t").exists());
    server.stop();
    assert!(!scratch.path("s").exists());
}

#[test]
fn a_file_that_replaced_our_socket_is_not_removed() {
    let scratch = Scratch::new();
    let (at, path) = (scratch.socket("s"), scratch.path("s"));
    let first = listen(std::slice::from_ref(&at));
    fs::remove_file(&path).expect("the directory is ours");
    let second = listen(std::slice::from_ref(&at));
    let inode = fs::metadata(&path).expect("the second server's").ino();
    first.stop();
    assert_eq!(fs::metadata(&path).expect("still there").ino(), inode);
    second.user("alice");
    fs::remove_file(&path).expect("the directory is ours");
    scratch.file("s", "somebody's notes");
    second.stop();
    assert_eq!(fs::read_to_string(&path).expect("still there"), "somebody's notes");
}

/// Only the kernel notices a peer whose machine is gone, and only with keep-alive probes.
#[cfg(target_os = "linux")]
#[test]
fn the_kernel_probes_a_silent_peer() {
    let server = TestServer::start();
    let alice = server.user("alice");
    let Address::Tcp { port, .. } = server.addresses()[0] else { panic!("not TCP") };
    // Both addresses in the kernel's format, and the running timer: 02 is keep-alive (proc(5)).
    let ends = format!("0100007F:{port:04X} 0100007F:{:04X}", alice.local_port());
    let begin = Instant::now();
    loop {
        let table = fs::read_to_string("/proc/net/tcp").expect("Linux has it");
        let line = table.lines().find(|line| line.contains(&ends)).expect("the server's end");
        let timer = line.split_whitespace().nth(5).expect("the sixth column");
        if timer.starts_with("02:") {
            return;
        }
        // Another timer runs until alice's machine has acknowledged the last line.
        assert!(begin.elapsed() < DEADLINE, "{line}");
    }
}
