//! Requests with an `Idempotency-Key`.

use control_plane::auth::Scope;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, eventually, link_path};

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
    let mut hold = control_plane::db::begin(&app.pool).await.unwrap();
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
    assert_eq!(import(None).await, 202);
    // The first may not be done yet.
    assert!([202, 409].contains(&import(Some("file")).await));
}

/// Sends a request twice under one name: the answer, which was the same.
async fn twice(app: &App, key: &str, path: &str, body: Option<Value>) -> Answer {
    let send = async || {
        let request = app.request(Method::POST, path).bearer_auth(key);
        let request = request.header("idempotency-key", path);
        answer(match &body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    };
    let first = send().await;
    assert!(first.status < 300, "{path}: {}", first.body);
    assert!(!first.headers.contains_key("idempotent-replayed"));
    let again = send().await;
    assert_eq!(
        (again.status, &again.body),
        (first.status, &first.body),
        "{path}"
    );
    assert_eq!(again.headers["idempotent-replayed"], "true", "{path}");
    assert_eq!(
        again.headers.get("location"),
        first.headers.get("location"),
        "{path}"
    );
    first
}

/// Numbers in the change log: what was done twice has two.
async fn changes(app: &App) -> i64 {
    let seq = sqlx::query_scalar("select seq from link_changes_head");
    seq.fetch_one(&app.pool).await.unwrap()
}

#[tokio::test]
async fn what_is_done_to_a_link_is_done_once() {
    let app = App::start().await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let link = app.link("once").await;
    let path = link_path(&link["id"]);
    app.patch_link(&link["id"], json!({ "title": "x" })).await;
    app.delete_link(&link["id"]).await;
    let before = changes(&app).await;
    for (number, (verb, body)) in [
        ("restore", None),
        ("roll-back", Some(json!({ "version": 1 }))),
        ("block", None),
        ("unblock", None),
    ]
    .into_iter()
    .enumerate()
    {
        let done = twice(&app, &admin, &format!("{path}/{verb}"), body).await;
        assert_eq!(done.status, 200);
        assert_eq!(changes(&app).await, before + number as i64 + 1, "{verb}");
    }
    // What was refused is not kept.
    let send = async || {
        let again = format!("{path}/restore");
        let request = app.request(Method::POST, &again).bearer_auth(&admin);
        answer(request.header("idempotency-key", "again")).await
    };
    assert_eq!(send().await.status, 409, "it is not in the bin");
    app.delete_link(&link["id"]).await;
    assert_eq!(send().await.status, 200);
}

#[tokio::test]
async fn a_file_that_is_sent_again_is_imported_once() {
    let app = App::start().await;
    let send = async |file: &str| {
        let request = app.request(Method::POST, "/api/v1/imports");
        let request = request
            .bearer_auth(&app.key)
            .header("idempotency-key", "file")
            .header("content-type", "text/csv");
        answer(request.body(file.to_owned())).await
    };
    let file = "url\nhttps://example.com/\n";
    let first = send(file).await;
    let again = send(file).await;
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(again.body, first.body, "as it was then");
    assert_eq!(again.headers["location"], first.headers["location"]);
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let other = send("url\nhttps://example.com/other\n").await;
    assert_eq!(other.body["code"], "idempotency_key_reused");
    let list = app.get("/api/v1/imports").await.body;
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_domain_is_verified_and_a_report_closed_once() {
    let names = crate::name_server::NameServer::start().await;
    let app = App::start_with(&[names.setting()]).await;
    let admin = app.key_with(&[Scope::Admin]).await;
    let body = Some(json!({ "domain": "links.example.com" }));
    let added = twice(&app, &admin, "/api/v1/domains", body).await;
    let verification = &added.body["verification"];
    let record = crate::name_server::Data::Text(verification["value"].as_str().unwrap().into());
    names.put(verification["name"].as_str().unwrap(), vec![record]);
    let before = changes(&app).await;
    let path = "/api/v1/domains/links.example.com/verify";
    let verified = twice(&app, &admin, path, None).await;
    assert_eq!(verified.body["status"], "active");
    assert_eq!(changes(&app).await, before + 1);

    app.link("bad").await;
    let report = app
        .visitor(Method::POST, "/report/bad")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam");
    assert_eq!(report.send().await.unwrap().status(), 200);
    let open = app
        .call_with(&admin, Method::GET, "/api/v1/reports", None)
        .await;
    let id = open.body["data"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/reports/{id}/close");
    let closed = twice(&app, &admin, &path, None).await;
    assert_eq!((closed.status, closed.body), (204, Value::Null));
}

#[tokio::test]
async fn signing_in_takes_no_name_and_every_other_post_of_a_caller_does() {
    let description = serde_json::to_value(control_plane::openapi::description()).unwrap();
    let mut without = Vec::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        let Some(post) = operations.get("post") else {
            continue;
        };
        let parameters = post["parameters"].as_array().into_iter().flatten();
        let mut names = parameters.map(|parameter| &parameter["name"]);
        if !names.any(|name| name == "Idempotency-Key") {
            without.push(path.as_str());
        }
    }
    assert_eq!(without, ["/api/v1/invitations/accept", "/api/v1/session"]);
    let app = App::start().await;
    let body = json!({ "email": EMAIL, "password": PASSWORD });
    let sign_in = async || {
        let request = app.request(Method::POST, "/api/v1/session");
        answer(request.header("idempotency-key", "x").json(&body)).await
    };
    let (first, second) = (sign_in().await, sign_in().await);
    assert_eq!((first.status, second.status), (200, 200));
    assert_ne!(first.headers["set-cookie"], second.headers["set-cookie"]);
}
