//! Start and stop. Soft: finish what was accepted. Hard: after the grace period, drop the rest.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The tasks of a service and their common end.
///
/// A task that ends by itself, with an error or a panic, stops all others: a service that works
/// in part looks healthy and is not.
#[derive(Clone, Default)]
pub struct Lifecycle {
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Why the first failing task failed. Written by the tasks' wrappers, read by `finish`.
    failure: Arc<Mutex<Option<Failure>>>,
}

/// Why a service ended although nobody asked it to, or did not end although asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// A task returned an error, or panicked.
    #[error("{task} failed: {reason}")]
    Task {
        /// Name given to [`Lifecycle::spawn`].
        task: &'static str,
        /// Its error, or "panicked".
        reason: String,
    },
    /// Tasks were still busy when the grace period ended.
    #[error("{busy} tasks were still busy after {grace:?}")]
    GraceExpired {
        /// How many.
        busy: usize,
        /// How long they had.
        grace: Duration,
    },
}

impl Lifecycle {
    /// No tasks, not stopping.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs a task until it returns. It should watch [`stopping`](Self::stopping).
    pub fn spawn<E: std::fmt::Display + Send + 'static>(
        &self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) {
        let guard = Guard {
            lifecycle: self.clone(),
            task: name,
            is_done: false,
        };
        self.tasks.spawn(async move {
            let mut guard = guard;
            let result = task.await;
            guard.is_done = true;
            if let Err(error) = result {
                guard.lifecycle.fail(name, error.to_string());
            }
        });
    }

    /// Asks every task to end soon.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether [`stop`](Self::stop) was called, or a task failed.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Completes when the service should end. Owned, so that servers can keep it.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        self.stop.clone().cancelled_owned()
    }

    /// Waits for `shutdown` or a failure, then gives the tasks `grace` to end.
    pub async fn run_until(
        self,
        shutdown: impl Future<Output = ()>,
        grace: Duration,
    ) -> Result<(), Failure> {
        tokio::select! {
            () = shutdown => tracing::info!("stopping"),
            () = self.stop.cancelled() => {}
        }
        self.stop();
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait())
            .await
            .is_err()
        {
            return Err(Failure::GraceExpired {
                busy: self.tasks.len(),
                grace,
            });
        }
        match self
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn fail(&self, task: &'static str, reason: String) {
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure.get_or_insert(Failure::Task { task, reason });
        self.stop();
    }
}

/// Notices a panic: then the task is dropped without having been marked as done.
struct Guard {
    lifecycle: Lifecycle,
    task: &'static str,
    is_done: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.is_done {
            self.lifecycle.fail(self.task, "panicked".into());
        }
    }
}

/// Completes at SIGTERM or SIGINT.
///
/// # Errors
/// When the process cannot install signal handlers.
pub fn termination() -> std::io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::future::pending;

    /// Far more than anything takes on a busy machine.
    const GRACE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn stops_when_asked_and_lets_tasks_finish() {
        let lifecycle = Lifecycle::new();
        let stopping = lifecycle.stopping();
        lifecycle.spawn("polite", async move {
            stopping.await;
            Ok::<_, Infallible>(())
        });
        lifecycle.run_until(async {}, GRACE).await.unwrap();
    }

    #[tokio::test]
    async fn a_failing_task_ends_the_service() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("doomed", async { Err("no disk") });
        let failure = lifecycle.run_until(pending(), GRACE).await.unwrap_err();
        assert_eq!(failure.to_string(), "doomed failed: no disk");
    }

    #[tokio::test]
    async fn a_panicking_task_ends_the_service() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("doomed", async {
            assert!(std::env::args().count() == usize::MAX, "as planned");
            Ok::<_, Infallible>(())
        });
        let failure = lifecycle.run_until(pending(), GRACE).await.unwrap_err();
        assert_eq!(failure.to_string(), "doomed failed: panicked");
    }

    #[tokio::test]
    async fn a_stubborn_task_does_not_keep_the_process() {
        let lifecycle = Lifecycle::new();
        lifecycle.spawn("stubborn", pending::<Result<(), Infallible>>());
        let grace = Duration::from_millis(200);
        let failure = lifecycle.run_until(async {}, grace).await.unwrap_err();
        assert!(matches!(failure, Failure::GraceExpired { busy: 1, .. }));
    }
}
