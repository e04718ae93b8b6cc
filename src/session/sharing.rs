//! Sessions on one node of several: what changes shared state waits until the node has the lock, and is declined if that
//! takes too long.

use super::context::Context;
use super::dispatch::Session;
use crate::message::Found;

/// Tells why something was declined, and what to do.
pub(super) const OTHERS_UNREACHABLE: &str =
    "the other servers cannot be reached right now, so they cannot agree to this: try again in a minute";

impl Session {
    /// True when the frame at the start of `bytes` may change what nodes share, so that `receive` must be called with the
    /// lock. An incomplete frame changes nothing.
    pub fn needs_lock(&self, bytes: &[u8]) -> bool {
        self.protocol.conversation().needs_lock(bytes)
    }

    /// The same for `finish`.
    pub fn needs_lock_to_finish(&self, rest: &[u8]) -> bool {
        self.protocol.conversation().needs_lock_to_finish(rest)
    }

    /// The same for `go_on`.
    pub fn resumes_under_lock(&self) -> bool {
        self.protocol.conversation().resumes_under_lock()
    }

    /// The same for `found` with this result.
    pub fn needs_lock_for(&self, found: &Found) -> bool {
        self.protocol.conversation().needs_lock_for(found)
    }

    /// Declines the frame at the start of `bytes`, which needs the lock and cannot have it, and tells the peer. At the end
    /// of input, the frame may be unterminated. Returns how many bytes it consumed.
    pub fn decline(&mut self, bytes: &[u8], context: &mut Context<'_>) -> usize {
        self.protocol.conversation_mut().decline(bytes, context)
    }

    /// Leaves out what is left of the unfinished command and needs the lock, and tells the peer. Then `go_on` does not need
    /// it.
    pub fn resumes_too_late(&mut self, context: &mut Context<'_>) {
        self.protocol.conversation_mut().resumes_too_late(context);
    }

    /// Continues with the result of an errand that needs the lock and cannot have it: tells the peer.
    pub fn found_too_late(&mut self, found: Found, label: Option<&str>, context: &mut Context<'_>) {
        self.protocol.conversation_mut().found_too_late(found, label, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Outcome, Purpose};
    use crate::name::UserName;
    use crate::session::scene::Scene;

    impl Scene {
        /// The answer to a frame that needs the lock.
        #[track_caller]
        fn declined(&mut self, frame: &str) -> String {
            assert!(self.session.needs_lock(frame.as_bytes()), "{frame}");
            let bytes = format!("{frame}rest");
            let used = self.act(|session, context| session.decline(bytes.as_bytes(), context));
            assert_eq!(used, frame.len(), "the rest stays");
            self.told().replace(OTHERS_UNREACHABLE, "WHY")
        }
    }

    const ONLINE: &[&str] = &["NICK ana", "USER a 0 * b"];

    #[test]
    fn a_declined_command_is_answered_with_the_reason() {
        let mut scene = Scene::after(ONLINE);
        for (line, answer) in [
            ("NICK bob", ":parlor.local 437 ana bob :WHY\r\n"),
            ("JOIN #a,#b", ":parlor.local 437 ana #a :WHY\r\n:parlor.local 437 ana #b :WHY\r\n"),
            ("JOIN 0", ":parlor.local NOTICE ana :FAIL JOIN TEMPORARILY_UNAVAILABLE: WHY\r\n"),
            ("topic #lobby :x", ":parlor.local NOTICE ana :FAIL TOPIC TEMPORARILY_UNAVAILABLE: WHY\r\n"),
            ("KILL bob x", ":parlor.local 481 ana :only an operator of the server may do that, see OPER\r\n"),
            ("NS GHOST bob x", ":NickServ!NickServ@parlor.local NOTICE ana :WHY\r\n"),
            ("PRIVMSG ChanServ :OP #a", ":ChanServ!ChanServ@parlor.local NOTICE ana :WHY\r\n"),
        ] {
            assert_eq!(scene.declined(&format!("{line}\r\n")), answer, "{line}");
        }
        assert_eq!(scene.hub.users().find(&UserName::new("bob").unwrap()), None);
    }

    #[test]
    fn a_declined_command_with_a_label_has_it_in_the_answer() {
        let caps = "CAP REQ :batch labeled-response standard-replies";
        let mut scene = Scene::after(&[caps, "CAP END", "NICK ana", "USER a 0 * b"]);
        assert_eq!(
            scene.declined("@label=x AWAY :tea\n"),
            "@label=x :parlor.local FAIL AWAY TEMPORARILY_UNAVAILABLE :WHY\r\n"
        );
        assert_eq!(scene.declined("@label=y NICK bob\n"), "@label=y :parlor.local 437 ana bob :WHY\r\n");
    }

    #[test]
    fn a_client_that_registers_stays_and_may_try_again() {
        for (before, last) in [
            (&["NICK ana"][..], "USER a 0 * b\n"),
            (&["CAP LS 302", "NICK ana", "USER a 0 * b"], "CAP END\n"),
        ] {
            let mut scene = Scene::after(before);
            assert_eq!(scene.declined(last), ":parlor.local 437 ana ana :WHY\r\n");
            assert_eq!(scene.declined("NICK bob\n"), ":parlor.local 437 ana bob :WHY\r\n");
            scene.act(|session, context| session.receive(b"NICK eve\n", context));
            assert!(scene.told().starts_with(":parlor.local 001 eve :Welcome"));
        }
    }

    #[test]
    fn a_right_password_counts_when_the_lock_came_too_late() {
        let mut scene = Scene::after(&["NICK ana"]);
        scene.house.config.password = Some("secret".parse().unwrap());
        scene.act(|session, context| session.receive(b"PASS secret\nUSER", context));
        scene.act(|session, context| session.receive(b"USER a 0 * b\n", context));
        let found = Found::Checked(Purpose::Register, Outcome::Right);
        assert!(scene.session.needs_lock_for(&found));
        assert!(!scene.session.needs_lock_for(&Found::Checked(Purpose::Register, Outcome::Wrong)));
        scene.told();
        scene.act(|session, context| session.found_too_late(found, None, context));
        assert_eq!(scene.told().replace(OTHERS_UNREACHABLE, "WHY"), ":parlor.local 437 ana ana :WHY\r\n");
        scene.act(|session, context| session.receive(b"NICK ana\n", context));
        assert!(scene.told().starts_with(":parlor.local 001 ana :Welcome"));
    }

    #[test]
    fn what_is_left_of_a_command_is_declined_and_the_rest_is_done() {
        let mut scene = Scene::after(ONLINE);
        scene.out.allow(1);
        scene.act(|session, context| session.receive(b"JOIN #a,#b,#c\n", context));
        assert!(scene.session.is_working() && scene.session.resumes_under_lock());
        scene.told();
        scene.act(|session, context| session.resumes_too_late(context));
        assert!(scene.session.is_working() && !scene.session.resumes_under_lock());
        let told = scene.told().replace(OTHERS_UNREACHABLE, "WHY");
        assert_eq!(told, ":parlor.local 437 ana #b :WHY\r\n:parlor.local 437 ana #c :WHY\r\n");
        scene.out.allow(1000);
        scene.act(|session, context| session.go_on(context));
        assert!(!scene.session.is_working());
        assert!(scene.told().contains(" 366 ana #a :"));
    }

    #[test]
    fn a_declined_login_on_crazyit_is_refused_and_explained_later() {
        let mut scene = Scene::new();
        scene.act(|session, context| session.receive("∏∑ana∏∑".as_bytes(), context));
        assert_eq!(scene.declined("∏∑ana∏∑"), "-1");
        scene.act(|session, context| session.finish(b"", context));
        assert!(scene.told().contains("a login was declined because the other servers could not be reached"));
    }

    #[test]
    fn users_of_crazyit_keep_their_names_and_are_told_why() {
        let mut scene = Scene::new();
        for _ in 0..2 {
            scene.act(|session, context| session.receive("∏∑ana∏∑".as_bytes(), context));
        }
        scene.told();
        assert_eq!(scene.declined("∏∑bob∏∑"), "-1");
        assert!(scene.hub.users().find(&UserName::new("ana").unwrap()).is_some());
        assert_eq!(scene.declined("★【ns※LOGOUT★【"), "NickServ悄悄地对你说：WHY\n");
    }

    #[test]
    fn before_the_protocol_is_known_nothing_needs_the_lock() {
        let scene = Scene::new();
        for bytes in ["NICK ana\n", "∏∑ana∏∑", "JOIN #a\n", ""] {
            assert!(!scene.session.needs_lock(bytes.as_bytes()), "{bytes}");
            assert!(!scene.session.needs_lock_to_finish(bytes.as_bytes()), "{bytes}");
        }
    }
}
