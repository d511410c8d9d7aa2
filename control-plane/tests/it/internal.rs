use contract::{ChangePage, LinkRecord, LinkState, Record};
use serde_json::json;

use crate::harness::{App, INTERNAL_SECRET};

async fn resolve(app: &App, secret: &str, query: &str) -> (u16, String) {
    let url = format!("{}/internal/resolve?{query}", app.admin_url);
    let response = app
        .client
        .get(url)
        .bearer_auth(secret)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn resolves_links_in_every_state() {
    let app = App::start().await;
    let link = app.link("find-me").await;
    let query = "domain=go.example.org&code=find-me";
    let (status, body) = resolve(&app, INTERNAL_SECRET, query).await;
    let record = LinkRecord::decode(body.as_bytes()).unwrap();
    assert_eq!(
        (status, record.state, record.revision),
        (200, LinkState::Active, 1)
    );
    assert_eq!(record.link_id.to_string(), link["id"].as_str().unwrap());

    app.delete_link(&link["id"]).await;
    let (_, body) = resolve(&app, INTERNAL_SECRET, query).await;
    let record = LinkRecord::decode(body.as_bytes()).unwrap();
    assert_eq!((record.state, record.revision), (LinkState::Deleted, 2));
}

#[tokio::test]
async fn absence_is_told_from_every_other_failure() {
    let app = App::start().await;
    for (secret, query, expected, code) in [
        (
            INTERNAL_SECRET,
            "domain=go.example.org&code=unknown",
            404,
            "link_not_found",
        ),
        (
            INTERNAL_SECRET,
            "domain=other.example&code=unknown",
            404,
            "link_not_found",
        ),
        (
            INTERNAL_SECRET,
            "domain=go.example.org&code=a/b",
            422,
            "validation_failed",
        ),
        (
            INTERNAL_SECRET,
            "domain=go.example.org",
            404,
            "link_not_found",
        ),
        (
            "wrong",
            "domain=go.example.org&code=unknown",
            401,
            "unauthenticated",
        ),
    ] {
        let (status, body) = resolve(&app, secret, query).await;
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["code"]), (expected, &json!(code)), "{query}");
    }
}

#[tokio::test]
async fn the_public_port_knows_nothing_of_it() {
    let app = App::start().await;
    for path in [
        "/internal/resolve?domain=a&code=b",
        "/metrics",
        "/healthz",
        "/readyz",
    ] {
        assert_eq!(app.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn metrics_and_health_are_on_the_admin_port() {
    let app = App::start().await;
    app.link("measured").await;
    let text = |path: &'static str| {
        let request = app.client.get(format!("{}{path}", app.admin_url));
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    assert_eq!(text("/healthz").await, "ok\n");
    crate::harness::eventually("ready", async || {
        text("/readyz")
            .await
            .contains("\"ready\":true")
            .then_some(())
    })
    .await;
    let metrics = text("/metrics").await;
    let line =
        "linkpulse_http_requests_total{method=\"POST\",route=\"/api/v1/links\",status=\"201\"}";
    assert!(metrics.contains(line), "{metrics}");
}

#[tokio::test]
async fn changes_are_told_to_those_whom_redis_does_not_reach() {
    let app = App::start().await;
    for code in ["one", "two", "three"] {
        app.link(code).await;
    }
    let page = async |query: &str| {
        let path = format!("/internal/changes{query}");
        let (status, body) = app
            .internal(reqwest::Method::GET, &path, String::new())
            .await;
        assert_eq!(status, 200, "{body}");
        ChangePage::decode(body.as_bytes()).unwrap()
    };
    let head = page("").await;
    assert_eq!((head.heartbeat.head_seq, head.changes.len()), (3, 0));
    let rest = page("?after=1").await;
    let codes = rest.changes.iter().map(|change| {
        let change = change.as_ref().unwrap();
        assert_eq!(change.epoch, Some(head.heartbeat.epoch));
        match &change.record {
            Record::Link(link) => (change.seq, link.code.to_string()),
            Record::Domain(_) => panic!("no domain was changed"),
        }
    });
    assert_eq!(
        codes.collect::<Vec<_>>(),
        [(2, "two".to_owned()), (3, "three".to_owned())]
    );
    assert_eq!(page("?after=3").await.changes, []);
    assert_eq!(page(&format!("?after={}", u64::MAX)).await.changes, []);
}

#[tokio::test]
async fn a_report_that_cannot_be_read_is_refused() {
    let app = App::start().await;
    let report = async |body: &str| {
        let post = app.internal(reqwest::Method::POST, "/internal/proxies", body.to_owned());
        post.await.0
    };
    assert_eq!(report("").await, 400);
    assert_eq!(report(r#"{"v":99}"#).await, 400);
    let nobody = format!("/internal/proxies/{}", uuid::Uuid::now_v7());
    let goodbye = app.internal(reqwest::Method::DELETE, &nobody, String::new());
    assert_eq!(goodbye.await.0, 204, "nobody is gone");
}
