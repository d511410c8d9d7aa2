//! When a silent connection ends.
//!
//! It waits for two things besides its client: time, and a stop. Both are asked only when they
//! have something to say, which is what a set of futures is for. A timer that is set and cleared
//! for each request, and a look whether a stop has come, cost more than reading the request.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use pingora::server::ShutdownWatch;
use tokio::time::sleep;

/// How often silence is looked at.
const LOOK: Duration = Duration::from_secs(15);

/// A connection ends at the fifth look in a row that finds no request: after 60 to 75 s.
const LOOKS: u32 = 5;

/// Why a wait may end.
enum Event {
    /// It is time to look.
    Look,
    /// We stop.
    Stop,
}

/// What a connection waits for besides its client.
pub(super) struct Silence {
    events: FuturesUnordered<BoxFuture<'static, Event>>,
    /// Looks since the last request.
    looks: u32,
}

impl Silence {
    /// Begins now.
    pub(super) fn new(shutdown: ShutdownWatch) -> Self {
        let events = FuturesUnordered::new();
        let event: BoxFuture<'static, Event> = Box::pin(stop(shutdown));
        events.push(event);
        let mut silence = Self { events, looks: 0 };
        silence.look_later();
        silence
    }

    /// There was a request.
    pub(super) fn broken(&mut self) {
        self.looks = 0;
    }

    /// Waits until the connection should end. May be cancelled.
    pub(super) async fn end(&mut self) {
        while let Some(Event::Look) = self.events.next().await {
            self.looks += 1;
            if self.looks >= LOOKS {
                break;
            }
            self.look_later();
        }
    }

    fn look_later(&mut self) {
        self.events.push(Box::pin(async {
            sleep(LOOK).await;
            Event::Look
        }));
    }
}

async fn stop(mut shutdown: ShutdownWatch) -> Event {
    if shutdown.wait_for(|is_stopping| *is_stopping).await.is_err() {
        // Nobody is left who could ask for a stop.
        std::future::pending::<()>().await;
    }
    Event::Stop
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::watch;
    use tokio::time::{Instant, advance};

    #[tokio::test(start_paused = true)]
    async fn a_minute_without_a_request_is_the_end() {
        let (_keep, shutdown) = watch::channel(false);
        let begin = Instant::now();
        let mut silence = Silence::new(shutdown);
        for _ in 0..3 {
            advance(Duration::from_secs(40)).await;
            tokio::select! {
                biased;
                () = silence.end() => panic!("after 40 s"),
                () = std::future::ready(()) => {}
            }
            silence.broken();
        }
        silence.end().await;
        let silent = begin.elapsed().as_secs() - 120;
        assert!((60..=75).contains(&silent), "{silent}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_the_end_at_once() {
        let (stop, shutdown) = watch::channel(false);
        let mut silence = Silence::new(shutdown);
        let begin = Instant::now();
        stop.send_replace(true);
        silence.end().await;
        assert_eq!(begin.elapsed(), Duration::ZERO);
    }
}
