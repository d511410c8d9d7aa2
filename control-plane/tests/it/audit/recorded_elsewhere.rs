//! What is done to no link, and on the command line.

use control_plane::accounts;
use control_plane::auth::id::{ApiKeyId, WorkspaceId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, EMAIL, NOW, PASSWORD, answer, eventually};

#[tokio::test]
async fn what_is_done_to_no_link_and_on_the_command_line_is_in_the_log() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let ada = app.console(&cookie, Method::GET, "/api/v1/session", None);
    let ada = ada.await.body;
    let (user, workspace) = (text(&ada["user"]["id"]), text(&ada["workspace"]["id"]));
    let send = async |method: Method, path: &str, kind: &str, body: Vec<u8>| {
        let request = app.request(method, path).header("cookie", &cookie);
        let request = request
            .header("x-requested-with", "linkpulse")
            .header("content-type", kind);
        let answer = answer(request.body(body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.body);
        answer.body
    };

    let name = br#"{"name":"Second"}"#.to_vec();
    let second = send(Method::POST, "/api/v1/workspaces", "application/json", name).await;
    let logo = crate::qr::square([7, 7, 7, 255], 8);
    send(Method::PUT, "/api/v1/qr-logo", "image/png", logo).await;
    let none = Vec::new();
    send(Method::DELETE, "/api/v1/qr-logo", "image/png", none.clone()).await;
    let whole = app.console(&cookie, Method::GET, "/api/v1/workspace/export", None);
    let whole = text(&whole.await.body).into_bytes();
    let path = "/api/v1/workspace/restore?dry_run=true";
    let restored = send(Method::POST, path, "application/jsonl", whole).await;
    // A workspace has one at a time.
    let there = format!("/api/v1/imports/{}", text(&restored["id"]));
    eventually("the restore has ended", async || {
        let import = app.console(&cookie, Method::GET, &there, None).await;
        (import.body["finished"] == true).then_some(())
    })
    .await;
    let file = b"url\nhttps://example.com/\n".to_vec();
    let path = "/api/v1/imports?dry_run=true";
    let imported = send(Method::POST, path, "text/csv", file).await;
    let new = "another good password";
    let body = json!({ "old_password": PASSWORD, "new_password": new });
    let body = body.to_string().into_bytes();
    let path = "/api/v1/session/password";
    send(Method::PUT, path, "application/json", body).await;
    app.link("bad").await;
    let report = app
        .visitor(Method::POST, "/report/bad")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam&detail=a-visitors-words");
    assert_eq!(report.send().await.unwrap().status(), 200);
    let open = app.console(&cookie, Method::GET, "/api/v1/reports", None);
    let report = text(&open.await.body["data"][0]["id"]);
    let path = format!("/api/v1/reports/{report}/close");
    send(Method::POST, &path, "application/json", none).await;
    let (now, mut random) = (NOW.to_datetime().unwrap(), rand::rng());
    let scopes = &accounts::USUAL_SCOPES;
    let key = accounts::create_key(&app.pool, "short-lived", scopes, &mut random, now);
    let key = key.await.unwrap();
    assert!(accounts::revoke_key(&app.pool, key.id, now).await.unwrap());
    assert!(!accounts::revoke_key(&app.pool, key.id, now).await.unwrap());
    let key_id = ApiKeyId(key.id).to_string();

    let log = app.console(&cookie, Method::GET, "/api/v1/audit-log", None);
    let log = log.await.body;
    let mut entries = log["data"].as_array().unwrap().clone();
    entries.reverse();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            let part = |name: &str| text(&entry[name]);
            (part("action"), part("subject"), part("actor"))
        })
        .filter(|(action, ..)| action != "link.created")
        .collect();
    let first_key = text(&entries[2]["subject"]);
    let expected = [
        ("workspace.created", &workspace, "cli"),
        ("member.joined", &user, "cli"),
        ("key.created", &first_key, "cli"),
        ("qr_logo.set", &workspace, &user),
        ("qr_logo.removed", &workspace, &user),
        ("restore.begun", &text(&restored["id"]), &user),
        ("import.begun", &text(&imported["id"]), &user),
        ("user.password_changed", &user, &user),
        ("report.closed", &report, &user),
        ("key.created", &key_id, "cli"),
        ("key.revoked", &key_id, "cli"),
    ];
    let expected = expected
        .map(|(action, subject, actor)| (action.to_owned(), subject.to_owned(), actor.to_owned()));
    assert_eq!(told, expected);

    // The new workspace has a log of its own, and her password opens that one, too.
    let id: WorkspaceId = text(&second["id"]).parse().unwrap();
    let actions = "select action from audit_log where workspace_id = $1 order by number";
    let actions: Vec<String> = sqlx::query_scalar(actions)
        .bind(id.0)
        .fetch_all(&app.pool)
        .await
        .unwrap();
    assert_eq!(actions, ["workspace.created", "user.password_changed"]);
    let stored = "select string_agg(e::text, '') from audit_log e";
    let stored: String = sqlx::query_scalar(stored)
        .fetch_one(&app.pool)
        .await
        .unwrap();
    let secrets = [
        PASSWORD,
        new,
        key.key.expose(),
        "argon2",
        "a-visitors-words",
    ];
    for secret in secrets {
        assert!(!stored.contains(secret), "{secret}");
    }
}
