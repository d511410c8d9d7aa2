//! Requests that take too long.

use reqwest::Method;
use serde_json::json;

use crate::harness::{App, answer, eventually};

#[tokio::test]
async fn a_change_that_takes_too_long_may_be_done_and_is_done_once_under_its_name() {
    let setting = ("LINKPULSE_REQUEST_TIMEOUT", "1s".to_owned());
    let app = App::start_with(&[setting]).await;
    let mut holding = control_plane::db::begin(&app.pool).await.unwrap();
    sqlx::query("select seq from link_changes_head for update")
        .execute(&mut *holding)
        .await
        .unwrap();
    let make = async || {
        let body = json!({ "original_url": "https://example.com/", "code": "slow" });
        let request = app.request(Method::POST, "/api/v1/links");
        let request = request.bearer_auth(&app.key).json(&body);
        answer(request.header("idempotency-key", "slow")).await
    };
    let unknown = make().await;
    assert_eq!(
        (unknown.status, &unknown.body["code"]),
        (504, &json!("outcome_unknown"))
    );
    assert!(
        unknown.body["detail"]
            .as_str()
            .unwrap()
            .contains("Idempotency-Key")
    );
    eventually("it is said to be running", async || {
        (make().await.body["code"] == "still_running").then_some(())
    })
    .await;
    holding.rollback().await.unwrap();
    let again = eventually("it is done", async || {
        let again = make().await;
        (again.status == 201).then_some(again)
    })
    .await;
    assert_eq!(again.headers["idempotent-replayed"], "true");
    let links: i64 = sqlx::query_scalar("select count(*) from links")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(links, 1);
}

#[tokio::test]
async fn a_question_that_takes_too_long_may_be_asked_again() {
    let setting = ("LINKPULSE_REQUEST_TIMEOUT", "1s".to_owned());
    let app = App::start_with(&[setting]).await;
    let mut holding = control_plane::db::begin(&app.pool).await.unwrap();
    sqlx::query("lock table links in access exclusive mode")
        .execute(&mut *holding)
        .await
        .unwrap();
    let late = app.get("/api/v1/links").await;
    assert_eq!(
        (late.status, &late.body["code"]),
        (503, &json!("timed_out"))
    );
    assert_eq!(late.headers["retry-after"], "1");
    holding.rollback().await.unwrap();
    assert_eq!(app.get("/api/v1/links").await.status, 200);
}
