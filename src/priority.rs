//! The priority of threads beside the event loop.

/// Lets the event loop go first, on one core, before the calling thread. On systems other than Linux, nice(2) would
/// affect the whole process.
pub(crate) fn step_back() {
    #[cfg(target_os = "linux")]
    {
        // Failure does no harm.
        rustix::process::nice(10).ok();
    }
}
