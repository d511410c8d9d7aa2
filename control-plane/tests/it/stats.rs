use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::{App, link_path};

async fn add_clicks(app: &App, link: &Value, hour: &str, clicks: i64) {
    let id: contract::LinkId = link["id"].as_str().unwrap().parse().unwrap();
    let insert = "insert into link_clicks_hourly (link_id, hour, clicks, last_clicked_at)
                  values ($1, $2::text::timestamptz, $3, $2::text::timestamptz + interval '59 minutes')";
    sqlx::query(insert)
        .bind::<Uuid>(id.0)
        .bind(hour)
        .bind(clicks)
        .execute(&app.pool)
        .await
        .unwrap();
}

#[tokio::test]
async fn hours_without_clicks_are_shown_as_zero() {
    let app = App::start().await;
    let link = app.link("count").await;
    add_clicks(&app, &link, "2026-11-22T10:00:00Z", 3).await;
    add_clicks(&app, &link, "2026-11-22T08:00:00Z", 2).await;
    add_clicks(&app, &link, "2026-10-01T00:00:00Z", 40).await;

    let path = format!(
        "{}/stats?from=2026-11-22T08:30:00%2B00:00",
        link_path(&link["id"])
    );
    let stats = app.get(&path).await.body;
    assert_eq!(
        stats,
        json!({
            "link_id": link["id"],
            "from": "2026-11-22T08:00:00Z",
            "to": "2026-11-22T11:00:00Z",
            "interval": "hour",
            "total": 45,
            "clicks": 5,
            "last_clicked_at": "2026-11-22T10:59:00Z",
            "series": [
                { "start": "2026-11-22T08:00:00Z", "clicks": 2 },
                { "start": "2026-11-22T09:00:00Z", "clicks": 0 },
                { "start": "2026-11-22T10:00:00Z", "clicks": 3 },
            ],
        })
    );
}

#[tokio::test]
async fn the_last_24_hours_are_shown_unless_asked_otherwise() {
    let app = App::start().await;
    let link = app.link("day").await;
    let path = format!("{}/stats", link_path(&link["id"]));
    let stats = app.get(&path).await.body;
    let series = stats["series"].as_array().unwrap();
    assert_eq!(series.len(), 24);
    assert_eq!(series[0]["start"], "2026-11-21T11:00:00Z");
    assert_eq!(series[23]["start"], "2026-11-22T10:00:00Z");
    assert_eq!(
        (&stats["total"], &stats["last_clicked_at"]),
        (&json!(0), &Value::Null)
    );

    let month = format!("{path}?from=2026-10-22T10:00:00Z&to=2026-11-22T10:00:00Z");
    assert_eq!(
        app.get(&month).await.body["series"]
            .as_array()
            .unwrap()
            .len(),
        31 * 24 + 1
    );
}

#[tokio::test]
async fn lists_and_links_carry_their_clicks() {
    let app = App::start().await;
    let (busy, quiet) = (app.link("busy").await, app.link("quiet").await);
    add_clicks(&app, &busy, "2026-11-22T10:00:00Z", 3).await;
    add_clicks(&app, &busy, "2026-11-21T10:00:00Z", 4).await;
    let list = app.get("/api/v1/links").await.body;
    let clicks = |link: &Value| (link["code"].clone(), link["clicks"].clone());
    let shown: Vec<_> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(clicks)
        .collect();
    assert_eq!(
        shown,
        [(json!("quiet"), json!(0)), (json!("busy"), json!(7))]
    );
    let link = app.get(&link_path(&busy["id"])).await.body;
    assert_eq!(
        (&link["clicks"], &link["last_clicked_at"]),
        (&json!(7), &json!("2026-11-22T10:59:00Z"))
    );
    assert_eq!(quiet["last_clicked_at"], Value::Null);
}
