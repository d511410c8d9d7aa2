//! Who goes first when there are fewer cores than work.

use rustix::process::setpriority_process;

/// Ten steps are a tenth of the time where somebody else wants it, and none where nobody does.
const NICENESS: i32 = 10;

/// Lets threads that serve visitors go before this one, which may not do so itself. Without that, a
/// visitor waits for milliseconds while a file is prepared on the only core.
pub(crate) fn let_visitors_go_first() {
    // On Linux this is the calling thread alone. Where it is refused, it is only slower.
    if let Err(error) = setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "a thread keeps its priority");
    }
}
