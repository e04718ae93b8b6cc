//! A backup that waits is restored before a server without users begins.

use std::time::SystemTime;

use log::info;

use crate::config::{Invocation, ServerConfig};
use crate::store;

/// Restores the backup that waits for a server with this config, if there is one. Returns the config that `args` mean with
/// it: the backup may have another certificate. An error tells in a line why there is none.
pub fn restore_waiting(config: ServerConfig, args: &[String]) -> Result<ServerConfig, String> {
    #[cfg(feature = "cluster")]
    if config.cluster.is_on() {
        return Ok(config);
    }
    let Some(directory) = &config.state else { return Ok(config) };
    let restored = store::finish_restore(directory, SystemTime::now()).map_err(|error| error.to_string())?;
    let Some(line) = restored else { return Ok(config) };
    info!("{line}");
    match ServerConfig::from_args(args) {
        Ok(Invocation::Run(config)) => Ok(config),
        Ok(Invocation::Print(_) | Invocation::Do(_)) => Err("the options have changed".into()),
        Err(error) => Err(error.to_string()),
    }
}
