//! Classifies errors of accept(2) ("Error handling").

use std::io;

use rustix::io::Errno;

pub(super) fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// Errors of one newcomer, which left before it was accepted, and not of the listener.
pub(super) fn is_newcomers_own(error: &io::Error) -> bool {
    match Errno::from_io_error(error) {
        Some(
            Errno::INTR
            | Errno::CONNABORTED
            | Errno::CONNRESET
            | Errno::HOSTDOWN
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::NETUNREACH
            | Errno::NOPROTOOPT
            | Errno::OPNOTSUPP
            | Errno::PROTO
            | Errno::TIMEDOUT
            // Forbidden by a firewall.
            | Errno::PERM,
        ) => true,
        #[cfg(target_os = "linux")]
        Some(Errno::NONET) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepting_continues_only_after_errors_of_one_newcomer() {
        for errno in [Errno::PROTO, Errno::NOPROTOOPT, Errno::HOSTDOWN, Errno::PERM, Errno::CONNABORTED] {
            assert!(is_newcomers_own(&errno.into()), "{errno}");
        }
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::INVAL] {
            assert!(!is_newcomers_own(&errno.into()), "{errno}");
        }
    }
}
