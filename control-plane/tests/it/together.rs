//! Many who make links at the same time: with fewer commits than links, and as if each were alone.

use std::time::Duration;

use control_plane::audit::verify;
use control_plane::auth::Scope;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{App, eventually};

const LINKS: &str = "/api/v1/links";

async fn commits(app: &App) -> i64 {
    let commits = sqlx::query_scalar("select count(distinct xmin::text) from links");
    commits.fetch_one(&app.pool).await.unwrap()
}

#[tokio::test]
async fn links_that_are_asked_for_at_once_share_commits_and_are_as_if_made_alone() {
    let app = App::start().await;
    let key = app.key_with(&[Scope::Write]).await;
    let foreign = app.foreign_key().await;
    app.link("taken").await;
    let asked = (0..120).map(|number| {
        let target = format!("https://example.com/{number}");
        let (key, body) = match number % 6 {
            // All of these want one code, and these one that is taken.
            0 => (&app.key, json!({ "original_url": target, "code": "rush" })),
            1 => (&app.key, json!({ "original_url": target, "code": "taken" })),
            2 => (
                &app.key,
                json!({ "original_url": target, "domain": "not.ours.example" }),
            ),
            // Somebody else, of the same workspace and of another one.
            3 => (
                &key,
                json!({ "original_url": target, "tags": ["t"], "title": target }),
            ),
            4 => (&foreign, json!({ "original_url": target })),
            _ => (
                &app.key,
                json!({ "original_url": target, "notes": target, "max_age": 60 }),
            ),
        };
        let body = Some(body);
        let (app, key) = (&app, key.clone());
        async move { (number, make(app, &key, body).await) }
    });
    // The first of each maker waits, so that the others come meanwhile however slow the machine is.
    let mut holding = control_plane::db::begin(&app.pool).await.unwrap();
    let lock = "lock table audit_log in access exclusive mode";
    sqlx::query(lock).execute(&mut *holding).await.unwrap();
    let letting_go = async {
        eventually("each maker waits", async || {
            let waiting = "select count(*) >= 3 from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'";
            let waiting = sqlx::query_scalar::<_, bool>(waiting);
            waiting.fetch_one(&app.pool).await.unwrap().then_some(())
        })
        .await;
        tokio::time::sleep(Duration::from_millis(500)).await;
        holding.rollback().await.unwrap();
    };
    let (answers, ()) = tokio::join!(join_all(asked), letting_go);
    let mut made = Vec::new();
    for (number, (status, body)) in answers {
        let expected = match number % 6 {
            0 if status == 201 => 201,
            0 | 1 => 409,
            2 => 404,
            _ => 201,
        };
        assert_eq!(status, expected, "{number}: {body}");
        match status {
            201 => made.push((number, body)),
            409 => {
                assert_eq!(body["code"], "code_taken", "{body}");
                let wanted = ["rush", "taken"][number % 6];
                let suggested = body["suggestion"].as_str().unwrap();
                assert!(suggested.starts_with(wanted), "{suggested}");
            }
            _ => assert_eq!(body["code"], "not_found", "{body}"),
        }
    }
    assert_eq!(made.iter().filter(|(number, _)| number % 6 == 0).count(), 1);
    assert_eq!(made.len(), 61);

    // What each was told is what is there, in an order without gaps.
    for (number, link) in &made {
        assert_eq!(
            link["original_url"],
            format!("https://example.com/{number}")
        );
        let key = if number % 6 == 4 { &foreign } else { &app.key };
        let path = format!("{LINKS}/{}", link["id"].as_str().unwrap());
        let there = app.call_with(key, Method::GET, &path, None).await.body;
        for field in [
            "code",
            "title",
            "notes",
            "tags",
            "max_age",
            "revision",
            "created_by",
        ] {
            assert_eq!(there[field], link[field], "{field}");
        }
    }
    let mut revisions: Vec<_> = made
        .iter()
        .map(|(_, link)| link["revision"].as_i64())
        .collect();
    revisions.sort_unstable();
    assert_eq!(revisions, (2..=62).map(Some).collect::<Vec<_>>());
    let logs = verify(&app.pool).await.unwrap();
    assert!(logs.iter().all(|log| log.finding.is_none()), "{logs:?}");
    assert!(commits(&app).await < 50, "{}", commits(&app).await);

    // The lines are empty: the next one is not behind anybody.
    let next = app.create_link(json!({ "original_url": "https://example.com/" }));
    assert_eq!(next.await.status, 201);
}

async fn make(app: &App, key: &str, body: Option<Value>) -> (u16, Value) {
    let answer = app.call_with(key, Method::POST, LINKS, body).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn a_database_that_refuses_is_told_to_all_who_wait_and_keeps_nobody_waiting_afterwards() {
    let app = App::start().await;
    let mut holding = control_plane::db::begin(&app.pool).await.unwrap();
    let lock = "lock table audit_log in access exclusive mode";
    sqlx::query(lock).execute(&mut *holding).await.unwrap();
    let make = |number: usize| {
        let body = json!({ "original_url": format!("https://example.com/{number}") });
        let app = &app;
        async move { app.create_link(body).await }
    };
    let waiting = join_all((0..20).map(make));
    // The first, and then those who have come meanwhile, lose their connection.
    let breaking = async {
        loop {
            let end = "select pg_terminate_backend(pid) from pg_stat_activity
                where datname = current_database() and wait_event_type = 'Lock'
                and query like '%insert into audit_log%'";
            sqlx::query(end).execute(&app.pool).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let answers = tokio::select! {
        answers = waiting => answers,
        () = breaking => unreachable!(),
    };
    for answer in &answers {
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    holding.rollback().await.unwrap();
    let links: i64 = sqlx::query_scalar("select count(*) from links")
        .fetch_one(&app.pool)
        .await
        .unwrap();
    assert_eq!(links, 0);
    assert_eq!(make(20).await.status, 201);
}
