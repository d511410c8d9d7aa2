//! What somebody learns who has the whole database.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

use crate::harness::{App, EMAIL, PASSWORD, answer};

/// All rows of all tables, each with the name of its table.
async fn dump(app: &App) -> Vec<(String, String)> {
    let tables = "select format('%I', c.relname) from pg_class c
        join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&app.pool)
        .await
        .unwrap();
    let mut dump = Vec::new();
    for table in tables {
        let rows = format!("select t::text from {table} t");
        let rows: Vec<String> = sqlx::query_scalar(AssertSqlSafe(rows))
            .fetch_all(&app.pool)
            .await
            .unwrap();
        dump.extend(rows.into_iter().map(|row| (table.clone(), row)));
    }
    dump
}

/// Which tables have it: as it is, or its bytes.
fn tables_with(dump: &[(String, String)], secret: &str) -> BTreeSet<String> {
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("{byte:02x}")).collect() };
    let mut forms = vec![secret.to_owned(), hex(secret.as_bytes())];
    let inside = secret.strip_prefix("whsec_").unwrap_or(secret);
    if let Ok(bytes) = STANDARD.decode(inside) {
        forms.extend([STANDARD.encode(&bytes), hex(&bytes)]);
    }
    let has = |row: &str| forms.iter().any(|form| row.contains(form));
    let found = dump.iter().filter(|(_, row)| has(row));
    found.map(|(table, _)| table.clone()).collect()
}

#[tokio::test]
async fn a_dump_of_the_database_holds_no_usable_secret() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let token = owner.split_once('=').unwrap().1.to_owned();
    let call = async |method: Method, path: &str, body: Value| -> Value {
        let done = app.console(&owner, method, path, Some(body)).await;
        assert!(done.status < 300, "{path}: {}", done.body);
        done.body
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut secrets = vec![PASSWORD.to_owned(), token, app.key.clone()];

    let key = json!({ "name": "x", "scopes": ["read"] });
    let key = call(Method::POST, "/api/v1/keys", key).await;
    secrets.push(text(&key["secret"]));
    let path = format!("/api/v1/keys/{}/rotate", text(&key["id"]));
    secrets.push(text(&call(Method::POST, &path, json!({})).await["secret"]));
    let invitation = json!({ "email": "x@example.com", "role": "viewer" });
    let invitation = call(Method::POST, "/api/v1/invitations", invitation).await;
    secrets.push(text(&invitation["token"]));
    // One that is asked for with a name, whose answer is kept.
    let named = app
        .request(Method::POST, "/api/v1/keys")
        .header("cookie", &owner)
        .header("x-requested-with", "linkpulse")
        .header("idempotency-key", "once")
        .json(&json!({ "name": "y", "scopes": ["read"] }));
    let named = answer(named).await;
    secrets.push(text(&named.body["secret"]));
    let link = json!({ "original_url": "https://example.com/", "password": "open sesame" });
    assert_eq!(app.create_link(link).await.status, 201);
    secrets.push("open sesame".to_owned());

    // Whoever signs needs these as they are; nobody can sign in with them.
    let webhook = json!({ "url": "https://example.com/hook", "events": ["link.created"] });
    let webhook = call(Method::POST, "/api/v1/webhooks", webhook).await;
    let path = format!("/api/v1/webhooks/{}/rotate-secret", text(&webhook["id"]));
    let rotated = call(Method::POST, &path, json!({})).await;
    app.link("told").await;

    let dump = dump(&app).await;
    for table in [
        "users",
        "sessions",
        "api_keys",
        "invitations",
        "audit_log",
        "webhooks",
        "idempotency_keys",
        "links",
        "link_changes",
    ] {
        assert!(
            dump.iter().any(|(name, _)| name == table),
            "{table} is empty"
        );
    }
    for secret in secrets {
        let tables = tables_with(&dump, &secret);
        assert!(tables.is_empty(), "{secret} is in {tables:?}");
    }
    for secret in [&webhook["secret"], &rotated["secret"]] {
        let tables = tables_with(&dump, &text(secret));
        assert_eq!(tables, BTreeSet::from(["webhooks".to_owned()]), "{secret}");
    }
}
