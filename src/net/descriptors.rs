//! The limit on open descriptors, and so on connections.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the soft limit on open descriptors to the hard one (getrlimit(2), `RLIMIT_NOFILE`). If that fails, logs the
/// limit that remains.
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
