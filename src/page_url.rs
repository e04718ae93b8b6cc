//! The address of the chat page.

use std::fs;

use crate::address::Address;

/// The address of the page at a listener: for other machines too, if they can reach it. `fragment` names the room to join,
/// such as `#tea`; it may be empty. `None` for Unix sockets, which browsers cannot open.
pub fn page_url(listener: &Address, is_tls: bool, fragment: &str) -> Option<String> {
    let Address::Tcp { port, .. } = listener else { return None };
    let scheme = if is_tls { "https" } else { "http" };
    let named = listener.is_wildcard().then(|| Address::Tcp { host: host_name(), port: *port });
    let at = named.as_ref().unwrap_or(listener);
    Some(format!("{scheme}://{at}/{fragment}"))
}

/// The name of this machine.
fn host_name() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    let is_plain = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b));
    if is_plain { name.to_owned() } else { "localhost".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(listener: &str, is_tls: bool, fragment: &str) -> Option<String> {
        page_url(&Address::parse(listener).unwrap(), is_tls, fragment)
    }

    #[test]
    fn the_url_has_the_scheme_the_host_and_the_port_of_the_listener() {
        assert_eq!(url("127.0.0.1:30000", false, "").unwrap(), "http://127.0.0.1:30000/");
        assert_eq!(url("[::1]:30000", false, "").unwrap(), "http://[::1]:30000/");
        assert_eq!(url("chat.example:6697", true, "#tea").unwrap(), "https://chat.example:6697/#tea");
        assert_eq!(url("unix:/run/parlord.sock", false, ""), None);
    }

    #[test]
    fn other_machines_get_a_name_instead_of_every_address() {
        for listener in ["0.0.0.0:30000", "[::]:30000"] {
            let url = url(listener, false, "").unwrap();
            assert!(url.ends_with(":30000/") && !url.contains("0.0.0.0") && !url.contains("::"), "{url}");
        }
    }
}
