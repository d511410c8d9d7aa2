//! One of each thing that has an id, and all of a workspace in one text.

use control_plane::auth::id::{MessageId, WebhookId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::App;

/// One of each thing that has an id, in the first workspace: the beginning of its routes' path, and
/// its id.
pub async fn things(app: &App, owner: &str) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let link = app.link("foreign").await;
    let named = json!({ "external_id": "foreign-1" });
    assert_eq!(app.patch_link(&link["id"], named).await.status, 200);
    let key = json!({ "name": "x", "scopes": ["read"] });
    let key = app
        .console(owner, Method::POST, "/api/v1/keys", Some(key))
        .await;
    let invitation = json!({ "email": "x@example.com", "role": "viewer" });
    let path = "/api/v1/invitations";
    let invitation = app
        .console(owner, Method::POST, path, Some(invitation))
        .await;
    let members = app
        .console(owner, Method::GET, "/api/v1/members", None)
        .await;
    let workspaces = app
        .console(owner, Method::GET, "/api/v1/workspaces", None)
        .await;
    let sessions = app
        .console(owner, Method::GET, "/api/v1/sessions", None)
        .await;
    let webhook = json!({ "url": "https://example.com/", "events": ["link.created"] });
    let path = "/api/v1/webhooks";
    let webhook = app.console(owner, Method::POST, path, Some(webhook)).await;
    let message = message(app, &webhook.body["id"]).await;
    let template = json!({ "name": "x", "source": "x" });
    let path = "/api/v1/utm-templates";
    let template = app.console(owner, Method::POST, path, Some(template)).await;
    let report = app
        .visitor(Method::POST, "/report/foreign")
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam");
    assert_eq!(report.send().await.unwrap().status(), 200);
    let reports = app
        .console(owner, Method::GET, "/api/v1/reports", None)
        .await;
    vec![
        ("/api/v1/reports/{id}", text(&reports.body["data"][0]["id"])),
        ("/api/v1/links/{id}", text(&link["id"])),
        (
            "/api/v1/links/by-code/{domain}/{code}",
            "go.example.org/foreign".into(),
        ),
        (
            "/api/v1/links/by-external-id/{external_id}",
            "foreign-1".into(),
        ),
        // There is none; the tests of imports try a foreign one.
        ("/api/v1/imports/{id}", format!("imp_{}", "0".repeat(22))),
        ("/api/v1/keys/{id}", text(&key.body["id"])),
        ("/api/v1/invitations/{id}", text(&invitation.body["id"])),
        (
            "/api/v1/workspaces/{id}",
            text(&workspaces.body["data"][0]["id"]),
        ),
        ("/api/v1/members/{id}", text(&members.body["data"][0]["id"])),
        (
            "/api/v1/sessions/{id}",
            text(&sessions.body["data"][0]["id"]),
        ),
        // Before its webhook, whose path its own begins with.
        (
            "/api/v1/webhooks/{id}/messages/{message}",
            format!("{}/messages/{message}", text(&webhook.body["id"])),
        ),
        ("/api/v1/webhooks/{id}", text(&webhook.body["id"])),
        ("/api/v1/utm-templates/{id}", text(&template.body["id"])),
        ("/api/v1/domains/{domain}", "go.example.org".into()),
    ]
}

/// A message of a webhook that nobody sends any more.
async fn message(app: &App, webhook: &Value) -> MessageId {
    let webhook: WebhookId = webhook.as_str().unwrap().parse().unwrap();
    let id = uuid::Uuid::now_v7();
    let insert = "insert into webhook_messages
                      (id, webhook_id, event, body, state, next_attempt_at, created_at)
                  values ($1, $2, 'link.created', '{}', 'failed', now(), now())";
    let insert = sqlx::query(insert).bind(id).bind(webhook.0);
    insert.execute(&app.pool).await.unwrap();
    MessageId(id)
}

/// All of the first workspace that callers could change, in one text. When keys and sessions were
/// last used is no change.
pub async fn everything(app: &App) -> String {
    let everything = "
        with first as (select id from workspaces order by created_at, id limit 1),
             hook as (select h.id from webhooks h join first on h.workspace_id = first.id)
        select md5(string_agg(t::text, '' order by t::text)) from (
        select to_jsonb(x) from workspaces x where id in (select id from first)
        union all select to_jsonb(x) from links x where workspace_id in (select id from first)
        union all select to_jsonb(x) - 'last_used_at' from api_keys x
                  where workspace_id in (select id from first)
        union all select to_jsonb(x) from invitations x
                  where workspace_id in (select id from first)
        union all select to_jsonb(x) from memberships x
                  where workspace_id in (select id from first)
        union all select to_jsonb(x) from webhooks x where id in (select id from hook)
        union all select to_jsonb(x) from webhook_messages x
                  where webhook_id in (select id from hook)
        union all select to_jsonb(x) from utm_templates x
                  where workspace_id in (select id from first)
        union all select to_jsonb(x) from imports x where workspace_id in (select id from first)
        union all select to_jsonb(x) from qr_logos x where workspace_id in (select id from first)
        union all select to_jsonb(x) from domains x where workspace_id in (select id from first)
        union all select to_jsonb(x) from domain_claims x
                  where workspace_id in (select id from first)
        union all select to_jsonb(x) from audit_log x where workspace_id in (select id from first)
        union all select to_jsonb(x) from link_reports x
        union all select to_jsonb(x) - 'last_used_at' from sessions x
                  where workspace_id in (select id from first)) t";
    let everything = sqlx::query_scalar(everything).fetch_one(&app.pool);
    everything.await.unwrap()
}
