//! How many descriptors, and so connections, the system lets this process have.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit on open descriptors to the hard one (getrlimit(2), `RLIMIT_NOFILE`). Where the system
/// does not let us, the old limit stands and is logged.
pub fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    if limit.current == limit.maximum {
        return;
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!("the limit on open descriptors stays at {:?}: {error}", limit.current);
    }
}
