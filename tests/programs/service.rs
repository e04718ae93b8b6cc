//! The program under a service manager: sockets that are passed to it, what it tells of its state, and that it does not
//! serve a network as root.

use std::fs::{self, File};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::{Command, Stdio};

use parlor::address::Address;
use rustix::process::{Signal, geteuid};
#[cfg(feature = "tls")]
use rustls::version::TLS13;

#[cfg(feature = "tls")]
use crate::support::tls::Certificate;
use crate::support::{DEADLINE, Peer, Program, Scratch, address, login, say, text};

const PARLORD: &str = env!("CARGO_BIN_EXE_parlord");

/// Starts what follows with the descriptors of its input and its complaints as 3 and 4, as a service manager does, which
/// knows the number of the process that gets them.
const PASS: &str = "exec 3<&0 4<&2 0</dev/null 2>&1; export LISTEN_PID=$$; exec \"$0\" \"$@\"";
/// The same with the input's alone, so that complaints have their place.
const PASS_ONE: &str = "exec 3<&0 0</dev/null; export LISTEN_PID=$$; exec \"$0\" \"$@\"";

fn passing(script: &str, count: usize, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script, PARLORD]).args(args);
    command.env("LISTEN_FDS", count.to_string()).env_remove("LISTEN_FDNAMES").stderr(Stdio::piped());
    command
}

/// A server that was passed one descriptor.
fn with_one(descriptor: impl Into<OwnedFd>, args: &[&str]) -> Program {
    let mut command = passing(PASS_ONE, 1, args);
    command.stdin(descriptor.into());
    Program::spawn(command)
}

// Sockets that are passed.

#[test]
fn sockets_that_are_passed_take_the_place_of_those_to_listen_on() {
    let scratch = Scratch::new();
    let Address::Unix(path) = scratch.socket("s") else { unreachable!() };
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let tcp_at = Address::parse(&tcp.local_addr().expect("it is bound").to_string()).expect("an address");
    // Who comes before the server does waits.
    let mut early = Peer::connect(&tcp_at);
    early.send(login("early"));
    let mut command = passing(PASS, 2, &["--listen", "unix:/nowhere/at/all", "--flood", "off"]);
    command.stdin(OwnedFd::from(tcp));
    command.stderr(OwnedFd::from(UnixListener::bind(&path).expect("the place is free")));
    let mut server = Program::spawn(command);
    assert_eq!(server.listening(), tcp_at);
    assert_eq!(server.listening(), Address::Unix(path.clone()));
    early.expect("1");
    let mut late = Peer::user(&Address::Unix(path.clone()), "late");
    early.send(say("hello"));
    late.expect("early说：hello\n");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
    assert!(path.exists(), "the file is not the server's to remove");
}

#[test]
fn what_was_passed_and_is_no_socket_that_listens_is_exit_status_1_and_is_named() {
    let scratch = Scratch::new();
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let stream = TcpStream::connect(tcp.local_addr().expect("it is bound")).expect("it listens");
    let (unix, _other) = UnixStream::pair().expect("the system has sockets");
    let file = File::open(scratch.file("file", "text")).expect("it is there");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    let cases: [(OwnedFd, &str); 4] = [
        (stream.into(), "the socket does not listen"),
        (unix.into(), "the socket does not listen"),
        (file.into(), "not a TCP or Unix stream socket"),
        (udp.into(), "not a TCP or Unix stream socket"),
    ];
    for (descriptor, why) in cases {
        let ended = with_one(descriptor, &[]).ended();
        assert_eq!(ended.status, Some(1), "{ended:?}");
        let start = "parlord: cannot listen on inherited descriptor 3 (\"unknown\"): ";
        assert!(ended.stderr.starts_with(start) && ended.stderr.contains(why), "{ended:?}");
        assert_eq!(ended.stderr.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn a_socket_has_a_name_where_one_was_given() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let mut command = passing(PASS_ONE, 2, &[]);
    // The second is not there.
    command.env("LISTEN_FDNAMES", "chat:other").stdin(OwnedFd::from(tcp));
    let ended = Program::spawn(command).ended();
    assert_eq!(ended.status, Some(1));
    assert!(ended.stderr.contains("descriptor 4 (\"other\")"), "{ended:?}");
}

#[cfg(feature = "tls")]
#[test]
fn a_socket_that_is_called_tls_is_for_tls_and_needs_a_certificate() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let passed = |args: &[&str]| {
        let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let at = address(&tcp.local_addr().expect("it is bound").to_string());
        let mut command = passing(PASS_ONE, 1, args);
        command.env("LISTEN_FDNAMES", "tls").stdin(OwnedFd::from(tcp));
        (Program::spawn(command), at)
    };
    // What is passed for TLS takes the place of what the config says of that.
    let args = ["--self-signed", "--state", text(&state), "--tls-listen", "unix:/nowhere/at/all"];
    let (server, at) = passed(&args);
    assert!(
        server.line().starts_with(&format!("listening on {at} with TLS, join with: parlor --fingerprint "))
    );
    let certificate = Certificate::read(state.join("cert.pem"), state.join("key.pem"));
    Peer::over_tls(&at, certificate.client(&[&TLS13])).log_in("alice");
    let (mut server, at) = passed(&[]);
    let ended = server.ended();
    assert_eq!(ended.status, Some(1));
    let told = format!("cannot listen on {at}: there is no certificate, see --tls-cert and --self-signed");
    assert_eq!(ended.stderr, format!("parlord: {told}\n"));
}

#[test]
fn what_was_passed_to_another_process_is_not_ours() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let passed = tcp.local_addr().expect("it is bound").to_string();
    let mut command = Command::new("sh");
    let script = "exec 3<&0 0</dev/null; export LISTEN_PID=1; exec \"$0\" \"$@\"";
    command.args(["-c", script, PARLORD, "--listen", "127.0.0.1:0"]).env("LISTEN_FDS", "1");
    command.stdin(OwnedFd::from(tcp)).stderr(Stdio::piped());
    assert_ne!(Program::spawn(command).listening().to_string(), passed);
}

#[test]
fn systemd_passes_sockets_in_a_way_that_is_understood() {
    const ACTIVATE: &str = "systemd-socket-activate";
    if Command::new(ACTIVATE).arg("--version").output().is_err() {
        // There is no systemd here; the tests above say the same of our own understanding of it.
        return;
    }
    let scratch = Scratch::new();
    let path = scratch.path("s");
    let mut server = Program::start(ACTIVATE, &["-l", text(&path), PARLORD], Stdio::null());
    assert!(server.error_line().contains("Listening on"));
    // The server is started for the first who comes.
    let mut peer = Peer::connect(&Address::Unix(path));
    peer.send(login("ann"));
    peer.expect("1");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().status, Some(0));
}

// What the service manager is told.

/// A service manager that listens, and a server that was told of it.
struct Managed {
    socket: UnixDatagram,
    server: Program,
    scratch: Scratch,
}

impl Managed {
    fn new(watchdog: Option<&str>) -> Self {
        let scratch = Scratch::new();
        let socket = UnixDatagram::bind(scratch.path("notify")).expect("the place is free");
        socket.set_read_timeout(Some(DEADLINE)).expect("a time to wait");
        let conf = scratch.file("conf", "listen = 127.0.0.1:0\n");
        let mut command = Command::new(PARLORD);
        command.args(["--config", text(&conf)]).env("NOTIFY_SOCKET", scratch.path("notify"));
        command.env_remove("WATCHDOG_PID").env_remove("WATCHDOG_USEC").stderr(Stdio::piped());
        command.envs(watchdog.map(|microseconds| ("WATCHDOG_USEC", microseconds)));
        Self { socket, server: Program::spawn(command), scratch }
    }

    /// What the server tells next.
    fn told(&self) -> String {
        let mut bytes = [0; 4096];
        let count = self.socket.recv(&mut bytes).expect("the server tells something in time");
        String::from_utf8(bytes[..count].to_vec()).expect("it is text")
    }

    /// The same, but for signs of life.
    fn told_besides(&self) -> String {
        loop {
            let told = self.told();
            if told != "WATCHDOG=1" {
                return told;
            }
        }
    }
}

#[test]
fn the_manager_is_told_of_the_start_of_reloads_and_of_the_end() {
    let mut managed = Managed::new(None);
    let at = managed.server.listening();
    assert_eq!(managed.told(), format!("READY=1\nSTATUS=listening on {at}"));
    for (config, status) in [("ping = 80\n", "reload: ping"), ("ping = 0\n", "everything stays as it was")] {
        managed.scratch.file("conf", &format!("listen = 127.0.0.1:0\n{config}"));
        managed.server.signal(Signal::HUP);
        let told = managed.told();
        let time = told.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("it reads again");
        assert!(time.parse::<u64>().is_ok_and(|time| time > 0), "{told:?}");
        let told = managed.told();
        assert!(told.starts_with("READY=1\nSTATUS=reload: ") && told.ends_with(status), "{told:?}");
    }
    managed.server.signal(Signal::TERM);
    assert!(managed.told().starts_with("STOPPING=1"));
    assert_eq!(managed.server.ended().status, Some(0));
}

#[test]
fn a_server_that_does_nothing_gives_signs_of_life_for_the_watchdog() {
    let mut managed = Managed::new(Some("200000"));
    assert!(managed.told().starts_with("READY=1"));
    for _ in 0..5 {
        assert_eq!(managed.told(), "WATCHDOG=1");
    }
    managed.server.signal(Signal::TERM);
    assert!(managed.told_besides().starts_with("STOPPING=1"));
    assert_eq!(managed.server.ended().status, Some(0));
}

#[test]
fn a_manager_that_does_not_hear_ends_nothing() {
    let Managed { socket, server, scratch } = Managed::new(Some("200000"));
    let at = server.listening();
    drop(socket);
    fs::remove_file(scratch.path("notify")).expect("it was bound there");
    server.signal(Signal::HUP);
    Peer::user(&at, "ann");
}

// Root.

#[test]
fn root_serves_a_network_only_when_it_is_told_to() {
    if !geteuid().is_root() {
        // Whoever else runs this is not asked.
        return;
    }
    let scratch = Scratch::new();
    let (socket, public) = (scratch.socket("s").to_string(), "0.0.0.0:0");
    for place in [public, "[::]:0", "192.0.2.1:7", "chat.example:7"] {
        let ended = Program::parlord(&["--listen", &socket, "--listen", place]).ended();
        assert_eq!(ended.status, Some(2), "{ended:?}");
        let told = format!("parlord: root must not listen on {place}: run parlord as another user, or with ");
        assert_eq!(ended.stderr, told + "--allow-root\n");
        assert!(!scratch.path("s").exists(), "nothing is listened on");
        let state = scratch.path("state");
        let ended = Program::parlord(&["--listen", place, "--self-signed", "--state", text(&state)]).ended();
        assert_eq!(ended.status, Some(2), "{ended:?}");
        assert!(!state.exists(), "and nothing is made that another user could not read");
    }
    Program::parlord(&["--listen", public, "--allow-root"]).listening();
    let conf = scratch.file("conf", &format!("listen = {public}\nallow-root = yes\n"));
    Program::parlord(&["--config", text(&conf)]).listening();
    // What is passed counts, and what it takes the place of does not.
    let tcp = |at: &str| TcpListener::bind(at).expect("a port is free");
    assert_eq!(with_one(tcp(public), &[]).ended().status, Some(2));
    let local = with_one(tcp("127.0.0.1:0"), &["--listen", public]).listening();
    assert_ne!(local, address(public));
}
