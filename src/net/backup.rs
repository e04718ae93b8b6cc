//! A backup that waits is restored before a server without users begins.

use std::time::SystemTime;

use log::info;

use crate::config::{Invocation, ServerConfig};
use crate::store;

/// Restores the backup that waits for a server with this config, if there is one. Returns the config that `args` mean with
/// it: the backup may have another certificate. An error tells in a line why there is none.
pub fn restore_waiting(read: ServerConfig, args: &[String]) -> Result<ServerConfig, String> {
    #[cfg(feature = "cluster")]
    if read.cluster.is_on() {
        return Ok(read);
    }
    let Some(directory) = &read.state else { return Ok(read) };
    let restored = store::finish_restore(directory, SystemTime::now()).map_err(|error| error.to_string())?;
    let Some(line) = restored else { return Ok(read) };
    info!("{line}");
    config(args)
}

/// The config of a server with these arguments. Makes a missing certificate.
pub(super) fn config(args: &[String]) -> Result<ServerConfig, String> {
    match ServerConfig::from_args(args) {
        Ok(Invocation::Run(mut config)) => {
            config.make_credentials().map_err(|error| error.to_string())?;
            Ok(config)
        }
        Ok(Invocation::Print(_) | Invocation::Do(_)) => Err("the options are not those of a server".into()),
        Err(error) => Err(error.to_string()),
    }
}
