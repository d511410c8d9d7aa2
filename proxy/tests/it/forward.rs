//! What goes on to the control plane, and how.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Proxy;

#[tokio::test(flavor = "multi_thread")]
async fn the_control_plane_gets_requests_whole_and_ours_is_the_last_word() {
    let proxy = Proxy::start().await;
    let response = proxy
        .request(Method::POST, "/api/v1/links?a=b%20c")
        .header("x-request-id", "forged")
        .header("x-forwarded-for", "10.1.2.3")
        .header("x-forwarded-proto", "gopher")
        .header("x-forwarded-port", "1")
        .header("forwarded", "for=10.1.2.3")
        .header("x-real-ip", "10.1.2.3")
        .header("cookie", "a=b")
        .body("x".repeat(300_000))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
    let request_id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let echo: Value = response.json().await.unwrap();
    assert_eq!(echo["method"], "POST");
    assert_eq!(echo["uri"], "/api/v1/links?a=b%20c");
    assert_eq!(echo["body"].as_str().unwrap().len(), 300_000);
    let headers = &echo["headers"];
    assert_eq!(headers["x-request-id"], json!([request_id]));
    assert_eq!(headers["x-forwarded-for"], json!(["127.0.0.1"]));
    assert_eq!(headers["x-forwarded-proto"], json!(["http"]));
    assert_eq!(
        headers["x-forwarded-host"],
        json!([proxy.address.to_string()])
    );
    assert_eq!(headers["host"], json!([proxy.address.to_string()]));
    assert_eq!(headers["cookie"], json!(["a=b"]));
    for dropped in ["x-forwarded-port", "forwarded", "x-real-ip"] {
        assert_eq!(headers[dropped], Value::Null);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_the_control_plane_serves_is_sent_there() {
    let proxy = Proxy::start().await;
    for path in [
        "/",
        "/console/",
        "/robots.txt",
        "/.well-known/security.txt",
        "/login",
    ] {
        let echo: Value = proxy.get(path).await.json().await.unwrap();
        assert_eq!(echo["uri"], path);
    }
    for path in ["/.env", "/abc;x", "//abc", "/abc+/x", "/%61bc"] {
        assert_eq!(proxy.status(path).await, 404, "{path}");
    }
    assert_eq!(proxy.control_plane.resolves(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_apis_paths_and_queries_may_be_as_long_as_a_head() {
    let proxy = Proxy::start().await;
    // The longest external id of three-byte characters, and longer things.
    let external_id = format!("/api/v1/links/by-external-id/{}", "%E6%BC%A2".repeat(255));
    let longest = format!("/api/{}", "x".repeat(15_000));
    let query = format!("/api/v1/links?q={}", "x".repeat(15_000));
    for path in [external_id, longest, query] {
        let response = proxy.get(&path).await;
        assert_eq!(response.status(), 200);
        let echo: Value = response.json().await.unwrap();
        assert_eq!(echo["uri"], path);
    }
    let long = "x".repeat(2_100);
    for path in [format!("/console/{long}"), format!("/abc/{long}")] {
        assert_eq!(proxy.status(&path).await, 414);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_control_plane_its_clients_get_an_error_in_their_form() {
    let proxy = Proxy::without_control_plane().await;
    let response = proxy.get("/api/v1/links").await;
    assert_eq!(response.status(), 503);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    assert_eq!(response.headers()["retry-after"], "1");
    let request_id = response.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    let problem: Value = response.json().await.unwrap();
    assert_eq!(problem["code"], "unavailable");
    assert_eq!(problem["request_id"], request_id);
}
