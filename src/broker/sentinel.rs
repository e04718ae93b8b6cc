//! Sentinels, which know the server that is the broker at the moment.

use super::Broker;
use super::command::Command;
use super::error::BrokerError;
use super::single::Single;
use super::value::Value;
use crate::address::Address;

/// Connects to the primary server that serves this name at the moment. Every sentinel is asked until one knows.
pub(super) fn open_primary(broker: &Broker, service: &str) -> Result<Single, BrokerError> {
    let mut failure = BrokerError::broken("there is no sentinel");
    for sentinel in &broker.servers {
        let primary = find(sentinel, broker, service);
        match primary.and_then(|primary| Single::open(&primary, broker)) {
            Ok(single) => return Ok(single),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

fn find(sentinel: &Address, broker: &Broker, service: &str) -> Result<Address, BrokerError> {
    let mut line = Single::open_without_login(sentinel, broker)?;
    let question = Command::new("SENTINEL GET-MASTER-ADDR-BY-NAME").arg(service);
    let answer = match line.ask(&question) {
        Err(error) if error.has_code("NOAUTH") => {
            line.authenticate(broker)?;
            line.ask(&question)?
        }
        answer => answer?,
    };
    let unknown = || BrokerError::broken(format_args!("sentinel {sentinel} knows no service {service}"));
    let [host, port] = answer.optional().ok_or_else(unknown)?.into_array::<2>()?;
    address(&host, &port)
}

/// A server, as Redis tells it.
pub(super) fn address(host: &Value, port: &Value) -> Result<Address, BrokerError> {
    Ok(Address::Tcp { host: host.text()?.to_owned(), port: port.number()? })
}
