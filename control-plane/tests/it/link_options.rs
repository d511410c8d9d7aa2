//! What a link may have beyond a target.

use contract::{LinkRecord, LinkState};
use serde_json::{Value, json};

use crate::harness::{App, INTERNAL_SECRET};

/// What proxies are told about a link.
async fn record(app: &App, code: &str) -> LinkRecord {
    let query = format!("domain=go.example.org&code={code}");
    let url = format!("{}/internal/resolve?{query}", app.admin_url);
    let request = app.client.get(url).bearer_auth(INTERNAL_SECRET);
    let body = request.send().await.unwrap().bytes().await.unwrap();
    LinkRecord::decode(&body).unwrap()
}

#[tokio::test]
async fn what_is_stored_goes_into_the_record() {
    let app = App::start().await;
    app.link("plain").await;
    assert_eq!(record(&app, "plain").await.options, None);

    app.link("rich").await;
    let options = json!({ "max_age": 60, "expired_url": "https://example.com/over" });
    sqlx::query(
        "update links set redirect_status = 308, options = $1, password_hash = 'x',
                password_changed = 7 where code = 'rich'",
    )
    .bind(&options)
    .execute(&app.pool)
    .await
    .unwrap();
    let rich = record(&app, "rich").await;
    assert_eq!((rich.status.as_u16(), rich.state), (308, LinkState::Active));
    let mut expected = options;
    expected["password"] = 7.into();
    let found: Value = serde_json::to_value(rich.options.unwrap()).unwrap();
    assert_eq!(found, expected);

    sqlx::query("update links set is_blocked = true")
        .execute(&app.pool)
        .await
        .unwrap();
    assert_eq!(record(&app, "plain").await.state, LinkState::Blocked);
}
