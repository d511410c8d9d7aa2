//! Asks the control plane for keys, over and over.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use contract::Clock;
use metrics::{counter, gauge};

use super::VisitorKeys;
use crate::control_plane::ControlPlane;

/// How often keys are asked for. Tomorrow's is told hours before it is needed, so nothing depends
/// on the moment; a key that was lost and made anew is noticed this late.
const INTERVAL: Duration = Duration::from_secs(60);

/// How soon they are asked for again while today's is missing.
const RETRY: Duration = Duration::from_secs(1);

/// Keeps `keys` up to date until the stop. Without the control plane visits are counted without a
/// hash as soon as the keys held do not cover the day.
pub(crate) async fn follow(
    keys: Arc<VisitorKeys>,
    control_plane: ControlPlane,
    clock: Arc<dyn Clock>,
    stopping: impl Future<Output = ()>,
) -> Result<(), Infallible> {
    tokio::pin!(stopping);
    let held = gauge!("linkpulse_visitor_keys");
    let failures = counter!("linkpulse_visitor_key_failures_total");
    let mut is_failing = false;
    loop {
        let told = tokio::select! {
            told = control_plane.visitor_keys() => told,
            () = &mut stopping => return Ok(()),
        };
        let told = match told {
            Ok(told) => {
                is_failing = false;
                told.keys
            }
            Err(error) => {
                failures.increment(1);
                if !is_failing {
                    tracing::warn!(%error, "no visitor keys from the control plane");
                }
                is_failing = true;
                Vec::new()
            }
        };
        let now = clock.now();
        held.set(keys.renew(now, &told) as f64);
        let pause = if keys.has_key_for(now) {
            INTERVAL
        } else {
            RETRY
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = &mut stopping => return Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ControlPlaneConfig;
    use axum::Router;
    use axum::extract::State;
    use axum::http::{HeaderMap, StatusCode};
    use axum::routing::get;
    use contract::{Day, DayKey, DayKeys, FixedClock, Timestamp};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
    const SECRET: &str = "a-shared-secret-of-32-characters";

    fn key_of_today() -> DayKey {
        DayKey {
            day: Day::of(NOW),
            key: [7; 32],
        }
    }

    /// Tells the key from the third time on that it is asked.
    async fn answer(
        State(times): State<Arc<AtomicUsize>>,
        headers: HeaderMap,
    ) -> (StatusCode, String) {
        assert_eq!(headers["authorization"], format!("Bearer {SECRET}"));
        let keys = vec![key_of_today()];
        match times.fetch_add(1, Ordering::SeqCst) {
            0 => (StatusCode::SERVICE_UNAVAILABLE, String::new()),
            // As when its clock is behind.
            1 => (StatusCode::OK, DayKeys { keys: Vec::new() }.encode()),
            _ => (StatusCode::OK, DayKeys { keys }.encode()),
        }
    }

    #[tokio::test]
    async fn keys_are_asked_for_until_there_is_one_for_today() {
        service::install_tls_provider();
        let times = Arc::new(AtomicUsize::new(0));
        let router = Router::new()
            .route("/internal/visitor-keys", get(answer))
            .with_state(times.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let url: reqwest::Url = url.parse().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });

        let control_plane = ControlPlane::new(&ControlPlaneConfig {
            public: url.clone(),
            internal: url,
            secret: SECRET.into(),
        });
        let keys = Arc::new(VisitorKeys::default());
        let stop = CancellationToken::new();
        let following = tokio::spawn(follow(
            keys.clone(),
            control_plane.unwrap(),
            Arc::new(FixedClock::new(NOW)),
            stop.clone().cancelled_owned(),
        ));
        let visitor = || keys.hash(NOW, [203, 0, 113, 1].into(), b"Firefox");
        let wait = async {
            while visitor().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(20), wait).await;
        assert!(told.is_ok(), "no key after {times:?} answers");
        assert_eq!(times.load(Ordering::SeqCst), 3);

        let expected = VisitorKeys::default();
        expected.renew(NOW, &[key_of_today()]);
        let expected = expected.hash(NOW, [203, 0, 113, 1].into(), b"Firefox");
        assert_eq!(visitor(), expected);
        stop.cancel();
        following.await.unwrap().unwrap();
    }
}
