//! The audit log, and who may read it.

use control_plane::audit::{Finding, verify};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, link_path};

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
            [4, "link.deleted", link["id"], key],
            [3, "link.created", other["id"], key],
            [2, "link.updated", link["id"], key],
            [1, "link.created", link["id"], key],
        ])
    );
    assert_eq!(entries[2]["state"]["title"], "A");
    assert_eq!(entries[0]["hash"].as_str().unwrap().len(), 64);

    for (query, expected) in [
        (
            format!("subject={}", other["id"].as_str().unwrap()),
            vec![3],
        ),
        ("action=link.created".to_owned(), vec![3, 1]),
        (
            format!("actor={}&limit=2", key.as_str().unwrap()),
            vec![4, 3],
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
    let page = owner(&app, "/api/v1/audit-log?limit=3").await.body;
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = owner(&app, &format!("/api/v1/audit-log?limit=3&cursor={cursor}"))
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

#[tokio::test]
async fn a_setting_of_a_domain_is_in_the_log() {
    let app = App::start().await;
    let signed_in = app.sign_in(EMAIL, PASSWORD).await;
    let cookie = signed_in.headers["set-cookie"].to_str().unwrap();
    let request = app
        .request(Method::PATCH, "/api/v1/domains/go.example.org")
        .header("cookie", cookie.split_once(';').unwrap().0)
        .header("x-requested-with", "linkpulse")
        .json(&json!({ "root_url": "https://example.com/" }));
    assert_eq!(answer(request).await.status, 200);
    let log = owner(&app, "/api/v1/audit-log").await.body;
    let entry = &log["data"][0];
    assert_eq!(
        (
            &entry["action"],
            &entry["subject"],
            &entry["state"]["root_url"]
        ),
        (
            &json!("domain.updated"),
            &json!("go.example.org"),
            &json!("https://example.com/")
        )
    );
    assert_eq!(entry["actor"], signed_in.body["user"]["id"]);
}

#[tokio::test]
async fn what_is_altered_removed_or_added_by_hand_is_named() {
    for (sql, finding) in [
        (
            "update audit_log set actor = 'usr_x' where number = 2",
            Finding::Altered(2),
        ),
        (
            "update audit_log set state = replace(state, 'A', 'B') where number = 2",
            Finding::Altered(2),
        ),
        (
            "update audit_log set at = at + interval '1 us' where number = 3",
            Finding::Altered(3),
        ),
        (
            "update audit_log set hash = sha256(hash) where number = 1",
            Finding::Altered(1),
        ),
        (
            "delete from audit_log where number = 1",
            Finding::Missing(1),
        ),
        (
            "delete from audit_log where number = 2",
            Finding::Missing(2),
        ),
        (
            "delete from audit_log where number = 4",
            Finding::WrongEnd {
                found: 3,
                expected: 4,
            },
        ),
        (
            "insert into audit_log select workspace_id, 5, at, actor, action, subject, state, hash
             from audit_log where number = 4",
            Finding::Altered(5),
        ),
        (
            "update audit_heads set hash = sha256(hash)",
            Finding::AlteredHead,
        ),
        (
            "delete from audit_heads",
            Finding::WrongEnd {
                found: 4,
                expected: 0,
            },
        ),
    ] {
        let app = App::start().await;
        let link = app.link("chained").await;
        app.patch_link(&link["id"], json!({ "title": "A" })).await;
        let bulk = json!({ "links": [
            { "original_url": "https://example.com/" }, { "original_url": "https://example.com/" },
        ] });
        app.call(Method::POST, "/api/v1/links/bulk", Some(bulk))
            .await;
        assert_eq!(first_finding(&app).await, None);
        execute(&app, sql).await;
        assert_eq!(first_finding(&app).await, Some(finding), "{sql}");
    }
}

#[tokio::test]
async fn many_writers_make_one_chain() {
    let app = App::start().await;
    let link = app.link("busy").await;
    let path = link_path(&link["id"]);
    let edits = (0..30).map(|number| {
        let body = json!({ "title": format!("{number}") });
        app.call(Method::PATCH, &path, Some(body))
    });
    let answers = futures_util::future::join_all(edits).await;
    assert!(answers.iter().all(|answer| answer.status == 200));
    let logs = verify(&app.pool).await.unwrap();
    assert_eq!((logs[0].entries, logs[0].finding), (31, None));
}
