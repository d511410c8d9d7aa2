//! Threads that hash passwords, and nothing else.
//!
//! A hash is made to be slow. Threads of their own let everything else go first, which threads of
//! the runtime cannot do: a thread that has lowered its priority may not raise it again.

use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::Block;
use rustix::process::setpriority_process;
use rustix::thread::gettid;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::error::{Error, Result};

/// Hashes computed at once, if there are twice as many cores: half of them are for everything else,
/// whatever comes. Each takes a core for some 20 ms, and 19 MiB.
const THREADS: usize = 2;

/// Passwords that wait. The last of them waits for a third of a second with two threads, and a second
/// with one where everything else is busy, too; whoever comes then is better told at once.
const WAITING: usize = 32;

/// The nicest: everybody else goes first.
const NICENESS: i32 = 19;

/// What a thread computes in. It keeps it: to get 19 MiB from the system, page by page, and to give
/// them back takes locks on the memory of the whole process, and a thread that everybody else goes
/// before would be interrupted while it has them.
pub(super) type Memory = Vec<Block>;

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// The threads. They end with the last clone.
#[derive(Clone)]
pub(super) struct HashingThreads {
    queue: Sender<Work>,
    places: Arc<Semaphore>,
}

/// A place in the queue. It is free again when the work is done, or when this is dropped.
pub(super) struct Place {
    queue: Sender<Work>,
    permit: OwnedSemaphorePermit,
}

impl Default for HashingThreads {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self::new(THREADS.min(cores.div_ceil(2)))
    }
}

impl HashingThreads {
    /// So many of them.
    pub(super) fn new(threads: usize) -> Self {
        let (queue, work) = channel();
        let work = Arc::new(Mutex::new(work));
        for _ in 0..threads {
            let work = work.clone();
            let thread = thread::Builder::new().name("hashing".into());
            // Without any of them, the queue has no end, and asking fails.
            if let Err(error) = thread.spawn(move || work_through(&work)) {
                tracing::error!(%error, "a thread for passwords cannot be started");
            }
        }
        let places = Arc::new(Semaphore::new(THREADS + WAITING));
        Self { queue, places }
    }

    /// Takes a place.
    ///
    /// # Errors
    /// [`Error::TooManyPasswords`] when too many wait already.
    pub(super) fn place(&self) -> Result<Place> {
        let permit = self.places.clone().try_acquire_owned();
        Ok(Place {
            permit: permit.map_err(|_| Error::TooManyPasswords)?,
            queue: self.queue.clone(),
        })
    }
}

impl Place {
    /// Does this when its turn comes.
    ///
    /// # Errors
    /// Those of the work; [`Error::Internal`] when it panicked.
    pub(super) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce(&mut Memory) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Self { queue, permit } = self;
        let (tell, told) = oneshot::channel();
        let work = Box::new(move |memory: &mut Memory| {
            // Whoever asked has left: a hash less.
            if !tell.is_closed() {
                let done = work(memory);
                drop(permit);
                let _ = tell.send(done);
            }
        });
        let stopped = |_| Error::internal("password hashing has stopped");
        queue.send(work).map_err(stopped)?;
        told.await.map_err(Error::internal)?
    }
}

fn work_through(queue: &Mutex<Receiver<Work>>) {
    // Where that is not allowed, hashing takes its share like everybody.
    let _ = setpriority_process(Some(gettid()), NICENESS);
    let mut memory = Memory::new();
    loop {
        // The lock is held while waiting, so the others wait for the lock instead.
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(work) = next else {
            return;
        };
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(&mut memory)));
        if caught.is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_the_queue_is_full_is_told_at_once() {
        let threads = HashingThreads::default();
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let mut waiting = Vec::new();
        for _ in 0..THREADS + WAITING {
            let (place, wait) = (threads.place().unwrap(), wait.clone());
            let work = move |_: &mut Memory| {
                wait.lock().unwrap().recv().unwrap();
                Ok(())
            };
            waiting.push(tokio::spawn(place.run(work)));
        }
        let refused = threads.place().err();
        assert!(matches!(refused, Some(Error::TooManyPasswords)));
        for _ in 0..THREADS + WAITING {
            go.send(()).unwrap();
        }
        for done in waiting {
            done.await.unwrap().unwrap();
        }
        let place = threads.place().unwrap();
        assert_eq!(place.run(|_| Ok(7)).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn a_panic_ends_one_answer_and_no_thread() {
        let threads = HashingThreads::default();
        for _ in 0..2 * THREADS {
            let failed = threads
                .place()
                .unwrap()
                .run::<()>(|_| panic!("a test's"))
                .await;
            assert!(matches!(failed, Err(Error::Internal(_))));
        }
        let place = threads.place().unwrap();
        assert_eq!(place.run(|_| Ok(7)).await.unwrap(), 7);
    }
}
