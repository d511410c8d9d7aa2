//! Each entry hashes the one before.

use control_plane::audit::{Finding, verify};
use reqwest::Method;
use serde_json::{Value, json};

use super::{execute, first_finding};
use crate::harness::{App, EMAIL, PASSWORD, answer, link_path};

#[tokio::test]
async fn what_is_altered_removed_or_added_by_hand_is_named() {
    for (sql, finding) in [
        (
            "update audit_log set actor = 'usr_x' where number = 5",
            Finding::Altered(5),
        ),
        (
            "update audit_log set state = replace(state, 'A', 'B') where number = 5",
            Finding::Altered(5),
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
            "delete from audit_log where number = 7",
            Finding::WrongEnd {
                found: 6,
                expected: 7,
            },
        ),
        (
            "insert into audit_log select workspace_id, 8, at, actor, action, subject, state, hash
             from audit_log where number = 7",
            Finding::Altered(8),
        ),
        (
            "update audit_heads set hash = sha256(hash)",
            Finding::AlteredHead,
        ),
        (
            "delete from audit_heads",
            Finding::WrongEnd {
                found: 7,
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
    // Three are of the command line.
    assert_eq!((logs[0].entries, logs[0].finding), (34, None));
}

#[tokio::test]
async fn administrators_and_makers_of_links_do_not_wait_for_each_other_in_a_circle() {
    let app = App::start().await;
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let links: Vec<Value> = (0..200)
        .map(|_| json!({ "original_url": "https://example.com/" }))
        .collect();
    let bulk = json!({ "links": links });
    for round in 0..4 {
        let mut sent: Vec<futures_util::future::BoxFuture<'_, u16>> = Vec::new();
        // As many as there are connections: nobody is to wait for one of those.
        for number in 0..3 {
            let name = format!("bulk {round} {number}");
            let request = app.request(Method::POST, "/api/v1/links/bulk");
            let request = request
                .bearer_auth(&app.key)
                .header("idempotency-key", name);
            let request = request.json(&bulk);
            sent.push(Box::pin(async move { answer(request).await.status }));
            let key = json!({ "name": "x", "scopes": ["read"] });
            let (app, cookie) = (&app, &cookie);
            sent.push(Box::pin(async move {
                let path = "/api/v1/keys";
                let made = app.console(cookie, Method::POST, path, Some(key)).await;
                made.status
            }));
        }
        let statuses = futures_util::future::join_all(sent).await;
        // On a machine that is busy, some wait too long for a connection.
        let is_fine = |status: &u16| matches!(status, 200 | 201 | 503);
        assert!(statuses.iter().all(is_fine), "{statuses:?}");
        assert!(
            statuses.contains(&200) && statuses.contains(&201),
            "{statuses:?}"
        );
    }
    assert_eq!(first_finding(&app).await, None);
}
