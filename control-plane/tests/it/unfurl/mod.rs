//! Pages that links lead to are read for their titles, and never in our own network.

mod attempts;
mod networks;
mod read;

use serde_json::{Value, json};

use crate::harness::{App, eventually, link_path};
use crate::name_server::{Data, NameServer};
use crate::page_server::{Page, PageServer};

const MINUTE: i64 = 60_000_000;
/// How long somebody may read a page before others do.
const LEASE: i64 = 20_000_000;

struct Installation {
    app: App,
    names: NameServer,
    pages: PageServer,
}

impl Installation {
    async fn start() -> Self {
        let allowed = ("LINKPULSE_OUTBOUND_NETWORKS", "127.0.0.1/32".to_owned());
        Self::start_with(&[allowed]).await
    }

    async fn start_with(settings: &[(&'static str, String)]) -> Self {
        let names = NameServer::start().await;
        let here = Data::Address([127, 0, 0, 1].into());
        names.put("pages.example.com", vec![here]);
        let mut settings = settings.to_vec();
        settings.push(names.setting());
        settings.push(("LINKPULSE_UNFURL", "true".to_owned()));
        Self {
            app: App::start_with(&settings).await,
            names,
            pages: PageServer::start().await,
        }
    }

    fn url(&self, path: &str) -> String {
        self.url_at("pages.example.com", path)
    }

    fn url_at(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.pages.port)
    }

    /// A link to a page of the site.
    async fn link(&self, path: &str) -> Value {
        self.link_to(&self.url(path)).await
    }

    async fn link_to(&self, url: &str) -> Value {
        let made = self.app.create_link(json!({ "original_url": url })).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["page"], Value::Null);
        made.body
    }

    /// The link, once its page was read.
    async fn read(&self, link: &Value) -> Value {
        let path = link_path(&link["id"]);
        eventually("its page is read", async || {
            let link = self.app.get(&path).await.body;
            link["page"].is_object().then_some(link)
        })
        .await
    }

    /// Waits until there is nothing left to read, and says what came of this link.
    async fn given_up(&self, link: &Value) -> Value {
        eventually("it is given up", async || {
            (self.jobs().await.is_empty()).then_some(())
        })
        .await;
        self.app.get(&link_path(&link["id"])).await.body
    }

    /// Attempts of the jobs that are there.
    async fn jobs(&self) -> Vec<i16> {
        let attempts = "select attempts from page_jobs";
        let jobs = sqlx::query_scalar(attempts).fetch_all(&self.app.pool);
        jobs.await.unwrap()
    }

    /// Waits until the only job was put off after so many attempts, and says for how long.
    async fn put_off(&self, attempts: i16) -> i64 {
        let next = "select (extract(epoch from next_attempt_at) * 1000000)::bigint from page_jobs
                    where attempts = $1";
        eventually("it is put off", async || {
            let next: Option<i64> = sqlx::query_scalar(next)
                .bind(attempts)
                .fetch_optional(&self.app.pool)
                .await
                .unwrap();
            let wait = next? - contract::Clock::now(&*self.app.clock).as_micros();
            // While it is being read, it is lent for less.
            (wait != LEASE).then_some(wait)
        })
        .await
    }
}

fn titled(title: &str) -> Page {
    Page::Html(format!("<!doctype html><title>{title}</title><body>"))
}
