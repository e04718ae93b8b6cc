//! Certificates: who is made one, what is refused, and how one is renewed under those who are there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use parlor::address::Address;
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
use rustix::process::Signal;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConnection, SupportedProtocolVersion};

use crate::support::tls::Certificate;
use crate::support::{Peer, Program, Scratch, address, text};

const VERSIONS: &[&SupportedProtocolVersion] = &[&TLS12, &TLS13];

/// The arguments of a server at ports of its own, over TLS as well.
const LISTEN: [&str; 4] = ["--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"];

/// What looks like a certificate from outside.
const NO_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";

/// The complaint of a server that does not start because of its options, in one line.
fn refused(args: &[&str]) -> String {
    let ended = Program::parlord(args).ended();
    assert_eq!(ended.status, Some(2), "{args:?}: {}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
    ended.stderr
}

/// A server whose certificate is in files, and where TLS is spoken.
struct Server {
    scratch: Scratch,
    certificate: Certificate,
    program: Program,
    at: Address,
}

impl Server {
    fn new() -> Self {
        let scratch = Scratch::new();
        let certificate = Certificate::new(&scratch, "server");
        let files = ["--tls-cert", text(&certificate.cert), "--tls-key", text(&certificate.key)];
        let program = Program::parlord(&[&LISTEN[..], &files, &["--flood", "off"]].concat());
        program.line();
        let line = program.line();
        let (at, _) = line.split_once(" with TLS, ").expect("it tells where");
        let at = at.strip_prefix("listening on ").expect("it begins like this");
        Self { at: address(at), scratch, certificate, program }
    }

    fn client(&self, versions: &[&'static SupportedProtocolVersion]) -> ClientConnection {
        self.certificate.client(versions)
    }

    /// Puts another certificate in place of the one that the server has.
    fn replace(&mut self) {
        let new = Certificate::new(&self.scratch, "new");
        fs::rename(&new.cert, &self.certificate.cert).expect("both are ours");
        fs::rename(&new.key, &self.certificate.key).expect("both are ours");
        let (cert, key) = (self.certificate.cert.clone(), self.certificate.key.clone());
        self.certificate = Certificate::read(cert, key);
    }

    /// SIGHUP; what the log says of it, in one line.
    fn hang_up(&self) -> String {
        self.program.signal(Signal::HUP);
        loop {
            let line = self.program.error_line();
            if let Some((_, told)) = line.split_once(" reload: ") {
                return told.to_owned();
            }
        }
    }
}

#[test]
fn a_hundred_users_stay_while_the_certificate_is_renewed_and_who_comes_next_sees_the_new_one() {
    let mut server = Server::new();
    let old = server.client(VERSIONS);
    let mut users: Vec<_> = (0..100)
        .map(|n| Peer::over_tls(&server.at, server.client(&[VERSIONS[n % 2]])).register(&format!("user{n}")))
        .collect();
    // Has begun before, and shakes hands with what was in force then.
    let mut late = Peer::before_tls(&server.at, server.client(VERSIONS));
    let (client, socket) = late.tls();
    client.write_tls(socket).expect("the server takes a hello");
    users[0].settle_on_irc("hello");
    server.replace();
    server.program.signal(Signal::HUP);
    // Others have to be told it, where they trust nothing else.
    let told = format!(" the certificate is now {}", server.certificate.fingerprint());
    while !server.program.error_line().ends_with(&told) {}
    while !server.program.error_line().ends_with(" reload: tls-cert") {}
    for user in &mut users {
        user.send("JOIN #tea\r\n");
        user.settle_on_irc("joined");
    }
    users[0].send("PRIVMSG #tea :still here\r\n");
    for user in &mut users[1..] {
        while !user.line().ends_with(" PRIVMSG #tea :still here\r") {}
    }
    late.register("late").settle_on_irc("in");
    let mut new = Peer::over_tls(&server.at, server.client(VERSIONS));
    assert!(server.certificate.is_of(new.tls().0));
    let (mut old, Address::Tcp { host, port }) = (old, server.at.clone()) else { panic!("it is over TCP") };
    let mut socket = std::net::TcpStream::connect((host, port)).expect("the server listens");
    assert!(old.complete_io(&mut socket).is_err(), "who trusts the old one alone sees that it is another");
}

#[test]
fn what_is_wrong_with_a_new_certificate_is_told_and_the_old_one_stays() {
    let server = Server::new();
    let mut user = Peer::over_tls(&server.at, server.client(VERSIONS)).register("ana");
    let (cert, key) = (&server.certificate.cert, &server.certificate.key);
    let [good_cert, good_key] = [cert, key].map(|path| fs::read_to_string(path).expect("it is there"));
    let other = Certificate::new(&server.scratch, "other");
    let other_key = fs::read_to_string(&other.key).expect("it is there");
    let cut = &good_cert[..good_cert.len() / 2];
    for (new_cert, new_key, told) in [
        ("", &*good_key, "there is no certificate in it"),
        (cut, &good_key, ""),
        (&format!("{good_cert}{NO_CERTIFICATE}"), &good_key, "number 2 in it is not a certificate"),
        (&good_key, &good_key, "there is no certificate in it"),
        (&good_cert, "", "there is no private key in it"),
        (&good_cert, &good_cert, "there is no private key in it"),
        (&good_cert, &other_key, "this is not the key of"),
    ] {
        fs::write(cert, new_cert).expect("it is ours");
        fs::write(key, new_key).expect("it is ours");
        let line = server.hang_up();
        assert!(line.starts_with("--tls-cert: ") && line.contains(told), "{line}");
        assert!(line.ends_with("everything stays as it was"), "{line}");
        let mut newcomer = Peer::over_tls(&server.at, server.client(VERSIONS));
        assert!(server.certificate.is_of(newcomer.tls().0));
    }
    fs::remove_file(cert).expect("it is ours");
    assert!(server.hang_up().contains("No such file"));
    fs::create_dir(cert).expect("the directory is ours");
    assert!(server.hang_up().contains("not a regular file"));
    user.settle_on_irc("still");
}

#[test]
fn a_certificate_is_made_once_and_kept_and_clients_trust_its_fingerprint() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let args = [&LISTEN[..], &["--self-signed", "--state", text(&state), "--flood", "off"]].concat();
    let mut printed = Vec::new();
    for _ in 0..2 {
        let server = Program::parlord(&args);
        server.line();
        let line = server.line();
        let (at, join) =
            line.split_once(" with TLS, join with: parlor --fingerprint ").expect("it tells how");
        let at = at.strip_prefix("listening on ").expect("it begins like this");
        let (fingerprint, target) = join.split_once(" NAME@").expect("and whom to join");
        assert_eq!(target, at);
        printed.push(fingerprint.to_owned());
        let certificate = Certificate::read(state.join("cert.pem"), state.join("key.pem"));
        let mut bob = Peer::over_tls(&address(at), certificate.client(VERSIONS)).register("bob");
        bob.send("JOIN #lobby\r\n");
        bob.settle_on_irc("joined");
        let mut alice = Program::parlor(&["--fingerprint", fingerprint, &format!("alice@{at}")]);
        alice.write("hi\n");
        alice.end_input();
        while !bob.line().ends_with(" PRIVMSG #lobby :hi\r") {}
        assert_eq!(alice.ended().status, Some(0));
    }
    assert_eq!(printed[0], printed[1]);
    let mode = |name: &str| fs::metadata(state.join(name)).expect("it is kept").permissions().mode() & 0o777;
    assert_eq!([mode("key.pem"), mode("cert.pem")], [0o600, 0o644]);
    // Somebody may trust the certificate that is there.
    let key = state.join("key.pem");
    fs::rename(&key, state.join("key.old")).expect("it is ours");
    assert!(refused(&args).contains("key.pem: No such file"));
    // A server that was stopped in between has a key without a certificate.
    fs::rename(state.join("key.old"), &key).expect("it is ours");
    let before = fs::read(&key).expect("it is there");
    fs::remove_file(state.join("cert.pem")).expect("it is ours");
    Program::parlord(&args).line();
    assert_eq!(fs::read(&key).expect("it is there"), before);
    assert!(state.join("cert.pem").exists());
}

/// Files with a certificate for these names, which an authority issued, and its key.
fn issued(scratch: &Scratch, names: &[&str]) -> [PathBuf; 2] {
    let key = || KeyPair::generate().expect("the system has random numbers");
    let mut params = CertificateParams::new([]).expect("no name is wrong");
    params.distinguished_name.push(DnType::CommonName, "authority");
    let authority = CertifiedIssuer::self_signed(params, key()).expect("the key can sign");
    let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
    let (params, key) = (CertificateParams::new(names).expect("they are names"), key());
    let certificate = params.signed_by(&key, &authority).expect("the key can sign");
    [scratch.file("issued.pem", &certificate.pem()), scratch.file("issued.key", &key.serialize_pem())]
}

/// The port and the rest of the line in which a server tells how it is joined over TLS.
fn told(server: &Program) -> (String, String) {
    server.line();
    let line = server.line();
    let (at, join) = line.split_once(" with TLS, join with: parlor ").expect("it tells how");
    (at.rsplit_once(':').expect("there is a port").1.to_owned(), join.to_owned())
}

#[test]
fn a_server_with_a_certificate_from_an_authority_is_joined_by_a_name_that_stands_in_it() {
    let scratch = Scratch::new();
    let [cert, key] = issued(&scratch, &["chat.example", "irc.example"]);
    let files = [&LISTEN[..], &["--tls-cert", text(&cert), "--tls-key", text(&key)]].concat();
    for (name, host) in [
        (None, "chat.example"),
        (Some("irc.example"), "irc.example"),
        (Some("another.example"), "chat.example"),
    ] {
        let name: Vec<_> = name.into_iter().flat_map(|name| ["--server-name", name]).collect();
        let server = Program::parlord(&[&files[..], &name].concat());
        let (port, join) = told(&server);
        assert_eq!(join, format!("--tls NAME@{host}:{port}"), "{name:?}");
    }
}

#[test]
fn a_server_with_a_certificate_of_its_own_making_or_without_a_name_is_joined_by_the_fingerprint() {
    let scratch = Scratch::new();
    let [cert, key] = issued(&scratch, &["127.0.0.1"]);
    let own = Certificate::new(&scratch, "own");
    for (cert, key) in [(cert, key), (own.cert, own.key)] {
        let args = ["--tls-cert", text(&cert), "--tls-key", text(&key), "--server-name", "chat.example"];
        let (_, join) = told(&Program::parlord(&[&LISTEN[..], &args].concat()));
        assert!(join.starts_with("--fingerprint sha256:"), "{join}");
    }
}

#[test]
fn a_server_without_a_name_is_joined_by_its_fingerprint_whoever_vouches_for_it() {
    let scratch = Scratch::new();
    let one = Certificate::new(&scratch, "one");
    let files = ["--tls-cert", text(&one.cert), "--tls-key", text(&one.key)];
    let server = Program::parlord(&[&LISTEN[..], &files].concat());
    server.line();
    let line = server.line();
    let (_, join) = line.split_once(" with TLS, join with: parlor --fingerprint ").expect("it tells how");
    let (fingerprint, at) = join.split_once(" NAME@").expect("and where");
    let mut alice = Program::parlor(&["--fingerprint", fingerprint, &format!("alice@{at}")]);
    alice.end_input();
    assert_eq!(alice.ended().status, Some(0));
}

#[test]
fn a_certificate_without_a_place_to_show_it_is_told_of() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let args = ["--listen", "127.0.0.1:0", "--self-signed", "--state", text(&state)];
    let server = Program::parlord(&args);
    assert!(
        server.error_line().ends_with("there is a certificate, but no address for TLS: see --tls-listen")
    );
}

#[test]
fn while_the_server_runs_no_certificate_is_made() {
    let scratch = Scratch::new();
    let state = scratch.path("state");
    let server = Program::parlord(&[&LISTEN[..], &["--self-signed", "--state", text(&state)]].concat());
    server.line();
    server.line();
    fs::remove_dir_all(&state).expect("it is ours");
    server.signal(Signal::HUP);
    let line = server.error_line();
    assert!(
        line.contains("cert.pem: No such file") && line.ends_with("everything stays as it was"),
        "{line}"
    );
    assert!(!state.exists());
}

#[test]
fn whatever_is_wrong_with_the_options_is_told_in_one_line() {
    let scratch = Scratch::new();
    let one = Certificate::new(&scratch, "one");
    let (cert, key) = (text(&one.cert), text(&one.key));
    let nowhere = scratch.path("file");
    fs::write(&nowhere, "").expect("the directory is ours");
    let in_file = nowhere.join("state");
    for (args, told) in [
        (
            &["--tls-listen", "127.0.0.1:0"][..],
            "--tls-listen: give --tls-cert and --tls-key, or --self-signed",
        ),
        (&["--tls-cert", cert], "--tls-cert: its --tls-key is missing"),
        (&["--tls-key", key], "--tls-key: its --tls-cert is missing"),
        (&["--tls-cert", "/nowhere", "--tls-key", key], "--tls-cert: /nowhere: No such file"),
        (&["--tls-cert", cert, "--tls-key", "/dev/zero"], "--tls-cert: /dev/zero: not a regular file"),
        (&["--tls-cert", key, "--tls-key", cert], "there is no certificate in it"),
        (&["--tls-listen", "nowhere"], "--tls-listen: \"nowhere\": there is no port"),
        (&["--self-signed", "--state", text(&in_file)], "--self-signed: "),
        (&["--self-signed=yes"], "--self-signed takes no value"),
    ] {
        let line = refused(&[&["--listen", "127.0.0.1:0"], args].concat());
        assert!(line.starts_with("parlord: ") && line.contains(told), "{line}");
    }
}

#[test]
fn a_key_with_a_passphrase_is_told_what_to_do_about_it() {
    let scratch = Scratch::new();
    let one = Certificate::new(&scratch, "one");
    let locked = scratch.path("locked.key");
    let made = Command::new("openssl")
        .args(["pkcs8", "-topk8", "-in", text(&one.key), "-out", text(&locked), "-passout", "pass:tea"])
        .output();
    // The rest of the tests does not need that program.
    if made.is_ok_and(|made| made.status.success() && Path::new(&locked).exists()) {
        let line = refused(&["--tls-cert", text(&one.cert), "--tls-key", text(&locked)]);
        assert!(line.contains("the key has a passphrase"), "{line}");
    }
}
