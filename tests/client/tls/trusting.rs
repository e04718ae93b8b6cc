//! Whose certificate is taken, and what is told of the others; and of servers that show none.

use std::io::{Read, Write};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use parlor::client::{CertificateFault, Client, Error, HandshakeFault, Tls, TlsError};
use parlor::wire::Wire;
use rcgen::{CertificateParams, date_time_ymd};
use rustls::version::{TLS12, TLS13};

use super::{connect, enter, no_change, ways, welcome};
use crate::support::StandIn;
use crate::support::tls_stand_in::{Authority, Identity, Server};

/// Why this server is not taken.
#[track_caller]
fn fault(identity: &Identity, tls: &Tls) -> CertificateFault {
    let faults = [&TLS13, &TLS12].map(|version| {
        let server = Server { version, ..Server::new(identity.clone()) };
        let (at, serving) = server.turned_down();
        let error = connect(&at, Wire::Irc, tls.clone()).expect_err("the server is not to be trusted");
        let told = serving.join().expect("the server hears of it");
        assert!(told.contains("fatal alert"), "{told}");
        match error {
            Error::Tls { server, error: TlsError::Certificate(fault) } if server == at => fault,
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(faults[0], faults[1]);
    faults[0].clone()
}

#[test]
fn a_certificate_that_nobody_we_trust_vouches_for_is_refused_and_how_to_pin_it_is_told() {
    let tls = Tls::trusting([Authority::new().der()]);
    for identity in [Authority::new().certify(no_change), Identity::self_signed(no_change)] {
        let found = identity.fingerprint();
        let fault = fault(&identity, &tls);
        let why = "UnknownIssuer".to_owned();
        assert_eq!(fault, CertificateFault::Unknown { found, why });
        let line = format!(
            "the certificate is not signed by an authority that this system trusts (UnknownIssuer). If you know that it is {found}, \
             as its owner prints it, add --fingerprint {found}"
        );
        assert_eq!(fault.to_string(), line);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_in_its_own_words() {
    let authority = Authority::new();
    let tls = Tls::trusting([authority.der()]);
    let other = authority.certify(|params| {
        *params = CertificateParams::new(["chat.example".to_owned(), "192.0.2.1".to_owned()]).unwrap();
    });
    let old = authority.certify(|params| params.not_after = date_time_ymd(2020, 2, 3));
    let early = authority.certify(|params| params.not_before = date_time_ymd(2200, 2, 3));
    for (identity, words) in [
        (&other, "the certificate is for chat.example, 192.0.2.1, not for 127.0.0.1. If"),
        (&old, "the certificate expired at 2020-02-03T00:00:00Z. If"),
        (
            &early,
            "the certificate is only valid from 2200-02-03T00:00:00Z on, if the clock here is right. If",
        ),
    ] {
        let line = fault(identity, &tls).to_string();
        assert!(line.starts_with(words), "{line}");
        assert!(line.ends_with(&format!("add --fingerprint {}", identity.fingerprint())), "{line}");
    }
}

#[test]
fn whoever_trusts_nobody_is_told_what_to_do() {
    let (at, _) = StandIn::play(|_| ());
    let error = connect(&at, Wire::Irc, Tls::trusting([])).unwrap_err();
    assert!(
        matches!(error, Error::Tls { error: TlsError::Certificate(CertificateFault::NoRoots(None)), .. }),
        "{error:?}"
    );
}

#[test]
fn a_pinned_certificate_is_taken_whatever_stands_in_it_and_no_other_is() {
    let pinned = Identity::self_signed(|params| {
        *params = CertificateParams::new(["chat.example".to_owned()]).unwrap();
        params.not_after = date_time_ymd(2020, 2, 3);
    });
    let tls = Tls::pinned(pinned.fingerprint());
    for server in ways(&pinned) {
        let (at, serving) = server.play(|peer| {
            welcome(peer);
            peer.finish();
        });
        let (_speaker, mut events) = enter(&at, Wire::Irc, tls.clone());
        assert!(matches!(events.next(), Some(Err(Error::Lost { .. }))));
        serving.join().unwrap();
    }
    let other = Authority::new().certify(no_change);
    let (pin, found) = (pinned.fingerprint(), other.fingerprint());
    let fault = fault(&other, &tls);
    assert_eq!(fault, CertificateFault::Other { pin, found });
    let line = fault.to_string();
    assert!(line.starts_with(&format!("the certificate is {found}, and should be {pin}. ")), "{line}");
}

#[test]
fn who_shows_a_pinned_certificate_and_has_not_its_key_is_refused() {
    let pinned = Identity::self_signed(no_change);
    let tls = Tls::pinned(pinned.fingerprint());
    for version in [&TLS13, &TLS12] {
        let identity = Identity::self_signed(no_change).pretending(&pinned);
        let (at, serving) = Server { version, ..Server::new(identity) }.turned_down();
        let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
        assert!(
            matches!(&error, Error::Tls { error: TlsError::Handshake(HandshakeFault::Failed(_)), .. }),
            "{error:?}"
        );
        serving.join().unwrap();
    }
}

#[test]
fn a_server_that_speaks_no_tls_is_told_from_one_that_cannot_be_trusted() {
    let tls = Tls::pinned(Identity::self_signed(no_change).fingerprint());
    let (at, _) = StandIn::play(|peer| {
        peer.send(&["ERROR :Closing link: bytes outside a frame"]);
        peer.finish();
    });
    let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
    assert_eq!(error.to_string(), format!("{at}: it does not speak TLS, try without --tls"));

    let (at, _) = StandIn::play(StandIn::finish);
    let error = connect(&at, Wire::Irc, tls.clone()).unwrap_err();
    assert!(
        matches!(error, Error::Tls { error: TlsError::Handshake(HandshakeFault::Closed), .. }),
        "{error:?}"
    );
}

#[test]
fn a_server_that_lets_nobody_in_is_understood() {
    let tls = Tls::pinned(Identity::self_signed(no_change).fingerprint());
    let (at, _) = StandIn::play_over(
        |mut stream| {
            // A socket that is closed with bytes unread is reset, and what it said is lost.
            assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "the client begins");
            stream.write_all(&[21, 3, 3, 0, 2, 2, 49]).unwrap();
            Box::new(stream)
        },
        |_| (),
    );
    let error = connect(&at, Wire::Irc, tls).unwrap_err();
    assert!(
        matches!(error, Error::Tls { error: TlsError::Handshake(HandshakeFault::Declined), .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("it is full"), "{error}");
}

#[test]
fn a_server_that_does_not_finish_its_handshake_is_not_waited_for() {
    let tls = Tls::pinned(Identity::self_signed(no_change).fingerprint());
    let (left, leave) = mpsc::channel::<()>();
    let silent = StandIn::play(move |_| leave.recv().is_err());
    // The head of a message of 16 KiB, and then, byte by byte, no end.
    let slow = StandIn::play_over(
        |mut stream| {
            stream.write_all(&[22, 3, 3, 64, 0, 2, 0, 62, 0]).unwrap();
            while stream.write_all(&[0]).is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
            Box::new(stream)
        },
        |_| true,
    );
    let within = Duration::from_millis(100);
    for at in [&silent.0, &slow.0] {
        let error = Client::builder().tls(tls.clone()).connect_timeout(within).connect(at).unwrap_err();
        assert!(
            matches!(error, Error::Tls { error: TlsError::Handshake(HandshakeFault::Late(_)), .. }),
            "{error:?}"
        );
        assert!(error.to_string().contains("within 0.1 s; perhaps it does not speak TLS"), "{error}");
    }
    drop(left);
    assert!(silent.1.join().unwrap() && slow.1.join().unwrap());
}
