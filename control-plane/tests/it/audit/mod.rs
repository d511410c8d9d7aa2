//! The audit log, and who may read it.

mod chain;
mod recorded;
mod recorded_elsewhere;

use control_plane::audit::{Finding, verify};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer};

/// Signed in to the console.
async fn owner(app: &App, path: &str) -> Answer {
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let (cookie, _) = cookie.split_once(';').unwrap();
    answer(app.request(Method::GET, path).header("cookie", cookie)).await
}

async fn first_finding(app: &App) -> Option<Finding> {
    let logs = verify(&app.pool).await.unwrap();
    assert_eq!(logs.len(), 1);
    logs[0].finding
}

async fn execute(app: &App, sql: &'static str) {
    sqlx::raw_sql(sql).execute(&app.pool).await.unwrap();
}

#[tokio::test]
async fn owners_read_what_was_done_and_by_whom() {
    let app = App::start().await;
    let link = app.link("audited").await;
    app.patch_link(&link["id"], json!({ "title": "A" })).await;
    let other = app.link("other").await;
    app.delete_link(&link["id"]).await;

    let log = owner(&app, "/api/v1/audit-log").await.body;
    let entries = log["data"].as_array().unwrap();
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!([
                entry["number"],
                entry["action"],
                entry["subject"],
                entry["actor"]
            ])
        })
        .collect();
    let key = &link["created_by"];
    assert_eq!(
        json!(told),
        json!([
            [7, "link.deleted", link["id"], key],
            [6, "link.created", other["id"], key],
            [5, "link.updated", link["id"], key],
            [4, "link.created", link["id"], key],
            [3, "key.created", key, "cli"],
            [2, "member.joined", told[5][2], "cli"],
            [1, "workspace.created", told[6][2], "cli"],
        ])
    );
    assert_eq!(entries[2]["state"]["title"], "A");
    assert_eq!(entries[0]["hash"].as_str().unwrap().len(), 64);

    for (query, expected) in [
        (
            format!("subject={}", other["id"].as_str().unwrap()),
            vec![6],
        ),
        ("action=link.created".to_owned(), vec![6, 4]),
        (
            format!("actor={}&limit=2", key.as_str().unwrap()),
            vec![7, 6],
        ),
        ("actor=usr_1".to_owned(), vec![]),
    ] {
        let page = owner(&app, &format!("/api/v1/audit-log?{query}"))
            .await
            .body;
        let numbers = page["data"].as_array().unwrap().iter();
        let numbers: Vec<_> = numbers
            .map(|entry| entry["number"].as_i64().unwrap())
            .collect();
        assert_eq!(numbers, expected, "{query}");
    }
    let page = owner(&app, "/api/v1/audit-log?limit=6").await.body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner(&app, &format!("/api/v1/audit-log?limit=6&cursor={cursor}"))
        .await
        .body;
    assert_eq!(
        (&rest["data"][0]["number"], &rest["next_cursor"]),
        (&json!(1), &json!(null))
    );
    assert_eq!(owner(&app, "/api/v1/audit-log?actor=%00").await.status, 422);
    assert_eq!(
        app.get("/api/v1/audit-log").await.status,
        403,
        "a key is no administrator"
    );
}
