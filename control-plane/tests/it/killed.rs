//! `kill -9` at each step of making a link.
//!
//! The process waits at the step because the test holds what the step needs, and dies there.

use std::process::{Child, Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{App, INTERNAL_SECRET, answer, eventually};

/// A control plane in a process of its own.
struct Process {
    child: Child,
    url: String,
}

impl Process {
    async fn start(app: &App) -> Self {
        let port = || local_servers::free_port().unwrap();
        let listen = format!("127.0.0.1:{}", port());
        let child = Command::new(env!("CARGO_BIN_EXE_linkpulse-control-plane"))
            .env_clear()
            .env("DATABASE_URL", &app.database_url)
            .env("REDIS_URL", &app.redis_url)
            .env("LINKPULSE_REDIS_KEY_PREFIX", &app.prefix)
            .env("LINKPULSE_INTERNAL_SECRET", INTERNAL_SECRET)
            .env("LINKPULSE_PUBLIC_URL", "https://go.example.org")
            .env("LINKPULSE_CONTROL_PLANE_LISTEN", &listen)
            .env(
                "LINKPULSE_CONTROL_PLANE_ADMIN_LISTEN",
                format!("127.0.0.1:{}", port()),
            )
            .env("LINKPULSE_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self {
            child,
            url: format!("http://{listen}"),
        };
        let health = app
            .client
            .get(format!("{}/api/v1/openapi.json", process.url));
        eventually("the process listens", async || {
            health.try_clone().unwrap().send().await.ok()
        })
        .await;
        process
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn a_create_that_is_killed_at_any_step_and_sent_again_makes_one_link() {
    let app = App::start().await;
    // The same process makes the links for all steps but the one it dies at.
    for (step, (hold, waits_in, was_committed)) in [
        // Nothing is done yet.
        (
            "lock table idempotency_keys in access exclusive mode",
            "select%from idempotency_keys%",
            false,
        ),
        // The name is taken.
        (
            "lock table domains in access exclusive mode",
            "select%from domains%",
            false,
        ),
        (
            "lock table links in share mode",
            "insert into links%",
            false,
        ),
        // The link is inserted.
        (
            "select seq from link_changes_head for update",
            "with head as%update link_changes_head%",
            false,
        ),
        // It has its number.
        (
            "lock table link_changes in share mode",
            "with logged as%insert into link_changes%",
            false,
        ),
        // It is logged.
        (
            "lock table idempotency_keys in share mode",
            "insert into idempotency_keys%",
            false,
        ),
        // It is committed, and the answer waits for the edge.
        (
            "lock table proxies in access exclusive mode",
            "select%from proxies%",
            true,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let mut process = Process::start(&app).await;
        let before = number(&app.pool, "select count(*) from links").await;
        let body = json!({ "original_url": "https://example.com/", "title": step.to_string() });
        let send = |url: &str| {
            let request = app
                .client
                .request(Method::POST, format!("{url}/api/v1/links?wait=2s"));
            let request = request.bearer_auth(&app.key).json(&body);
            request.header("idempotency-key", format!("step {step}"))
        };
        let mut holding = control_plane::db::begin(&app.pool).await.unwrap();
        sqlx::query(hold).execute(&mut *holding).await.unwrap();
        let killed = tokio::spawn(send(&process.url).send());
        eventually(hold, async || {
            // Not the jobs that run beside, which use the same tables.
            let waiting = "select count(*) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
                and trim(query) ilike $1";
            let waiting = sqlx::query_scalar(waiting).bind(waits_in);
            let waiting: i64 = waiting.fetch_one(&app.pool).await.unwrap();
            (waiting > 0).then_some(())
        })
        .await;
        process.kill();
        assert!(killed.await.unwrap().is_err(), "{hold}: nobody answered");
        holding.rollback().await.unwrap();

        let made = eventually("the same request is answered", async || {
            let sent_again = answer(send(&app.url)).await;
            assert!(
                [201, 409, 503].contains(&sent_again.status),
                "{}",
                sent_again.body
            );
            (sent_again.status == 201).then_some(sent_again)
        })
        .await;
        let was_replayed = made.headers.contains_key("idempotent-replayed");
        assert_eq!(was_replayed, was_committed, "{hold}");
        assert_eq!(made.body["title"], Value::from(step.to_string()));
        let links = number(&app.pool, "select count(*) from links").await;
        assert_eq!(links, before + 1, "{hold}");
        let changes = number(&app.pool, "select count(*) from link_changes").await;
        assert_eq!(changes, links, "{hold}");
    }
}
