//! Advice for those who start a server.

use super::ServerConfig;
use crate::address::Address;

/// One line for who listens at these addresses, without TLS and without a password, if other machines can connect.
pub fn advice_for(plain: &[Address]) -> Option<String> {
    let public = plain.iter().find(|address| address.public_port().is_some())?;
    let tls = if cfg!(feature = "tls") { "--tls-listen with --self-signed or --tls-cert, " } else { "" };
    Some(format!(
        "advice: everybody who reaches {public} may come in, and what is said can be read on the way: consider {tls}\
         --password-file, or --listen 127.0.0.1:PORT"
    ))
}

impl ServerConfig {
    /// True if nobody comes in without a password.
    pub fn asks_for_password(&self) -> bool {
        #[cfg(feature = "store")]
        if self.accounts.policy == super::AccountPolicy::Required {
            return true;
        }
        self.password.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advice(plain: &[&str]) -> Option<String> {
        let plain: Vec<_> = plain.iter().map(|address| Address::parse(address).unwrap()).collect();
        advice_for(&plain)
    }

    #[test]
    fn whoever_serves_other_machines_gets_advice() {
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "10.0.0.1:1", "chat.example:1"] {
            let advice = advice(&["unix:/x", address]).unwrap();
            assert!(advice.starts_with(&format!("advice: everybody who reaches {address} ")), "{advice}");
            assert_eq!(advice.lines().count(), 1);
        }
        assert_eq!(advice(&["127.0.0.1:1", "[::1]:1", "localhost:1", "unix:/x"]), None);
    }
}
