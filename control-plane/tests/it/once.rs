//! Requests with an `Idempotency-Key`.

use control_plane::auth::Scope;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, eventually};

const LINKS: &str = "/api/v1/links";

async fn post(app: &App, name: &str, body: &Value) -> Answer {
    let request = app.request(Method::POST, LINKS).bearer_auth(&app.key);
    answer(request.header("idempotency-key", name).json(body)).await
}

async fn links(app: &App) -> i64 {
    let count = sqlx::query_scalar("select count(*) from links");
    count.fetch_one(&app.pool).await.unwrap()
}

fn body() -> Value {
    json!({ "original_url": "https://example.com/" })
}

#[tokio::test]
async fn a_request_that_comes_again_gets_the_same_answer() {
    let app = App::start().await;
    let first = post(&app, "order 1", &body()).await;
    assert_eq!(first.status, 201);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = post(&app, "order 1", &body()).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(links(&app).await, 1);

    let other = post(&app, "order 2", &body()).await;
    assert_ne!(other.body["id"], first.body["id"]);
    let without = app.create_link(body()).await;
    assert_ne!(without.body["id"], first.body["id"]);

    // Another process, a day later.
    app.clock.advance(24 * 3_600 * 1_000_000 - 1);
    let again = post(&app, "order 1", &body()).await;
    assert_eq!(again.body, first.body);
    app.clock.advance(1);
    let anew = post(&app, "order 1", &body()).await;
    assert_ne!(anew.body["id"], first.body["id"]);
    let again = post(&app, "order 1", &body()).await;
    assert_eq!(again.body, anew.body);
}

#[tokio::test]
async fn a_name_is_for_one_request_of_one_workspace() {
    let app = App::start().await;
    let first = post(&app, "order", &body()).await;
    let other = json!({ "original_url": "https://example.com/other" });
    let refused = post(&app, "order", &other).await;
    let code = &refused.body["code"];
    assert_eq!(
        (refused.status, code),
        (422, &json!("idempotency_key_reused"))
    );
    assert_eq!(links(&app).await, 1);

    let foreign = app.foreign_key().await;
    let request = app.request(Method::POST, LINKS).bearer_auth(&foreign);
    let request = request.header("idempotency-key", "order").json(&other);
    let theirs = answer(request).await;
    assert_ne!(theirs.body["id"], first.body["id"]);
}

#[tokio::test]
async fn what_was_refused_may_be_corrected_under_the_same_name() {
    let app = App::start().await;
    assert_eq!(post(&app, "order", &json!({})).await.status, 422);
    let taken = json!({ "original_url": "https://example.com/", "code": "taken" });
    app.link("taken").await;
    assert_eq!(post(&app, "order", &taken).await.status, 409);
    assert_eq!(post(&app, "order", &body()).await.status, 201);
}

#[tokio::test]
async fn names_that_cannot_be_one_are_refused() {
    let app = App::start().await;
    for name in [&b""[..], &[b'x'; 256], b"\t", b"\xff"] {
        let request = app.request(Method::POST, LINKS).bearer_auth(&app.key);
        let refused = answer(request.header("idempotency-key", name).json(&body())).await;
        let code = &refused.body["code"];
        assert_eq!(
            (refused.status, code),
            (400, &json!("invalid_idempotency_key"))
        );
    }
    let request = app.request(Method::POST, LINKS).bearer_auth(&app.key);
    let twice = request.header("idempotency-key", "a");
    let twice = answer(twice.header("idempotency-key", "b").json(&body())).await;
    assert_eq!(twice.status, 400);
    assert_eq!(post(&app, &"x".repeat(255), &body()).await.status, 201);
    assert_eq!(links(&app).await, 1);
}

#[tokio::test]
async fn one_that_is_still_running_is_not_begun_again() {
    let app = App::start().await;
    // Whoever wants the next number of the change log waits.
    let mut hold = app.pool.begin().await.unwrap();
    sqlx::query("select seq from link_changes_head for update")
        .execute(&mut *hold)
        .await
        .unwrap();
    let waiting = "select exists (select from pg_locks where not granted)";
    let request = body();
    let (first, ()) = tokio::join!(post(&app, "order", &request), async {
        eventually("the first waits", async || {
            let waits: bool = sqlx::query_scalar(waiting)
                .fetch_one(&app.pool)
                .await
                .unwrap();
            waits.then_some(())
        })
        .await;
        let refused = post(&app, "order", &body()).await;
        assert_eq!(
            (refused.status, &refused.body["code"]),
            (409, &json!("still_running"))
        );
        assert_eq!(refused.headers["retry-after"], "1");
        hold.rollback().await.unwrap();
    });
    assert_eq!(first.status, 201);
    assert_eq!(links(&app).await, 1);
}

#[tokio::test]
async fn a_crowd_with_one_name_makes_one_link() {
    let app = App::start().await;
    let request = body();
    let answers = join_all((0..6).map(|_| post(&app, "crowd", &request))).await;
    let made = answers.iter().filter(|answer| answer.status == 201);
    let ids: Vec<_> = made.map(|answer| &answer.body["id"]).collect();
    let is_one = !ids.is_empty() && ids.iter().all(|id| *id == ids[0]);
    assert!(is_one, "{answers:?}");
    assert!(
        answers
            .iter()
            .all(|answer| [201, 409].contains(&answer.status))
    );
    assert_eq!(links(&app).await, 1);
}

#[tokio::test]
async fn many_links_at_once_are_made_once_too() {
    let app = App::start().await;
    let send = async || {
        let path = format!("{LINKS}/bulk");
        let request = app.request(Method::POST, &path).bearer_auth(&app.key);
        let body = json!({ "links": [body(), body(), {}] });
        answer(request.header("idempotency-key", "bulk").json(&body)).await
    };
    let first = send().await;
    assert_eq!((first.status, &first.body["done"]), (200, &json!(2)));
    let again = send().await;
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    assert_eq!(links(&app).await, 2);
}

#[tokio::test]
async fn a_key_is_made_once_and_its_text_is_not_kept() {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let make = async |path: &str, body: Value| {
        let request = app.request(Method::POST, path).bearer_auth(&admin);
        answer(request.header("idempotency-key", path).json(&body)).await
    };
    let created = make("/api/v1/keys", json!({ "name": "x", "scopes": ["read"] })).await;
    let rotate = format!(
        "/api/v1/keys/{}/rotate",
        created.body["id"].as_str().unwrap()
    );
    let rotated = make(&rotate, json!({})).await;
    for (path, body, first) in [
        (
            "/api/v1/keys",
            json!({ "name": "x", "scopes": ["read"] }),
            created,
        ),
        (&rotate, json!({}), rotated),
    ] {
        assert_eq!(first.status, 201);
        let again = make(path, body).await;
        assert_eq!((again.status, &again.body["secret"]), (201, &Value::Null));
        assert_eq!(again.body["id"], first.body["id"]);
    }
    let kept: Vec<String> = sqlx::query_scalar("select body from idempotency_keys")
        .fetch_all(&app.pool)
        .await
        .unwrap();
    assert_eq!(kept.len(), 2);
    assert!(
        kept.iter().all(|body| body.contains("\"secret\":null")),
        "{kept:?}"
    );
}

#[tokio::test]
async fn who_has_no_workspace_yet_has_no_names_to_give() {
    let app = App::start().await;
    let request = app.request(Method::POST, "/api/v1/session");
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let request = request.header("idempotency-key", "").json(&body);
    assert_eq!(answer(request).await.status, 200);
}

#[tokio::test]
async fn a_file_may_be_as_long_with_a_name_as_without() {
    let app = App::start().await;
    let file = format!("original_url,other\n,{}\n", "x".repeat(17 * 1024 * 1024));
    let import = async |name: Option<&str>| {
        let request = app.request(Method::POST, "/api/v1/imports");
        let mut request = request.bearer_auth(&app.key);
        if let Some(name) = name {
            request = request.header("idempotency-key", name);
        }
        let request = request.header("content-type", "text/csv");
        answer(request.body(file.clone())).await.status
    };
    let without = import(None).await;
    assert_ne!(without, 413);
    assert_eq!(import(Some("file")).await, without);
}
