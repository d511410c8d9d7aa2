//! One of each thing that has an id, and all of a workspace in one text.

use control_plane::auth::id::{MessageId, WebhookId};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::App;

/// One of each thing that has an id, in the first workspace: the beginning of its routes' path, and
/// its id.
pub async fn things(app: &App, owner: &str) -> Vec<(&'static str, String)> {
    things_on(app, owner, "go.example.org").await
}

/// The same in a workspace of somebody who owns it, whose domain this is.
pub async fn things_on(app: &App, owner: &str, domain: &str) -> Vec<(&'static str, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let make = async |path: &str, body: Value| {
        let path = format!("/api/v1/{path}");
        let made = app.console(owner, Method::POST, &path, Some(body)).await;
        assert_eq!(made.status, 201, "{path}: {}", made.body);
        text(&made.body["id"])
    };
    let list = async |what: &str| {
        let path = format!("/api/v1/{what}");
        let list = app.console(owner, Method::GET, &path, None).await;
        text(&list.body["data"][0]["id"])
    };
    let link = json!({
        "original_url": "https://example.com/a", "domain": domain, "code": "foreign",
    });
    let link = make("links", link).await;
    let named = Some(json!({ "external_id": "foreign-1" }));
    let path = format!("/api/v1/links/{link}");
    let named = app.console(owner, Method::PATCH, &path, named).await;
    assert_eq!(named.status, 200, "{}", named.body);
    let key = make("keys", json!({ "name": "x", "scopes": ["read"] })).await;
    let invitation = json!({ "email": "x@example.com", "role": "viewer" });
    let invitation = make("invitations", invitation).await;
    let webhook = json!({ "url": "https://example.com/", "events": ["link.created"] });
    let webhook = make("webhooks", webhook).await;
    let message = message(app, &webhook).await;
    let template = make("utm-templates", json!({ "name": "x", "source": "x" })).await;
    let report = app
        .request(Method::POST, "/report/foreign")
        .header("x-forwarded-host", domain)
        .header("sec-fetch-site", "same-origin")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("reason=spam");
    assert_eq!(report.send().await.unwrap().status(), 200);
    vec![
        ("/api/v1/reports/{id}", list("reports").await),
        ("/api/v1/links/{id}", link),
        (
            "/api/v1/links/by-code/{domain}/{code}",
            format!("{domain}/foreign"),
        ),
        (
            "/api/v1/links/by-external-id/{external_id}",
            "foreign-1".into(),
        ),
        // There is none; the tests of imports try a foreign one.
        ("/api/v1/imports/{id}", format!("imp_{}", "0".repeat(22))),
        ("/api/v1/keys/{id}", key),
        ("/api/v1/invitations/{id}", invitation),
        ("/api/v1/workspaces/{id}", list("workspaces").await),
        ("/api/v1/members/{id}", list("members").await),
        ("/api/v1/sessions/{id}", list("sessions").await),
        // Before its webhook, whose path its own begins with.
        (
            "/api/v1/webhooks/{id}/messages/{message}",
            format!("{webhook}/messages/{message}"),
        ),
        ("/api/v1/webhooks/{id}", webhook),
        ("/api/v1/utm-templates/{id}", template),
        ("/api/v1/domains/{domain}", domain.to_owned()),
    ]
}

/// A route's path, about one of the things.
pub fn path_to(path: &str, things: &[(&'static str, String)]) -> String {
    if !path.contains('{') {
        return path.to_owned();
    }
    let thing = things.iter().find(|(thing, _)| path.starts_with(thing));
    let (thing, id) = thing.unwrap_or_else(|| panic!("{path}: add one to `things`"));
    let real = path.replace(&thing[thing.find('{').unwrap()..], id);
    assert!(!real.contains('{'), "{real}: add one to `things`");
    real
}

/// A message of a webhook that nobody sends any more.
async fn message(app: &App, webhook: &str) -> MessageId {
    let webhook: WebhookId = webhook.parse().unwrap();
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
