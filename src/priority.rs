//! The priority of threads beside the event loop.

/// Lets the event loop go first, on one core, before the calling thread: the larger `by`, from 1 to 19, the less the
/// thread gets while others want the core. On systems other than Linux, nice(2) would affect the whole process.
pub(crate) fn step_back(by: i32) {
    #[cfg(target_os = "linux")]
    {
        // Failure does no harm.
        rustix::process::nice(by).ok();
    }
}
