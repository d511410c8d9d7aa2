//! Open files: each connection is one, and a process that runs out of them accepts nobody.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::front::ConnectionLimits;

/// Files for everything but visitors' connections: listeners, Redis, the control plane's
/// connections (as many as are pooled, and those in use), logs.
const RESERVED: usize = 512;

/// Raises the number of files this process may open as far as it is allowed to, and returns it.
/// Shells and service managers start processes with 1,024, far below what they permit.
pub(crate) fn raise_limit() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    let current = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, "the limit of open files stays as it is");
            current
        }
    };
    // None is no limit.
    current.map_or(usize::MAX, |limit| limit as usize)
}

/// The limits of connections that this many open files allow.
pub(crate) fn fit(limits: ConnectionLimits, files: usize) -> ConnectionLimits {
    let room = files.saturating_sub(RESERVED).max(1);
    if limits.total > room {
        tracing::warn!(
            wanted = limits.total,
            possible = room,
            "fewer connections than LINKPULSE_MAX_CONNECTIONS: raise the limit of open files"
        );
    }
    ConnectionLimits {
        total: limits.total.min(room),
        ..limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_the_rest() {
        let limits = ConnectionLimits {
            total: 10_000,
            per_address: 5,
        };
        let total = |files| fit(limits, files).total;
        assert_eq!(total(usize::MAX), 10_000);
        assert_eq!(total(10_512), 10_000);
        assert_eq!(total(1_024), 512);
        assert_eq!(total(100), 1);
        assert_eq!(fit(limits, 100).per_address, 5);
    }

    #[test]
    fn the_limit_is_raised_to_what_is_allowed() {
        let files = raise_limit();
        let now = getrlimit(Resource::Nofile);
        assert_eq!(now.current, now.maximum);
        assert_eq!(
            files,
            now.current.map_or(usize::MAX, |limit| limit as usize)
        );
    }
}
