use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// Pictures that are drawn, or read, at the same time. The largest takes a core for 100 ms and some tens
/// of megabytes.
const AT_ONCE: usize = 2;

/// Pictures that wait. The last of them waits for two seconds at most; whoever comes then is better told
/// at once.
const WAITING: usize = 32;

/// Draws QR codes and reads logos, a few at a time: anybody may ask for the QR code of a link. Clones
/// share the limit.
#[derive(Clone)]
pub struct Drawings {
    places: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Drawings {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Drawings {
    /// Does this where it keeps no thread from answering others, when its turn comes.
    ///
    /// # Errors
    /// Those of the work; [`Error::TooManyPictures`] when too many wait already.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| Error::TooManyPictures)?;
        let turn = self.turns.clone().acquire_owned().await;
        let turn = turn.map_err(Error::internal)?;
        // The work keeps its place to its end, also if whoever asked has left.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop((turn, place));
            done
        });
        done.await.map_err(Error::internal)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use super::*;

    #[tokio::test]
    async fn whoever_comes_when_too_many_wait_is_told_at_once() {
        let drawings = Drawings::default();
        let (go, wait) = mpsc::channel::<()>();
        let wait = Arc::new(Mutex::new(wait));
        let mut waiting = Vec::new();
        for _ in 0..AT_ONCE + WAITING {
            let (drawings, wait) = (drawings.clone(), wait.clone());
            waiting.push(tokio::spawn(async move {
                let work = move || {
                    wait.lock().unwrap().recv().unwrap();
                    Ok(())
                };
                drawings.run(work).await
            }));
        }
        while drawings.places.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let refused = drawings.run(|| Ok(())).await;
        assert!(matches!(refused, Err(Error::TooManyPictures)));
        for _ in 0..AT_ONCE + WAITING {
            go.send(()).unwrap();
        }
        for done in waiting {
            done.await.unwrap().unwrap();
        }
        assert_eq!(drawings.run(|| Ok(7)).await.unwrap(), 7);
    }
}
