//! Keys that see links with one tag, or of one domain, and what they do with many links at once.

use control_plane::auth::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, App, EMAIL, PASSWORD, answer, link_path};

/// A key that sees links with the tag `print`, a link that has it, and one that has not.
struct Tagged {
    app: App,
    key: String,
    mine: Value,
    other: Value,
}

impl Tagged {
    async fn start() -> Self {
        let app = App::start().await;
        let owner = app.cookie(EMAIL, PASSWORD).await;
        let scopes = [Scope::Read, Scope::Write];
        let body = json!({ "name": "print", "scopes": scopes, "tag": "print" });
        let path = "/api/v1/keys";
        let made = app.console(&owner, Method::POST, path, Some(body)).await;
        let key = made.body["secret"].as_str().unwrap().to_owned();
        let link = async |code: &str, tags: Value| {
            let body = json!({
                "original_url": "https://example.com/", "code": code, "tags": tags,
                "external_id": format!("id-{code}"),
            });
            app.create_link(body).await.body
        };
        let (mine, other) = (
            link("mine", json!(["print", "red"])).await,
            link("other", json!(["red"])).await,
        );
        Self {
            app,
            key,
            mine,
            other,
        }
    }

    async fn send(&self, method: Method, path: &str, body: Value) -> Answer {
        self.app
            .call_with(&self.key, method, path, Some(body))
            .await
    }

    async fn read(&self, link: &Value) -> Value {
        self.app.get(&link_path(&link["id"])).await.body
    }
}

#[tokio::test]
async fn a_key_with_a_tag_makes_and_edits_its_links_by_their_external_ids() {
    let tagged = Tagged::start().await;
    let put = async |id: &str| {
        let path = format!("/api/v1/links/by-external-id/{id}");
        let body = json!({ "original_url": "https://example.com/new", "tags": ["blue"] });
        tagged.send(Method::PUT, &path, body).await
    };
    let made = put("new").await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["tags"], json!(["blue", "print"]));
    let edited = put("id-mine").await;
    assert_eq!(edited.status, 200, "{}", edited.body);
    assert_eq!(edited.body["tags"], json!(["blue", "print"]));
    // Nobody can have the name, and what has it is not shown.
    let refused = put("id-other").await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("conflict"))
    );
    assert_eq!(tagged.read(&tagged.other).await, tagged.other);
}

#[tokio::test]
async fn a_key_with_a_tag_sees_its_own_among_many_links() {
    let tagged = Tagged::start().await;
    let body = json!({ "links": [{ "original_url": "https://example.com/", "tags": ["blue"] }] });
    let made = tagged.send(Method::POST, "/api/v1/links/bulk", body).await;
    assert_eq!(made.body["done"], 1, "{}", made.body);
    let made = tagged.read(&made.body["results"][0]).await;
    assert_eq!(made["tags"], json!(["blue", "print"]));

    let ids = json!([tagged.other["id"], tagged.mine["id"]]);
    let edit = json!({
        "select": { "ids": ids }, "change": { "title": "x", "tags": [] }, "remove_tags": ["print"],
    });
    let path = "/api/v1/links/bulk/edit";
    let edited = tagged.send(Method::POST, path, edit).await.body;
    assert_eq!(
        (&edited["done"], &edited["refused"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(edited["results"][0]["problem"]["code"], "link_not_found");
    assert_eq!(tagged.read(&tagged.mine).await["tags"], json!(["print"]));

    let all = json!({ "select": { "filter": {} } });
    let path = "/api/v1/links/bulk/delete";
    let deleted = tagged.send(Method::POST, path, all).await.body;
    assert_eq!(
        (&deleted["done"], &deleted["refused"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(tagged.read(&tagged.other).await, tagged.other);
}

#[tokio::test]
async fn exports_have_what_the_key_sees() {
    let tagged = Tagged::start().await;
    for file in ["csv", "jsonl"] {
        let path = format!("/api/v1/links/export.{file}");
        let read = tagged.app.request(Method::GET, &path);
        let read = read.bearer_auth(&tagged.key).send().await.unwrap();
        assert_eq!(read.status(), 200, "{file}");
        let text = read.text().await.unwrap();
        assert!(text.contains("go.example.org/mine"), "{text}");
        assert!(!text.contains("go.example.org/other"), "{text}");
    }
}

#[tokio::test]
async fn a_key_with_a_domain_stays_on_it() {
    let app = App::start().await;
    let owner = app.cookie(EMAIL, PASSWORD).await;
    let scopes = [Scope::Read, Scope::Write];
    let body = json!({ "name": "x", "scopes": scopes, "domain": "go.example.org" });
    let path = "/api/v1/keys";
    let made = app.console(&owner, Method::POST, path, Some(body)).await;
    let key = made.body["secret"].as_str().unwrap().to_owned();
    let there = app.link("there").await;
    let elsewhere = app.link("elsewhere").await;
    // As of a domain that the workspace has, too.
    sqlx::query("update links set domain = 'other.example' where code = 'elsewhere'")
        .execute(&app.pool)
        .await
        .unwrap();
    let send = async |method: Method, path: &str, body: Value| {
        app.call_with(&key, method, path, Some(body)).await
    };
    let link = json!({ "original_url": "https://example.com/", "domain": "other.example" });
    let path = "/api/v1/links/bulk";
    let rows = send(Method::POST, path, json!({ "links": [&link] })).await;
    assert_eq!(rows.body["results"][0]["problem"]["code"], "not_found");
    let path = "/api/v1/links/by-external-id/new";
    assert_eq!(send(Method::PUT, path, link).await.status, 404);
    let filter = json!({ "select": { "filter": { "domain": "other.example" } } });
    let path = "/api/v1/links/bulk/delete";
    assert_eq!(send(Method::POST, path, filter).await.status, 404);
    let ids = json!({ "select": { "ids": [elsewhere["id"], there["id"]] } });
    let deleted = send(Method::POST, path, ids).await.body;
    assert_eq!(
        (&deleted["done"], &deleted["refused"]),
        (&json!(1), &json!(1))
    );
    for (path, status) in [
        ("/api/v1/links/export.csv?domain=other.example", 404),
        ("/api/v1/links/export.csv", 200),
    ] {
        let read = app.request(Method::GET, path).bearer_auth(&key);
        let read = read.send().await.unwrap();
        assert_eq!(read.status(), status, "{path}");
        assert!(!read.text().await.unwrap().contains("elsewhere"), "{path}");
    }
}

#[tokio::test]
async fn an_answer_that_was_given_before_is_not_for_a_key_that_sees_less() {
    let tagged = Tagged::start().await;
    let body = json!({ "original_url": "https://example.com/secret" });
    let send = async |key: &str| {
        let request = tagged.app.request(Method::POST, "/api/v1/links");
        let request = request.bearer_auth(key).header("idempotency-key", "one");
        answer(request.json(&body)).await
    };
    let made = send(&tagged.app.key).await;
    assert_eq!(made.status, 201);
    assert_eq!(send(&tagged.app.key).await.body["id"], made.body["id"]);
    let other = send(&tagged.key).await;
    assert_eq!(
        (other.status, &other.body["code"]),
        (422, &json!("idempotency_key_reused"))
    );
}
