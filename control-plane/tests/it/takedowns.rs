//! Links that whoever runs the installation takes down, and reports of all workspaces.

use control_plane::Error;
use control_plane::operator::{self, Address, Hosts};
use reqwest::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::harness::{Answer, App, EMAIL, NOW, PASSWORD, link_path};

const REASON: &str = "Phishing, reported by the bank on 21 November";

fn now() -> OffsetDateTime {
    NOW.to_datetime().unwrap()
}

fn address(link: &Value) -> Address {
    link["id"].as_str().unwrap().parse().unwrap()
}

async fn take_down(app: &App, link: &Value) {
    operator::take_down(&app.pool, &address(link), Some(REASON), now())
        .await
        .unwrap();
}

async fn put_up(app: &App, address: &Address, listed: &str) -> Result<(), Error> {
    let up = operator::put_up(&app.pool, address, &Hosts::read(listed), now()).await;
    up.map(drop)
}

/// What an owner in the console asks for a link.
async fn owner(app: &App, link: &Value, what: &str) -> Answer {
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let path = format!("{}/{what}", link_path(&link["id"]));
    app.console(&cookie, Method::POST, &path, None).await
}

async fn assert_stays_down(app: &App, link: &Value) {
    let refused = owner(app, link, "unblock").await;
    assert_eq!(
        (
            refused.status,
            &refused.body["code"],
            &refused.body["detail"]
        ),
        (
            409,
            &json!("conflict"),
            &json!(format!(
                "whoever runs this installation took the link down, and only they can put it up \
                 again: {REASON}"
            ))
        )
    );
    let now = app.get(&link_path(&link["id"])).await.body;
    assert_eq!(
        (&now["status"], &now["strict"]),
        (&json!("blocked"), &json!(true))
    );
    let code = link["code"].as_str().unwrap();
    let visited = app.visitor(Method::GET, &format!("/{code}+")).send().await;
    assert_eq!(visited.unwrap().status(), 451);
}

#[tokio::test]
async fn what_the_operator_took_down_stays_down_whatever_its_workspace_does() {
    let app = App::start().await;
    let link = app.link("bad").await;
    let path = link_path(&link["id"]);
    take_down(&app, &link).await;
    assert_stays_down(&app, &link).await;
    let state: String = sqlx::query_scalar(
        "select record::json ->> 'state' from link_changes order by seq desc limit 1",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(state, "blocked", "proxies are told");

    assert_eq!(owner(&app, &link, "block").await.status, 200);
    assert_stays_down(&app, &link).await;
    let edit = json!({ "original_url": "https://good.example.com/", "strict": false });
    assert_eq!(app.patch_link(&link["id"], edit).await.status, 200);
    assert_stays_down(&app, &link).await;
    let select = json!({ "ids": [link["id"]] });
    let edit = json!({ "select": select, "change": { "enabled": true, "strict": false } });
    let edited = app.call(Method::POST, "/api/v1/links/bulk/edit", Some(edit));
    assert_eq!(edited.await.status, 200);
    assert_stays_down(&app, &link).await;
    let roll_back = format!("{path}/roll-back");
    let back = app.call(Method::POST, &roll_back, Some(json!({ "version": 1 })));
    assert_eq!(back.await.status, 200);
    assert_stays_down(&app, &link).await;

    assert_eq!(app.delete_link(&link["id"]).await.status, 204);
    let again = json!({ "original_url": "https://example.com/", "code": "bad" });
    assert_eq!(app.create_link(again).await.body["code"], "code_taken");
    assert_eq!(owner(&app, &link, "restore").await.status, 200);
    assert_stays_down(&app, &link).await;

    put_up(&app, &address(&link), "").await.unwrap();
    assert_eq!(app.get(&path).await.body["status"], "active");
    for what in ["block", "unblock"] {
        assert_eq!(owner(&app, &link, what).await.status, 200, "{what}");
    }
}

#[tokio::test]
async fn the_audit_log_has_what_the_operator_did() {
    let app = App::start().await;
    let link = app.link("bad").await;
    take_down(&app, &link).await;
    put_up(&app, &address(&link), "").await.unwrap();
    let cookie = app.cookie(EMAIL, PASSWORD).await;
    let log = app.console(&cookie, Method::GET, "/api/v1/audit-log", None);
    let log = log.await.body;
    for (entry, action) in [(0, "link.unblocked"), (1, "link.blocked")] {
        let entry = &log["data"][entry];
        assert_eq!(
            (&entry["action"], &entry["actor"], &entry["subject"]),
            (&json!(action), &json!("cli"), &link["id"])
        );
    }
}

#[tokio::test]
async fn a_link_in_the_bin_is_taken_down_too() {
    let app = App::start().await;
    let link = app.link("bad").await;
    app.delete_link(&link["id"]).await;
    let by_name: Address = "go.example.org/bad".parse().unwrap();
    operator::take_down(&app.pool, &by_name, Some(REASON), now())
        .await
        .unwrap();
    let found = operator::find_link(&app.pool, &by_name, now()).await;
    let found = found.unwrap();
    assert_eq!(
        (found.status, found.case.reason.as_deref()),
        ("deleted", Some(REASON))
    );
    assert_eq!(owner(&app, &link, "restore").await.status, 200);
    assert_stays_down(&app, &link).await;
}

#[tokio::test]
async fn the_operator_is_told_what_cannot_be_done() {
    let app = App::start().await;
    let link = address(&app.link("good").await);
    let up = put_up(&app, &link, "").await;
    assert!(matches!(up, Err(Error::Conflict(_))), "{up:?}");
    let unknown: Address = "go.example.org/none".parse().unwrap();
    let absent = operator::take_down(&app.pool, &unknown, None, now()).await;
    assert!(matches!(absent, Err(Error::NotFound("link"))), "{absent:?}");
    for reason in ["", " ", "two\nlines", &"x".repeat(1_001)] {
        let down = operator::take_down(&app.pool, &link, Some(reason), now()).await;
        assert!(matches!(down, Err(Error::Invalid(_))), "{reason:?}");
    }

    // Twice: the newer reason holds.
    for reason in [None, Some(REASON)] {
        let down = operator::take_down(&app.pool, &link, reason, now()).await;
        assert!(down.unwrap().is_blocked);
    }
    let found = operator::find_link(&app.pool, &link, now()).await.unwrap();
    assert_eq!(found.case.reason.as_deref(), Some(REASON));
    let listed = put_up(&app, &link, "example.com").await;
    assert!(matches!(listed, Err(Error::Conflict(_))), "{listed:?}");
    put_up(&app, &link, "other.example").await.unwrap();
}

#[tokio::test]
async fn the_operator_sees_and_closes_reports_of_all_workspaces() {
    let app = App::start().await;
    let first = app.link("first").await;
    let second = app.link("second").await;
    // To another workspace.
    app.foreign_key().await;
    let moved = "update links set workspace_id = (select id from workspaces where name = 'Foreign')
                 where code = 'second'";
    sqlx::query(moved).execute(&app.pool).await.unwrap();
    for code in ["first", "second"] {
        let report = app
            .visitor(Method::POST, &format!("/report/{code}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("reason=phishing&detail=looks+like+my+bank");
        assert_eq!(report.send().await.unwrap().status(), 200);
    }
    take_down(&app, &first).await;
    let open = async || operator::open_reports(&app.pool, None).await.unwrap();
    let page = open().await;
    assert!(page.next.is_none());
    let told: Vec<_> = page
        .reports
        .iter()
        .map(|(_, row)| (row.code.as_str(), row.workspace.as_str(), row.is_blocked))
        .collect();
    assert_eq!(
        told,
        [("second", "Foreign", false), ("first", "Workspace", true)]
    );
    let detail = page.reports[0].1.detail.as_deref();
    assert_eq!(detail, Some("looks like my bank"));
    let found = operator::find_link(&app.pool, &address(&second), now()).await;
    let found = found.unwrap();
    assert_eq!(
        (found.case.open_reports, found.case.workspace.as_str()),
        (1, "Foreign")
    );

    let close = async |id: &str| operator::close_report(&app.pool, id, now()).await.unwrap();
    assert!(close(&page.reports[0].0).await);
    assert!(!close(&page.reports[0].0).await, "closed already");
    assert!(!close("rep_1").await);
    assert_eq!(open().await.reports.len(), 1);
    let closed: (String, String) = sqlx::query_as(
        "select actor, action from audit_log join workspaces on workspaces.id = workspace_id
         where name = 'Foreign' order by number desc limit 1",
    )
    .fetch_one(&app.pool)
    .await
    .unwrap();
    assert_eq!(closed, ("cli".into(), "report.closed".into()));
}
