//! A program that is told of links: it keeps what it gets, and answers as a test tells it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::harness::eventually;

/// A message that arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub id: String,
    pub seconds: i64,
    pub signature: String,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }
}

#[derive(Clone, Default)]
pub struct Receiver {
    pub port: u16,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            port: listener.local_addr().unwrap().port(),
            ..Self::default()
        };
        let router = Router::new().fallback(take).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    /// What it answers next; 204 after that.
    pub fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// Waits until so many messages have arrived.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        eventually("messages arrive", async || {
            let received = self.received();
            (received.len() >= count).then_some(received)
        })
        .await
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> Response {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    receiver.received.lock().unwrap().push(Received {
        id: text("webhook-id"),
        seconds: text("webhook-timestamp").parse().unwrap(),
        signature: text("webhook-signature"),
        body,
    });
    let status = receiver.answers.lock().unwrap().pop_front();
    // Long enough that nobody waits for it.
    if status == Some(0) {
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let status = StatusCode::from_u16(status.unwrap_or(204)).unwrap();
    (status, [(header::LOCATION, "http://169.254.169.254/")]).into_response()
}
