//! Passwords are slow to look at, and nobody else waits for them. Told by the order of answers: no clock
//! is looked at.

use std::pin::pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use reqwest::Method;
use serde_json::json;

use crate::harness::{App, answer};

/// More than the 34 that are let wait, so that it is seen when all of those do.
const AT_ONCE: u32 = 40;

/// Everybody from another address and as somebody else, so that none is refused for the others.
async fn sign_in(app: &App, number: u32) -> u16 {
    let body = json!({ "email": format!("nobody-{number}@example.com"), "password": "wrong" });
    let client = format!("10.0.{}.{}", number / 250, number % 250);
    let request = app.request(Method::POST, "/api/v1/session").json(&body);
    answer(request.header("x-forwarded-for", client))
        .await
        .status
}

#[tokio::test]
async fn a_read_is_answered_before_those_who_sign_in() {
    let app = App::start().await;
    let mut numbers = 0..;
    let mut sign_in = || sign_in(&app, numbers.next().unwrap());
    let mut waiting: FuturesUnordered<_> = (0..AT_ONCE).map(|_| sign_in()).collect();
    // Somebody is turned away when there is no place left: each of them has somebody who waits.
    while waiting.next().await != Some(503) {
        waiting.push(sign_in());
    }
    let waited = waiting.len();
    let mut read = pin!(app.get("/api/v1/links"));
    let mut answered = Vec::new();
    let read = loop {
        tokio::select! {
            biased;
            read = &mut read => break read,
            Some(status) = waiting.next() => answered.push(status),
        }
    };
    assert_eq!(read.status, 200);
    assert!(2 * waiting.len() > waited, "{answered:?} came before it");
    // They have waited for their own answers.
    answered.extend(waiting.collect::<Vec<_>>().await);
    assert!(answered.contains(&401), "{answered:?}");
    assert!(answered.iter().all(|status| [401, 503].contains(status)));
}
