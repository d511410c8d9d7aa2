//! The subscription: the fast way.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ledger::{Ledger, SILENCE};
use super::trouble::Trouble;
use crate::redis_source::{FeedEvent, Subscription};

/// How often silence is looked for.
const LOOK: Duration = Duration::from_millis(250);

/// Listens until `stopping`. Failures of Redis are waited out.
pub(super) async fn listen(
    ledger: Arc<Ledger>,
    mut subscription: Subscription,
    stopping: impl Future<Output = ()>,
) -> Result<(), std::convert::Infallible> {
    let mut stopping = pin!(stopping);
    let mut trouble = Trouble::with(
        "cannot subscribe to the change feed",
        ledger.readiness.clone(),
    );
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // When a message came, or silence was last acted upon.
    let mut last_sign = Instant::now();
    loop {
        let is_new = tokio::select! {
            () = &mut stopping => break,
            event = subscription.next() => match event {
                FeedEvent::Connected => true,
                FeedEvent::Missed => {
                    ledger.on_loss();
                    false
                }
                FeedEvent::Message(run_id, message) => {
                    last_sign = Instant::now();
                    ledger.on_message(&run_id, message);
                    false
                }
            },
            _ = look.tick() => false,
        };
        // A subscription that died without a word looks like a relay that is silent. Both are
        // asked to speak up.
        if is_new || last_sign.elapsed() >= SILENCE {
            last_sign = Instant::now();
            match subscription.subscribe().await {
                Ok(()) => {
                    trouble.is_over();
                    // What was said before is in the log.
                    ledger.on_loss();
                }
                Err(error) => {
                    trouble.report(&error);
                    subscription.renew();
                }
            }
        }
    }
    subscription.close();
    Ok(())
}
