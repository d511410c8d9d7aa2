//! Programs are told of links, in a way they can trust, until they have it.

mod attempts;
mod fairness;
mod refused;
mod secrets;
mod told;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use control_plane::auth::Scope;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, App, eventually};
use crate::name_server::{Data, NameServer};
use crate::webhook_receiver::{Received, Receiver};

const WEBHOOKS: &str = "/api/v1/webhooks";
const SECOND: i64 = 1_000_000;

struct Installation {
    app: App,
    names: NameServer,
    receiver: Receiver,
    admin: String,
}

impl Installation {
    async fn start() -> Self {
        let allowed = ("LINKPULSE_OUTBOUND_NETWORKS", "127.0.0.0/8".to_owned());
        Self::start_with(&[allowed]).await
    }

    async fn start_with(settings: &[(&'static str, String)]) -> Self {
        let names = NameServer::start().await;
        names.put(
            "hooks.example.com",
            vec![Data::Address([127, 0, 0, 1].into())],
        );
        let mut settings = settings.to_vec();
        settings.push(names.setting());
        let app = App::start_with(&settings).await;
        Self {
            admin: app.key_with(&[Scope::Admin]).await,
            app,
            names,
            receiver: Receiver::start().await,
        }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.app.call_with(&self.admin, method, path, body).await
    }

    /// A webhook to the receiver.
    async fn webhook(&self, events: &[&str]) -> Value {
        let url = format!("http://hooks.example.com:{}/links", self.receiver.port);
        let body = json!({ "url": url, "events": events });
        let made = self.call(Method::POST, WEBHOOKS, Some(body)).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.body
    }

    async fn messages(&self, webhook: &Value) -> Vec<Value> {
        let path = format!("{WEBHOOKS}/{}/messages", webhook["id"].as_str().unwrap());
        let list = self.call(Method::GET, &path, None).await;
        list.body["data"].as_array().unwrap().clone()
    }

    /// Waits until the newest message is in that state.
    async fn newest(&self, webhook: &Value, state: &str, attempts: i64) -> Value {
        eventually("what became of a message", async || {
            let newest = self.messages(webhook).await.into_iter().next()?;
            let is_it = newest["state"] == state
                && newest["attempts"] == attempts
                && newest["last_attempt_at"].is_string();
            is_it.then_some(newest)
        })
        .await
    }
}

fn signature(secret: &Value, received: &Received) -> String {
    let key = secret.as_str().unwrap().strip_prefix("whsec_").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&STANDARD.decode(key).unwrap()).unwrap();
    let Received {
        id, seconds, body, ..
    } = received;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}
