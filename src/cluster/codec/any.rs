//! Any value of what nodes tell each other, drawn from bytes.

use crate::cbor::any::{Any, Choices};
use crate::message::{Dated, Epoch, LogEntry, LogIndex, Login, NodeId, NodeUser, Relayed};

impl Any for LogIndex {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self(Any::any(choices))
    }
}

impl Any for Epoch {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self(Any::any(choices))
    }
}

impl Any for NodeId {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self((1 + u64::any(choices) % 63) as u8)
    }
}

impl Any for LogEntry {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self {
            index: Any::any(choices),
            node: Any::any(choices),
            epoch: Any::any(choices),
            time: Any::any(choices),
            operations: Any::any(choices),
            users: Any::any(choices),
            rooms: Any::any(choices),
        }
    }
}

impl Any for Dated {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self { after: Any::any(choices), operation: Any::any(choices) }
    }
}

impl Any for Relayed {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self {
            node: Any::any(choices),
            epoch: Any::any(choices),
            number: Any::any(choices),
            after: Any::any(choices),
            event: Any::any(choices),
            from: Any::any(choices),
            to: Any::any(choices),
        }
    }
}

impl Any for Login {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self { user: Any::any(choices), login: Any::any(choices) }
    }
}

impl Any for NodeUser {
    fn any(choices: &mut Choices<'_>) -> Self {
        Self {
            id: Any::any(choices),
            node: Any::any(choices),
            login: Any::any(choices),
            state: Any::any(choices),
            devices: Any::any(choices),
        }
    }
}
